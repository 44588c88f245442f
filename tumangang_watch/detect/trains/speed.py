"""How fast and which way a train goes, from where its bands show it and when they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees

import numpy as np

from tumangang_watch.grid import Float64
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.interval import Z90, Interval
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.trains import MotionSettings
from tumangang_watch.track_frame import TrackFrame

BY_WAVELENGTH = ("coastal", "blue", "green_i", "green", "yellow", "red", "rededge", "nir")
KMH = 3.6


@dataclass(frozen=True)
class Speed:
    """A speed with its 90 % interval, and which way."""

    kmh: Interval
    ahead: bool | None
    """Towards increasing distance along the track; None where the bands do not tell."""
    stated: bool
    """The scene states when each band was taken."""

    def evidence(self, frame: TrackFrame) -> tuple[tuple[str, float], ...]:
        """Return what a detection keeps of it; ``frame`` is that of its track."""
        numbers = (("", self.kmh.estimate), ("_low", self.kmh.low), ("_high", self.kmh.high))
        found = tuple((f"speed_kmh{end}", round(value, 1)) for end, value in numbers)
        if self.ahead is None:
            return found
        east, north = frame.ahead.mean(axis=1) * (1 if self.ahead else -1)
        return (*found, ("heading_deg", round(degrees(atan2(east, north)) % 360, 1)))

    def caveat(self) -> str:
        """Return what speed and direction rest on, in words."""
        if self.stated:
            return "speed and direction from the times of its bands, as the scene states them"
        if self.ahead is None:
            return "the scene does not state when its bands were taken: which way it goes is not known"
        return (
            "the scene does not state when its bands were taken: the direction holds if that was in order of "
            "wavelength, blue first"
        )


def speed_of(offset_m: Float64, scene: Scene, image: NativeImage, settings: MotionSettings) -> Speed:
    """Return how fast a train goes whose bands lie ``offset_m`` (bands,) along its track."""
    error_m = settings.offset_error_px * image.gsd_m
    times = [scene.band_times_s.get(band) for band in image.bands]
    known = np.array([t for t in times if t is not None])
    if known.size == len(times) and np.ptp(known) > 0:
        after = known - known.mean()
        spread = float(after @ after)
        speed = float(after @ offset_m) / spread
        half = Z90 * error_m / spread**0.5
        size = abs(speed)
        low, high = max(size - half, 0.0), size + half
        return Speed(Interval(KMH * size, KMH * low, KMH * high), speed > 0 if low > 0 else None, True)
    far = float(np.ptp(offset_m))
    shortest_s, longest_s = settings.band_gap_s
    low = KMH * max(far - Z90 * error_m, 0.0) / longest_s
    high = max(min(KMH * (far + Z90 * error_m) / shortest_s, settings.speed_max_kmh), low)
    middle = float(np.sqrt(max(low, 1.0) * max(high, 1.0)))
    return Speed(Interval(min(max(middle, low), high), low, high), _in_order(offset_m, image, error_m), False)


def _in_order(offset_m: Float64, image: NativeImage, error_m: float) -> bool | None:
    """Return which way a train goes if its bands were taken in order of wavelength; None where they were not.

    Bands taken in another order seldom lie in that of their wavelengths.
    """
    rank = [BY_WAVELENGTH.index(band) if band in BY_WAVELENGTH else -1 for band in image.bands]
    if len(rank) < 3 or -1 in rank:
        return None
    steps = np.diff(offset_m[np.argsort(rank)])
    if (steps > -error_m).all() and steps.sum() > error_m:
        return True
    return False if (steps < error_m).all() and steps.sum() < -error_m else None
