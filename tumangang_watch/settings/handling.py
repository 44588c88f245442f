"""Settings for worked surface in the handling polygon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HandlingSettings:
    """Named numbers for worked surface in the handling polygon."""

    work_pixel_m: float = 1.0
    """Pixels are averaged to this size: the scale at which gravel, grass and rails mix."""
    smooth_m: float = 0.8
    """Gaussian sigma of the features: half of the 1-2 m texture of worked ground."""
    classes: int = 8
    """Land-cover classes the change of the rest of the scene is learnt for."""
    class_least_px: int = 300
    """A class needs so much ground outside the handling polygon to say how it changed by itself."""
    floor_log: float = 0.10
    """Least spread, in log reflectance, of ground that did not change: normalisation residual."""
    floor_colour_log: float = 0.05
    """The same for ratios of bands, which light and haze change less."""
    strong_change: float = 4.0
    """Robust distance from the change of the same land cover that starts a segment (methods.md 2.6)."""
    weak_change: float = 2.2
    """Robust distance that continues a segment. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    grey_saturation: float = 0.34
    """(max - min) / max of red, green and blue below which ground is mineral and worked: gravel,
    concrete, asphalt, ballast; soil, straw and leaves lie above 0.45."""
    earth_saturation: float = 0.44
    """Above this earth is natural whatever its brightness."""
    green_ndvi: float = 0.28
    """NDVI above which ground is vegetated; sparse vegetation starts near 0.2."""
    green_exg: float = 0.08
    """Excess green, (2g - r - b) / (r + g + b), above which ground is vegetated (3 bands)."""
    turn_saturation: float = 0.07
    """Fall of saturation, beyond that of the same cover elsewhere, which counts as being worked."""
    turn_ndvi: float = 0.08
    """Fall of NDVI, beyond that of the same cover elsewhere, which counts as being worked."""
    paint_log: float = 0.6
    """log(red/green) of a red roof or log(blue/red) of a blue one: no natural ground goes so far."""
    least_segment_m2: float = 80.0
    """Smaller growth is not told from cargo, vehicles and shadows (methods.md 2.7: 100 m2)."""
    least_width_m: float = 3.0
    """Narrower change is registration noise along edges, a ditch or a path."""
    fill_holes_m2: float = 60.0
    """Holes of this size are goods, vehicles and shadow standing on the ground."""
    least_patch_m2: float = 30.0
    """Smallest patch of worked or natural ground that is mapped on one date."""
    train_margin_m: float = 2.0
    """Around trains: half a body and lean."""
    registration_m: float = 0.15
    """Registration error where it is not known."""
    class_error: float = 0.05
    """Share of a segment's area in doubt from its class. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    least_observed: float = 0.5
    """Below this share seen, growth is not claimed."""
    dark_water: float = 0.45
    """Water is darker than this share of the scene's median in its longest wavelength."""
