"""``review``: a person accepts, rejects or corrects findings; what they say is kept beside the evidence.

``review walk``: one open finding after the other, in a terminal.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from tumangang_watch.commands.archive import reports_option
from tumangang_watch.commands.review_answer import (
    accept,
    add,
    complete,
    correct,
    document_of,
    filters,
    line_of,
    opened,
    reader_of,
    reader_option,
    reject,
    review_command,
    wanted_of,
    withdraw,
)
from tumangang_watch.commands.review_files import calibration, export, import_file, truth
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import span_words, words_of
from tumangang_watch.report.pictures import chip_name
from tumangang_watch.review.answers import parse_correction
from tumangang_watch.review.session import answer, find, under_review
from tumangang_watch.review.status import Standing
from tumangang_watch.review.use import summary
from tumangang_watch.settings.records import REASONS
from tumangang_watch.text import clean_text


@click.group("review")
def review_group() -> None:
    """Accept, reject or correct findings, in the terminal or in a GIS.

    Answers are only ever added, beside what the detector found. Readers may disagree: all answers stay.
    """


@review_group.command("list")
@review_command
@filters
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
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


@review_group.command("show")
@click.argument("name", metavar="ID")
@review_command
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
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


@review_group.command("summary")
@review_command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def summary_of(archive_file: Path, site_id: str | None, as_json: bool) -> int:
    """Say how much is reviewed, how far readers agree, and whether the stated confidence holds."""
    with opened(archive_file, site_id) as (archive, site):
        told = summary(archive, site)
    if as_json:
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    click.echo(f"site {told['site']}: " + ", ".join(f"{n} {state}" for state, n in told["states"].items()))
    for name, verdicts in told["readers"].items():
        click.echo(clean_text(f"  {name}: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())))
    for pair in told["agreement"]:
        names = " and ".join(pair["readers"])
        kappa = "not defined" if pair["kappa"] is None else _span(pair["kappa"])
        share = _span(pair["share"])
        click.echo(clean_text(f"  {names} both judged {pair['both']}: agree {share}, Cohen's kappa {kappa}"))
    for row in told["precision"]:
        word = "as stated" if row["calibrated"] else "NOT as stated"
        click.echo(
            f"  {row['of']} {row['kind']} {row['grade']}: {row['judged']} judged, "
            f"hold {_span(row['holds'])}, stated {row['stated']:.2f}: {word}"
        )
    click.echo("Intervals are 90 %. What was not reviewed is in none of these numbers.", err=True)
    return 0


@review_group.command("reasons")
def reasons() -> int:
    """List the reasons an answer can be given for."""
    for name, reason in REASONS.items():
        click.echo(f"{name:<26} {reason.words} [{', '.join(reason.verdicts)}]")
    return 0


def lines_of(one: Standing, reports: Path | None) -> list[str]:
    """Return a thing under review in full: evidence, picture, and every answer to it."""
    about, evidence = one.about, one.about.evidence
    lines = [line_of(one)]
    if one.subject is not None:
        lines.append(f"  in {one.subject.folder}/{one.subject.id}, area {about.area}")
        lines += [f"  picture: {path}" for path in chips_of(one, reports)]
    if "change" in evidence:
        amount = evidence["amount"]
        lines.append(f"  {evidence['change']}: {span_words(amount)} {amount['unit']}")
    for date in ("earlier", "later"):
        if evidence.get(date):
            lines.append(f"  {date}: {_thing_line(evidence[date])}")
    if "change" not in evidence and about.word != "area":
        lines.append(f"  {_thing_line(evidence)}")
    lines += [f"  caveat: {text}" for text in evidence.get("caveats", [])]
    for review in one.reviews:
        answer = review.answer
        state = (
            ""
            if review in one.latest
            else " (of what has changed since)"
            if review in one.stale
            else " (replaced)"
        )
        told = [answer.verdict, f"by {review.reader}", review.made[:16].replace("T", " ")]
        told += [f"reason {answer.reason}"] if answer.reason else []
        values = {n: v for n, v in answer.correction.as_dict().items() if n != "outline"}
        told += [f"{n} {v}" for n, v in values.items()]
        told += ["outline redrawn"] if answer.correction.outline else []
        lines.append("  - " + ", ".join(told) + state)
        lines += [f"      {text}" for text in answer.remark.splitlines()]
    return lines


def chips_of(one: Standing, reports: Path | None) -> list[str]:
    """Return where a finding's picture lies; with the folder of reports only when it is there."""
    subject = one.subject
    if subject is None or (subject.about.word == "detection" and subject.covered):
        return []
    path = Path(subject.folder) / "chips" / chip_name(subject.id)
    if reports is None:
        return [f"{path} (in the folder of reports)"]
    return [str(reports / path)] if (reports / path).is_file() else []


def _thing_line(thing: dict[str, Any]) -> str:
    stock = [f"{c} {t}" for c, t in zip(thing.get("colours") or [], thing.get("types") or [], strict=False)]
    runs = [(name, len(list(run))) for name, run in groupby(stock)]
    consist = ", ".join(f"{count} x {name}" if count > 1 else name for name, count in runs)
    said = f"{thing['grade']}, confidence {thing['confidence']:.2f}" if "grade" in thing else ""
    return "; ".join(text for text in (words_of(thing), said, consist) if text)


def _span(value: dict[str, float]) -> str:
    return f"{value['estimate']:.2f} ({value['low']:.2f}-{value['high']:.2f})"


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
    click.echo(f"{kept} answers kept, {len(found) - place} left", err=True)
    return 0


def _ask(one: Standing, place: str, reports: Path | None) -> str:

    click.echo(f"\n{place}")
    for line in lines_of(one, reports):
        click.echo(clean_text(line))
    return str(click.prompt(KEYS, type=click.Choice(list("arcsbq")), show_choices=False)).lower()


def _answer(one: Standing, key: str, archive_file: Path, site: str, reader: str | None) -> bool:
    """Ask for the rest of an answer and keep it; False when it was refused and has to be given again."""
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
    names = [name for name, reason in REASONS.items() if verdict in reason.verdicts]
    click.echo("  ".join(f"{k} {name}" for k, name in enumerate(names, 1)))
    text = click.prompt("reason", default="", show_default=False).strip()
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    return text or None


for _command in (
    accept,
    reject,
    correct,
    withdraw,
    add,
    complete,
    walk,
    export,
    import_file,
    truth,
    calibration,
):
    review_group.add_command(_command)
