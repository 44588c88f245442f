"""The folder of a series: a record over time as tables (CSV, Parquet), one JSON document, and pages."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.archive.export import Cell, Table, write_csv, write_parquet
from tumangang_watch.errors import UsageError
from tumangang_watch.files import FolderKind, whole_folder
from tumangang_watch.model.series import AreaDate, Record
from tumangang_watch.series.page import page, write_plots
from tumangang_watch.series.words import Document, review_word
from tumangang_watch.settings.records import SeriesSettings
from tumangang_watch.text import PAINTED_NOTICE, json_text

MARK = "series.json"
SERIES = FolderKind("cannot write the series", "a series", lambda folder: (folder / MARK).is_file())


def series_table(record: Record) -> Table:
    """Return one row an area and date; empty cells are gaps, never zero."""
    kinds = ("box", "open", "tank", "flat", "container", "locomotive", "passenger", "unknown")
    cars: dict[str, tuple[Cell, ...]] = {"{}": (None,) * len(kinds)}
    rows = []
    for series in record.series:
        for date in series.dates:
            if date.types not in cars:
                counts = json.loads(date.types)
                cars[date.types] = tuple(counts.get(kind, 0) for kind in kinds)
            notes = record.review.dates.get((date.folder, date.area), "")
            measures = (series.sensor, *date[:-1], *cars[date.types])
            mark = PAINTED_NOTICE if date.folder in record.painted else None
            rows.append((record.site, *measures, review_word(record), notes, mark))
    names = ("sensor", *AreaDate._fields[:-1], *(f"cars_{kind}" for kind in kinds))
    return ("site", *names, "review", "reviewed", "mark"), rows


def stays_table(record: Record) -> Table:
    """Return one row a stay; on a bridge it is a crossing."""
    columns = "area role what track from_m to_m cars dates after first_seen last_seen before shortest_days"
    rows: list[tuple[Cell, ...]] = []
    for stay in record.stays:
        first, last, longest = stay.first, stay.last, stay.longest_days
        role = record.roles.get(first.area, "")
        mark = PAINTED_NOTICE if {s.key.rpartition("/")[0] for s in stay.sightings} & record.painted else None
        place = (first.area, role, "crossing" if role == "bridge" else "stay", first.track, last.from_m)
        after, before = (None if b is None else b.acquired for b in (stay.after, stay.before))
        bounds = (after, first.acquired, last.acquired, before, round(stay.shortest_days, 3))
        longest = None if longest is None else round(longest, 3)
        rows.append((*place, last.to_m, last.cars, len(stay.sightings), *bounds, longest, mark))
    return (*columns.split(), "longest_days", "mark"), rows


TABLES = {"series": series_table, "stays": stays_table}


@dataclass(frozen=True)
class Pictures:
    """What plots, page and pictures of tracks are made with."""

    reports: Path | None = None
    """The folder of reports; then points open that day's report, and tracks are cut from it."""
    stack: Callable[[Record, Path, Path, int], None] | None = None
    """With ``reports``: writes the tracks of all dates (`tumangang_watch.report.stacked.write_stacked`)."""


def write_series(
    record: Record,
    content: Document,
    out: Path,
    settings: SeriesSettings,
    pictures: Pictures | None,
    *,
    overwrite: bool,
) -> None:
    """Write tables and, with ``pictures``, plots, page and the tracks of all dates.

    Raises
    ------
    OutputFailed
        Nothing was written and nothing earlier was lost.
    """
    with whole_folder(out, SERIES, overwrite=overwrite) as folder:
        for name, make in TABLES.items():
            table = make(record)
            write_csv(folder / f"{name}.csv", *table)
            with suppress(UsageError):  # without pyarrow
                write_parquet(folder / f"{name}.parquet", *table, empty="double")
        (folder / MARK).write_text(json_text(content), encoding="utf-8", newline="\n")
        if pictures is not None:
            link = None if pictures.reports is None else os.path.relpath(pictures.reports, out)
            write_plots(record, folder, settings.plot_spans)
            text = page(record, content, link and Path(link).as_posix(), settings.plot_spans)
            (folder / "series.html").write_text(text, encoding="utf-8", newline="\n")
            if pictures.reports is not None and pictures.stack is not None:
                pictures.stack(record, folder, pictures.reports, settings.strip_dates)
