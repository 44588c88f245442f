"""The folder of a series: a record over time as tables (CSV, Parquet), one JSON document, and pages."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tumangang_watch.archive.export import write_csv, write_parquet
from tumangang_watch.errors import UsageError
from tumangang_watch.files import FolderKind, json_text, whole_folder
from tumangang_watch.model.series import Record
from tumangang_watch.report.stacked import write_stacked
from tumangang_watch.series.page import page, write_plots
from tumangang_watch.series.tables import occupancy_table, series_table, stays_table
from tumangang_watch.series.words import Document
from tumangang_watch.settings.records import SeriesSettings

TABLES = {"series": series_table, "stays": stays_table, "occupancy": occupancy_table}
MARK = "series.json"
SERIES = FolderKind("cannot write the series", "a series", lambda folder: (folder / MARK).is_file())


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
            if pictures.reports is not None:
                write_stacked(record, folder, pictures.reports, settings.strip_dates)
