"""Trains seen again in words: what was observed, and what was not."""

from __future__ import annotations

from tumangang_watch.model.sightings import Bound, Stay
from tumangang_watch.reidentify.model import Conflict, Journey, StayMatch, TrainSearch
from tumangang_watch.series.crossings import crossing_between
from tumangang_watch.settings.reidentify import JourneySettings
from tumangang_watch.text import day_text, minute_text

HEADS = {"same train": "Same train", "could be": "Could be the same train"}
CONFLICTS = {
    "consists differ": "Of one journey, yet their wagons are surely different when compared with each other: "
    "{}.",
    "look-alikes": "Two trains that agree like one and cannot be one, at two places at one time: {}. What "
    "matches either may be the other.",
    "stood elsewhere": "{}: one was seen while the other seemed to stand where it was before and after. "
    "Either it went and came back unseen, or the match is wrong. Not followed.",
    "two places at once": "These would put one train at two places at once, so at most one is right: {}. {}",
}
NEVER = "'Not told apart' is not 'another train', and a train that was not seen again may have come unseen."


def stay_line(stay: Stay, own_dates: frozenset[str] = frozenset()) -> str:
    """Return a stay in one line: when it was seen, and what bounds it on either side.

    ``own_dates`` are dates on which the same train is known to have stood elsewhere: what overlaps its
    place then may be itself.
    """
    where = stay.first.area + (f", track {stay.first.track}" if stay.first.track else "")
    if len(stay.sightings) == 1:
        seen = f"seen {minute_text(stay.first.acquired)}"
    else:
        seen = (
            f"seen on {len(stay.sightings)} dates from {minute_text(stay.first.acquired)} to "
            f"{minute_text(stay.last.acquired)}"
        )
    cars = stay.last.cars
    stock = f", {cars:g} vehicles" if cars is not None else ", vehicles not counted"
    doubt = ", only possibly a train" if stay.possible else ""
    return f"{where}: {seen}{stock}{doubt}; {_came(stay, own_dates)}; {_went(stay, own_dates)}"


def _came(stay: Stay, own_dates: frozenset[str]) -> str:
    if stay.after is None:
        return "no earlier date showed the place"
    when = day_text(stay.after.acquired, stay.first.acquired)
    return f"came after {when} ({_seen_then(stay.after, own_dates)})"


def _seen_then(bound: Bound, own_dates: frozenset[str]) -> str:
    other = ", with another train there" if bound.other and bound.acquired not in own_dates else ""
    return f"the place seen then{other}; area {bound.observed:.2f} observed"


def _went(stay: Stay, own_dates: frozenset[str]) -> str:
    before = stay.before
    if before is not None:
        when = day_text(before.acquired, stay.last.acquired)
        return f"gone by {when} ({_seen_then(before, own_dates)})"
    if stay.unseen_since:
        dates = "1 later date does" if stay.unseen_since == 1 else f"{stay.unseen_since} later dates do"
        return f"not observed since: {dates} not show the place"
    return "still there on the last date of the area"


def journey_words(search: TrainSearch, journey: Journey) -> str:
    """Return a journey in one sentence: "khasan 29 Nov, yard 30 Nov to 3 Dec, gone by 4 Dec".

    A crossing between two places is named where one alone may have been that train's.
    """
    parts = []
    before: Stay | None = None
    for step in journey.steps:
        stay = search.stays[step.stay]
        over = None if before is None else crossing_between(search.crossings, before.last, stay.first)
        if over is not None:
            parts.append(f"crossing {over.area} {minute_text(over.acquired)}")
        before = stay
        days = stay.first.acquired[:10], stay.last.acquired[:10]
        when = days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"
        parts.append(f"{stay.first.area} {when}" + (" (a part of it)" if step.part else ""))
    last = search.stays[journey.steps[-1].stay]
    if last.before is not None:
        parts.append(f"gone by {day_text(last.before.acquired, last.last.acquired)}")
    elif last.unseen_since:
        parts.append("not observed since")
    else:
        parts.append("not seen to go")
    return ", ".join(parts)


def match_words(search: TrainSearch, match: StayMatch) -> str:
    """Return a match in a sentence with its numbers."""
    one, two = (search.compared(k) for k in (match.first, match.second))
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
    before = search.stays[match.first].before
    empty = before is not None and not before.other
    reach_m = JourneySettings.same_place_m
    stayed = one.lasting_track and one.track == two.track and one.shift_m(two) <= reach_m
    if stayed and empty and not between:
        stood = (
            " It stood at the same place of the same track both times: it may never have gone, and been "
            "missed in between."
        )
    return (
        f"{HEADS[match.verdict]}: {one.area} {one.acquired[:10]} and {two.area} {two.acquired[:10]}: "
        f"{len(match.aligned)} wagons of {counts[0]} and {counts[1]} agree {way}, with "
        f"{match.colour_changes} changes of colour{rest}. Expected by chance among the {search.comparisons} "
        f"comparisons made: {rounded(match.e_value):.2g}.{doubt}{stood}"
    )


def conflict_words(search: TrainSearch, conflict: Conflict) -> str:
    """Return what cannot all be right, and what was done about it."""

    def named(pair: tuple[int, int]) -> str:
        one, two = (search.stays[k].first for k in pair)
        return f"{one.area} {one.acquired[:10]} ({one.key}) = {two.area} {two.acquired[:10]} ({two.key})"

    pairs = "; ".join(map(named, conflict.matches))
    followed = (
        "Neither is followed." if conflict.followed is None else f"Followed: {named(conflict.followed)}."
    )
    return CONFLICTS[conflict.kind].format(pairs, followed)


def why_not_compared(stay: Stay, min_vehicles: int) -> str:
    """Return why a stay's consist cannot be compared."""
    most = max(len(s.vehicles) for s in stay.sightings)
    if most == 0:
        return "no vehicles were read"
    if most < min_vehicles:
        return f"fewer than {min_vehicles} wagons"
    return "fewer wagons than a match needs, or all of one colour"


def search_words(search: TrainSearch) -> str:
    """Return how much was compared, and what that makes of the numbers."""
    words = (
        f"{search.comparisons} pairs of trains compared; over all of them at most "
        f"{search.max_expected_false:g} false matches are expected."
    )
    if search.too_fast:
        pairs = "1 pair" if search.too_fast == 1 else f"{search.too_fast} pairs"
        words += (
            f" {pairs} cannot be one train (two places at one time, or faster than a train goes); "
            f"{len(search.look_alikes)} of these agree as well as a match must"
        )
        words += (
            ": trains of this record are made up alike, so no match is called sure."
            if search.look_alikes
            else "."
        )
    return f"{words} {NEVER}"


def rounded(value: float) -> float:
    """Return three digits: the same on every machine."""
    return float(f"{value:.3g}")
