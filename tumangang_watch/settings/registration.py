"""Settings for co-registration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegistrationSettings:
    """Named numbers for co-registration."""
