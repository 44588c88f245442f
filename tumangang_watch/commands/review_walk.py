"""``review walk``: one open finding after the other, in a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import click

from tumangang_watch.commands.review_answer import opened, reader_of, wanted_of
from tumangang_watch.commands.terminal.review_lines import lines_of
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import REASONS, Answer, Verdict
from tumangang_watch.review.answers import GivenValues, parse_correction
from tumangang_watch.review.session import answer, under_review
from tumangang_watch.review.status import ReviewStatus
from tumangang_watch.text import clean_text

VERDICT_OF: dict[str, Verdict] = {"a": "accepted", "r": "rejected", "c": "corrected"}
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


def walk(
    archive_file: Path, site_id: str | None, reader: str | None, reports: Path | None, **given: Any
) -> int:
    """Go through what is open, one by one. Each answer is kept at once: stop whenever you like."""
    who = reader_of(reader)
    if not sys.stdin.isatty():
        raise UsageError(
            "no terminal", "review walk", "standard input is none", "Use accept, reject and correct"
        )
    with opened(archive_file, site_id) as (archive, site):
        found = [
            one
            for one in under_review(archive, site, wanted_of(given))
            if one.subject is not None and who.name not in {r.reader for r in one.latest}
        ]
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
    tell(f"{kept} answers kept, {len(found) - place} left")
    return 0


def _ask(one: ReviewStatus, place: str, reports: Path | None) -> str:
    click.echo(f"\n{place}")
    for line in lines_of(one, reports):
        click.echo(clean_text(line))
    return str(click.prompt(KEYS, type=click.Choice(list("arcsbq")), show_choices=False)).lower()


def _answer(one: ReviewStatus, key: str, archive_file: Path, site: str, reader: str | None) -> bool:
    """Ask for the rest of an answer and keep it; False when it was refused and has to be given again."""
    verdict = VERDICT_OF[key]
    try:
        values = _values(one) if key == "c" else GivenValues()
        reason = _reason(verdict)
        remark = click.prompt("remark", default="", show_default=False)
        given = Answer(verdict, reason, remark, parse_correction(values))
        # Opened for this answer alone: no other program waits while a person thinks.
        with opened(archive_file, site, write=True) as (archive, _):
            answer(archive, [one], reader_of(reader), given)
    except UsageError as error:
        tell(str(error))
        return False
    return True


def _values(one: ReviewStatus) -> GivenValues:
    values: dict[str, str | float | None] = {}
    train = one.about.kind == "train"
    for name, words in _ASKED:
        if name == "colours" or (name in _FOR_TRAINS) == train:
            values[name] = _value(name, f"{words}; empty: as it is")
    return cast(GivenValues, values)


def _value(name: str, words: str) -> str | float | None:
    """Ask for one value until it can be meant."""
    while True:
        text = str(click.prompt(words, default="", show_default=False)).strip()
        if not text:
            return None
        try:
            value = float(text) if name in ("from_m", "to_m") else text
            parse_correction(cast(GivenValues, {name: value}))
            return value
        except ValueError:
            tell(f"not a number: {text}")
        except UsageError as error:
            tell(str(error))


def _reason(verdict: str) -> str | None:
    """Return the reason a person picks by number or name; none where none is needed."""
    names = [name for name, reason in REASONS.items() if verdict in reason.verdicts]
    click.echo("  ".join(f"{k} {name}" for k, name in enumerate(names, 1)))
    text = click.prompt("reason", default="", show_default=False).strip()
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    return text or None
