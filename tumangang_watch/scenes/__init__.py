"""The only room that opens imagery: sniff, metadata, windowed reads."""

from __future__ import annotations

from tumangang_watch.scenes.describe import describe
from tumangang_watch.scenes.open import (
    SceneOptions,
    check_unchanged,
    open_scene,
    open_scenes,
    unchanged,
    with_digest,
)
from tumangang_watch.scenes.read import footprint, read_native

__all__ = [
    "SceneOptions",
    "check_unchanged",
    "describe",
    "footprint",
    "open_scene",
    "open_scenes",
    "read_native",
    "unchanged",
    "with_digest",
]
