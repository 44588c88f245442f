"""``review``: a person accepts, rejects or corrects findings; answers are kept beside the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tumangang_watch.commands.review_answer import opened, reader_of, wanted_of
from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.review_lines import document_of, line_of, lines_of
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.files import write_whole
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import REASONS
from tumangang_watch.review.session import find, under_review
from tumangang_watch.review.summary import summary
from tumangang_watch.review.truth import labels_in, truth_for
from tumangang_watch.text import clean_text, json_text


def _echo_json(content: object) -> int:
    click.echo(json_text(content, indent=1), nl=False)
    return 0


def list_open(archive_file: Path, site_id: str | None, as_json: bool, **given: Any) -> int:
    """List what still wants a reader: unreviewed, disagreed, or changed since it was reviewed."""
    with opened(archive_file, site_id) as (archive, site):
        found = under_review(archive, site, wanted_of(given))
    if as_json:
        return _echo_json([document_of(one) for one in found])
    for one in found:
        click.echo(clean_text(line_of(one)))
    tell(f"{len(found)} listed")
    return 0


def show(name: str, archive_file: Path, site_id: str | None, reports: Path | None, as_json: bool) -> int:
    """Show one finding with its evidence and every answer to it. ID as `review list` prints it."""
    with opened(archive_file, site_id) as (archive, site):
        (one,) = find(archive, site, [name])
    if as_json:
        return _echo_json(document_of(one))
    for line in lines_of(one, reports):
        click.echo(clean_text(line))
    return 0


def summary_of(archive_file: Path, site_id: str | None, as_json: bool) -> int:
    """Say how much is reviewed, how far readers agree, and whether the stated confidence holds."""
    with opened(archive_file, site_id) as (archive, site):
        found = summary(archive, site)
    if as_json:
        return _echo_json(found)
    lines = [f"site {found['site']}: " + ", ".join(f"{n} {state}" for state, n in found["states"].items())]
    for name, verdicts in found["readers"].items():
        lines.append(f"  {name}: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    for pair in found["agreement"]:
        names = " and ".join(pair["readers"])
        lines.append(f"  {names} both judged {pair['both']}: agree {_span(pair['share'])}")
    for row in found["precision"]:
        word = "as stated" if row["calibrated"] else "NOT as stated"
        lines.append(
            f"  {row['of']} {row['kind']} {row['grade']}: {row['judged']} judged, "
            f"hold {_span(row['holds'])}, stated {row['stated']:.2f}: {word}"
        )
    for line in lines:
        click.echo(clean_text(line))
    tell("Intervals are 90 %. What was not reviewed is in none of these numbers.")
    return 0


def _span(value: IntervalDocument) -> str:
    return f"{value['estimate']:.2f} ({value['low']:.2f}-{value['high']:.2f})"


def reasons() -> int:
    """List the reasons an answer can be given for."""
    for name, reason in REASONS.items():
        click.echo(f"{name:<26} {reason.words} [{', '.join(reason.verdicts)}]")
    return 0


def export(out: Path, archive_file: Path, site_id: str | None, reader: str | None, **given: Any) -> int:
    """Write findings and detections as a GeoPackage to answer in a GIS."""
    who = reader_of(reader)
    with opened(archive_file, site_id) as (archive, site):
        counts = late("review.gis_export").export_review(
            archive, site, out, wanted_of(given, open_only=False), who
        )
    tell(f"{out}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return 0


def import_file(
    file: Path, archive_file: Path, site_id: str | None, reader: str | None, site_file: Path | None
) -> int:
    """Read answers back from a GeoPackage: all of them, or none."""
    who = reader_of(reader)
    with opened(archive_file, site_id, write=True) as (archive, site):
        out = late("review.gis_import").import_review(archive, site, file, who, site_file)
    for note in out.notes:
        tell(f"note: {note}")
    for fault in out.faults:
        click.echo(clean_text(f"refused: {fault}"), err=True)
    if out.faults:
        why = f"{len(out.faults)} rows (see above); nothing was taken in"
        raise InputRefused("review refused", file, why, "Mend them and import it again")
    known = len(out.reviews) - out.new
    tell(f"{out.new} new answers, {known} known before, {out.unanswered} rows without a new answer")
    return 0


def truth(report: Path, archive_file: Path, site_id: str | None, out: Path) -> int:
    """Write what was reviewed in REPORT's scenes as a truth file for `evaluate`."""
    content = late("commands.evaluate").load_report(report)
    with opened(archive_file, site_id or content["site"]["id"]) as (archive, _):
        labels = truth_for(archive, content)
    if not labels_in(labels) and not labels["coverage"]:
        raise UsageError(
            "no labels", report, "nobody has reviewed its scenes beyond doubt", "See `review list`"
        )
    write_whole(out, json_text(labels, indent=1))
    areas = ("coverage", "not_whole")
    lines = [f"{n}: {len(v)}" for n, v in labels.items() if isinstance(v, list) and n not in areas]
    lines += [f"wholly reviewed: {p['area']} ({p['date']}), {p['kind']}" for p in labels["coverage"]]
    lines += [
        f"looked over, but {p['open']} open: {p['area']} ({p['date']}), {p['kind']}"
        for p in labels["not_whole"]
    ]
    if not labels["coverage"]:
        lines += ["No area is wholly reviewed: precision can be told, recall cannot. See `review complete`."]
    for line in (*lines, f"Truth: {out}"):
        tell(line)
    return 0
