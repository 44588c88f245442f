"""Vendor metadata beside an image: a Planet-style ``NAME_metadata.json``. Nothing in it is trusted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused

TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[T _]?(?:(\d\d):?(\d\d):?(\d\d)?(?:\.(\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?"
)


def find_metadata(image: Path) -> Path | None:
    """Return the metadata file of an image: ``NAME_metadata.json``, or of the longest id it begins with."""
    parts = image.stem.split("_")
    for count in range(len(parts), 0, -1):
        candidate = image.with_name("_".join(parts[:count]) + "_metadata.json")
        if candidate.is_file():
            return candidate
    return None


def load_metadata(path: Path, max_bytes: int) -> dict[str, Any]:
    """Return the parsed metadata with its ``properties`` (an empty dict where there are none).

    Raises
    ------
    InputRefused
        The file is too large, not JSON, or nested too deeply.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise ValueError(f"it has more than {max_bytes} bytes")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(
            "metadata refused", path.name, f"{error}", "Deliver it again, or remove it and give --acquired"
        ) from error
    if not isinstance(data, dict):
        raise InputRefused("metadata refused", path.name, "it is not a JSON object", "Deliver it again")
    properties = data.get("properties")
    return {"id": data.get("id"), "properties": properties if isinstance(properties, dict) else {}}


def number(value: Any, low: float, high: float) -> float | None:
    """Return a finite number within bounds, else None: unknown is never 0. Text is tolerated."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except ValueError:
        return None
    return result if isfinite(result) and low <= result <= high else None


def parse_time(text: Any) -> tuple[datetime, bool] | None:
    """Return (UTC time, whether a zone was given) from the spellings vendors use, else None.

    Dashes and colons may lack, the separator may be a blank, fractions of any length are cut to
    microseconds, a leap second counts as :59, and a stamp without a zone counts as UTC.
    """
    match = TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    clock = f"{hour or '00'}:{minute or '00'}:{min(int(second or 0), 59):02d}"
    offset = "+00:00" if zone in (None, "Z") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        moment = datetime.fromisoformat(f"{year}-{month}-{day}T{clock}.{(fraction or '0')[:6]:0<6}{offset}")
    except ValueError:
        return None
    return moment.astimezone(UTC), zone is not None
