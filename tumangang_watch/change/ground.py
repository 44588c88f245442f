"""What became of the worked surface between two dates."""

from __future__ import annotations

from shapely.geometry.base import BaseGeometry

from tumangang_watch.change.words import span, when
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding, HandlingChange
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.words import ChangeWord
from tumangang_watch.settings.change import ChangeSettings


def growth_findings(
    pair: DatePair,
    surfaces: tuple[Detection, ...],
    changes: tuple[HandlingChange, ...],
    settings: ChangeSettings,
) -> tuple[Finding, ...]:
    """Word the change of each handling polygon; the amount is the difference of worked surface."""
    return tuple(_finding(pair, surfaces, change, settings) for change in changes)


def _finding(
    pair: DatePair, surfaces: tuple[Detection, ...], change: HandlingChange, settings: ChangeSettings
) -> Finding:
    by_date = {d.date: d for d in surfaces if d.area == change.polygon_id}
    grown, lost = change.grown_m2, change.lost_m2
    word: ChangeWord = "unchanged"
    place: BaseGeometry | None = None
    # Grown or shrunk by whichever is larger, if its interval stays above zero.
    if grown.estimate > lost.estimate and grown.low > 0:
        word, place = "grown", change.grown
    elif lost.estimate > grown.estimate and lost.low > 0:
        word, place = "shrunk", change.lost
    amount = _difference(grown, lost)
    sure = word == "unchanged" or amount.low >= settings.growth_low_min_m2
    caveats = change.caveats
    days = (pair.later.scene.acquired - pair.earlier.scene.acquired).days
    if word == "shrunk" and days < settings.regrown_days:
        sure = False
        caveats += (f"worked ground does not go back to nature in {days} days: season, or earth laid bare",)
    fallback = (by_date.get("later") or by_date.get("earlier") or next(iter(surfaces))).geometry
    return Finding(
        id=f"finding-ground-{change.polygon_id}",
        kind="handling_area",
        change=word,
        area=change.polygon_id,
        track=None,
        earlier=by_date["earlier"].id if "earlier" in by_date else None,
        later=by_date["later"].id if "later" in by_date else None,
        amount=amount,
        unit="m2",
        confidence=change.confidence,
        grade=change.grade if sure else "possible",
        statement=_statement(pair, change, word, amount),
        geometry=place if place is not None and not place.is_empty else fallback,
        observed_fraction=change.observed_fraction,
        caveats=caveats,
    )


def _difference(grown: Interval, lost: Interval) -> Interval:
    """Return the size of the net change, never below zero, with both intervals in it."""
    more, less = (grown, lost) if grown.estimate >= lost.estimate else (lost, grown)
    size = more.estimate - less.estimate
    down = ((more.estimate - more.low) ** 2 + (less.high - less.estimate) ** 2) ** 0.5
    up = ((more.high - more.estimate) ** 2 + (less.estimate - less.low) ** 2) ** 0.5
    return Interval(size, max(0.0, size - down), size + up)


def _statement(pair: DatePair, change: HandlingChange, word: ChangeWord, amount: Interval) -> str:
    since = f"between {when(pair.earlier, pair)} and {when(pair.later, pair)}"
    place = pair.place(change.polygon_id)
    place = place[0].upper() + place[1:]
    built = f" By its shadow {'; '.join(change.buildings)}." if change.buildings else ""
    if word == "unchanged":
        return f"{place} did not measurably grow or shrink {since}.{built}"
    verb = "grew" if word == "grown" else "shrank"
    return f"{place} {verb} by {span(amount)} m² {since}.{built}"
