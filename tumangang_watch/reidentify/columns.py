"""The aligned vehicles of one journey: which stands above which, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.reidentify.model import Journey, StayMatch, TrainSearch
from tumangang_watch.report.kept import kept_strip

LETTERS = {
    "locomotive": "L",
    "box": "B",
    "open": "O",
    "tank": "T",
    "flat": "F",
    "container": "C",
    "passenger": "P",
    "unknown": "?",
}
"""Type of a vehicle in one letter."""


@dataclass(frozen=True, kw_only=True)
class DrawnSighting:
    """One sighting of a journey as it is drawn."""

    sighting: Sighting
    turned: bool
    """Drawn from its other end, against its track's distances."""
    strip: Image.Image | None
    """The track straightened (PIL); None where there is none."""
    why_no_strip: str
    strip_m: float


@dataclass(frozen=True)
class Aligned:
    """The vehicles of a journey in columns. A column holds at most one of each row."""

    rows: tuple[DrawnSighting, ...]
    columns: tuple[dict[int, int], ...]
    """For each column: vehicle (index) by row (index)."""
    left_out: int
    """Further sightings that are not drawn."""

    def vehicle(self, row: int, column: int) -> Vehicle:
        """Return the vehicle of a row that stands in a column."""
        return self.rows[row].sighting.vehicles[self.columns[column][row]]


@dataclass(frozen=True)
class Strips:
    """Where pictures of tracks are taken from."""

    reports: Path | None
    track_m: dict[tuple[str, str], float]
    """Length of each track by report folder and track."""

    def drawn(self, sighting: Sighting, turned: bool) -> DrawnSighting:
        """Return a sighting with its strip, or why there is none."""
        strip, length = None, self.track_m.get((sighting.folder, sighting.track), 0.0)
        why = f"no picture: {sighting.folder} holds no strip of track {sighting.track} any more"
        if self.reports is None:
            why = "no pictures: the reports' folder was not given (--reports)"
        elif not sighting.track or length <= 0:
            why = "no picture: the train stands on no known track"
        else:
            strip = kept_strip(self.reports / sighting.folder, sighting.track)
        return DrawnSighting(sighting=sighting, turned=turned, strip=strip, why_no_strip=why, strip_m=length)


def aligned_rows(search: TrainSearch, journey: Journey, strips: Strips, max_rows: int) -> Aligned:
    """Return the vehicles of a journey in columns, rows by time; locomotives have columns of their own."""
    matches = {(m.first, m.second): m for m in search.matches()}
    steps = journey.steps[:max_rows]
    rows: dict[int, tuple[Sighting, bool]] = {}
    columns: list[dict[int, int]] = []
    waiting = list(steps)
    while waiting:
        ready = next((s for s in waiting if s.partner is None or s.partner in rows), None)
        if ready is None:
            break
        waiting.remove(ready)
        sighting = search.compared(ready.stay)
        if ready.partner is None:
            rows[ready.stay] = (sighting, False)
            columns = [{ready.stay: k} for k in range(len(sighting.vehicles))]
            continue
        match = matches[min(ready.stay, ready.partner), max(ready.stay, ready.partner)]
        turned = rows[ready.partner][1] != (match.direction == "reversed")
        target = _targets(columns, ready.stay, ready.partner, match)
        others = [k for k in rows if k != ready.partner]
        for other in sorted(others, reverse=True):
            more = matches.get((min(ready.stay, other), max(ready.stay, other)))
            if more is not None:
                _add_targets(columns, target, _targets(columns, ready.stay, other, more), turned)
        rows[ready.stay] = (sighting, turned)
        _place(columns, ready.stay, target, len(sighting.vehicles), turned)
    order = [s.stay for s in steps if s.stay in rows]
    drawn = tuple(strips.drawn(*rows[stay]) for stay in order)
    numbered = tuple({order.index(stay): k for stay, k in column.items()} for column in columns)
    return Aligned(drawn, numbered, len(journey.steps) - len(drawn))


Targets = dict[int, dict[int, int]]
"""The column (by what stands in it) that each vehicle goes into."""


def _targets(columns: list[dict[int, int]], stay: int, partner: int, match: StayMatch) -> Targets:
    """Return the columns of the vehicles that a train's own match."""
    pairs = match.aligned if match.first == partner else tuple((b, a) for a, b in match.aligned)
    column_of = {column[partner]: column for column in columns if partner in column}
    return {own: column_of[theirs] for theirs, own in pairs if theirs in column_of}


def _add_targets(columns: list[dict[int, int]], target: Targets, more: Targets, turned: bool) -> None:
    """Add columns of vehicles that have none yet, as far as their order allows."""
    for own in sorted(more):
        joined = {**target, own: more[own]} if own not in target else target
        places = [_index(columns, joined[k]) for k in sorted(joined, reverse=turned)]
        if own not in target and all(a < b for a, b in pairwise(places)):
            target[own] = more[own]


def _place(columns: list[dict[int, int]], stay: int, target: Targets, count: int, turned: bool) -> None:
    """Put a train's vehicles into the columns of those they match; the others into new ones between."""
    sequence = range(count - 1, -1, -1) if turned else range(count)
    first = next((k for k in sequence if k in target), None)
    at = 0 if first is None else _index(columns, target[first])
    for own in sequence:
        if own in target:
            target[own][stay] = own
            at = _index(columns, target[own]) + 1
        else:
            columns.insert(at, {stay: own})
            at += 1


def _index(columns: list[dict[int, int]], wanted: dict[int, int]) -> int:
    return next(n for n, column in enumerate(columns) if column is wanted)


def vehicle_words(vehicle: Vehicle | None) -> str:
    """Return a vehicle in words; for one that is not there, that it is not."""
    if vehicle is None:
        return "–"
    colour = vehicle.colour.replace("_", " ")
    share = dict(vehicle.colours).get(vehicle.colour)
    sure = f" ({share:.0%})" if share is not None and vehicle.colour != "unknown" else ""
    kind = "type unknown" if vehicle.type == "unknown" else vehicle.type
    name = f"colour unknown, {kind}" if vehicle.colour == "unknown" else f"{colour}{sure} {kind}"
    length = vehicle.to_m - vehicle.from_m
    return f"{name}, {length:.1f} m" if length > 0 else name
