"""Texts of ``key = value``: BlackSky and what the USGS hands on, KOMPSAT-2 (``.eph``), EROS (``.pass``)."""

from __future__ import annotations

import re
from pathlib import Path

from tumangang_watch.scenes.vendors.facts import Metadata, Properties, known, number
from tumangang_watch.scenes.vendors.text import MAX_TEXT

TEXT_ENDS = (".txt", ".eph", ".pass")
MAX_BYTES = 1024 * 1024
"""Longer texts are no list of a scene's facts."""
LINE = re.compile(r"^[ \t]*([A-Za-z]\w*)[ \t]*(?:=|:|[ \t])[ \t]*(\S.*?)[ \t\r;]*$", re.MULTILINE)
WORDS = {
    "provider": ("SENSOR", "AUX_SATELLITE_NAME", "satellite", "SATELLITE"),
    "view_angle": ("OFF_NADIR", "OFF_NADIR_ANGLE"),
    "satellite_azimuth": ("SAT_AZIMUTH",),
    "sun_azimuth": ("SUN_AZIMUTH",),
    "sun_elevation": ("SUN_ELEVATION",),
}
STARTS = ("IMG_ACQISITION_START_TIME", "sweep_start_utc_time", "sweep_start_utc")
"""Time in one word; the first is misspelt by its maker."""
SENSOR_LEVELS = ("L1A", "L1B", "1A", "1B", "BASIC", "NON-ORTHO", "GEOREFERENCED")


def read_keys(path: Path, text: str) -> list[Metadata]:
    """Return what a text of keys says of a scene; nothing for a text that gives no time of taking."""
    words = {key: value.strip('"')[:MAX_TEXT] for key, value in LINE.findall(text)}
    acquired = _one_word(words) or _date_and_time(words)
    if acquired is None:
        return []
    facts: Properties = {
        ours: next((words[key] for key in theirs if key in words), None) for ours, theirs in WORDS.items()
    }
    percent = number(words.get("CLOUD_COVER"), 0, 100)
    facts |= {"acquired": acquired, "cloud_cover": None if percent is None else percent / 100}
    level = words.get("PROCESS_LEVEL", words.get("VENDOR_PROCESS_LEVEL", ""))
    if level.upper() in SENSOR_LEVELS:
        facts["not_ortho"] = f"process level {level}"
    if "VENDOR_SCENE_ID" in words and words["VENDOR_SCENE_ID"].startswith("BSG"):
        facts["item_type"] = "BlackSky"
    named = words.get("VENDOR_SCENE_ID", words.get("ENTITY_ID"))
    return [Metadata(id=named, properties=known(facts), file=path, source=f"text {path.suffix[1:].upper()}")]


def _one_word(words: dict[str, str]) -> str | None:
    stamp = next((words[key] for key in STARTS if key in words), None)
    if stamp is None:
        return None
    # 2022 11 30 02 10 07.25 of KOMPSAT-2, 2022-11-30,02:10:07.25 of EROS; both are UTC.
    parts = re.fullmatch(r"(\d{4})[- ](\d\d)[- ](\d\d)[ ,T]+(\d\d)[: ](\d\d)[: ](\d\d(?:\.\d+)?)Z?", stamp)
    return f"{'-'.join(parts.groups()[:3])}T{':'.join(parts.groups()[3:])}Z" if parts else stamp


def _date_and_time(words: dict[str, str]) -> str | None:
    """Return day and time of two words: 20221130 or 2022/11/30, and 021007 or 02:10:07 (UTC)."""
    day, clock = words.get("ACQUISITION_DATE", ""), words.get("ACQUISITION_TIME", "").rstrip("Zz")
    date = re.fullmatch(r"(\d{4})[-/]?(\d\d)[-/]?(\d\d)", day)
    if date is None:
        return day or None
    time = re.fullmatch(r"(\d\d):?(\d\d):?(\d\d(?:\.\d+)?)", clock)
    return "-".join(date.groups()) + (f"T{':'.join(time.groups())}Z" if time else "")
