"""``watch`` and ``backfill``: take in scenes, one dated report each."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from tumangang_watch import __version__
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.file import hold
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.run_settings import run_settings, time_limit_s
from tumangang_watch.commands.terminal.tell import on_terminal, tell
from tumangang_watch.errors import Busy, InputRefused
from tumangang_watch.sites import load_site
from tumangang_watch.text import clean_text, json_text
from tumangang_watch.watch.changes import change_lines, new_changes, run_document, stamp_text
from tumangang_watch.watch.executors import executor
from tumangang_watch.watch.inbox import given_scenes, look_into, passed_over
from tumangang_watch.watch.intake import take_in
from tumangang_watch.watch.notify import send_notices, words_of
from tumangang_watch.watch.pages import publish
from tumangang_watch.watch.plan import Places
from tumangang_watch.watch.quiet import Begun
from tumangang_watch.watch.tally import IntakeTally


def watch(
    inbox: Path,
    archive_file: Path,
    reports: Path,
    site: Path | None,
    settle: float | None,
    jobs: int,
    time_limit: int | None,
    refresh: bool,
    detectability: bool,
    notify_command: str | None,
    base_url: str,
    as_json: bool,
    begun: Begun,
) -> int:
    """Take in what is new in INBOX and write one dated report a scene, once. For cron.

    ``begun`` is what was met before anything was looked for.
    """
    if notify_command is not None:
        words_of(notify_command)
    if not inbox.is_dir():
        raise InputRefused("no inbox", inbox, "it is not a folder", "Give the folder scenes arrive in")
    places = places_of(inbox, archive_file, reports, site, refresh, detectability)
    places = replace(places, time_limit_s=time_limit_s(time_limit))
    limits = places.settings.watch
    # Scenes are told apart by their paths under the places' inbox: the same, absolute, path.
    arrivals = look_into(places.inbox, time.time(), limits.settle_s if settle is None else settle)
    with progress_bar() as progress, executor(jobs, None, places.time_limit_s, limits.attempts) as work:
        tally = take_in(places, arrivals, work, progress, notify=notify_command is not None)
    words = str(passed_over(places.inbox))
    if words:
        tell(words, detail=not (tally.made or tally.refused or on_terminal()))
    status = finish(
        places, tally, AfterRun(notify_command=notify_command, base_url=base_url, as_json=as_json)
    )
    if tally.idle and not is_telling(places.archive):
        begun.note(words)
    return status


def backfill(
    scenes: tuple[Path, ...],
    archive_file: Path,
    reports: Path,
    site: Path | None,
    jobs: int | None,
    scheduler: str | None,
    time_limit: int | None,
    refresh: bool,
    detectability: bool,
    as_json: bool,
) -> int:
    """Take in many SCENES (files or folders) on several processes, or on a Dask cluster."""
    places = places_of(Path("/"), archive_file.absolute(), reports.absolute(), site, refresh, detectability)
    places = replace(places, time_limit_s=time_limit_s(time_limit))
    limits = places.settings.watch
    arrivals = given_scenes([path.absolute() for path in scenes])
    with (
        progress_bar() as progress,
        executor(jobs or os.cpu_count() or 1, scheduler, places.time_limit_s, limits.attempts) as work,
    ):
        tally = take_in(places, arrivals, work, progress)
    return finish(places, tally, AfterRun(as_json=as_json))


def places_of(
    inbox: Path, archive_file: Path, reports: Path, site_file: Path | None, refresh: bool, detectability: bool
) -> Places:
    """Return where things lie, the site read."""
    return Places(
        inbox=inbox.absolute(),
        archive=archive_file,
        reports=reports,
        site_file=site_file and site_file.absolute(),
        site=load_site(site_file),
        settings=run_settings(detectability),
        tool_version=__version__,
        now=datetime.now(UTC),
        refresh=refresh,
    )


def is_telling(archive_file: Path) -> bool:
    """Return whether findings are still to be told."""
    with open_archive(archive_file) as archive:
        return archive.connection.execute("SELECT 1 FROM notices LIMIT 1").fetchone() is not None


@dataclass(frozen=True, kw_only=True)
class AfterRun:
    """What is done when all is taken in."""

    notify_command: str | None = None
    base_url: str = ""
    as_json: bool = False


def finish(places: Places, tally: IntakeTally, after: AfterRun = AfterRun()) -> int:
    """Bring the pages up to date, tell the changes, say what was done; return the exit status.

    What goes to a file, as cron's mail does, is a sentence a change and what went wrong; on a terminal, and
    with ``-v``, every report is named as well.
    """
    with open_archive(places.archive) as archive:
        changes = new_changes(archive, places.site.id, tally.made)
    for line in change_lines(places, tally, changes):
        tell(line)
    for folder in tally.made:
        tell(f"Report: {places.reports / folder / 'report.html'}", detail=not on_terminal())
    problems = [f"Refused: {failed}" for failed in tally.refused]
    problems += [f"Left out: {fault}" for fault in dict.fromkeys(map(str, tally.faults))]
    problems += [f"Left alone: {line}" for line in tally.strange]
    for line in problems:
        click.echo(clean_text(f"{stamp_text(places.now)}  {line}"), err=True)
    if tally.waiting:
        tell(f"Still growing: {', '.join(sorted(tally.waiting))}", detail=not on_terminal())
    with hold(places.archive):
        publish(places, after.base_url)
    if after.as_json:
        click.echo(json_text(run_document(places, tally, changes), indent=1), nl=False)
    if after.notify_command is not None:
        with open_archive(places.archive, write=True) as archive:
            send_notices(archive, after.notify_command, places.settings.watch)
    if tally.faults or any(failed.exit_status == InputRefused.exit_status for failed in tally.refused):
        return InputRefused.exit_status
    return Busy.exit_status if tally.waiting and not tally.made and not tally.refused else 0
