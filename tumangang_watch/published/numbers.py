"""Numbers and words that every claim is judged with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tumangang_watch.model.interval import Interval
    from tumangang_watch.published.observations import Range
    from tumangang_watch.published.verdict import Verdict
    from tumangang_watch.settings.published import PublishedSettings


def judged(
    found: Interval | None, claimed: Range, unit: str, limits: PublishedSettings
) -> tuple[Verdict, str]:
    """Judge a number with its 90 % interval against a published range."""
    if found is None:
        return "not observable", f"it cannot be measured in this scene ({unit})"
    told = f"{found.estimate:.0f} {unit} ({found.low:.0f} to {found.high:.0f})"
    high = float("inf") if claimed[1] is None else claimed[1]
    if found.high < claimed[0] or found.low > high:
        return "contradicted", told
    if not claimed[0] <= round(found.estimate) <= high:
        return "not observable", f"{told}: nearer to another number, and the published one not excluded"
    slack = limits.count_slack if unit != "m long" else 0.1 * claimed[0]
    if found.low < claimed[0] - slack or found.high > high + slack:
        return "not observable", f"{told}: too uncertain to tell"
    return "reproduced", told


def distance(value: float, claimed: Range) -> float:
    """Return how far a number lies outside a range."""
    high = float("inf") if claimed[1] is None else claimed[1]
    return max(claimed[0] - value, value - high, 0.0)


def said(claimed: Range) -> str:
    """Return a range in words."""
    low, high = claimed
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"
