"""Settings for cargo on aprons and for worked surface in the handling polygon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CargoSettings:
    """Named numbers for cargo on aprons."""

    body_min: float = 0.35
    """Cover from which a pixel belongs to an object's neighbourhood; its outline is the half level."""
    core_min: float = 0.5
    """Probability from which a pixel lies well inside one object."""
    core_min_m2: float = 0.5
    """Smaller cores are noise: goods of 4 m2 have cores of 1 m2."""
    part_depth: float = 0.55
    """Two bodies are one where the saddle between them, in cover plus core, is at least so high against their
    lower top. Assumed, after four validation pairs and some twenty patches with few touching goods."""
    peak_quantile: float = 0.8
    """Quantile of an object's cover that says how sure its body is."""
    min_area_m2: float = 3.5
    """Smaller objects are only ever possible: the least goods asked for measure 4 m2."""
    pixels_min: float = 9.0
    """Objects of fewer native pixels are only ever possible: three by three show an inside and its edges."""
    dropped_below_m2: float = 2.0
    """Smaller ones are not told at all."""
    confidence_terms: tuple[float, float, float] = (-0.02, 0.9, 0.09)
    """Weights of 1, the network's log-odds and a shadow in the log-odds that goods stand there. From 239
    objects of 30 train pairs (seeds 20-35 at 0.5 m, 50-57 at 0.3 m, 60-65 at 0.7 m);
    ``python -m benchmarks.ground --split train --calibrate`` prints them for each
    resolution, where they differ much: these are of all together."""
    texture_p_max: float = 0.05
    """An object without a shadow must be more unlike its surroundings than all but so much of its apron."""
    edge_within_m: float = 0.5
    """An outline so near to the edge of its apron is cut by it: the registration's error and half a pixel."""
    edge_share_max: float = 0.4
    """Part of its outline from which an object that the apron's edge cuts is only possible: two sides of a
    box. Goods along the edge have one side there. Assumed, and looked at on four validation pairs."""
    loose_terms: tuple[float, float, float, float, float] = (-5.78, 0.44, 1.82, 2.45, -0.26)
    """Weights of 1, the network's log-odds, a shadow, being unlike its surroundings (`texture_p_max`) and
    dark (`loose_dark`) in the log-odds that goods stand beside tracks where a site maps no apron. From 3461
    objects, 136 of them goods, of 26 train pairs: ``python -m benchmarks.loose_ground --split train --runs
    0.5:400:16 0.7:440:6 0.3:450:4 --calibrate``, which prints these."""
    loose_changed_terms: tuple[float, float, float, float, float] = (-4.24, 0.97, 1.89, 1.86, -3.14)
    """The same where another date shows the place bare: what comes and goes is no hut and no bush, but may be
    a stain, a puddle or a shadow, which are dark. From 172 objects, 34 of them goods, of the same run."""
    loose_dark: float = -0.25
    """Log of the brightness over the ground's below which an object is dark."""
    loose_bare_cargo: float = 0.12
    """Share of its place that another date shows as goods at most where it shows bare ground."""
    loose_bare_contrast: float = 0.4
    """Share of an object's contrast that it shows there at most, or else it differs by"""
    loose_bare_difference: float = 0.25
    """so much (`appearance_difference`): where a train's shadow lies, contrast says nothing."""
    vehicle_share: float = 0.6
    """Share of an object's body from which it is called a truck or car."""
    vehicle_fill: float = 0.78
    """Part of its smallest rectangle that a vehicle's outline fills at least; heaps fill less."""
    vehicle_doubt: float = 0.25
    """Share from which it may be one."""
    shadow_length_m: tuple[float, float] = (0.5, 14.0)
    """Shadow lengths that count as a height cue (docs/sources.md, cargo), with room for a winter sun."""
    shadow_log_brightness_max: float = -0.3
    """Log of brightness over the ground's up to which it may be a shadow: three quarters, with haze."""
    touch_m: float = 1.0
    """Outlines so near to one another touch: two pixels of 0.5 m."""
    shadow_share: float = 0.5
    """Part of an object's far edge that must throw shadow."""
    contrast_ring_m: tuple[float, float] = (0.9, 3.5)
    """Ground beside an object that its brightness is held against: beyond blur, within the same pavement."""
    contrast_shadow: tuple[float, float] = (0.35, 0.65)
    """The network's shadow up to which ground lies in light and from which in shadow; between them
    lies the edge of a shadow."""
    contrast_seen: float = 0.5
    """Part of a place that another date must show, in light or shadow, to speak of it."""
    contrast_dark_quantile: float = 0.01
    """Share of the ground that is darker than what path light is judged by (dark objects, Chavez 1988)."""
    contrast_dark_share: float = 0.9
    """Part of that which is path light: nothing is quite black."""
    contrast_min: float = 0.15
    """Least contrast of an object with its ground, in logs, for other dates to be held against it: twice that
    of pavement with itself."""
    contrast_full: float = 1.0
    """Contrast from which more says nothing: a third of the ground's brightness."""
    appearance_lift: float = 0.2
    """Part of the pavement's brightness added before logs of one place on two dates are compared: coal
    differs by its whole brightness from one haze to another. Calibrated as `cargo_other_sure`, where of
    0.02 to 0.5 it parts same and other goods best."""
    appearance_seen: float = 0.3
    """Part of a place that must lie in light on both dates for that."""
    height_error_m: float = 0.55
    """Error of a shadow's length at 90 %, both its ends: a pixel of 0.5 m (sources.md, cargo), and what the
    same train pairs lacked to hold 90 %."""
    heap_fill: float = 0.76
    """Part of its smallest rectangle that an outline fills, at which it is as likely a heap as a box: the
    network rounds corners, boxes fill 0.80 and heaps 0.77 in the median of the same train pairs."""
    heap_fill_spread: float = 0.02
    """Over how much of that part the log-odds change by one."""
    train_margin_m: float = 0.9
    """Around a train's body: its position along and across is known to so much."""
    train_half_width_m: float = 1.6
    """Half a body, where a train is known by its line only."""
    lean_margin_m: float = 0.6
    """Blur and position error about a train's leaning body."""
    train_height_m: float = 5.0
    """Tallest stock (loading gauge)."""
    track_margin_m: float = 1.9
    """Half the loading gauge: no goods stand nearer to a track's centreline."""
    beside_track_m: float = 25.0
    """How far beside tracks goods are looked for where a site has no aprons."""
    registration_m: float = 0.15
    """Outline uncertainty from registration where it is not known."""
    outline_bias_m: float = 0.12
    """How far the network's outlines lie inside the true edge of an object that it is sure of. From 328
    objects of 60 scenes of the scene painter's train seeds at 0.3 to 1.0 m in exact frames (``python -m
    benchmarks.ground --split train --calibrate``): median error of an area +0.5 %, on 88 of validation seeds
    -8 %, on 317 of the other painter (`training/apron_patches.py`) +11 %."""
    outline_bias_unsure: float = 0.85
    """How much further where it is not sure, times one less its probability: 0.93 m on the same objects,
    0.72 m on the other painter's. GSD, size, lean and sun tell nothing more on both."""
    outline_spread_m: float = 0.25
    """Error of an outline besides what GSD and registration cause: what it is, heap or box, above all."""
    edge_factor: float = 1.8
    """Factor on the outline's uncertainty for a 90 % interval of the area, from the same pairs."""
    detected_confidence: float = 0.55
    """From here on an object is `detected`, below `possible`. Of 523 painted objects (train seeds 400-408 and
    600-615, validation seeds 0-11 and 30-43; ``python -m benchmarks.ground``, and ``--replaced``) 478 are
    then found with 18 false ones, 470 with 15 from 0.6 on, and from 0.5 on one more with three more false."""
    confidence_min: float = 0.25
    """Below this nothing is said."""
    observed_min: float = 0.3
    """An apron that is seen less than this gives no detections."""
    objects_gsd_max_m: float = 1.2
    """Coarser scenes show no single goods (docs/sources.md, cargo): of them only the fill is told."""
    coarse_noise: float = 3.0
    """Distance from the commonest ground, in its spreads, from which a pixel of a coarse scene is unlike it
    (hysteresis 5/3, docs/sources.md, cargo)."""
    coarse_min: float = 0.2
    """The same as a log ratio at least: goods of a fifth another tone than their apron. Assumed."""
    coarse_factor: float = 2.0
    """Bounds of a coarse fill: half and twice, for stains, shadows and pixels covered in part. Assumed."""
    coarse_floor: float = 0.02
    """Part of the ground that coarse scenes can miss or invent at least. Assumed."""
    row_gap_m: float = 3.0
    """Wider gaps part two rows: a lorry passes (2.5 m)."""
    row_end_m: float = 0.7
    """90 % error of one end of a row: an outline's, along the track."""
    fill_floor: float = 0.004
    """Part of the ground that can be missed as small goods: least upper bound of what is covered."""
    piece_m: float = 120.0
    """Larger places than two of these are looked at in squares of this side: memory, and the sun's turn."""
    piece_overlap_m: float = 15.0
    """How much further each is looked at: a container with its shadow."""
    hidden_noted: float = 0.05
    """Hidden part of a place from which the fill says so."""
    trial_rounds: int = 2
    """How often boxes are painted all over an apron to see what would have been found."""


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
    way_share: float = 0.05
    """Part of a class elsewhere that must have changed in one way for that to be season."""
    ways_max: int = 2
    """Further ways that a class may change in: bare among dry grass, and ploughed."""
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
    growth_sure: float = 0.75
    """Confidence from which a change of the surface is `detected`: a typical strength of 4. On 30 pairs of
    train and validation seeds growths have 5.0 to 8.0, season and earth laid bare 3.1 to 3.8 (``python -m
    benchmarks.ground --verbose``)."""
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
