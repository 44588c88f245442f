"""Fit how often ground that is no track looks like a train, where tracks were traced and nobody looked.

``python -m benchmarks.off_track read --first 1500 --yards 20 --rows F`` paints yards of both painters, as
many empty as are drawn, amid roads, roofs, parked rows and walls, traces their tracks as ``site trace`` does,
reads strips along what was traced, and keeps of every train that is told how sure the track is, how likely a
train would be on a sure one, and whether one stands there. ``fit --rows F`` prints
what `TrainSettings.off_track_alike` is by greatest likelihood, and what is told with it and other values.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.ops

from benchmarks.reliability import calibration_error, chance_error
from benchmarks.trace import SMALL, known_of, traced_in
from training.trace_bank import around
from training.yard_painter import Surroundings, shoot
from tumangang_watch.detect.tracks.trace import TracedTrack
from tumangang_watch.detect.tracks.view import trace_scene
from tumangang_watch.detect.trains.find import read_trains
from tumangang_watch.detect.trains.segments import on_track, probability_of
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import TRACED, Track
from tumangang_watch.pipeline.tracks import ground_of
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image

CRS = "EPSG:32652"
GSDS_M = (0.3, 0.5, 0.7, 0.9)
SECOND_FIRST = 900_000
"""First seed of the second painter: none of its banks holds it."""
NEAR_M = 2.0
"""A traced line this near to a true one lies on a track."""
HALF_WIDTH_M = 1.6
ALIKE = np.exp(np.linspace(0.0, np.log(1000.0), 200))
"""Values that are tried."""
CHOICE = (1.0, 10.0, 20.0, 40.0)
"""Values whose tellings are printed beside the likeliest's."""


@dataclass(frozen=True, kw_only=True)
class PaintedYard:
    """One picture with what is true of it."""

    image: NativeImage
    scene: Scene
    area: shapely.Geometry
    """Ground in which tracks are looked for."""
    rails: shapely.Geometry
    trains: shapely.Geometry


def first_painter(seed: int, gsd_m: float) -> PaintedYard:
    """Paint a yard of the scene painter."""
    pair = make_pair(seed, gsd_m, **SMALL)
    site = replace(pair.world.site, tracks=())
    area = ground_of(site, TraceSettings())
    image = exact_image(pair.earlier, shapely.box(*area.bounds).centroid.coords[0])
    stretches = [(pair.world.track(t.track).line, t.from_m, t.to_m) for t in pair.days[0].trains]
    rails = shapely.union_all([track.line for track in pair.world.rails])
    return PaintedYard(
        image=image, scene=known_of(pair), area=area, rails=rails, trains=_on_ground(stretches)
    )


def second_painter(seed: int, gsd_m: float) -> PaintedYard:
    """Paint a yard of the second painter."""
    wide = Surroundings(22.0, around)
    shot = shoot(seed, gsd_m, wide)
    lines = {t.id: t.line for t in shot.tracks}
    rails = shapely.union_all(list(lines.values()))
    west, south, east, north = rails.bounds
    area = shapely.box(west, south - wide.margin_m, east, north + wide.margin_m)
    stretches = [(lines[t["track"]], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in shot.trains]
    return PaintedYard(
        image=shot.image, scene=shot.scene, area=area, rails=rails, trains=_on_ground(stretches)
    )


def _on_ground(trains: list[tuple[Any, float, float]]) -> shapely.Geometry:
    pieces = [shapely.ops.substring(line, low, high).buffer(HALF_WIDTH_M) for line, low, high in trains]
    return shapely.union_all(pieces)


def rows_of(yard: PaintedYard) -> dict[str, Any]:
    """Trace a yard, read what was traced, and return every train told."""
    tracing, settings = TraceSettings(), TrainSettings()
    grid = grid_over(yard.area.bounds, 1.0, CRS)
    seen = trace_scene(yard.image, yard.scene, yard.area, grid, tracing.gsd_max_m)
    tracks = [_track(k, t) for k, t in enumerate(traced_in(seen, yard.area, grid, tracing))]
    strips = [sample_strip(yard.image, track, settings) for track in tracks]
    near = yard.rails.buffer(NEAR_M)
    rows = []
    for train in (f for one in read_trains(strips, yard.scene, settings) for f in one):
        line = shapely.ops.substring(train.track.line, train.run.from_m, train.run.to_m)
        place = line.buffer(HALF_WIDTH_M, cap_style="flat")
        rows.append(
            {
                "certainty": train.track.certainty,
                "probability": probability_of(train.run, settings),
                "train": place.intersection(yard.trains).area > 0.5 * place.area,
                "track": line.intersection(near).length > 0.5 * line.length,
            }
        )
    lengths = np.array([(t.line.length, t.line.difference(near).length) for t in tracks]).reshape(-1, 2)
    traced_m, false_m = lengths.sum(axis=0).tolist()
    return {"gsd_m": yard.image.gsd_m, "traced_m": traced_m, "false_m": false_m, "told": rows}


def _track(number: int, traced: TracedTrack) -> Track:
    return Track(
        id=f"traced-{number}",
        line=traced.line,
        name="",
        provisional=True,
        source=f"{TRACED}a painted scene",
        confidence=traced.confidence,
    )


def yards(first: int, count: int) -> Iterator[PaintedYard]:
    """Paint as many yards of each painter, in turn, at all resolutions."""
    for number in range(first, first + count):
        gsd_m = GSDS_M[number % len(GSDS_M)]
        yield first_painter(split_seeds("train")[number], gsd_m)
        yield second_painter(SECOND_FIRST + number, gsd_m)


def fit(scenes: list[dict[str, Any]]) -> None:
    """Print the likeliest value and how well probabilities hold with it."""
    rows = [r for s in scenes for r in s["told"]]
    traced, false = (sum(s[name] for s in scenes) / 1000 for name in ("traced_m", "false_m"))
    off = [r for r in rows if not r["track"]]
    print(
        f"{len(scenes)} yards, {traced:.1f} km traced, {false:.1f} km of it no track; {len(rows)} trains "
        f"told, {sum(r['train'] for r in rows)} there, {len(off)} where no track is"
    )
    true = np.array([r["train"] for r in rows])
    doubtful = np.array([r["certainty"] for r in rows]) < 1.0

    def said(alike: float) -> Any:
        settings = replace(TrainSettings(), off_track_alike=alike)
        return np.array([on_track(r["probability"], r["certainty"], settings) for r in rows])

    gains = np.array([np.log(np.clip(np.where(true, p, 1 - p), 1e-6, 1.0)).sum() for p in map(said, ALIKE)])
    inside = ALIKE[gains > gains.max() - 1.353]
    print(
        f"off_track_alike {ALIKE[gains.argmax()]:.0f}, 90 % interval {inside[0]:.0f} to {inside[-1]:.0f}, of "
        f"{doubtful.sum()} trains on tracks of some doubt"
    )
    for alike in (*CHOICE, float(ALIKE[gains.argmax()])):
        p = said(alike)
        sure = p >= TrainSettings().confidence_detected
        print(
            f"  with {alike:.0f}: calibration error {calibration_error(p, true):.3f} ({chance_error(p):.3f} "
            f"by chance); {sure.sum()} detected, {(sure & ~true).sum()} of them false, "
            f"{(~sure & true).sum()} only possible"
        )


def main() -> None:
    """Read or fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("read", "fit"))
    parser.add_argument("--rows", type=Path, nargs="+", required=True, help="with read: one file, added to")
    parser.add_argument("--first", type=int, default=1500, help="first seed of the train split")
    parser.add_argument("--yards", type=int, default=20, help="of each painter")
    arguments = parser.parse_args()
    if arguments.what == "read":
        with arguments.rows[0].open("a") as out:
            for yard in yards(arguments.first, arguments.yards):
                print(json.dumps(rows_of(yard)), file=out, flush=True)
        return
    fit([json.loads(line) for file in arguments.rows for line in file.read_text().splitlines()])


if __name__ == "__main__":
    main()
