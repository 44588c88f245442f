"""Options that more than one command takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
SCENE = click.Path(path_type=Path)


def together(*options: Decorator) -> Decorator:
    """Return several options as one decorator, in their order."""
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


site_option = click.option(
    "--site",
    type=SCENE,
    envvar="TUMANGANG_WATCH_SITE",
    show_envvar=True,
    help="Site file (GeoJSON). Default: the built-in Tumangang site.",
)
site_id_option = click.option("--site", "site_id", help="Id of the site, where the archive holds several.")
archive_option = click.option(
    "--archive",
    "archive_file",
    type=SCENE,
    required=True,
    envvar="TUMANGANG_WATCH_ARCHIVE",
    show_envvar=True,
    help="The archive: one SQLite file.",
)
reports_option = click.option(
    "--reports", type=SCENE, envvar="TUMANGANG_WATCH_REPORTS", show_envvar=True, help="Folder of the reports."
)
review_option = click.option(
    "--review",
    type=click.Choice(["with", "without"]),
    default="without",
    show_default=True,
    help="Take readers' reviews in (see `review`), or leave the detector's word.",
)
acquired_option = click.option(
    "--acquired", help="Acquisition time (ISO 8601, UTC) where the scene does not say."
)
bands_option = click.option(
    "--bands", help="Band roles in file order, e.g. blue,green,red,nir ('-' skips one)."
)
detectability_option = click.option(
    "--detectability/--no-detectability",
    default=True,
    show_default=True,
    help="Insert vehicles into the scene's own empty tracks and say how often each kind would be found.",
)
time_limit_option = click.option(
    "--time-limit",
    type=click.IntRange(1, 604_800),
    metavar="SECONDS",
    help="Longest time that reading and measuring may take: a file can make a library hang. Default: 900.",
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace an earlier report in --out.")
overwrite_file_option = click.option("--overwrite", is_flag=True, help="Replace an earlier file at --out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Also print the result as JSON to stdout.")
document_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
