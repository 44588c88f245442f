"""``review accept|reject|correct|withdraw|add|complete``: a reader's answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tumangang_watch.commands.review_options import (
    KINDS,
    Command,
    line_of,
    opened,
    reader_of,
    reader_option,
    reason_option,
    remark_option,
    review_command,
)

if TYPE_CHECKING:
    from tumangang_watch.model.review import Correction

ids_argument = click.argument("names", metavar="ID...", nargs=-1, required=True)
_VALUES = (
    click.option("--track", help="The track it stands on."),
    click.option("--from-m", type=float, help="Where it begins along its track, metres."),
    click.option("--to-m", type=float, help="Where it ends."),
    click.option("--cars", help="Vehicles: 7 or 6-7."),
    click.option("--colours", help="One a vehicle, by commas; red*3 stands for three."),
    click.option("--types", help="One a vehicle, by commas."),
    click.option("--area-m2", help="Square metres: 120 or 100-140."),
    click.option("--outline", help="WKT polygon in lon/lat."),
)


def values_options(command: Command) -> Command:
    """Add the options that give the values of a thing."""
    for option in reversed(_VALUES):
        command = option(command)
    return command


def answer_options(command: Command) -> Command:
    """Add who answers, why, and of which archive."""
    return review_command(reader_option(reason_option(remark_option(command))))


def correction_of(given: dict[str, Any], kind: str | None = None) -> Correction:
    """Return the correction of the values given."""
    from tumangang_watch.model.answers import parse_correction
    from tumangang_watch.pipeline.review_place import read_outline

    outline = given.get("outline")
    return parse_correction({**given, "kind": kind, "outline": read_outline(outline) if outline else None})


def _record(
    verdict: str, names: Sequence[str], correction: Correction, archive_file: Path, **given: Any
) -> int:
    from tumangang_watch.pipeline.review import answer, find

    reader = reader_of(given["reader"])
    with opened(archive_file, given["site_id"], write=True) as (archive, site):
        said = (verdict, given["reason"], given["remark"], correction)
        found = find(archive, site, names)
        for one, new in zip(found, answer(archive, found, reader, said), strict=True):
            click.echo(
                f"{verdict}{'' if new else ' (as before)'}: {line_of(one, with_state=False)}", err=True
            )
    return 0


@click.command()
@ids_argument
@answer_options
def accept(names: tuple[str, ...], **given: Any) -> int:
    """Say that findings are so."""
    from tumangang_watch.model.review import Correction

    return _record("accepted", names, Correction(), **given)


@click.command()
@ids_argument
@answer_options
def reject(names: tuple[str, ...], **given: Any) -> int:
    """Say that findings are not so; --reason is needed."""
    from tumangang_watch.model.review import Correction

    return _record("rejected", names, Correction(), **given)


@click.command()
@ids_argument
@answer_options
@click.option("--kind", type=KINDS, help="What it is instead.")
@values_options
def correct(names: tuple[str, ...], kind: str | None, **given: Any) -> int:
    """Say that findings are so, but with other values. What is not given stays the detector's."""
    values = {name: given.pop(name) for name in _NAMES}
    return _record("corrected", names, correction_of(values, kind), **given)


@click.command()
@ids_argument
@answer_options
def withdraw(names: tuple[str, ...], **given: Any) -> int:
    """Take your own answers back: they stay in the record but count no more."""
    from tumangang_watch.model.review import Correction

    return _record("withdrawn", names, Correction(), **given)


@click.command()
@click.argument("date")
@answer_options
@click.option("--kind", type=click.Choice(["train", "cargo"]), default="train", show_default=True)
@click.option("--area", help="Id of the area. Default: that of the track.")
@values_options
def add(date: str, kind: str, area: str | None, archive_file: Path, site_id: str | None, **given: Any) -> int:
    """Add what the detector missed on DATE: a report's folder, a scene's id, or a time like 2022-11-30."""
    from tumangang_watch.pipeline.review import record
    from tumangang_watch.pipeline.review_add import date_of, missed_review

    reader, values = reader_of(given["reader"]), correction_of({name: given[name] for name in _NAMES})
    with opened(archive_file, site_id, write=True) as (archive, site):
        said = (given["reason"], given["remark"])
        review = missed_review(archive, date_of(archive, site, date), (kind, area, values), said, reader)
        new = record(archive, site, [review])
    click.echo(f"added{'' if new else ' (as before)'}: {review.about.key[:8]}", err=True)
    return 0


@click.command()
@click.argument("date")
@answer_options
@click.option("--area", "areas", multiple=True, help="Id of an area. Default: every area that could be seen.")
@click.option("--kind", type=click.Choice(["train", "cargo"]), help="Default: trains and goods.")
def complete(
    date: str, areas: tuple[str, ...], kind: str | None, archive_file: Path, site_id: str | None, **given: Any
) -> int:
    """Say that you looked over whole areas on DATE, and that nothing is missing.

    Only then can `evaluate` tell what share was found.
    """
    from tumangang_watch.pipeline.review_add import complete as look_over
    from tumangang_watch.pipeline.review_add import date_of

    reader = reader_of(given["reader"])
    with opened(archive_file, site_id, write=True) as (archive, site):
        said = (given["reason"], given["remark"])
        new = look_over(archive, date_of(archive, site, date), areas, kind, said, reader)
    for review in new:
        click.echo(f"complete: {review.about.key[:8]} {review.about.area}, {review.about.kind}", err=True)
    if not new:
        click.echo("as before", err=True)
    return 0


_NAMES = ("track", "from_m", "to_m", "cars", "colours", "types", "area_m2", "outline")
