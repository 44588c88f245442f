"""The earlier dates behind a report, in one sentence."""

from __future__ import annotations

from typing import Any


def history_words(report: dict[str, Any]) -> str | None:
    """Return how many earlier dates say what is usual, and for what; None where none were asked for."""
    history = report.get("history")
    if history is None:
        return None
    offered, used = history["offered"], history["used"]
    if not offered:
        return "No earlier date was there to say what is usual here, but for the one that is compared."
    if not used:
        return (
            f"Of {_dates(offered)} offered as background none could be used: nothing says what is usual here."
        )
    days = sorted(scene["acquired"][:10] for scene in history["scenes"])
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    counts = history["for"]
    parts = ", ".join(f"{counts[what]} for {what}" for what in ("tracks", "aprons", "ground"))
    rest = offered - used
    others = f"; {rest} more {'was' if rest == 1 else 'were'} offered and left out" if rest > 0 else ""
    verb = "says" if used == 1 else "say"
    return f"{_dates(used)} ({when}) {verb} what is usual here: {parts}{others}."


def _dates(count: int) -> str:
    return f"{count} earlier date{'' if count == 1 else 's'}"
