"""The same strip on another date, where it was empty, as the background of this one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detect.trains.network import NetReading
from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import CHANNELS, HALF_ROWS, STEP_M, StripView
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.trains import TrainSettings

LIGHT, UNLIKE, SEEN = (CHANNELS.index(name) for name in ("light", "unlike_row", "seen"))


@dataclass(frozen=True)
class TrackReading:
    """The tracks on another date, as they were read in that date's own light."""

    scene: Scene
    strips: tuple[Strip, ...]
    readings: tuple[NetReading, ...]
    """One a strip; empty where the date shows too little to be read."""

    def of_tracks(self, names: list[str]) -> TrackReading:
        """Return the same with these tracks alone, in this order; nothing read where one is missing."""
        at = {strip.track.id: k for k, strip in enumerate(self.strips)}
        if not self.readings or any(name not in at for name in names):
            return TrackReading(self.scene, (), ())
        chosen = [at[name] for name in names]
        return TrackReading(
            self.scene, tuple(self.strips[k] for k in chosen), tuple(self.readings[k] for k in chosen)
        )


@dataclass(frozen=True)
class OtherView:
    """One track on another date."""

    view: StripView
    """Expressed in this date's radiometric scale."""
    reading: NetReading
    """Of that date in its own light."""


def against(view: StripView, others: list[OtherView], settings: TrainSettings) -> StripView:
    """Return a view whose brightness is compared with what other dates show there.

    Without another date a row's brightness is compared with its typical one along the track; where another
    date shows the same cell empty and plainly sunlit, that cell is the better background; of several dates,
    the median of what they show.

    ``others`` show the same track in the same frame, in this date's radiometric scale.
    """
    patch = view.patch
    differences: list[NDArray[np.floating]] = []
    for other in others:
        mirrored = (other.view.geometry.shadow_side < 0) != (view.geometry.shadow_side < 0)
        turned = other.view.turned != view.turned
        theirs = other.view.patch[:, :: -1 if mirrored else 1, :: -1 if turned else 1]
        if theirs.shape != patch.shape:
            continue
        occupied = other.reading.occupied
        empty = occupied[::-1] if view.turned else occupied
        plain = (theirs[SEEN] > 0) & (patch[SEEN] > 0) & (empty < settings.background_odds)[None]
        plain &= np.abs(theirs[UNLIKE]) < settings.background_plain
        difference = patch[LIGHT] - theirs[LIGHT]
        aside = plain.copy()
        aside[HALF_ROWS - round(3 / STEP_M) : HALF_ROWS + round(3 / STEP_M) + 1] = False
        if aside.sum() < 200:
            continue
        difference -= np.median(difference[aside])
        differences.append(np.where(plain, difference, np.nan))
    if not differences:
        return view
    stack = np.stack(differences)
    known = np.isfinite(stack).any(axis=0)
    changed = patch.copy()
    changed[UNLIKE][known] = np.nanmedian(stack[:, known], axis=0)
    return replace(view, patch=changed)
