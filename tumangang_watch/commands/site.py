"""``site``: make and check site files."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from tumangang_watch.commands.run import placed_as_stated, scene_options, time_limit_s
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.files import whole_files
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext
from tumangang_watch.pipeline.fit import place_scene
from tumangang_watch.pipeline.references import add_reference as write_another
from tumangang_watch.pipeline.references import (
    check_references,
    keep_another,
    keep_drawn_on,
    write_with_references,
)
from tumangang_watch.pipeline.run import Progress
from tumangang_watch.pipeline.trace import (
    TraceResult,
    references_to_carry,
    site_of_scene,
    trace_scene,
    write_traced,
)
from tumangang_watch.processes import within
from tumangang_watch.report.site_map import fit_words, site_picture
from tumangang_watch.scenes import footprint, open_scene, unchanged
from tumangang_watch.settings import Settings
from tumangang_watch.sites import built_in_site_path, examine_site, load_site
from tumangang_watch.sites.collection import ROLES
from tumangang_watch.sites.file import check_room, read_collection, refuse_source, write_site
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
    if scene:
        check_references(out, 1, overwrite=overwrite)
    with progress_bar() as progress, within(time_limit_s(time_limit)):
        opened = open_scene(scene, scene_options(acquired, bands), settings.read) if scene else None
        imported = import_sources(sources, options)
        if opened is not None:
            kept = keep_drawn_on(imported.collection, opened, settings, out, progress)
    if kept is None:
        site = write_site(imported.collection, out, overwrite=overwrite)
    else:
        site = write_with_references(imported.collection, kept, (), out, overwrite=overwrite)
    _print_import(out, site, imported)
    return 0


def add_reference(
    site: Path,
    scene: Path,
    site_shift: str | None,
    as_it_lies: bool,
    acquired: str | None,
    bands: str | None,
    time_limit: int | None,
) -> int:
    """Keep one more SCENE with a SITE file, small: later scenes are registered to the one most alike."""
    if as_it_lies and site_shift:
        raise UsageError("two places", "--site-shift", "--as-it-lies is given too", "Give one of the two")
    refuse_source(site, (scene,))
    settings = Settings()
    with progress_bar() as progress:
        run = RunContext(load_site(site), settings, progress)
        check_room(site, True)
        with within(time_limit_s(time_limit)):
            opened = open_scene(scene, scene_options(acquired, bands), settings.read)
            (opened,) = placed_as_stated((opened,), (), (site_shift,) if site_shift else ())
            kept = keep_another(opened, run, as_it_lies=as_it_lies)
        progress("writing the site file")
        written = write_another(kept, site)
    names = ", ".join(reference.name for reference in written.references)
    for line in (f"{site}: {opened.id} is kept; {kept.placed}", f"its references: {names}"):
        tell(line)
    return 0


def show(
    site: Path,
    scene: Path,
    out: Path,
    acquired: str | None,
    bands: str | None,
    time_limit: int | None,
    overwrite: bool,
) -> int:
    """Draw a site over a scene fitted to it, and say how well it fits."""
    check_room(out, overwrite, (".png",))
    refuse_source(out, (site, scene))
    with progress_bar() as progress:
        settings = Settings()
        run = RunContext(load_site(site), settings, progress)
        with within(time_limit_s(time_limit)):
            opened = open_scene(scene, scene_options(acquired, bands), settings.read)
            with unchanged([opened]):
                raster, fit, caveats = place_scene(opened, run)
        progress("drawing")
        with whole_files(out, replace=overwrite) as (part,):
            site_picture(run.site, opened, raster, fit).save(part, "PNG")
    for words in (fit_words(fit), *caveats):
        tell(f"{out}: {words}")
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


def trace(
    scene: Path,
    out: Path,
    site: Path | None,
    acquired: str | None,
    bands: str | None,
    time_limit: int | None,
    overwrite: bool,
) -> int:
    """Find the tracks in a clear SCENE and write them as a site file, for review."""
    settings = Settings()
    refuse_source(out, [scene, *([site] if site else [])])
    with progress_bar("trace") as progress:
        with within(time_limit_s(time_limit)):
            opened = open_scene(scene, scene_options(acquired, bands), settings.read)
            run, collection = _traced_site(opened, site, settings, progress)
            carried = references_to_carry(opened, run, collection, out, overwrite=overwrite)
            traced = trace_scene(opened, run, collection, carried)
        progress("writing the site file")
        result = write_traced(traced, out, overwrite=overwrite)
    _print_trace(out, result)
    return 0


def _traced_site(
    scene: Scene, site: Path | None, settings: Settings, progress: Progress
) -> tuple[RunContext, dict[str, object] | None]:
    """Return the run with the site to trace, and its FeatureCollection; None for a new site."""
    loaded = load_site(site)
    shown = footprint(scene, loaded.crs)
    if site is None and not any(a.polygon.intersects(shown) for a in loaded.areas):
        return RunContext(site_of_scene(scene), settings, progress), None
    return RunContext(loaded, settings, progress), read_collection(site or built_in_site_path())[0]


def _print_trace(out: Path, result: TraceResult) -> None:
    """Print what was traced, how sure it is, and what to do next."""
    traced = [t for t in result.site.tracks if t.id in (*result.moved, *result.new)]
    length_m = sum(t.line.length for t in traced)
    lines = [f"{out}: {count_text(len(traced), 'track')} traced, {length_m:.0f} m; {result.fit}"]
    lines += [
        f"  {t.id}: {t.line.length:.0f} m, known to {t.accuracy_m:g} m, confidence {t.confidence:.2f}"
        for t in traced
    ]
    if result.kept:
        lines.append(f"not found, left as the model has them: {', '.join(result.kept)}")
    if result.dropped:
        lines.append(f"left out, the model does not fit what was traced: {', '.join(result.dropped)}")
    lines.append("review them over the scene, then set 'provisional' to false (docs/sites.md)")
    for line in lines:
        tell(line)
