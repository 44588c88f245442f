"""An earlier date, reduced to what is asked of it, in the frame and light of the dates that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tumangang_watch.detect.background import Patch, Window, patch_of

if TYPE_CHECKING:
    from tumangang_watch.detect.ground_record import PastGround
    from tumangang_watch.detect.strip_background import OtherDate
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.scene import Scene


@dataclass(frozen=True)
class PastDate:
    """One earlier date. What is None or empty does not count: not seen, or left out for memory's sake."""

    scene: Scene
    windows: tuple[Window, ...] = ()
    patches: tuple[Patch, ...] = ()
    """One a window."""
    ground: PastGround | None = None
    """The surface of the handling polygons."""
    tracks: OtherDate | None = None
    """Every track as it was read."""
    coarse: Observation | None = None
    """The whole date, for scenes whose tracks are read by group."""

    def patch(self, area: str) -> tuple[Window, Patch] | None:
        """Return what the date shows of one area."""
        for window, patch in zip(self.windows, self.patches, strict=True):
            if window.area == area:
                return window, patch
        return None


def patches_of(observation: Observation, windows: tuple[Window, ...]) -> PastDate:
    """Return a date with its aprons alone: a date that is measured, as a later one sees it."""
    return PastDate(observation.scene, windows, tuple(patch_of(observation, w) for w in windows))


def before(past: tuple[PastDate, ...], observation: Observation) -> tuple[PastDate, ...]:
    """Return the dates that were acquired before an observation, and none of its own content."""
    scene = observation.scene
    return tuple(d for d in past if d.scene.acquired < scene.acquired and d.scene.sha256 != scene.sha256)
