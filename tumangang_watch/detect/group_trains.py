"""Trains where a wagon is one pixel: present on a group of tracks, with a wide length, uncounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.ribbon_ground import in_bed_units, learn_ground, structure
from tumangang_watch.detect.ribbon_states import (
    BLOCK,
    Light,
    Path,
    footprints,
    lean_of,
    light_of,
    likelihoods,
    state_table,
    walk,
)
from tumangang_watch.detect.track_groups import Ribbon, group_tracks, sample_ribbon, windows_of
from tumangang_watch.model.detection import Detection, Grade
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site, Track
    from tumangang_watch.settings.groups import GroupSettings


@dataclass(frozen=True)
class Judged:
    """One ribbon and what was found to stand on it."""

    ribbon: Ribbon
    own: tuple[Track, ...]
    """Tracks of the ribbon that it speaks for."""
    group: tuple[Track, ...]
    """All tracks that cannot be told from these."""
    states: NDArray[np.bool_]
    gain: NDArray[np.float64]
    """(states, n) log-likelihood ratios against empty, one count per independent sample."""
    path: Path
    empty: NDArray[np.float64]
    """(m, n) how surely each point is empty ground."""
    values: NDArray[np.float64]
    """(bands, m, n) in bed units."""
    expected: NDArray[np.float64]
    """(bands, m, n) what empty ground would show."""
    light: Light
    sun_known: bool


@dataclass(frozen=True)
class GroupRun:
    """One train on one track of a group; distances along the track itself."""

    track: Track
    from_m: float
    to_m: float
    score: float
    """Summed log-odds against its absence."""
    shadow: float | None
    """Share of light lost where its shadow should fall; None where nothing of that is seen."""


def detect_group_trains(
    observation: Observation,
    site: Site,
    tracks: list[Track],
    settings: GroupSettings,
    background: Observation | None = None,
    past: tuple[Observation, ...] = (),
) -> tuple[Detection, ...]:
    """Find trains by track group, from one date alone or against another one.

    Parameters
    ----------
    observation : Observation
        In the site's frame; ribbons are sampled from its native pixels.
    site : Site
    tracks : list of Track
        Those that can be seen on this date.
    settings : GroupSettings
    background : Observation, optional
        Another date in the same frame: where it is judged empty it shows what always lies there.
    past : tuple of Observation
        Further such dates; of several the median counts.

    Returns
    -------
    tuple of Detection
        ``cars`` is None, no vehicle is described; ``track`` is the likeliest of the group.
    """
    judged = judge_groups(observation, tracks, settings)
    others = (*(() if background is None else (background,)), *past)
    if others and judged:
        elsewhere = [judge_groups(other, tracks, settings) for other in others]
        judged = judge_groups(observation, tracks, settings, judged, [e for e in elsewhere if e])
    found: list[Detection] = []
    numbers: dict[str, int] = {}
    for part in judged:
        for run in runs_of(part, settings):
            if run.score >= settings.score_possible:
                numbers[run.track.id] = numbers.get(run.track.id, 0) + 1
                name = f"{observation.date}-train-{run.track.id}-{numbers[run.track.id]}"
                found.append(_detection(name, observation, site, part, run, settings))
    order = {t.id: k for k, t in enumerate(site.tracks)}
    return tuple(sorted(found, key=lambda d: (order[d.track or ""], d.from_m or 0.0)))


def judge_groups(
    observation: Observation,
    tracks: list[Track],
    settings: GroupSettings,
    before: list[Judged] | None = None,
    others: list[list[Judged]] | None = None,
) -> list[Judged]:
    """Judge every track group of a scene.

    Parameters
    ----------
    before : list of Judged, optional
        What was found of this scene so far; from the least structured ground otherwise.
    others : list of lists of Judged, optional
        The same ribbons on other dates.
    """
    gsd_m = observation.image.gsd_m
    groups = group_tracks(tuple(tracks), settings.apart_px * gsd_m)
    parts = [(group, *w) for group in groups for w in windows_of(group, settings.window_tracks)]
    ribbons = [sample_ribbon(observation.image, tracks, settings) for _, tracks, _ in parts]
    units = in_bed_units(ribbons) if ribbons else []
    if not units:
        return []
    if before is not None:
        weights = [b.empty for b in before]
    else:
        rough = [structure(r, v) for r, v in zip(ribbons, units, strict=True)]
        limit = np.quantile(np.concatenate(rough), settings.seed_share)
        weights = [
            np.broadcast_to(w <= limit, r.valid.shape).astype(float)
            for r, w in zip(ribbons, rough, strict=True)
        ]
    backgrounds = _grounds(others) if others else [None] * len(ribbons)
    out = []
    for (group, _, own), ribbon, values, weight, back in zip(
        parts, ribbons, units, weights, backgrounds, strict=True
    ):
        out.append(_judge(observation, (group, own), (ribbon, values), weight, back, settings))
    return out


def _grounds(others: list[list[Judged]]) -> list[NDArray[np.float64] | None]:
    """Return for every ribbon what other dates show there empty, the median of them."""
    out: list[NDArray[np.float64] | None] = []
    for same in zip(*others, strict=True):
        stack = np.stack([_ground_of_other(judged) for judged in same])
        known = np.isfinite(stack).any(axis=0)
        ground = np.full(stack.shape[1:], np.nan)
        ground[known] = np.nanmedian(stack[:, known], axis=0)
        out.append(ground)
    return out


def _ground_of_other(other: Judged) -> NDArray[np.float64]:
    """Return another date's ribbon in its bed units, NaN where it may be occupied."""
    known = (other.empty > 0.8) & other.ribbon.valid
    return np.where(known, other.values, np.nan)


def _judge(
    observation: Observation,
    tracks: tuple[tuple[Track, ...], tuple[Track, ...]],
    strip: tuple[Ribbon, NDArray[np.float64]],
    weight: NDArray[np.float64],
    background: NDArray[np.float64] | None,
    settings: GroupSettings,
) -> Judged:
    """Judge one ribbon: learn the empty ground, weigh the states, and again with what was found."""
    ribbon, values = strip
    states = state_table(len(ribbon.tracks))
    stated = light_of(ribbon, observation.scene, settings)
    lean = lean_of(ribbon, observation.scene, settings)
    usual = settings.body_height_m
    lights = [stated] if stated else [Light(usual, lean), Light(-usual, lean)]
    result: Judged | None = None
    for _ in range(settings.rounds):
        ground = learn_ground(ribbon, values, weight, settings, background)
        tried = []
        for light in lights:
            gain = likelihoods(ribbon, values, ground, states, light, settings)
            top = gain.max(axis=0)
            tried.append((float(np.minimum(top, settings.clip).sum()), light, _bounded(gain, settings)))
        _, light, gain = max(tried, key=lambda t: t[0])
        path = walk(gain, states, settings.switch_cost)
        weight = _still_empty(ribbon, path, light, settings)
        result = Judged(
            ribbon, tracks[1], tracks[0], states, gain, path, weight, values, ground.expected, light,
            stated is not None,
        )  # fmt: skip
    if result is None:
        raise ValueError("rounds must be at least 1")
    return result


def _bounded(gain: NDArray[np.float64], settings: GroupSettings) -> NDArray[np.float64]:
    """Bound what one cross-section says and count it as the part of an independent sample it is.

    A state falls short of the best one by ``clip`` at most, whatever odd thing lies beside the tracks.
    """
    memory = max(settings.memory_px / settings.step_px, 1.0)
    short = np.maximum(gain - gain.max(axis=0), -settings.clip)
    short = short - short[:1]
    return np.where(np.isfinite(gain), short / memory, -1e6)


def _still_empty(ribbon: Ribbon, path: Path, light: Light, settings: GroupSettings) -> NDArray[np.float64]:
    """Return (m, n) how surely neither a body nor its shadow touches a point."""
    from scipy.ndimage import maximum_filter1d

    m, n = ribbon.valid.shape
    out = np.ones((m, n))
    singles = np.concatenate(
        [np.zeros((1, len(ribbon.tracks)), bool), np.eye(len(ribbon.tracks), dtype=bool)]
    )
    near = 2 * max(round(1 / settings.step_px), 1) + 1
    chance = maximum_filter1d(path.chance, near, axis=1)
    middle = n // 2
    prints = footprints(ribbon, middle, singles, light, settings)
    for track in range(len(ribbon.tracks)):
        touched = np.minimum(prints.bodies[track] + prints.shade[track + 1], 1.0) > 0.1
        out[touched] *= 1 - chance[track]
    return out


def runs_of(judged: Judged, settings: GroupSettings) -> list[GroupRun]:
    """Return the trains of one ribbon on the tracks it speaks for."""
    ribbon, path = judged.ribbon, judged.path
    occupied = judged.states[path.best]
    out = []
    columns = np.arange(ribbon.s_m.size)
    for k, track in enumerate(ribbon.tracks):
        if track not in judged.own:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], occupied[:, k].astype(np.int8), [0]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            with_it = judged.gain[path.best[a:b], columns[a:b]]
            without = judged.gain[path.best[a:b] & ~(1 << k), columns[a:b]]
            ends = [_along(ribbon, track, k, c) for c in (a, b)]
            low, high = sorted(ends)
            if high - low >= settings.train_min_m * 0.6:
                score = float((with_it - without).sum())
                lost = _shadow(judged, k, slice(int(a), int(b)), settings)
                out.append(GroupRun(track, low, high, score, lost))
    return out


def _shadow(judged: Judged, track: int, part: slice, settings: GroupSettings) -> float | None:
    """Return the share of light lost along a train where it alone throws its shadow."""
    ribbon, path = judged.ribbon, judged.path
    usual, seen = judged.expected.mean(axis=0), judged.values.mean(axis=0)
    lost = weight = 0.0
    for start in range(part.start, part.stop, BLOCK):
        columns = slice(start, min(start + BLOCK, part.stop))
        prints = footprints(ribbon, (start + columns.stop) // 2, judged.states, judged.light, settings)
        own = prints.shade[path.best[columns]] - prints.shade[path.best[columns] & ~(1 << track)]
        depth = np.clip(own.T, 0.0, 1.0) * usual[:, columns] * ribbon.valid[:, columns]
        lost += float((depth * (usual - seen)[:, columns]).sum())
        weight += float((depth**2).sum())
    return lost / weight if weight > 0.25 * (part.stop - part.start) else None


def _evidence(run: GroupRun) -> tuple[tuple[str, float], ...]:
    """Return what speaks for a train, as named numbers."""
    shadow = () if run.shadow is None else (("shadow", round(run.shadow, 3)),)
    return ("log_odds", round(run.score, 2)), *shadow


def _along(ribbon: Ribbon, track: Track, index: int, column: int) -> float:
    """Return the distance along a track's own line of a column's lower edge."""
    import shapely

    n = ribbon.s_m.size
    at = min(max(column, 0), n)
    near = min(at, n - 1)
    offset = np.nan_to_num(ribbon.offset_m[index, near])
    point = ribbon.points[:, near] + offset * ribbon.left[:, near]
    ahead = np.array([ribbon.left[1, near], -ribbon.left[0, near]])
    point = point + ahead * ribbon.step_m * (at - near - 0.5)
    return float(track.line.project(shapely.Point(point)))


def _needed(run: GroupRun, settings: GroupSettings) -> float:
    """Return the score from which a train is sure: more where no plausible shadow vouches for it."""
    low, high = settings.shadow_like
    vouched = run.shadow is not None and low <= run.shadow <= high
    return settings.score_detected if vouched else settings.score_blind


def _confidence(score: float, needed: float) -> float:
    """Return the probability that a train is real: 0.9 at the score from which it is sure."""
    return float(1 / (1 + np.exp(-(2.2 + 4.4 * (score - needed) / needed))))


def _length(run: GroupRun, gsd_m: float, settings: GroupSettings) -> Interval:
    """Return the length with its 90 % interval."""
    length = max(run.to_m - run.from_m - settings.length_bias_m, 0.6 * settings.train_min_m)
    error = settings.end_error_px * gsd_m
    low = length * (1 - settings.shorter_share) - error
    return Interval(
        length, min(max(low, settings.train_min_m), length), length * (1 + settings.longer_share) + error
    )


def _detection(
    name: str,
    observation: Observation,
    site: Site,
    judged: Judged,
    run: GroupRun,
    settings: GroupSettings,
) -> Detection:
    """Describe one train of a track group."""
    from shapely.ops import substring

    gsd_m = observation.image.gsd_m
    place = substring(run.track.line, run.from_m, run.to_m).buffer(1.6, cap_style="flat")
    seen = observation.observed_fraction(place)
    needed = _needed(run, settings)
    against = run.shadow is not None and run.shadow < settings.shadow_against
    sure = judged.sun_known and run.score >= needed and seen >= settings.observed_min and not against
    grade: Grade = "detected" if sure else "possible"
    area = site.area_of(run.track)
    said = [f"at {gsd_m:.1f} m cars are not counted and colours not read"]
    others = [t.id for t in judged.group if t.id != run.track.id]
    if others:
        said.append(
            f"tracks {', '.join(sorted([run.track.id, *others]))} cannot be told apart for certain at "
            f"{gsd_m:.1f} m: {run.track.id} is the likeliest"
        )
    if not judged.sun_known:
        said.append("the sun's position is not known: no shadow can vouch for it")
    elif against:
        said.append("where its shadow should fall the ground is lighter than elsewhere")
    elif needed > settings.score_detected:
        said.append("no shadow of its own vouches for it")
    if seen < 0.95:
        said.append(f"only {seen:.0%} of its place was seen")
    if run.track.provisional:
        said.append("the track's geometry is provisional")
    return Detection(
        id=name, date=observation.date, kind="train", area=area.id if area else None, geometry=place,
        confidence=_confidence(run.score, needed if judged.sun_known and not against else 2 * needed),
        grade=grade, observed_fraction=seen, track=run.track.id, from_m=run.from_m, to_m=run.to_m,
        length_m=_length(run, gsd_m, settings),
        evidence=_evidence(run), caveats=tuple(said),
    )  # fmt: skip
