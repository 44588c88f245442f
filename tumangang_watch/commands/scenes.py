"""``compare``, ``detect`` and ``inspect``: what is said of scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tumangang_watch import pipeline
from tumangang_watch.commands.options import (
    SCENE,
    bands_option,
    earlier_scenes,
    make_run,
    measuring_options,
    out_option,
    pair_options,
    print_report,
    progress_bar,
    run_settings,
    save_report,
    scene_options,
    site_option,
    with_history,
)
from tumangang_watch.files import check_folder
from tumangang_watch.pipeline import describe_scene
from tumangang_watch.report.folder import REPORT
from tumangang_watch.scenes import open_scene
from tumangang_watch.settings import Settings

EXIT_CHANGED = 10


@click.command()
@click.argument("earlier", type=SCENE)
@click.argument("later", type=SCENE)
@out_option
@site_option
@click.option(
    "--acquired",
    multiple=True,
    help="Acquisition time (ISO 8601, UTC) of EARLIER and, given again, of LATER, "
    "where the scenes do not say. Given once with one undated scene, it is that scene's.",
)
@measuring_options
@click.option("--exit-code", is_flag=True, help="Exit with 10 when something changed.")
def compare(
    earlier: Path,
    later: Path,
    out: Path,
    site: Path | None,
    acquired: tuple[str, ...],
    bands: str | None,
    history: tuple[Path, ...],
    archives: tuple[Path, ...],
    detectability: bool,
    as_json: bool,
    overwrite: bool,
    exit_code: bool,
) -> int:
    """Compare two scenes and write a dated change report to --out."""
    check_folder(out, REPORT, overwrite=overwrite)
    settings = run_settings(detectability)
    with progress_bar() as progress:
        run = make_run(site, settings, progress)
        options = pair_options(acquired, (earlier, later), bands, settings)
        scenes = pipeline.open_pair((earlier, later), options, settings)
        given = earlier_scenes(history, archives, scenes, run)
        comparison = pipeline.compare(*scenes, run, None if given is None else given.scenes)
        comparison = with_history(comparison, given)
        progress("writing the report")
        folder = save_report(comparison, out, overwrite)
    print_report(comparison, folder, as_json)
    return EXIT_CHANGED if exit_code and comparison.changed else 0


@click.command()
@click.argument("scene", type=SCENE)
@out_option
@site_option
@click.option("--acquired", help="Acquisition time (ISO 8601, UTC) where the scene does not say.")
@measuring_options
def detect(
    scene: Path,
    out: Path,
    site: Path | None,
    acquired: str | None,
    bands: str | None,
    history: tuple[Path, ...],
    archives: tuple[Path, ...],
    detectability: bool,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Report one date: what stands on the tracks and on the ground."""
    check_folder(out, REPORT, overwrite=overwrite)
    settings = run_settings(detectability)
    with progress_bar() as progress:
        run = make_run(site, settings, progress)
        opened = open_scene(scene, scene_options(acquired, bands), settings.read)
        given = earlier_scenes(history, archives, (opened,), run)
        comparison = pipeline.detect(opened, run, None if given is None else given.scenes)
        comparison = with_history(comparison, given)
        progress("writing the report")
        folder = save_report(comparison, out, overwrite)
    print_report(comparison, folder, as_json)
    return 0


@click.command()
@click.argument("scene", type=SCENE)
@click.option("--acquired", help="Acquisition time (ISO 8601, UTC) where the scene does not say.")
@bands_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def inspect(scene: Path, acquired: str | None, bands: str | None, as_json: bool) -> int:
    """Print what is understood of a scene, and what it can and cannot show."""
    settings = Settings()
    facts = describe_scene(open_scene(scene, scene_options(acquired, bands), settings.read), settings)
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else _facts_text(facts))
    return 0


def _facts_text(facts: dict[str, Any], indent: int = 0) -> str:
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{' ' * indent}{key}:", _facts_text(value, indent + 2)]
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{' ' * indent}{key}: {'unknown' if shown is None else shown}")
    return "\n".join(lines)


@click.command("settings")
def settings() -> int:
    """Print every setting as JSON, with the digest that reports carry (``settings_sha256``)."""
    click.echo(Settings().text())
    return 0
