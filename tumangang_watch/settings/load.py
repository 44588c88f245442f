"""Settings for hints of what wagons carry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoadSettings:
    """Named numbers for hints of what wagons carry: a hint only where it is nearly always right."""

    gsd_max_m: float = 0.52
    """Inner walls of 2 m and shadows of 1.3 m need half-metre pixels (methods.md 2.4)."""
    type_sure: float = 0.8
    """Least probability of the type that the hint rests on."""
    sun_deg: tuple[float, float] = (18.0, 70.0)
    """Sun elevations between which inner shadows neither fill a wagon nor vanish."""
    off_nadir_max_deg: float = 25.0
    """Further off nadir the near wall hides the floor."""
    wall_m: float = 2.1
    """Depth of an empty gondola's floor below its rim: 3.5 m over rail, floor at 1.4 m (domain.md 4)."""
    inner_shadow_m: tuple[float, float] = (0.5, 3.0)
    """Widths of the inner shadow, across the wagon, that leave part of the floor lit and can be seen."""
    surely_seen_m: tuple[float, float] = (0.8, 1.9)
    """Widths that no empty wagon hides, and that leave its floor lit: only then does an even inside speak
    for a load."""
    empty_contrast: float = 0.3
    """Least loss of light on the sunward side of a wagon against the other for ``empty``. Chosen by hand on
    painted train seeds; ``python benchmarks/limits.py --load`` measures the hints."""
    loaded_contrast: float = 0.05
    """Largest for ``loaded``: an even load near the rim. Chosen as `empty_contrast`."""
    half_width_m: float = 1.2
    """Half width of a wagon's inside that is read."""
    flat_height_m: float = 1.9
    """Greatest height by the shadow for ``empty`` of a flat: the deck lies at 1.3 m (domain.md 4)."""
    loaded_height_m: float = 2.6
    """Least height for ``loaded`` of a flat: a container stands at 3.9 m."""
    shadow_lost: float = 0.5
    """Share of light lost, full shadow being 1, that ends a shadow beside a body."""
    reach_m: float = 9.0
    """How far beside a body its shadow is followed."""
