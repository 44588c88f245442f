"""When a scene was taken: every spelling vendors use, and which source is believed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tumangang_watch.errors import InputRefused
from tumangang_watch.text import utc_text

OLDEST_YEAR = 2000
FUTURE = timedelta(hours=24)
SAME = timedelta(minutes=1)
TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T _]?(\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
NAME_TIME = re.compile(r"(?:^|_)(\d{8})_(\d{6})(?!\d)")
LOCAL_TIME_NAMES = ("JL1",)
"""Name beginnings of satellites whose file names give local time, not UTC (sources.md, vendor formats)."""


def parse_time(text: object) -> tuple[datetime, bool] | None:
    """Return (UTC time, whether a zone was given) from the spellings vendors use, else None.

    Dashes and colons may lack, the separator may be a blank, fractions of any length are cut to
    microseconds, a leap second counts as :59, and a stamp without a zone counts as UTC.
    """
    match = TIME.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 64 else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    second = "59" if second == "60" else second or "00"
    offset = "+00:00" if zone in (None, "Z", "z") else f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"
    clock = f"{hour or '00'}:{minute or '00'}:{second}.{(fraction or '0')[:6]:0<6}"
    try:
        moment = datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment, zone is not None


@dataclass(frozen=True)
class StatedTime:
    """What one source says of the time."""

    text: object
    source: str
    """Name of the source."""


def decide_time(
    stated: str | None,
    metadata: StatedTime,
    tags: dict[str, str],
    name: str,
    latest: datetime | None,
    warn: Callable[[str], None],
) -> tuple[datetime, str]:
    """Return when a scene was taken (UTC) and what decided it.

    Parameters
    ----------
    stated : str or None
        The user's word, which wins over all.
    metadata : StatedTime
        The metadata's word.
    tags : dict
        The TIFF's tags.
    name : str
        The file's name without its ending.
    latest : datetime or None
        The caller's clock; more than a day after it is refused.
    warn : callable
        Gets a missing zone, a word not understood, sources that disagree.

    Raises
    ------
    InputRefused
        Nothing tells the date, the user's word is not understood, or the date cannot be.
    """
    if stated and parse_time(stated) is None:
        raise InputRefused("date not understood", name, repr(stated[:80]), "Write it as 2022-11-30T02:10:00Z")
    known = _understood((StatedTime(stated, "user"), metadata, *_times_of_file(tags, name)), warn)
    if not known:
        todo = "Give it with --acquired 2022-11-30T02:10:00Z"
        raise InputRefused("no acquisition date", name, "neither metadata nor tags nor its name tell", todo)
    moment, zoned, source, text = known[0]
    if ":" not in text and source != "file name":
        warn("the acquisition date has no time of day; it was read as 00:00 UTC")
    elif not zoned and source != "file name":
        warn("the acquisition time has no zone; it was read as UTC")
    for other, _, name_of_other, _ in known[1:]:
        if abs(other - moment) > SAME:
            warn(f"the {name_of_other} says {utc_text(other, fractions=False)}; the {source}'s date was used")
    if moment.year < OLDEST_YEAR or (latest and moment > latest + FUTURE):
        why = f"acquired {utc_text(moment, fractions=False)} ({source})"
        raise InputRefused("date refused", name, why, "Correct it with --acquired")
    return moment, source


def _times_of_file(tags: dict[str, str], name: str) -> tuple[StatedTime, ...]:
    tiff = tags.get("TIFFTAG_DATETIME")
    return (
        StatedTime(tags.get("ACQUISITIONDATETIME"), "tags"),
        StatedTime(tiff and tiff.replace(":", "-", 2), "tags"),  # TIFF writes 2022:11:30 02:10:00.
        StatedTime(_name_time(name), "file name"),
    )


def _understood(
    candidates: tuple[StatedTime, ...], warn: Callable[[str], None]
) -> list[tuple[datetime, bool, str, str]]:
    """Return (time, whether a zone was given, source, text) of each source that is understood."""
    known = []
    for stated in candidates:
        parsed = parse_time(stated.text)
        if parsed:
            known.append((*parsed, stated.source, str(stated.text)))
        elif stated.text and stated.source != "tags":
            warn(f"the {stated.source} gives a date that is not understood: {str(stated.text)[:60]!r}")
    return known


def _name_time(name: str) -> str | None:
    stamp = NAME_TIME.search(name)
    if stamp is None or name.upper().startswith(LOCAL_TIME_NAMES):
        return None
    return f"{stamp[1]}T{stamp[2]}"
