"""When a scene was taken: every spelling vendors use, and which source is believed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tumangang_watch.errors import InputRefused, NotYetAcquired
from tumangang_watch.text import utc_text

OLDEST_YEAR = 2000
FUTURE = timedelta(hours=24)
SAME = timedelta(minutes=1)
PASS = timedelta(minutes=15)
"""Longer than a satellite is over one place: what was taken over a longer time is a mosaic."""
DAY = timedelta(days=1)
EPOCH = 946_684_800, 4_102_444_800
"""Seconds since 1970 of 2000 and 2100."""
TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T _]?(\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
ORDINAL = re.compile(r"(\d{4})-(\d{3})(?=T|$)", re.IGNORECASE)
"""Day of the year, as ISO 8601 has it beside the calendar date."""
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WORDED = re.compile(
    r"(?:[a-z]{3},\s*)?(?:(?P<y1>\d{4})[- /](?P<m1>[a-z]{3})[a-z]*[- /](?P<d1>\d{1,2})"
    r"|(?P<d2>\d{1,2})[- /](?P<m2>[a-z]{3})[a-z]*[- /,]+(?P<y2>\d{4}))(?P<rest>.*)",
    re.IGNORECASE,
)
"""Months by name, year first or last: 2022-NOV-30T02:10:00Z, Wed, 30 Nov 2022 02:10:00 GMT."""
NAME_TIME = re.compile(r"(?:^|_)(\d{8})(?:_|T)(\d{6})(?!\d)")
LOCAL_TIME_NAMES = ("JL1",)
"""Name beginnings of satellites whose file names give local time, not UTC (sources.md, vendor formats)."""


def parse_time(stated: object) -> tuple[datetime, bool] | None:
    """Return (UTC time, whether a zone was given) from the spellings vendors use, else None.

    Dashes and colons may lack or be slashes, the month may be a word, the separator a blank; fractions of
    any length are cut to microseconds, a leap second counts as :59, (milli)seconds since 1970 are UTC, KST is
    Korea's time, and a stamp without a zone counts as UTC. Where day and month cannot be told apart
    (30.11.2022) nothing is read.
    """
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        stated = f"{stated:.6f}"
    if not isinstance(stated, str) or len(stated) > 64:
        return None
    text = _plain(stated.strip())
    if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
        seconds = float(text) / (1000 if float(text) >= 1000 * EPOCH[0] else 1)
        if EPOCH[0] <= seconds < EPOCH[1]:
            return datetime.fromtimestamp(seconds, UTC), True
    match = TIME.fullmatch(text)
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


def without_clock(stated: str) -> bool:
    """Whether a stamp that is understood gives a day alone."""
    match = TIME.fullmatch(_plain(stated.strip()))
    return match is not None and match[4] is None


def split_range(stated: object) -> tuple[object, object]:
    """Return begin and end of ``BEGIN/END``, ISO 8601's interval; anything else is a begin alone."""
    begin, slash, end = stated.partition("/") if isinstance(stated, str) else (stated, "", "")
    return (begin, end) if slash and parse_time(begin) and parse_time(end) else (stated, None)


def _plain(text: str) -> str:
    """Return a stamp with digits for months, dashes for slashes and ``Z`` for UTC's names."""
    text = re.sub(r"\s*(?:UTC|GMT|UT)$", "Z", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*KST$", "+09:00", text, flags=re.IGNORECASE)
    ordinal = ORDINAL.match(text)
    if ordinal and 1 <= int(ordinal[2]) <= 366 and 1 <= int(ordinal[1]) < 9999:
        moment = datetime(int(ordinal[1]), 1, 1, tzinfo=UTC) + timedelta(days=int(ordinal[2]) - 1)
        return f"{moment:%Y-%m-%d}{text[ordinal.end() :]}"
    worded = WORDED.fullmatch(text)
    if worded:
        month = (worded["m1"] or worded["m2"]).lower()
        if month not in MONTHS:
            return text
        day, year = int(worded["d1"] or worded["d2"]), worded["y1"] or worded["y2"]
        return f"{year}-{MONTHS.index(month) + 1:02d}-{day:02d}{worded['rest']}"
    return re.sub(r"^(\d{4})([/:])(\d\d)\2(\d\d)(?=\D|$)", r"\1-\3-\4", text)


@dataclass(frozen=True)
class StatedTime:
    """What one source says of the time."""

    text: object
    source: str
    """Name of the source."""
    end: object = None
    """Until when, where a range is stated."""
    exact: bool = True
    """Whether a moment is stated, not only a range."""


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
    if not stated:
        _refuse_mosaic(metadata, name, warn)
    candidates = (StatedTime(stated, "user"), metadata, *_times_of_file(tags, name))
    known = _understood(candidates, warn)
    if not known:
        todo = "Give it with --acquired 2022-11-30T02:10:00Z"
        found = next((c for c in candidates if c.text), None)
        why = "neither metadata nor tags nor its name tell"
        if found:
            why = f"the {found.source} gives {str(found.text)[:60]!r}, which is not understood"
        raise InputRefused("no acquisition date", name, why, todo)
    moment, zoned, source, text = known[0]
    if without_clock(text) and source != "file name":
        warn("the acquisition date has no time of day; it was read as 00:00 UTC")
    elif not zoned and source != "file name":
        warn("the acquisition time has no zone; it was read as UTC")
    for other, _, name_of_other, _ in known[1:]:
        if abs(other - moment) > SAME:
            warn(f"the {name_of_other} says {utc_text(other, fractions=False)}; the {source}'s date was used")
    _refuse_date(moment, source, name, latest)
    return moment, source


def _refuse_date(moment: datetime, source: str, name: str, latest: datetime | None) -> None:
    """Refuse a date of which this machine's clock, or the history of satellites, knows nothing."""
    why = f"acquired {utc_text(moment, fractions=False)} ({source})"
    if latest and not has_come(moment, latest):
        why += f", which is after this machine's clock, {utc_text(latest, fractions=False)}"
        raise NotYetAcquired(name, why, utc_text(moment))
    if moment.year < OLDEST_YEAR:
        raise InputRefused("date refused", name, why, "Correct it with --acquired")


def has_come(moment: datetime, now: datetime) -> bool:
    """Return whether a scene may have been acquired then: clocks and zones may differ by a day."""
    return moment <= now + FUTURE


def _refuse_mosaic(metadata: StatedTime, name: str, warn: Callable[[str], None]) -> None:
    """Refuse a range of time that no pass takes, or that ends before it begins."""
    begin, end = parse_time(metadata.text), parse_time(metadata.end)
    if begin is None or end is None:
        return
    span = end[0] - begin[0]
    words = f"from {utc_text(begin[0], fractions=False)} to {utc_text(end[0], fractions=False)}"
    todo = "Give the date of the part over the site with --acquired 2022-11-30T02:10:00Z"
    if span < timedelta(0) and not metadata.exact:
        raise InputRefused(
            "date refused", name, f"the {metadata.source} gives {words}: it ends before it begins", todo
        )
    if abs(span) <= PASS:
        return
    if metadata.exact and abs(span) <= DAY:
        warn(f"the {metadata.source} gives a range {words}; its one date was used")
        return
    why = f"the {metadata.source} gives a range {words}: a mosaic of several passes, not one date"
    raise InputRefused("date refused", name, why, todo)


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
