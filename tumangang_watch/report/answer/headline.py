"""The two sentences that a reader may quote: what changed, how sure that is, when, and what else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import AreaStatus, Finding
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.report.answer.clauses import Names, event_clause, stay_clauses, train_noun
from tumangang_watch.report.answer.order import COUNTED_FROM, by_importance, events_of
from tumangang_watch.report.answer.phrases import (
    article,
    at_words,
    between_words,
    chance_words,
    listed,
    number_words,
    sentence,
    size_words,
)
from tumangang_watch.text import clean_text

FURTHER = 2
"""Further changes that the second sentence spells out; the rest are counted."""
NAMED_FROM = 0.5
"""Probability from which a possible change is spelled out: at least an even chance."""
UNLOOKED = "goods were not looked for at this resolution"


def headline(comparison: Comparison) -> tuple[str, str]:
    """Return two sentences that say what a report comes to, with numbers, times and probabilities.

    Ranges in brackets are 90 % intervals; probabilities are in the words of ICD 203. Where something of
    the place could not be seen, nothing is parts of it.
    """
    if comparison.earlier is None:
        first, second = _one_date(comparison)
    else:
        first, second = _two_dates(comparison)
        second += f"; {UNLOOKED}" if _cargo_unlooked(comparison) else ""
    return clean_text(sentence(first)), clean_text(sentence(second))


def _two_dates(comparison: Comparison) -> tuple[str, str]:
    names, events = Names.of(comparison), _together(events_of(comparison.findings))
    sure = [e for e in events if any(f.grade == "detected" for f in e)]
    maybe = [e for e in events if e not in sure and _confidence(e) >= COUNTED_FROM]
    stayed = [f for f in by_importance(comparison.findings) if f.change == "unchanged"]
    frame = _frame(comparison)
    if not events and not looked_at(comparison):
        return f"nothing can be said of {comparison.site.name} {frame}", _not_looked(comparison, names)
    if not sure:
        more = _further((), maybe, names) + _stays(stayed, names, None)
        none = "no change was detected" if not maybe else "no sure change was detected"
        where = f"in what could be seen of {comparison.site.name} {frame}"
        return f"{none} {where}", "; ".join(more) or _nothing_there(comparison, names)
    leading = sure[0]
    about = leading[0].train or leading[0].later
    more = _further(sure[1:], maybe, names) + _stays(stayed, names, about)
    opening = _crossed(comparison, leading) or f"{event_clause(leading, names)} {_when(leading, frame)}"
    second = "; ".join(more) or "nothing else changed in what could be seen"
    return f"{opening} ({chance_words(_confidence(leading))})", second


def _stays(stayed: list[Finding], names: Names, about: str | None) -> list[str]:
    parts = stay_clauses(stayed, names, about)
    return [listed(parts)] if parts else []


def _together(events: list[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
    """Return events with the cargo of one place that came, or went, as one."""
    made: list[tuple[Finding, ...]] = []
    places: dict[tuple[str, str | None, str], int] = {}
    for event in events:
        one = event[0]
        key = (one.change, one.area, one.grade)
        if one.kind != "cargo" or one.train or one.change not in ("appeared", "disappeared") or one.base:
            made.append(event)
        elif key not in places:
            places[key] = len(made)
            made.append(event)
        else:
            made[places[key]] = (_added(made[places[key]][0], one),)
    return made


def _added(one: Finding, other: Finding) -> Finding:
    """Return one finding for the cargo of two of a place."""
    parts = [Summand(value=f.amount, sure=True, confidence=f.confidence) for f in (one, other)]
    ids = [i for f in (one, other) for i in (f.members or (f.later or f.earlier,)) if i]
    confidence = min(one.confidence, other.confidence)
    amount = total(parts, SHARED_AREA)
    return replace(one, amount=amount, members=tuple(ids), sure_members=len(ids), confidence=confidence)


def _frame(comparison: Comparison) -> str:
    assert comparison.earlier is not None
    times = (comparison.earlier.scene.acquired, comparison.later.scene.acquired)
    return between_words(*times, korean=comparison.site.korean)


def _when(event: tuple[Finding, ...], frame: str) -> str:
    """Return between which dates; an older date counts where the earlier one did not show the place."""
    base = next((f.base for f in event if f.base), "")
    return f"{frame}, {base}" if base else frame


def _confidence(event: tuple[Finding, ...]) -> float:
    return min(f.confidence for f in event)


def _further(
    sure: list[tuple[Finding, ...]] | tuple[()], maybe: list[tuple[Finding, ...]], names: Names
) -> list[str]:
    """Return further changes as clauses: those that are sure, then what is only possible."""
    made = []
    for events, opening, rest in (
        (list(sure), "besides, ", "further change"),
        (maybe, "possibly, ", "further possible change"),
    ):
        likely = [e for e in events if events is not maybe or _confidence(e) >= NAMED_FROM]
        named = [(event_clause(e, names).rstrip(","), _confidence(e)) for e in likely[:FURTHER]]
        parts = [f"{clause} ({chance_words(confidence)})" for clause, confidence in named]
        left = len(events) - len(parts)
        if left and not parts and events is maybe:
            made.append(f"{number_words(left)} possible change{' is' if left == 1 else 's are'} not likely")
            continue
        parts += [f"{number_words(left)} {rest}{'' if left == 1 else 's'}"] if left else []
        made += [opening + listed(parts)] if parts else []
    return made


def _crossed(comparison: Comparison, event: tuple[Finding, ...]) -> str | None:
    """Return where and when a train was on a bridge, for an event that is one; None for others."""
    crossing = next((f for f in event if f.crossing), None)
    found = None if crossing is None else Names.of(comparison).found(crossing.later or crossing.earlier)
    return None if found is None else _on_bridge(comparison, found)


def _on_bridge(comparison: Comparison, train: Detection) -> str | None:
    crossing = next((c for c in comparison.crossings if c.detection == train.id), None)
    if crossing is None:
        return None
    towards = f", moving towards {crossing.towards}," if crossing.towards else ""
    where = Names.of(comparison).area(crossing.area)
    when = at_words(crossing.acquired, korean=comparison.site.korean)
    return f"{article(train_noun(train))} was on {where}{towards} {when}"


def _nothing_there(comparison: Comparison, names: Names) -> str:
    """Return what could be seen to be empty where nothing was found on either date."""
    looked = looked_at(comparison)
    if comparison.detections or not looked:
        return "what stood there did not measurably change"
    none = f"no train was detected on {listed([names.area(a.id) for a in looked])} on either date"
    missing = [a for a in _seen_places(comparison) if a not in looked]
    return f"{none}; {_not_looked(comparison, names)}" if missing else none


def _seen_places(comparison: Comparison) -> list[AreaStatus]:
    """Return the places of trains that could be seen."""
    places = (a for a in comparison.areas if a.role in ("yard", "bridge", "station"))
    return [a for a in places if a.status != "not_observable"]


def looked_at(comparison: Comparison) -> list[AreaStatus]:
    """Return the places that could be seen in which a track lies that trains could be looked for on."""
    unseen = {name for date in comparison.dates for name in date.site_fit.unseen_tracks}
    lines = [t.line for t in comparison.site.tracks if t.id not in unseen]
    shapes = {a.id: a.polygon for a in comparison.site.areas}
    return [a for a in _seen_places(comparison) if any(line.intersects(shapes[a.id]) for line in lines)]


def _not_looked(comparison: Comparison, names: Names) -> str:
    """Return where trains were not looked for though the place was seen, and why."""
    looked = looked_at(comparison)
    places = [a for a in _seen_places(comparison) if a not in looked]
    if not places:
        return "that is not 'nothing there'"
    where = listed([names.area(a.id) for a in places])
    return f"trains were not looked for on {where}, of which no track is known: that is not 'nothing there'"


def _one_date(comparison: Comparison) -> tuple[str, str]:
    names = Names.of(comparison)
    when = at_words(comparison.later.scene.acquired, korean=comparison.site.korean)
    trains = [d for d in comparison.detections if d.kind == "train"]
    sure = [d for d in trains if d.grade == "detected"] or trains
    return _trains_of(
        comparison, sure, when
    ), f"{_cargo_of(comparison, names)}; one date says nothing of change"


def _trains_of(comparison: Comparison, trains: list[Detection], when: str) -> str:
    names, site = Names.of(comparison), comparison.site.name
    if not trains and not looked_at(comparison):
        return f"nothing can be said of trains at {site} {when}: {_not_looked(comparison, names)}"
    if not trains:
        return f"no train was detected in what could be seen of {site} {when}"
    ranked = sorted(trains, key=lambda d: -(d.length_m.estimate if d.length_m else 0.0))
    chance = f"({chance_words(min(d.confidence for d in trains))})"
    if len(trains) == 1:
        train = trains[0]
        possibly = "possibly, " if train.grade == "possible" else ""
        there = f"{article(train_noun(train))} stood on {names.track(train)} {when}"
        return f"{possibly}{_on_bridge(comparison, train) or there} {chance}"
    tracks = Counter(names.track(d) for d in trains)
    parts = [f"{article(train_noun(d))} on {names.track(d)}" for d in ranked[:3]]
    parts += [f"{number_words(len(trains) - 3)} more"] if len(trains) > 3 else []
    where = f"on {number_words(len(tracks))} tracks" if len(tracks) > 1 else "on one track"
    return f"{number_words(len(trains))} trains stood {where} of {site} {when} {chance}: {listed(parts)}"


def _cargo_unlooked(comparison: Comparison) -> bool:
    """Return whether no date shows single goods: its pixels are too coarse."""
    shown = [entry.get("cargo_objects", True) for entry in comparison.detectability]
    return bool(shown) and not any(shown)


def _cargo_of(comparison: Comparison, names: Names) -> str:
    cargo = [d for d in comparison.detections if d.kind == "cargo"]
    sure = [d for d in cargo if d.grade == "detected"]
    if sure:
        return _lying(sure, names)
    if _cargo_unlooked(comparison):
        return UNLOOKED
    aprons = any(a.role == "apron" and a.status != "not_observable" for a in comparison.areas)
    if not aprons and not any(f.ground_m2 > 0 for f in comparison.fill):
        return "goods were not looked for"
    none = "no goods were surely detected on the ground that was seen"
    return f"{none}; possibly, {_lying(cargo, names)}" if cargo else none


def _lying(cargo: list[Detection], names: Names) -> str:
    """Return how many goods lie where, and how much they take."""
    parts = [
        Summand(value=d.area_m2 or Interval.around(d.geometry.area, 0.0), sure=True, confidence=d.confidence)
        for d in cargo
    ]
    size = size_words(total(parts, SHARED_AREA), " m²")
    places = listed(sorted({names.area(d.area) for d in cargo}))
    if len(cargo) == 1:
        return f"one pile or object of goods, {size}, lies on {places}"
    return f"{number_words(len(cargo))} piles or objects of goods, {size}, lie on {places}"
