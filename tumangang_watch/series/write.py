"""The folder of a series: written aside, then renamed; an earlier one stays whole until then.

A record over time as tables: CSV, Parquet and one JSON document.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tumangang_watch.archive.export import parquet_library, safe_text
from tumangang_watch.errors import OutputFailed, UsageError
from tumangang_watch.model.series import Record
from tumangang_watch.report.folder import json_text
from tumangang_watch.report.stacked import write_stacked
from tumangang_watch.series.page import page, write_plots
from tumangang_watch.series.words import TIMES, occupancy_table, series_table, stays_table
from tumangang_watch.settings.records import SeriesSettings

TABLES = {"series": series_table, "stays": stays_table, "occupancy": occupancy_table}
MARK = "series.json"


def write_series(
    record: Record,
    content: dict[str, Any],
    out: Path,
    reports: Path | None,
    settings: SeriesSettings,
    *,
    pictures: bool,
    overwrite: bool,
) -> None:
    """Write tables and, where wanted, plots, page and the pictures of the tracks.

    Raises
    ------
    OutputFailed
        Nothing was written and nothing earlier was lost.
    """
    target = Path(os.path.abspath(out))
    aside = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        _see_room(target, out, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        _write_tables(record, content, aside)
        if pictures:
            _write_pictures(record, content, aside, target, reports, settings)
        if target.is_dir():
            shutil.rmtree(target)
        os.rename(aside, target)
    except OSError as error:
        raise OutputFailed(
            "cannot write the series", out, error.strerror or str(error), "Give an --out that can be written"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _see_room(target: Path, out: Path, overwrite: bool) -> None:
    if target.is_file() or target.is_symlink():
        raise OutputFailed("cannot write the series", out, "it is not a folder", "Give another --out")
    if target.is_dir() and any(target.iterdir()):
        if not (target / MARK).is_file():
            raise OutputFailed(
                "cannot write the series", out, "the folder is not empty and no series", "Give another --out"
            )
        if not overwrite:
            raise OutputFailed(
                "cannot write the series", out, "a series is there already", "Give --overwrite to replace it"
            )


def _write_tables(record: Record, content: dict[str, Any], folder: Path) -> None:
    try:
        library = parquet_library()
    except UsageError:
        library = None
    for name, make in TABLES.items():
        table = make(record)
        write_csv(folder / f"{name}.csv", table, safe_text)
        if library is not None:
            write_parquet(folder / f"{name}.parquet", table, library, TIMES)
    (folder / MARK).write_text(json_text(content), encoding="utf-8", newline="\n")


def _write_pictures(
    record: Record,
    content: dict[str, Any],
    folder: Path,
    target: Path,
    reports: Path | None,
    settings: SeriesSettings,
) -> None:
    write_plots(record, folder, settings.plot_spans)
    link = None if reports is None else Path(os.path.relpath(reports, target)).as_posix()
    (folder / "series.html").write_text(
        page(record, content, link, settings.plot_spans), encoding="utf-8", newline="\n"
    )
    if reports is not None:
        write_stacked(record, folder, reports, settings.strip_dates)


Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""Names of columns, and rows."""


def write_csv(path: Path, table: Table, safe: Callable[[Any], Any]) -> None:
    """Write a table; ``safe`` makes text harmless for spreadsheets. Empty cells are gaps, never zero."""
    columns, rows = table
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        columns_of = list(zip(*rows, strict=True))
        for k, cells in enumerate(columns_of):
            if any(isinstance(cell, str) for cell in cells[:50]):
                known = {cell: safe(cell) for cell in set(cells)}
                columns_of[k] = tuple(map(known.__getitem__, cells))
        writer.writerows(zip(*columns_of, strict=True))


def write_parquet(path: Path, table: Table, library: tuple[Any, Any], times: Sequence[str]) -> None:
    """Write a table with typed columns; ``times`` are columns of ISO 8601 text, written as UTC."""
    pyarrow, parquet = library
    columns, rows = table
    arrays = {}
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    for name, values in zip(columns, cells, strict=True):
        if name in times:
            known = {v: v and datetime.fromisoformat(v) for v in set(values)}
            moments = [known[v] for v in values]
            arrays[name] = pyarrow.array(moments, pyarrow.timestamp("ms", tz="UTC"))
        elif all(v is None for v in values):
            arrays[name] = pyarrow.array(values, pyarrow.float64())
        else:
            arrays[name] = pyarrow.array(values)
    parquet.write_table(pyarrow.table(arrays), path, compression="zstd")
