"""``settings``: print every number that decides a result."""

from __future__ import annotations

import click

from tumangang_watch.settings import Settings


@click.command("settings")
def settings() -> int:
    """Print every setting as JSON, with the digest that reports carry (``settings_sha256``)."""
    click.echo(Settings().text())
    return 0
