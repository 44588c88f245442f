"""Settings for cargo on aprons."""

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
    loose_ground: float = 0.7
    """Factor on the confidence beside tracks where a site maps no apron."""
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
    beside_track_m: float = 8.0
    """How far beside tracks goods are looked for where a site has no aprons."""
    registration_m: float = 0.15
    """Outline uncertainty from registration where it is not known."""
    outline_bias_m: float = 0.13
    """How far the network's outlines lie inside the true edge up to `outline_bias_from_m`: the same on train
    pairs at 0.3 and 0.5 m (``python -m benchmarks.ground --split train --calibrate``)."""
    outline_bias_from_m: float = 0.5
    outline_bias_rise: float = 0.55
    """How much further a metre of coarser GSD puts them: 0.24 m at 0.7 m."""
    edge_factor: float = 3.1
    """Factor on the outline's uncertainty for a 90 % interval of the area, from the same pairs."""
    detected_confidence: float = 0.6
    """From here on an object is `detected`, below `possible`: about the best F1 on the same pairs
    (0.864; at 0.7 it is 0.868 at 0.5 m)."""
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
    common_edge: float = 0.5
    """Share of outline errors that all objects of an apron have in common: registration, blur, light."""
    fill_floor: float = 0.004
    """Part of the ground that can be missed as small goods."""
    piece_m: float = 120.0
    """Larger places than two of these are looked at in squares of this side: memory, and the sun's turn."""
    piece_overlap_m: float = 15.0
    """How much further each is looked at: a container with its shadow."""
    hidden_noted: float = 0.05
    """Hidden part of a place from which the fill says so."""
    trial_rounds: int = 2
    """How often boxes are painted all over an apron to see what would have been found."""
