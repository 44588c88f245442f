"""Names of a report's pictures, for whoever links to them or looks them up: nothing is drawn here."""

from __future__ import annotations

import hashlib
import re

STRIPS = "strips"
"""Folder of a report's straightened tracks."""
STRIP_HALF_M = 4.0
"""Ground shown on each side of a track in a straightened strip: one track, not its neighbours'."""


def chip_name(subject: str) -> str:
    """Return a safe, unique file name for any id of a finding or detection."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", subject).strip("-")[:60] or "finding"
    return f"{safe}-{hashlib.sha256(subject.encode()).hexdigest()[:8]}.png"


def strip_name(track: str) -> str:
    """Return the file name of a track's strip: its id made safe, and eight digits of its digest."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", track)[:60]
    return f"{safe}-{hashlib.sha256(track.encode()).hexdigest()[:8]}.png"
