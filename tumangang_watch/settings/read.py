"""Settings for reading scenes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadSettings:
    """Named numbers for reading scenes."""
