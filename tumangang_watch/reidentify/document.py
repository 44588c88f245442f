"""Trains seen again as one JSON document, as a table, and as what a person reads in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tumangang_watch.archive.export import Cell, Table
from tumangang_watch.model.document import Json
from tumangang_watch.model.sightings import Bound, Sighting, Stay
from tumangang_watch.reidentify.model import Journey, StayMatch, TrainSearch
from tumangang_watch.reidentify.words import (
    conflict_words,
    journey_words,
    match_words,
    rounded,
    search_words,
    stay_line,
    why_not_compared,
)
from tumangang_watch.text import PAINTED_NOTICE, PAINTED_WORDS

Document = Mapping[str, Json]
STEP_COLUMNS = (
    "journey verdict e_value possible step area track after first_seen last_seen before vehicles part "
    "matched_with_step direction aligned report detection mark"
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked of the record."""

    site: str
    areas: tuple[str, ...]
    since: str | None
    until: str | None
    within_days: float
    min_vehicles: int
    """Fewest vehicles of a consist that is compared."""
    review: str = "without"
    """``with`` or ``without`` readers' reviews."""
    reviewed: dict[str, int] = field(default_factory=dict)
    """How many trains were accepted, rejected and so on."""


def not_compared(search: TrainSearch, asked: Asked) -> dict[str, int]:
    """Return how many stays were not compared, by why not."""
    left = [stay for stay, c in zip(search.stays, search.chosen, strict=True) if c is None]
    return dict(sorted(Counter(why_not_compared(stay, asked.min_vehicles) for stay in left).items()))


def document(search: TrainSearch, asked: Asked, tool_version: str, settings_sha256: str) -> Document:
    """Return the contents of ``trains.json``."""
    return {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": tool_version},
        "settings_sha256": settings_sha256,
        "site": asked.site,
        **({"painted": len(search.painted), "notice": PAINTED_WORDS} if search.painted else {}),
        "asked": {
            "areas": list(asked.areas),
            "since": asked.since,
            "until": asked.until,
            "within_days": asked.within_days,
            "max_expected_false": search.max_expected_false,
        },
        "review": {"taken": asked.review, "counts": asked.reviewed},
        "trains": {
            "sightings": sum(len(s.sightings) for s in search.stays),
            "stays": len(search.stays),
            "compared": sum(c is not None for c in search.chosen),
            "not_compared": not_compared(search, asked),
        },
        "comparisons": {
            "made": search.comparisons,
            "not_made_too_fast": search.too_fast,
            "not_made_too_far_apart_in_time": search.too_far_apart,
            "look_alikes": [list(map(_id, p)) for p in search.look_alikes],
            "verdicts": _verdicts(search),
        },
        "statement": search_words(search),
        "journeys": [_journey(search, j, n) for n, j in enumerate(search.journeys, start=1)],
        "matches": [_match(search, m) for m in search.matches()],
        "conflicts": [
            {
                "kind": c.kind,
                "matches": [list(map(_id, p)) for p in c.matches],
                "followed": None if c.followed is None else list(map(_id, c.followed)),
                "statement": conflict_words(search, c),
            }
            for c in search.conflicts
        ],
        "stays": [_stay(search, k, asked) for k in range(len(search.stays))],
        "pairs": [_pair(p) for p in search.pairs] if search.all_scored else None,
    }


def _verdicts(search: TrainSearch) -> dict[str, int]:
    """Return how many comparisons came out how; those left hopeless unscored are not told apart."""
    names = ("same train", "could be", "not told apart", "different")
    counts = {n: sum(p.verdict == n for p in search.pairs) for n in names}
    if not search.all_scored:
        hopeless = search.comparisons - len(search.pairs)
        counts["not told apart or different"] = (
            counts.pop("not told apart") + counts.pop("different") + hopeless
        )
    return counts


def _id(stay: int) -> str:
    return f"s{stay + 1}"


def _detection(sighting: Sighting) -> str:
    return sighting.key[len(sighting.folder) + 1 :]


def _own_dates(search: TrainSearch, journey: Journey) -> frozenset[str]:
    return frozenset(s.acquired for step in journey.steps for s in search.stays[step.stay].sightings)


def _journey(search: TrainSearch, journey: Journey, number: int) -> Document:
    dates = _own_dates(search, journey)
    return {
        "id": f"j{number}",
        "verdict": journey.verdict,
        "e_value": rounded(journey.e_value),
        "possible": journey.possible,
        "statement": journey_words(search, journey),
        "steps": [
            {
                "stay": _id(s.stay),
                "matched_with": None if s.partner is None else _id(s.partner),
                "part": s.part,
                "statement": stay_line(search.stays[s.stay], dates),
            }
            for s in journey.steps
        ],
    }


def _match(search: TrainSearch, match: StayMatch) -> Document:
    return {
        **_pair(match),
        "earlier": search.compared(match.first).key,
        "later": search.compared(match.second).key,
        "direction": match.direction,
        "aligned": [list(p) for p in match.aligned],
        "only_earlier": list(match.only_first),
        "only_later": list(match.only_second),
        "colour_changes": match.colour_changes,
        "followed": match.trusted,
        "statement": match_words(search, match),
    }


def _pair(pair: StayMatch) -> Document:
    return {
        "stays": [_id(pair.first), _id(pair.second)],
        "verdict": pair.verdict,
        "possible": pair.possible,
        "bits": round(pair.bits, 3),
        "p_value": rounded(pair.p_value),
        "p_value_of_the_two_alone": rounded(pair.p_alone),
        "null": pair.null,
        "e_value": rounded(pair.e_value),
    }


def _stay(search: TrainSearch, k: int, asked: Asked) -> Document:
    stay, compared = search.stays[k], search.chosen[k] is not None
    return {
        "id": _id(k),
        "area": stay.first.area,
        "track": stay.first.track or None,
        "from_m": stay.last.from_m if stay.last.track else None,
        "to_m": stay.last.to_m if stay.last.track else None,
        "vehicles": stay.last.cars,
        "grade": "possible" if stay.possible else "detected",
        "after": _bound(stay.after),
        "first_seen": stay.first.acquired,
        "last_seen": stay.last.acquired,
        "before": _bound(stay.before),
        "later_dates_not_showing_the_place": stay.unseen_since,
        "compared": search.compared(k).key if compared else None,
        "why_not_compared": None if compared else why_not_compared(stay, asked.min_vehicles),
        "sightings": [
            {
                "report": s.folder,
                "detection": _detection(s),
                "scene": s.scene,
                "acquired": s.acquired,
                "gsd_m": s.gsd_m,
                "grade": s.grade,
                "confidence": s.confidence,
            }
            for s in stay.sightings
        ],
        "statement": stay_line(stay),
    }


def _bound(bound: Bound | None) -> Document | None:
    if bound is None:
        return None
    return {"acquired": bound.acquired, "observed": bound.observed, "another_train": bound.other}


def step_table(search: TrainSearch) -> Table:
    """Return one row a stay of a journey, for ``trains.csv``."""
    rows = []
    for n, journey in enumerate(search.journeys, start=1):
        number = {s.stay: k for k, s in enumerate(journey.steps, start=1)}
        for step in journey.steps:
            stay, sighting = search.stays[step.stay], search.compared(step.stay)
            match = None if step.partner is None else search.match_of(step.stay, step.partner)
            made: tuple[Cell, ...] = (
                (number[step.partner], match.direction, len(match.aligned))
                if step.partner is not None and match is not None
                else (None, None, None)
            )
            sure = match or journey
            rows.append(
                (
                    *(f"j{n}", sure.verdict, rounded(sure.e_value), stay.possible, number[step.stay]),
                    *_when(stay),
                    *(stay.last.cars, step.part, *made, sighting.folder, _detection(sighting)),
                    PAINTED_NOTICE if sighting.folder in search.painted else None,
                )
            )
    return tuple(STEP_COLUMNS.split()), rows


def _when(stay: Stay) -> tuple[Cell, ...]:
    """Return where and when a stay was: area, track, after, first seen, last seen, before."""
    after, before = (None if b is None else b.acquired for b in (stay.after, stay.before))
    first = stay.first
    return first.area, first.track or None, after, first.acquired, stay.last.acquired, before


def text_lines(search: TrainSearch, asked: Asked) -> list[str]:
    """Return what a person reads in the terminal: a table of journeys, each with its timeline."""
    compared = sum(c is not None for c in search.chosen)
    lines = [PAINTED_WORDS] if search.painted else []
    lines += [
        f"site {asked.site}: {sum(len(s.sightings) for s in search.stays)} sightings in "
        f"{len(search.stays)} stays, {compared} with a consist that can be compared"
    ]
    lines += [f"  not compared: {count} ({why})" for why, count in not_compared(search, asked).items()]
    if asked.review == "with":
        states = ", ".join(f"{n} {state}" for state, n in asked.reviewed.items()) or "none so far"
        lines.append(f"  with readers' reviews: {states}")
    lines += [search_words(search), ""]
    if not search.journeys:
        lines.append("No train is known again in this record.")
    for n, journey in enumerate(search.journeys, start=1):
        doubt = ", possible" if journey.possible else ""
        lines.append(
            f"{f'j{n}':4} {journey.verdict.upper()}{doubt}  E {rounded(journey.e_value):.2g}  "
            f"{journey_words(search, journey)}"
        )
        dates = _own_dates(search, journey)
        lines += [f"       {stay_line(search.stays[step.stay], dates)}" for step in journey.steps]
    if search.conflicts:
        lines += ["", "Cannot all be right:", *(f"  {conflict_words(search, c)}" for c in search.conflicts)]
    return lines
