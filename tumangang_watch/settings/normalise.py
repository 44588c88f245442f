"""Settings for relative radiometric normalisation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NormaliseSettings:
    """Named numbers for relative radiometric normalisation."""

    cell_m: float = 2.0
    """Ground averaged before comparing: noise and misregistration would flatten the slope."""
    samples_max: int = 60_000
    """Cells compared (methods.md 2.2: 100 k are plenty)."""
    iterations: int = 30
    """Most rounds of reweighting (methods.md 2.2: IR-MAD converges in 16-22)."""
    stop_change: float = 1e-3
    """Weights that change less end the rounds (Nielsen 2007)."""
    invariant_p: float = 0.05
    """Least probability of no change for a cell to take part in the last fit; RADCAL keeps 0.95 of
    a chi-square that season leaves wide, so robust scale estimates are used instead."""
    cells_min: int = 400
    """Fewest invariant cells (methods.md 2.2: 500 PIFs)."""
    slope_range: tuple[float, float] = (0.33, 3.0)
    """Slopes beyond these are another product, not another light (methods.md 2.2: 0.5-2 for
    calibrated products; uncalibrated ones differ more)."""
    correlation_ok: float = 0.9
    """Correlation of invariant cells for ``ok`` (methods.md 2.2)."""
    correlation_min: float = 0.6
    """Below this the dates are not brought to one scale at all."""
