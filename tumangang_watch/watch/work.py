"""What a worker does of a piece of `watch.tasks`: look at a scene, make a report.

Loaded by workers alone: it brings all that measures, which the run that hands work out need not load.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tumangang_watch import pipeline
from tumangang_watch.archive.read import KnownScene
from tumangang_watch.errors import Busy, InputRefused, OutputFailed, WatchError, fault_words, is_shortage
from tumangang_watch.model.comparison import Comparison, LeftOut
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.earlier_scenes import Candidates, add_left_out, known_of
from tumangang_watch.pipeline.last_look import only_since
from tumangang_watch.pipeline.prepare import judge_areas, read_image, working_grid
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.quality import assess_quality
from tumangang_watch.report.folder import write_report
from tumangang_watch.scenes import SceneOptions, open_scene, unchanged
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.text import utc_text
from tumangang_watch.watch.tasks import Failed, KnownFile, LookTask, Made, ReportTask, is_made


def look_at(task: LookTask) -> KnownScene | Failed:
    """Return what the choice of earlier dates needs to know of a scene; no date but its own is read."""
    acquired = None
    try:
        run = RunContext(load_site(task.site_file))
        scene = _open(task.path, task.latest)
        acquired = utc_text(scene.acquired)
        with unchanged([scene]):
            grid = working_grid((scene,), run)
            image = read_image(scene, grid, run)
        raster = image.on_grid(grid)
        quality = assess_quality(raster, image, scene, run.settings.quality)
        seen = Observation(
            date="later",
            scene=scene,
            image=image,
            raster=raster,
            quality=quality,
            site_fit=Registration(status="ok"),
        )
        areas = judge_areas(run, seen, None)
    except Exception as error:
        return Failed.of(error, task.path.name, acquired)
    observed = {area.id: round(area.observed_later, 3) for area in areas}
    return replace(known_of(scene), acquired=acquired, snow_state=quality.snow_state, observed=observed)


def make_report(task: ReportTask) -> Made | Failed:
    """Write a report's folder, or find it written already; return why it could not be done."""
    try:
        if is_made(task.folder, task.issue):
            return Made()
        comparison, faults = _measured(task)
        comparison = replace(comparison, issue=task.issue, caveats=(*task.caveats, *comparison.caveats))
        try:
            write_report(comparison, task.folder, tool_version=task.tool_version)
        except OutputFailed:
            # A worker that outlived its run may have put it there meanwhile.
            if not is_made(task.folder, task.issue):
                raise
    except Exception as error:
        return Failed.of(error, task.later.path.name)
    return Made(faults)


def _measured(task: ReportTask) -> tuple[Comparison, tuple[Failed, ...]]:
    """Return what the report says, and the scenes that failed behind it."""
    run = RunContext(load_site(task.site_file), task.settings)
    later = _same(task.later, task.latest)
    if task.earlier is None:
        with unchanged([later]):
            return pipeline.detect(later, run), ()
    given, earlier = _background(task), _same(task.earlier, task.latest)
    with unchanged([later, earlier, *given.scenes]):
        comparison, given = _compared(earlier, later, given, run)
    comparison = add_left_out(comparison, given)
    tells = {area: [_same(one, task.latest) for one in looks] for area, looks in task.tells.items()}
    with unchanged(scene for looks in tells.values() for scene in looks):
        comparison = only_since(comparison, tells, run, main=task.issue["part"] == 0)
    left_out = comparison.background_use.left_out if comparison.background_use else ()
    return comparison, tuple(Failed.unforeseen(item.name, item.why) for item in left_out if item.unexpected)


def _compared(
    earlier: Scene, later: Scene, given: Candidates, run: RunContext
) -> tuple[Comparison, Candidates]:
    """Compare two dates, without the background where that fails; return what background there was."""
    try:
        comparison = pipeline.compare(earlier, later, run, given.scenes)
    except WatchError:
        raise
    except Exception as error:
        if not given.scenes or is_shortage(error):
            raise
        # Background makes an answer better and never prevents it.
        why = fault_words(error)
        without = tuple(LeftOut(s.id, s.acquired, why, faulty=True) for s in given.scenes)
        given = replace(given, scenes=(), left_out=(*given.left_out, *without))
        comparison = pipeline.compare(earlier, later, run, ())
    return comparison, given


def _background(task: ReportTask) -> Candidates:
    """Open the dates that say what is usual; one that cannot be read any more is left out and named."""
    scenes, left_out = [], []
    for one in task.background:
        try:
            scenes.append(_same(one, task.latest))
        except InputRefused as error:
            if is_shortage(error):
                raise
            left_out.append(LeftOut(one.path.name, None, error.why, faulty=True))
        except WatchError:
            raise
        except Exception as error:
            if is_shortage(error):
                raise
            why = fault_words(error)
            left_out.append(LeftOut(one.path.name, None, why, faulty=True))
    return Candidates(tuple(scenes), tuple(left_out), len(task.background))


def _open(path: Path, latest: datetime) -> Scene:
    return open_scene(path, SceneOptions(latest=latest), Settings().read)


def _same(known: KnownFile, latest: datetime) -> Scene:
    """Open a scene and see that it is the one that was taken in."""
    scene = _open(known.path, latest)
    if scene.sha256 != known.sha256:
        raise Busy(
            "scene changed", known.path.name, "it is not what was taken in", "Try again when it is settled"
        )
    return scene
