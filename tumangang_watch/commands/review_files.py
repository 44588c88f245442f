"""``review export|import|truth``: findings out to a GIS and back; reviews as labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tumangang_watch.commands.evaluate import load_json
from tumangang_watch.commands.review_answer import opened, reader_of, wanted_of
from tumangang_watch.errors import UsageError
from tumangang_watch.files import json_text, write_whole
from tumangang_watch.review.gis_export import export_review
from tumangang_watch.review.gis_import import import_review, refuse_import
from tumangang_watch.review.truth import labels_in, truth_for
from tumangang_watch.text import clean_text


def export(out: Path, archive_file: Path, site_id: str | None, reader: str | None, **given: Any) -> int:
    """Write findings and detections as a GeoPackage to answer in a GIS, your own answers filled in."""
    who = reader_of(reader)
    with opened(archive_file, site_id) as (archive, site):
        counts = export_review(archive, site, out, wanted_of(given, open_only=False), who)
    click.echo(f"{out}: " + ", ".join(f"{count} {name}" for name, count in counts.items()), err=True)
    return 0


def import_file(
    file: Path, archive_file: Path, site_id: str | None, reader: str | None, site_file: Path | None
) -> int:
    """Read answers back from a GeoPackage: all of them, or none."""
    who = reader_of(reader)
    with opened(archive_file, site_id, write=True) as (archive, site):
        out = import_review(archive, site, file, who, site_file)
    for note in out.notes:
        click.echo(clean_text(f"note: {note}"), err=True)
    for fault in out.faults:
        click.echo(clean_text(f"refused: {fault}"), err=True)
    refuse_import(file, out)
    known = len(out.reviews) - out.new
    click.echo(
        f"{out.new} new answers, {known} known before, {out.unanswered} rows without a new answer", err=True
    )
    return 0


def truth(report: Path, archive_file: Path, site_id: str | None, out: Path) -> int:
    """Write what was reviewed in REPORT's scenes as a truth file for `evaluate`."""
    content = load_json(report / "report.json" if report.is_dir() else report, "report")
    with opened(archive_file, site_id or content["site"]["id"]) as (archive, _):
        labels = truth_for(archive, content)
    if not labels_in(labels) and not labels["coverage"]:
        raise UsageError(
            "no labels", report, "nobody has reviewed its scenes beyond doubt", "See `review list`"
        )
    write_whole(out, json_text(labels, indent=1))
    for name in ("trains", "cargo", "new_ground", "rejected", "disputed"):
        click.echo(f"{name}: {len(labels[name])}", err=True)
    for place in labels["coverage"]:
        click.echo(f"wholly reviewed: {place['area']} ({place['date']}), {place['kind']}", err=True)
    for place in labels["not_whole"]:
        click.echo(
            f"looked over, but {place['open']} open: {place['area']} ({place['date']}), {place['kind']}",
            err=True,
        )
    if not labels["coverage"]:
        click.echo(
            "No area is wholly reviewed: precision can be told, recall cannot. See `review complete`.",
            err=True,
        )
    click.echo(f"Truth: {out}", err=True)
    return 0
