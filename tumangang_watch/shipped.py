"""What ships with the program beside its code: the built-in site, and painted scenes to try it on."""

from __future__ import annotations

from pathlib import Path

BUILT_IN = "tumangang.geojson"


def _data(name: str) -> Path:
    package = Path(__file__).resolve().parent
    in_wheel = package / "data" / name
    return in_wheel if in_wheel.is_dir() else package.parent / name


def built_in_site_path() -> Path:
    """Return the path of the built-in Tumangang site file."""
    return _data("aois") / BUILT_IN


def fixtures_dir() -> Path:
    """Return the folder of the painted fixture scenes."""
    return _data("fixtures")
