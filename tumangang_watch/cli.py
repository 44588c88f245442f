"""The command line: parse, call one function, print. Errors become one line here and nowhere else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tumangang_watch import __version__
from tumangang_watch.errors import UsageError, WatchError

if TYPE_CHECKING:
    from tumangang_watch.model.finding import Comparison
    from tumangang_watch.pipeline import Run
    from tumangang_watch.scenes import SceneOptions

PROGRAM = "tumangang-watch"
EXIT_CHANGED = 10
SCENE = click.Path(path_type=Path)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the status of the contract."""
    try:
        status = cli.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except WatchError as error:
        status = _say(error.what, error.file, error.why, error.todo, error.exit_status)
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else PROGRAM
        status = _say("usage", where, error.format_message().rstrip("."), "See --help", 2)
    except (KeyboardInterrupt, click.Abort):
        status = 130
    except BrokenPipeError:
        sys.stderr.close()
        status = 141
    sys.exit(status if isinstance(status, int) else 0)


def _say(what: str, file: str, why: str, todo: str, status: int) -> int:
    """Print an error as one line, control characters made visible."""
    line = f"{PROGRAM}: {what}: {file}: {why}. {todo}"
    click.echo("".join(c if c.isprintable() else repr(c)[1:-1] for c in line), err=True)
    return status


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done on a terminal; say nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda text: status.update(text)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Find trains, cargo and growth of the handling area in satellite scenes of a rail yard.

    Exit status: 0 done, 2 usage, 3 an input refused, 4 not comparable or not observable,
    5 output could not be written, 10 with --exit-code when something changed.
    """


_site = click.option("--site", type=SCENE, help="Site file (GeoJSON). Default: the built-in Tumangang site.")
_out = click.option("--out", type=SCENE, required=True, help="Folder for the report; must not exist yet.")
_overwrite = click.option("--overwrite", is_flag=True, help="Replace an earlier report in --out.")
_json = click.option("--json", "as_json", is_flag=True, help="Also print the result as JSON to stdout.")
_bands = click.option("--bands", help="Band roles in file order, e.g. blue,green,red,nir ('-' skips one).")


@cli.command()
@click.argument("earlier", type=SCENE)
@click.argument("later", type=SCENE)
@_out
@_site
@click.option(
    "--acquired",
    multiple=True,
    help="Acquisition time (ISO 8601, UTC) of EARLIER and, given again, of LATER, "
    "where the scenes do not say. Given once with one undated scene, it is that scene's.",
)
@_bands
@_json
@_overwrite
@click.option("--exit-code", is_flag=True, help="Exit with 10 when something changed.")
def compare(
    earlier: Path,
    later: Path,
    out: Path,
    site: Path | None,
    acquired: tuple[str, ...],
    bands: str | None,
    as_json: bool,
    overwrite: bool,
    exit_code: bool,
) -> int:
    """Compare two scenes and write a dated change report to --out."""
    from tumangang_watch import pipeline
    from tumangang_watch.settings import Settings

    settings = Settings()
    with _progress() as progress:
        run = _run(site, settings, progress)
        options = _dates(acquired, (earlier, later), bands, settings)
        scenes = pipeline.open_pair((earlier, later), options, settings)
        comparison = pipeline.compare(*scenes, run)
        progress("writing the report")
        folder = _write(comparison, out, overwrite)
    _tell(comparison, folder, as_json)
    return EXIT_CHANGED if exit_code and comparison.changed else 0


@cli.command()
@click.argument("scene", type=SCENE)
@_out
@_site
@click.option("--acquired", help="Acquisition time (ISO 8601, UTC) where the scene does not say.")
@_bands
@_json
@_overwrite
def detect(
    scene: Path,
    out: Path,
    site: Path | None,
    acquired: str | None,
    bands: str | None,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Report one date: what stands on the tracks and on the ground."""
    from tumangang_watch import pipeline
    from tumangang_watch.scenes import open_scene
    from tumangang_watch.settings import Settings

    settings = Settings()
    with _progress() as progress:
        run = _run(site, settings, progress)
        opened = open_scene(scene, _options(acquired, bands), settings.read)
        comparison = pipeline.detect(opened, run)
        progress("writing the report")
        folder = _write(comparison, out, overwrite)
    _tell(comparison, folder, as_json)
    return 0


@cli.command()
@click.argument("scene", type=SCENE)
@click.option("--acquired", help="Acquisition time (ISO 8601, UTC) where the scene does not say.")
@_bands
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def inspect(scene: Path, acquired: str | None, bands: str | None, as_json: bool) -> int:
    """Print what is understood of a scene, and what it can and cannot show."""
    from tumangang_watch.scenes import describe, open_scene
    from tumangang_watch.settings import Settings

    facts = describe(open_scene(scene, _options(acquired, bands), Settings().read))
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else _facts_text(facts))
    return 0


@cli.group()
def site() -> None:
    """Make and check site files."""


@site.command("check")
@click.argument("file", type=SCENE)
def site_check(file: Path) -> int:
    """Read a site file and name every fault with its place."""
    from tumangang_watch.sites import check_site

    faults = check_site(file)
    for fault in faults:
        click.echo(fault, err=True)
    if not faults:
        click.echo(f"{file}: sound", err=True)
    return 3 if faults else 0


@cli.command()
@click.argument("report", type=SCENE)
@click.argument("truth", type=SCENE)
@click.option("--possible", is_flag=True, help="Also score what is only graded possible.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(report: Path, truth: Path, possible: bool, as_json: bool) -> int:
    """Score REPORT (a report folder or its report.json) against labels."""
    from tumangang_watch.confidence.scoring import score_report

    file = report / "report.json" if report.is_dir() else report
    scores = score_report(_load(file, "report"), _load(truth, "truth"), possible=possible)
    click.echo(json.dumps(scores, indent=2) if as_json else _scores_text(scores))
    return 0


def _run(site_file: Path | None, settings: Any, progress: Callable[[str], None]) -> Run:
    from tumangang_watch.pipeline import Run
    from tumangang_watch.sites import load_site

    return Run(load_site(site_file), settings, progress)


def _options(acquired: str | None, bands: str | None) -> SceneOptions:
    from datetime import UTC, datetime

    from tumangang_watch.scenes import SceneOptions

    return SceneOptions(acquired=acquired, bands=bands, latest=datetime.now(UTC))


def _dates(
    acquired: tuple[str, ...], paths: tuple[Path, Path], bands: str | None, settings: Any
) -> tuple[SceneOptions, SceneOptions]:
    """Give each scene its user-supplied date; a single one goes to the scene that has none."""
    if len(acquired) > 2:
        raise UsageError("too many dates", "--acquired", f"given {len(acquired)} times", "Give one a scene")
    if len(acquired) != 1:
        earlier, later = acquired or (None, None)
        return _options(earlier, bands), _options(later, bands)
    from tumangang_watch.errors import InputRefused
    from tumangang_watch.scenes import open_scene

    try:
        open_scene(paths[0], _options(None, bands), settings.read)
    except InputRefused:
        return _options(acquired[0], bands), _options(None, bands)
    return _options(None, bands), _options(acquired[0], bands)


def _write(comparison: Comparison, out: Path, overwrite: bool) -> Path:
    from tumangang_watch.report import write_report

    return write_report(comparison, out, tool_version=__version__, overwrite=overwrite)


def _tell(comparison: Comparison, folder: Path, as_json: bool) -> None:
    from tumangang_watch.report import summary_text

    click.echo(summary_text(comparison), err=True)
    click.echo(f"Report: {folder / 'report.html'}", err=True)
    if as_json:
        click.echo((folder / "report.json").read_text(encoding="utf-8").rstrip("\n"))


def _load(file: Path, what: str) -> dict[str, Any]:
    from tumangang_watch.errors import InputRefused

    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(f"cannot read the {what}", file, str(error), f"Give a {what} file") from error
    needed = ("detections", "scenes", "findings") if what == "report" else ()
    if not isinstance(data, dict) or any(key not in data for key in needed):
        raise InputRefused(f"not a {what}", file, "fields are missing", f"Give a {what} file of the contract")
    return data


def _facts_text(facts: dict[str, Any], indent: int = 0) -> str:
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{' ' * indent}{key}:", _facts_text(value, indent + 2)]
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{' ' * indent}{key}: {'unknown' if shown is None else shown}")
    return "\n".join(lines)


def _scores_text(scores: dict[str, Any]) -> str:
    lines = []
    for kind, score in scores.items():
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in score.items()}
        lines.append(f"{kind}: " + ", ".join(f"{k} {v}" for k, v in shown.items() if not isinstance(v, list)))
    return "\n".join(lines)
