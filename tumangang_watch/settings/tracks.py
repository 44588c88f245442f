"""Settings for finding tracks in a scene."""

from __future__ import annotations

from dataclasses import dataclass, field

from tumangang_watch.settings.vehicles import VehicleSettings


@dataclass(frozen=True, kw_only=True)
class TraceSettings:
    """Named numbers for tracing."""

    gsd_max_m: float = 1.0
    """Coarsest scene in which tracks 4 m apart are told: the coarsest that the networks were fitted on."""
    guide_frames: int = 15
    """Straight frames that share all headings between them."""
    step_m: float = 4.0
    """Step along a path."""
    across_m: float = 0.25
    """Step across it."""
    slope_max: float = 0.24
    """Steepest path against its bundle: a 1:5 lead is steeper than any switch in use (1:6 to 1:11)."""
    guide_slope_step: float = 0.035
    """Step of slopes in the search for first tracks: half a metre over half a window."""
    guide_tile_m: float = 240.0
    """Length of a straight frame."""
    line_wave_min_m: float = 1.4
    line_wave_max_m: float = 9.0
    """Waves across tracks that show lines: from the gauge to twice the spacing of tracks."""
    line_strength: float = 2.0
    """Power across a heading from which ground is looked at for tracks of that heading."""
    coarse_m: float = 9.0
    """Step at which it is asked what a scene shows at all."""
    guide_half_min_m: float = 26.0
    guide_length_min_m: float = 120.0
    """Least half width and length of a straight frame: those of the views that the network was fitted on,
    whose ground says what is dark and what is typical."""
    guides_max: int = 12
    """Bundles that are looked at, at most."""
    guide_paths_max: int = 12
    """First tracks taken from a straight frame, at most."""
    slope_step: float = 0.02
    """Step of slopes; one a step along is a radius of 100 m."""
    evidence_unseen: float = -0.3
    """Evidence of a track where nothing was seen, above the log-odds that speak neither way."""
    zero_fine: float = -0.7
    """Log-odds that speak neither way at `zero_fine_m` and finer: on real ground the network is less sure
    than on painted ground. Chosen between 0 and -1 on train seeds (``python -m benchmarks.trace --split
    train``) and on the real yard."""
    zero_fine_m: float = 0.5
    zero_coarse: float = -1.4
    """The same at `zero_coarse_m` and coarser, where rails show less; it falls evenly between the two. Chosen
    of -0.7, -1.4 and -2 on validation seeds at 0.9 m (length found 0.80, 0.91, 0.92; false 0.004, 0.04,
    0.10), with New York looked at (0.18, 0.31 and about 0.4 found; false alike)."""
    zero_coarse_m: float = 0.9
    end_share: float = 0.7
    """Share of a path's mean reward at which it is told to begin and to end: the network sees on both sides
    of a place and fades beyond an end. Chosen on one yard of train seeds whose tracks end on a slab."""
    edge_m: float = 20.0
    """Where no picture shows the ground this far beyond a path's end the track goes on: the end stays."""
    reward_max: float = 3.0
    """Most that one step speaks for a track."""
    reward_min: float = -1.5
    """Most that one step speaks against it: a train, a shadow or a roof hides rails."""
    turn_cost: float = 0.8
    """Cost of a change of slope by one step: tracks are straight where nothing says they are not."""
    smooth: float = 30.0
    """Weight of a path's second differences against its sure measures: wavelengths below 60 m are noise."""
    accuracy_min_m: float = 0.2
    """Least inaccuracy stated: scatter does not show a common shift."""
    measured_within_m: float = 0.8
    """A measure further from its path than this belongs to something else."""
    path_min: float = 12.0
    """Least reward of a whole path. Assumed; judge it by ``python -m benchmarks.trace --paths``."""
    length_min_m: float = 40.0
    """A shorter path is no track worth telling."""
    apart_m: float = 3.7
    """Tracks side by side lie further apart: vehicles are up to 3.4 m wide, the least spacing is 4.0 m."""
    follow_half_m: float = 16.0
    """Half width in which a first track is followed: what the network looks at on either side, twice."""
    group_half_m: float = 60.0
    """Half width of a bundle that is searched about its first track."""
    extend_m: float = 100.0
    """Length by which a path is continued at both ends before it is looked at again."""
    extend_rounds: int = 6
    """Times it is continued."""
    area_margin_m: float = 10.0
    """Ground about the site's areas in which tracks are looked for."""
    model_accuracy_m: float = 25.0
    """Provisional tracks known no better than this are a model: scenes lie better (CE90 of 15 m and less), so
    one that does not show them there shows that they run elsewhere."""
    model_rails_odds: float = 2.0
    """Mean log-odds of their rails from which a scene bears such tracks out. Tracks drawn right give 3.0 to
    3.8 on bare ground, those of another yard 0.2 to 1.6 (six painted train scenes); snow lowers both."""
    model_on_m: float = 2.0
    """A traced track this near to one of a model runs on it."""
    model_on_share: float = 0.5
    """Share of what was traced from which the model stands all the same (rails under snow)."""
    area_accuracy_max_m: float = 30.0
    """Most that an area's own uncertainty widens the ground that is looked at."""
    sure_middle: float = 1.35
    """Mean reward of a long path at which it is as likely a track as not. Of 29 paths on six painted yards of
    train seeds at 0.5 m the true ones have 1.32 and more, the false ones 0.5 to 1.32
    (``python -m benchmarks.trace --split train --gsd 0.5 --season summer winter --yards 3 --paths``)."""
    sure_length_m: float = 30.0
    """A path of this length needs one more of mean reward: short ones are easily like a track by chance."""
    sure_slope: float = 3.0
    """How fast confidence grows with it. Assumed; judge it by ``python -m benchmarks.trace --paths``."""
    confidence_min: float = 0.5
    """Tracks of less are not told, but for those beside sure ones."""
    beside_confidence_min: float = 0.4
    beside_length_min_m: float = 100.0
    beside_m: float = 25.0
    beside_share: float = 0.8
    """A long track of less confidence is told where it runs this near a sure one for this share of it:
    tracks of a yard lie side by side, and trains and weeds hide the rails of some. On twelve painted train
    yards five of seven such paths are tracks for most of their length (``benchmarks.trace --paths``).
    """
    match_m: float = 2.0
    """A traced track this near a provisional one is the same: less than half the least spacing."""
    match_share_min: float = 0.5
    """Share of the provisional track that it must run along."""
    reference_pixel_m: float = 0.5
    """Pixel of the reference image a site keeps."""
    reference_pixels_max: int = 24_000_000
    """A larger reference image is kept at twice the pixel."""
    rows: VehicleSettings = field(default_factory=VehicleSettings)
    """Of rows of vehicles."""
    row_beyond_m: float = 15.0
    """Length by which the track under a row of vehicles is told beyond its ends: what a reader of trains
    needs to see that it ends there."""
    row_accuracy_m: float = 0.5
    """Half a cell of the map in which rows are found, and as much for the lean of roofs."""
    row_confidence: float = 0.8
    """That a row of vehicles stands on a track. Assumed; judge it by ``python -m benchmarks.standing``."""

    def evidence_zero(self, gsd_m: float) -> float:
        """Return the log-odds of a track that speak neither way in a scene."""
        share = (gsd_m - self.zero_fine_m) / (self.zero_coarse_m - self.zero_fine_m)
        return self.zero_fine + min(max(share, 0.0), 1.0) * (self.zero_coarse - self.zero_fine)
