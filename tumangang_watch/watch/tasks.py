"""The pieces of work that processes and machines are given: look at a scene, make a report.

Each is a function of a plain value and returns a plain value, so that it can run in another process or on
another machine that sees the same folders; done twice, it gives the same folder once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tumangang_watch import pipeline
from tumangang_watch.archive.read import KnownScene
from tumangang_watch.archive.rebuild import read_issued
from tumangang_watch.errors import Busy, InputRefused, WatchError
from tumangang_watch.model.comparison import LeftOut
from tumangang_watch.model.document import IssueDocument
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.earlier_scenes import Candidates, add_left_out, known_of
from tumangang_watch.pipeline.prepare import judge_areas, read_image, working_grid
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.quality import assess_quality
from tumangang_watch.report.folder import write_report
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.text import utc_text


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a piece of work gave nothing, as the user is told."""

    what: str
    file: str
    why: str
    todo: str
    exit_status: int
    acquired: str | None = None

    @classmethod
    def of(cls, error: WatchError, acquired: str | None = None) -> Failed:
        """Return an error as a value."""
        return cls(
            what=error.what,
            file=error.file,
            why=error.why,
            todo=error.todo,
            exit_status=error.exit_status,
            acquired=acquired,
        )

    def __str__(self) -> str:
        return f"{self.what}: {self.file}: {self.why}. {self.todo}"


@dataclass(frozen=True)
class LookTask:
    """A scene to look at."""

    path: Path
    site_file: Path | None
    latest: datetime
    """The caller's clock: what is acquired after it is refused."""


@dataclass(frozen=True)
class KnownFile:
    """A scene that was taken in: where it lies, and its content."""

    path: Path
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ReportTask:
    """A report to make."""

    later: KnownFile
    earlier: KnownFile | None
    background: tuple[KnownFile, ...]
    site_file: Path | None
    folder: Path
    issue: IssueDocument
    caveats: tuple[str, ...]
    settings: Settings
    tool_version: str
    latest: datetime


def look_at(task: LookTask) -> KnownScene | Failed:
    """Return what the choice of earlier dates needs to know of a scene; no date but its own is read."""
    acquired = None
    try:
        run = RunContext(load_site(task.site_file))
        scene = _open(task.path, task.latest)
        acquired = utc_text(scene.acquired)
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
    except WatchError as error:
        return Failed.of(error, acquired)
    observed = {area.id: round(area.observed_later, 3) for area in areas}
    return replace(known_of(scene), acquired=acquired, snow_state=quality.snow_state, observed=observed)


def make_report(task: ReportTask) -> Failed | None:
    """Write a report's folder, or find it written already; return why it could not be done."""
    try:
        if _made_before(task):
            return None
        run = RunContext(load_site(task.site_file), task.settings)
        later = _same(task.later, task.latest)
        if task.earlier is None:
            comparison = pipeline.detect(later, run)
        else:
            given = _background(task)
            comparison = pipeline.compare(_same(task.earlier, task.latest), later, run, given.scenes)
            comparison = add_left_out(comparison, given)
        comparison = replace(comparison, issue=task.issue, caveats=(*task.caveats, *comparison.caveats))
        write_report(comparison, task.folder, tool_version=task.tool_version)
    except WatchError as error:
        return Failed.of(error)
    return None


def _background(task: ReportTask) -> Candidates:
    """Open the dates that say what is usual; one that cannot be read any more is left out and named."""
    scenes, left_out = [], []
    for one in task.background:
        try:
            scenes.append(_same(one, task.latest))
        except InputRefused as error:
            left_out.append(LeftOut(one.path.name, None, error.why, faulty=True))
    return Candidates(tuple(scenes), tuple(left_out), len(task.background))


def _made_before(task: ReportTask) -> bool:
    """Return whether another run made the report from the same inputs."""
    try:
        issue = read_issued(task.folder).report.get("issue")
    except InputRefused:
        return False
    return issue is not None and issue.get("inputs_sha256") == task.issue["inputs_sha256"]


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
