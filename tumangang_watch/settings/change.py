"""Settings for matching detections of two dates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChangeSettings:
    """Named numbers for matching detections of two dates."""
