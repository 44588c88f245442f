"""Options and words shared by the subcommands of ``review``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tumangang_watch.commands.archive import archive_option

if TYPE_CHECKING:
    from tumangang_watch.archive import Archive
    from tumangang_watch.confidence.review_standing import Standing
    from tumangang_watch.pipeline.review import Reader, Wanted

READER_VARIABLE = "TUMANGANG_WATCH_READER"
KINDS = click.Choice(["train", "cargo", "handling_area"])
Command = Callable[..., Any]

reader_option = click.option(
    "--reader",
    envvar=READER_VARIABLE,
    show_envvar=True,
    help="Who reads. Each reader's answers are kept apart.",
)
site_id_option = click.option("--site", "site_id", help="Id of the site, where the archive holds several.")
remark_option = click.option("--remark", default="", help="In your own words.")
reason_option = click.option("--reason", help="Why; `review reasons` lists them.")
_FILTERS = (
    click.option("--since", help="First date, e.g. 2022-11-04."),
    click.option("--until", help="Last date."),
    click.option("--area", help="Id of an area."),
    click.option("--kind", type=KINDS),
    click.option("--grade", type=click.Choice(["detected", "possible"])),
    click.option("--change", help="Only findings with this change, e.g. appeared."),
    click.option(
        "--unreviewed", "states", multiple=True, flag_value="unreviewed", help="Nobody has answered."
    ),
    click.option("--disagreed", "states", multiple=True, flag_value="disagreed", help="Readers disagree."),
    click.option(
        "--stale",
        "states",
        multiple=True,
        flag_value="stale",
        help="The finding changed since it was reviewed.",
    ),
    click.option("--all", "everything", is_flag=True, help="Settled ones too."),
    click.option(
        "--detections", "each_detection", is_flag=True, help="Also detections that a finding is about."
    ),
)


def review_command(command: Command) -> Command:
    """Add the options that every subcommand takes: the archive and, where it holds several, the site."""
    return archive_option(site_id_option(command))


def filters(command: Command) -> Command:
    """Add the options that say which things are meant."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def wanted_of(given: dict[str, Any], *, open_only: bool = True) -> Wanted:
    """Return which things are meant; by default those that still want a reader."""
    from tumangang_watch.confidence.review_standing import OPEN
    from tumangang_watch.errors import UsageError
    from tumangang_watch.pipeline.review import Wanted

    for name in ("since", "until"):
        try:
            if given[name] is not None:
                datetime.fromisoformat(given[name].replace("Z", "+00:00"))
        except ValueError as error:
            raise UsageError("not a date", f"--{name}", repr(given[name]), "Give e.g. 2022-11-30") from error
    states = tuple(given["states"])
    if not states and open_only and not given["everything"]:
        states = OPEN
    return Wanted(
        given["since"], given["until"], given["area"], given["kind"], given["grade"], given["change"], states,
        given["each_detection"],
    )  # fmt: skip


@contextmanager
def opened(archive_file: Path, site_id: str | None, *, write: bool = False) -> Iterator[tuple[Archive, str]]:
    """Open the archive and settle which of its sites is meant."""
    from tumangang_watch.archive import open_archive
    from tumangang_watch.pipeline.series import site_of

    with open_archive(archive_file, write=write) as archive:
        yield archive, site_of(archive, site_id)


def reader_of(name: str | None) -> Reader:
    """Return who answers, now."""
    from tumangang_watch.model.answers import parse_reader
    from tumangang_watch.pipeline.review import Reader

    return Reader(parse_reader(name), datetime.now(UTC))


def line_of(one: Standing, *, with_state: bool = True) -> str:
    """Return a thing under review in one line."""
    about, subject = one.about, one.subject
    if subject is not None:
        said = f"{subject.grade}, {subject.confidence:.2f}"
        when, words = subject.acquired[:16].replace("T", " "), subject.statement
    else:
        said = one.state
        when = str(about.evidence.get("acquired") or about.evidence.get("report", "")).replace("T", " ")[:16]
        words = words_of_about(one)
    state = f"  {one.state:<10}" if with_state else ""
    return f"{about.key[:8]}  {when}{state}  {about.kind:<8}  {words} ({said})"


def words_of_about(one: Standing) -> str:
    """Return what a review without a standing finding is about."""
    from tumangang_watch.model.review import words_of

    about = one.about
    if about.word == "area":
        return f"area {about.area} looked over whole"
    statement = about.evidence.get("statement")
    words = str(statement) if statement else words_of(about.evidence)
    return f"added by a reader: {words}" if about.word == "missed" else f"no longer reported: {words}"


def document_of(one: Standing) -> dict[str, Any]:
    """Return a thing under review as JSON values."""
    about, subject = one.about, one.subject
    return {
        "key": about.key, "about": about.word, "state": one.state, "site": about.site,
        "report": subject.folder if subject else about.evidence.get("report"),
        "id": subject.id if subject else about.evidence.get("id"),
        "standing": subject is not None,
        "acquired": subject.acquired if subject else None,
        "earlier_acquired": subject.earlier_acquired if subject else None,
        "scenes": {"earlier": about.earlier, "later": about.scene},
        "kind": about.kind, "area": about.area,
        "statement": subject.statement if subject else words_of_about(one),
        "evidence": about.evidence,
        "reviews": [
            {
                "reader": r.reader, **r.answer.as_dict(), "made": r.made, "origin": r.origin,
                "counts": r in one.latest, "stale": r in one.stale, "of": r.about.key,
            }
            for r in one.reviews
        ],
    }  # fmt: skip
