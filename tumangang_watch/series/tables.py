"""A record over time as tables."""

from __future__ import annotations

import json

from tumangang_watch.archive.export import Cell, Table
from tumangang_watch.model.series import AreaDate, Record
from tumangang_watch.series.words import review_word


def series_table(record: Record) -> Table:
    """Return one row an area and date; empty cells are gaps, never zero."""
    names = tuple(n for n in AreaDate._fields if n != "types")
    kinds = ("box", "open", "tank", "flat", "container", "locomotive", "passenger", "unknown")
    end = len(AreaDate._fields) - 1
    blank: dict[str, tuple[Cell, ...]] = {"{}": (None,) * len(kinds)}
    taken, reviewed = review_word(record), record.review.dates
    rows = []
    for series in record.series:
        for date in series.dates:
            cars = blank.get(date.types)
            if cars is None:
                counts = json.loads(date.types)
                cars = blank.setdefault(date.types, tuple(counts.get(kind, 0) for kind in kinds))
            notes = reviewed.get((date.folder, date.area), "") if reviewed else ""
            rows.append((record.site, series.sensor, *date[:end], *cars, taken, notes))
    columns = ("site", "sensor", *names, *(f"cars_{kind}" for kind in kinds), "review", "reviewed")
    return columns, rows


def stays_table(record: Record) -> Table:
    """Return one row a stay; on a bridge it is a crossing."""
    columns = "area role what track from_m to_m cars dates after first_seen last_seen before shortest_days"
    rows: list[tuple[Cell, ...]] = []
    for stay in record.stays:
        first, last, longest = stay.first, stay.last, stay.longest_days
        role = record.roles.get(first.area, "")
        place = (first.area, role, "crossing" if role == "bridge" else "stay", first.track, last.from_m)
        after, before = (None if b is None else b.acquired for b in (stay.after, stay.before))
        bounds = (after, first.acquired, last.acquired, before, round(stay.shortest_days, 3))
        longest = None if longest is None else round(longest, 3)
        rows.append((*place, last.to_m, last.cars, len(stay.sightings), *bounds, longest))
    return (*columns.split(), "longest_days"), rows


def occupancy_table(record: Record) -> Table:
    """Return one row a piece of track: on how many dates it was seen, and on how many a train stood there."""
    rows: list[tuple[Cell, ...]] = []
    for track, found in sorted(record.occupancy.items()):
        edges = [round(float(e), 2) for e in found.edges_m]
        counts = zip(found.observed.tolist(), found.occupied.tolist(), strict=True)
        for k, (seen, taken) in enumerate(counts):
            share = round(taken / seen, 4) if seen else None
            rows.append((track, edges[k], edges[k + 1], seen, taken, share))
    return ("track", "from_m", "to_m", "dates_observed", "dates_occupied", "share"), rows
