"""The words in which every family's metadata are put: Planet's, with a few more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import cos, isfinite, pi, radians
from pathlib import Path

Properties = dict[str, object]
"""What a JSON object of a vendor holds: nothing is known of the values."""
PROJECTED = "it is projected to a coarse height model or one height, not orthorectified: relief shifts it"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a vendor says of an image, in Planet's words.

    Beside Planet's own, ``properties`` may hold: ``acquired_end``; ``radiometry``, ``scale_factors`` and
    ``scale_offsets`` (a list by band in file order: reflectance = factor x DN + offset); ``nodata_value``;
    ``not_ortho`` (why it cannot be laid on a map); ``accuracy_m`` (CE90).
    """

    id: str | None = None
    properties: Properties = field(default_factory=dict)
    bands: tuple[str, ...] = ()
    """Names of the image's bands in file order, where the metadata lists them."""
    file: Path | None = None
    source: str = "metadata"
    images: tuple[str, ...] = ()
    """Names of the image files it is about; empty where it names none."""
    folder: str = ""
    """Where they lie from the metadata's own folder, where it says another one below it."""
    joined: tuple[str, ...] = ()
    """Names of files that hold the bands of one image, in order, where it lies in several."""
    masks: tuple[str, ...] = ()
    """Paths of masks from the metadata's folder, cloud first."""
    origin: dict[str, str] = field(default_factory=dict)
    """Which source each property comes from, where several were put together."""
    files: tuple[Path, ...] = ()
    """Every metadata file that was read."""
    warnings: tuple[str, ...] = ()

    def source_of(self, *names: str) -> str:
        """Return which source says the first of these properties that is known."""
        return next((self.origin[n] for n in names if n in self.origin), self.source)


def number(value: object, low: float, high: float) -> float | None:
    """Return a finite number within bounds, else None: unknown is never 0. Text is tolerated."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if isfinite(result) and low <= result <= high else None


def known(properties: Properties) -> Properties:
    """Return the properties that say anything."""
    return {name: value for name, value in properties.items() if value is not None and value != ""}


def together(parts: Iterable[Metadata]) -> Metadata:
    """Return what several sources say of one image: each value from the first that has it."""
    parts = list(parts)
    if not parts:
        return Metadata()
    properties: Properties = {}
    origin: dict[str, str] = {}
    for part in parts:
        for name, value in known(part.properties).items():
            if name not in properties:
                properties[name], origin[name] = value, part.source
    bands = next((part for part in parts if part.bands), None)
    if bands is not None:
        origin["bands"] = bands.source
    files = dict.fromkeys(part.file for part in parts if part.file is not None)
    return replace(
        parts[0],
        id=next((part.id for part in parts if part.id), None),
        properties=properties,
        bands=bands.bands if bands else (),
        images=next((part.images for part in parts if part.images), ()),
        joined=next((part.joined for part in parts if part.joined), ()),
        masks=next((part.masks for part in parts if part.masks), ()),
        origin=origin,
        files=tuple(files),
        warnings=tuple(dict.fromkeys(w for part in parts for w in part.warnings)),
    )


def toa_factor(irradiance: float, sun_elevation_deg: float, day_of_year: int) -> float:
    """Return the factor from radiance (W m-2 sr-1 um-1) to reflectance at the top of the atmosphere.

    Parameters
    ----------
    irradiance : float
        The sun's in the band, W m-2 um-1.
    """
    distance = 1 - 0.01672 * cos(radians(0.9856 * (day_of_year - 4)))
    return pi * distance**2 / (irradiance * cos(radians(90 - sun_elevation_deg)))
