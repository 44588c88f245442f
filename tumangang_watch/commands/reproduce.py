"""``reproduce``: published observations against what the detector finds."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from tumangang_watch import __version__
from tumangang_watch.commands.options import (
    SCENE,
    json_option,
    make_run,
    overwrite_option,
    progress_bar,
    run_settings,
    site_option,
)
from tumangang_watch.files import check_folder
from tumangang_watch.reproduce.report import REPRODUCTION, table_lines, write_reproduction
from tumangang_watch.reproduce.run import painted_scenes, reproduce_folder, summary


@click.command()
@click.option("--out", type=SCENE, required=True, help="Folder for the result; must not exist yet.")
@click.option("--scenes", type=SCENE, help="Folder of your own scenes. Default: the sequence is painted.")
@site_option
@json_option
@overwrite_option
def reproduce(out: Path, scenes: Path | None, site: Path | None, as_json: bool, overwrite: bool) -> int:
    """Judge published observations: reproduced, contradicted, not observable, or no scene.

    With --scenes the claims are judged on your own scenes, matched by date and place. Without, on
    scenes of November and December 2022 that are PAINTED after the publications: no evidence of
    anything, but a check of the judging from end to end.
    """
    check_folder(out, REPRODUCTION, overwrite=overwrite)
    site_text = None
    with progress_bar() as progress, tempfile.TemporaryDirectory(prefix="tumangang-watch-") as folder:
        run = make_run(site, run_settings(detectability=False), progress)
        place = scenes
        if place is None:
            place = Path(folder)
            run, site_text = painted_scenes(run, place)
        judged = summary(reproduce_folder(place, datetime.now(UTC), run))
        write_reproduction(judged, site_text, out, tool_version=__version__, overwrite=overwrite)
    for line in table_lines(judged):
        click.echo(line, err=True)
    click.echo(f"Page: {out / 'reproduction.html'}", err=True)
    if as_json:
        click.echo((out / "reproduction.json").read_text(encoding="utf-8").rstrip("\n"))
    return 0
