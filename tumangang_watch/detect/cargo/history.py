"""Cargo of one date weighed against what earlier dates show in its places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from tumangang_watch.detect.history import (
    BackgroundDate,
    Footprint,
    PixelBaseline,
    PlaceState,
    Window,
    WindowPixels,
    baseline_of,
    before,
    footprint_of,
    place_state,
    unusual_pixels,
    window_pixels,
)
from tumangang_watch.detect.outlines import Outlines
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import log_odds
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.change import HistorySettings


def weigh_cargo(
    now: Observation,
    cargo: tuple[Detection, ...],
    background_dates: Sequence[BackgroundDate],
    compared: BackgroundDate | None,
    settings: HistorySettings,
) -> tuple[Detection, ...]:
    """Return cargo with what earlier dates say of it: evidence, caveats, and how sure it is.

    Nothing is taken off the list: goods that stand for months are goods. What is flat and has lain there on
    most dates is a mark of the ground and less sure; what is new against bare ground is surer.

    Parameters
    ----------
    background_dates : sequence of BackgroundDate
        In the same frame and light; those not before ``now`` are left out.
    compared : BackgroundDate or None
        The date it is compared with, earlier or later.
    """
    every = Outlines.of(d.geometry for d in cargo)
    earlier = before(background_dates, now)
    if compared is not None:
        earlier += before((compared,), now)
    grounds: dict[str, _Ground | None] = {}
    out = []
    for item in cargo:
        area = item.area or ""
        if area not in grounds:
            grounds[area] = _ground_of(now, area, earlier, compared)
        ground = grounds[area]
        near = every.near(item.geometry, sum(settings.ring_m))
        place = None if ground is None else footprint_of(item.geometry, ground.window, near, settings)
        if ground is not None and place is not None:
            item = _with_compared(item, ground, place, settings)
            item = _with_last_bare(item, now, ground, place, settings)
            # Without a sun nothing is known to be flat: a height would not have shown.
            scene = now.scene
            sunlit = scene.sun_azimuth_deg is not None and scene.sun_elevation_deg is not None
            states = [place_state(ground.here, pixels, place, settings)[0] for _, pixels in ground.earlier]
            item = _weighed(item, states, _unusual(ground, place, settings), sunlit, settings)
        out.append(item)
    return tuple(out)


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """One area as the date and those before it show it."""

    window: Window
    here: WindowPixels
    earlier: tuple[tuple[BackgroundDate, WindowPixels], ...]
    typical: PixelBaseline | None
    compared: tuple[BackgroundDate, WindowPixels] | None


def _ground_of(
    now: Observation, area: str, earlier: tuple[BackgroundDate, ...], compared: BackgroundDate | None
) -> _Ground | None:
    found = [(date, date.patch(area)) for date in earlier]
    known = tuple((date, patch[1]) for date, patch in found if patch is not None)
    other = None if compared is None else compared.patch(area)
    windows = [patch[0] for _, patch in [*found, (compared, other)] if patch is not None]
    if not windows:
        return None
    return _Ground(
        window=windows[0],
        here=window_pixels(now, windows[0]),
        earlier=known,
        typical=baseline_of([p for _, p in known]),
        compared=None if compared is None or other is None else (compared, other[1]),
    )


def _unusual(ground: _Ground, place: Footprint, settings: HistorySettings) -> float:
    """Return the part of an object that lies beyond the typical spread of its ground; 1 if not known."""
    if ground.typical is None:
        return 1.0
    typical, here = ground.typical.part(place.cut), ground.here.part(place.cut)
    known = place.body & (typical.count > 0)
    odd = unusual_pixels(here, typical, settings) & known
    return float(odd.sum() / known.sum()) if known.any() else 1.0


def _with_compared(
    item: Detection, ground: _Ground, place: Footprint, settings: HistorySettings
) -> Detection:
    """Add what the compared date and those before both dates show, for deciding on change."""
    if ground.compared is None:
        return item
    other, patch = ground.compared
    seen, share = place_state(ground.here, patch, place, settings)
    if seen == "unseen":
        return item
    before_both = [p for d, p in ground.earlier if d is not other and d.scene.acquired < other.scene.acquired]
    states = [place_state(ground.here, p, place, settings)[0] for p in before_both]
    extra = (
        ("compared_share", round(share, 3)),
        ("before_same", float(states.count("same"))),
        ("before_seen", float(sum(s != "unseen" for s in states))),
    )
    return replace(item, evidence=tuple(sorted((*item.evidence, *extra))))


def _with_last_bare(
    item: Detection, now: Observation, ground: _Ground, place: Footprint, settings: HistorySettings
) -> Detection:
    """Add the days since the last other date that shows bare ground, unless a later one shows the object."""
    other = None if ground.compared is None else ground.compared[0]
    dates = [(d.scene.acquired, d.scene.sha256, pixels) for d, pixels in ground.earlier if d is not other]
    for acquired, _, pixels in sorted(dates, key=lambda d: d[:2], reverse=True):
        state = place_state(ground.here, pixels, place, settings)[0]
        if state == "empty":
            days = (now.scene.acquired - acquired).total_seconds() / 86400.0
            return replace(
                item, evidence=tuple(sorted((*item.evidence, ("bare_days_before", round(days, 5)))))
            )
        if state == "same":
            break
    return item


def _weighed(
    item: Detection, states: list[PlaceState], unusual: float, sunlit: bool, settings: HistorySettings
) -> Detection:
    same, empty, seen = states.count("same"), states.count("empty"), len(states) - states.count("unseen")
    if not seen:
        return item
    dates = f"{same} of {seen} earlier date{'' if seen == 1 else 's'}"
    evidence = (
        ("earlier_dates", float(seen)),
        ("earlier_same", float(same)),
        ("earlier_bare", float(empty)),
        ("earlier_unusual", round(unusual, 3)),
    )
    item = replace(item, evidence=tuple(sorted((*item.evidence, *evidence))))
    flat = seen >= settings.dates_min and sunlit and item.height_m is None
    if flat and same >= settings.mostly * seen:
        caveat = f"the same lay there on {dates}: a mark of the ground rather than goods"
        return _less_sure(item, settings.mark_odds, caveat, settings)
    if same:
        return replace(item, caveats=(*item.caveats, f"stood there on {dates}"))
    if empty >= settings.mostly * seen:
        gained = settings.new_odds * empty / (empty + 2.0)
        return replace(item, confidence=max(_shifted(item.confidence, gained), item.confidence))
    if flat and "other" not in states and unusual < 0.5:
        caveat = "the ground here varies as much between earlier dates"
        return _less_sure(item, settings.typical_odds, caveat, settings)
    return item


def _less_sure(item: Detection, odds: float, caveat: str, settings: HistorySettings) -> Detection:
    confidence = min(_shifted(item.confidence, odds), item.confidence)
    grade = "possible" if confidence < settings.possible_below else item.grade
    return replace(item, confidence=confidence, grade=grade, caveats=(*item.caveats, caveat))


def _shifted(confidence: float, odds: float) -> float:
    """Return a probability moved by log-odds."""
    return round(1.0 / (1.0 + exp(-(log_odds(confidence) + odds))), 3)
