"""One report as values: two dates (or one), what was found, what changed, what stood behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tumangang_watch.errors import UNEXPECTED
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.document import IssueDocument
from tumangang_watch.model.document_trials import DetectabilityDocument
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.finding import AreaStatus, Crossing, Finding
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site


@dataclass(frozen=True)
class LeftOut:
    """An earlier date that does not count."""

    name: str
    """Id of the scene, or the name of a file that is none."""
    acquired: datetime | None
    why: str
    faulty: bool = False
    """Something is wrong with it: it is not merely unlike, or one too many."""

    @property
    def unexpected(self) -> bool:
        """Return whether a fault of the program was met in it."""
        return self.why.startswith(UNEXPECTED)


@dataclass(frozen=True, kw_only=True)
class BackgroundScene:
    """An earlier date that says what is typical."""

    scene: Scene
    tracks: bool
    aprons: bool
    ground: bool
    """For which of them it counts: it shows their place, and memory allowed to keep it."""
    residual_m: float | None
    """Median residual of its registration on tie points that the fit did not use."""


@dataclass(frozen=True)
class BackgroundUse:
    """The earlier dates behind one report."""

    candidates: int
    """Scenes that were considered, those that could not be used included."""
    used: tuple[BackgroundScene, ...] = ()
    """The most alike first."""
    left_out: tuple[LeftOut, ...] = ()

    def count(self, what: str) -> int:
        """Return how many dates count for ``tracks``, ``aprons`` or ``ground``."""
        return sum(bool(getattr(date, what)) for date in self.used)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One report: two dates (or one) at one site."""

    site: Site
    earlier: Observation | None
    later: Observation
    registration: Registration
    """Later onto earlier; for one scene, the scene onto the site."""
    areas: tuple[AreaStatus, ...]
    detections: tuple[Detection, ...]
    findings: tuple[Finding, ...]
    detectability: tuple[DetectabilityDocument, ...]
    settings_sha256: str
    settings_text: str = ""
    """Every setting as JSON, with their digest; empty where they are not at hand."""
    caveats: tuple[str, ...] = ()
    issue: IssueDocument | None = None
    """Where the report stands among those of a record: what it was made from, what it supersedes."""
    fill: tuple[Fill, ...] = ()
    """How full each apron is, date by date."""
    crossings: tuple[Crossing, ...] = ()
    """Trains on bridges, by time."""
    background_use: BackgroundUse | None = None
    """What was used of the dates before; None where none were asked for."""

    @property
    def dates(self) -> tuple[Observation, ...]:
        """The dates that are compared, the earlier first; or the only one."""
        return (self.later,) if self.earlier is None else (self.earlier, self.later)

    @property
    def changed(self) -> bool:
        """True when something of grade ``detected`` changed."""
        return any(f.change != "unchanged" and f.grade == "detected" for f in self.findings)

    @property
    def background(self) -> tuple[Scene, ...]:
        """Earlier comparable dates that decided what is typical here, besides the compared one."""
        return tuple(date.scene for date in self.background_use.used) if self.background_use else ()

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """Every scene that was measured: the dates, then the background."""
        return (*(date.scene for date in self.dates), *self.background)
