"""``compare`` and ``detect``: what is found in scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from tumangang_watch import __version__, pipeline
from tumangang_watch.commands.terminal.given import placed_as_stated, scene_options
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.run_settings import run_settings, time_limit_s
from tumangang_watch.commands.terminal.table import print_summary
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.files import check_folder
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.earlier_scenes import add_left_out, find_candidates
from tumangang_watch.processes import within
from tumangang_watch.report.folder import REPORT, PageChoice, write_report
from tumangang_watch.report.libraries import known_faults, library_versions
from tumangang_watch.report.page.pdf import browser
from tumangang_watch.scenes import SceneOptions, open_scene, unchanged
from tumangang_watch.settings import Settings
from tumangang_watch.sites import fixtures_dir, load_site

EXIT_CHANGED = 10


class MeasuringOptions(TypedDict):
    """What ``compare`` and ``detect`` are asked alike."""

    out: Path
    site: Path | None
    history: tuple[Path, ...]
    archives: tuple[Path, ...]
    geolocation_m: tuple[float, ...]
    site_shift: tuple[str, ...]
    detectability: bool
    language: str
    pdf: bool
    figures: bool
    rasters: bool
    time_limit: int | None
    as_json: bool
    overwrite: bool


def compare(
    earlier: Path,
    later: Path,
    acquired: tuple[str, ...],
    bands: str | None,
    exit_code: bool,
    **asked: Unpack[MeasuringOptions],
) -> int:
    """Compare two scenes and write a report."""

    def opened(run: pipeline.RunContext) -> tuple[Scene, ...]:
        first, second = pair_options(acquired, (earlier, later), bands, run.settings)
        options = replace(first, site=run.site), replace(second, site=run.site)
        return pipeline.open_pair((earlier, later), options, run.settings)

    changed = _report(opened, asked).changed
    return EXIT_CHANGED if exit_code and changed else 0


DEMO = ("tumangang_2022-11-30_painted.tif", "tumangang_2022-12-01_painted.tif")
"""The scenes that ship, as `demo` compares them."""


def demo(out: Path, overwrite: bool) -> int:
    """Compare the two PAINTED scenes that ship with the program."""
    earlier, later = (fixtures_dir() / name for name in DEMO)
    asked: MeasuringOptions = {
        "out": out,
        "site": None,
        "history": (),
        "archives": (),
        "geolocation_m": (),
        "site_shift": (),
        "detectability": True,
        "as_json": False,
        "overwrite": overwrite,
        "language": "en",
        "pdf": False,
        "figures": False,
        "rasters": False,
        "time_limit": None,
    }
    return compare(earlier, later, (), None, False, **asked)


def detect(scene: Path, acquired: str | None, bands: str | None, **asked: Unpack[MeasuringOptions]) -> int:
    """Measure one scene and write a report."""

    def opened(run: pipeline.RunContext) -> tuple[Scene, ...]:
        options = replace(scene_options(acquired, bands), site=run.site)
        return (open_scene(scene, options, run.settings.read),)

    _report(opened, asked)
    return 0


def _report(
    opened: Callable[[pipeline.RunContext], tuple[Scene, ...]], asked: MeasuringOptions
) -> Comparison:
    """Measure one scene or compare two, write the report, and say in words what was found."""
    check_folder(asked["out"], REPORT, overwrite=asked["overwrite"])
    if asked["pdf"]:
        browser()
    settings = run_settings(asked["detectability"])
    with progress_bar(click.get_current_context().info_name or "") as progress:
        run = pipeline.RunContext(load_site(asked["site"]), settings, progress)
        with within(time_limit_s(asked["time_limit"])):
            comparison = _measured(opened, run, asked)
        progress("writing the report")
        folder = write_report(
            comparison,
            asked["out"],
            tool_version=__version__,
            overwrite=asked["overwrite"],
            choice=PageChoice(asked["language"], asked["pdf"], asked["figures"], asked["rasters"]),
        )
    print_summary(comparison)
    for fault in known_faults(library_versions()):
        tell(f"Note: {fault}", detail=True)
    tell(f"Report: {folder / 'report.html'}")
    if asked["as_json"]:
        click.echo((folder / "report.json").read_text(encoding="utf-8").rstrip("\n"))
    return comparison


def _measured(
    opened: Callable[[pipeline.RunContext], tuple[Scene, ...]],
    run: pipeline.RunContext,
    asked: MeasuringOptions,
) -> Comparison:
    """Read and measure the scenes; say which of the background could not be used."""
    scenes = placed_as_stated(opened(run), asked["geolocation_m"], asked["site_shift"])
    given = None
    with unchanged(scenes):
        if asked["history"] or asked["archives"]:
            given = find_candidates(asked["history"], asked["archives"], scenes, run, datetime.now(UTC))
        background = None if given is None else given.scenes
        with unchanged(background or ()):
            if len(scenes) == 2:
                comparison = pipeline.compare(scenes[0], scenes[1], run, background)
            else:
                comparison = pipeline.detect(scenes[0], run, background)
    if given is not None:
        comparison = add_left_out(comparison, given)
        for item in comparison.background_use.left_out if comparison.background_use else ():
            if item.faulty:
                tell(f"Left out of the background: {item.name}: {item.why}")
    return comparison


def pair_options(
    acquired: tuple[str, ...], paths: tuple[Path, Path], bands: str | None, settings: Settings
) -> tuple[SceneOptions, SceneOptions]:
    """Give each scene its user-supplied date; a single one goes to the scene that has none."""
    if len(acquired) > 2:
        raise UsageError("too many dates", "--acquired", f"given {len(acquired)} times", "Give one a scene")
    if len(acquired) != 1:
        earlier, later = acquired or (None, None)
        return scene_options(earlier, bands), scene_options(later, bands)

    dated, undated = scene_options(acquired[0], bands), scene_options(None, bands)
    try:
        open_scene(paths[0], undated, settings.read)
    except InputRefused:
        return dated, undated
    return undated, dated


def settings() -> int:
    """Print every setting."""
    click.echo(Settings().text())
    return 0
