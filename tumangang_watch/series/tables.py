"""A record over time as tables: CSV and Parquet."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

from tumangang_watch.archive.export import parquet_library, safe_text
from tumangang_watch.errors import UsageError
from tumangang_watch.model.series import AreaDate, Record
from tumangang_watch.series.words import review_word

Cell = str | float | int | None
Table = tuple[tuple[str, ...], list[tuple[Cell, ...]]]
"""Names of columns, and rows."""
TIMES = ("acquired", "after", "first_seen", "last_seen", "before")
"""Columns of ISO 8601 text."""


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


def write_csv(path: Path, table: Table) -> None:
    """Write a table, its text made harmless for spreadsheets. Empty cells are gaps, never zero."""
    columns, rows = table
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        columns_of = list(zip(*rows, strict=True))
        for k, cells in enumerate(columns_of):
            if any(isinstance(cell, str) for cell in cells[:50]):
                known = {cell: safe_text(cell) for cell in set(cells)}
                columns_of[k] = tuple(map(known.__getitem__, cells))
        writer.writerows(zip(*columns_of, strict=True))


def write_parquet(path: Path, table: Table) -> None:
    """Write a table with typed columns, times as UTC; nothing without pyarrow."""
    try:
        pyarrow, parquet = parquet_library()
    except UsageError:
        return
    columns, rows = table
    arrays = {}
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    for name, values in zip(columns, cells, strict=True):
        if name in TIMES:
            known = {v: v and datetime.fromisoformat(v) for v in set(values)}
            moments = [known[v] for v in values]
            arrays[name] = pyarrow.array(moments, pyarrow.timestamp("ms", tz="UTC"))
        elif all(v is None for v in values):
            arrays[name] = pyarrow.array(values, pyarrow.float64())
        else:
            arrays[name] = pyarrow.array(values)
    parquet.write_table(pyarrow.table(arrays), path, compression="zstd")
