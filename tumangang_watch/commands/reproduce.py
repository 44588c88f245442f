"""``reproduce``: published observations against what the detector finds."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from tumangang_watch import __version__
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.run_settings import run_settings, time_limit_s
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.files import check_folder
from tumangang_watch.pipeline import RunContext
from tumangang_watch.reproduce.report import REPRODUCTION, table_lines, write_reproduction
from tumangang_watch.reproduce.run import painted_scenes, reproduce_folder, summary
from tumangang_watch.sites import load_site


def reproduce(
    out: Path, scenes: Path | None, site: Path | None, time_limit: int | None, as_json: bool, overwrite: bool
) -> int:
    """Judge published observations: reproduced, contradicted, not observable, or no scene."""
    check_folder(out, REPRODUCTION, overwrite=overwrite)
    site_text = None
    with progress_bar() as progress, tempfile.TemporaryDirectory(prefix="tumangang-watch-") as folder:
        run = RunContext(load_site(site), run_settings(detectability=False), progress)
        place = scenes
        if place is None:
            place = Path(folder)
            run, site_text = painted_scenes(run, place)
        limit_s = time_limit_s(time_limit)
        judged = summary(reproduce_folder(place, datetime.now(UTC), run, limit_s))
        write_reproduction(judged, site_text, out, tool_version=__version__, overwrite=overwrite)
    for line in table_lines(judged):
        tell(line)
    tell(f"Page: {out / 'reproduction.html'}")
    if as_json:
        click.echo((out / "reproduction.json").read_text(encoding="utf-8").rstrip("\n"))
    return 0
