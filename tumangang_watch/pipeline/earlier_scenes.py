"""Find the earlier scenes that may stand behind a scene: in folders, and in the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tumangang_watch.archive import open_archive, read
from tumangang_watch.archive.choose import distance, moment, same_class, usable_as_background
from tumangang_watch.archive.file import MAGIC
from tumangang_watch.archive.read import KnownScene
from tumangang_watch.errors import InputRefused, NotComparable, fault_words
from tumangang_watch.model.comparison import BackgroundUse, Comparison, LeftOut
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.background import ONE_TOO_MANY, SAME_IMAGE, fault_caveats
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.plain_files import opened
from tumangang_watch.scenes import SceneOptions, footprint, open_scene
from tumangang_watch.scenes.entry import scenes_in
from tumangang_watch.scenes.open import with_digest
from tumangang_watch.settings.records import WatchSettings
from tumangang_watch.text import utc_text

ARCHIVE_ENDS = (".sqlite", ".sqlite3", ".db", ".archive")
"""Names that are taken for archives even where the file does not look like one: then it is damaged."""


@dataclass(frozen=True)
class Candidates:
    """Scenes that may stand behind another, and those that cannot."""

    scenes: tuple[Scene, ...]
    """The most alike first."""
    left_out: tuple[LeftOut, ...]
    count: int
    """How many were considered."""


@dataclass(frozen=True)
class _Candidate:
    known: KnownScene
    path: Path
    scene: Scene | None = None
    """Opened, its digest not taken; None for one that the record knows well enough to be weighed."""


def find_candidates(
    sources: Sequence[Path],
    archives: Sequence[Path],
    measured: tuple[Scene, ...],
    run: RunContext,
    now: datetime,
) -> Candidates:
    """Return the earlier scenes of folders and archives that may stand behind a scene.

    Parameters
    ----------
    sources : sequence of Path
        Folders of scenes, or archives.
    archives : sequence of Path
        Archives.
    measured : tuple of Scene
        The scene, or (earlier, later).
    run : RunContext
    now : datetime
        The caller's clock.

    Raises
    ------
    InputRefused
        A folder is missing or holds no scene; a file is neither a folder nor an archive.
    ArchiveDamaged
        An archive is not whole.
    """
    found: list[_Candidate] = []
    left_out: list[LeftOut] = []
    records = [*archives, *(s for s in sources if _is_archive(s))]
    for record in records:
        found += _recorded(record, run)
    for folder in (s for s in sources if s not in records):
        for item in _lying(folder, run, now):
            if isinstance(item, LeftOut):
                left_out.append(item)
            else:
                found.append(item)
    count = len(found) + len(left_out)
    scenes = tuple(_ranked(found, measured, run, now, left_out))
    return Candidates(scenes, tuple(left_out), count)


def add_left_out(comparison: Comparison, given: Candidates) -> Comparison:
    """Add to a report which other candidates there were and why they were left out."""
    own = comparison.background_use or BackgroundUse(0)
    left_out = (*given.left_out, *own.left_out)
    caveats = (*comparison.caveats, *fault_caveats(given.left_out))
    if given.count and not own.used:
        caveats = (*caveats, "none of the earlier scenes offered could be used: nothing says what is usual")
    use = replace(own, candidates=given.count, left_out=left_out)
    return replace(comparison, background_use=use, caveats=caveats)


def _is_archive(path: Path) -> bool:
    """Tell an archive from a folder; refuse what is neither."""
    if path.is_dir():
        return False
    try:
        with opened(path) as file:
            looks = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise InputRefused(
            "no history", path, error.strerror or str(error), "Give a folder of scenes or an archive"
        ) from error
    if looks or path.suffix.lower() in ARCHIVE_ENDS:
        return True
    raise InputRefused(
        "no history",
        path,
        "it is neither a folder of scenes nor an archive",
        "Give a folder of scenes or an archive",
    )


def _lying(folder: Path, run: RunContext, now: datetime) -> Iterator[_Candidate | LeftOut]:
    """Yield the scenes of a folder, and what is none."""
    settings = run.settings
    paths = scenes_in(folder, settings.history.max_files)
    if not paths:
        raise InputRefused(
            "no history", folder, "it holds no scene", "Give a folder of earlier scenes, or leave it out"
        )
    for path in paths:
        run.progress(f"looking at {path.name}")
        yield _opened(path, path.relative_to(folder).as_posix(), run, now)


def _recorded(archive_file: Path, run: RunContext) -> Iterator[_Candidate]:
    """Yield the scenes that an archive knows of the site."""
    with open_archive(archive_file) as archive:
        known = read.known_scenes(archive, run.site.id)
        paths = read.paths_of(archive)
        inbox = Path(read.state(archive, "inbox") or archive_file.absolute().parent)
    for scene in known:
        lying = [inbox / place for place in paths.get(scene.sha256, ())]
        # Where the file is looked for only when the scene is wanted: records are long.
        yield _Candidate(replace(scene, observed={}), (lying or [Path(scene.scene_id)])[0])


def _opened(path: Path, name: str, run: RunContext, now: datetime) -> _Candidate | LeftOut:
    """Return a scene, its digest not yet taken; or why it is none."""
    try:
        scene = open_scene(path, SceneOptions(latest=now, digest=False), run.settings.read)
    except Exception as error:
        return LeftOut(name, None, fault_words(error), faulty=True)
    return _Candidate(known_of(scene), path, scene)


def known_of(scene: Scene) -> KnownScene:
    """Return a scene as the choice of earlier dates needs it, before any pixel is read."""
    return KnownScene(
        sha256=scene.sha256,
        scene_id=scene.id,
        acquired=utc_text(scene.acquired, fractions=False),
        gsd_m=scene.gsd_m,
        off_nadir_deg=scene.off_nadir_deg,
        view_azimuth_deg=scene.view_azimuth_deg,
        sun_elevation_deg=scene.sun_elevation_deg,
        sun_azimuth_deg=scene.sun_azimuth_deg,
        snow_state=None,
        radiometry=scene.radiometry,
        observed={},
    )


def _ranked(
    found: list[_Candidate],
    measured: tuple[Scene, ...],
    run: RunContext,
    now: datetime,
    left_out: list[LeftOut],
) -> Iterator[Scene]:
    """Yield the candidates that may do, the most alike first, their digests taken and seen to be new.

    No more are opened and read than could be used.
    """
    settings = run.settings.watch
    scene = known_of(measured[-1])
    fit = []
    for item in found:
        why = _unfit(item.known, scene, settings)
        if why is None:
            fit.append(item)
        else:
            left_out.append(_left_out(item.known, why))
    fit.sort(
        key=lambda c: (
            distance(scene, replace(c.known, snow_state=None), settings),
            c.known.acquired,
            c.path.as_posix(),
        )
    )
    contents = {s.sha256 for s in measured}
    wanted = run.settings.history.tries
    for item in fit:
        if wanted == 0:
            left_out.append(_left_out(item.known, ONE_TOO_MANY))
            continue
        checked = _checked(item, contents, run, now)
        if isinstance(checked, LeftOut):
            left_out.append(checked)
        else:
            wanted -= 1
            contents.add(checked.sha256)
            yield checked


def _unfit(known: KnownScene, scene: KnownScene, settings: WatchSettings) -> str | None:
    """Return why a candidate cannot stand behind a scene, from what is known without its pixels."""
    if moment(known) >= moment(scene):
        return "not acquired before the scene it would stand behind"
    if not same_class(scene, known, settings):
        return f"another class of sensor ({known.gsd_m:.2f} m, the scene {scene.gsd_m:.2f} m)"
    if not usable_as_background(scene, known, settings):
        return "season, sun and line of sight are too unlike"
    return None


def _left_out(known: KnownScene, why: str, *, faulty: bool = False) -> LeftOut:
    return LeftOut(known.scene_id, moment(known), why, faulty)


def _checked(item: _Candidate, contents: set[str], run: RunContext, now: datetime) -> Scene | LeftOut:
    """Return a candidate with its digest; or why its content does not do."""
    if item.known.sha256 in contents:
        return _left_out(item.known, SAME_IMAGE)
    scene = item.scene
    if scene is None:
        if not item.path.is_file():
            return _left_out(item.known, "its file is not where the record says", faulty=True)
        opened = _opened(item.path, item.known.scene_id, run, now)
        if isinstance(opened, LeftOut) or opened.scene is None:
            return opened if isinstance(opened, LeftOut) else _left_out(item.known, SAME_IMAGE)
        scene = opened.scene
    try:
        if not _shows(scene, run):
            return _left_out(item.known, "it does not show the place")
        whole = with_digest(scene)
    except Exception as error:
        return _left_out(item.known, fault_words(error), faulty=True)
    if item.known.sha256 and whole.sha256 != item.known.sha256:
        return _left_out(item.known, "its content is not what was recorded", faulty=True)
    return _left_out(item.known, SAME_IMAGE) if whole.sha256 in contents else whole


def _shows(scene: Scene, run: RunContext) -> bool:
    """Return whether a scene's raster reaches any place of the site."""
    try:
        ground = footprint(scene, run.site.crs)
    except NotComparable:
        return False
    places = [*(a.polygon for a in run.site.areas), *(t.line for t in run.site.tracks)]
    return any(ground.intersects(place) for place in places)
