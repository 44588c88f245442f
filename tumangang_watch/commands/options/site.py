"""``site``: make and check site files."""

from __future__ import annotations

import click

from tumangang_watch.commands.options.shared import (
    SCENE,
    acquired_option,
    bands_option,
    document_option,
    overwrite_file_option,
    time_limit_option,
)
from tumangang_watch.commands.terminal.declare import group
from tumangang_watch.commands.terminal.lazy import done_in

out_option = click.option("--out", type=SCENE, required=True, help="Site file to write (.geojson).")


@group()
def site() -> None:
    """Make and check site files."""


@site.command()
@click.argument("file", type=SCENE)
@document_option
@done_in("site")
def check() -> None:
    """Name every fault and doubt of a site file: what, where, why it matters, what to do.

    A fault refuses the file (exit status 3); with doubts alone it can be used.
    """


@site.command("import")
@click.argument("sources", type=SCENE, nargs=-1, required=True)
@out_option
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="[LAYER=]ROLE",
    help="Role of features (of one layer) that have no 'role' of their own; may be repeated.",
)
@click.option("--layer", "layers", multiple=True, help="Read this layer only; may be repeated.")
@click.option("--id-field", help="Field to take ids from. Default: id, track number, or name.")
@click.option("--crs", help="Reference system of a source that does not say its own, e.g. EPSG:32652.")
@click.option(
    "--scene",
    type=SCENE,
    help="The scene that the sources were drawn on: it is kept, and later scenes are registered to it.",
)
@acquired_option
@bands_option
@time_limit_option
@overwrite_file_option
@done_in("site")
def import_files() -> None:
    """Make a site file from GeoJSON, KML, KMZ, GeoPackage or Shapefile SOURCES (zipped too).

    A feature's role is its 'role' property, else --role, else what its OpenStreetMap tags say, else
    its layer's name; a line without any of these is a track, and a polygon that holds tracks a yard.
    """


@site.command("add-reference")
@click.argument("site", type=SCENE)
@click.argument("scene", type=SCENE)
@click.option(
    "--site-shift",
    metavar="EAST,NORTH",
    help="Metres to add to the scene's coordinates so that it lies on the site: your word, taken as it is.",
)
@click.option(
    "--as-it-lies", is_flag=True, help="The site was drawn on this scene: it lies where it says, unfitted."
)
@acquired_option
@bands_option
@time_limit_option
@done_in("site_scene")
def add_reference() -> None:
    """Keep one more SCENE with a SITE file, small: later scenes are registered to the one most alike.

    Give a clear one for each season: bare, green, snow. It is laid on the site by the references that are
    there already, else by the site's geometry. A scene given again takes its own place.
    """


@site.command()
@click.argument("site", type=SCENE)
@click.argument("scene", type=SCENE)
@click.option("--out", type=SCENE, required=True, help="Picture to write (.png).")
@acquired_option
@bands_option
@time_limit_option
@overwrite_file_option
@done_in("site_scene")
def show() -> None:
    """Draw a site over a scene fitted to it, and say how well it fits."""


@site.command()
@click.argument("scene", type=SCENE)
@out_option
@click.option(
    "--site",
    type=SCENE,
    help="Site file to add tracks to. Default: the built-in site where the scene shows it, else a new one.",
)
@acquired_option
@bands_option
@time_limit_option
@overwrite_file_option
@done_in("site_scene")
def trace() -> None:
    """Find the tracks in a clear SCENE and write them as a site file, for review.

    A traced track says how well it is known (accuracy_m), how sure it is (confidence) and stays
    'provisional' until a person has looked at it. Provisional tracks of the site are moved onto what
    is traced; others stay as they are. The scene itself is kept small beside the file, and later
    scenes are registered to it.
    """
