"""Settings for cargo on aprons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CargoSettings:
    """Named numbers for cargo on aprons."""

    smooth_m: float = 0.45
    """Gaussian sigma of the contrast map: a 1 m kernel, as for smoothed change vectors
    (methods.md 2.6)."""
    strong_contrast: float = 5.0
    """Robust distance from the empty pavement that starts an object (hysteresis 5/3, methods.md 2.6)."""
    weak_contrast: float = 3.0
    """Robust distance from the empty pavement that continues an object (methods.md 2.6)."""
    relative_noise_floor: float = 0.05
    """Least spread of clean pavement, as a share of its tone: joints and wear seen in the Muttenz
    yard's paved surfaces."""
    colour_noise_floor: float = 0.03
    """Least spread of clean pavement's colour, relative: band offsets and noise."""
    weak_relative: float = 0.12
    """Least share by which an object differs from the pavement, in any band. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    min_area_m2: float = 4.0
    """Smaller objects are not told from clutter (issue asks for objects of 4 m2 and more)."""
    min_pixels: int = 16
    """Smaller objects have no outline (methods.md 2.6)."""
    full_grade_area_m2: float = 6.0
    """From this size an object can be `detected` (methods.md 2.6)."""
    min_width_m: float = 1.2
    """Narrower marks are painted lines, kerbs, rails and masts."""
    touching_neck: float = 0.75
    """Objects part where the outline narrows below this share of the smaller one's half width.
    Calibrated by ``python benchmarks/ground.py --split train``."""
    pavement_smooth_m: float = 10.0
    """Scale of slow tone variation of the pavement: wider than most objects."""
    shadow_relative: tuple[tuple[str, float], ...] = (
        ("blue", -0.55),
        ("green", -0.62),
        ("red", -0.68),
        ("nir", -0.76),
        ("pan", -0.65),
    )
    """Tone of cast shadow relative to sunlit ground where the scene does not tell: clear-sky light
    is 45 % of the blue and 25 % of the near-infrared light at 20-50 degrees of sun elevation."""
    shadow_black: float = -0.8
    """Sky light leaves more than a fifth of the blue light in any shadow."""
    shadow_sample_px: int = 40
    """Dark pixels needed for taking the tone of shadow from the scene."""
    shadow_full: float = 0.72
    """Share of full shadow from which a pixel is shadow and not a grey object."""
    shadow_deepest: float = 1.25
    """Darker than this multiple of full shadow is a dark object."""
    shadow_deep_quantile: float = 0.25
    """Darkest share of the dark pixels that shows full shadow; grey goods are among the rest."""
    shadow_misfit_range: tuple[float, float] = (0.035, 0.075)
    """Bounds of the misfit: pixel noise, and the colour of the least colourful paint."""
    shadow_misfit: float = 0.06
    """Relative misfit up to which a tone is that of shaded pavement. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    penumbra_m: float = 0.9
    """How far around full shadow blur and penumbra leave half-shadow."""
    shadow_least: float = -0.22
    """No shadow is brighter than this share below sunlit ground (haze included)."""
    shadow_length_m: tuple[float, float] = (0.5, 12.0)
    """Shadow lengths that count as a height cue; methods.md 2.6 with room for a winter sun."""
    shadow_share: float = 0.5
    """Part of an object's far edge that must throw shadow."""
    train_margin_m: float = 2.5
    """Around a train's pieces: half a body (1.6 m) and the lean at moderate angles."""
    lean_margin_m: float = 0.6
    """Blur and position error about a train's leaning body."""
    train_height_m: float = 5.0
    """Tallest stock (loading gauge) throws the longest shadow."""
    track_margin_m: float = 1.9
    """Half the loading gauge: no goods stand nearer to a track's centreline."""
    beside_track_m: float = 8.0
    """How far beside tracks goods are looked for where a site has no aprons."""
    second_tone_m2: float = 150.0
    """Larger flat regions without a shadow may be another pavement."""
    snow_contrast: float = 4.0
    """Snow (reflectance 0.8) is so many times brighter than bare ground at least; concrete is 3 times."""
    changed_relative: float = 0.12
    """Relative difference to the other date from which ground has changed."""
    registration_m: float = 0.15
    """Outline uncertainty from registration where it is not known: the median goal doubled for 90 %."""
    edge_factor: float = 1.4
    """Share of the outline that errs to one side in the 90 % interval of an area. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    detected_confidence: float = 0.5
    """From here on an object is `detected`, below `possible`. Calibrated by
    ``python benchmarks/ground.py --split train``."""
    least_confidence: float = 0.25
    """Below this nothing is said."""
    least_observed: float = 0.3
    """An apron that is seen less than this gives no detections."""
    train_shadow_below: float = 0.75
    """Brightness against the place's median below which ground in reach of a train's shadow is that
    shadow: skylight alone gives 10-30 % of full light, its soft edge more."""
    row_gap_m: float = 3.0
    """Wider gaps part two rows: a lorry passes (2.5 m)."""
    row_end_m: float = 0.7
    """90 % error of one end of a row: an outline's, along the track."""
    common_edge: float = 0.5
    """Share of outline errors that all objects of an apron have in common: registration, blur, light."""
    fill_floor: float = 0.004
    """Part of the ground that can be missed as small goods."""
    hidden_told: float = 0.05
    """Hidden part of a place from which the fill says so."""
