"""The only rooms that open imagery: sniff, metadata, windowed reads."""

from __future__ import annotations

from tumangang_watch.scenes.describe import describe
from tumangang_watch.scenes.footprint import footprint
from tumangang_watch.scenes.open import SceneOptions, open_scene
from tumangang_watch.scenes.read import read_native

__all__ = ["SceneOptions", "describe", "footprint", "open_scene", "read_native"]
