"""Text that leaves the program: characters from outside made harmless, times written one way."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

POINTS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
KOREA = timezone(timedelta(hours=9))
"""Korean time, by which observations of the place are published."""
KOREAN_GRIDS = ("EPSG:32651", "EPSG:32652")
"""The UTM zones that Korea lies in, from 120 to 132 degrees east."""
PAINTED = "painted"
"""Provider of scenes that the program painted itself."""
PAINTED_WORD = "PAINTED"
PAINTED_NOTICE = "PAINTED, NOT EVIDENCE"
PAINTED_WORDS = f"{PAINTED_NOTICE}: the program painted these scenes itself, nothing in them was ever there."
_NOT_XML = re.compile(
    "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
    "|[\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]"
)
"""What XML 1.0 cannot hold, or a terminal obeys, or turns the direction of text."""


def clean_text(text: str) -> str:
    """Return text on one line, with control and direction characters made visible: terminals obey those."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def is_utf8(name: str) -> bool:
    """Return whether the name of a file is text: libraries at work take no other."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_document(value: Any) -> Any:
    """Return a document of dicts, lists and values with all its text cleaned; markup stays as it is."""
    if isinstance(value, dict):
        return {clean_document(key): clean_document(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean_document(v) for v in value]
    return clean_text(value) if type(value) is str else value


def json_text(value: Any, *, indent: int = 2, sort_keys: bool = False) -> str:
    """Return a JSON document: the same text for the same value, no NaN, a line end last.

    What a terminal obeys is escaped, as control characters below 32 are in any JSON; the value is the same.
    """
    text = json.dumps(value, indent=indent, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return text + "\n"


def json_line(value: Any) -> str:
    """Return JSON text in one line with sorted keys, for digests and columns."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def xml_text(text: str) -> str:
    """Return text without the characters that XML 1.0 and GIS tables cannot hold or that turn it about."""
    return _NOT_XML.sub("\ufffd", text)


def utc_text(moment: datetime, *, fractions: bool = True) -> str:
    """Return ISO 8601 in UTC with ``Z``; milliseconds only where there are any and they are wanted."""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    precision = "milliseconds" if fractions and moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def minute_text(acquired: str) -> str:
    """Return an ISO 8601 time in UTC as sentences write it: ``2022-12-04 05:10 UTC``."""
    return f"{acquired[:10]} {acquired[11:16]} UTC"


def clock_text(acquired: str, *, korean: bool) -> str:
    """Return a time to the minute in UTC, and in Korean time for a place there.

    ``2022-11-04 04:10 UTC (13:10 Korean time)``, or ``2022-11-04 04:10 UTC``.
    """
    if not korean:
        return minute_text(acquired)
    there = datetime.fromisoformat(acquired).astimezone(KOREA)
    day = "" if there.date().isoformat() == acquired[:10] else f"{there.date().isoformat()} "
    return f"{minute_text(acquired)} ({day}{there:%H:%M} Korean time)"


def compass_text(heading_deg: float) -> str:
    """Return a compass bearing in a word: ``north-east``."""
    return POINTS[round(heading_deg / 45) % 8]


def day_text(acquired: str, *beside: str) -> str:
    """Return the day of a time in UTC, with the minute where a date it stands beside is of that day."""
    same_day = any(other != acquired and other[:10] == acquired[:10] for other in beside)
    return minute_text(acquired) if same_day else acquired[:10]


def count_text(number: int, word: str) -> str:
    """Return ``3 tracks`` or ``1 track``."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def whole(value: float) -> int:
    """Return the nearest whole number of a measure's tenths: the report's document holds those, and what is
    written from it and what is written from the measure itself says the same.
    """
    return round(round(value, 1))


def whole_percent(share: float) -> int:
    """Return a share in whole percent of the thousandths that the report's document holds."""
    return round(100 * round(share, 3))


def either_text(names: tuple[str, ...]) -> str:
    """Return ``A, B or C`` of two names and more."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def is_painted(*providers: str | None) -> bool:
    """Return whether any of some scenes, by their providers, was painted by the program."""
    return any(name is not None and name.strip().casefold() == PAINTED for name in providers)


def provider_text(provider: str) -> str:
    """Return a provider's name as it stands under pictures and in tables; the mark of painted scenes."""
    return PAINTED_NOTICE if is_painted(provider) else provider


def marked(text: str, *providers: str | None) -> str:
    """Return a text after the mark where one of the scenes it speaks of was painted."""
    return f"{PAINTED_WORD}: {text}" if is_painted(*providers) else text
