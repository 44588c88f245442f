"""Where vehicles are inserted on trial: on track that is seen and empty, many at a time, none disturbing another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tumangang_watch.model.trial import Placement, Specimen

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.site import Site, Track
    from tumangang_watch.settings.detectability import DetectabilitySettings

TrackStatus = Literal["observed", "partial", "not_observable", "occupied"]
SPECIMENS: tuple[Specimen, ...] = tuple(
    Specimen(kind, tone, load, cars)  # type: ignore[arg-type]
    for cars in (1, 3)
    for kind, load, tones in (
        ("box", None, ("dark", "mid", "bright")),
        ("open", "empty", ("dark", "mid")),
        ("open", "loaded", ("dark", "mid")),
        ("tank", None, ("dark", "mid", "bright")),
        ("flat", None, ("dark", "mid")),
        ("container", None, ("dark", "mid", "bright")),
    )
    for tone in tones
)
"""What is tried: each type in the tones it comes in, alone and in a cut of three."""
BED_HALF_M = 1.5
SEARCH_STEP_M = 4.0


@dataclass(frozen=True)
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

    @property
    def placements(self) -> tuple[Placement, ...]:
        """All of them, in order."""
        return tuple(p for one in self.rounds for p in one)


@dataclass(frozen=True)
class Footing:
    """What the planner has to know of the vehicles: how long they are and where their shadows and tops fall."""

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
    site : Site
    trains : tuple of Detection
        What stands there: nothing is inserted into it, nor does a shadow fall on it. Every grade counts.
    footing : Footing
    settings : DetectabilitySettings
    """
    here = [d for d in trains if d.kind == "train" and d.date == observation.date]
    free, states = [], []
    for track in site.tracks:
        state, open_m = _track_state(observation, track, here, settings)
        states.append(state)
        free.append(open_m)
    rng = np.random.default_rng(_seed(observation.scene.sha256, observation.date))
    bodies = [d.geometry for d in here]
    rounds: list[tuple[Placement, ...]] = []
    length_km = max(sum(t.line.length for t in site.tracks) / 1000, 1e-3)
    most = max(min(settings.rounds_max, int(settings.track_km_max / length_km)), 1)
    deck = _Deck(rng, settings)
    spread = settings.aside_sd_m[observation.site_fit.status != "ok"]
    while len(rounds) < most and sum(map(len, rounds)) < settings.trials:
        one = _round(site, free, bodies, deck, footing, rng, settings, spread)
        if not one:
            break
        rounds.append(one)
    return TrialPlan(tuple(rounds), tuple(states))


def _seed(*parts: str) -> list[int]:
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return [int.from_bytes(digest[k : k + 4], "big") for k in range(0, 16, 4)]


def _track_state(
    observation: Observation, track: Track, trains: list[Detection], settings: DetectabilitySettings
) -> tuple[TrackState, NDArray[np.bool_]]:
    """Return how a track can be judged, and for each of its metres whether something may be inserted there."""
    import shapely

    s = np.arange(int(track.line.length)) + 0.5
    if s.size == 0:
        return TrackState(track.id, "not_observable", 0.0, 0.0, ("shorter than a metre",)), np.zeros(0, bool)
    if track.occluded_from is not None and track.occluded_from <= observation.scene.acquired.date():
        why = f"under a roof since {track.occluded_from.isoformat()}"
        return TrackState(track.id, "not_observable", 0.0, 0.0, (why,)), np.zeros(s.size, bool)
    seen, why_not = _seen(observation, track, s)
    share = float(seen.mean())
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
    reasons = why_not if share < settings.seen_share else ()
    if share < settings.not_observable_below:
        return TrackState(track.id, "not_observable", share, 0.0, reasons or ("not seen",)), free & False
    status: TrackStatus = "observed" if share >= settings.seen_share else "partial"
    return TrackState(track.id, status, share, float(free.sum()), reasons), free


def _seen(observation: Observation, track: Track, s: NDArray[np.float64]) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which metres of a track's bed were seen, and what hid the others."""
    import shapely

    grid, quality = observation.raster.grid, observation.quality
    here = shapely.get_coordinates(shapely.line_interpolate_point(track.line, s)).T
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(track.line, s + 0.5)).T
    behind = shapely.get_coordinates(shapely.line_interpolate_point(track.line, s - 0.5)).T
    along = (ahead - behind) / np.maximum(np.hypot(*(ahead - behind)), 1e-9)
    seen = np.ones(s.size, bool)
    hidden = {"outside the scene or nodata": 0, "cloud": 0, "cloud shadow": 0}
    for aside in (-BED_HALF_M, 0.0, BED_HALF_M):
        row, col = grid.to_pixel(here[0] - aside * along[1], here[1] + aside * along[0])
        r, c = np.rint(row).astype(int), np.rint(col).astype(int)
        inside = (r >= 0) & (r < grid.rows) & (c >= 0) & (c < grid.cols)
        r, c = np.clip(r, 0, grid.rows - 1), np.clip(c, 0, grid.cols - 1)
        seen &= inside & quality.clear[r, c]
        hidden["cloud"] += int((inside & quality.cloud[r, c]).sum())
        hidden["cloud shadow"] += int((inside & quality.cloud_shadow[r, c]).sum())
        hidden["outside the scene or nodata"] += int((~inside | ~observation.raster.valid[r, c]).sum())
    return seen, tuple(name for name, count in hidden.items() if count)


class _Deck:
    """Specimens in a shuffled order, each as often as its weight says before any comes again."""

    def __init__(self, rng: np.random.Generator, settings: DetectabilitySettings) -> None:
        self.rng = rng
        self.cards = [k for k, s in enumerate(SPECIMENS) for _ in range(settings.single_weight if s.cars == 1 else 1)]
        self.left: list[int] = []

    def draw(self, fits: Callable[[Specimen], bool]) -> Specimen | None:
        """Return the next specimen that fits, or None."""
        if len(self.left) < len(SPECIMENS):
            self.left += [self.cards[k] for k in self.rng.permutation(len(self.cards))]
        for place, card in enumerate(self.left):
            if fits(SPECIMENS[card]):
                del self.left[place]
                return SPECIMENS[card]
        return None


def _round(
    site: Site,
    free: list[NDArray[np.bool_]],
    bodies: list[BaseGeometry],
    deck: _Deck,
    footing: Footing,
    rng: np.random.Generator,
    settings: DetectabilitySettings,
    spread_m: float,
) -> tuple[Placement, ...]:
    """Fill the free track with insertions that keep clear of each other and of every train."""
    from shapely import STRtree

    taken: list[Polygon] = []
    trains = STRtree(bodies)
    # A misfit moves a whole scene: one draw a round for all its tracks, told from left by their direction.
    aside = rng.normal(0.0, spread_m, 2)
    placed: list[Placement] = []
    for k in rng.permutation(len(site.tracks)):
        track, open_m = site.tracks[k], free[k]
        # Free metres from each metre on, so that a body's room is one look-up.
        room = _room(open_m)
        at = float(rng.uniform(0, settings.gap_m))
        while at < open_m.size:
            start = at

            def fits(s: Specimen, start: float = start, room: NDArray[np.int_] = room) -> bool:
                return footing.span_of(s) + 2 < room[int(start)]

            specimen = deck.draw(fits) if room[int(at)] > 8 else None
            if specimen is None:
                at += SEARCH_STEP_M
                continue
            stop = start + footing.span_of(specimen)
            zone = _zone(track, start, stop, footing)
            near = zone.buffer(settings.apart_m)
            clash = len(trains.query(zone, predicate="intersects")) or any(near.intersects(z) for z in taken)
            if clash:
                deck.left.insert(0, SPECIMENS.index(specimen))
                at += SEARCH_STEP_M
                continue
            taken.append(zone)
            off = float(_left(track, (start + stop) / 2) @ aside)
            placed.append(Placement(specimen, track.id, start, stop, int(rng.integers(2**31)), off))
            at = stop + settings.gap_m * float(rng.uniform(1.0, 1.2))
    return tuple(placed)


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


def _zone(track: Track, start: float, stop: float, footing: Footing) -> Polygon:
    """Return the ground that a body, its shadow, its leaning top and their blur touch."""
    from shapely import MultiPolygon
    from shapely.affinity import translate
    from shapely.ops import substring

    body = substring(track.line, start, stop).buffer(1.7, cap_style="square")
    moved = [translate(body, *shift) for shift in footing.reach]
    pieces = [MultiPolygon([body, m]).convex_hull for m in moved] or [body]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.union(piece)
    return whole.buffer(footing.blur_m)
