"""Settings for relative radiometric normalisation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NormaliseSettings:
    """Named numbers for relative radiometric normalisation."""
