"""What is known of a scene before its pixels are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from tumangang_watch.text import PAINTED_NOTICE, is_painted, provider_text

PAINTED_MARK = PAINTED_NOTICE
"""What stands on whatever shows a painted scene."""
Radiometry = Literal["reflectance", "radiance", "dn", "visual", "unknown"]


@dataclass(frozen=True, kw_only=True)
class ScenePart:
    """A file of a scene and its place in it: a tile, or some of the bands."""

    image: Path
    top: int
    left: int
    height: int
    width: int
    bands: tuple[int, ...]
    """The scene's numbers of the file's bands, in file order."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One acquisition: its image file and everything that was understood of it. No pixels."""

    id: str
    image: Path
    files: tuple[Path, ...]
    """The image and every sidecar that was read."""
    sha256: str
    """Digest of the image file's bytes."""
    acquired: datetime
    """UTC, time-zone aware."""
    provider: str
    crs: str
    """Reference system of the pixels: an authority code, or WKT where there is none."""
    affine: tuple[float, float, float, float, float, float]
    """``x = a col + b row + c``, ``y = d col + e row + f`` of pixel corners, in ``crs``."""
    width: int
    height: int
    dtype: str
    gsd_m: float
    """The sensor's resolution on the ground as stated, else the pixel size. Never finer than
    the pixel size."""
    pixel_m: float
    bands: dict[str, int]
    """Role (``blue``, ``green``, ``red``, ``nir``, ``pan``) to 1-based band index."""
    band_source: str
    """What decided the band roles."""
    radiometry: Radiometry = "unknown"
    scale: dict[str, float] = field(default_factory=dict)
    """Factor from DN to reflectance for each band role, where known."""
    offset: dict[str, float] = field(default_factory=dict)
    """What is added after the factor, by role; 0 where it is not listed."""
    parts: tuple[ScenePart, ...] = ()
    """Every file of its pixels: one, or tiles and band files."""
    band_times_s: dict[str, float] = field(default_factory=dict)
    """When each band was taken, by role, seconds after the first; empty where that is not stated."""
    nodata: float | None = None
    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    off_nadir_deg: float | None = None
    view_azimuth_deg: float | None = None
    """Azimuth from the ground to the satellite, clockwise from north."""
    cloud_fraction: float | None = None
    """Cloud of the whole scene as stated by the vendor, 0 to 1; None when unknown."""
    geolocation_m: float | None = None
    """CE90 of where it says it lies, as the user states it; None: what its product is known for."""
    product_ce90_m: float | None = None
    """The same as the product's own metadata state it."""
    location_doubt: str = ""
    """Why the product may lie farther off than its kind does, in words."""
    site_shift_m: tuple[float, float] | None = None
    """Metres (east, north) that its user added to its coordinates, ``affine``, to lie on the site."""
    mask: Path | None = None
    """A vendor's mask beside the image: UDM2, UDM, or polygons of a DIMAP (GML)."""
    licence: str | None = None
    stamps: tuple[tuple[int, int, int], ...] = field(default=(), compare=False, repr=False)
    """Size, time and number of each file of its pixels when it was opened."""
    sources: dict[str, str] = field(default_factory=dict)
    """For each value, what decided it: metadata, tags, file name, user."""
    warnings: tuple[str, ...] = ()

    @property
    def painted(self) -> bool:
        """True for a picture of the program's own painter: it is no evidence of anything."""
        return is_painted(self.provider)

    @property
    def caption(self) -> str:
        """What stands under a picture of it: when, by whom, how fine."""
        return f"{self.acquired:%Y-%m-%d %H:%M} UTC   {provider_text(self.provider)}   {self.gsd_m:.2f} m"
