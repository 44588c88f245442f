"""Settings for worked surface in the handling polygon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HandlingSettings:
    """Named numbers for worked surface in the handling polygon."""

    work_pixel_m: float = 1.0
    """Pixels are averaged to this size: the scale at which gravel, grass and rails mix."""
    darkest_share: float = 0.002
    """Share of the darkest ground that tells the path light (dark-object subtraction, Chavez 1988)."""
    path_share: float = 0.85
    """Part of the darkest value that is path light: shadow keeps some sky light."""
    smooth_m: float = 0.8
    """Gaussian sigma of the features: half of the 1-2 m texture of worked ground."""
    classes: int = 8
    """Land-cover classes the change of the rest of the scene is learnt for."""
    class_min_px: int = 300
    """A class needs so much ground outside the handling polygon to say how it changed by itself."""
    floor_log: float = 0.10
    """Least spread, in log reflectance, of ground that did not change: normalisation residual."""
    floor_colour_log: float = 0.05
    """The same for ratios of bands, which light and haze change less."""
    alike_spreads: float = 2.0
    """Distance in look, in spreads of a found segment, up to which changed ground beside it is of one
    piece with it. Checked by ``python -m benchmarks.ground`` on train seeds."""
    strong_change: float = 2.6
    """Robust distance from the change of the same land cover that starts a segment (sources.md, cargo)."""
    weak_change: float = 1.6
    """Robust distance that continues one. Calibrated by ``python -m benchmarks.ground --split train``."""
    natural_quantile: float = 0.75
    """Quantile of the scene's saturation that natural ground shows."""
    natural_saturation: tuple[float, float] = (0.35, 0.60)
    """Range of the saturation, (max - min) / max of red, green and blue, of soil, straw and leaves;
    gravel, concrete, asphalt and ballast stay below 0.3."""
    grey_share: float = 0.75
    """Share of the natural saturation below which ground is mineral and worked. Calibrated by
    ``python -m benchmarks.ground --split train``."""
    grey_half_width: float = 0.12
    """Half width of the band about `grey_share` in which the colour decides neither way."""
    earthy_share: float = 0.8
    """Share of the natural saturation from which bared ground looks like earth."""
    ploughed_log: float = 0.15
    """Earth that is darker than dry natural ground by this log is ploughed or moist, not worked."""
    green_ndvi: float = 0.28
    """NDVI above which ground is vegetated; sparse vegetation starts near 0.2."""
    green_exg: float = 0.08
    """Excess green, (2g - r - b) / (r + g + b), above which ground is vegetated (3 bands)."""
    turn_saturation: float = 0.10
    """Fall of saturation, beyond that of the same cover elsewhere, which counts as being worked."""
    turn_ndvi: float = 0.09
    """Fall of NDVI, beyond that of the same cover elsewhere, which counts as being worked."""
    crossing: float = 0.3
    """Rise of the worked share (0 natural, 1 worked) that a turn needs."""
    bared_turns: float = 2.5
    """A fall of greenness by so many of its steps counts even if the bared ground is earthy."""
    shade_log: float = 0.6
    """Ground that darkened by more than this log is in new shadow: asphalt on straw falls by 0.45."""
    turn_exg: float = 0.06
    """The same for excess green (3 bands)."""
    paint_log: float = 0.6
    """log(red/green) of a red roof or log(blue/red) of a blue one: no natural ground goes so far."""
    segment_min_m2: float = 80.0
    """Smaller growth is not told from cargo, vehicles and shadows (docs/sources.md, growth: 100 m2)."""
    width_min_m: float = 3.0
    """Narrower change is registration noise along edges, a ditch or a path."""
    fill_holes_m2: float = 60.0
    """Holes of this size are goods, vehicles and shadow standing on the ground."""
    patch_min_m2: float = 30.0
    """Smallest patch of worked or natural ground that is mapped on one date."""
    train_margin_m: float = 2.0
    """Around trains: half a body and lean."""
    registration_m: float = 0.15
    """Registration error where it is not known."""
    class_error: float = 0.05
    """Doubtful share of a segment's area. Calibrated by ``python -m benchmarks.ground --split train``."""
    growth_edge_factor: float = 4.0
    """Factor on where the boundary of a change may lie, for intervals that hold 90 %: parts of new ground
    that hardly differ from the old are missed. From 12 train pairs with growth (``python
    -m benchmarks.ground --split train``), of which it holds 11."""
    observed_min: float = 0.5
    """Below this share seen, growth is not claimed."""
    snow_contrast: float = 4.0
    """Snow (reflectance 0.8) is so many times brighter than bare ground at least; concrete is 3 times."""
    dark_water: float = 0.45
    """Water is darker than this share of the scene's median in its longest wavelength."""
    building_min_m2: float = 60.0
    """Least changed ground that may be a building: a truck with its shadow's rim is smaller. Assumed, and
    looked at on painted validation pairs."""
    building_fill: float = 0.7
    """Part of its smallest rectangle that a building fills at least. Assumed."""
    building_height_m: float = 2.0
    """Least height: goods and kerbs are lower. Assumed."""
    building_height_max_m: float = 15.0
    """Greatest height looked for: sheds and halls of such yards. Assumed."""
    building_sun_deg: tuple[float, float] = (12.0, 68.0)
    """Sun between which a shadow tells: lower ones run together, higher ones are a pixel or two wide."""
    building_around_m: float = 12.0
    """Ground around it that tells what the season did."""
    building_shade_log: float = 0.5
    """Log of the light lost in a new shadow: skylight alone leaves 10-30 % of it, blur mixes its edges."""
    building_shade_share: float = 0.5
    """Part of a strip that must be darker for the shadow to reach it."""
    building_strip_px: int = 8
    """Fewer pixels of a strip say nothing."""
