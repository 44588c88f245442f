"""Which earlier date each area of a scene is compared with, and which dates say what is usual.

An area is compared with the last date on which it was seen, whatever its light: so nothing that came or went
since is passed over, and nothing is told twice. What that date did not show is told by the date before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from math import acos, cos, degrees, log2, radians, sin

from tumangang_watch.archive.read import KnownScene
from tumangang_watch.settings import Settings
from tumangang_watch.settings.records import WatchSettings

YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Part:
    """One comparison of a scene: the earlier date, and what it speaks for."""

    earlier: KnownScene | None
    areas: tuple[str, ...]
    """Areas whose detections are taken from it: their last look; in the main part also those without one."""
    background: tuple[KnownScene, ...] = ()
    tells: dict[str, tuple[KnownScene, ...]] = field(default_factory=dict)
    """Areas whose changes it tells, and the looks at each since ``earlier``: a place that one of these shows
    is told by that one."""


def choose(
    scene: KnownScene, earlier: Sequence[KnownScene], settings: Settings, cargo_areas: Collection[str] = ()
) -> tuple[Part, ...]:
    """Return the comparisons of a scene, the main one first.

    Parameters
    ----------
    scene : KnownScene
        The scene.
    earlier : sequence of KnownScene
        Every date before it, in any order; of its own instant those that stand before it in `taken`, which
        are not compared: what both show is told by the first. The choice depends on nothing else.
    settings : Settings
        From which share an area counts as seen; how far back a hidden place is followed.
    cargo_areas : collection of str
        Areas of which only cargo is told: a date too coarse for cargo is no look at them.

    Returns
    -------
    tuple of Part
        Each area stands in the ``areas`` of one part. The main part is that of most areas.
    """
    areas = tuple(scene.observed)
    order = sorted(earlier, key=taken, reverse=True)
    parts: dict[str, Part] = {}
    for area in (a for a in areas if is_seen(scene, a, settings)):
        shown = [e for e in order if _shows(e, area, scene, settings, cargo_areas)]
        looks = _looks(shown, area, scene, settings)
        dates = [e for e in looks if moment(e) < moment(scene)]
        for date in dates:
            part = parts.get(date.sha256, Part(date, ()))
            own = (area,) if date is dates[0] else ()
            since = tuple(looks[: looks.index(date)])
            parts[date.sha256] = replace(part, areas=(*part.areas, *own), tells={**part.tells, area: since})
    if not parts:
        # A site without areas: every date that shows its tracks is a look.
        bare = [Part(e, ()) for e in order if not areas and moment(e) < moment(scene)]
        return (_with_background(scene, bare[0], order, settings) if bare else Part(None, areas),)
    rank = {e.sha256: k for k, e in enumerate(order)}
    main, *others = sorted(parts, key=lambda s: (-len(parts[s].areas), rank[s]))
    spoken = {area for s in others for area in parts[s].areas}
    parts[main] = replace(parts[main], areas=tuple(a for a in areas if a not in spoken))
    return tuple(_with_background(scene, parts[s], order, settings) for s in (main, *others))


def is_seen(scene: KnownScene, area: str, settings: Settings) -> bool:
    """Return whether a date shows enough of an area to count as a look at it."""
    return scene.observed.get(area, 0.0) >= settings.quality.not_observable_below


def _shows(
    date: KnownScene, area: str, scene: KnownScene, settings: Settings, cargo_areas: Collection[str]
) -> bool:
    """Return whether a date is a look at an area for what the scene tells of it."""
    limit_m = settings.cargo.objects_gsd_max_m
    too_coarse = area in cargo_areas and date.gsd_m > limit_m >= scene.gsd_m
    return is_seen(date, area, settings) and not too_coarse


def _looks(shown: Sequence[KnownScene], area: str, scene: KnownScene, settings: Settings) -> list[KnownScene]:
    """Return the last dates that show an area, the latest first: down to one that shows it whole.

    Those of the scene's own instant stand first; one date before it stays, where there is one.
    """
    whole = settings.quality.observed_from
    same = [e for e in shown if moment(e) == moment(scene)]
    before = [e for e in shown if moment(e) < moment(scene)]
    if any(e.observed[area] >= whole for e in same):
        return [*same, *before[:1]]
    looks: list[KnownScene] = []
    for date in before[: settings.watch.looks]:
        looks.append(date)
        if date.observed[area] >= whole:
            break
    return [*same, *looks]


def _with_background(scene: KnownScene, part: Part, order: Sequence[KnownScene], settings: Settings) -> Part:
    """Return a comparison with the further dates that are most like the scene."""
    watch = settings.watch
    seen = [a for a in scene.observed if is_seen(scene, a, settings)]
    before = [e for e in order if moment(e) < moment(scene) and age_days(scene, e) <= watch.candidate_days]
    fit = [
        e
        for e in before[: watch.candidates]
        if e is not part.earlier
        and usable_as_background(scene, e, watch)
        and (not scene.observed or any(is_seen(e, a, settings) for a in seen))
    ]
    fit.sort(key=lambda e: (distance(scene, e, watch), e.sha256))
    return replace(part, background=tuple(fit[: watch.background_dates]))


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
    return _read_time(scene.acquired)


@lru_cache(maxsize=100_000)
def _read_time(text: str) -> datetime:
    """Return a time; a record of thousands asks for each thousands of times."""
    return datetime.fromisoformat(text)


def taken(scene: KnownScene) -> tuple[datetime, str]:
    """Return where a scene stands among others: by time, those of one instant by content."""
    return moment(scene), scene.sha256


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
