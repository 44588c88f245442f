"""What a report used of the dates before it, and what it left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tumangang_watch.model.scene import Scene


@dataclass(frozen=True)
class LeftOut:
    """An earlier date that was offered and does not count."""

    name: str
    """Id of the scene, or the name of a file that is none."""
    acquired: datetime | None
    why: str
    faulty: bool = False
    """Something is wrong with it: not merely another look, or one too many."""


@dataclass(frozen=True, kw_only=True)
class UsedDate:
    """An earlier date that says what is usual."""

    scene: Scene
    tracks: bool
    aprons: bool
    ground: bool
    """For which of them it counts: it shows their place, and memory allowed to keep it."""
    residual_m: float | None
    """Median residual of its registration on tie points that the fit did not use."""


@dataclass(frozen=True)
class History:
    """The earlier dates behind one report."""

    offered: int
    """Scenes that were looked at as candidates, those that could not be used included."""
    used: tuple[UsedDate, ...] = ()
    """The nearest in look first."""
    left_out: tuple[LeftOut, ...] = field(default=())

    def count(self, what: str) -> int:
        """Return how many dates count for ``tracks``, ``aprons`` or ``ground``."""
        return sum(bool(getattr(date, what)) for date in self.used)
