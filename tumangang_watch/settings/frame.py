"""Settings for the ground that is read around a site's areas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrameSettings:
    """Named numbers for the working grid."""

    reach_m: float = 16.0
    """Largest geolocation error looked for, per axis: CE90 of the best-known small-satellite
    product is 10-15 m (research: Planet, SkySat ortho)."""
    margin_m: float = 120.0
    """Ground around the areas that registration and radiometry may use. Wide enough for two rows
    of 64 m tie-point windows on every side; more costs reading and time (methods.md 3)."""
