"""``review``: a person accepts, rejects or corrects findings, in the terminal or in a GIS."""

from __future__ import annotations

import click

from tumangang_watch.commands.options.shared import (
    SCENE,
    archive_option,
    document_option,
    reports_option,
    site_id_option,
    together,
)
from tumangang_watch.commands.terminal.declare import group
from tumangang_watch.commands.terminal.lazy import done_in

KINDS = click.Choice(["train", "cargo", "handling_area"])
reader_option = click.option(
    "--reader",
    envvar="TUMANGANG_WATCH_READER",
    show_envvar=True,
    help="Who reads. Each reader's answers are kept apart.",
)
record_options = together(archive_option, site_id_option)
filters = together(
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
values_options = together(
    click.option("--track", help="The track it stands on."),
    click.option("--from-m", type=float, help="Where it begins along its track, metres."),
    click.option("--to-m", type=float, help="Where it ends."),
    click.option("--cars", help="Vehicles: 7 or 6-7."),
    click.option("--colours", help="One a vehicle, by commas; red*3 stands for three."),
    click.option("--types", help="One a vehicle, by commas."),
    click.option("--area-m2", help="Square metres: 120 or 100-140."),
    click.option("--outline", help="WKT polygon in lon/lat."),
)
answer_options = together(
    record_options,
    reader_option,
    click.option("--reason", help="Why; `review reasons` lists them."),
    click.option("--remark", default="", help="In your own words."),
)
ids_argument = click.argument("names", metavar="ID...", nargs=-1, required=True)


@group()
def review() -> None:
    """Accept, reject or correct findings, in the terminal or in a GIS.

    Answers are only ever added, beside what the detector found. Readers may disagree: all answers stay.
    """


@review.command("list")
@record_options
@filters
@document_option
@done_in("review")
def list_open() -> None:
    """List what still wants a reader: unreviewed, disagreed, or changed since it was reviewed."""


@review.command()
@click.argument("name", metavar="ID")
@record_options
@reports_option
@document_option
@done_in("review")
def show() -> None:
    """Show one finding with its evidence and every answer to it. ID as `review list` prints it."""


@review.command("summary")
@record_options
@document_option
@done_in("review")
def summary_of() -> None:
    """Say how much is reviewed, how far readers agree, and whether the stated confidence holds."""


@review.command()
@done_in("review")
def reasons() -> None:
    """List the reasons an answer can be given for."""


@review.command()
@ids_argument
@answer_options
@done_in("review_answer")
def accept() -> None:
    """Say that findings are so."""


@review.command()
@ids_argument
@answer_options
@done_in("review_answer")
def reject() -> None:
    """Say that findings are not so; --reason is needed."""


@review.command()
@ids_argument
@answer_options
@click.option("--kind", type=KINDS, help="What it is instead.")
@values_options
@done_in("review_answer")
def correct() -> None:
    """Say that findings are so, but with other values. What is not given stays the detector's."""


@review.command()
@ids_argument
@answer_options
@done_in("review_answer")
def withdraw() -> None:
    """Take your own answers back: they stay in the record but count no more."""


@review.command()
@click.argument("date")
@answer_options
@click.option("--kind", type=click.Choice(["train", "cargo"]), default="train", show_default=True)
@click.option("--area", help="Id of the area. Default: that of the track.")
@values_options
@done_in("review_answer")
def add() -> None:
    """Add what the detector missed on DATE: a report's folder, a scene's id, or a time like 2022-11-30."""


@review.command()
@click.argument("date")
@answer_options
@click.option("--area", "areas", multiple=True, help="Id of an area. Default: every area that could be seen.")
@click.option("--kind", type=click.Choice(["train", "cargo"]), help="Default: trains and goods.")
@done_in("review_answer")
def complete() -> None:
    """Say that you looked over whole areas on DATE, and that nothing is missing.

    Only then can `evaluate` tell what share was found.
    """


@review.command()
@record_options
@reader_option
@reports_option
@filters
@done_in("review_walk")
def walk() -> None:
    """Go through what is open, one by one. Each answer is kept at once: stop whenever you like.

    What you have answered yourself is passed over; what another reader answered still comes with --all.
    """


@review.command()
@click.argument("out", metavar="FILE.gpkg", type=SCENE)
@record_options
@reader_option
@filters
@done_in("review")
def export() -> None:
    """Write findings and detections as a GeoPackage to answer in a GIS.

    Every standing finding is written; --unreviewed, --disagreed, --stale, dates, area, kind and grade
    narrow it.
    """


@review.command("import")
@click.argument("file", metavar="FILE.gpkg", type=SCENE)
@record_options
@reader_option
@click.option(
    "--site-file", type=SCENE, help="Site file, for outlines moved along a track. Default: built in."
)
@done_in("review")
def import_file() -> None:
    """Read answers back from a GeoPackage: all of them, or none."""


@review.command()
@click.argument("report", type=SCENE)
@record_options
@click.option("--out", type=SCENE, required=True, help="Truth file (JSON) to make.")
@done_in("review")
def truth() -> None:
    """Write what was reviewed in REPORT's scenes as a truth file for `evaluate`."""
