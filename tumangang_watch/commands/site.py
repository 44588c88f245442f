"""``site``: make and check site files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tumangang_watch.commands.options import SCENE


@click.group("site")
def site_group() -> None:
    """Make and check site files."""


@site_group.command("check")
@click.argument("file", type=SCENE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def site_check(file: Path, as_json: bool) -> int:
    """Name every fault and doubt of a site file: what, where, why it matters, what to do.

    A fault refuses the file (exit status 3); with doubts alone it can be used.
    """
    from tumangang_watch.errors import InputRefused
    from tumangang_watch.sites import examine_site

    remarks = examine_site(file)
    faults = [remark for remark in remarks if remark.level == "fault"]
    if as_json:
        from dataclasses import asdict

        told = [{**asdict(r), "matters": r.matters, "todo": r.todo} for r in remarks]
        document = {"file": str(file), "sound": not faults, "remarks": told}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        from tumangang_watch.sites.words import remarks_text

        click.echo(remarks_text(file, remarks))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputRefused("site refused", file, f"{faults[0]}{more}", faults[0].todo)
    return 0
