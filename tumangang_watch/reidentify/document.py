"""Trains seen again as one JSON document, as a table, and as what a person reads in the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tumangang_watch.reidentify.model import Bound, Journey, Search, Seen
from tumangang_watch.reidentify.words import (
    compared,
    conflict_words,
    journey_words,
    match_words,
    rounded,
    search_words,
    stay_line,
    why_not_compared,
)

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked of the record."""

    site: str
    areas: tuple[str, ...]
    since: str | None
    until: str | None
    within_days: float
    review: str = "without"
    """``with`` or ``without`` readers' reviews."""
    reviewed: dict[str, int] = field(default_factory=dict)
    """How many trains were accepted, rejected and so on."""


def document(search: Search, asked: Asked, fewest: int, tool_version: str, settings_sha256: str) -> Row:
    """Return the contents of ``trains.json``."""
    left = [k for k, c in enumerate(search.chosen) if c is None]
    reasons: dict[str, int] = {}
    for k in left:
        why = why_not_compared(search.stays[k], fewest)
        reasons[why] = reasons.get(why, 0) + 1
    journeys = [_journey(search, j, n) for n, j in enumerate(search.journeys, start=1)]
    return {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": tool_version},
        "settings_sha256": settings_sha256,
        "site": asked.site,
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
            "compared": len(search.stays) - len(left),
            "not_compared": dict(sorted(reasons.items())),
        },
        "comparisons": {
            "made": search.comparisons,
            "not_made_too_fast": search.too_fast,
            "not_made_too_far_apart_in_time": search.too_far_apart,
            "look_alikes": [list(map(_id, p)) for p in search.look_alikes],
            "verdicts": _verdicts(search),
        },
        "statement": search_words(search),
        "journeys": journeys,
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
        "stays": [_stay(search, k, fewest) for k in range(len(search.stays))],
        "pairs": [_pair(p) for p in search.pairs] if search.all_scored else None,
    }


def _verdicts(search: Search) -> Row:
    """Return how many comparisons came out how; those left hopeless by a quick look are not told apart."""
    names = ("same train", "could be", "not told apart", "different")
    counts: Row = {n: sum(p.verdict == n for p in search.pairs) for n in names}
    if not search.all_scored:
        hopeless = search.comparisons - len(search.pairs)
        counts["not told apart"] += hopeless + counts.pop("different")
        counts["not told apart or different"] = counts.pop("not told apart")
    return counts


def _id(stay: int) -> str:
    return f"s{stay + 1}"


def _journey(search: Search, journey: Journey, number: int) -> Row:
    dates = frozenset(s.acquired for step in journey.steps for s in search.stays[step.stay].sightings)
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


def _match(search: Search, match: Seen) -> Row:
    one, two = (compared(search, k) for k in (match.first, match.second))
    return {
        **_pair(match),
        "earlier": one.key,
        "later": two.key,
        "direction": match.direction,
        "aligned": [list(p) for p in match.aligned],
        "only_earlier": list(match.only_first),
        "only_later": list(match.only_second),
        "colour_changes": match.colour_changes,
        "followed": match.trusted,
        "statement": match_words(search, match),
    }


def _pair(pair: Seen) -> Row:
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


def _stay(search: Search, k: int, fewest: int) -> Row:
    stay = search.stays[k]
    return {
        "id": _id(k),
        "area": stay.first.area,
        "track": stay.first.track,
        "from_m": stay.last.from_m,
        "to_m": stay.last.to_m,
        "vehicles": stay.last.cars,
        "grade": "possible" if stay.possible else "detected",
        "after": _bound(stay.after),
        "first_seen": stay.first.acquired,
        "last_seen": stay.last.acquired,
        "before": _bound(stay.before),
        "later_dates_not_showing_the_place": stay.unseen_since,
        "compared": None if search.chosen[k] is None else compared(search, k).key,
        "why_not_compared": why_not_compared(stay, fewest) if search.chosen[k] is None else None,
        "sightings": [
            {
                "report": s.folder,
                "detection": s.key[len(s.folder) + 1 :],
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


def _bound(bound: Bound | None) -> Row | None:
    if bound is None:
        return None
    return {"acquired": bound.acquired, "observed": bound.observed, "another_train": bound.other}


def step_table(search: Search) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return one row a stay of a journey, for ``trains.csv``."""
    columns = (
        "journey",
        "verdict",
        "e_value",
        "possible",
        "step",
        "area",
        "track",
        "after",
        "first_seen",
        "last_seen",
        "before",
        "vehicles",
        "part",
        "matched_with_step",
        "direction",
        "aligned",
        "report",
        "detection",
    )
    matches = {(m.first, m.second): m for m in search.matches()}
    rows = []
    for n, journey in enumerate(search.journeys, start=1):
        number = {s.stay: k for k, s in enumerate(journey.steps, start=1)}
        for step in journey.steps:
            stay, sighting = search.stays[step.stay], compared(search, step.stay)
            match = None
            if step.partner is not None:
                match = matches[min(step.stay, step.partner), max(step.stay, step.partner)]
            rows.append(
                (
                    f"j{n}",
                    match.verdict if match else journey.verdict,
                    rounded(match.e_value if match else journey.e_value),
                    stay.possible,
                    number[step.stay],
                    stay.first.area,
                    stay.first.track,
                    stay.after and stay.after.acquired,
                    stay.first.acquired,
                    stay.last.acquired,
                    stay.before and stay.before.acquired,
                    stay.last.cars,
                    step.part,
                    None if step.partner is None else number[step.partner],
                    match and match.direction,
                    len(match.aligned) if match else None,
                    sighting.folder,
                    sighting.key[len(sighting.folder) + 1 :],
                )
            )
    return columns, rows


def text_lines(content: Row) -> list[str]:
    """Return what a person reads in the terminal: a table of journeys, each with its timeline."""
    trains = content["trains"]
    lines = [
        f"site {content['site']}: {trains['sightings']} sightings in {trains['stays']} stays, "
        f"{trains['compared']} with a consist that can be compared"
    ]
    lines += [f"  not compared: {count} ({why})" for why, count in trains["not_compared"].items()]
    if content["review"]["taken"] == "with":
        told = ", ".join(f"{n} {state}" for state, n in content["review"]["counts"].items()) or "none so far"
        lines.append(f"  with readers' reviews: {told}")
    lines += [content["statement"], ""]
    if not content["journeys"]:
        lines.append("No train is known again in this record.")
    for journey in content["journeys"]:
        doubt = ", possible" if journey["possible"] else ""
        lines.append(
            f"{journey['id']:4} {journey['verdict'].upper()}{doubt}  E {journey['e_value']:.2g}  "
            f"{journey['statement']}"
        )
        lines += [f"       {step['statement']}" for step in journey["steps"]]
    if content["conflicts"]:
        lines += ["", "Cannot all be right:"]
        lines += [f"  {c['statement']}" for c in content["conflicts"]]
    return lines
