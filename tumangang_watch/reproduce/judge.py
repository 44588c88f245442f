"""Judge published claims on what the detector found in the scene that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.site import Site
from tumangang_watch.reidentify.compare import SameTrain
from tumangang_watch.report.answer.phrases import chance_text
from tumangang_watch.reproduce.consist import (
    colour_verdict,
    locomotive_verdict,
    other_colours,
    without_locomotives,
)
from tumangang_watch.reproduce.observations import (
    PLACES,
    Claim,
    Evidence,
    Judgement,
    Observed,
    Verdict,
    distance,
    judged,
    range_words,
)
from tumangang_watch.settings.records import PublishedSettings
from tumangang_watch.text import clock_text, utc_text, whole

MOST_TRAINS = 7
"""Trains of a place that are tried against its claims; more are taken by size."""
GONE: tuple[Verdict, str] = ("contradicted", "no such train was found there")


def judge(
    observed: Observed,
    evidence: Mapping[str, Evidence],
    same: Mapping[tuple[str, str], SameTrain] | None = None,
    limits: PublishedSettings | None = None,
) -> list[Judgement]:
    """Judge every claim of an observation.

    Parameters
    ----------
    observed : Observed
        What was published.
    evidence : mapping of observation id to Evidence
        Of this observation and of those it refers to; without an entry there is no scene.
    same : mapping of (detection id, detection id) to SameTrain, optional
        Answers for trains of two observations, the later first: ``observation/detection``.
    limits : PublishedSettings, optional
    """
    limits = limits or PublishedSettings()
    own = evidence.get(observed.id)
    areas = [] if own is None else [a for a in PLACES[observed.place] if a in own.seen]
    blind = _blind(own, areas)
    scene, painted = (None, False) if own is None else (own.scene, own.painted)
    out = []
    trains = [] if own is None else _trains(own, areas)
    pairs = _assign([c for c in observed.claims if c.kind == "train"], trains, limits)
    for claim in observed.claims:
        if claim.kind == "train":
            lines = _train(observed, claim, pairs.get(id(claim)), evidence, same or {}, limits)
        elif claim.kind == "crossing":
            lines = [_crossing(own, trains)]
        elif claim.kind in ("trains", "vehicles", "no_train"):
            lines = [_number(claim, trains, limits)]
        else:
            lines = [judge_cargo(claim, own, areas, limits)]
        for words, verdict, why in lines:
            if blind is not None:
                verdict, why = blind
            line = {"observation": observed.id, "claim": words, "why": why}
            out.append(Judgement(**line, verdict=verdict, scene=scene, painted=painted))
    return out


def _blind(own: Evidence | None, areas: list[str]) -> tuple[Verdict, str] | None:
    """Return the verdict where nothing of the place was seen, else None."""
    if own is None:
        return "no scene", "no scene of this place and time was given"
    if not areas:
        return "not observable", f"the site {own.site.id} has no area of this place"
    if all(own.seen[a][0] == "not_observable" for a in areas):
        reasons = "; ".join(dict.fromkeys(r for a in areas for r in own.seen[a][1]))
        return "not observable", reasons or "nothing of the place can be seen"
    return None


def _trains(own: Evidence, areas: list[str]) -> list[Detection]:
    trains = [d for d in own.detections if d.kind == "train" and d.area in areas and d.grade == "detected"]
    return sorted(trains, key=lambda d: -(d.length_m.estimate if d.length_m else 0.0))[:MOST_TRAINS]


def _assign(
    claims: list[Claim], trains: list[Detection], limits: PublishedSettings
) -> dict[int, Detection | None]:
    """Give each claimed train the detected one that suits it best, each once."""
    places = [*trains, *[None] * len(claims)]
    best: tuple[float, tuple[Detection | None, ...]] = (float("inf"), ())
    for chosen in set(permutations(range(len(places)), len(claims))):
        picked = tuple(places[k] for k in chosen)
        cost = sum(_misfit(c, t, limits) for c, t in zip(claims, picked, strict=True))
        if cost < best[0]:
            best = cost, picked
    return {id(c): t for c, t in zip(claims, best[1], strict=True)}


def _misfit(claim: Claim, train: Detection | None, limits: PublishedSettings) -> float:
    if train is None:
        return 1000.0
    cost = 0.0
    if claim.cars is not None and train.cars is not None:
        cost += distance(_cars(train, claim, limits).estimate, claim.cars)
    if claim.length_m is not None and train.length_m is not None:
        cost += distance(train.length_m.estimate, claim.length_m) / 15.0
    if claim.locomotive is not None and train.rolling_stock:
        verdict, _ = locomotive_verdict(train, claim.locomotive, limits)
        cost += {"reproduced": 0.0, "not observable": 0.5}.get(verdict, 1.0)
    return cost


def _train(
    observed: Observed,
    claim: Claim,
    train: Detection | None,
    evidence: Mapping[str, Evidence],
    same: Mapping[tuple[str, str], SameTrain],
    limits: PublishedSettings,
) -> list[tuple[str, Verdict, str]]:
    """Judge what was said of one train, a line each."""
    asked: list[tuple[str, Callable[[Detection], tuple[Verdict, str]]]] = [
        (
            "a train stands there",
            lambda t: ("reproduced", f"{_where(t)}, confidence {chance_text(t.confidence)}"),
        )
    ]
    if (cars := claim.cars) is not None:
        asked.append((f"it has {range_words(cars)} cars", lambda t: _count(t, claim, limits)))
    if (length_m := claim.length_m) is not None:
        words = f"it is {range_words(length_m)} m long"
        asked.append((words, lambda t: judged(t.length_m, length_m, "m long", limits)))
    if (locomotive := claim.locomotive) is not None:
        words = "a locomotive is at its end" if locomotive else "no locomotive is with it"
        asked.append((words, lambda t: locomotive_verdict(t, locomotive, limits)))
    if claim.colours:
        words = f"its colours are {', '.join(claim.colours)} ({claim.order.replace('_', ' ')})"
        asked.append(
            (words, lambda t: colour_verdict(t, claim, _eastward(evidence[observed.id].site, t), limits))
        )
    lines = [(words, *(GONE if train is None else judgement(train))) for words, judgement in asked]
    if claim.same_as is not None:
        other, judgement = evidence.get(claim.same_as), GONE
        if other is None:
            judgement = "no scene", f"no scene shows {claim.same_as}"
        elif train is not None:
            answers = {
                first.removeprefix(f"{claim.same_as}/"): answer
                for (first, second), answer in same.items()
                if second == f"{observed.id}/{train.id}" and first.startswith(f"{claim.same_as}/")
            }
            judgement = _same(claim.same_as, other, train, answers, limits)
        lines.append((f"it is the train of {claim.same_as}", *judgement))
    return lines


def _same(
    claimed: str, other: Evidence, train: Detection, answers: dict[str, SameTrain], limits: PublishedSettings
) -> tuple[Verdict, str]:
    """Judge whether a train is that of another observation, by the answers for each train there."""
    if not answers:
        return "not observable", f"no train was found in the scene of {claimed}"
    first, answer = min(answers.items(), key=lambda item: item[1].e_value)
    if answer.verdict in ("likely the same", "consistent with"):
        return "reproduced", answer.statement
    there = next((d for d in other.detections if d.id == first), None)
    conflict = conflicts(there, train, limits) if there else None
    return ("contradicted", conflict) if conflict else ("not observable", answer.statement)


def conflicts(first: Detection, second: Detection, limits: PublishedSettings) -> str | None:
    """Return what speaks against one train seen twice, or None.

    Counts whose intervals do not meet; or, with as many wagons, cars of surely different colours in
    both directions. Cars may be added or set down on the way: published claims say they were not.
    """
    a, b = without_locomotives(first, limits), without_locomotives(second, limits)
    if len(a) == len(b):
        return other_colours(a, b, limits)
    if not a or not b or first.cars is None or second.cars is None:
        return None
    apart = max(first.cars.low - second.cars.high, second.cars.low - first.cars.high)
    return f"{len(a)} cars there, {len(b)} here" if apart > 0 else None


def _count(train: Detection, claim: Claim, limits: PublishedSettings) -> tuple[Verdict, str]:
    if train.cars is None:
        return "not observable", "cars cannot be counted in this scene"
    return judged(_cars(train, claim, limits), claim.cars or (0, None), "cars", limits)


def _cars(train: Detection, claim: Claim, limits: PublishedSettings) -> Interval:
    """Return the count of wagons: all vehicles less the locomotives known, or the one published."""
    known = len(train.rolling_stock) - len(without_locomotives(train, limits))
    if known == 0 and claim.locomotive and train.rolling_stock:
        verdict, _ = locomotive_verdict(train, True, limits)
        known = int(verdict == "not observable")
    cars = train.cars or Interval(len(train.rolling_stock), 0, len(train.rolling_stock))
    return Interval(*(max(0, number - known) for number in (cars.estimate, cars.low, cars.high)))


def _number(claim: Claim, trains: list[Detection], limits: PublishedSettings) -> tuple[str, Verdict, str]:
    """Judge how many trains or vehicles stand in a place."""
    if claim.kind == "no_train":
        if trains:
            return "no train stands there", "contradicted", "; ".join(_where(t) for t in trains)
        return "no train stands there", "reproduced", "none was found in what could be seen"
    claimed = claim.count or (0, None)
    if claim.kind == "trains":
        words, found = f"{range_words(claimed)} trains stand there", len(trains)
        fits = claimed[0] <= found and (claimed[1] is None or found <= claimed[1])
        return words, "reproduced" if fits else "contradicted", f"{found} were found"
    words = f"{range_words(claimed)} vehicles stand there"
    if any(t.cars is None for t in trains):
        return words, "not observable", "cars cannot be counted in this scene"

    counts = [t.cars for t in trains if t.cars is not None]
    total = Interval(*(sum(getattr(c, part) for c in counts) for part in ("estimate", "low", "high")))
    return words, *judged(total, claimed, "vehicles", limits)


def _crossing(own: Evidence | None, trains: list[Detection]) -> tuple[str, Verdict, str]:
    """Judge whether a train was seen on the bridge: an empty bridge does not say that none crossed."""
    words = "the first train was seen crossing"
    when = "" if own is None else f" at {clock_text(utc_text(own.acquired), korean=True)}"
    if trains:
        return words, "reproduced", "; ".join(_where(t) for t in trains) + when
    return words, "not observable", f"no train was on the bridge{when}; a crossing takes minutes"


def judge_cargo(
    claim: Claim, own: Evidence | None, areas: list[str], limits: PublishedSettings
) -> tuple[str, Verdict, str]:
    """Judge goods on the ground of a place."""
    words = (
        "the piles are smaller"
        if claim.kind == "piles_smaller"
        else f"{range_words(claim.count or (0, None))} piles of goods" + (" are new" if claim.since else "")
    )
    if own is None:
        return words, "no scene", ""
    if claim.since is not None and own.since != claim.since:
        return words, "no scene", f"no scene of {claim.since} to compare with"
    here = [d for d in own.detections if d.kind == "cargo" and _inside(d, own.site, areas)]
    if claim.kind == "piles_smaller":
        before = [d for d in own.earlier if d.kind == "cargo" and _inside(d, own.site, areas)]
        old, new = (sum(d.geometry.area for d in group) for group in (before, here))
        if not before:
            return words, "not observable", f"no goods were found in the scene of {claim.since}"
        found = f"{new:.0f} m2 of goods, {old:.0f} m2 before"
        return words, "reproduced" if new <= limits.smaller_share * old else "contradicted", found
    came = [f for f in own.findings if f.kind == "cargo" and f.change == "appeared"]
    # Goods beside one train are one finding of several objects; a publication counts the objects.
    new_ids = {i for f in came for i in (f.later, *f.members)}
    counted = [d for d in here if claim.since is None or d.id in new_ids]
    sure = sum(d.grade == "detected" for d in counted)
    found = f"{len(counted)} found, {sure} of them surely"
    low, high = claim.count or (0, None)
    if len(counted) < low:
        return words, "contradicted", f"{found}; goods toned like their ground can be missed"
    if high is not None and sure > high:
        return words, "contradicted", found
    return words, "reproduced", found


def _inside(cargo: Detection, site: Site, areas: list[str]) -> bool:
    return any(a.polygon.intersects(cargo.geometry) for a in site.areas if a.id in areas)


def _eastward(site: Site, train: Detection) -> bool | None:
    line = next((t.line for t in site.tracks if t.id == train.track), None)
    return None if line is None else bool(line.coords[-1][0] > line.coords[0][0])


def _where(train: Detection) -> str:
    length = "" if train.length_m is None else f", {whole(train.length_m.estimate)} m long"
    return f"a train on {train.track or train.area}{length}"
