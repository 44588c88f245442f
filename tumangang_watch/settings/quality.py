"""Settings for quality masks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Named numbers for quality masks."""
