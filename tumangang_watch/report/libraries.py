"""Which versions of the libraries that read and place pixels are at work, and what is known against them."""

from __future__ import annotations

import re

import numpy as np
import pyogrio
import pyproj
import rasterio

FAULTS = (
    ("gdal", (3, 11, 0), "CVE-2026-4738: a damaged file may write beyond its memory"),
    ("gdal_vector", (3, 11, 0), "CVE-2026-4738: a damaged file may write beyond its memory"),
)
"""Library, first version without the fault, fault (docs/sources.md, hostile files)."""


def library_versions() -> dict[str, str]:
    """Return the versions by library; scenes and vector files are read by two builds of GDAL."""
    return {
        "gdal": rasterio.__gdal_version__,
        "gdal_vector": ".".join(map(str, pyogrio.__gdal_version__)),
        "proj": rasterio.__proj_version__,
        "proj_vector": pyproj.proj_version_str,
        "numpy": np.__version__,
    }


def known_faults(versions: dict[str, str]) -> list[str]:
    """Return what is publicly known against these versions, in words."""
    return [
        f"{name} {versions[name]} is older than {'.'.join(map(str, sound))}: {fault}"
        for name, sound, fault in FAULTS
        if tuple(map(int, re.findall(r"\d+", versions[name])[:3])) < sound
    ]


def version_text(program: str, version: str) -> str:
    """Return what ``--version`` prints: program, libraries, and what is known against them."""
    versions = library_versions()
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    return "\n".join((f"{program}, version {version}", used, *known_faults(versions)))
