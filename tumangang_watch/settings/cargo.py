"""Settings for cargo on aprons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CargoSettings:
    """Named numbers for cargo on aprons."""
