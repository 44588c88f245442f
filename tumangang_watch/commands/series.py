"""``series``: every date so far."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import click

from tumangang_watch import __version__
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.read import site_of
from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import UsageError
from tumangang_watch.reidentify.run import trains_left
from tumangang_watch.series.build import record_of
from tumangang_watch.series.words import document, series_rows, summary
from tumangang_watch.settings import Settings
from tumangang_watch.text import json_text


def series(
    archive_file: Path,
    out: Path | None,
    site_id: str | None,
    reports: Path | None,
    review: str,
    no_pictures: bool,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Write what every date so far showed: counts, lengths, fill and areas, with what is unusual."""
    # Looking for garbage in cycles takes a third of a long record's time; a command leaves little.
    gc.disable()
    settings = Settings()
    with open_archive(archive_file) as archive:
        site = site_of(archive, site_id)
        left = trains_left(archive, site, settings, review=review == "with")
        record = record_of(
            archive, site, settings.series, review=review == "with", left=left, whole=out is not None
        )
        if not record.series:
            raise UsageError("no series", archive_file, "the archive holds no dates", "Fill it with `watch`")
    rows = series_rows(record)
    content = document(record, rows, __version__, settings.sha256, settings.series.alarm_rate)
    if out is not None:
        folder = late("series.write")
        stack = None if no_pictures or reports is None else late("report.stacked").write_stacked
        pictures = None if no_pictures else folder.Pictures(reports, stack)
        folder.write_series(record, content, out, settings.series, pictures, overwrite=overwrite)
    tell(summary(record, rows))
    if out is not None:
        tell(f"Series: {os.path.join(out, 'series.csv' if no_pictures else 'series.html')}")
    if as_json:
        click.echo(json_text(content, indent=1), nl=False)
    return 0
