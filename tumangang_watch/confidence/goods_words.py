"""What trials say of the goods that could have been missed on one date, as rows and in a sentence."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tumangang_watch.model.fill import Fill, GoodsTrial

Z90 = 1.6449
"""Standard normal quantile at 0.95: bounds of a 90 % interval."""
FEW = 4
"""Fewer trials of one kind say nothing."""


def goods_rows(fill: tuple[Fill, ...], date: str) -> list[dict[str, Any]]:
    """Return what was tried on the aprons of a date, by size and tone; of all aprons and of each."""
    here = [f for f in fill if f.date == date and f.trials]
    rows = [_row(None, size, tone, [t for f in here for t in f.trials]) for size, tone in _kinds(here)]
    return rows + [_row(f.area, t.size_m2, t.tone, [t]) for f in here for t in f.trials]


def _kinds(here: list[Fill]) -> list[tuple[float, str]]:
    return sorted({(t.size_m2, t.tone) for f in here for t in f.trials})


def _row(area: str | None, size_m2: float, tone: str, trials: list[GoodsTrial]) -> dict[str, Any]:
    own = [t for t in trials if (t.size_m2, t.tone) == (size_m2, tone)]
    found, tried = sum(t.found for t in own), sum(t.tried for t in own)
    low, high = wilson(found, tried)
    return {
        "area": area, "size_m2": size_m2, "tone": tone, "trials": tried, "found": found,
        "rate": {"estimate": round(found / tried, 3), "low": round(low, 3), "high": round(high, 3)},
    }  # fmt: skip


def wilson(found: int, tried: int) -> tuple[float, float]:
    """Return the 90 % interval of a rate (Wilson 1927)."""
    p, z2 = found / tried, Z90**2
    middle = (p + z2 / (2 * tried)) / (1 + z2 / tried)
    half = Z90 / (1 + z2 / tried) * sqrt(p * (1 - p) / tried + z2 / (4 * tried**2))
    return max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p))


def goods_statement(rows: list[dict[str, Any]]) -> str | None:
    """Return one sentence on what size of goods would have been found; None where nothing was tried."""
    anywhere = [r for r in rows if r["area"] is None]
    if not anywhere:
        return None
    parts = []
    for size in sorted({r["size_m2"] for r in anywhere}):
        own = [r for r in anywhere if r["size_m2"] == size]
        found, tried = (sum(r[k] for r in own) for k in ("found", "trials"))
        low, high = wilson(found, tried)
        parts.append(f"{size:.0f} m2 in {100 * found / tried:.0f} % ({100 * low:.0f}-{100 * high:.0f})")
    tried = sum(r["trials"] for r in anywhere)
    text = f"Of {tried} boxes 1.2 m high inserted on trial into the aprons' empty ground are found: "
    text += ", ".join(parts)
    told = [r for r in anywhere if r["trials"] >= FEW]
    worst = min(told, key=lambda r: (r["rate"]["estimate"], r["size_m2"]), default=None)
    if worst is not None and worst["rate"]["estimate"] < 1:
        share = 100 * worst["rate"]["estimate"]
        tone = f"toned {worst['tone']}" if worst["tone"].startswith("like") else worst["tone"]
        text += f"; missed most are those of {worst['size_m2']:.0f} m2, {tone} ({share:.0f} % found)"
    return text + "."
