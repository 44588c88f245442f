"""Settings for trains on tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

from tumangang_watch.settings.domain import ShownSunSettings, UndecidedSettings
from tumangang_watch.settings.groups import GroupSettings


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """Named numbers for hints of what vehicles carry: a hint only where it is nearly always right."""

    gsd_max_m: float = 0.52
    """Inner walls of 2 m and shadows of 1.3 m need half-metre pixels (docs/sources.md, trains)."""
    type_sure: float = 0.8
    """Least probability of the type that the hint rests on."""
    sun_deg: tuple[float, float] = (18.0, 70.0)
    """Sun elevations between which inner shadows neither fill a vehicle nor vanish."""
    off_nadir_max_deg: float = 25.0
    """Further off nadir the near wall hides the floor."""
    wall_m: float = 2.1
    """Depth of an empty gondola's floor below its rim: 3.5 m less 1.4 m (sources.md, rolling stock)."""
    inner_shadow_m: tuple[float, float] = (0.5, 3.0)
    """Widths of the inner shadow, across the vehicle, that leave part of the floor lit and can be seen."""
    surely_seen_m: tuple[float, float] = (0.8, 1.9)
    """Widths that no empty vehicle hides and that leave its floor lit: only then an even inside is a load."""
    empty_contrast: float = 0.3
    """Least loss of light on the sunward side of a vehicle against the other for ``empty``. Chosen by hand on
    painted train seeds; ``python -m benchmarks.limits --load`` measures the hints."""
    loaded_contrast: float = 0.05
    """Largest for ``loaded``: an even load near the rim. Chosen as `empty_contrast`."""
    half_width_m: float = 1.2
    """Half width of a vehicle's inside that is read."""
    flat_height_m: float = 1.9
    """Greatest height for ``empty`` of a flat: the deck lies at 1.3 m (sources.md, rolling stock)."""
    loaded_height_m: float = 2.6
    """Least height for ``loaded`` of a flat: a container stands at 3.9 m."""
    shadow_lost: float = 0.5
    """Share of light lost, full shadow being 1, that ends a shadow beside a body."""
    reach_m: float = 9.0
    """How far beside a body its shadow is followed."""


@dataclass(frozen=True, kw_only=True)
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
    those reach 0.9 px (docs/sources.md, registration) and are known to a tenth."""
    likeness_min: float = 0.6
    """Least correlation of two bands' edges at their offset. Chosen by hand on
    painted train seeds; ``python -m benchmarks.limits --motion`` measures the flag."""
    likeness_gain: float = 0.25
    """How much better it must be than without an offset. Chosen as `likeness_min`."""
    closure_px: float = 0.5
    """Largest misfit between offsets of all pairs of bands: chance likenesses do not close."""
    offset_error_px: float = 0.3
    """Standard error of a band's place along the track. Of painted train seeds the median of the largest
    error of four is this (``python -m benchmarks.limits --motion``)."""
    band_gap_s: tuple[float, float] = (0.1, 2.0)
    """Shortest and longest time between the first and the last band, where a scene states none: SkySat
    strips and PlanetScope frames (domain)."""
    speed_max_kmh: float = 90.0
    """No train goes faster here, as in `JourneySettings`."""


@dataclass(frozen=True, kw_only=True)
class StructureSettings:
    """Named numbers for the usual look of a bridge. Chosen on painted train seeds of bridges of every kind;
    ``python -m benchmarks.bridges --split validation`` measures what comes of them.
    """

    length_min_m: float = 60.0
    """Shorter bridges have no usual look: a train could cover all of one."""
    bare_min_m: float = 40.0
    """Least length seen empty that tells the usual look by itself: four panels and more."""
    covered_min: float = 0.25
    """Where the deck seen empty differs by this from the whole, in log shares, a train covers most of it."""
    core_half_m: float = 1.6
    """Half width of a body: what becomes plain ground looks like the deck between the rails."""
    clearance_half_m: float = 2.6
    """Half width between the trusses: clearance of wide rolling stock (docs/sources.md, rolling stock)."""
    panel_m: tuple[float, float] = (4.5, 14.0)
    """Shortest and longest panel: cross-beams stand 5 to 11 m apart (docs/sources.md, the place)."""
    slow_m: float = 40.0
    """Brightness that changes over this length is not structure."""
    again_min: float = 0.12
    """Least mean correlation of rows with themselves one and two panels on."""
    panels_together: float = 5.0
    """Panels over which their phase is told: spans need not lie a whole number of panels apart."""
    beam_min: float = 0.12
    """Least difference of a beam, or of its shadow, from the deck, in log shares."""
    hidden_max: float = 0.5
    """Where more of a panel than this is beams, nothing is filled from beside them."""
    unlike_sigmas: tuple[float, float] = (1.0, 3.0)
    """From where to where a difference from the usual look counts, in robust standard deviations."""
    spread_min: float = 0.08
    """Least standard deviation of the usual look, in log shares."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Named numbers for trains on tracks."""

    strip_half_width_m: float = 8.0
    """Half width of a strip: two neighbouring tracks fit (spacing 4.5-5.5 m, docs/sources.md, the place)."""
    strip_step_m: float = 0.25
    """Step of a strip along and across the track; native pixels are averaged to it (sources.md, trains)."""
    body_height_m: float = 3.8
    """Typical height of a vehicle: 3.48-3.78 m gondolas to 4.6 m boxcars (sources.md, rolling stock)."""
    net_bias: float = 1.0
    """Added to the network's log-odds that a train stands on a step: painted banks hold more empty track
    than doubtful track. Chosen among 0, 0.7, 1, 1.5 and 2 on validation seeds:
    ``python -m benchmarks.trains --score --banks V``."""
    net_coupling_prior: float = -2.3
    """Log-odds of the network from which a step speaks for a coupling; chosen with `gap_scale`."""
    type_sure: float = 0.5
    """Least probability for naming a vehicle's type."""
    background_odds: float = -2.5
    """Log-odds below which another date's strip counts as empty and serves as this one's background."""
    background_plain: float = 0.3
    """Farthest that another date's cell may lie from its row's typical brightness: no shadow, no spill."""
    memory_m: float = 4.0
    """Metres over which the cues of neighbouring metres repeat each other: log-odds are divided by
    it before they are summed along a track."""
    switch_cost: float = 2.0
    """Cost in log-odds of a change between empty and occupied along a track."""
    train_min_m: float = 8.5
    """Shortest body that counts as a train of one vehicle (12.0 m tank: 10.8 m barrel)."""
    false_alarms_detected: float = 0.01
    """Expected false trains in a scene up to which one is ``detected`` (docs/sources.md, significance)."""
    false_alarms_possible: float = 1.0
    """Expected number up to which one is at least ``possible``."""
    null_rate_km: float = 0.006
    """Stretches a kilometre of empty track. Calibrated by ``python -m benchmarks.trains --null --banks
    EMPTY``."""
    null_scale: float = 8.6
    """Fall of their number with the score: by e for each of these. Calibrated as `null_rate_km`."""
    count_gsd_max_m: float = 1.2
    """Vehicles are not counted in coarser scenes: a 1.1 m coupling vanishes (docs/sources.md, trains)."""
    track_gsd_max_m: float = 1.4
    """In coarser scenes tracks 4.5 m apart lie within `GroupSettings.apart_px` pixels of each other
    (docs/sources.md, trains) and are read as a group: of 8 painted scenes a resolution (train seeds 300-303)
    the reader of single tracks told 3, 4, 10 and 11 false trains surely at 1.5, 1.8, 2.0 and 2.2 m, that of
    groups none; at 1.3 m neither."""
    cut_gap_m: float = 4.1
    """Bodies farther apart are separate trains: a coupling of 1.1 m plus 3 m."""
    unseen_join_m: float = 9.0
    """Most unseen track between two seen parts of one train: as `vehicle_min_m`, it hides no vehicle."""
    unseen_train_max_m: float = 1000.0
    """How far a train may go on where nothing is seen, at most: longer ones are not known here."""
    coupling_mean_m: float = 1.2
    """Gap between bodies: 0.83 m tanks, 1.14 m gondolas (sources.md, rolling stock), to 2 m in Europe."""
    vehicle_lengths_m: tuple[float, ...] = (12.0, 13.92, 14.7, 17.0, 19.2, 24.3)
    """Common lengths over couplers (docs/sources.md, rolling stock)."""
    vehicle_length_weights: tuple[float, ...] = (0.15, 0.3, 0.2, 0.15, 0.1, 0.1)
    """How common each of them is: gondolas first."""
    vehicle_length_sd_m: float = 0.5
    """Spread about a common length, with the error of measurement."""
    vehicle_floor: float = 0.35
    """Prior weight of any length between `vehicle_min_m` and `vehicle_max_m`."""
    own_length_share: float = 0.4
    """Prior weight of the lengths that are sure in the same train: vehicles travel in cuts of like ones
    (docs/sources.md, the same train). Chosen among 0, 0.4, 0.6 and 0.8 on validation seeds (``--score``)."""
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
    ``python -m benchmarks.trains --score --banks V``."""
    count_share: float = 0.9
    """Share of the posterior of a count that its interval holds, the narrowest that does. Where a train's
    ends were read right, it held the true count of 91 % of 269 trains of new yards of the second painter
    (``python -m benchmarks.trains --calibrate``)."""
    gap_limit: float = 7.0
    """Log-odds beyond which a coupling is no surer."""
    type_sharpness: float = 1.3
    """Readings a vehicle's steps are worth together. Chosen among 1, 1.3, 1.6 and 3 on validation seeds."""
    roof_lean: float = 0.7
    """Share of relief lean by which the middle of what is seen of a body is displaced."""
    roof_half_m: float = 0.75
    """Half of the width of a body that its colour is taken from: inside walls and blur."""
    confidence_weights: tuple[float, float, float] = (-1.64, -0.04, 1.53)
    """Log-odds of a train: a constant, times the logarithm of its score, times the second reader's mean
    log-odds. A logistic fit to stretches of banks that neither reader met, two thirds of them of ground of
    every kind: ``python -m benchmarks.varied_ground --calibrate --banks G4 B4 A4`` (docs/method.md)."""
    confidence_on_bridges: tuple[float, float] = (-3.26, 1.39)
    """The same on bridges that the site knows, which the second reader does not: the constant and the score's
    part, by a logistic fit to validation bridges of both painters: ``python -m benchmarks.bridge_confidence
    fit --banks C D`` (docs/accuracy.md)."""
    confidence_detected: float = 0.7
    """Least probability for the grade ``detected``. Chosen among 0.5 to 0.8 on validation seeds
    (docs/accuracy.md)."""
    off_track_alike: float = 10.0
    """How many times as often ground that is no track (the edge of a platform, goods in a row, a road) looks
    like a train than empty track does, where a track was traced that nobody reviewed. Chosen among 1, 10, 20,
    40 and 74 by what is told surely on traced yards (``python -m benchmarks.off_track fit``): the likeliest,
    74, holds no better and tells fewer trains (docs/accuracy.md)."""
    length_bias_m: float = 0.0
    """Taken off a measured length: blur widens a body.
    ``python -m benchmarks.trains --calibrate`` prints it: within 0.2 m, so nothing is taken off."""
    end_memory_m: float = 6.0
    """Metres over which log-odds near a train's end repeat each other; the interval of its length, and so
    that of its count, widens with it. Chosen among 2, 4, 6, 8 and 12 on new yards of the second painter,
    where ends are less sure: lengths covered by 80, 86, 88, 90 and 91 % (``python -m benchmarks.trains
    --calibrate``)."""
    end_error_m: float = 0.8
    """Least half of the 90 % interval of a train's length at 0.5 m GSD, in proportion to the GSD from there.
    Assumed; the interval's coverage is printed by ``python -m benchmarks.train_accuracy``."""
    typical_sun_deg: float = 35.0
    """Sun elevation where none is stated: between winter noon (25) and spring mornings (45) at 42 north."""
    low_sun_deg: float = 12.0
    """Below it shadows bury neighbouring tracks (docs/sources.md, trains)."""
    haze_max: float = 0.4
    """Above it colours are not named (docs/sources.md, trains)."""
    observed_min: float = 0.6
    """Least clear share of a train's place for the grade ``detected``."""
    colour_sure: float = 0.65
    """Least probability for naming a colour."""
    shown_sun: ShownSunSettings = field(default_factory=ShownSunSettings)
    undecided: UndecidedSettings = field(default_factory=UndecidedSettings)
    groups: GroupSettings = field(default_factory=GroupSettings)
    """For scenes coarser than `track_gsd_max_m`."""
    structure: StructureSettings = field(default_factory=StructureSettings)
    end_shadow_min_m: float = 4.0
    """Shadow along the track from which a train's end is looked at for it: shorter ones are no vehicle."""
    end_shadow_reach: float = 1.4
    """A shadow's greatest length against that of a body of `body_height_m`: tall boxes and locomotives
    stand 5 m over the ballast."""
    end_shadow_black: float = 0.8
    """Least probability of black. Assumed; in 78 ends of painted validation strips no vehicle is so read."""
