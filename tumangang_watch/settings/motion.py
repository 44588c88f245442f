"""Settings for trains in motion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MotionSettings:
    """Named numbers for trains in motion.

    Bands of one product are taken 0.1 to 2 s apart (domain: SkySat strips, PlanetScope frames); a train
    at 20-60 km/h then stands 0.5 to 30 m further on.
    """

    reach_m: float = 40.0
    """Largest offset between two bands: 20 m/s over 2 s."""
    margin_m: float = 12.0
    """Track beyond both ends that is looked at as well: the ends themselves are edges."""
    length_min_m: float = 20.0
    """Shorter trains hold too few edges to tell."""
    length_min_px: float = 16.0
    """The same in pixels."""
    body_half_m: float = 1.0
    """Half width of the strip that is read along the train."""
    offset_min_px: float = 1.2
    """Least spread of the bands' offsets, in pixels, once the scene's own band offsets are taken off:
    those reach 0.9 px (methods.md 0.4) and are known to a tenth."""
    likeness_min: float = 0.6
    """Least correlation of two bands' edges at their offset. Chosen by hand on
    painted train seeds; ``python benchmarks/limits.py --motion`` measures the flag."""
    likeness_gain: float = 0.25
    """How much better it must be than without an offset. Chosen as `likeness_min`."""
    closure_px: float = 0.5
    """Largest misfit between offsets of all pairs of bands: chance likenesses do not close."""
