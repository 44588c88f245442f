"""``site`` commands that look at a scene: trace, show, add-reference."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch.commands.terminal.given import placed_as_stated, scene_options
from tumangang_watch.commands.terminal.progress import progress_bar
from tumangang_watch.commands.terminal.run_settings import time_limit_s
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import UsageError
from tumangang_watch.files import whole_files
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline import RunContext
from tumangang_watch.pipeline.fit import place_scene
from tumangang_watch.pipeline.references import add_reference as write_another
from tumangang_watch.pipeline.references import keep_another
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
from tumangang_watch.sites import built_in_site_path, load_site
from tumangang_watch.sites.file import check_room, read_collection, refuse_source
from tumangang_watch.text import count_text


def opened_scene(scene: Path, acquired: str | None, bands: str | None, settings: Settings) -> Scene:
    """Return a scene with what the user says of it."""
    return open_scene(scene, scene_options(acquired, bands), settings.read)


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
            opened = opened_scene(scene, acquired, bands, settings)
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
            opened = opened_scene(scene, acquired, bands, settings)
            with unchanged([opened]):
                raster, fit, caveats = place_scene(opened, run)
        progress("drawing")
        with whole_files(out, replace=overwrite) as (part,):
            site_picture(run.site, opened, raster, fit).save(part, "PNG")
    for words in (fit_words(fit), *caveats):
        tell(f"{out}: {words}")
    return 0


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
            opened = opened_scene(scene, acquired, bands, settings)
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
