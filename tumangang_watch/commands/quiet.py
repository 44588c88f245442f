"""``watch`` where nothing changed since it found nothing to do: it ends before anything slow is loaded."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch import __version__
from tumangang_watch.commands.terminal.lazy import do_in
from tumangang_watch.commands.terminal.tell import on_terminal, tell
from tumangang_watch.settings import Settings
from tumangang_watch.shipped import built_in_site_path
from tumangang_watch.watch.quiet import Begun, Surroundings


def watch(
    inbox: Path,
    archive_file: Path,
    reports: Path,
    site: Path | None,
    refresh: bool,
    as_json: bool,
    **given: object,
) -> int:
    """Say that nothing is new, or have `tumangang_watch.commands.watch` take in what is."""
    asked = sorted((name, str(value)) for name, value in given.items() if name != "jobs")
    around = Surroundings(
        inbox=inbox.absolute(),
        archive=archive_file.absolute(),
        reports=reports.absolute(),
        site_file=built_in_site_path() if site is None else site.absolute(),
        options=(__version__, Settings().sha256, *(f"{name}={value}" for name, value in asked)),
    )
    begun = Begun.now(around)
    if not refresh and not as_json and (words := begun.noted()) is not None:
        if words:
            tell(words, detail=not on_terminal())
        return 0
    places = {"inbox": inbox, "archive_file": archive_file, "reports": reports, "site": site}
    return do_in("watch", "watch", **places, refresh=refresh, as_json=as_json, begun=begun, **given)
