"""Settings for trains on tracks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainSettings:
    """Named numbers for trains on tracks."""

    strip_half_width_m: float = 8.0
    """Cross-track half width of a strip: two neighbouring tracks fit (spacing 4.5-5.5 m,
    domain.md section 3)."""
    strip_step_m: float = 0.25
    """Step of a strip along and across the track; native pixels are averaged to it (methods.md 2.4)."""
    body_half_width_m: float = 1.5
    """Half of a vehicle's width: 2.8-3.25 m (domain.md section 4)."""
    body_height_m: float = 3.8
    """Typical height of a vehicle above the ground: 3.48-3.78 m gondolas to 4.6 m boxcars
    (domain.md section 4)."""
    lateral_play_m: float = 1.25
    """Play of a body across its track besides relief lean: residual misfit of the site's tracks."""
    window_m: float = 5.0
    """Length over which cross-track profiles are averaged: a third of a wagon."""
    reference_length_m: float = 60.0
    """Standard deviation of the kernel over which the empty bed's look varies along a track."""
    seed_share: float = 0.3
    """Share of all track metres taken as empty at first: the least structured ones."""
    rounds: int = 4
    """Times the empty bed is learned anew from what the cues call empty."""
    plain_min_m: float = 20.0
    """Shortest empty stretch that the bed's look is learned from: longer than a gap in a train."""
    plain_below: float = -1
    """Log-odds, averaged over 9 m, below which a metre may teach the empty bed's look."""
    shaded_from: float = 0.4
    """Share of light lost from which bed lies in a cast shadow and is not learned from."""
    empty_modes: int = 4
    """Looks of the empty bed kept for a scene, for tracks that are full along their whole length."""
    coefficients: tuple[tuple[str, float], ...] = (
        ("bias", -3.13),
        ("colour", 1.01),
        ("edge", 0.04),
        ("edge_one", -1.3),
        ("shadow", 4.43),
        ("sunside", -0.26),
        ("pattern", 2.19),
        ("rough", 2.36),
        ("dark", 1.38),
        ("lit", 1.11),
        ("covered", -0.83),
    )
    """Log-odds per metre that a vehicle stands there, per unit of each cue (`detect.occupancy`).
    Calibrated by ``python benchmarks/trains.py --calibrate --split train``."""
    context: tuple[tuple[str, float, float, float], ...] = (
        ("bias", -5.41, 0.0, 0.0),
        ("colour", -0.13, -0.29, 1.66),
        ("edge", 0.34, 0.68, 1.27),
        ("edge_one", 0.22, -0.10, -0.72),
        ("shadow", 0.53, 0.96, 3.01),
        ("sunside", -0.06, 0.00, 1.69),
        ("pattern", 0.26, 0.56, 1.57),
        ("rough", 0.06, 0.00, 0.76),
        ("dark", 0.11, 0.60, 2.06),
        ("lit", 0.40, 0.50, 1.35),
        ("covered", 0.61, 1.02, 1.91),
    )
    """Log-odds per metre per unit of each cue at the metre itself and of its means over `near_m` and
    `far_m`: the last word, once the bed is learned. Calibrated by
    ``python benchmarks/trains.py --calibrate``."""
    context_share: float = 0.5
    """Weight of `context` against `coefficients`: the first fits painted scenes better, the second the
    real yard (its western half was looked at)."""
    net_share: float = 0.8
    """Weight of the strip network's log-odds against those of the cues. Chosen on validation seeds and
    checked on the real yard: ``python benchmarks/accuracy.py``, ``python benchmarks/trains.py --real``."""
    net_coupling_prior: float = -2.3
    """Log-odds of a coupling anywhere in a train: one in 14 m, told over 1.25 m."""
    type_sure: float = 0.6
    """Least probability for naming a vehicle's type."""
    near_m: int = 7
    """Half a wagon."""
    far_m: int = 21
    """A wagon and a half: one grey car between two others is no gap."""
    memory_m: float = 4.0
    """Metres over which the cues of neighbouring metres repeat each other: log-odds are divided by
    it before they are summed along a track."""
    switch_cost: float = 6.0
    """Cost in log-odds of a change between empty and occupied along a track."""
    train_min_m: float = 8.5
    """Shortest body that counts as a train of one vehicle (12.0 m tank: 10.8 m barrel)."""
    score_detected: float = 8.0
    """Summed log-odds from which a train is ``detected``.
    Calibrated by ``python benchmarks/trains.py --calibrate --split train``."""
    score_possible: float = 4.0
    """Summed log-odds from which a train is at least ``possible``."""
    count_gsd_max_m: float = 1.2
    """Vehicles are not counted in coarser scenes: a 1.1 m coupling vanishes (methods.md 2.4)."""
    track_gsd_max_m: float = 2.0
    """In coarser scenes neighbouring tracks cannot be told apart (methods.md 2.4)."""
    cut_gap_m: float = 4.1
    """Bodies farther apart are separate trains: a coupling of 1.1 m plus 3 m."""
    cut_odds: float = -1.0
    """Log-odds below which a metre between two cuts counts as empty."""
    coupling_mean_m: float = 1.2
    """Gap between coupled bodies: 0.83 m tanks, 1.14 m gondolas (domain.md), to 2 m in Europe."""
    coupling_sd_m: float = 0.5
    """Spread of that gap."""
    vehicle_lengths_m: tuple[float, ...] = (12.0, 13.92, 14.7, 17.0, 19.2, 24.3)
    """Common lengths over couplers (domain.md section 4, methods.md 1e)."""
    vehicle_length_sd_m: float = 0.5
    """Spread about a common length, with the error of measurement."""
    vehicle_floor: float = 0.35
    """Prior weight of any length between `vehicle_min_m` and `vehicle_max_m`."""
    vehicle_min_m: float = 9.0
    """Shortest vehicle over couplers."""
    vehicle_max_m: float = 30.0
    """Longest vehicle over couplers."""
    gap_scale: float = 0.5
    """Weight of a coupling's contrast, in noise units, against the length prior.
    Calibrated by ``python benchmarks/trains.py --calibrate --split train``."""
    gap_cost: float = 3.0
    """Cost of a coupling: contrast a body shows anywhere by chance."""
    length_bias_m: float = 0.0
    """Taken off a measured length: blur widens a body.
    Calibrated by ``python benchmarks/trains.py --calibrate --split train``."""
    end_error_m: float = 1.2
    """Half of the 90 % interval of a train's length at 0.5 m GSD.
    Calibrated by ``python benchmarks/trains.py --calibrate --split train``."""
    usual_sun_deg: float = 35.0
    """Sun elevation taken where none is stated: between winter noon (25) and spring mornings (45) at
    42 degrees north."""
    low_sun_deg: float = 12.0
    """Below it shadows bury neighbouring tracks (methods.md 2.4)."""
    haze_max: float = 0.4
    """Above it colours are not named (methods.md 2.4)."""
    observed_min: float = 0.6
    """Least clear share of a train's place for the grade ``detected``."""
    ground_reflectance: float = 0.16
    """Reflectance of plain track bed that the light is judged by: ballast 0.12-0.22."""
    tone_sd: float = 0.35
    """Spread of a paint's brightness, log units. Calibrated as `coefficients`."""
    hue_sd: float = 0.18
    """Spread of a paint's hue, log units of band ratios. Calibrated as `coefficients`."""
    colour_sure: float = 0.5
    """Least probability for naming a colour."""
