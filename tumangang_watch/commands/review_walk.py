"""``review walk``: one open finding after the other, in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tumangang_watch.commands.archive import reports_option
from tumangang_watch.commands.review_options import (
    filters,
    opened,
    reader_of,
    reader_option,
    review_command,
    wanted_of,
)

if TYPE_CHECKING:
    from tumangang_watch.confidence.review_standing import Standing

KEYS = "a accept, r reject, c correct, s skip, b back, q quit"
_ASKED = (
    ("cars", "cars (7 or 6-7)"),
    ("from_m", "from metre"),
    ("to_m", "to metre"),
    ("colours", "colours (by commas, red*3)"),
    ("types", "types (by commas)"),
    ("area_m2", "area in m2 (120 or 100-140)"),
)
_FOR_TRAINS = ("cars", "from_m", "to_m", "types")


@click.command()
@review_command
@reader_option
@reports_option
@filters
def walk(
    archive_file: Path, site_id: str | None, reader: str | None, reports: Path | None, **given: Any
) -> int:
    """Go through what is open, one by one. Each answer is kept at once: stop whenever you like.

    What you have answered yourself is passed over; what another reader answered still comes with --all.
    """
    import sys

    from tumangang_watch.errors import UsageError
    from tumangang_watch.pipeline.review import under_review

    who = reader_of(reader)
    if not sys.stdin.isatty():
        raise UsageError(
            "no terminal", "review walk", "standard input is none", "Use accept, reject and correct"
        )
    with opened(archive_file, site_id) as (archive, site):
        found = [
            one for one in under_review(archive, site, wanted_of(given))
            if one.subject is not None and who.name not in {r.reader for r in one.latest}
        ]  # fmt: skip
    place = kept = 0
    while place < len(found):
        key = _ask(found[place], f"{place + 1} of {len(found)}", reports)
        if key == "q":
            break
        if key == "b":
            place = max(place - 1, 0)
            continue
        if key != "s" and not _answer(found[place], key, archive_file, site, reader):
            continue
        kept += key != "s"
        place += 1
    click.echo(f"{kept} answers kept, {len(found) - place} left", err=True)
    return 0


def _ask(one: Standing, place: str, reports: Path | None) -> str:
    from tumangang_watch.commands.review import lines_of

    click.echo(f"\n{place}")
    for line in lines_of(one, reports):
        click.echo("".join(c if c.isprintable() else repr(c)[1:-1] for c in line))
    return str(click.prompt(KEYS, type=click.Choice(list("arcsbq")), show_choices=False)).lower()


def _answer(one: Standing, key: str, archive_file: Path, site: str, reader: str | None) -> bool:
    """Ask for the rest of an answer and keep it; False when it was refused and has to be given again."""
    from tumangang_watch.errors import UsageError
    from tumangang_watch.model.answers import parse_correction
    from tumangang_watch.pipeline.review import answer

    verdict = {"a": "accepted", "r": "rejected", "c": "corrected"}[key]
    try:
        values = _values(one) if key == "c" else {}
        reason = _reason(verdict)
        remark = click.prompt("remark", default="", show_default=False)
        said = (verdict, reason, remark, parse_correction(values))
        # Opened for this answer alone: no other program waits while a person thinks.
        with opened(archive_file, site, write=True) as (archive, _):
            answer(archive, [one], reader_of(reader), said)
    except UsageError as error:
        click.echo(str(error), err=True)
        return False
    return True


def _values(one: Standing) -> dict[str, Any]:
    values: dict[str, Any] = {}
    train = one.about.kind == "train"
    for name, words in _ASKED:
        if name == "colours" or (name in _FOR_TRAINS) == train:
            values[name] = _value(name, f"{words}; empty: as it is")
    return values


def _value(name: str, words: str) -> str | float | None:
    """Ask for one value until it can be meant."""
    from tumangang_watch.errors import UsageError
    from tumangang_watch.model.answers import parse_correction

    while True:
        text = str(click.prompt(words, default="", show_default=False)).strip()
        if not text:
            return None
        try:
            value = float(text) if name in ("from_m", "to_m") else text
            parse_correction({name: value})
            return value
        except ValueError:
            click.echo(f"not a number: {text}", err=True)
        except UsageError as error:
            click.echo(str(error), err=True)


def _reason(verdict: str) -> str | None:
    """Return the reason a person picks by number or name; none where none is needed."""
    from tumangang_watch.settings.review import REASONS

    names = [name for name, reason in REASONS.items() if verdict in reason.verdicts]
    click.echo("  ".join(f"{k} {name}" for k, name in enumerate(names, 1)))
    text = click.prompt("reason", default="", show_default=False).strip()
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    return text or None
