"""``compare``, ``detect`` and ``inspect``: what is said of scenes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from tumangang_watch import __version__, pipeline
from tumangang_watch.commands.run import placed_as_stated, progress_bar, run_settings, scene_options
from tumangang_watch.commands.scene_table import scene_table
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.files import check_file, check_folder, write_whole
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.describe import areas_inside
from tumangang_watch.pipeline.describe import quicklook as make_quicklook
from tumangang_watch.pipeline.earlier_scenes import add_left_out, find_candidates
from tumangang_watch.report.folder import REPORT, write_report
from tumangang_watch.report.summary import summary_text
from tumangang_watch.scenes import SceneOptions, open_scene, open_scenes, with_digest
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.text import clean_text

EXIT_CHANGED = 10
DIGEST_BYTES = 200_000_000
"""``inspect`` gives no digest of a larger file: reading it all takes longer than understanding it."""


class MeasuringOptions(TypedDict):
    """What ``compare`` and ``detect`` are asked alike."""

    out: Path
    site: Path | None
    history: tuple[Path, ...]
    archives: tuple[Path, ...]
    geolocation_m: tuple[float, ...]
    site_shift: tuple[str, ...]
    detectability: bool
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

    def opened(settings: Settings) -> tuple[Scene, ...]:
        options = pair_options(acquired, (earlier, later), bands, settings)
        return pipeline.open_pair((earlier, later), options, settings)

    changed = _report(opened, asked).changed
    return EXIT_CHANGED if exit_code and changed else 0


def detect(scene: Path, acquired: str | None, bands: str | None, **asked: Unpack[MeasuringOptions]) -> int:
    """Measure one scene and write a report."""
    _report(lambda settings: (open_scene(scene, scene_options(acquired, bands), settings.read),), asked)
    return 0


def _report(opened: Callable[[Settings], tuple[Scene, ...]], asked: MeasuringOptions) -> Comparison:
    """Measure one scene or compare two, write the report, and say in words what was found."""
    check_folder(asked["out"], REPORT, overwrite=asked["overwrite"])
    settings = run_settings(asked["detectability"])
    with progress_bar() as progress:
        run = pipeline.RunContext(load_site(asked["site"]), settings, progress)
        scenes = placed_as_stated(opened(settings), asked["geolocation_m"], asked["site_shift"])
        given = None
        if asked["history"] or asked["archives"]:
            given = find_candidates(asked["history"], asked["archives"], scenes, run, datetime.now(UTC))
        background = None if given is None else given.scenes
        if len(scenes) == 2:
            comparison = pipeline.compare(scenes[0], scenes[1], run, background)
        else:
            comparison = pipeline.detect(scenes[0], run, background)
        if given is not None:
            comparison = add_left_out(comparison, given)
            for item in comparison.background_use.left_out if comparison.background_use else ():
                if item.faulty:
                    words = f"Left out of the background: {item.name}: {item.why}"
                    click.echo(clean_text(words), err=True)
        progress("writing the report")
        folder = write_report(
            comparison, asked["out"], tool_version=__version__, overwrite=asked["overwrite"]
        )
    click.echo(summary_text(comparison), err=True)
    click.echo(f"Report: {folder / 'report.html'}", err=True)
    if asked["as_json"]:
        click.echo((folder / "report.json").read_text(encoding="utf-8").rstrip("\n"))
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


def inspect(
    scene: Path,
    acquired: str | None,
    bands: str | None,
    site: Path | None,
    quicklook: Path | None,
    as_json: bool,
) -> int:
    """Print what is understood of a scene, and what it can and cannot show."""
    settings, place = Settings(), load_site(site)
    options = replace(scene_options(acquired, bands), digest=False)
    if scene.is_dir():
        scenes = open_scenes(scene, options, settings.read)
    else:
        scenes = [open_scene(scene, options, settings.read)]
    if len(scenes) == 1 and scenes[0].image.stat().st_size <= DIGEST_BYTES:
        scenes = [with_digest(scenes[0])]
    described = [pipeline.describe_scene(s, settings) for s in scenes]
    if quicklook is not None:
        check_file(quicklook, overwrite=False)
        write_whole(quicklook, make_quicklook(scenes[0], place, settings))
    if as_json:
        facts: object = described[0] if len(described) == 1 else {"scenes": described}
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return 0
    tables = [scene_table(d, areas_inside(s, place)) for d, s in zip(described, scenes, strict=True)]
    click.echo("\n\n".join(tables))
    return 0


def settings() -> int:
    """Print every setting."""
    click.echo(Settings().text())
    return 0
