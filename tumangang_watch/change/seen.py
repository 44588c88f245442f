"""Can a change be seen? How far two dates differ along a track, beside what bare track differs by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely import LineString

from tumangang_watch.change.profiles import PairScale, brightness_along, lean_m
from tumangang_watch.grid import Float64
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site
from tumangang_watch.settings.change import ChangeSettings

ACROSS_M = np.arange(-2.0, 2.01, 0.5)
"""Rows across a track: a body and its edges."""
ROOF = np.abs(ACROSS_M) <= 1.0
"""Rows of a roof, which leans aside."""
STEP_M = 0.5
PIECE_M = 6.5
"""Half a vehicle."""
PIECES_MIN = 10
"""Pieces of bare track that must be known."""
PIECES_MAX = 100
"""Pieces of bare track that are sampled: they lie evenly over all of it."""


@dataclass(frozen=True)
class BareTrack:
    """How two dates differ along track where neither shows a train, in log brightness."""

    typical: Float64
    """(bands, rows) typical difference: what the light leaves, and rails that shine."""
    rows: float
    """Typical distance of a piece from it, root mean square over bands and rows."""
    roof: float
    """The same of the rows of a roof, from the bands' typical differences."""


def bare_track(
    pair: DatePair, site: Site, trains: tuple[Detection, ...], scale: PairScale, settings: ChangeSettings
) -> BareTrack | None:
    """Return how two dates differ along bare track; None where too little of it was seen."""
    apart = 2 * settings.same_place_m
    places: list[tuple[LineString, float]] = []
    for track in site.tracks:
        taken = [
            (t.from_m - apart, t.to_m + apart)
            for t in trains
            if t.track == track.id and t.from_m is not None and t.to_m is not None
        ]
        for at in np.arange(0.0, track.line.length - PIECE_M, PIECE_M).tolist():
            if all(at + PIECE_M < low or at > high for low, high in taken):
                places.append((track.line, at))
    places = places[:: len(places) // PIECES_MAX + 1]
    found = [_differences(pair, line, (at, at + PIECE_M), 0.0, scale) for line, at in places]
    if sum(map(len, found)) < PIECES_MIN:
        return None
    known = np.concatenate(found)
    typical = np.median(known, axis=0)
    rows = _typical_size(known - typical)
    roof = _typical_size((known - np.median(typical, axis=1)[:, None])[:, :, ROOF])
    return BareTrack(typical, *(max(v, settings.bare_difference_min) for v in (rows, roof)))


def times_bare(
    pair: DatePair,
    line: LineString,
    train: Detection,
    stretch_m: tuple[float, float],
    bare: BareTrack,
    scale: PairScale,
) -> float | None:
    """Return how many times more than bare track two dates differ where one shows a train; None if unseen.

    In the bed, and where the roof leans to on the train's date: whichever differs less, since a neighbour's
    roof leans over the bed, and shadows of poles turn beside it. Half of the stretch differs by more.
    """
    date = pair.earlier if train.date == "earlier" else pair.later
    aside = lean_m(date, line, sum(stretch_m) / 2)
    bed, above = (_differences(pair, line, stretch_m, at, scale) for at in (0.0, aside))
    if not len(bed) or not len(above):
        return None
    light = np.median(bare.typical, axis=1)[:, None]
    roof = _typical_size((above - light)[:, :, ROOF])
    return min(_typical_size(bed - bare.typical) / bare.rows, roof / bare.roof)


def _typical_size(pieces: Float64) -> float:
    """Return the median over pieces (pieces, bands, rows) of their root mean squares."""
    return float(np.median(np.sqrt((pieces**2).mean(axis=(1, 2)))))


def _differences(
    pair: DatePair, line: LineString, stretch_m: tuple[float, float], aside_m: float, scale: PairScale
) -> Float64:
    """Return later less earlier along a stretch, (pieces, bands, rows): medians of half a vehicle each.

    Pieces that either date does not show are left out.
    """
    along = np.arange(stretch_m[0] + STEP_M / 2, stretch_m[1], STEP_M)
    one, two = (
        brightness_along(date, line, along, aside_m + ACROSS_M, scale) for date in (pair.earlier, pair.later)
    )
    count = max(round((stretch_m[1] - stretch_m[0]) / PIECE_M), 1)
    parts = np.array_split(two - one, count, axis=2)
    seen = [np.nanmedian(p, axis=2) for p in parts if np.isfinite(p).any(axis=2).all()]
    return np.stack(seen) if seen else np.zeros((0, len(scale.bands), len(ACROSS_M)))
