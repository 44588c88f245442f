"""Judge published claims on what the detector found in the scene that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.site import Site
from tumangang_watch.reidentify.compare import SameTrain
from tumangang_watch.reproduce.cargo import judge_cargo
from tumangang_watch.reproduce.consist import (
    colour_verdict,
    locomotive_verdict,
    other_colours,
    without_locomotives,
)
from tumangang_watch.reproduce.evidence import Evidence, Judgement
from tumangang_watch.reproduce.observations import (
    PLACES,
    Claim,
    Observed,
    Verdict,
    distance,
    judged,
    range_words,
)
from tumangang_watch.settings.records import PublishedSettings

MOST_TRAINS = 7
"""Trains of a place that are tried against its claims; more are taken by size."""


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
        elif claim.kind in ("trains", "vehicles", "no_train"):
            lines = [_number(claim, trains, limits)]
        else:
            lines = [judge_cargo(claim, own, areas, limits)]
        for words, verdict, why in lines:
            if blind is not None:
                verdict, why = blind
            out.append(
                Judgement(
                    observation=observed.id,
                    claim=words,
                    verdict=verdict,
                    why=why,
                    scene=scene,
                    painted=painted,
                )
            )
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
    lines: list[tuple[str, Verdict, str]] = []
    gone: tuple[Verdict, str] = ("contradicted", "no such train was found there")
    if train is None:
        lines.append(("a train stands there", *gone))
    else:
        lines.append(
            ("a train stands there", "reproduced", f"{_where(train)}, confidence {train.confidence:.2f}")
        )
    if claim.cars is not None:
        lines.append(
            (
                f"it has {range_words(claim.cars)} cars",
                *(gone if train is None else _count(train, claim, limits)),
            )
        )
    if claim.length_m is not None:
        judgement = gone if train is None else judged(train.length_m, claim.length_m, "m long", limits)
        lines.append((f"it is {range_words(claim.length_m)} m long", *judgement))
    if claim.locomotive is not None:
        words = "a locomotive is at its end" if claim.locomotive else "no locomotive is with it"
        lines.append(
            (words, *(gone if train is None else locomotive_verdict(train, claim.locomotive, limits)))
        )
    if claim.colours:
        words = f"its colours are {', '.join(claim.colours)} ({claim.order.replace('_', ' ')})"
        own = evidence.get(observed.id)
        judgement = gone
        if train is not None and own is not None:
            judgement = colour_verdict(train, claim, _eastward(own.site, train), limits)
        lines.append((words, *judgement))
    if claim.same_as is not None:
        lines.append(
            (f"it is the train of {claim.same_as}", *_same(observed, claim, train, evidence, same, limits))
        )
    return lines


def _same(
    observed: Observed,
    claim: Claim,
    train: Detection | None,
    evidence: Mapping[str, Evidence],
    same: Mapping[tuple[str, str], SameTrain],
    limits: PublishedSettings,
) -> tuple[Verdict, str]:
    """Judge whether a train is that of another observation."""
    other = evidence.get(claim.same_as or "")
    if other is None:
        return "no scene", f"no scene shows {claim.same_as}"
    if train is None:
        return "contradicted", "no such train was found there"
    answers = [
        (answer, first)
        for (first, second), answer in same.items()
        if second == f"{observed.id}/{train.id}" and first.startswith(f"{claim.same_as}/")
    ]
    if not answers:
        return "not observable", f"no train was found in the scene of {claim.same_as}"
    answer, first = min(answers, key=lambda pair: pair[0].e_value)
    there = next((d for d in other.detections if f"{claim.same_as}/{d.id}" == first), None)
    if answer.verdict in ("likely the same", "consistent with"):
        return "reproduced", answer.statement
    if there is not None:
        conflict = conflicts(there, train, limits)
        if conflict:
            return "contradicted", conflict
    return "not observable", answer.statement


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


def _eastward(site: Site, train: Detection) -> bool | None:
    line = next((t.line for t in site.tracks if t.id == train.track), None)
    return None if line is None else bool(line.coords[-1][0] > line.coords[0][0])


def _where(train: Detection) -> str:
    length = "" if train.length_m is None else f", {train.length_m.estimate:.0f} m long"
    return f"a train on {train.track or train.area}{length}"
