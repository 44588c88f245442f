"""Whether the place of a train was occupied on other dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tumangang_watch.detect.history import BackgroundDate
from tumangang_watch.detect.trains.reading import TrackReading
from tumangang_watch.detect.trains.view import STEP_M
from tumangang_watch.grid import Float64
from tumangang_watch.model.detection import Detection
from tumangang_watch.settings.change import HistorySettings


def add_occupancy(
    trains: tuple[Detection, ...], background_dates: Sequence[BackgroundDate], settings: HistorySettings
) -> tuple[Detection, ...]:
    """Return one date's trains with the number of dates before it on which their place was occupied."""
    out = []
    for train in trains:
        shares = [_occupied_share(train, date, settings) for date in background_dates]
        known = [share for share in shares if share is not None]
        seen, occupied = len(known), sum(share >= settings.track_occupied for share in known)
        if seen:
            extra = (("earlier_dates", float(seen)), ("earlier_occupied", float(occupied)))
            notes = f"its place was occupied on {occupied} of {seen} earlier date{'' if seen == 1 else 's'}"
            train = replace(
                train,
                evidence=(*train.evidence, *extra),
                caveats=(*train.caveats, notes) if occupied else train.caveats,
            )
        out.append(train)
    return tuple(out)


def add_other_date(
    trains: tuple[Detection, ...], other: TrackReading, settings: HistorySettings
) -> tuple[Detection, ...]:
    """Return one date's trains with how likely the other date of a pair shows their place as occupied.

    Evidence ``other_occupied``: the mean probability over the train's metres, as the other date was read in
    its own light against the empty track of all dates. Not added where the other date does not show it.
    """
    out = []
    for train in trains:
        odds = _odds_along(train, other, settings)
        if odds is not None:
            occupied = float((1 / (1 + np.exp(-odds))).mean())
            train = replace(train, evidence=(*train.evidence, ("other_occupied", round(occupied, 3))))
        out.append(train)
    return tuple(out)


def _occupied_share(train: Detection, date: BackgroundDate, settings: HistorySettings) -> float | None:
    """Return the part of a train's place that another date's reading shows as occupied; None if unseen."""
    odds = None if date.tracks is None else _odds_along(train, date.tracks, settings)
    return None if odds is None else float((odds > 0).mean())


def _odds_along(train: Detection, tracks: TrackReading, settings: HistorySettings) -> Float64 | None:
    """Return the log-odds (n,) of another date's reading along a train's place; None if unseen."""
    if train.from_m is None or train.to_m is None:
        return None
    for strip, reading in zip(tracks.strips, tracks.readings, strict=False):
        if strip.track.id != train.track:
            continue
        low, high = round(train.from_m / STEP_M), max(round(train.to_m / STEP_M), 1)
        per = round(STEP_M / strip.step_m)
        middle = strip.valid[strip.y_m.size // 2, low * per : high * per]
        if middle.size == 0 or middle.mean() < settings.seen_min:
            return None
        return reading.occupied[low:high]
    return None
