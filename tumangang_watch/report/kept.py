"""Pictures of a report that was written earlier, read back from its folder."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image
from PIL.Image import Image as Picture

from tumangang_watch.plain_files import opened
from tumangang_watch.report.names import STRIPS, strip_name

_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
"""What Pillow raises of a picture that is not there, damaged, or claims more pixels than it holds."""


def kept_strip(report: Path, track: str) -> Picture | None:
    """Return the strip of a track in a report's folder; None where there is none, or it cannot be read."""
    try:
        with warnings.catch_warnings(), opened(report / STRIPS / strip_name(track)) as file:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                return picture.convert("RGB")
    except _UNREADABLE:
        return None
