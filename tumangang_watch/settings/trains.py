"""Settings for trains on tracks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainSettings:
    """Named numbers for trains on tracks."""
