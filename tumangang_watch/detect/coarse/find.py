"""Trains where a vehicle is one pixel wide: present on a group of tracks, with a wide length, uncounted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from tumangang_watch.detect.coarse.groups import Corridor
from tumangang_watch.detect.coarse.infer import GroupReading, read_groups
from tumangang_watch.detect.coarse.states import BLOCK, footprints, seen_columns
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.model.detection import UNSEEN_BEYOND, Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.track_frame import seen_parts, stretches


@dataclass(frozen=True, kw_only=True)
class GroupRun:
    """One train on one track of a group; distances along the track itself."""

    track: Track
    from_m: float
    to_m: float
    score: float
    """Summed log-odds against its absence."""
    sure_m: float
    """Length of its longest part of which the network is sure."""
    reach_m: float
    """Length over which the network does not rule it out."""
    ground: float
    """The same of what the Gaussians of the ground say alone, before their share of it is taken."""
    unseen_m: float
    """Track beyond its ends that was not seen: it may go on there."""
    shadow: float | None
    """Share of light lost where its shadow should fall; None where nothing of that is seen."""
    cues: tuple[float, ...]
    """What its confidence rests on, as of `cues_of`."""
    confidence: float
    """How likely it is a train."""


def detect_group_trains(
    observation: Observation,
    site: Site,
    tracks: list[Track],
    settings: GroupSettings,
    background: Observation | None = None,
    background_dates: Sequence[Observation] = (),
) -> tuple[Detection, ...]:
    """Find trains by group among the ``tracks`` that can be seen, from one date alone or against others.

    Where another date is judged empty it shows what always lies there; of several dates the median counts.
    ``cars`` is None, no vehicle is described; ``track`` is the likeliest of the group.
    """
    others = (*(() if background is None else (background,)), *background_dates)
    elsewhere = read_elsewhere(observation, tracks, settings, others)
    return find_group_trains(observation, site, tracks, settings, elsewhere)


def read_elsewhere(
    observation: Observation, tracks: list[Track], settings: GroupSettings, others: Sequence[Observation]
) -> list[list[GroupReading]]:
    """Read other dates along the corridors of one; those that show nothing are left out."""
    # Corridors follow the grain: another date is read along this one's, or nothing lies on anything.
    gsd_m = observation.image.gsd_m
    alike = [replace(other, image=replace(other.image, gsd_m=gsd_m)) for other in others]
    elsewhere = [read_groups(other, tracks, settings) for other in alike]
    return [e for e in elsewhere if e]


def find_group_trains(
    observation: Observation,
    site: Site,
    tracks: list[Track],
    settings: GroupSettings,
    elsewhere: list[list[GroupReading]],
) -> tuple[Detection, ...]:
    """Find trains by group against what other dates show (`read_elsewhere`)."""
    judged = read_groups(observation, tracks, settings)
    if elsewhere and judged:
        judged = read_groups(observation, tracks, settings, judged, elsewhere)
    found: list[Detection] = []
    numbers: dict[str, int] = {}
    for part in judged:
        for run in runs_of(part, settings):
            if run.confidence >= settings.confidence_possible:
                numbers[run.track.id] = numbers.get(run.track.id, 0) + 1
                name = f"{observation.date}-train-{run.track.id}-{numbers[run.track.id]}"
                found.append(_detection(name, observation, site, part, run, settings))
    order = {t.id: k for k, t in enumerate(site.tracks)}
    return tuple(sorted(found, key=lambda d: (order[d.track or ""], d.from_m or 0.0)))


def runs_of(judged: GroupReading, settings: GroupSettings) -> list[GroupRun]:
    """Return the trains of one corridor on the tracks it speaks for."""
    corridor = judged.corridor
    occupied = judged.states[judged.path.best]
    out = []
    seen, join = seen_columns(corridor), round(settings.unseen_join_m / corridor.step_m)
    for k, track in enumerate(corridor.tracks):
        whole = stretches(occupied[:, k]) if track in judged.own else []
        for ends in (part for piece in whole for part in seen_parts(piece, seen, join)):
            low, high = sorted(_along(corridor, track, k, column) for column in ends)
            if high - low >= settings.train_min_m * 0.6:
                out.append(_run(judged, k, ends, (low, high), settings))
    return out


def _run(
    judged: GroupReading,
    number: int,
    ends: tuple[int, int],
    along_m: tuple[float, float],
    settings: GroupSettings,
) -> GroupRun:
    """Measure one train on one track of a corridor, between two columns, ``along_m`` on the track itself."""
    corridor, best = judged.corridor, judged.path.best
    score = _gained(judged.log_likelihood, best, number, slice(*ends))
    ground = _gained(judged.ground, best, number, slice(*ends))
    cues = cues_of(score, ground, along_m[1] - along_m[0], corridor.gsd_m, settings)
    return GroupRun(
        track=corridor.tracks[number],
        from_m=along_m[0],
        to_m=along_m[1],
        score=score,
        sure_m=_sure(judged.odds[number], ends, settings) * corridor.step_m,
        reach_m=_reach(judged.odds[number], ends, settings) * corridor.step_m,
        ground=ground,
        unseen_m=sum(map(len, _beyond(seen_columns(corridor), ends))) * corridor.step_m,
        shadow=_shadow(judged, number, slice(*ends), settings),
        cues=cues,
        confidence=confidence_of(cues, judged.sun_known, settings),
    )


def _gained(log_likelihood: Float64, best: NDArray[np.intp], track: int, part: slice) -> float:
    """Return by how much the states of a stretch are likelier than those without one of their tracks."""
    columns = np.arange(part.start, part.stop)
    with_it = log_likelihood[best[part], columns]
    return float((with_it - log_likelihood[best[part] & ~(1 << track), columns]).sum())


def _sure(odds: Float64, ends: tuple[int, int], settings: GroupSettings) -> int:
    """Return how many columns of a train in a row the network is sure of."""
    return max((b - a for a, b in stretches(odds[slice(*ends)] > settings.end_odds)), default=0)


def _reach(odds: Float64, ends: tuple[int, int], settings: GroupSettings) -> int:
    """Return over how many columns a train may reach, as far as the network does not rule it out."""
    ruled_out = np.flatnonzero(odds <= -settings.end_odds)
    before, after = ruled_out[ruled_out < ends[0]], ruled_out[ruled_out >= ends[1]]
    low = int(before[-1]) + 1 if before.size else 0
    return (int(after[0]) if after.size else odds.size) - low


def cues_of(
    score: float, ground: float, length_m: float, gsd_m: float, settings: GroupSettings
) -> tuple[float, float, float, float, float]:
    """Return what a train's confidence rests on, in the order of `GroupSettings.confidence_weights`."""
    summed = max(score, 1.0)
    return (
        1.0,
        float(np.log(summed)),
        float(np.log(summed * gsd_m / max(length_m, gsd_m))),
        float(np.sign(ground) * np.log1p(abs(ground))),
        float(np.log(gsd_m / settings.confidence_gsd_m)),
    )


def confidence_of(cues: tuple[float, ...], sun_known: bool, settings: GroupSettings) -> float:
    """Return how likely a train found is one."""
    weights = settings.confidence_weights if sun_known else settings.no_sun_weights
    return float(1 / (1 + np.exp(-np.dot(weights, cues))))


def _beyond(seen: Mask, ends: tuple[int, int]) -> tuple[range, range]:
    """Return the columns before and after a stretch that were not seen, next to it."""
    before, after = np.flatnonzero(seen[: ends[0]]), np.flatnonzero(seen[ends[1] :])
    start = int(before[-1]) + 1 if before.size else 0
    stop = ends[1] + int(after[0]) if after.size else seen.size
    return range(start, ends[0]), range(ends[1], stop)


def _shadow(judged: GroupReading, track: int, part: slice, settings: GroupSettings) -> float | None:
    """Return the share of light lost along a train where it alone throws its shadow."""
    corridor, path = judged.corridor, judged.path
    typical, seen = judged.expected.mean(axis=0), judged.values.mean(axis=0)
    lost = weight = 0.0
    for start in range(part.start, part.stop, BLOCK):
        columns = slice(start, min(start + BLOCK, part.stop))
        prints = footprints(corridor, (start + columns.stop) // 2, judged.states, judged.light, settings)
        own = prints.shade[path.best[columns]] - prints.shade[path.best[columns] & ~(1 << track)]
        depth = np.clip(own.T, 0.0, 1.0) * typical[:, columns] * corridor.valid[:, columns]
        lost += float((depth * (typical - seen)[:, columns]).sum())
        weight += float((depth**2).sum())
    return lost / weight if weight > 0.25 * (part.stop - part.start) else None


def _along(corridor: Corridor, track: Track, index: int, column: int) -> float:
    """Return the distance along a track's own line of a column's lower edge."""
    n = corridor.s_m.size
    at = min(max(column, 0), n)
    near = min(at, n - 1)
    offset = np.nan_to_num(corridor.offset_m[index, near])
    point = corridor.frame.points[:, near] + offset * corridor.frame.left[:, near]
    point = point + corridor.frame.ahead[:, near] * corridor.step_m * (at - near - 0.5)
    return float(track.line.project(shapely.Point(point)))


def _length(run: GroupRun, gsd_m: float, settings: GroupSettings) -> Interval:
    """Return the length with its 90 % interval."""
    length = max(run.to_m - run.from_m - settings.length_bias_m, 0.6 * settings.train_min_m)
    error = settings.end_error_px * gsd_m
    low = run.sure_m - settings.length_bias_m - error
    high = run.reach_m - settings.length_bias_m + error
    high = max(high, length) + min(run.unseen_m, settings.unseen_train_max_m)
    return Interval(length, min(max(low, settings.train_min_m), length), high)


def _detection(
    name: str,
    observation: Observation,
    site: Site,
    judged: GroupReading,
    run: GroupRun,
    settings: GroupSettings,
) -> Detection:
    """Describe one train of a track group."""
    gsd_m, track = observation.image.gsd_m, run.track
    low, high = settings.shadow_like
    notes = [f"at {gsd_m:.1f} m cars are not counted and colours not read"]
    others = [t.id for t in judged.group if t.id != track.id]
    if others:
        notes.append(
            f"tracks {', '.join(sorted([track.id, *others]))} cannot be told apart for certain at "
            f"{gsd_m:.1f} m: {track.id} is the likeliest"
        )
    if not judged.sun_known:
        notes.append("the sun's position is not known: no shadow can vouch for it")
    elif run.shadow is not None and run.shadow < settings.shadow_against:
        notes.append("where its shadow should fall the ground is lighter than elsewhere")
    elif run.shadow is None or not low <= run.shadow <= high:
        notes.append("no shadow of its own vouches for it")
    train = train_at(name, observation, site, track, (run.from_m, run.to_m))
    sure = judged.sun_known and run.confidence >= settings.confidence_detected
    shadow = () if run.shadow is None else (("shadow", round(run.shadow, 3)),)
    if run.unseen_m > 0:
        notes.append(f"an end was not seen: it may go on there, at most {run.unseen_m:.0f} m")
    goes_on = ((UNSEEN_BEYOND, round(run.unseen_m, 1)),) if run.unseen_m > 0 else ()
    return replace(
        train,
        confidence=run.confidence,
        grade="detected" if sure and train.observed_fraction >= settings.observed_min else "possible",
        length_m=_length(run, gsd_m, settings),
        evidence=(("log_odds", round(run.score, 2)), *shadow, *goes_on),
        caveats=(*notes, *train.caveats),
    )


def train_at(
    name: str, observation: Observation, site: Site, track: Track, ends_m: tuple[float, float]
) -> Detection:
    """Return a train between two ends along a track, as yet unmeasured: its place and what limits that."""
    place = substring(track.line, *ends_m).buffer(1.6, cap_style="flat")
    seen = observation.observed_fraction(place)
    notes = [f"only {seen:.0%} of its place was seen"] if seen < 0.95 else []
    if track.provisional:
        notes.append("the track's geometry is provisional")
    areas = site.areas_along(track, *ends_m)
    return Detection(
        id=name,
        date=observation.date,
        kind="train",
        area=areas[0][0] if areas else None,
        areas=areas,
        geometry=place,
        confidence=0.0,
        grade="possible",
        observed_fraction=seen,
        track=track.id,
        from_m=ends_m[0],
        to_m=ends_m[1],
        caveats=tuple(notes),
    )
