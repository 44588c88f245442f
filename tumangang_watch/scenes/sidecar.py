"""Vendor metadata beside an image: a Planet-style ``NAME_metadata.json``. Nothing in it is trusted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from tumangang_watch.errors import InputRefused

METADATA_END = "_metadata.json"
MASK_ENDS = ("_udm2.tif", "_udm2_clip.tif")


Properties = dict[str, object]
"""What a JSON object of a vendor holds: nothing is known of the values."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a vendor says of a scene, in Planet's words."""

    id: str | None = None
    properties: Properties = field(default_factory=dict)
    bands: tuple[str, ...] = ()
    """Names of the image's bands in file order, where the metadata lists them."""
    file: Path | None = None
    source: str = "metadata"


def find_metadata(image: Path) -> Path | None:
    """Return the metadata file of an image: ``NAME_metadata.json``, or of the longest id it begins with."""
    return next((p for p in _beside(image, (METADATA_END,))), None)


def find_mask(image: Path) -> Path | None:
    """Return the UDM2 file of an image: ``NAME_udm2.tif``, or of the longest id it begins with."""
    return next((p for p in _beside(image, MASK_ENDS) if p != image), None)


def _beside(image: Path, ends: tuple[str, ...]) -> Iterator[Path]:
    """Yield files beside an image whose name is a shorter and shorter part of the image's, and an end."""
    parts = image.stem.split("_")
    for count in range(len(parts), 0, -1):
        for end in ends:
            candidate = image.with_name("_".join(parts[:count]) + end)
            if candidate.is_file():
                yield candidate


def load_metadata(path: Path, max_bytes: int, max_depth: int) -> Metadata:
    """Return the parsed metadata.

    Raises
    ------
    InputRefused
        The file is too large, not JSON, or nested too deeply.
    """
    data = load_json(path, max_bytes, max_depth)
    properties = data.get("properties")
    stated = data.get("id")
    return Metadata(
        id=str(stated)[:200] if isinstance(stated, str | int) and str(stated) else None,
        properties=properties if isinstance(properties, dict) else {},
        file=path,
    )


def load_json(path: Path, max_bytes: int, max_depth: int) -> Properties:
    """Return a JSON object from a file of limited size and depth."""
    try:
        if path.stat().st_size > max_bytes:
            raise ValueError(f"it has more than {max_bytes} bytes")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not isinstance(data, dict):
            raise ValueError("it is not a JSON object")
        _check_depth(data, max_depth)
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(
            "metadata refused",
            path.name,
            f"{error}"[:200],
            "Deliver it again, or remove it and give --acquired",
        ) from error
    return data


def _check_depth(data: Properties, max_depth: int) -> None:
    level: list[object] = [data]
    for _ in range(max_depth):
        level = [child for item in level for child in _children(item) if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested more than {max_depth} deep")


def _children(item: object) -> Iterable[object]:
    return item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()


def number(value: object, low: float, high: float) -> float | None:
    """Return a finite number within bounds, else None: unknown is never 0. Text is tolerated."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if isfinite(result) and low <= result <= high else None
