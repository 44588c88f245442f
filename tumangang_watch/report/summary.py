"""What a person reads in ten seconds, and the earlier dates behind a report in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.document import HistoryDocument
from tumangang_watch.model.finding import AreaStatus, Finding
from tumangang_watch.model.observation import Observation
from tumangang_watch.report.answer.clauses import Names, train_noun
from tumangang_watch.report.answer.headline import headline, looked_at
from tumangang_watch.report.answer.order import by_importance, event_of, is_remote
from tumangang_watch.report.answer.phrases import certainty, chance_text, chance_words, size_words
from tumangang_watch.report.bridges import bridge_lines
from tumangang_watch.report.json_report import history_rows
from tumangang_watch.text import clean_text, count_text, provider_text, whole

MAX_LINES = 20
"""Changes printed one by one; the rest are counted."""


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """A line of the table that a person reads first."""

    word: str
    """What became of it: new, gone, moved, grown, less, same; or the kind where there is one date."""
    what: str
    where: str
    amount: str
    certainty: str
    sure: bool


WORDS = {"appeared": "new", "disappeared": "gone", "moved": "moved", "grown": "grown", "shrunk": "less"}
UNITS = {"cars": " cars", "m": " m", "m2": " m²"}
KINDS = {"train": "train", "cargo": "goods", "handling_area": "worked surface"}


def summary_rows(comparison: Comparison) -> list[SummaryRow]:
    """Return what a report found, a row each, the most important first."""
    names = Names.of(comparison)
    if comparison.earlier is None:
        order = {"train": 0, "cargo": 1, "handling_area": 2}
        found = sorted(comparison.detections, key=lambda d: (d.grade != "detected", order[d.kind], d.id))
        return [_detection_row(d, names) for d in found]
    ordered = sorted(by_importance(comparison.findings), key=is_remote)
    return [_finding_row(f, names) for f in ordered]


def _finding_row(finding: Finding, names: Names) -> SummaryRow:
    about = names.found(finding.later) or names.found(finding.earlier)
    what = KINDS[finding.kind]
    if finding.kind == "train":
        what = train_noun(about)
    elif len(finding.members) > 1:
        what = f"goods, {len(finding.members)} objects"
    amount = size_words(finding.amount, UNITS[finding.unit])
    # Of a worked surface that stayed the amount is the difference, which says nothing.
    stayed = finding.change == "unchanged" and finding.kind == "handling_area"
    return SummaryRow(
        word=WORDS.get(finding.change, "same"),
        what=clean_text(what),
        where=_where(about, finding.track, finding.area, names),
        amount="" if stayed else amount.removeprefix("about "),
        certainty=chance_words(finding.confidence),
        sure=finding.grade == "detected",
    )


def _detection_row(found: Detection, names: Names) -> SummaryRow:
    size, unit = (found.length_m, " m") if found.kind == "train" else (found.area_m2, " m²")
    return SummaryRow(
        word=KINDS[found.kind].split()[0],
        what=clean_text(train_noun(found) if found.kind == "train" else KINDS[found.kind]),
        where=_where(found, found.track, found.area, names),
        amount="" if size is None else size_words(size, unit).removeprefix("about "),
        certainty=chance_words(found.confidence),
        sure=found.grade == "detected",
    )


def _where(about: Detection | None, track: str | None, area: str | None, names: Names) -> str:
    train = about if about is not None and about.kind == "train" else None
    return clean_text(names.track(train, track) if track else names.area(area))


def opening_lines(comparison: Comparison) -> list[str]:
    """Return what stands above the table: the place, the dates, and the answer in two sentences."""
    two = comparison.earlier is not None
    lines = [clean_text(comparison.site.name)]
    lines += [f"  {o.date.title() if two else 'Scene':<8}{_scene(o)}" for o in comparison.dates]
    lines += ["", *headline(comparison), ""]
    return [*lines, _count_line(comparison)] if two else lines


def closing_lines(comparison: Comparison) -> list[str]:
    """Return what stands below the table: what could not be seen or relied on, in a few lines."""
    names = Names.of(comparison)
    unseen = [names.area(a.id) for a in comparison.areas if a.status == "not_observable"]
    partly = [names.area(a.id) for a in comparison.areas if a.status == "partial"]
    lines = [""]
    for words, found in (("Not seen", unseen), ("Seen only in part", partly)):
        lines += [f"{words}: {', '.join(found)}. That is not 'nothing there'."] if found else []
    if comparison.registration.status != "ok" or comparison.registration.reference:
        lines.append(_registration(comparison))
    tried = [entry["statements"] for entry in comparison.detectability if entry.get("statements")]
    if tried:
        lines.append(f"Could have been missed: {tried[-1][0]}")
    lines += [f"Note: {text}" for text in comparison.caveats]
    return [clean_text(line) for line in lines]


def _count_line(comparison: Comparison) -> str:
    changed = [f for f in comparison.findings if f.change != "unchanged"]
    events = {event_of(f.id, f.with_finding) for f in changed}
    sure = {event_of(f.id, f.with_finding) for f in changed if f.grade == "detected"}
    if not changed and not looked_at(comparison):
        return "Nothing could be looked for."
    if not changed:
        return "No change found in what could be seen."
    remote = {event_of(f.id, f.with_finding) for f in changed if is_remote(f)} - sure
    further = f", {len(remote)} hardly likely" if remote else ""
    return f"{count_text(len(sure), 'change')} detected, {len(events - sure - remote)} possible{further}:"


def summary_text(comparison: Comparison) -> str:
    """Return a plain-text summary of a report: dates, what could be seen, what changed."""
    two = comparison.earlier is not None
    lines = [clean_text(f"{comparison.site.name} ({comparison.site.id})")]
    lines += [f"  {o.date.title() if two else 'Scene':<8}{_scene(o)}" for o in comparison.dates]
    lines += ["", _registration(comparison), *(_area(a) for a in comparison.areas)]
    if comparison.background_use is not None:
        lines.append(f"Background: {history_words(history_rows(comparison.background_use))}")
    lines += ["", *(_changes(comparison) if two else _single(comparison))]
    lines += bridge_lines(comparison)
    lines += _missed(comparison)
    if comparison.caveats:
        lines += ["", *(f"Note: {clean_text(text)}" for text in comparison.caveats)]
    return "\n".join(lines).rstrip()


def _scene(observation: Observation) -> str:
    scene = observation.scene
    facts = [f"{scene.acquired:%Y-%m-%d %H:%M} UTC", provider_text(scene.provider), f"{scene.gsd_m:.2f} m"]
    if scene.sun_elevation_deg is not None:
        facts.append(f"sun {scene.sun_elevation_deg:.0f}°")
    if scene.off_nadir_deg is not None:
        facts.append(f"off nadir {scene.off_nadir_deg:.0f}°")
    if observation.quality.snowy:
        facts.append(f"snow {observation.quality.snow_state}")
    return clean_text(", ".join(facts))


def _registration(comparison: Comparison) -> str:
    fit = comparison.registration
    what = "Scenes to each other" if comparison.earlier is not None else "Scene to the site"
    if fit.reference:
        what += f" by its reference {fit.reference}"
    east, north = fit.shift_m
    line = f"{what}: {fit.status}, shifted {east:+.2f} m east, {north:+.2f} m north"
    if fit.residual_median_m is not None:
        p90 = "" if fit.residual_p90_m is None else f", p90 {fit.residual_p90_m:.2f} m"
        line += f"; residual {fit.residual_median_m:.2f} m{p90} on {fit.held_out} held-out tie points"
    return clean_text(line + (f" ({fit.reason})" if fit.reason else ""))


def _area(area: AreaStatus) -> str:
    share = (
        f"{area.observed_later:.0%}"
        if area.observed_earlier is None
        else f"{area.observed_earlier:.0%} / {area.observed_later:.0%}"
    )
    words = area.status.replace("_", " ").upper() if area.status == "not_observable" else area.status
    why = f": {'; '.join(area.reasons)}" if area.reasons else ""
    return clean_text(f"  {area.role} {area.id}: {words} ({share}){why}")


def _missed(comparison: Comparison) -> list[str]:
    """Return what could have been missed, for each date whose tracks were tried."""
    days = {o.date: f"{o.scene.acquired:%Y-%m-%d}" for o in comparison.dates}
    lines: list[str] = []
    for entry in comparison.detectability:
        if entry.get("statements"):
            lines += ["", f"What could have been missed on {days[entry['date']]}:"]
            lines += [f"  {clean_text(text)}" for text in entry["statements"]]
    return lines


def _changes(comparison: Comparison) -> list[str]:
    ordered = by_importance(comparison.findings)
    changed = [f for f in ordered if f.change != "unchanged"]
    same = [f for f in ordered if f.change == "unchanged"]
    lines = [_count_line(comparison)]
    # Of a train replaced, the one that came names both.
    came = {f.with_finding for f in changed if f.change == "appeared" and f.grade == "detected"}
    leading = [f for f in changed if f.id not in came]
    lines += [f"  {_statement(f)}" for f in leading[:MAX_LINES]]
    if len(leading) > MAX_LINES:
        lines.append(f"  ... and {len(leading) - MAX_LINES} more in the report")
    if same:
        kinds = {kind: sum(f.kind == kind for f in same) for kind in ("train", "cargo", "handling_area")}
        words = {"train": "train", "cargo": "cargo object", "handling_area": "handling area"}
        counted = ", ".join(count_text(n, words[kind]) for kind, n in kinds.items() if n)
        lines.append(f"Unchanged: {counted}.")
    return lines


def _statement(finding: Finding) -> str:
    tail = f"[{finding.grade}, {certainty(finding.confidence)} {chance_text(finding.confidence)}]"
    return clean_text(f"{finding.statement} {tail}")


def _single(comparison: Comparison) -> list[str]:
    trains = sorted((d for d in comparison.detections if d.kind == "train"), key=lambda d: d.id)
    lines = [f"{count_text(len(trains), 'train')}:" if trains else "No train found in what could be seen."]
    lines += [f"  {_train(d)}" for d in trains[:MAX_LINES]]
    if len(trains) > MAX_LINES:
        lines.append(f"  ... and {len(trains) - MAX_LINES} more in the report")
    cargo = [d for d in comparison.detections if d.kind == "cargo"]
    if cargo:
        sure = sum(d.grade == "detected" for d in cargo)
        lines.append(f"{count_text(sure, 'cargo object')} detected, {len(cargo) - sure} possible.")
    for found in comparison.detections:
        if found.kind == "handling_area" and found.area_m2 is not None:
            area = found.area_m2
            lines.append(f"Worked surface: {whole(area.estimate)} m² ({whole(area.low)}-{whole(area.high)}).")
    return lines


def _train(found: Detection) -> str:
    count = "cars cannot be counted"
    if found.cars is not None:
        count = f"{whole(found.cars.estimate)} ({whole(found.cars.low)}-{whole(found.cars.high)}) cars"
    length = "" if found.length_m is None else f", {whole(found.length_m.estimate)} m long"
    place = found.track or found.area or "no track"
    tail = f"[{found.grade}, {certainty(found.confidence)} {chance_text(found.confidence)}]"
    return clean_text(f"{place}: {count}{length} {tail}")


def history_words(history: HistoryDocument | None) -> str | None:
    """Return how many earlier dates say what is usual, and for what; None where none were asked for."""
    if history is None:
        return None
    at_hand, used = history["offered"], history["used"]
    if not at_hand:
        return "No earlier date was there to say what is usual here, but for the one that is compared."
    if not used:
        return (
            f"Of {count_text(at_hand, 'earlier date')} offered as background none could be used: "
            "nothing says what is usual here."
        )
    days = sorted(scene["acquired"][:10] for scene in history["scenes"])
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    counts = history["for"]
    parts = ", ".join(f"{counts[what]} for {what}" for what in ("tracks", "aprons", "ground"))
    rest = at_hand - used
    others = f"; {rest} more {'was' if rest == 1 else 'were'} offered and left out" if rest > 0 else ""
    verb = "says" if used == 1 else "say"
    return f"{count_text(used, 'earlier date')} ({when}) {verb} what is usual here: {parts}{others}."
