"""Which earlier date a scene is compared with, area by area, and which say what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import acos, cos, degrees, log2, radians, sin

from tumangang_watch.archive.read import KnownScene
from tumangang_watch.settings.preprocess import QualitySettings
from tumangang_watch.settings.records import WatchSettings

YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Part:
    """One comparison of a scene: the earlier date and the areas it speaks for."""

    earlier: KnownScene | None
    areas: tuple[str, ...]
    background: tuple[KnownScene, ...] = ()


def choose(
    scene: KnownScene, earlier: Sequence[KnownScene], quality: QualitySettings, settings: WatchSettings
) -> tuple[Part, ...]:
    """Return the comparisons of a scene, the main one first.

    Parameters
    ----------
    scene : KnownScene
        The scene.
    earlier : sequence of KnownScene
        Every date before it, in any order. The choice depends on nothing else.
    quality, settings
        From which share an area counts as seen; the weights.

    Returns
    -------
    tuple of Part
        Each area stands in one part. The main part takes the date that is best over all areas; an
        area that this date does not show goes to the date that shows it best.
    """
    areas = tuple(scene.observed)
    wanted = [a for a in areas if scene.observed[a] >= quality.not_observable_below]
    recent = sorted(earlier, key=lambda e: (e.acquired, e.sha256), reverse=True)
    recent = [e for e in recent if age_days(scene, e) <= settings.candidate_days][: settings.candidates]
    apart = {e.sha256: distance(scene, e, settings) for e in recent}

    def hidden(other: KnownScene, area: str) -> float:
        share = other.observed.get(area, 0.0)
        return settings.hidden * max(0.0, 1.0 - share / quality.observed_from)

    shown = [e for e in recent if any(e.observed.get(a, 0.0) >= quality.not_observable_below for a in wanted)]
    if not shown:
        return (Part(None, areas),)
    main = min(shown, key=lambda e: apart[e.sha256] + sum(hidden(e, a) for a in wanted) / len(wanted))
    others: dict[str, list[str]] = {}
    for area in wanted:
        if main.observed.get(area, 0.0) < quality.observed_from:
            best = min(shown, key=lambda e, area=area: apart[e.sha256] + hidden(e, area))  # type: ignore[misc]
            if best.observed.get(area, 0.0) > main.observed.get(area, 0.0) and best is not main:
                others.setdefault(best.sha256, []).append(area)
    by_content = {e.sha256: e for e in shown}
    extra = sorted(others, key=lambda s: (-len(others[s]), apart[s], s))[: settings.parts - 1]
    elsewhere = {area for sha256 in extra for area in others[sha256]}
    chosen = [(main, tuple(a for a in areas if a not in elsewhere))]
    chosen += [(by_content[s], tuple(others[s])) for s in extra]
    return tuple(Part(e, names, _background(scene, e, shown, apart, settings)) for e, names in chosen)


def _background(
    scene: KnownScene,
    partner: KnownScene,
    shown: Sequence[KnownScene],
    apart: dict[str, float],
    settings: WatchSettings,
) -> tuple[KnownScene, ...]:
    """Return the further dates that are most like the scene."""
    fit = [e for e in shown if e is not partner and usable_as_background(scene, e, settings)]
    return tuple(sorted(fit, key=lambda e: (apart[e.sha256], e.sha256))[: settings.background_dates])


def usable_as_background(scene: KnownScene, other: KnownScene, settings: WatchSettings) -> bool:
    """Return whether a date can say what is usual on a scene: of one class, one state of snow, like in look.

    Age does not count: what has lain there for years is all the more usual. A state of snow that is not
    known yet speaks for neither side.
    """
    states = {scene.snow_state, other.snow_state} - {None, "unknown"}
    return (
        same_class(scene, other, settings)
        and len(states) < 2
        and look_apart(scene, other, settings) <= settings.background_distance
    )


def distance(one: KnownScene, other: KnownScene, settings: WatchSettings) -> float:
    """Return how unlike two dates are, whatever stands there: 0 for the same look a moment before."""
    total = 0.0 if same_class(one, other, settings) else settings.other_class
    total += log2(1.0 + age_days(one, other) / settings.age_days) / 2.0
    if one.snow_state != other.snow_state:
        total += settings.snow
    return total + look_apart(one, other, settings)


def look_apart(one: KnownScene, other: KnownScene, settings: WatchSettings) -> float:
    """Return how unlike two dates are in season, line of sight and sun."""
    total = season_apart_days(one, other) / settings.season_days
    total += _angle(_view(one), _view(other), settings.view_deg, settings)
    return total + _angle(_sun(one), _sun(other), settings.sun_deg, settings)


def same_class(one: KnownScene, other: KnownScene, settings: WatchSettings) -> bool:
    """Return whether two scenes come from sensors of about the same resolution."""
    ratio = one.gsd_m / other.gsd_m
    return 1 / settings.same_class_ratio <= ratio <= settings.same_class_ratio


def moment(scene: KnownScene) -> datetime:
    """Return when a scene was acquired, UTC."""
    return datetime.fromisoformat(scene.acquired)


def age_days(one: KnownScene, other: KnownScene) -> float:
    """Return the days between two scenes."""
    return abs((moment(one) - moment(other)).total_seconds()) / 86400.0


def season_apart_days(one: KnownScene, other: KnownScene) -> float:
    """Return the difference of the days of the year, round the turn of the year."""
    apart = abs(moment(one).timetuple().tm_yday - moment(other).timetuple().tm_yday)
    return min(apart, YEAR_DAYS - apart)


Direction = tuple[float, float, float] | None


def _direction(azimuth_deg: float | None, from_zenith_deg: float | None) -> Direction:
    if azimuth_deg is None or from_zenith_deg is None:
        return None
    azimuth, tilt = radians(azimuth_deg), radians(from_zenith_deg)
    return sin(tilt) * sin(azimuth), sin(tilt) * cos(azimuth), cos(tilt)


def _view(scene: KnownScene) -> Direction:
    return _direction(scene.view_azimuth_deg, scene.off_nadir_deg)


def _sun(scene: KnownScene) -> Direction:
    elevation = scene.sun_elevation_deg
    return _direction(scene.sun_azimuth_deg, None if elevation is None else 90.0 - elevation)


def _angle(one: Direction, other: Direction, unit_deg: float, settings: WatchSettings) -> float:
    if one is None or other is None:
        return settings.unknown_angle
    along = sum(a * b for a, b in zip(one, other, strict=True))
    return degrees(acos(max(-1.0, min(1.0, along)))) / unit_deg
