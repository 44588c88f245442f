"""A train seen again: matches between stays, and the journeys they make up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tumangang_watch.model.sightings import Sighting, Stay, Stretches

MatchVerdict = Literal["same train", "could be", "not told apart", "different"]
MATCHES = ("same train", "could be")
Direction = Literal["same", "reversed"]
Pair = tuple[int, int]
"""Two stays, the earlier first, or two matched vehicles."""


class Coverage(NamedTuple):
    """What one scene showed of an area."""

    area: str
    acquired: str
    folder: str
    gsd_m: float
    observed: float
    """Share of the area that could be seen."""
    tracks: dict[str, Stretches]
    """Metres of each track that could be seen."""


@dataclass(frozen=True, kw_only=True)
class StayMatch:
    """Two stays compared. Indices count the list of stays; the first stay began earlier."""

    first: int
    second: int
    bits: float
    """log2 of the likelihood ratio of one train against two."""
    p_value: float
    """Probability that two unrelated trains of this record match as well."""
    p_alone: float
    """The same by the two trains alone."""
    null: Literal["record", "two trains"]
    """What the probability rests on."""
    e_value: float
    verdict: MatchVerdict
    direction: Direction = "same"
    aligned: tuple[Pair, ...] = ()
    """Matched vehicles, indices into the sightings that were compared."""
    only_first: tuple[int, ...] = ()
    only_second: tuple[int, ...] = ()
    colour_changes: int = 0
    possible: bool
    """One of the two is only possibly a train."""
    trusted: bool = True
    """False when it contradicts another match, or what was seen in between: not followed."""


@dataclass(frozen=True)
class Conflict:
    """Matches that cannot all be right, or that something seen contradicts."""

    matches: tuple[Pair, ...]
    followed: Pair | None
    """The match that is followed all the same; None when none is."""
    kind: Literal["two places at once", "stood elsewhere", "consists differ", "look-alikes"]


@dataclass(frozen=True)
class Step:
    """One stay of a journey."""

    stay: int
    partner: int | None
    """The stay of the journey it was matched with; None for the first."""
    part: bool
    """A part of the train: another part stood elsewhere at the same time."""


@dataclass(frozen=True)
class Journey:
    """Stays of one train, by time."""

    steps: tuple[Step, ...]
    verdict: MatchVerdict
    """That of its weakest match."""
    e_value: float
    """That of its weakest match."""
    possible: bool


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Every comparison of a record."""

    stays: tuple[Stay, ...]
    chosen: tuple[int | None, ...]
    """For each stay the sighting (index) that was compared; None where no consist can be compared."""
    comparisons: int
    pairs: tuple[StayMatch, ...]
    """Every pair that was scored in full."""
    all_scored: bool
    """Whether that is every comparison."""
    too_fast: int
    """Pairs that no train could have made: not compared."""
    too_far_apart: int
    """Pairs too far apart in time: not compared."""
    look_alikes: tuple[Pair, ...]
    """Of `too_fast` those whose consists agree as well as a match must."""
    left: frozenset[str] = frozenset()
    """Sightings (keys) after which their train was surely seen elsewhere, before the next of its place."""

    def compared(self, stay: int) -> Sighting:
        """Return the sighting of a stay whose consist was compared."""
        return self.stays[stay].sightings[self.chosen[stay] or 0]


@dataclass(frozen=True, kw_only=True)
class TrainSearch(Compared):
    """What was compared, and what was found."""

    conflicts: tuple[Conflict, ...]
    journeys: tuple[Journey, ...]
    max_expected_false: float
    crossings: tuple[Sighting, ...] = ()
    """Trains on bridges, by time."""
    painted: frozenset[str] = frozenset()
    """Folders of the reports that rest on scenes which the program painted."""

    def matches(self) -> tuple[StayMatch, ...]:
        """Return the pairs that are, or could be, one train; the surest first."""
        found = [p for p in self.pairs if p.verdict in MATCHES]
        return tuple(sorted(found, key=lambda p: (p.e_value, p.first, p.second)))

    def match_of(self, one: int, two: int) -> StayMatch | None:
        """Return the match between two stays, in either order."""
        pair = min(one, two), max(one, two)
        return next((m for m in self.matches() if (m.first, m.second) == pair), None)
