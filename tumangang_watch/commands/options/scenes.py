"""``compare``, ``detect``, ``inspect``, ``settings``, and what is checked against people's knowledge."""

from __future__ import annotations

import click

from tumangang_watch.commands.options.shared import (
    SCENE,
    acquired_option,
    bands_option,
    detectability_option,
    document_option,
    json_option,
    limit_option,
    overwrite_option,
    site_option,
    time_limit_option,
    together,
)
from tumangang_watch.commands.terminal.declare import command, group
from tumangang_watch.commands.terminal.lazy import done_in

out_option = click.option(
    "--out", type=SCENE, required=True, help="Folder for the report; must not exist yet."
)
measuring_options = together(
    bands_option,
    click.option(
        "--geolocation-accuracy",
        "geolocation_m",
        type=click.FloatRange(0.0, 300.0, min_open=True),
        multiple=True,
        metavar="METRES",
        help="How well it is known where the scene lies (CE90), instead of what its product is known for. "
        "Given twice, of EARLIER and of LATER.",
    ),
    click.option(
        "--site-shift",
        "site_shift",
        multiple=True,
        metavar="EAST,NORTH",
        help="Metres to add to the scene's coordinates so that it lies on the site: your own word, taken as "
        "it is, or searched about within --geolocation-accuracy. Given twice, of EARLIER and of LATER.",
    ),
    click.option(
        "--history",
        type=SCENE,
        multiple=True,
        help="Folder of earlier scenes, or an archive, that say what is usual here; may be given again.",
    ),
    click.option(
        "--archive",
        "archives",
        type=SCENE,
        multiple=True,
        help="Archive whose earlier scenes say what is usual here.",
    ),
    detectability_option,
    click.option(
        "--lang",
        "language",
        type=click.Choice(["en", "ko", "ru"]),
        default="en",
        show_default=True,
        help="Language of the fixed words of report.html; what is measured is told in English.",
    ),
    click.option(
        "--figures",
        is_flag=True,
        help="Also write figures for print (PNG, 300 dpi, with credit line): overview, pairs, strips.",
    ),
    click.option(
        "--rasters",
        is_flag=True,
        help="Also write the clipped, aligned scenes as cloud-optimised GeoTIFFs; outlines lie on them.",
    ),
    click.option("--pdf", is_flag=True, help="Also print the page as report.pdf (needs Chromium or Chrome)."),
    time_limit_option,
    json_option,
    overwrite_option,
)


@command()
@click.argument("earlier", type=SCENE)
@click.argument("later", type=SCENE)
@out_option
@site_option
@click.option(
    "--acquired",
    multiple=True,
    help="Acquisition time (ISO 8601, UTC) of EARLIER and, given again, of LATER, "
    "where the scenes do not say. Given once with one undated scene, it is that scene's.",
)
@measuring_options
@click.option("--exit-code", is_flag=True, help="Exit with 10 when something changed.")
@done_in("scenes")
def compare() -> None:
    """Compare two scenes and write a dated change report to --out."""


@command()
@click.option("--out", type=SCENE, default="demo", show_default=True, help="Folder for the report.")
@overwrite_option
@done_in("scenes")
def demo() -> None:
    """Compare the two PAINTED scenes that ship with the program: to see what a report looks like."""


@command()
@click.argument("scene", type=SCENE)
@out_option
@site_option
@acquired_option
@measuring_options
@done_in("scenes")
def detect() -> None:
    """Report one date: what stands on the tracks and on the ground."""


@command(short_help="Print what is understood of a scene, and what it can and cannot show.")
@click.argument("scene", type=SCENE)
@acquired_option
@bands_option
@site_option
@click.option("--quicklook", type=SCENE, help="Write a picture (PNG) of what it shows of the site.")
@time_limit_option
@document_option
@done_in("inspect")
def inspect() -> None:
    """Print what is understood of a scene, and what it can and cannot show.

    SCENE is an image, a vendor's metadata file, a STAC Item, or a folder; of a folder every image is
    listed, the one that would be taken first.
    """


@command(short_help="Print every setting as JSON, with the digest that reports carry.")
@done_in("scenes")
def settings() -> None:
    """Print every setting as JSON, with the digest that reports carry (``settings_sha256``)."""


@command(short_help="Judge published observations.")
@click.option("--out", type=SCENE, required=True, help="Folder for the result; must not exist yet.")
@click.option("--scenes", type=SCENE, help="Folder of your own scenes. Default: the sequence is painted.")
@site_option
@limit_option(
    "Longest time that reading one scene, or measuring it, may take: a file can make a library hang"
)
@json_option
@overwrite_option
@done_in("reproduce")
def reproduce() -> None:
    """Judge published observations: reproduced, contradicted, not observable, or no scene.

    With --scenes the claims are judged on your own scenes, matched by date and place. Without, on
    scenes of November and December 2022 that are PAINTED after the publications: no evidence of
    anything, but a check of the judging from end to end.
    """


@command()
@click.argument("report", type=SCENE)
@click.argument("truth", type=SCENE)
@click.option("--possible", is_flag=True, help="Also score what is only graded possible.")
@document_option
@done_in("evaluate")
def evaluate() -> None:
    """Score REPORT (a report folder or its report.json) against labels.

    TRUTH is a truth file, or an archive: then what readers reviewed in the report's scenes is the truth.
    """


@group()
def growth() -> None:
    """Check mapped growth with points that an analyst labels."""


@growth.command()
@click.argument("report", type=SCENE)
@click.option("--out", type=SCENE, required=True, help="GeoJSON file for the points; must not exist yet.")
@site_option
@click.option("--new", "new_count", default=60, show_default=True, help="Points in mapped new ground.")
@click.option("--other", "other_count", default=60, show_default=True, help="Points in the rest.")
@done_in("growth")
def points() -> None:
    """Draw the points to label for the growth that REPORT maps (the same every time)."""


@growth.command()
@click.argument("report", type=SCENE)
@click.argument("labelled", type=SCENE)
@site_option
@document_option
@done_in("growth")
def area() -> None:
    """Print the error-adjusted area of new ground from REPORT and the LABELLED points."""
