"""Say of a train on how many earlier dates its place was occupied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.model.detection import Detection
from tumangang_watch.settings.history import HistorySettings


def add_occupancy(
    trains: tuple[Detection, ...], background_dates: Sequence[BackgroundDate], settings: HistorySettings
) -> tuple[Detection, ...]:
    """Return trains with the number of earlier dates on which their place was occupied.

    Parameters
    ----------
    trains : tuple of Detection
        Of one date.
    background_dates : sequence of BackgroundDate
        Dates before it.
    """
    if not any(date.tracks is not None for date in background_dates):
        return trains
    return tuple(_with_occupancy(train, background_dates, settings) for train in trains)


def _with_occupancy(
    train: Detection, background_dates: Sequence[BackgroundDate], settings: HistorySettings
) -> Detection:
    seen = occupied = 0
    for date in background_dates:
        share = _occupied_share(train, date, settings)
        if share is not None:
            seen += 1
            occupied += share >= settings.track_occupied
    if not seen:
        return train
    extra = (("earlier_dates", float(seen)), ("earlier_occupied", float(occupied)))
    notes = f"its place was occupied on {occupied} of {seen} earlier date{'' if seen == 1 else 's'}"
    return replace(
        train,
        evidence=(*train.evidence, *extra),
        caveats=(*train.caveats, notes) if occupied else train.caveats,
    )


def _occupied_share(train: Detection, date: BackgroundDate, settings: HistorySettings) -> float | None:
    """Return the part of a train's place that another date's reading shows as occupied; None if unseen."""
    if date.tracks is None or train.from_m is None or train.to_m is None:
        return None
    for strip, reading in zip(date.tracks.strips, date.tracks.readings, strict=True):
        if strip.track.id != train.track:
            continue
        low, high = round(train.from_m / STEP_M), max(round(train.to_m / STEP_M), 1)
        per = round(STEP_M / strip.step_m)
        middle = strip.valid[strip.y_m.size // 2, low * per : high * per]
        if middle.size == 0 or middle.mean() < settings.seen_min:
            return None
        return float((reading.occupied[low:high] > 0).mean())
    return None
