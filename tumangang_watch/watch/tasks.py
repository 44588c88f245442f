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
from tumangang_watch.errors import (
    Busy,
    InputRefused,
    NotYetAcquired,
    OutputFailed,
    WatchError,
    fault_words,
    is_shortage,
)
from tumangang_watch.model.comparison import Comparison, LeftOut
from tumangang_watch.model.document import IssueDocument
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


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a piece of work gave nothing, as the user is told."""

    what: str
    file: str
    why: str
    todo: str
    exit_status: int
    acquired: str | None = None
    unexpected: bool = False
    """A fault of the program rather than of the scene."""
    passing: bool = False
    """The machine was short of memory or open files: nothing is said of the scene."""

    @classmethod
    def of(cls, error: Exception, file: str, acquired: str | None = None) -> Failed:
        """Return an error as a value; one that was not foreseen, as a fault of the scene it was met in."""
        if is_shortage(error):
            return cls.passed(file, fault_words(error), acquired)
        if not isinstance(error, WatchError):
            return cls.unforeseen(file, fault_words(error), acquired)
        return cls(
            what=error.what,
            file=error.file,
            why=error.why,
            todo=error.todo,
            exit_status=error.exit_status,
            acquired=error.acquired if isinstance(error, NotYetAcquired) else acquired,
        )

    @classmethod
    def passed(cls, file: str, why: str, acquired: str | None = None) -> Failed:
        """Return what is told of a scene for which the machine had too little."""
        return cls(
            what="scene passed over",
            file=file,
            why=why,
            todo="The machine was short of memory or open files; the next run tries again",
            exit_status=InputRefused.exit_status,
            acquired=acquired,
            passing=True,
        )

    @classmethod
    def unforeseen(cls, file: str, why: str, acquired: str | None = None) -> Failed:
        """Return what is told of a scene that met a fault of the program."""
        return cls(
            what="scene failed",
            file=file,
            why=why,
            todo="The other scenes were taken in; report this fault with the scene",
            exit_status=InputRefused.exit_status,
            acquired=acquired,
            unexpected=True,
        )

    @property
    def of_scenes(self) -> bool:
        """Whether the scenes are at fault: it would be so another time."""
        return not self.passing and self.exit_status not in (OutputFailed.exit_status, Busy.exit_status)

    def __str__(self) -> str:
        return f"{self.what}: {self.file}: {self.why}. {self.todo}"


@dataclass(frozen=True)
class Made:
    """A report stands in its folder."""

    faults: tuple[Failed, ...] = ()
    """Scenes that it had to do without because of a fault of the program."""


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
    tells: dict[str, tuple[KnownFile, ...]]
    """Areas whose changes it tells, and the later looks at each."""
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


def is_made(folder: Path, issue: IssueDocument) -> bool:
    """Return whether a folder holds, whole, the report that another run made from the same inputs."""
    try:
        made = read_issued(folder).report["issue"]
        return all(made[name] == issue[name] for name in ("inputs_sha256", "part", "revision"))
    except (InputRefused, KeyError, TypeError):
        return False


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
