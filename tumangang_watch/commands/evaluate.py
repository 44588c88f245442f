"""``evaluate``: a report against what people know of the ground."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import cast

import click

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.file import MAGIC
from tumangang_watch.errors import InputRefused
from tumangang_watch.evaluate.labels import TruthDocument, fault_of
from tumangang_watch.evaluate.scoring import Scores, score_report
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.plain_files import opened, read_text
from tumangang_watch.review.truth import truth_for


def evaluate(report: Path, truth: Path, possible: bool, as_json: bool) -> int:
    """Score REPORT (a report folder or its report.json) against labels."""
    content = load_report(report)
    labels = _labels(content, truth)
    try:
        scores = score_report(content, labels, possible=possible)
    except (KeyError, TypeError, AttributeError) as error:
        why = f"a detection or finding is not as the contract says ({error})"
        raise InputRefused("not a report", report, why, "Give a report file of the contract") from error
    click.echo(json.dumps(scores, indent=2) if as_json else _scores_text(scores))
    return 0


def _labels(report: ReportDocument, truth: Path) -> TruthDocument:
    """Return the labels of a truth file, or of an archive's reviews."""
    try:
        with opened(truth) as file:
            is_archive = file.read(len(MAGIC)) == MAGIC
    except OSError:
        is_archive = False
    if not is_archive:
        labels = load_json(truth, "truth")
        fault = fault_of(labels)
        if fault:
            raise InputRefused("not a truth", truth, fault, "Give a truth file of the contract")
        return cast(TruthDocument, labels)
    with open_archive(truth) as archive:
        return cast(TruthDocument, truth_for(archive, report))


def load_report(report: Path) -> ReportDocument:
    """Return the contents of a report's folder or of its ``report.json``."""
    file = report / "report.json" if report.is_dir() else report
    content = load_json(file, "report")
    if not {"detections", "scenes", "findings"} <= content.keys():
        raise InputRefused("not a report", file, "fields are missing", "Give a report file of the contract")
    return cast(ReportDocument, content)


def load_json(file: Path, what: str) -> dict[str, object]:
    """Return a JSON document's object, or refuse the file in one line."""
    try:
        data = json.loads(read_text(file), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputRefused(f"cannot read the {what}", file, why, f"Give a {what} file") from error
    if not isinstance(data, dict):
        raise InputRefused(f"not a {what}", file, "fields are missing", f"Give a {what} file of the contract")
    return data


def _finite(number: str) -> float:
    """Return a number as JSON writes it; no measure is infinite, or none."""
    value = float(number)
    if not isfinite(value):
        raise ValueError(f"{number[:40]} is not a number that can be reckoned with")
    return value


def _scores_text(scores: dict[str, Scores]) -> str:
    lines = []
    for kind, score in scores.items():
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in score.items()}
        lines.append(f"{kind}: " + ", ".join(f"{k} {v}" for k, v in shown.items() if not isinstance(v, list)))
    return "\n".join(lines)
