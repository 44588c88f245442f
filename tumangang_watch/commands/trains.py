"""``trains``: the same train seen again at another date or place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from tumangang_watch import __version__
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.read import site_of
from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.reidentify.document import Asked, document, text_lines
from tumangang_watch.reidentify.run import RecordPart, find, moment, track_lengths
from tumangang_watch.settings import Settings
from tumangang_watch.text import json_text


def trains(
    archive_file: Path,
    out: Path | None,
    site_id: str | None,
    areas: tuple[str, ...],
    since: str | None,
    until: str | None,
    within_days: float | None,
    max_expected_false: float | None,
    review: str,
    reports: Path | None,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Find the same train seen again at another date or place, and its journey."""
    settings = Settings()
    chosen = settings.journeys
    if within_days is not None:
        chosen = replace(chosen, within_days=within_days)
    if max_expected_false is not None:
        chosen = replace(chosen, max_expected_false=max_expected_false)
    settings = replace(settings, journeys=chosen)
    start, stop = moment(since, "--since", end=False), moment(until, "--until", end=True)
    with open_archive(archive_file) as archive, progress_bar() as progress:
        progress("comparing every two trains")
        site = site_of(archive, site_id)
        part = RecordPart(site, areas, start, stop)
        search, reviewed = find(archive, part, settings, review=review == "with")
        lengths = track_lengths(archive, site) if out is not None and reports is not None else {}
    asked = Asked(
        site=site,
        areas=areas,
        since=since,
        until=until,
        within_days=chosen.within_days,
        min_vehicles=settings.same_train.consistent_cars,
        review=review,
        reviewed=reviewed,
    )
    content = document(search, asked, __version__, settings.sha256)
    if out is not None:
        strips = late("reidentify.columns").Strips(reports, lengths)
        late("reidentify.write").write_trains(search, content, out, strips, chosen, overwrite=overwrite)
    for line in text_lines(search, asked):
        tell(line)
    if out is not None:
        tell(f"Page: {out / 'trains.html'}")
    if as_json:
        click.echo(json_text(content), nl=False)
    return 0
