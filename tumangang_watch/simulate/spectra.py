"""Reflectance of surfaces in blue, green, red and near infrared, and how uneven each surface is.

Levels are rounded from common spectral libraries (ECOSTRESS/ASTER, USGS splib07) averaged over the
bands of small high-resolution satellites (B 450-515, G 515-595, R 605-695, NIR 740-900 nm). They
set the painter's world only: nothing in the detectors may read them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BANDS = ("blue", "green", "red", "nir")
Spectrum = tuple[float, float, float, float]


@dataclass(frozen=True)
class Material:
    """A surface: mean reflectance and relative unevenness at three scales."""

    spectrum: Spectrum
    fine: float
    """Relative standard deviation at 0.1-0.3 m."""
    medium: float
    """Relative standard deviation at 1-3 m."""
    coarse: float
    """Relative standard deviation at 8-30 m."""
    hue: float = 0.0
    """How far weeds and stains pull it towards vegetation (positive) or soil (negative)."""


MATERIALS: dict[str, Material] = {
    "grass": Material((0.035, 0.075, 0.05, 0.36), 0.16, 0.16, 0.16, -0.35),
    "dry_grass": Material((0.085, 0.13, 0.17, 0.29), 0.14, 0.16, 0.14, 0.25),
    "scrub": Material((0.03, 0.055, 0.045, 0.28), 0.30, 0.35, 0.2, -0.25),
    "tree": Material((0.022, 0.045, 0.028, 0.36), 0.35, 0.3, 0.1),
    "bare_tree": Material((0.07, 0.085, 0.10, 0.17), 0.35, 0.3, 0.1),
    "soil": Material((0.08, 0.115, 0.16, 0.24), 0.10, 0.12, 0.14, 0.2),
    "ploughed": Material((0.06, 0.085, 0.115, 0.17), 0.16, 0.12, 0.15, 0.12),
    "stubble": Material((0.10, 0.15, 0.20, 0.28), 0.15, 0.12, 0.12, 0.15),
    "ballast_grey": Material((0.165, 0.18, 0.19, 0.205), 0.13, 0.07, 0.08, 0.05),
    "ballast_brown": Material((0.085, 0.105, 0.135, 0.175), 0.14, 0.09, 0.10, 0.12),
    "ballast_pale": Material((0.23, 0.25, 0.265, 0.285), 0.12, 0.07, 0.08, 0.04),
    "cinder": Material((0.075, 0.085, 0.095, 0.115), 0.13, 0.13, 0.15, 0.2),
    "gravel": Material((0.185, 0.21, 0.225, 0.25), 0.11, 0.09, 0.09, 0.04),
    "concrete": Material((0.26, 0.29, 0.31, 0.34), 0.05, 0.06, 0.07),
    "asphalt": Material((0.075, 0.082, 0.088, 0.10), 0.08, 0.08, 0.10),
    "dirt_road": Material((0.13, 0.17, 0.21, 0.27), 0.09, 0.10, 0.10, 0.12),
    "water": Material((0.05, 0.055, 0.04, 0.02), 0.05, 0.05, 0.08),
    "puddle": Material((0.055, 0.06, 0.055, 0.04), 0.03, 0.05, 0.05),
    "sand": Material((0.17, 0.22, 0.27, 0.33), 0.06, 0.09, 0.10, 0.05),
    "roof_grey": Material((0.19, 0.20, 0.21, 0.24), 0.05, 0.05, 0.05),
    "roof_red": Material((0.07, 0.085, 0.19, 0.26), 0.10, 0.08, 0.06),
    "roof_blue": Material((0.24, 0.19, 0.13, 0.22), 0.05, 0.05, 0.05),
    "roof_white": Material((0.48, 0.50, 0.51, 0.52), 0.04, 0.04, 0.04),
    "rail": Material((0.21, 0.215, 0.22, 0.24), 0.10, 0.10, 0.10),
    "rail_rusty": Material((0.06, 0.075, 0.115, 0.17), 0.12, 0.10, 0.10),
    "sleeper_wood": Material((0.065, 0.072, 0.08, 0.11), 0.20, 0.10, 0.10),
    "sleeper_concrete": Material((0.20, 0.215, 0.225, 0.245), 0.14, 0.07, 0.08),
    "steel": Material((0.12, 0.125, 0.13, 0.14), 0.08, 0.06, 0.05),
    "snow": Material((0.84, 0.85, 0.84, 0.78), 0.02, 0.03, 0.04),
    "ice": Material((0.50, 0.54, 0.53, 0.42), 0.05, 0.10, 0.12),
    "timber": Material((0.17, 0.23, 0.30, 0.40), 0.16, 0.10, 0.05),
    "coal": Material((0.03, 0.032, 0.034, 0.04), 0.20, 0.10, 0.05),
    "undercarriage": Material((0.045, 0.05, 0.055, 0.07), 0.30, 0.2, 0.05),
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
