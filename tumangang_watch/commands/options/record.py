"""``archive``, ``watch``, ``backfill``, ``series``, ``trains``: what is done with a record of many dates."""

from __future__ import annotations

import click

from tumangang_watch.commands.options.shared import (
    SCENE,
    archive_option,
    detectability_option,
    json_option,
    limit_option,
    overwrite_option,
    reports_option,
    review_option,
    site_id_option,
    site_option,
)
from tumangang_watch.commands.terminal.declare import command, group
from tumangang_watch.commands.terminal.lazy import done_in

made_reports_option = click.option(
    "--reports",
    type=SCENE,
    required=True,
    envvar="TUMANGANG_WATCH_REPORTS",
    show_envvar=True,
    help="Folder that gets one report a scene.",
)
scene_limit_option = limit_option("Longest time one scene may take; it is tried twice, then given up")
refresh_option = click.option(
    "--refresh", is_flag=True, help="Report again what another version or other settings made."
)


@group()
def archive() -> None:
    """Export, check and rebuild the record of every scene and finding."""


@archive.command()
@archive_option
@click.option("--out", type=SCENE, required=True, help="File (gpkg) or folder (csv, parquet) to make.")
@click.option(
    "--review", is_flag=True, help="Mark detections and findings with what became of them under review."
)
@click.option(
    "--format", "kind", type=click.Choice(["gpkg", "parquet", "csv"]), help="Default: from the name of --out."
)
@done_in("archive")
def export() -> None:
    """Write the archive as GeoPackage, Parquet or CSV."""


@archive.command()
@archive_option
@reports_option
@click.option("--files", is_flag=True, help="Read every file of every report as well.")
@done_in("archive")
def check() -> None:
    """Say whether the archive is whole and, with --reports, agrees with the reports."""


@archive.command()
@archive_option
@made_reports_option
@click.option("--scenes", type=SCENE, help="Folder of the scenes (the inbox of `watch`).")
@done_in("archive")
def rebuild() -> None:
    """Make the archive again from reports and scenes; an earlier file is kept beside it."""


@command(short_help="Take in what is new in INBOX and write one dated report a scene.")
@click.argument("inbox", type=SCENE)
@archive_option
@made_reports_option
@site_option
@click.option("--settle", type=click.FloatRange(0), help="Seconds without a change until a file is whole.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@scene_limit_option
@refresh_option
@detectability_option
@click.option("--notify-command", help="Run once a finding, the finding as JSON on its standard input.")
@click.option("--base-url", default="", help="Where --reports is served, for the links of the feed.")
@json_option
@done_in("quiet")
def watch() -> None:
    """Take in what is new in INBOX and write one dated report a scene, once. For cron.

    Exit status: 0 done, 3 a new scene was refused (the others were taken in), 5 something could not be
    written or told, 6 the archive is damaged, 75 another run is at it, or all that is new is still growing.
    """


@command(short_help="Take in many SCENES (files or folders) on several processes.")
@click.argument("scenes", type=SCENE, nargs=-1, required=True)
@archive_option
@made_reports_option
@site_option
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: one a processor.")
@click.option("--scheduler", help="Address of a Dask scheduler whose workers see the same folders.")
@scene_limit_option
@refresh_option
@detectability_option
@json_option
@done_in("watch")
def backfill() -> None:
    """Take in many SCENES (files or folders) on several processes, or on a Dask cluster.

    The record comes out as `watch` would make it. Work whose process or machine dies is done again.
    """


@command(short_help="Write what every date so far showed.")
@archive_option
@click.option("--out", type=SCENE, help="Folder for tables, plots and page. Default: only told.")
@site_id_option
@reports_option
@review_option
@click.option("--no-pictures", is_flag=True, help="Tables only: no plots, no page, no strips.")
@click.option("--json", "as_json", is_flag=True, help="Also print series.json to stdout.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier series in --out.")
@done_in("series")
def series() -> None:
    """Write what every date so far showed: counts, lengths, fill and areas, with what is unusual.

    With --reports the page's points open that day's report, and each track gets a picture of all dates.
    """


def _number(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuse what is no number: no range does."""
    if value is not None and value != value:
        raise click.BadParameter("it is not a number", param=parameter)
    return value


@command(short_help="Find the same train seen again at another date or place.")
@archive_option
@click.option(
    "--out", type=SCENE, help="Folder for page, table, pictures and trains.json. Default: only told."
)
@site_id_option
@click.option("--area", "areas", multiple=True, help="Only trains in this area; may be given again.")
@click.option("--since", help="Only trains seen on or after this day (or time), UTC.")
@click.option("--until", help="Only trains seen on or before this day (or time), UTC.")
@click.option(
    "--within-days",
    type=click.FloatRange(min=0.0, min_open=True),
    callback=_number,
    help="Compare trains at most so many days apart. Default: 60.",
)
@click.option(
    "--max-expected-false",
    callback=_number,
    type=click.FloatRange(min=0.0, min_open=True, max=10.0),
    help="False matches accepted over the whole record. Default: 0.1.",
)
@review_option
@reports_option
@json_option
@overwrite_option
@done_in("trains")
def trains() -> None:
    """Find the same train seen again at another date or place, and its journey.

    Every two trains that can have been one are compared by the order of their wagons. A match is told
    with its E-value: how many as good would be expected by chance among all comparisons made. A train
    that never moved is one stay. With --reports the cars are cut from the reports' pictures.
    """
