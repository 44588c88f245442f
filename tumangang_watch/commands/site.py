"""``site check`` and ``site import``: site files without any scene, but for one that was drawn on."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.run_settings import time_limit_s
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.model.site import Site
from tumangang_watch.processes import within
from tumangang_watch.settings import Settings
from tumangang_watch.sites import examine_site
from tumangang_watch.sites.collection import ROLES
from tumangang_watch.sites.file import check_room, refuse_source, write_site
from tumangang_watch.sites.importing import Imported, import_sources
from tumangang_watch.sites.importing.roles import ImportOptions
from tumangang_watch.sites.remarks import remarks_text
from tumangang_watch.text import count_text, json_text

MAX_NOTES = 10
"""Notes of an import that are printed one by one."""


def check(file: Path, as_json: bool) -> int:
    """Name every fault and doubt of a site file: what, where, why it matters, what to do."""
    remarks = examine_site(file)
    faults = [remark for remark in remarks if remark.level == "fault"]
    if as_json:
        rows = [{**asdict(r), "matters": r.matters, "todo": r.todo} for r in remarks]
        document = {"file": str(file), "sound": not faults, "remarks": rows}
        click.echo(json_text(document), nl=False)
    else:
        click.echo(remarks_text(file, remarks))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputRefused("site refused", file, f"{faults[0]}{more}", faults[0].todo)
    return 0


def import_files(
    sources: tuple[Path, ...],
    out: Path,
    roles: tuple[str, ...],
    layers: tuple[str, ...],
    id_field: str | None,
    crs: str | None,
    scene: Path | None,
    acquired: str | None,
    bands: str | None,
    time_limit: int | None,
    overwrite: bool,
) -> int:
    """Make a site file from GeoJSON, KML, KMZ, GeoPackage or Shapefile SOURCES (zipped too)."""
    refuse_source(out, [*sources, *([scene] if scene else [])])
    check_room(out, overwrite)
    settings, kept = Settings(), None
    options = ImportOptions(roles=_roles(roles), layers=layers, id_field=id_field, crs=crs, name=out.stem)
    # Without a scene nothing that reads or measures one is loaded.
    drawn_on = late("commands.site_scene") if scene else None
    references = late("pipeline.references") if scene else None
    if references:
        references.check_references(out, 1, overwrite=overwrite)
    with progress_bar() as progress, within(time_limit_s(time_limit)):
        opened = drawn_on.opened_scene(scene, acquired, bands, settings) if drawn_on else None
        imported = import_sources(sources, options)
        if references:
            kept = references.keep_drawn_on(imported.collection, opened, settings, out, progress)
    if references is None:
        site = write_site(imported.collection, out, overwrite=overwrite)
    else:
        site = references.write_with_references(imported.collection, kept, (), out, overwrite=overwrite)
    _print_import(out, site, imported)
    return 0


def _roles(given: tuple[str, ...]) -> dict[str, str]:
    """Return role by layer of ``LAYER=ROLE`` and ``ROLE`` options."""
    out = {}
    for text in given:
        layer, _, role = text.rpartition("=")
        if role not in ROLES:
            raise UsageError("unknown role", "--role", repr(role), f"Use one of {', '.join(ROLES)}")
        out[layer] = role
    return out


def _print_import(out: Path, site: Site, imported: Imported) -> None:
    """Print what was taken, what was left out and why, and what is doubtful."""
    roles = Counter(area.role for area in site.areas)
    parts = [count_text(len(site.tracks), "track")] if site.tracks else []
    parts += [count_text(number, role) for role, number in roles.items()]
    parts += [f"its scene {reference.name}" for reference in site.references]
    lines = [f"{out}: {', '.join(parts)}"]
    if imported.left_out:
        lines.append("left out: " + ", ".join(f"{n} ({why})" for why, n in imported.left_out.items()))
    lines += [f"note: {note}" for note in imported.notes[:MAX_NOTES]]
    if len(imported.notes) > MAX_NOTES:
        lines.append(f"note: and {len(imported.notes) - MAX_NOTES} more")
    doubts = examine_site(out)
    if doubts:
        lines.append(f"{count_text(len(doubts), 'doubt')}: 'tumangang-watch site check {out}' explains")
    for line in lines:
        tell(line)
