"""Numbers, times and probabilities as an editor prints them."""

from __future__ import annotations

from datetime import UTC, datetime

from tumangang_watch.model.interval import Interval
from tumangang_watch.text import KOREA, whole, whole_percent

CERTAINTY = ((95, "almost certain"), (80, "very likely"), (55, "likely"), (45, "even chance"))
"""Words for a probability in percent, after ICD 203 (US intelligence community directive, 2015)."""
NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def certainty(confidence: float) -> str:
    """Return the word for a probability, after ICD 203: of what is printed, so that 95 % has one word."""
    percent = chance_percent(confidence)
    return next((word for least, word in CERTAINTY if percent >= least), "unlikely")


def chance_words(confidence: float) -> str:
    """Return ``very likely, 87 %``."""
    return f"{certainty(confidence)}, {chance_percent(confidence)} %"


def chance_percent(confidence: float) -> int:
    """Return a probability in percent: 1 to 99, for nothing seen from space is certain."""
    return min(max(whole_percent(confidence), 1), 99)


def chance_text(confidence: float) -> str:
    """Return ``0.87``: a probability as lists write it, 0.01 to 0.99."""
    return f"{chance_percent(confidence) / 100:.2f}"


def number_words(number: int) -> str:
    """Return a count: in words up to twelve, with a comma at thousands."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def article(words: str) -> str:
    """Return words with ``a`` or ``an`` before them."""
    vowel = words[:1] in "aeio" or words.split("-")[0] in ("8", "11", "18") or words[:1] == "8"
    return f"{'an' if vowel else 'a'} {words}"


def size_words(size: Interval, unit: str) -> str:
    """Return ``about 95 m² (62–128)``, or ``95 m²`` where the interval has no width at this precision."""
    estimate, low, high = (f"{whole(v):,}" for v in (size.estimate, size.low, size.high))
    return f"{estimate}{unit}" if low == high else f"about {estimate}{unit} ({low}–{high})"


def at_words(moment: datetime, *, korean: bool) -> str:
    """Return ``at 10:30 on 1 December 2022, Korean time (01:30 UTC)``; for other places in UTC alone."""
    if not korean:
        here = moment.astimezone(UTC)
        return f"at {here:%H:%M} UTC on {_day(here)} {here.year}"
    there, here = moment.astimezone(KOREA), moment.astimezone(UTC)
    day = "" if there.date() == here.date() else f"{_day(here)} "
    return f"at {there:%H:%M} on {_day(there)} {there.year}, Korean time ({day}{here:%H:%M} UTC)"


def between_words(first: datetime, last: datetime, *, korean: bool) -> str:
    """Return ``between 11:10 on 30 November and 10:30 on 1 December 2022, Korean time (... UTC)``.

    For other places ``between 02:10 on 30 November and 01:30 on 1 December 2022, UTC``.
    """
    u, v = first.astimezone(UTC), last.astimezone(UTC)
    if not korean:
        return f"between {_times(u, v)}, UTC"
    a, b = first.astimezone(KOREA), last.astimezone(KOREA)
    same = (a.date(), b.date()) == (u.date(), v.date())
    utc = f"{u:%H:%M} and {v:%H:%M}" if same else f"{_day(u)} {u:%H:%M} and {_day(v)} {v:%H:%M}"
    return f"between {_times(a, b)}, Korean time ({utc} UTC)"


def _times(a: datetime, b: datetime) -> str:
    if a.date() == b.date():
        return f"{a:%H:%M} and {b:%H:%M} on {_day(b)} {b.year}"
    year = "" if a.year == b.year else f" {a.year}"
    return f"{a:%H:%M} on {_day(a)}{year} and {b:%H:%M} on {_day(b)} {b.year}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1]}"


def listed(parts: list[str]) -> str:
    """Return ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """Return a clause as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
