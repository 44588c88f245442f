"""Settings for worked surface in the handling polygon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HandlingSettings:
    """Named numbers for worked surface in the handling polygon."""
