"""``evaluate``: score a report against labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.file import MAGIC
from tumangang_watch.commands.options import SCENE
from tumangang_watch.errors import InputRefused
from tumangang_watch.evaluate.scoring import score_report
from tumangang_watch.review.truth import truth_for


@click.command()
@click.argument("report", type=SCENE)
@click.argument("truth", type=SCENE)
@click.option("--possible", is_flag=True, help="Also score what is only graded possible.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(report: Path, truth: Path, possible: bool, as_json: bool) -> int:
    """Score REPORT (a report folder or its report.json) against labels.

    TRUTH is a truth file, or an archive: then what readers reviewed in the report's scenes is the truth.
    """
    content = load_json(report / "report.json" if report.is_dir() else report, "report")
    scores = score_report(content, _labels(content, truth), possible=possible)
    click.echo(json.dumps(scores, indent=2) if as_json else _scores_text(scores))
    return 0


def _labels(report: dict[str, Any], truth: Path) -> dict[str, Any]:
    """Return the labels of a truth file, or of an archive's reviews."""
    try:
        with truth.open("rb") as file:
            is_archive = file.read(len(MAGIC)) == MAGIC
    except OSError:
        is_archive = False
    if not is_archive:
        return load_json(truth, "truth")

    with open_archive(truth) as archive:
        return truth_for(archive, report)


def load_json(file: Path, what: str) -> dict[str, Any]:
    """Return a JSON document's object, or refuse the file in one line."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(f"cannot read the {what}", file, str(error), f"Give a {what} file") from error
    needed = ("detections", "scenes", "findings") if what == "report" else ()
    if not isinstance(data, dict) or any(key not in data for key in needed):
        raise InputRefused(f"not a {what}", file, "fields are missing", f"Give a {what} file of the contract")
    return data


def _scores_text(scores: dict[str, Any]) -> str:
    lines = []
    for kind, score in scores.items():
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in score.items()}
        lines.append(f"{kind}: " + ", ".join(f"{k} {v}" for k, v in shown.items() if not isinstance(v, list)))
    return "\n".join(lines)
