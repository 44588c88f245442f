"""Settings for quality masks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Named numbers for quality masks."""

    cloud_pixel_m: float = 3.0
    """Clouds are looked for on 3 m cells: they are large and soft."""
    cloud_brightness: float = 1.5
    """Brightness over the scene's 60 % level from which a cell may be cloud. Calibrated by
    ``python benchmarks/quality.py --split train``."""
    cloud_flatness: float = 0.16
    """Largest relative spread of the bands of a cloud cell, against the scene's own white
    (whiteness < 0.1 in methods.md 2.3 on calibrated reflectance)."""
    cloud_gradient: float = 0.10
    """Largest step between neighbouring 3 m cells, as a share of their brightness: roofs, concrete
    and snow-free edges are sharper."""
    cloud_area_m2: float = 2000.0
    """Smallest cloud (methods.md 2.3: 500 m2; a bright apron of a yard has up to some 6 000 m2,
    so softness has to decide as well)."""
    cloud_buffer_m: float = 12.0
    """Ground around a cloud that is hidden by its thin edge (methods.md 2.3: 10 m)."""
    shadow_darkness: float = 0.62
    """Brightness against the 25 m surroundings below which a pixel may lie in shadow: skylight
    alone gives 10-30 % of full light."""
    object_shadow_max_m: float = 30.0
    """Anything wider is no object's shadow (methods.md 2.3)."""
    cloud_shadow_darkness: float = 0.75
    """Brightness of a cloud's shadow against the scene's median."""
    snow_brightness: float = 0.35
    """Reflectance from which flat-spectrum ground may be snow, where the scale is known."""
    snow_of_white: float = 0.65
    """Brightness of snow as a share of the scene's brightest percent, where the scale is unknown.
    Calibrated by ``python benchmarks/quality.py --split train``."""
    snow_nir_max: float = 1.2
    """Largest NIR of snow against its visible bands: fresh snow falls off, grass rises steeply."""
    snow_flatness: float = 0.14
    """Largest relative spread of the bands of snow (NIR hardly above the visible bands)."""
    snow_contrast: float = 3.2
    """Least brightness of snow against the other ground, both above the darkest. On painted train seeds
    46 to 59 snow gave 3.5 to 8.8, bare ground that passed the other tests 1.0 to 2.9."""
    snow_full: float = 0.6
    """Share of the ground under snow for ``full``."""
    snow_partial: float = 0.08
    """Share of the ground under snow for ``partial``."""
    haze_clear: float = 0.5
    """Brightness of the darkest ground in the blue band over the median in clear air: 0.48 to 0.62 on
    painted train seeds 30 to 45, against 0.72 to 0.78 in haze."""
    haze_limit: float = 0.4
    """Haze above which it is noted."""
    saturated_limit: float = 0.02
    """Share of saturated pixels above which it is noted."""
    low_sun_deg: float = 12.0
    """Sun elevation below which a note is made (methods.md 2.4)."""
    off_nadir_deg: float = 35.0
    """Off-nadir angle above which a note is made (methods.md 2.4)."""
    observed_from: float = 0.9
    """Clear share of an area for ``observed``."""
    not_observable_below: float = 0.3
    """Clear share of an area below which nothing is said of it."""
