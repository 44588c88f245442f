"""Settings for trains on track groups."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class GroupSettings:
    """Named numbers for trains on track groups."""

    apart_px: float = 3.0
    """Tracks nearer than this many pixels cannot be told apart for certain: one group (sources.md, trains:
    a track of its own only where the spacing is 3 px or more)."""
    window_tracks: int = 5
    """Tracks of a group judged together at a time: 32 states each metre; larger groups in turns."""
    unseen_join_m: float = 9.0
    """As of `TrainSettings`."""
    unseen_train_max_m: float = 1000.0
    """As of `TrainSettings`."""
    step_px: float = 0.5
    """Step of a corridor along and across, in pixels."""
    margin_m: float = 9.0
    """Ground beyond the outer tracks that a corridor holds: the shadow of a 3.8 m body at 25 degrees."""
    body_half_width_m: float = 1.5
    """Half of a vehicle's width: 2.8-3.25 m (docs/sources.md, rolling stock)."""
    body_height_m: float = 3.8
    """Typical height of a vehicle: 3.48-3.78 m gondolas to 4.6 m boxcars (docs/sources.md, rolling stock)."""
    play_m: float = 0.7
    """Standard deviation of a body's place across its track: what a site fit leaves."""
    psf_px: float = 0.62
    """Standard deviation of a pixel's footprint: optics of 0.55 px and the aperture's 1/12 px^2."""
    body_spread: float = 0.45
    """Spread of a body's brightness about the bed's, as a share of it: paints of 0.05 to 0.65 over
    ballast of 0.12 to 0.22, mixed with dirt (docs/sources.md, rolling stock)."""
    band_ratio_spread: float = 0.15
    """Spread of a body's band ratio, as a share of the bed's brightness."""
    bed_spread: float = 0.2
    """Spread of an empty bed's brightness about what is expected of it, as a share: oil, rust, weeds."""
    unknown_spread: float = 0.3
    """The same where no empty ground was seen nearby: ballast of 0.10 to 0.25."""
    shadow_depth: float = 0.9
    """Share of light that a cast shadow takes: skylight leaves 10 to 30 %, blur and walls more."""
    shadow_spread: float = 0.12
    """Spread of that share."""
    bed_length_m: float = 60.0
    """Standard deviation of the kernel over which the empty ground varies along a track."""
    ground_share: float = 0.3
    """Weight of what the Gaussians of the ground say beside the network."""
    odds_memory_px: float = 2.0
    """Pixels along a track over which the network's log-odds repeat themselves."""
    odds_clip: float = 6.0
    """Most that the network says of one cross-section."""
    memory_px: float = 2.0
    """Pixels along a track over which evidence repeats itself: log-odds are divided by it."""
    clip: float = 8.0
    """Most that one cross-section says."""
    switch_cost: float = 12.0
    """Cost in log-odds of a change between empty and occupied along one track."""
    train_min_m: float = 10.0
    """Shortest train that is told at this scale: one vehicle."""
    confidence_weights: tuple[float, float, float, float, float] = (-2.3, -0.2, 1.72, 1.14, 1.77)
    """How likely a train found is one, in log-odds: so much, and times the logarithms of its summed log-odds,
    of their mean a pixel, of what the ground says of them, and of the pixel. Fitted on validation seeds, 80
    scenes as they are drawn and 100 empty ones at five pixel sizes, to what the shipped network reads:
    ``python -m benchmarks.group_confidence fit`` (docs/accuracy.md)."""
    confidence_gsd_m: float = 2.0
    """Pixel at which the last says nothing."""
    no_sun_weights: tuple[float, float, float, float, float] = (-3.7, 1.17, 2.07, 0.01, 3.67)
    """The same where the sun's position is not stated, fitted to the same scenes read without it: the side on
    which shadows explain more is taken there, and what the ground says then tells nothing."""
    confidence_detected: float = 0.9
    """Confidence from which a train is ``detected`` where the sun is known. Of 0.8, 0.85, 0.88, 0.9 and 0.92
    the lowest at which no more than 0.02 trains a scene are false on 100 empty validation scenes at any of
    five pixel sizes (``python -m benchmarks.group_confidence table``)."""
    confidence_possible: float = 0.3
    """Confidence from which a train is ``possible``."""
    shadow_like: tuple[float, float] = (0.3, 1.7)
    """Share of light lost, full shadow being 1, between which a dark band is a body's shadow."""
    shadow_against: float = 0.0
    """Share of light lost below which a caveat says that the place of its shadow is lighter than empty
    ground."""
    length_bias_m: float = 2.0
    """Taken off a measured length: blur widens a train at both ends (seen on validation seeds)."""
    end_odds: float = 2.0
    """The network's log-odds from which a column surely belongs to a train, for the low end of the 90 %
    interval of its length, and below the negative of which it surely does not, for the high end. Chosen on
    validation seeds; ``python -m benchmarks.limits --groups`` measures how often it holds the truth."""
    end_error_px: float = 1.5
    """What is added to both, in pixels."""
    observed_min: float = 0.6
    """Least clear share of a train's place for the grade ``detected``."""
    typical_sun_deg: float = 35.0
    """Sun elevation taken where none is stated (between winter noon and spring morning at 42 N)."""
