"""What a user says of a scene, beside what it says itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import nan

from tumangang_watch.errors import UsageError
from tumangang_watch.model.scene import Scene
from tumangang_watch.scenes import SceneOptions
from tumangang_watch.scenes.read import moved_by

SHIFT_MAX_M = 2000.0
"""A scene that lies farther off shows another place."""


def scene_options(acquired: str | None, bands: str | None) -> SceneOptions:
    """Return what the user says of a scene, beside what it says itself."""
    return SceneOptions(acquired=acquired, bands=bands, latest=datetime.now(UTC))


def placed_as_stated(
    scenes: tuple[Scene, ...], accuracies_m: tuple[float, ...], shifts: tuple[str, ...]
) -> tuple[Scene, ...]:
    """Return scenes with what the user says of where they lie: once for all of them, or once a scene."""
    for name, given in (("--geolocation-accuracy", accuracies_m), ("--site-shift", shifts)):
        if len(given) > len(scenes):
            raise UsageError("too many values", name, f"given {len(given)} times", "Give one a scene at most")
    shifts_m = [_shift_of(text) for text in shifts]
    out = []
    for k, scene in enumerate(scenes):
        accuracy_m = accuracies_m[min(k, len(accuracies_m) - 1)] if accuracies_m else None
        placed = replace(scene, geolocation_m=accuracy_m)
        out.append(moved_by(placed, *shifts_m[min(k, len(shifts_m) - 1)]) if shifts_m else placed)
    return tuple(out)


def _shift_of(text: str) -> tuple[float, float]:
    """Return the metres of ``EAST,NORTH``."""
    try:
        east, north = (float(part) for part in text.split(","))
    except ValueError:
        east = north = nan
    if not (abs(east) <= SHIFT_MAX_M and abs(north) <= SHIFT_MAX_M):
        todo = f"Give metres east and north, up to {SHIFT_MAX_M:g}, e.g. --site-shift 12.5,-3"
        raise UsageError("no shift", "--site-shift", repr(text[:40]), todo)
    return east, north
