"""``site``: make and check site files."""

from __future__ import annotations

from pathlib import Path

import click

from tumangang_watch.commands.options import SCENE


@click.group("site")
def site_group() -> None:
    """Make and check site files."""


@site_group.command("check")
@click.argument("file", type=SCENE)
def site_check(file: Path) -> int:
    """Read a site file and name every fault with its place."""
    from tumangang_watch.sites import check_site

    faults = check_site(file)
    for fault in faults:
        click.echo(fault, err=True)
    if not faults:
        click.echo(f"{file}: sound", err=True)
    return 3 if faults else 0
