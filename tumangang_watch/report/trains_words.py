"""Trains seen again, in words and as one JSON document: what was observed, and what was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tumangang_watch.model.journey import Bound, Conflict, Journey, Search, Seen, Sighting, TrainStay
from tumangang_watch.settings.journeys import JourneySettings

Row = dict[str, Any]
HEADS = {"same train": "Same train", "could be": "Could be the same train"}
NEVER = "'Not told apart' is not 'another train', and a train that was not seen again may have come unseen."


@dataclass(frozen=True)
class Asked:
    """What was asked of the record."""

    site: str
    areas: tuple[str, ...]
    since: str | None
    until: str | None
    within_days: float


def stay_line(stay: TrainStay, own_dates: frozenset[str] = frozenset()) -> str:
    """Return a stay in one line: when it was seen, and what bounds it on either side.

    ``own_dates`` are dates on which the same train is known to have stood elsewhere: what overlaps its
    place then may be itself.
    """
    where = stay.first.area + (f", track {stay.first.track}" if stay.first.track else "")
    if len(stay.sightings) == 1:
        seen = f"seen {_minute(stay.first.acquired)}"
    else:
        seen = (
            f"seen on {len(stay.sightings)} dates from {_minute(stay.first.acquired)} to "
            f"{_minute(stay.last.acquired)}"
        )
    cars = stay.last.cars
    stock = f", {cars:g} vehicles" if cars is not None else ", vehicles not counted"
    doubt = ", only possibly a train" if stay.possible else ""
    return f"{where}: {seen}{stock}{doubt}; {_came(stay.after, own_dates)}; {_went(stay, own_dates)}"


def _came(after: Bound | None, own_dates: frozenset[str]) -> str:
    if after is None:
        return "no earlier date showed the place"
    return f"came after {after.acquired[:10]} ({_seen_then(after, own_dates)})"


def _seen_then(bound: Bound, own_dates: frozenset[str]) -> str:
    other = ", with another train there" if bound.other and bound.acquired not in own_dates else ""
    return f"the place seen then{other}; area {bound.observed:.2f} observed"


def _went(stay: TrainStay, own_dates: frozenset[str]) -> str:
    before = stay.before
    if before is not None:
        return f"gone by {before.acquired[:10]} ({_seen_then(before, own_dates)})"
    if stay.unseen_since:
        dates = "1 later date does" if stay.unseen_since == 1 else f"{stay.unseen_since} later dates do"
        return f"not observed since: {dates} not show the place"
    return "still there on the last date of the area"


def journey_words(search: Search, journey: Journey) -> str:
    """Return a journey in one sentence: "khasan 29 Nov, yard 30 Nov to 3 Dec, gone by 4 Dec"."""
    parts = []
    for step in journey.steps:
        stay = search.stays[step.stay]
        days = stay.first.acquired[:10], stay.last.acquired[:10]
        when = days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"
        parts.append(f"{stay.first.area} {when}" + (" (a part of it)" if step.part else ""))
    last = search.stays[journey.steps[-1].stay]
    if last.before is not None:
        parts.append(f"gone by {last.before.acquired[:10]}")
    elif last.unseen_since:
        parts.append("not observed since")
    else:
        parts.append("not seen to go")
    return ", ".join(parts)


def match_words(search: Search, match: Seen) -> str:
    """Return a match in a sentence with its numbers."""
    one, two = (compared(search, k) for k in (match.first, match.second))
    counts = [len(match.aligned) + len(side) for side in (match.only_first, match.only_second)]
    way = "in reverse order" if match.direction == "reversed" else "in order"
    left = [
        f"{len(side)} of the {name} without a partner"
        for side, name in ((match.only_first, "earlier"), (match.only_second, "later"))
        if side
    ]
    rest = f", {' and '.join(left)}" if left else ""
    doubt = " One of the two is only possibly a train." if match.possible else ""
    stood = ""
    elsewhere = {s.stay for j in search.journeys for s in j.steps if match.first in {t.stay for t in j.steps}}
    between = any(match.first < k < match.second for k in elsewhere)
    if _one_place(one, two) and not between:
        stood = (
            " It stood at the same place of the same track both times: it may never have gone, and been "
            "missed in between."
        )
    return (
        f"{HEADS[match.verdict]}: {one.area} {one.acquired[:10]} and {two.area} {two.acquired[:10]}: "
        f"{len(match.aligned)} wagons of {counts[0]} and {counts[1]} agree {way}, with "
        f"{match.colour_changes} changes of colour{rest}. Expected by chance among the {search.comparisons} "
        f"comparisons made: {_rounded(match.e_value):.2g}.{doubt}{stood}"
    )


def _one_place(one: Sighting, two: Sighting) -> bool:
    if one.track is None or one.track != two.track or None in (one.from_m, one.to_m, two.from_m, two.to_m):
        return False
    reach_m = JourneySettings.same_place_m
    return abs(one.from_m + one.to_m - two.from_m - two.to_m) / 2 <= reach_m  # type: ignore[operator]


def conflict_words(search: Search, conflict: Conflict) -> str:
    """Return what cannot all be right, and what was done about it."""

    def named(pair: tuple[int, int]) -> str:
        one, two = (search.stays[k].first for k in pair)
        return f"{one.area} {one.acquired[:10]} ({one.key}) = {two.area} {two.acquired[:10]} ({two.key})"

    pairs = "; ".join(map(named, conflict.matches))
    if conflict.kind == "consists differ":
        return (
            f"Of one journey, yet their wagons are surely different when compared with each other: {pairs}."
        )
    if conflict.kind == "look-alikes":
        return (
            f"Two trains that agree like one and cannot be one, at two places at one time: {pairs}. What "
            "matches either may be the other."
        )
    if conflict.kind == "stood elsewhere":
        return (
            f"{pairs}: one was seen while the other seemed to stand where it was before and after. Either it "
            "went and came back unseen, or the match is wrong. Not followed."
        )
    followed = (
        "Neither is followed." if conflict.followed is None else f"Followed: {named(conflict.followed)}."
    )
    return f"These would put one train at two places at once, so at most one is right: {pairs}. {followed}"


def compared(search: Search, stay: int) -> Sighting:
    """Return the sighting of a stay whose consist was compared."""
    return search.stays[stay].sightings[search.chosen[stay] or 0]


def why_not_compared(stay: TrainStay, fewest: int) -> str:
    """Return why a stay's consist cannot be compared."""
    most = max(len(s.vehicles) for s in stay.sightings)
    if most == 0:
        return "no vehicles were read"
    if most < fewest:
        return f"fewer than {fewest} wagons"
    return "fewer wagons than a match needs, or all of one colour"


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
            "areas": list(asked.areas), "since": asked.since, "until": asked.until,
            "within_days": asked.within_days, "max_expected_false": search.max_expected_false,
        },
        "trains": {
            "sightings": sum(len(s.sightings) for s in search.stays), "stays": len(search.stays),
            "compared": len(search.stays) - len(left), "not_compared": dict(sorted(reasons.items())),
        },
        "comparisons": {
            "made": search.comparisons, "not_made_too_fast": search.too_fast,
            "not_made_too_far_apart_in_time": search.too_far_apart,
            "look_alikes": [list(map(_id, p)) for p in search.look_alikes],
            "verdicts": _verdicts(search),
        },
        "statement": search_words(search),
        "journeys": journeys,
        "matches": [_match(search, m) for m in search.matches()],
        "conflicts": [
            {
                "kind": c.kind, "matches": [list(map(_id, p)) for p in c.matches],
                "followed": None if c.followed is None else list(map(_id, c.followed)),
                "statement": conflict_words(search, c),
            }
            for c in search.conflicts
        ],
        "stays": [_stay(search, k, fewest) for k in range(len(search.stays))],
        "pairs": [_pair(p) for p in search.pairs] if search.all_scored else None,
    }  # fmt: skip


def _verdicts(search: Search) -> Row:
    """Return how many comparisons came out how; those left hopeless by a quick look are not told apart."""
    names = ("same train", "could be", "not told apart", "different")
    counts: Row = {n: sum(p.verdict == n for p in search.pairs) for n in names}
    if not search.all_scored:
        hopeless = search.comparisons - len(search.pairs)
        counts["not told apart"] += hopeless + counts.pop("different")
        counts["not told apart or different"] = counts.pop("not told apart")
    return counts


def search_words(search: Search) -> str:
    """Return how much was compared, and what that makes of the numbers."""
    words = (
        f"{search.comparisons} pairs of trains compared; over all of them at most "
        f"{search.max_expected_false:g} false matches are expected."
    )
    if search.too_fast:
        words += (
            f" {search.too_fast} pairs cannot be one train (two places at one time, or faster than a train "
            f"goes); {len(search.look_alikes)} of these agree as well as a match must"
        )
        words += (
            ": trains of this record are made up alike, so no match is called sure."
            if search.look_alikes
            else "."
        )
    return f"{words} {NEVER}"


def _id(stay: int) -> str:
    return f"s{stay + 1}"


def _journey(search: Search, journey: Journey, number: int) -> Row:
    dates = frozenset(s.acquired for step in journey.steps for s in search.stays[step.stay].sightings)
    return {
        "id": f"j{number}", "verdict": journey.verdict, "e_value": _rounded(journey.e_value),
        "possible": journey.possible, "statement": journey_words(search, journey),
        "steps": [
            {
                "stay": _id(s.stay), "matched_with": None if s.partner is None else _id(s.partner),
                "part": s.part, "statement": stay_line(search.stays[s.stay], dates),
            }
            for s in journey.steps
        ],
    }  # fmt: skip


def _match(search: Search, match: Seen) -> Row:
    one, two = (compared(search, k) for k in (match.first, match.second))
    return {
        **_pair(match), "earlier": one.key, "later": two.key, "direction": match.direction,
        "aligned": [list(p) for p in match.aligned], "only_earlier": list(match.only_first),
        "only_later": list(match.only_second), "colour_changes": match.colour_changes,
        "followed": match.trusted, "statement": match_words(search, match),
    }  # fmt: skip


def _pair(pair: Seen) -> Row:
    return {
        "stays": [_id(pair.first), _id(pair.second)], "verdict": pair.verdict, "possible": pair.possible,
        "bits": round(pair.bits, 3), "p_value": _rounded(pair.p_value),
        "p_value_of_the_two_alone": _rounded(pair.p_alone), "null": pair.null,
        "e_value": _rounded(pair.e_value),
    }  # fmt: skip


def _stay(search: Search, k: int, fewest: int) -> Row:
    stay = search.stays[k]
    return {
        "id": _id(k), "area": stay.first.area, "track": stay.first.track, "from_m": stay.last.from_m,
        "to_m": stay.last.to_m, "vehicles": stay.last.cars,
        "grade": "possible" if stay.possible else "detected",
        "after": _bound(stay.after), "first_seen": stay.first.acquired, "last_seen": stay.last.acquired,
        "before": _bound(stay.before), "later_dates_not_showing_the_place": stay.unseen_since,
        "compared": None if search.chosen[k] is None else compared(search, k).key,
        "why_not_compared": why_not_compared(stay, fewest) if search.chosen[k] is None else None,
        "sightings": [
            {
                "report": s.folder, "detection": s.key[len(s.folder) + 1 :], "scene": s.scene,
                "acquired": s.acquired, "gsd_m": s.gsd_m, "grade": s.grade, "confidence": s.confidence,
            }
            for s in stay.sightings
        ],
        "statement": stay_line(stay),
    }  # fmt: skip


def _bound(bound: Bound | None) -> Row | None:
    if bound is None:
        return None
    return {"acquired": bound.acquired, "observed": bound.observed, "another_train": bound.other}


def _rounded(value: float) -> float:
    """Return three digits: the same on every machine."""
    return float(f"{value:.3g}")


def _minute(acquired: str) -> str:
    return acquired[:16].replace("T", " ")


def step_table(search: Search) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return one row a stay of a journey, for ``trains.csv``."""
    columns = (
        "journey", "verdict", "e_value", "possible", "step", "area", "track", "after", "first_seen",
        "last_seen", "before", "vehicles", "part", "matched_with_step", "direction", "aligned", "report",
        "detection",
    )  # fmt: skip
    matches = {(m.first, m.second): m for m in search.matches()}
    rows = []
    for n, journey in enumerate(search.journeys, start=1):
        number = {s.stay: k for k, s in enumerate(journey.steps, start=1)}
        for step in journey.steps:
            stay, sighting = search.stays[step.stay], compared(search, step.stay)
            match = None
            if step.partner is not None:
                match = matches[min(step.stay, step.partner), max(step.stay, step.partner)]
            rows.append((
                f"j{n}", match.verdict if match else journey.verdict,
                _rounded(match.e_value if match else journey.e_value), stay.possible, number[step.stay],
                stay.first.area, stay.first.track, stay.after and stay.after.acquired, stay.first.acquired,
                stay.last.acquired, stay.before and stay.before.acquired, stay.last.cars, step.part,
                None if step.partner is None else number[step.partner], match and match.direction,
                len(match.aligned) if match else None, sighting.folder,
                sighting.key[len(sighting.folder) + 1 :],
            ))  # fmt: skip
    return columns, rows


def text_lines(content: Row) -> list[str]:
    """Return what a person reads in the terminal: a table of journeys, each with its timeline."""
    trains = content["trains"]
    lines = [
        f"site {content['site']}: {trains['sightings']} sightings in {trains['stays']} stays, "
        f"{trains['compared']} with a consist that can be compared"
    ]
    lines += [f"  not compared: {count} ({why})" for why, count in trains["not_compared"].items()]
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
