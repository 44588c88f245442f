"""Settings for trains on tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

from tumangang_watch.settings.groups import GroupSettings


@dataclass(frozen=True)
class TrainSettings:
    """Named numbers for trains on tracks."""

    strip_half_width_m: float = 8.0
    """Cross-track half width of a strip: two neighbouring tracks fit (spacing 4.5-5.5 m,
    domain.md section 3)."""
    strip_step_m: float = 0.25
    """Step of a strip along and across the track; native pixels are averaged to it (methods.md 2.4)."""
    body_height_m: float = 3.8
    """Typical height of a vehicle above the ground: 3.48-3.78 m gondolas to 4.6 m boxcars
    (domain.md section 4)."""
    net_bias: float = 1.0
    """Added to the network's log-odds that a train stands on a step: painted banks hold more empty track
    than doubtful track. Chosen among 0, 0.7, 1, 1.5 and 2 on validation seeds:
    ``python benchmarks/trains.py --score --banks V``."""
    net_coupling_prior: float = -2.3
    """Log-odds of the network from which a step speaks for a coupling; chosen with `gap_scale`."""
    type_sure: float = 0.5
    """Least probability for naming a vehicle's type."""
    background_odds: float = -2.5
    """Log-odds below which another date's strip counts as empty and serves as this one's background."""
    background_plain: float = 0.3
    """Farthest that a cell of another date may lie from its row's usual tone, log light, to serve: neither
    shadow nor spill."""
    memory_m: float = 4.0
    """Metres over which the cues of neighbouring metres repeat each other: log-odds are divided by
    it before they are summed along a track."""
    switch_cost: float = 2.0
    """Cost in log-odds of a change between empty and occupied along a track."""
    train_min_m: float = 8.5
    """Shortest body that counts as a train of one vehicle (12.0 m tank: 10.8 m barrel)."""
    false_alarms_detected: float = 0.01
    """Expected number of false trains in a scene up to which one is ``detected`` (methods.md 2.8)."""
    false_alarms_possible: float = 1.0
    """Expected number up to which one is at least ``possible``."""
    null_rate_km: float = 0.006
    """Stretches of any score a kilometre of empty track. Calibrated by
    ``python benchmarks/trains.py --null --banks EMPTY``."""
    null_scale: float = 8.6
    """Fall of their number with the score: by e for each of these. Calibrated as `null_rate_km`."""
    count_gsd_max_m: float = 1.2
    """Vehicles are not counted in coarser scenes: a 1.1 m coupling vanishes (methods.md 2.4)."""
    track_gsd_max_m: float = 2.0
    """In coarser scenes neighbouring tracks cannot be told apart (methods.md 2.4)."""
    cut_gap_m: float = 4.1
    """Bodies farther apart are separate trains: a coupling of 1.1 m plus 3 m."""
    coupling_mean_m: float = 1.2
    """Gap between coupled bodies: 0.83 m tanks, 1.14 m gondolas (domain.md), to 2 m in Europe."""
    vehicle_lengths_m: tuple[float, ...] = (12.0, 13.92, 14.7, 17.0, 19.2, 24.3)
    """Common lengths over couplers (domain.md section 4, methods.md 1e)."""
    vehicle_length_weights: tuple[float, ...] = (0.15, 0.3, 0.2, 0.15, 0.1, 0.1)
    """How common each of them is: gondolas first."""
    vehicle_length_sd_m: float = 0.5
    """Spread about a common length, with the error of measurement."""
    vehicle_floor: float = 0.35
    """Prior weight of any length between `vehicle_min_m` and `vehicle_max_m`."""
    own_length_share: float = 0.4
    """Prior weight of the lengths that are sure in the same train: wagons travel in cuts of like ones
    (methods.md 2.5). Chosen among 0, 0.4, 0.6 and 0.8 on validation seeds (``--score``)."""
    own_length_sd_m: float = 0.4
    """Spread about such a length: the error of two couplings' places at 0.5 m GSD."""
    own_length_sure: float = 0.6
    """Certainty from which a vehicle's length counts for its train."""
    own_lengths_least: int = 3
    """Vehicles that must be sure before their lengths count."""
    vehicle_min_m: float = 9.0
    """Shortest vehicle over couplers."""
    vehicle_max_m: float = 27.5
    """Longest vehicle over couplers: coaches of 24.5 to 26.4 m; two gondolas together are longer."""
    gap_scale: float = 1.3
    """Factor on the network's log-odds of a coupling: its peaks say too little, its targets being soft.
    Chosen among 0.7, 1, 1.3 and 1.6 on validation seeds by vehicles found and the count's coverage:
    ``python benchmarks/trains.py --score --banks V``."""
    gap_limit: float = 7.0
    """Log-odds beyond which a coupling is no surer."""
    type_sharpness: float = 1.3
    """Independent readings a vehicle's steps are worth together.
    Chosen among 1, 1.3, 1.6 and 3 on validation seeds."""
    roof_lean: float = 0.7
    """Share of relief lean by which the middle of what is seen of a body is displaced."""
    roof_half_m: float = 0.75
    """Half of the width of a body that its colour is taken from: inside walls and blur."""
    confidence_slope: float = 1.07
    """Rise of a train's log-odds with the logarithm of its score.
    Calibrated by ``python benchmarks/trains.py --calibrate``."""
    confidence_middle: float = 3.3
    """Score at which a train is as likely real as not.
    Calibrated by ``python benchmarks/trains.py --calibrate``."""
    length_bias_m: float = 0.0
    """Taken off a measured length: blur widens a body.
    ``python benchmarks/trains.py --calibrate`` prints it: within 0.2 m, so nothing is taken off."""
    end_memory_m: float = 4.0
    """Metres over which log-odds near a train's end repeat each other. Assumed, as `memory_m`."""
    end_error_m: float = 0.8
    """Least half of the 90 % interval of a train's length at 0.5 m GSD, in proportion to the GSD from there.
    Assumed; the interval's coverage is printed by ``python benchmarks/train_accuracy.py``."""
    usual_sun_deg: float = 35.0
    """Sun elevation taken where none is stated: between winter noon (25) and spring mornings (45) at
    42 degrees north."""
    low_sun_deg: float = 12.0
    """Below it shadows bury neighbouring tracks (methods.md 2.4)."""
    haze_max: float = 0.4
    """Above it colours are not named (methods.md 2.4)."""
    observed_min: float = 0.6
    """Least clear share of a train's place for the grade ``detected``."""
    colour_sure: float = 0.65
    """Least probability for naming a colour."""
    groups: GroupSettings = field(default_factory=GroupSettings)
    """For scenes coarser than `track_gsd_max_m`."""
    end_shadow_min_m: float = 4.0
    """Shadow along the track from which a train's end is looked at for it: shorter ones are no vehicle."""
    end_shadow_reach: float = 1.4
    """A shadow's greatest length against that of a body of `body_height_m`: tall boxes and locomotives
    stand 5 m over the ballast."""
    end_shadow_black: float = 0.8
    """Least probability of black. Assumed; in 78 ends of painted validation strips no vehicle is so read."""
