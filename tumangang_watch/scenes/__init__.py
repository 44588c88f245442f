"""The only room that opens imagery: sniff, metadata, windowed reads."""

from __future__ import annotations

from tumangang_watch.scenes.open import SceneOptions, describe, open_scene
from tumangang_watch.scenes.read import footprint, read_native

__all__ = ["SceneOptions", "describe", "footprint", "open_scene", "read_native"]
