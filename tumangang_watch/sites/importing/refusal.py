"""The one error of an import."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch.errors import InputRefused


def refusal(source: Path, why: str, todo: str) -> InputRefused:
    """Return the error for a source that cannot be imported."""
    return InputRefused("import refused", source, why, todo)
