"""Goods of one date told against what earlier dates show in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from shapely.ops import unary_union

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
    patch_of,
    place_state,
    unusual_pixels,
)
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.history import HistorySettings


@dataclass(frozen=True, kw_only=True)
class PlaceCounts:
    """What earlier dates show in one object's place."""

    same: int
    """Dates on which it stood there with the same look."""
    empty: int
    """Dates that show bare ground."""
    other: int
    """Dates that show something else: its place is used, and varies for that."""
    seen: int
    """Dates that show the place at all."""
    unusual: float
    """Part of the object that lies beyond the usual spread of its ground."""


def weigh_cargo(
    now: Observation,
    cargo: tuple[Detection, ...],
    background_dates: Sequence[BackgroundDate],
    compared: BackgroundDate | None,
    settings: HistorySettings,
) -> tuple[Detection, ...]:
    """Return goods with what earlier dates say of them: evidence, caveats, and how sure they are.

    Nothing is taken off the list: goods that stand for months are goods. What is flat and has lain there on
    most dates is a mark of the ground and less sure; what is new against bare ground is surer.

    Parameters
    ----------
    now : Observation
    goods : tuple of Detection
        Cargo of this date alone.
    background_dates : sequence of BackgroundDate
        Dates of the record in the same frame and light; those not before ``now`` are left out.
    compared : BackgroundDate or None
        The date it is compared with, earlier or later.
    settings : HistorySettings
    """
    every = unary_union([d.geometry for d in cargo])
    earlier = before(background_dates, now)
    if compared is not None:
        earlier += before((compared,), now)
    grounds: dict[str, _Ground | None] = {}
    out = []
    for item in cargo:
        area = item.area or ""
        if area not in grounds:
            grounds[area] = _Ground.of(now, area, earlier, compared)
        ground = grounds[area]
        place = None if ground is None else footprint_of(item.geometry, ground.window, every, settings)
        if ground is None or place is None:
            out.append(item)
            continue
        item = _noted(item, ground, place, settings)
        out.append(_weighed(item, _record(ground, place, settings), _sunlit(now), settings))
    return tuple(out)


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """One area as the date and those before it show it."""

    window: Window
    here: WindowPixels
    earlier: tuple[tuple[BackgroundDate, WindowPixels], ...]
    typical: PixelBaseline | None
    compared: tuple[BackgroundDate, WindowPixels] | None

    @classmethod
    def of(
        cls, now: Observation, area: str, earlier: tuple[BackgroundDate, ...], compared: BackgroundDate | None
    ) -> _Ground | None:
        found = [(date, date.patch(area)) for date in earlier]
        known = [(date, patch[1]) for date, patch in found if patch is not None]
        windows = [patch[0] for _, patch in found if patch is not None]
        other = None if compared is None else compared.patch(area)
        if compared is not None and other is not None:
            windows.append(other[0])
        if not windows:
            return None
        return cls(
            window=windows[0],
            here=patch_of(now, windows[0]),
            earlier=tuple(known),
            typical=baseline_of([p for _, p in known]),
            compared=None if compared is None or other is None else (compared, other[1]),
        )


def _sunlit(now: Observation) -> bool:
    """Return whether a height would have shown: without a sun nothing is known to be flat."""
    return now.scene.sun_azimuth_deg is not None and now.scene.sun_elevation_deg is not None


def _record(ground: _Ground, place: Footprint, settings: HistorySettings) -> PlaceCounts:
    states: list[PlaceState] = [
        place_state(ground.here, patch, place, settings)[0] for _, patch in ground.earlier
    ]
    odd = 1.0
    if ground.typical is not None:
        typical, here = ground.typical.part(place.cut), ground.here.part(place.cut)
        known = place.body & (typical.count > 0)
        if known.any():
            odd = float((unusual_pixels(here, typical, settings) & known).sum() / known.sum())
    seen = sum(s != "unseen" for s in states)
    return PlaceCounts(
        same=states.count("same"),
        empty=states.count("empty"),
        other=states.count("other"),
        seen=seen,
        unusual=odd,
    )


def _noted(item: Detection, ground: _Ground, place: Footprint, settings: HistorySettings) -> Detection:
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


def _weighed(item: Detection, record: PlaceCounts, sunlit: bool, settings: HistorySettings) -> Detection:
    """Return one object with its record."""
    if not record.seen:
        return item
    dates = f"{record.same} of {record.seen} earlier date{'' if record.seen == 1 else 's'}"
    evidence = (
        ("earlier_dates", float(record.seen)),
        ("earlier_same", float(record.same)),
        ("earlier_bare", float(record.empty)),
        ("earlier_unusual", round(record.unusual, 3)),
    )
    item = replace(item, evidence=tuple(sorted((*item.evidence, *evidence))))
    enough = record.seen >= settings.dates_min
    flat = sunlit and item.height_m is None
    if enough and flat and record.same >= settings.mostly * record.seen:
        said = f"the same lay there on {dates}: a mark of the ground rather than goods"
        return _less_sure(item, settings.mark_odds, said, settings)
    if record.same:
        return replace(item, caveats=(*item.caveats, f"stood there on {dates}"))
    if record.empty >= settings.mostly * record.seen:
        gained = settings.new_odds * record.empty / (record.empty + 2.0)
        return replace(item, confidence=max(_shifted(item.confidence, gained), item.confidence))
    if enough and flat and not record.other and record.unusual < 0.5:
        said = "the ground here varies as much between earlier dates"
        return _less_sure(item, settings.typical_odds, said, settings)
    return item


def _less_sure(item: Detection, odds: float, said: str, settings: HistorySettings) -> Detection:
    confidence = min(_shifted(item.confidence, odds), item.confidence)
    grade = "possible" if confidence < settings.possible_below else item.grade
    return replace(item, confidence=confidence, grade=grade, caveats=(*item.caveats, said))


def _shifted(confidence: float, odds: float) -> float:
    """Return a probability moved by log-odds."""
    inside = min(max(confidence, 1e-3), 1 - 1e-3)
    return round(1.0 / (1.0 + exp(-(log(inside / (1.0 - inside)) + odds))), 3)
