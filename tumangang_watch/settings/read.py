"""Settings for reading scenes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadSettings:
    """Named numbers for reading scenes."""

    max_gsd_m: float = 5.0
    """Coarser pixels show nothing of a yard (methods.md 2.4: nothing above 5 m)."""
    min_pixel_m: float = 0.05
    """Finer is no satellite product: a wrong unit or a damaged header."""
    max_block_bytes: int = 128 * 1024 * 1024
    """Largest decoded strip or tile (reliability.md 2.3: a 30 000 px tile took 928 MiB)."""
    max_window_pixels: int = 400_000_000
    """Largest window read (reliability.md 2.3)."""
    max_metadata_bytes: int = 16 * 1024 * 1024
    """Largest metadata file (reliability.md 2.6)."""
    max_json_depth: int = 64
    """Deepest nesting of a metadata file (reliability.md 2.6)."""
    max_bands: int = 32
    """More bands than any optical satellite product has: a stack, or a false claim."""
    max_mapping_error_px: float = 0.01
    """Largest misfit of the polynomial from site to pixel. Measured 1e-4 px for a lon/lat or
    neighbour-zone scene over 6 km; more means that the reference system is not meant for the place."""
    white_percentile: float = 99.5
    """Percentile of a window's valid pixels that is set to `white_reflectance`."""
    white_reflectance: float = 0.6
    """Value given to the brightest half percent of a window whose scale is unknown: concrete and
    light roofs reflect about so much; only ratios are used afterwards."""
    saturated_share: float = 0.0005
    """Share of pixels on exactly the highest value from which that value is a ceiling."""
    saturated_pixels: int = 20
    """At least so many pixels must share it: a share of a small window is a handful by chance."""
    saturated_pile: float = 4.0
    """How many times the pixels of a level just below the top must sit on the top: a clipped
    histogram piles up there, a natural tail holds fewer."""
    saturated_reach: float = 0.05
    """How far "just below" reaches, as a share of the way from the top to the median."""
