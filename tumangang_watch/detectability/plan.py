"""Where vehicles are inserted on trial: on track seen and empty, many at a time, none disturbing another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from tumangang_watch.detectability.model import Placement, Specimen
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.detectability import DetectabilitySettings
from tumangang_watch.track_frame import frame_along, points_along

TrackStatus = Literal["observed", "partial", "not_observable"]
SPECIMENS: tuple[Specimen, ...] = tuple(
    Specimen(kind, brightness, load, cars)  # type: ignore[arg-type]
    for cars in (1, 3)
    for kind, load, kinds in (
        ("box", None, ("dark", "mid", "bright")),
        ("open", "empty", ("dark", "mid")),
        ("open", "loaded", ("dark", "mid")),
        ("tank", None, ("dark", "mid", "bright")),
        ("flat", None, ("dark", "mid")),
        ("container", None, ("dark", "mid", "bright")),
    )
    for brightness in kinds
)
"""What is tried: each type in the tones it comes in, alone and in a cut of three."""
BED_HALF_M = 1.5
BODY_HALF_M = 1.7
ZONE_STEP_M = 3.0
SEARCH_STEP_M = 4.0


@dataclass(frozen=True, kw_only=True)
class TrackState:
    """How much of a track can be judged."""

    track: str
    status: TrackStatus
    observed_fraction: float
    empty_m: float
    """Length that was seen and held no train."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrialPlan:
    """Rounds of insertions, each for one run of the detector."""

    rounds: tuple[tuple[Placement, ...], ...]
    tracks: tuple[TrackState, ...]
    coarse: bool = False
    """The scene does not tell neighbouring tracks apart: a train on the next one counts as found."""

    @property
    def placements(self) -> tuple[Placement, ...]:
        """All of them, in order."""
        return tuple(p for one in self.rounds for p in one)


@dataclass(frozen=True)
class Footing:
    """What the planner has to know of the vehicles: their lengths, where their shadows and tops fall."""

    span_of: Callable[[Specimen], float]
    reach: tuple[tuple[float, float], ...]
    """(east, north) metres by which a shadow, and a leaning top, goes beyond a body."""
    blur_m: float


def plan_trials(
    observation: Observation,
    site: Site,
    trains: tuple[Detection, ...],
    footing: Footing,
    settings: DetectabilitySettings,
) -> TrialPlan:
    """Plan insertions into one date's empty tracks.

    Parameters
    ----------
    observation : Observation
        Says what was seen; its scene's digest seeds the draw, so the same scene gives the same plan.
    trains : tuple of Detection
        What stands there: nothing is inserted into it, nor does a shadow fall on it. Every grade counts.
    """
    here = [d for d in trains if d.kind == "train" and d.date == observation.date]
    judged = [_track_state(observation, track, here, settings) for track in site.tracks]
    digest = hashlib.sha256(f"{observation.scene.sha256}/{observation.date}".encode()).digest()
    rng = np.random.default_rng([int.from_bytes(digest[k : k + 4], "big") for k in range(0, 16, 4)])
    rounds: list[tuple[Placement, ...]] = []
    length_km = max(sum(t.line.length for t in site.tracks) / 1000, 1e-3)
    rounds_max = max(min(settings.rounds_max, int(settings.track_km_max / length_km)), 1)
    planner = _Planner(
        tracks=site.tracks,
        free=tuple(free for _, free in judged),
        trains=shapely.STRtree([d.geometry for d in here]),
        footing=footing,
        settings=settings,
        spread_m=settings.aside_sd_m[observation.site_fit.status != "ok"],
        rng=rng,
    )
    deck = _Deck(rng, settings)
    while len(rounds) < rounds_max and sum(map(len, rounds)) < settings.trials:
        one = planner.round(deck)
        if not one:
            break
        rounds.append(one)
    return TrialPlan(tuple(rounds), tuple(state for state, _ in judged))


def _track_state(
    observation: Observation, track: Track, trains: list[Detection], settings: DetectabilitySettings
) -> tuple[TrackState, NDArray[np.bool_]]:
    """Return how a track can be judged, and for each metre whether something may be inserted there."""
    s = np.arange(int(track.line.length), dtype=np.float64) + 0.5
    hidden = np.zeros(s.size, bool)
    if s.size == 0:
        return _unobservable(track, 0.0, ("shorter than a metre",)), hidden
    if track.occluded_from is not None and track.occluded_from <= observation.scene.acquired.date():
        why = f"under a roof since {track.occluded_from.isoformat()}"
        return _unobservable(track, 0.0, (why,)), hidden
    if track.id in observation.site_fit.unseen_tracks:
        return _unobservable(track, 0.0, ("its rails are not seen where the site's model has them",)), hidden
    seen, why_not = _seen(observation, track, s)
    share = float(seen.mean())
    reasons = why_not if share < settings.seen_share else ()
    if share < settings.not_observable_below:
        return _unobservable(track, share, reasons or ("not seen",)), hidden
    free = seen.copy()
    points = shapely.points(shapely.get_coordinates(shapely.line_interpolate_point(track.line, s)))
    for train in trains:
        if train.track == track.id and train.from_m is not None and train.to_m is not None:
            reach = settings.clear_of_trains_m
            free &= (s < train.from_m - reach) | (s > train.to_m + reach)
        else:
            free &= ~shapely.contains(train.geometry.buffer(BED_HALF_M), points)
    end = settings.track_end_m
    free &= (s > end) & (s < track.line.length - end)
    if track.provisional:
        reasons = (*reasons, "provisional geometry: rates hold only where it is right")
    state = TrackState(
        track=track.id,
        status="observed" if share >= settings.seen_share else "partial",
        observed_fraction=share,
        empty_m=float(free.sum()),
        reasons=reasons,
    )
    return state, free


def _unobservable(track: Track, share: float, reasons: tuple[str, ...]) -> TrackState:
    return TrackState(
        track=track.id, status="not_observable", observed_fraction=share, empty_m=0.0, reasons=reasons
    )


def _seen(
    observation: Observation, track: Track, s: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which metres of a track's bed were seen, and what hid the others."""
    grid, quality = observation.raster.grid, observation.quality
    bed = frame_along(track.line, s, 0.5).mesh(np.array([-BED_HALF_M, 0.0, BED_HALF_M]))
    seen = np.ones(s.size, bool)
    hidden = {"outside the scene or nodata": 0, "cloud": 0, "cloud shadow": 0}
    for x, y in zip(*bed, strict=True):
        seen &= grid.look_up(quality.clear, x, y)
        hidden["cloud"] += int(grid.look_up(quality.cloud, x, y).sum())
        hidden["cloud shadow"] += int(grid.look_up(quality.cloud_shadow, x, y).sum())
        hidden["outside the scene or nodata"] += int((~grid.look_up(observation.raster.valid, x, y)).sum())
    return seen, tuple(name for name, count in hidden.items() if count)


class _Deck:
    """Specimens in a shuffled order, each as often as its weight says before any comes again."""

    def __init__(self, rng: np.random.Generator, settings: DetectabilitySettings) -> None:
        self.rng = rng
        self.cards = [
            k for k, s in enumerate(SPECIMENS) for _ in range(settings.single_weight if s.cars == 1 else 1)
        ]
        self.left: list[int] = []

    def put_back(self, specimen: Specimen) -> None:
        """Return a specimen to the top."""
        self.left.insert(0, SPECIMENS.index(specimen))

    def draw(self, span_of: Callable[[Specimen], float], room_m: float) -> Specimen | None:
        """Return the next specimen that fits into a room, or None."""
        if len(self.left) < len(SPECIMENS):
            self.left += [self.cards[k] for k in self.rng.permutation(len(self.cards))]
        for place, card in enumerate(self.left):
            if span_of(SPECIMENS[card]) < room_m:
                del self.left[place]
                return SPECIMENS[card]
        return None


@dataclass(frozen=True, kw_only=True)
class _Planner:
    """What all rounds of one date have in common."""

    tracks: tuple[Track, ...]
    free: tuple[NDArray[np.bool_], ...]
    trains: shapely.STRtree
    footing: Footing
    settings: DetectabilitySettings
    spread_m: float
    rng: np.random.Generator

    def round(self, deck: _Deck) -> tuple[Placement, ...]:
        """Fill the free track with insertions that keep clear of each other and of every train."""
        rng, gap_m = self.rng, self.settings.gap_m
        taken = np.zeros((0, 2))
        # A misfit moves a whole scene: one draw a round for all tracks, parted from left by their direction.
        aside = rng.normal(0.0, self.spread_m, 2)
        placed: list[Placement] = []
        for k in rng.permutation(len(self.tracks)):
            track, room = self.tracks[k], _room(self.free[k])
            at = float(rng.uniform(0, gap_m))
            while at < room.size:
                here = int(room[int(at)]) - 2
                specimen = deck.draw(self.footing.span_of, here) if here > 6 else None
                if specimen is None:
                    at += SEARCH_STEP_M
                    continue
                stop = at + self.footing.span_of(specimen)
                zone = self.clear_zone(track, (at, stop), taken)
                if zone is None:
                    deck.put_back(specimen)
                    at += SEARCH_STEP_M
                    continue
                taken = np.concatenate([taken, zone])
                off = float(_left(track, (at + stop) / 2) @ aside)
                seed = int(rng.integers(2**31))
                placed.append(
                    Placement(specimen=specimen, track=track.id, from_m=at, to_m=stop, seed=seed, aside_m=off)
                )
                at = stop + gap_m * float(rng.uniform(1.0, 1.2))
        return tuple(placed)

    def clear_zone(
        self, track: Track, ends_m: tuple[float, float], taken: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Return points (n, 2) of a body, its shadow and its top, None where they come near anything.

        The body is looked at first: it is a small part of the points, and mostly in the way if anything is.
        """
        radius = BODY_HALF_M + self.footing.blur_m
        body, parts = _body(track, *ends_m), []
        for part in chain((body,), _thrown(body, self.footing)):
            if _near(part, taken, 2 * radius + self.settings.apart_m):
                return None
            if self._by_train(part, radius):
                return None
            parts.append(part)
        return np.concatenate(parts)

    def _by_train(self, points: NDArray[np.float64], reach_m: float) -> bool:
        """Return whether any of (n, 2) points lies within a distance of a train; most lie near none's box."""
        west, south = points.min(axis=0) - reach_m
        east, north = points.max(axis=0) + reach_m
        if not len(self.trains.query(shapely.box(west, south, east, north))):
            return False
        near = self.trains.query(shapely.points(points), predicate="dwithin", distance=reach_m)
        return bool(near.size)


def _left(track: Track, at_m: float) -> NDArray[np.float64]:
    """Return the unit vector (east, north) to the left of a track."""
    a, b = track.line.interpolate(max(at_m - 2, 0)), track.line.interpolate(at_m + 2)
    ahead = np.array([b.x - a.x, b.y - a.y])
    ahead /= max(float(np.hypot(*ahead)), 1e-9)
    return np.array([-ahead[1], ahead[0]])


def _room(open_m: NDArray[np.bool_]) -> NDArray[np.int_]:
    """Return for each metre how many free ones follow, itself included."""
    room = np.zeros(open_m.size, int)
    run = 0
    for k in range(open_m.size - 1, -1, -1):
        run = run + 1 if open_m[k] else 0
        room[k] = run
    return room


def _body(track: Track, start: float, stop: float) -> NDArray[np.float64]:
    """Return points (n, 2) along a body."""
    s = np.linspace(start, stop, max(int((stop - start) / ZONE_STEP_M), 2))
    return points_along(track.line, s).T


def _thrown(body: NDArray[np.float64], footing: Footing) -> Iterator[NDArray[np.float64]]:
    """Yield points (n, 2) of a body's shadow, then of its leaning top, each for a body's width."""
    for shift in footing.reach:
        pieces = max(int(np.hypot(*shift) / ZONE_STEP_M), 1)
        yield np.concatenate([body + np.array(shift) * (k + 1) / pieces for k in range(pieces)])


def _near(one: NDArray[np.float64], other: NDArray[np.float64], reach_m: float) -> bool:
    """Return whether any two points of two sets lie within a distance."""
    low, high = one.min(axis=0) - reach_m, one.max(axis=0) + reach_m
    close = other[((other > low) & (other < high)).all(axis=1)]
    return bool(close.size) and bool((((one[:, None] - close[None]) ** 2).sum(axis=2) < reach_m**2).any())
