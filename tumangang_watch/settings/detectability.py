"""Settings for the trials that say what a scene could have missed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DetectabilitySettings:
    """Named numbers for vehicles inserted on trial."""

    enabled: bool = False
    """True: trials for every date (the commands' default, ``--detectability``); else the report says none."""
    trials: int = 200
    """Vehicles tried a scene: a rate of 0.9 is then known to 0.035 (binomial), that of one type less well."""
    rounds_max: int = 12
    """Detector runs a scene at most."""
    track_km_max: float = 60.0
    """Kilometres of track read by all runs together at most, a first run apart: a run reads some 10 km of
    track a second, and the trials of 3 km x 1 km may take 12 s."""
    gap_m: float = 40.0
    """Empty track between two inserted vehicles of a run: a train's ends lie within 4 m, its
    shadow reaches 20 m, and most of the bed stays empty."""
    apart_m: float = 3.0
    """Least distance between inserted vehicles of different tracks."""
    clear_of_trains_m: float = 16.0
    """Least distance along a track to a train that stands there: a coupling of 1.1 m, 3 m between cuts, and
    what the detector's ends may be off."""
    track_end_m: float = 5.0
    """Nothing is inserted closer to the end of a track."""
    seen_share: float = 0.99
    """Clear share of a place where something is inserted."""
    not_observable_below: float = 0.1
    """Clear share of a track below which nothing is said of it."""
    empty_min_m: float = 13.0
    """Seen and empty length from which a track has rates: a vehicle fits there."""
    overlap: float = 0.5
    """Share of an inserted vehicle's length that a detected train must cover for it to count as found."""
    group_reach_m: float = 6.0
    """In scenes too coarse to tell tracks apart a train on the next one counts too: spacing 4.5-5.5 m."""
    aside_sd_m: tuple[float, float] = (0.25, 0.4)
    """Spread of how far vehicles stand beside the drawn track, fit ``ok`` and ``degraded``: 0.02 to 0.27 m on
    train seeds 300-306 (``aside`` in the rows of ``python -m benchmarks.detectability --split train``), and a
    ``degraded`` fit is mostly unsure along the tracks, not across them."""
    single_weight: int = 2
    """Single vehicles are tried this many times as often as cuts of three: they are what is missed."""
    ground_reflectance: float = 0.15
    """Reflectance of plain track bed in the visible that the light is judged by: ballast 0.10-0.25
    (splib07, ECOSTRESS: basalt and granite gravel, cinders)."""
    light_sd: float = 0.30
    """Spread of that reflectance between yards, log units: every trial draws its own light."""
    dark_reflectance: float = 0.02
    """Reflectance of a scene's darkest ground: water, forest shade, shadows."""
    dark_in_snow: float = 0.06
    """The same in a scene under snow, where water and the forest's floor are white too."""
    snow_light_sd: float = 0.10
    """Spread of the light where snow gives it: fresh and old snow differ less than ballasts."""
    snow_reflectance: float = 0.75
    """Reflectance of lying snow: 0.6 old to 0.9 fresh."""
    blur_px: float = 0.5
    """Sigma of the optics' point spread in units of the GSD, the pixel's own square apart: an MTF at Nyquist
    of 0.19, the middle of the 0.1-0.3 of small and large satellites."""
    visual_gamma: float = 0.75
    """Exponent of an 8-bit picture's tone curve, where the provider does not state it (sRGB-like: 0.45-1)."""
    shadow_share: tuple[tuple[str, float], ...] = (
        ("blue", 0.30),
        ("green", 0.23),
        ("red", 0.18),
        ("nir", 0.11),
        ("pan", 0.21),
    )
    """Skylight as a share of full light under a clear sky with the sun at 40 degrees, where the scene shows
    no shadows of its own to measure."""
    typical_sun_deg: float = 35.0
    """Sun elevation where the scene neither states it nor has a time of day."""
    swept_share: float = 0.35
    """Share of vehicles that carry no snow in a snow scene: they came after it or were unloaded."""
    prior_rate: float = 0.9
    """Found rate that is expected before any trial."""
    prior_sd: float = 2.0
    """Its spread in log-odds."""
    kind_sd: float = 0.7
    """Spread of log-odds between types of vehicle."""
    brightness_sd: float = 0.7
    """Spread between tones."""
    mix_sd: float = 0.5
    """Spread between combinations of type and tone beyond both."""
    cut_more: float = 1.5
    """How much likelier three vehicles are found than one, log-odds."""
    cut_sd: float = 1.0
    """Spread of that."""
    track_sd: float = 0.7
    """Spread between the tracks of a yard."""
    track_brightness_sd: float = 0.5
    """Spread between tracks of what a tone does: pale ballast hides bright roofs."""
    spread_scales: tuple[float, ...] = (0.2, 0.5, 1.0, 1.7)
    """Factors on the spreads above: a scene decides by its trials how far types, tones and tracks differ."""
    calibration: tuple[float, float] = (0.0, 1.0)
    """(a, b): a found rate's log-odds x become ``a + b x``. Calibrated by
    ``python -m benchmarks.detectability --split train --calibrate``."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Where one quantity stops being told well, and where it stops being told at all.

    Each pair is (told well up to here, told at all up to here); for the sun from here on.
    """

    gsd_m: tuple[float, float]
    sun_deg: tuple[float, float]
    """Sun elevation from which it is told well, and from which it is told at all."""
    off_nadir_deg: tuple[float, float]
    haze: tuple[float, float]
    """`Quality.haze`, 0 to 1."""
    snow: tuple[str, str] = ("yes", "yes")
    """What can be told under partial and under full snow: ``yes``, ``limited`` or ``no``."""
    cloud: tuple[float, float] = (0.4, 0.99)
    """Cloud of the whole scene as the vendor states it, where what was read was not looked at."""


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Named numbers for what a scene cannot show.

    From docs/sources.md, trains: up to 0.5 m presence, track, length, count, colours and hints of the load;
    0.5-1.0 m the count with an interval and few colours; to 1.4 m presence, track and length; above that
    presence on the track group with a coarse length; above 5 m nothing. Abstain below 12 degrees of sun,
    in haze, above 35 degrees off nadir. Under snow paint is covered: colours are compared within a
    snow state only (2.3, 2.4).
    """

    gsd_slack: float = 1.05
    """A GSD may be nominal (1.02 m for a 1 m product): so much above a limit is forgiven."""
    presence: Limit = Limit(
        gsd_m=(4.0, 5.0), sun_deg=(12.0, 2.0), off_nadir_deg=(35.0, 50.0), haze=(0.8, 1.01)
    )
    track: Limit = Limit(gsd_m=(1.5, 2.0), sun_deg=(12.0, 2.0), off_nadir_deg=(30.0, 50.0), haze=(0.8, 1.01))
    length: Limit = Limit(
        gsd_m=(2.0, 5.0),
        sun_deg=(12.0, 2.0),
        off_nadir_deg=(35.0, 50.0),
        haze=(0.6, 1.01),
        snow=("yes", "limited"),
    )
    count: Limit = Limit(
        gsd_m=(0.7, 1.2),
        sun_deg=(12.0, 5.0),
        off_nadir_deg=(30.0, 45.0),
        haze=(0.4, 0.8),
        snow=("yes", "limited"),
    )
    """Its coarsest GSD is `TrainSettings.count_gsd_max_m`: a 1.1 m coupling vanishes."""
    type: Limit = Limit(
        gsd_m=(0.5, 0.8),
        sun_deg=(15.0, 8.0),
        off_nadir_deg=(25.0, 40.0),
        haze=(0.3, 0.6),
        snow=("limited", "limited"),
    )
    """Goals of the type are stated up to 0.7 m; beyond it a roof's form is two pixels wide."""
    colours: Limit = Limit(
        gsd_m=(0.5, 1.0),
        sun_deg=(15.0, 12.0),
        off_nadir_deg=(30.0, 45.0),
        haze=(0.25, 0.4),
        snow=("limited", "no"),
    )
    load: Limit = Limit(
        gsd_m=(0.35, 0.5),
        sun_deg=(20.0, 15.0),
        off_nadir_deg=(15.0, 25.0),
        haze=(0.15, 0.25),
        snow=("no", "no"),
    )
    """Inner walls of 2 m need half-metre pixels and a shadow that does not fill the wagon."""
