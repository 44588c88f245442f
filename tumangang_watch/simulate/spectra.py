"""Reflectance of surfaces in blue, green, red and near infrared, and how uneven each surface is.

Levels are rounded from common spectral libraries (ECOSTRESS/ASTER, USGS splib07) averaged over the
bands of small high-resolution satellites (B 450-515, G 515-595, R 605-695, NIR 740-900 nm). They
set the painter's world only: nothing in the detectors may read them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BANDS = ("blue", "green", "red", "nir")
Spectrum = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Material:
    """A surface: mean reflectance and relative unevenness at three scales."""

    spectrum: Spectrum
    fine: float
    """Relative standard deviation at 0.1-0.3 m."""
    medium: float
    """Relative standard deviation at 1-3 m."""
    coarse: float
    """Relative standard deviation at 8-30 m."""
    tint: float = 0.0
    """How far weeds and stains pull it towards vegetation (positive) or soil (negative)."""


MATERIALS: dict[str, Material] = {
    "grass": Material(spectrum=(0.035, 0.075, 0.05, 0.36), fine=0.16, medium=0.16, coarse=0.16, tint=-0.35),
    "dry_grass": Material(spectrum=(0.085, 0.13, 0.17, 0.29), fine=0.14, medium=0.16, coarse=0.14, tint=0.25),
    "scrub": Material(spectrum=(0.03, 0.055, 0.045, 0.28), fine=0.30, medium=0.35, coarse=0.2, tint=-0.25),
    "tree": Material(spectrum=(0.022, 0.045, 0.028, 0.36), fine=0.35, medium=0.3, coarse=0.1),
    "bare_tree": Material(spectrum=(0.07, 0.085, 0.10, 0.17), fine=0.35, medium=0.3, coarse=0.1),
    "soil": Material(spectrum=(0.08, 0.115, 0.16, 0.24), fine=0.10, medium=0.12, coarse=0.14, tint=0.2),
    "ploughed": Material(spectrum=(0.06, 0.085, 0.115, 0.17), fine=0.16, medium=0.12, coarse=0.15, tint=0.12),
    "stubble": Material(spectrum=(0.10, 0.15, 0.20, 0.28), fine=0.15, medium=0.12, coarse=0.12, tint=0.15),
    "ballast_grey": Material(
        spectrum=(0.165, 0.18, 0.19, 0.205), fine=0.13, medium=0.07, coarse=0.08, tint=0.05
    ),
    "ballast_brown": Material(
        spectrum=(0.085, 0.105, 0.135, 0.175), fine=0.14, medium=0.09, coarse=0.10, tint=0.12
    ),
    "ballast_pale": Material(
        spectrum=(0.23, 0.25, 0.265, 0.285), fine=0.12, medium=0.07, coarse=0.08, tint=0.04
    ),
    "cinder": Material(spectrum=(0.075, 0.085, 0.095, 0.115), fine=0.13, medium=0.13, coarse=0.15, tint=0.2),
    "gravel": Material(spectrum=(0.185, 0.21, 0.225, 0.25), fine=0.11, medium=0.09, coarse=0.09, tint=0.04),
    "concrete": Material(spectrum=(0.26, 0.29, 0.31, 0.34), fine=0.05, medium=0.06, coarse=0.07),
    "asphalt": Material(spectrum=(0.075, 0.082, 0.088, 0.10), fine=0.08, medium=0.08, coarse=0.10),
    "dirt_road": Material(spectrum=(0.13, 0.17, 0.21, 0.27), fine=0.09, medium=0.10, coarse=0.10, tint=0.12),
    "water": Material(spectrum=(0.05, 0.055, 0.04, 0.02), fine=0.05, medium=0.05, coarse=0.08),
    "puddle": Material(spectrum=(0.055, 0.06, 0.055, 0.04), fine=0.03, medium=0.05, coarse=0.05),
    "sand": Material(spectrum=(0.17, 0.22, 0.27, 0.33), fine=0.06, medium=0.09, coarse=0.10, tint=0.05),
    "roof_grey": Material(spectrum=(0.19, 0.20, 0.21, 0.24), fine=0.05, medium=0.05, coarse=0.05),
    "roof_red": Material(spectrum=(0.07, 0.085, 0.19, 0.26), fine=0.10, medium=0.08, coarse=0.06),
    "roof_blue": Material(spectrum=(0.24, 0.19, 0.13, 0.22), fine=0.05, medium=0.05, coarse=0.05),
    "roof_white": Material(spectrum=(0.48, 0.50, 0.51, 0.52), fine=0.04, medium=0.04, coarse=0.04),
    "rail": Material(spectrum=(0.21, 0.215, 0.22, 0.24), fine=0.10, medium=0.10, coarse=0.10),
    "rail_rusty": Material(spectrum=(0.06, 0.075, 0.115, 0.17), fine=0.12, medium=0.10, coarse=0.10),
    "sleeper_wood": Material(spectrum=(0.065, 0.072, 0.08, 0.11), fine=0.20, medium=0.10, coarse=0.10),
    "sleeper_concrete": Material(spectrum=(0.20, 0.215, 0.225, 0.245), fine=0.14, medium=0.07, coarse=0.08),
    "steel": Material(spectrum=(0.12, 0.125, 0.13, 0.14), fine=0.08, medium=0.06, coarse=0.05),
    "snow": Material(spectrum=(0.84, 0.85, 0.84, 0.78), fine=0.02, medium=0.03, coarse=0.04),
    "ice": Material(spectrum=(0.50, 0.54, 0.53, 0.42), fine=0.05, medium=0.10, coarse=0.12),
    "timber": Material(spectrum=(0.17, 0.23, 0.30, 0.40), fine=0.16, medium=0.10, coarse=0.05),
    "coal": Material(spectrum=(0.03, 0.032, 0.034, 0.04), fine=0.20, medium=0.10, coarse=0.05),
    "silty_water": Material(spectrum=(0.075, 0.105, 0.11, 0.045), fine=0.03, medium=0.04, coarse=0.10),
    "glinting_water": Material(spectrum=(0.20, 0.21, 0.20, 0.18), fine=0.25, medium=0.12, coarse=0.15),
    "undercarriage": Material(spectrum=(0.045, 0.05, 0.055, 0.07), fine=0.30, medium=0.2, coarse=0.05),
}

COLOURS: dict[str, Spectrum] = {
    "black": (0.035, 0.036, 0.038, 0.05),
    "grey": (0.15, 0.155, 0.16, 0.18),
    "light_grey": (0.30, 0.31, 0.315, 0.33),
    "white": (0.56, 0.57, 0.57, 0.58),
    "red": (0.06, 0.062, 0.21, 0.29),
    "brown": (0.05, 0.065, 0.11, 0.18),
    "blue": (0.20, 0.10, 0.05, 0.13),
    "light_blue": (0.36, 0.29, 0.19, 0.26),
    "green": (0.062, 0.105, 0.062, 0.17),
    "yellow": (0.07, 0.30, 0.42, 0.48),
}
"""Paint of vehicles and containers, by the contract's colour names."""

SEASON_SWAPS: dict[str, dict[str, str]] = {
    "summer": {},
    "spring": {},
    "autumn": {"grass": "dry_grass", "stubble": "ploughed"},
    "winter": {"grass": "dry_grass", "tree": "bare_tree", "scrub": "bare_tree"},
}
"""Which material stands in for which, by season."""

GREENING: dict[str, float] = {"spring": 0.75, "summer": 1.0, "autumn": 0.45, "winter": 0.12}
"""Share of living vegetation left, by season."""


def seasonal(season: str) -> dict[str, Material]:
    """Return the materials as they look in a season (``spring``, ``summer``, ``autumn``, ``winter``)."""
    table = dict(MATERIALS)
    for name, other in SEASON_SWAPS[season].items():
        table[name] = replace(MATERIALS[other], fine=MATERIALS[name].fine, medium=MATERIALS[name].medium)
    if season == "spring":
        table["grass"] = _mix(MATERIALS["grass"], MATERIALS["dry_grass"], 0.35)
    if season == "autumn":
        table["tree"] = _mix(MATERIALS["tree"], MATERIALS["bare_tree"], 0.55)
        table["scrub"] = _mix(MATERIALS["scrub"], MATERIALS["dry_grass"], 0.5)
    return table


def _mix(one: Material, other: Material, share: float) -> Material:
    a, b = one.spectrum, other.spectrum
    return replace(
        one,
        spectrum=tuple((1 - share) * p + share * q for p, q in zip(a, b, strict=True)),  # type: ignore[arg-type]
    )
