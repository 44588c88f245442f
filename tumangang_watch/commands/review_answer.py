"""``review accept|reject|correct|withdraw|add|complete``: a reader's answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import click

from tumangang_watch.archive import Archive, open_archive
from tumangang_watch.archive.read import site_of
from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.review_lines import line_of
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import Answer, Correction, Verdict
from tumangang_watch.review.add import complete as look_over
from tumangang_watch.review.add import date_of, missed_review
from tumangang_watch.review.answers import GivenValues, parse_correction, parse_reader
from tumangang_watch.review.session import Reviewer, Wanted, answer, find, record
from tumangang_watch.review.status import OPEN


def wanted_of(given: dict[str, Any], *, open_only: bool = True) -> Wanted:
    """Return which things the filters mean; by default those that still want a reader."""
    for name in ("since", "until"):
        try:
            if given[name] is not None:
                datetime.fromisoformat(given[name])
        except ValueError as error:
            raise UsageError("not a date", f"--{name}", repr(given[name]), "Give e.g. 2022-11-30") from error
    every = given.pop("everything") or not open_only
    return Wanted(**{**given, "states": given["states"] or (() if every else OPEN)})


@contextmanager
def opened(archive_file: Path, site_id: str | None, *, write: bool = False) -> Iterator[tuple[Archive, str]]:
    """Open the archive and settle which of its sites is meant."""
    with open_archive(archive_file, write=write) as archive:
        yield archive, site_of(archive, site_id)


def reader_of(name: str | None) -> Reviewer:
    """Return who answers, now."""
    return Reviewer(parse_reader(name), datetime.now(UTC))


def correction_of(given: dict[str, Any], kind: str | None = None) -> Correction:
    """Return the correction of the values given."""
    outline = given.get("outline")
    values = {
        **given,
        "kind": kind,
        "outline": late("review.outlines").read_outline(outline) if outline else None,
    }
    return parse_correction(cast(GivenValues, values))


def _record(
    verdict: Verdict, correction: Correction, names: Sequence[str], archive_file: Path, **given: Any
) -> int:
    """Give one answer to each thing named."""
    reader = reader_of(given["reader"])
    with opened(archive_file, given["site_id"], write=True) as (archive, site):
        answer_given = Answer(verdict, given["reason"], given["remark"], correction)
        found = find(archive, site, names)
        for one, new in zip(found, answer(archive, found, reader, answer_given), strict=True):
            click.echo(
                f"{verdict}{'' if new else ' (as before)'}: {line_of(one, with_state=False)}", err=True
            )
    return 0


accept, reject, withdraw = (
    partial(_record, verdict, Correction()) for verdict in ("accepted", "rejected", "withdrawn")
)


def correct(names: tuple[str, ...], archive_file: Path, kind: str | None, **given: Any) -> int:
    """Say that findings are so, but with other values. What is not given stays the detector's."""
    return _record("corrected", correction_of(given, kind), names, archive_file, **given)


def add(date: str, kind: str, area: str | None, archive_file: Path, site_id: str | None, **given: Any) -> int:
    """Add what the detector missed on DATE: a report's folder, a scene's id, or a time like 2022-11-30."""
    reader, values = reader_of(given["reader"]), correction_of(given)
    with opened(archive_file, site_id, write=True) as (archive, site):
        answer_given = Answer("added", given["reason"], given["remark"], values)
        where = date_of(archive, site, date)
        review = missed_review(archive, where, kind, area, answer_given, reader)
        new = record(archive, site, [review])
    tell(f"added{'' if new else ' (as before)'}: {review.about.key[:8]}")
    return 0


def complete(
    date: str, areas: tuple[str, ...], kind: str | None, archive_file: Path, site_id: str | None, **given: Any
) -> int:
    """Say that you looked over whole areas on DATE, and that nothing is missing."""
    reader = reader_of(given["reader"])
    with opened(archive_file, site_id, write=True) as (archive, site):
        answer_given = Answer("complete", given["reason"], given["remark"])
        new = look_over(archive, date_of(archive, site, date), areas, kind, answer_given, reader)
    for review in new:
        tell(f"complete: {review.about.key[:8]} {review.about.area}, {review.about.kind}")
    if not new:
        tell("as before")
    return 0
