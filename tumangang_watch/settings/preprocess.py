"""Settings for co-registration and the fit to the site."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class RegistrationSettings:
    """Named numbers for co-registration."""

    reach_m: float = 34.0
    """Largest shift between two scenes, per axis: twice the CE90 of 15 m and some room."""
    reach_per_ce90: float = 1.5
    """Where two scenes' georeferencing is known better, they are first looked for within so many of both
    errors together: 99 in 100 lie within 1.41 of a CE90."""
    reach_more_m: float = 4.0
    """And so much more: the peak's own surroundings."""
    by_itself_m: float = 1.5
    """How far apart the same thing may seem where each date was laid on the site by itself: fits of painted
    scenes err by 0.2 m across the tracks and 1 to 2 m along them."""
    direction_sigma_m: float = 0.45
    """Blur before edge directions are taken (docs/sources.md, registration: the less the better, down to the
    pixel's noise; 1.5 m no longer places snow pairs)."""
    direction_ratio_min: float = 1.5
    """Least ratio of the whole scene's peak to the best place `direction_apart_m` away for it to be
    taken where no ties of brightness are found (docs/sources.md, registration: unrelated scenes reach 1.3,
    pairs across snow 1.8)."""
    coarse_ratio_min: float = 1.15
    """The same where ties of brightness vouch for it themselves. Calibrated by
    ``python -m benchmarks.registration --split train``."""
    direction_apart_m: float = 4.0
    """Nearer places belong to the peak (docs/sources.md, registration)."""
    part_cell_m: float = 40.0
    """The scene is cut into cells of this edge, dealt to four parts, three of which must place it alike."""
    part_reach_m: float = 3.0
    """Each part is searched this far about where the whole scene lies."""
    whole_agrees_m: float = 1.0
    """Parts, or ties, and the whole scene must place it alike within this, or a pixel where that is more:
    the whole scene errs by up to 0.5 m (docs/sources.md, registration), and cannot turn or scale. By chance
    three of four parts do in 1 of 400, and `direction_ratio_min` is asked of the whole besides."""
    window_m: float = 56.0
    """Edge of a tie-point window (docs/sources.md, registration: 128 px at 0.3-0.5 m)."""
    window_px_min: int = 48
    """Fewest pixels a window may have on an edge (AROSICS warns below 64)."""
    step_m: float = 28.0
    """Distance of windows: half overlap."""
    max_windows: int = 240
    """Windows examined at most; more add time, not accuracy."""
    first_ties: int = 16
    """Ties that end the first look, which brings a scene within a tenth of a pixel."""
    enough_ties: int = 64
    """Ties that end the second look, which is fitted: more add time, not accuracy."""
    masked_share_max: float = 0.45
    """Windows with more hidden ground are dropped (docs/sources.md, registration: 30 % of changed ground)."""
    agreement_px: float = 0.5
    """Phase and orientation correlation must agree this well for a tie (sources.md, registration: 0.3 px on
    like seasons; different seasons need more)."""
    peak_z_min: float = 6.0
    """Least height of a tie's correlation peak in standard deviations (docs/sources.md, registration)."""
    corridor_m: float = 4.0
    """Half width of the strip around a track that ties leave out: trains move in it."""
    held_out_every: int = 4
    """Every n-th tie is kept out of the fit and used to check it (docs/sources.md, registration: 20 %)."""
    ties_min: int = 9
    """Fewest consistent ties for a fit."""
    consistent_m: float = 0.75
    """Ties within this of the median belong to it."""
    consistent_share_min: float = 0.5
    """Least share of ties that must belong to the fit."""
    affine_gain_min: float = 0.8
    """An affine is taken when it brings the held-out residual below this share of the shift's."""
    affine_ties_min: int = 24
    """Fewest ties for an affine (docs/sources.md, registration: 12 for a translation)."""
    ok_median_px: float = 0.4
    """Held-out median residual of one tie for ``ok`` (sources.md, registration: 0.3 px; a tie's own noise
    across seasons is in it). Never less than `ok_floor_m`."""
    ok_p90_px: float = 1.0
    """Held-out 90 % residual for ``ok`` (docs/sources.md, registration: 0.7 px)."""
    ok_floor_m: float = 0.15
    """Residuals below this are good whatever the pixel."""
    degraded_px: float = 1.2
    """Held-out median residual beyond which the pair is refused (docs/sources.md, registration: 1 px)."""
    standard_error_ok_m: float = 0.12
    """Standard error of the shift itself for ``ok``: a fourth of the 0.5 m never to be exceeded."""
    site_reach_m: float = 18.0
    """Largest shift onto the site, per axis: the CE90 of 15 m and some room."""
    geolocation_ce90_m: tuple[tuple[str, float, str], ...] = (
        (r"skysat|\bssc?-?[0-9cd]|\bs10[0-9]\b", 10.0, "SkySat ortho products"),
        (r"planet|\bps(scene|2|b)|dove", 10.0, "PlanetScope ortho products"),
        (r"quick-?bird|\bqb-?0?2", 21.0, "QuickBird"),
        (
            r"world-?view|\bwv-?0?[1-4]|geo-?eye|\bge-?0?1|maxar|vantor|digitalglobe|legion",
            5.0,
            "WorldView, GeoEye and Legion",
        ),
        (r"pl[eé]iades.?neo|\bpneo|\bphn", 5.0, "Pléiades Neo"),
        (r"pl[eé]iades|\bphr|\bspot.?[67]", 10.0, "Pléiades and SPOT 6/7"),
        (r"kompsat-?[23]|\bk3a?\b", 48.0, "KOMPSAT without ground control"),
        (r"ortho(photo|bild|imag)|aerial|swiss(topo|image)|\bnaip\b|luftbild", 1.0, "survey orthophotos"),
    )
    """What products are known for where they do not say it themselves: a pattern of the provider's name, the
    CE90 in metres, and of what (docs/sources.md, registration). The first that is found counts."""
    geolocation_min_m: float = 1.0
    """Least CE90 taken from a product's own word: it is of the image, not of the ground's relief. Assumed."""
    geolocation_unknown_m: float = 15.0
    """The same of any other, and at least of a product that says it is not up to its own
    (docs/sources.md, registration)."""
    geolocation_worse_share: float = 0.05
    """Scenes that lie farther off than that: a wrong height, a wrong datum, a shifted copy. Assumed."""
    site_ce90_m: float = 3.0
    """The same of a site's geometry, drawn over another picture. Assumed."""
    site_rivals_max: int = 8
    """Places named at most that fit nearly as well: more say that nothing was seen."""
    along_sure_sd: float = 1.645
    """A move along the tracks counts from so many of its standard deviations: the 90 % interval leaves 0."""
    site_pixel_m: float = 1.0
    """Step of the search over shifts."""
    site_correlation_m2: float = 12.0
    """Ground that is one sample. Calibrated by ``python -m benchmarks.registration --split train``."""
    site_margin: float = 10.0
    """Log-odds a fit must have over any other that lies across the tracks. Calibrated by
    ``python -m benchmarks.registration --split train``."""
    site_bridge_margin: float = 4.0
    """The same where most of the track lies on a bridge. Of 24 painted bridges of validation seeds three had
    a rival within 10, all off the bridge; the better fit was right in each, by 4.7 and more."""
    site_across_m: float = 1.5
    """Fits that lie further apart than this across the tracks are different: half a gap is 2.25 m."""
    site_alone_m: float = 3.0
    """The same where no track lies beside another: within a body's width there is no other to take."""
    site_along_sd_ok_m: float = 2.0
    """Standard deviation along the tracks from which positions along them are called uncertain."""
    site_points_max: int = 16_000
    """Template points evaluated for each shift."""
    section_piece_m: float = 15.0
    """Length of track that is judged as one: shorter than a car with its neighbours' gaps."""
    section_block_m: float = 120.0
    """Length of track that is straightened at a time."""
    sections_length_m: float = 2500.0
    """Track that is read at most, evenly over all tracks: 160 pieces leave nothing for more to settle."""
    section_samples: float = 1.0
    """Independent readings of the network in one piece. Assumed, and checked on painted train scenes."""
    section_cap: float = 4.0
    """Most that one piece says. Assumed, and checked on painted train scenes."""
    section_seen_min: float = 1.0
    """Mean log-odds of a piece at the best place from which the rails are seen. Painted train scenes give
    3.0 to 3.6 bare, and under full snow, where outlines mislead the fit, 0.6 to 0.9; real yards 0.7 (fitted
    two gaps off by its outlines) and 1.0 (right)."""
    unseen_share: float = 0.7
    """Where they are not, other places count as nearly as good down to this share of what the best says more
    than the median place: six of eight painted train scenes under full snow lack up to 0.65 at the true
    one."""
    shape_weight: float = 0.4
    """What bends and turnouts say of a shift along the tracks, against what outlines say. Painted
    train and validation scenes give 0.4 to 0.7 by the mean log-density at the true shift; the lower end is
    taken, as displaced copies of the real yard scatter by more than the upper end says."""


@dataclass(frozen=True, kw_only=True)
class NormaliseSettings:
    """Named numbers for relative radiometric normalisation."""

    cell_m: float = 2.0
    """Ground averaged before comparing: noise and misregistration would flatten the slope."""
    samples_max: int = 60_000
    """Cells compared (docs/sources.md, normalisation: 100 k are plenty)."""
    iterations: int = 30
    """Most rounds of reweighting (docs/sources.md, normalisation: IR-MAD converges in 16-22)."""
    stop_change: float = 1e-3
    """Weights that change less end the rounds (Nielsen 2007)."""
    invariant_p: float = 0.05
    """Least probability of no change for a cell to take part in the last fit; RADCAL keeps 0.95 of
    a chi-square that season leaves wide, so robust scale estimates are used instead."""
    cells_min: int = 400
    """Fewest invariant cells (docs/sources.md, normalisation: 500 PIFs)."""
    slope_range: tuple[float, float] = (0.33, 3.0)
    """Slopes beyond these are another product, not another light (docs/sources.md, normalisation: 0.5-2 for
    calibrated products; uncalibrated ones differ more)."""
    picture_exponents: tuple[float, ...] = (0.45, 0.55, 0.65, 0.75, 0.87, 1.0, 1.15, 1.33, 1.55, 1.8, 2.2)
    """Tone curves tried between a picture made for the eye and a measurement: 2.2 and its inverse are of
    sRGB (IEC 61966-2-1), vendors' visual products lie between."""
    correlation_ok: float = 0.9
    """Correlation of invariant cells for ``ok`` (docs/sources.md, normalisation)."""
    correlation_min: float = 0.6
    """Below this the dates are not brought to one scale at all."""


@dataclass(frozen=True, kw_only=True)
class CloudSettings:
    """Named numbers for cloud and its shadow, on cells of 4 m (12 m in scenes of 3 m)."""

    log_odds_min: float = -0.5
    """Log-odds of the network from which a cell may lie under cloud. Chosen with `log_odds_sure`, `buffer_m`
    and `brighter_min` by ``python -m benchmarks.clouds area`` on validation seeds."""
    log_odds_sure: float = 1.0
    """Log-odds from which a cell does."""
    log_odds_doubtless: float = 2.0
    """Log-odds from which cloud need be no brighter than the other date. Chosen as `log_odds_min`."""
    shadow_bias: float = 0.3
    """Taken off the log-odds of shadow: dark ground is common. Chosen as `log_odds_min`."""
    brighter_min: float = 0.1
    """Least rise of log brightness over another date, each against its typical ground, under cloud."""
    darker_min: float = 0.3
    """Least fall of it in a cloud's shadow: a quarter of the light. Chosen as `log_odds_min`."""
    alone_min: float = 1.3
    """Least log brightness over the typical ground where no other date tells: 3.7 times, both above the
    darkest. Calibrated as `alike_min`: at 1.5 thin cloud is lost, at 1.1 concrete is taken for cloud."""
    alone_large_min: float = 0.5
    """The same of large regions that hold enough sure cells, these brighter than `alone_large_sure`. Chosen
    as `log_odds_min`; at 0.3 snow is taken for cloud."""
    alone_large_sure: float = 0.8
    alone_large_min_m2: float = 20_000.0
    """What is larger is no pavement: twice `built_max_m2`. At half of it soil beside water is taken for cloud
    in one of 19 clear real pictures."""
    redder_max: float = 0.1
    """Log of red over blue, against the typical ground, of what is soil and not cloud. Assumed."""
    alike_scene_min: float = 0.68
    """Least likeness of the fine patterns that a twentieth of the ground shows on two dates, for one to tell
    what hides the other. Calibrated as `alike_min` on train seeds: 0.65 and more in one state of the ground
    with up to half of it under cloud (four of 48 less), 0.29 to 0.67 across full snow."""
    alike_min: float = 0.08
    """Median likeness in a region from which ground is seen through it. Chosen by ``python -m
    benchmarks.clouds area`` on validation seeds: most thin cloud leaves more, new ground nothing."""
    uneven_min: float = 0.3
    """Range of log brightness, 10 to 90 %, in a region from which it is no new pavement or roof, which are
    even. Calibrated as `alike_min`: thin cloud that hides the pattern has 0.5 and more."""
    built_max_m2: float = 10_000.0
    """Largest region that may be new pavement or a new roof. Assumed: the painters' largest are 8000."""
    sure_share: float = 0.25
    """Least share of sure cells in a region."""
    area_min_m2: float = 500.0
    """Smallest cloud (docs/sources.md, masks)."""
    alone_area_min_m2: float = 1500.0
    """The same where no other date tells: white roofs are smaller, or larger and less bright (assumed)."""
    wide_min_m: float = 40.0
    """A change of brightness that is nowhere as wide as this is an object's: two trains side by side that
    came or went, with their shadow under a sun of 12 degrees (4.8 + 3.3 + 21 m), in cells of 4 m."""
    shadow_area_min_m2: float = 1000.0
    """Smallest shadow of cloud: anything less than 30 m across is an object's (docs/sources.md, masks)."""
    buffer_m: float = 4.0
    """Ground around cloud, and around its shadow, that is hidden by their thin edges: one cell; what is only
    likely cloud lies between (docs/sources.md, masks: 10 m)."""
    vendor_against: float = 4.0
    """Log-odds against cloud from which a vendor's mask is not believed, where another date shows ground."""


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Named numbers for quality masks."""

    cloud: CloudSettings = field(default_factory=CloudSettings)
    shadow_darkness: float = 0.62
    """Brightness against the 25 m surroundings below which a pixel may lie in shadow: skylight
    alone gives 10-30 % of full light."""
    object_shadow_max_m: float = 30.0
    """Anything wider is no object's shadow (docs/sources.md, masks)."""
    snow_brightness: float = 0.35
    """Reflectance from which flat-spectrum ground may be snow, where the scale is known."""
    snow_of_white: float = 0.65
    """Brightness of snow as a share of the scene's brightest percent, where the scale is unknown.
    Calibrated by ``python -m benchmarks.quality --split train``."""
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
    """Sun elevation below which a note is made (docs/sources.md, trains)."""
    off_nadir_deg: float = 35.0
    """Off-nadir angle above which a note is made (docs/sources.md, trains)."""
    observed_from: float = 0.9
    """Clear share of an area for ``observed``."""
    not_observable_below: float = 0.3
    """Clear share of an area below which nothing is said of it."""
