"""Options that more than one command takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from tumangang_watch.text import is_utf8

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class NamedPath(click.Path):
    """A path whose name is text in UTF-8: GDAL and SQLite take no other, and no report could name it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or say that its name cannot be used."""
        path = super().convert(value, param, ctx)
        if is_utf8(str(path)):
            return path
        remedy = "rename it"
        if is_utf8(os.fsencode(path).decode(errors="surrogateescape")):
            remedy = "set a locale of UTF-8 (LC_ALL=C.UTF-8)"
        return self.fail(f"the name {str(path)!r} is not UTF-8: {remedy}", param, ctx)


SCENE = NamedPath(path_type=Path)


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


def limit_option(words: str) -> Decorator:
    """Return the option of a longest time, told in a command's own words."""
    seconds = click.IntRange(1, 604_800)
    return click.option("--time-limit", type=seconds, metavar="SECONDS", help=f"{words}. Default: 900.")


time_limit_option = limit_option(
    "Longest time that reading and measuring may take: a file can make a library hang"
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace an earlier report in --out.")
overwrite_file_option = click.option("--overwrite", is_flag=True, help="Replace an earlier file at --out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Also print the result as JSON to stdout.")
document_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
