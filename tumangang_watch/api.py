"""For a notebook, ``import tumangang_watch as tw``: what the commands do, with values instead of text.

See ``docs/python.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from tumangang_watch import __version__, pipeline, scenes, sites
from tumangang_watch.archive.rebuild import read_issued
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline.prepare import check_pair
from tumangang_watch.report import folder as report_folder
from tumangang_watch.settings import Settings

Place = str | PathLike[str]


@dataclass(frozen=True)
class Report:
    """A report as it stands in its folder, every file checked against the manifest."""

    folder: Path
    document: ReportDocument
    """Contents of ``report.json``."""

    @property
    def detections(self) -> list[DetectionDocument]:
        """What was found on each date."""
        return self.document["detections"]

    @property
    def findings(self) -> list[FindingDocument]:
        """What changed between the dates, sure changes first; none of a single date."""
        return self.document["findings"]

    @property
    def changed(self) -> bool:
        """True when something of grade ``detected`` changed."""
        return self.document["changed"]


def open_scene(
    path: Place, *, acquired: str | None = None, bands: str | None = None, settings: Settings | None = None
) -> Scene:
    """Understand a scene: its image, date, bands and geometry. No pixel is read.

    Parameters
    ----------
    path : path
        A GeoTIFF, a vendor's product, or a STAC Item.
    acquired : str, optional
        Acquisition time (ISO 8601, UTC) where the scene does not name one.
    bands : str, optional
        Roles in file order, e.g. ``blue,green,red,nir``, where the scene does not name them.
    settings : Settings, optional

    Raises
    ------
    InputRefused
        It is no scene, or damaged.
    """
    options = scenes.SceneOptions(acquired=acquired, bands=bands, latest=datetime.now(UTC))
    return scenes.open_scene(Path(path), options, (settings or Settings()).read)


def load_site(path: Place | None = None) -> Site:
    """Read a site file; the built-in Tumangang site when no path is given.

    Raises
    ------
    InputRefused
        At the first fault, with its place.
    """
    return sites.load_site(None if path is None else Path(path))


def detect(
    scene: Scene | Place,
    site: Site | Place | None = None,
    settings: Settings | None = None,
    background: Sequence[Scene | Place] = (),
    detectability: bool = True,
) -> Comparison:
    """Measure one date: what stands on the tracks and on the ground. See `compare`."""
    run = _run(site, settings, detectability)
    later, others = _scene(scene, run), _background(background, run)
    with scenes.unchanged([later, *(others or ())]):
        return pipeline.detect(later, run, others)


def compare(
    earlier: Scene | Place,
    later: Scene | Place,
    site: Site | Place | None = None,
    settings: Settings | None = None,
    background: Sequence[Scene | Place] = (),
    detectability: bool = True,
) -> Comparison:
    """Compare two dates of a site: the main job.

    Parameters
    ----------
    earlier, later : Scene or path
        Two dates in this order.
    site : Site or path, optional
        The built-in site when left out.
    settings : Settings, optional
    background : sequence of Scene or path
        Further dates before ``later`` that say what is typical, the most alike first.
    detectability : bool
        Insert vehicles on trial to learn what could have been missed; takes most of the time.

    Raises
    ------
    InputRefused
        A scene or the site cannot be read.
    UsageError
        The dates are reversed.
    NotComparable
        They are one date, do not show the site, or cannot be registered.
    Busy
        A scene was replaced while it was measured.
    """
    run = _run(site, settings, detectability)
    first, second = _scene(earlier, run), _scene(later, run)
    check_pair(first, second)
    others = _background(background, run)
    with scenes.unchanged([first, second, *(others or ())]):
        return pipeline.compare(first, second, run, others)


def write_report(comparison: Comparison, out: Place, *, overwrite: bool = False) -> Path:
    """Write a report's folder whole, its manifest last; return its path.

    Raises
    ------
    OutputFailed
        It could not be written; what stood there before stands still.
    """
    return report_folder.write_report(comparison, Path(out), tool_version=__version__, overwrite=overwrite)


def read_report(folder: Place) -> Report:
    """Read a report's folder.

    Raises
    ------
    InputRefused
        It is not whole: a file is missing, or its digest is not that of the manifest.
    """
    return Report(Path(folder), read_issued(Path(folder)).report)


def _run(site: Site | Place | None, settings: Settings | None, detectability: bool) -> pipeline.RunContext:
    settings = (settings or Settings()).with_trials(detectability)
    return pipeline.RunContext(site if isinstance(site, Site) else load_site(site), settings)


def _scene(scene: Scene | Place, run: pipeline.RunContext) -> Scene:
    return scene if isinstance(scene, Scene) else open_scene(scene, settings=run.settings)


def _background(scenes: Sequence[Scene | Place], run: pipeline.RunContext) -> list[Scene] | None:
    return [_scene(scene, run) for scene in scenes] or None
