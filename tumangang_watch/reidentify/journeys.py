"""Matches put together into journeys; those that cannot all be right are listed, not settled in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise, product

from tumangang_watch.model.sightings import Sighting, Stay
from tumangang_watch.reidentify.model import (
    MATCHES,
    Compared,
    Conflict,
    Coverage,
    Journey,
    Pair,
    StayMatch,
    Step,
    TrainSearch,
)
from tumangang_watch.reidentify.null_model import scored
from tumangang_watch.reidentify.search import (
    best_read,
    compare_stays,
    feasible,
    interleaved,
    without_locomotives,
)
from tumangang_watch.reidentify.stays import train_stays
from tumangang_watch.reidentify.vehicle_model import likelihoods
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings


def find_trains(
    sightings: Sequence[Sighting],
    coverages: Sequence[Coverage],
    settings: JourneySettings,
    alike: SameTrainSettings,
    wanted: Callable[[Stay], bool] = lambda _: True,
) -> TrainSearch:
    """Find the trains seen again at another date or place.

    Parameters
    ----------
    sightings, coverages : sequence of Sighting, of Coverage
        Every train, and what every scene showed, in any order.
    settings, alike : JourneySettings, SameTrainSettings
        Named numbers.
    wanted : callable
        Which stays take part; chosen before anything is compared.
    """

    def stays_of(left: frozenset[str]) -> tuple[Stay, ...]:
        def differ(one: Sighting, two: Sighting) -> bool:
            return one.key in left or _differ(one, two, settings, alike)

        return tuple(s for s in train_stays(sightings, coverages, differ, settings) if wanted(s))

    compared = _compared(stays_of, settings, alike)
    stays = compared.stays
    matches = {(p.first, p.second): p for p in compared.pairs if p.verdict in MATCHES}
    conflicts = [*_stood_elsewhere(stays, matches), *_two_places(stays, matches, settings)]
    out = {pair for c in conflicts for pair in c.matches if pair != c.followed}
    conflicts += [Conflict((pair,), None, "look-alikes") for pair in compared.look_alikes]
    journeys, late = _joined(stays, {k: m for k, m in matches.items() if k not in out}, settings)
    conflicts += late
    out |= {pair for c in late for pair in c.matches if pair != c.followed}
    conflicts += _disagree(journeys, compared, settings, alike)
    pairs = tuple(replace(p, trusted=(p.first, p.second) not in out) for p in compared.pairs)
    return TrainSearch(
        **vars(replace(compared, pairs=pairs)),
        conflicts=tuple(conflicts),
        journeys=journeys,
        max_expected_false=settings.max_expected_false,
    )


def _compared(
    stays_of: Callable[[frozenset[str]], tuple[Stay, ...]],
    settings: JourneySettings,
    alike: SameTrainSettings,
) -> Compared:
    """Compare the stays of a record, those split that were only assumed.

    That a train stood between two sightings of its place is assumed where no date shows it. Where other
    trains were seen elsewhere meanwhile, the parts of such a stay are compared on their own; a match as sure
    as "same train" asks for says that the train had left. ``stays_of`` gives the stays when trains left
    after some sightings, named by key. The comparisons made to find a split count for every match.
    """
    whole = stays_of(frozenset())
    comparable = [stay for stay in whole if best_read(stay, alike) is not None]
    lasting = [stay for stay in comparable if len(stay.sightings) > 1]
    gaps = frozenset(
        key for one, two in product(lasting, comparable) for key in _left_before(one, two, settings)
    )
    parts = stays_of(gaps) if gaps else whole
    compared = compare_stays(parts, settings, alike)
    if not gaps:
        return compared
    surely = settings.sure_share * settings.max_expected_false
    stay_of = {sighting.key: stay for stay in whole for sighting in stay.sightings}
    left = set[str]()
    for match in compared.pairs:
        pair = tuple(parts[k] for k in (match.first, match.second))
        if match.verdict in MATCHES and match.e_value <= surely:
            for part, other in (pair, pair[::-1]):
                left.update(_left_before(stay_of[part.first.key], other, settings))
    made = compared.comparisons if left else 0
    found = compare_stays(stays_of(frozenset(left)), settings, alike, made)
    return replace(found, left=frozenset(left))


def _left_before(stay: Stay, other: Stay, settings: JourneySettings) -> set[str]:
    """Return the sightings of a stay (keys) after which another stay was seen before the next of its own.

    None where a train cannot have gone to the other place and back.
    """
    keys = {
        one.key
        for one, two in pairwise(stay.sightings)
        if any(one.acquired < seen.acquired < two.acquired for seen in other.sightings)
    }
    return keys if keys and feasible(stay, other, settings) else set()


def _differ(one: Sighting, two: Sighting, settings: JourneySettings, alike: SameTrainSettings) -> bool:
    first, second = (without_locomotives(s) for s in (one, two))
    if min(len(first), len(second)) < alike.consistent_cars:
        return False
    bits = scored([likelihoods(first, alike)], [likelihoods(second, alike)], alike)[0]
    return bool(bits <= settings.different_bits)


Pairs = dict[Pair, StayMatch]


def _stood_elsewhere(stays: tuple[Stay, ...], matches: Pairs) -> list[Conflict]:
    """Return matches of a train with one that came and went while it seemed to stand where it was."""
    return [
        Conflict((pair,), None, "stood elsewhere")
        for pair in sorted(matches)
        if interleaved(*(stays[k] for k in pair))
    ]


def _two_places(stays: tuple[Stay, ...], matches: Pairs, settings: JourneySettings) -> list[Conflict]:
    """Return pairs of matches that would put one train at two places at one time."""
    found = []
    at: dict[int, list[Pair]] = {}
    for pair in sorted(matches):
        for k in pair:
            at.setdefault(k, []).append(pair)
    for k, pairs in sorted(at.items()):
        for one, two in combinations(pairs, 2):
            ends = [a if b == k else b for a, b in (one, two)]
            if feasible(stays[ends[0]], stays[ends[1]], settings) and not interleaved(
                stays[ends[0]], stays[ends[1]]
            ):
                continue
            if _shared(matches[one], matches[two], k) <= settings.shared_vehicles:
                continue
            best, worse = sorted((one, two), key=lambda p: (matches[p].e_value, p))
            clear = matches[best].e_value * settings.conflict_ratio <= matches[worse].e_value
            found.append(Conflict((best, worse), best if clear else None, "two places at once"))
    return found


def _shared(one: StayMatch, two: StayMatch, k: int) -> int:
    """Return how many of a train's vehicles two matches share: parts of a divided train share none."""
    used = [{pair[0 if m.first == k else 1] for pair in m.aligned} for m in (one, two)]
    return len(used[0] & used[1])


def _joined(
    stays: tuple[Stay, ...], matches: Pairs, settings: JourneySettings
) -> tuple[tuple[Journey, ...], list[Conflict]]:
    """Join stays by their matches, the surest first, never one train to two places at one time."""
    group = {k: [k] for k in {k for pair in matches for k in pair}}
    used: list[Pair] = []
    conflicts = []
    for pair in sorted(matches, key=lambda p: (matches[p].e_value, p)):
        one, two = (group[k] for k in pair)
        if one is two:
            continue
        clash = [
            (a, b)
            for a in one
            for b in two
            if (a, b) != pair
            and not _parts(a, b, matches, settings)
            and (not feasible(stays[a], stays[b], settings) or interleaved(stays[a], stays[b]))
        ]
        if clash:
            conflicts.append(Conflict((pair,), None, "two places at once"))
            continue
        used.append(pair)
        joined = one + two
        for k in joined:
            group[k] = joined
    groups = {tuple(sorted(g)) for g in group.values() if len(g) > 1}
    journeys = [_journey(stays, g, [p for p in used if p[0] in g], matches, settings) for g in groups]
    order = {"same train": 0, "could be": 1}
    return (
        tuple(sorted(journeys, key=lambda j: (j.possible, order[j.verdict], j.e_value, j.steps[0].stay))),
        conflicts,
    )


def _parts(one: int, two: int, matches: Pairs, settings: JourneySettings) -> bool:
    """Return whether two stays are parts of a third: matched with different vehicles of it."""
    for k in {k for pair in matches for k in pair} - {one, two}:
        with_one, with_two = (matches.get((min(k, x), max(k, x))) for x in (one, two))
        if with_one and with_two and _shared(with_one, with_two, k) <= settings.shared_vehicles:
            return True
    return False


def _journey(
    stays: tuple[Stay, ...],
    members: tuple[int, ...],
    used: list[Pair],
    matches: Pairs,
    settings: JourneySettings,
) -> Journey:
    """Return the stays of one train by time; ``used`` is the tree of the surest matches between them."""
    partner: dict[int, int | None] = {members[0]: None}
    queue = [members[0]]
    while queue:
        k = queue.pop(0)
        for a, b in used:
            if k in (a, b) and (other := a + b - k) not in partner:
                partner[other] = k
                queue.append(other)
    for k in members:
        before = [a for a in members if (a, k) in matches and not _under(a, k, partner)]
        if before:
            # Drawn and listed below the stay just before it; how sure the journey is rests on the tree.
            partner[k] = before[-1]
    chain = [matches[p] for p in used]
    worst = max(chain, key=lambda m: (m.verdict != "same train", m.e_value, m.first, m.second))
    steps = tuple(Step(k, partner[k], _is_part(k, members, stays, settings)) for k in members)
    return Journey(steps, worst.verdict, worst.e_value, any(stays[k].possible for k in members))


def _under(stay: int, above: int, partner: dict[int, int | None]) -> bool:
    """Return whether a stay hangs on another in a tree."""
    at: int | None = stay
    while at is not None:
        if at == above:
            return True
        at = partner[at]
    return False


def _is_part(k: int, members: tuple[int, ...], stays: tuple[Stay, ...], settings: JourneySettings) -> bool:
    """Return whether another part of the train stood elsewhere at the same time."""
    return any(
        other != k and (not feasible(stays[k], stays[other], settings) or interleaved(stays[k], stays[other]))
        for other in members
    )


def _disagree(
    journeys: tuple[Journey, ...], compared: Compared, settings: JourneySettings, alike: SameTrainSettings
) -> list[Conflict]:
    """Return journeys two of whose sightings surely show different consists."""
    found = []
    for journey in journeys:
        members = [step.stay for step in journey.steps if not step.part]
        linked = {tuple(sorted((s.partner, s.stay))) for s in journey.steps if s.partner is not None}
        for one, two in combinations(members, 2):
            if (one, two) in linked:
                continue
            if _differ(compared.compared(one), compared.compared(two), settings, alike):
                found.append(Conflict(((one, two),), None, "consists differ"))
    return found
