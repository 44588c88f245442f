"""Options, progress and writing shared by the commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tumangang_watch import __version__
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline import RunContext
from tumangang_watch.pipeline.earlier_scenes import Candidates, add_left_out, find_candidates
from tumangang_watch.report.folder import write_report
from tumangang_watch.report.summary import summary_text
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.text import clean_text

SCENE = click.Path(path_type=Path)
site_option = click.option(
    "--site", type=SCENE, help="Site file (GeoJSON). Default: the built-in Tumangang site."
)
out_option = click.option(
    "--out", type=SCENE, required=True, help="Folder for the report; must not exist yet."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace an earlier report in --out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Also print the result as JSON to stdout.")
bands_option = click.option(
    "--bands", help="Band roles in file order, e.g. blue,green,red,nir ('-' skips one)."
)

detectability_option = click.option(
    "--detectability/--no-detectability",
    default=True,
    show_default=True,
    help="Insert vehicles into the scene's own empty tracks and say how often each kind would be found.",
)

history_option = click.option(
    "--history",
    type=SCENE,
    multiple=True,
    help="Folder of earlier scenes, or an archive, that say what is usual here; may be given again.",
)
background_archive_option = click.option(
    "--archive",
    "archives",
    type=SCENE,
    multiple=True,
    help="Archive whose earlier scenes say what is usual here.",
)


def measuring_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that ``compare`` and ``detect`` share."""
    shared = (
        bands_option,
        history_option,
        background_archive_option,
        detectability_option,
        json_option,
        overwrite_option,
    )
    for option in reversed(shared):
        command = option(command)
    return command


@contextmanager
def progress_bar() -> Iterator[Callable[[str], None]]:
    """Show what is being done on a terminal; say nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    with Console(stderr=True).status("starting") as status:
        yield lambda text: status.update(text)


def make_run(site_file: Path | None, settings: Any, progress: Callable[[str], None]) -> RunContext:
    """Return what a run needs, its site read."""
    return RunContext(load_site(site_file), settings, progress)


def run_settings(detectability: bool) -> Settings:
    """Return the settings of a run, with or without trials of what could have been missed."""
    settings = Settings()
    return replace(settings, detectability=replace(settings.detectability, enabled=detectability))


def scene_options(acquired: str | None, bands: str | None) -> SceneOptions:
    """Return what the user says of a scene, beside what it says itself."""
    return SceneOptions(acquired=acquired, bands=bands, latest=datetime.now(UTC))


def pair_options(
    acquired: tuple[str, ...], paths: tuple[Path, Path], bands: str | None, settings: Any
) -> tuple[SceneOptions, SceneOptions]:
    """Give each scene its user-supplied date; a single one goes to the scene that has none."""
    if len(acquired) > 2:
        raise UsageError("too many dates", "--acquired", f"given {len(acquired)} times", "Give one a scene")
    if len(acquired) != 1:
        earlier, later = acquired or (None, None)
        return scene_options(earlier, bands), scene_options(later, bands)

    try:
        open_scene(paths[0], scene_options(None, bands), settings.read)
    except InputRefused:
        return scene_options(acquired[0], bands), scene_options(None, bands)
    return scene_options(None, bands), scene_options(acquired[0], bands)


def earlier_scenes(
    history: tuple[Path, ...], archives: tuple[Path, ...], measured: tuple[Scene, ...], run: RunContext
) -> Candidates | None:
    """Return the earlier scenes that may say what is usual; None where none are asked for."""
    if not history and not archives:
        return None
    return find_candidates(history, archives, measured, run, datetime.now(UTC))


def with_history(comparison: Comparison, given: Candidates | None) -> Comparison:
    """Add to the report what became of the earlier scenes; name faulty ones on stderr."""
    if given is None:
        return comparison
    comparison = add_left_out(comparison, given)
    for item in comparison.background_use.left_out if comparison.background_use else ():
        if item.faulty:
            click.echo(clean_text(f"Left out of the background: {item.name}: {item.why}"), err=True)
    return comparison


def save_report(comparison: Comparison, out: Path, overwrite: bool) -> Path:
    """Write a report folder; return its path."""
    return write_report(comparison, out, tool_version=__version__, overwrite=overwrite)


def print_report(comparison: Comparison, folder: Path, as_json: bool) -> None:
    """Say in words what was found and where the report is."""
    click.echo(summary_text(comparison), err=True)
    click.echo(f"Report: {folder / 'report.html'}", err=True)
    if as_json:
        click.echo((folder / "report.json").read_text(encoding="utf-8").rstrip("\n"))
