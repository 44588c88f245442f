"""The folder of a series: written aside, then renamed; an earlier one stays whole until then."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.errors import OutputFailed
from tumangang_watch.model.series import Record
from tumangang_watch.report.folder import json_text
from tumangang_watch.report.stacked import write_stacked
from tumangang_watch.series.page import page, write_plots
from tumangang_watch.series.tables import occupancy_table, series_table, stays_table, write_csv, write_parquet
from tumangang_watch.series.words import Document
from tumangang_watch.settings.records import SeriesSettings

TABLES = {"series": series_table, "stays": stays_table, "occupancy": occupancy_table}
MARK = "series.json"


@dataclass(frozen=True)
class Pictures:
    """What plots, page and pictures of tracks are made with."""

    reports: Path | None = None
    """The folder of reports; then points open that day's report, and tracks are cut from it."""


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
    target = Path(os.path.abspath(out))
    aside = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        _see_room(target, out, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        _write_tables(record, content, aside)
        if pictures is not None:
            link = None if pictures.reports is None else os.path.relpath(pictures.reports, target)
            write_plots(record, aside, settings.plot_spans)
            text = page(record, content, link and Path(link).as_posix(), settings.plot_spans)
            (aside / "series.html").write_text(text, encoding="utf-8", newline="\n")
            if pictures.reports is not None:
                write_stacked(record, aside, pictures.reports, settings.strip_dates)
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


def _write_tables(record: Record, content: Document, folder: Path) -> None:
    for name, make in TABLES.items():
        table = make(record)
        write_csv(folder / f"{name}.csv", table)
        write_parquet(folder / f"{name}.parquet", table)
    (folder / MARK).write_text(json_text(content), encoding="utf-8", newline="\n")
