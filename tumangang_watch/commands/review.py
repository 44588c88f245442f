"""``review``: a person accepts, rejects or corrects findings; answers are kept beside the evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tumangang_watch.commands.review_answer import opened, wanted_of
from tumangang_watch.commands.review_lines import document_of, line_of, lines_of
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import REASONS
from tumangang_watch.review.session import find, under_review
from tumangang_watch.review.summary import summary
from tumangang_watch.text import clean_text


def list_open(archive_file: Path, site_id: str | None, as_json: bool, **given: Any) -> int:
    """List what still wants a reader: unreviewed, disagreed, or changed since it was reviewed."""
    with opened(archive_file, site_id) as (archive, site):
        found = under_review(archive, site, wanted_of(given))
    if as_json:
        click.echo(json.dumps([document_of(one) for one in found], indent=1, ensure_ascii=False))
        return 0
    for one in found:
        click.echo(clean_text(line_of(one)))
    click.echo(f"{len(found)} listed", err=True)
    return 0


def show(name: str, archive_file: Path, site_id: str | None, reports: Path | None, as_json: bool) -> int:
    """Show one finding with its evidence and every answer to it. ID as `review list` prints it."""
    with opened(archive_file, site_id) as (archive, site):
        (one,) = find(archive, site, [name])
    if as_json:
        click.echo(json.dumps(document_of(one), indent=1, ensure_ascii=False))
        return 0
    for line in lines_of(one, reports):
        click.echo(clean_text(line))
    return 0


def summary_of(archive_file: Path, site_id: str | None, as_json: bool) -> int:
    """Say how much is reviewed, how far readers agree, and whether the stated confidence holds."""
    with opened(archive_file, site_id) as (archive, site):
        found = summary(archive, site)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    click.echo(f"site {found['site']}: " + ", ".join(f"{n} {state}" for state, n in found["states"].items()))
    for name, verdicts in found["readers"].items():
        click.echo(clean_text(f"  {name}: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())))
    for pair in found["agreement"]:
        names = " and ".join(pair["readers"])
        click.echo(clean_text(f"  {names} both judged {pair['both']}: agree {_span(pair['share'])}"))
    for row in found["precision"]:
        word = "as stated" if row["calibrated"] else "NOT as stated"
        click.echo(
            f"  {row['of']} {row['kind']} {row['grade']}: {row['judged']} judged, "
            f"hold {_span(row['holds'])}, stated {row['stated']:.2f}: {word}"
        )
    click.echo("Intervals are 90 %. What was not reviewed is in none of these numbers.", err=True)
    return 0


def reasons() -> int:
    """List the reasons an answer can be given for."""
    for name, reason in REASONS.items():
        click.echo(f"{name:<26} {reason.words} [{', '.join(reason.verdicts)}]")
    return 0


def _span(value: IntervalDocument) -> str:
    return f"{value['estimate']:.2f} ({value['low']:.2f}-{value['high']:.2f})"
