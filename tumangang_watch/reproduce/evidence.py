"""What the program says of a scene, and what was judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.site import Site
from tumangang_watch.reproduce.observations import Verdict


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the program says of the scene that shows an observation."""

    scene: str
    acquired: datetime
    painted: bool
    site: Site
    seen: Mapping[str, tuple[str, tuple[str, ...]]]
    """Status of each area (``observed``, ``partial``, ``not_observable``) and its reasons."""
    detections: tuple[Detection, ...]
    """Of this scene's date."""
    since: str | None = None
    """The observation whose scene it was compared with."""
    earlier: tuple[Detection, ...] = ()
    """Of that scene, in the same comparison."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One line of the table."""

    observation: str
    claim: str
    """The claim in words."""
    verdict: Verdict
    why: str
    scene: str | None
    painted: bool
