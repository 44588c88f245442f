"""Count what rows of vehicles in the plain picture would mend and spoil where tracks are known.

``python -m benchmarks.chains --painter first --first 300 --count 12`` paints scenes of validation seeds
(``--painter second --first 20000``, ``--wide 40`` with more ground about them; ``--painter varied --first
1100000``, with ``--empty --kind dam`` from 1001000), reads strips and the plain picture, and counts of the
strip reader's misses and false trains which have a row of vehicles, how often rows part a train where two
stand and where one does, and how well the plain picture's log-odds tell true trains from false beside the
second reader. ``--real`` counts the same on the real yards.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import cv2
import numpy as np
import shapely
from scipy.stats import mannwhitneyu
from shapely.affinity import translate

from benchmarks.trains import LEAST, PICTURES, REAL, TRAINS_ONLY, matches
from benchmarks.varied_ground import PRIOR_SD
from training import varied_yard, yard_painter
from training.group_bank import GroupScene
from training.strip_bank import GSDS, options_of, pictured, scene_of
from training.trace_bank import around
from tumangang_watch.detect.shadows import lean_fall
from tumangang_watch.detect.tracks.standing import ROOF_M
from tumangang_watch.detect.trains.find import read_trains
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.detect.vehicles.chain import find_chains
from tumangang_watch.detect.vehicles.read import CELL_M, NOTHING, VehicleMap, read_vehicles
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.grid import grid_over
from tumangang_watch.model.site import Track
from tumangang_watch.nets import weights
from tumangang_watch.pipeline import RunContext, detect
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.scenes.read import read_native
from tumangang_watch.settings import Settings
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.sites import load_site
from tumangang_watch.track_frame import frame_along

CRS = "EPSG:32652"
BESIDE_M = 9.0
"""Ground beside tracks that is read."""
ON_M = 1.8
"""A row this near to a track stands on it."""
BOUND = 6.0
"""Most that one place says."""
Stretch = tuple[str, float, float]
"""Track, from and to along it, metres."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A train that the strip reader tells or calls possible."""

    place: Stretch
    detected: bool
    second: float
    """What the second reader says of it, log-odds."""
    body: float
    """What the plain picture says of it, mean log-odds."""


def painted_first(first: int, count: int) -> Iterator[GroupScene]:
    """Paint both dates of validation seeds by the scene painter, as ``strip_bank`` does."""
    for seed in split_seeds("validation")[first : first + count]:
        rng = np.random.default_rng([seed, 78])
        gsd_m = float(rng.choice(GSDS))
        pair = make_pair(seed, gsd_m, **options_of(seed, rng))
        for painted in (pair.earlier, pair.later):
            image, facts = pictured(painted, pair.world.site, rng)
            yield GroupScene(image, scene_of(facts), pair.world.site.tracks, _trains(facts))


def painted_second(first: int, count: int, wide_m: float) -> Iterator[GroupScene]:
    """Paint yards of the second painter; ``wide_m`` of roads and roofs about them, for what sees far."""
    wide = yard_painter.Surroundings(wide_m, around) if wide_m else None
    for seed in range(first, first + count):
        shot = yard_painter.shoot(seed, float(np.random.default_rng(seed).choice(GSDS)), wide)
        yield GroupScene(shot.image, shot.scene, shot.tracks, _trains(shot.facts))


def painted_varied(first: int, count: int, wanted: varied_yard.Wanted) -> Iterator[GroupScene]:
    """Paint yards on ground of every kind."""
    for seed in range(first, first + count):
        gsd_m = float(np.random.default_rng(seed).choice(GSDS))
        image, yard, facts = varied_yard.shoot(seed, gsd_m, wanted)
        yield GroupScene(image, scene_of(facts), varied_yard.tracks_of(yard), _trains(facts))


def _trains(facts: dict[str, Any]) -> tuple[Stretch, ...]:
    return tuple((t["track"], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in facts["trains"])


class Tally:
    """What was counted over many scenes."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.told: list[tuple[Told, bool]] = []
        self.seconds = np.zeros(2)
        """Processor time of strips and of the plain picture."""

    def add(self, scene: GroupScene, told: list[Told], rows: list[Stretch]) -> None:
        """Count one scene; ``rows`` are the rows of vehicles on its tracks."""
        sure = [t.place for t in told if t.detected]
        true = list(scene.trains)
        pairs = matches(sure, true, LEAST)
        self.counts.update(trains=len(true), detected=len(sure), found=len(pairs))
        for t in told:
            self.told.append((t, sum(_overlap(t.place, s) for s in true) > 0.5 * _length(t.place)))
        for number, train in enumerate(true):
            if all(number != j for _, j in pairs):
                kind = _how_missed(train, told)
                self.counts[f"missed, {kind}"] += 1
                self.counts[f"missed, {kind}, a row as long"] += bool(matches(rows, [train], LEAST))
        for place in sure:
            self._parted(place, true, rows)
        for row in rows:
            there = sum(_overlap(row, s) for s in true) > 0.5 * _length(row)
            seen = any(_overlap(row, t.place) > 0.5 * _length(row) for t in told)
            self.counts[f"rows, {'a' if there else 'no'} train, {'read' if seen else 'not read'}"] += 1

    def _parted(self, place: Stretch, true: list[Stretch], rows: list[Stretch]) -> None:
        """Count how rows would cut one train that was read."""
        inside = sum(_overlap(place, s) > 0.5 * _length(s) for s in true)
        own = sorted(r for r in rows if _overlap(place, r) > 0)
        parts = any(b[1] - a[2] > TrainSettings().cut_gap_m for a, b in pairwise(own))
        name = {0: "where none stands", 1: "where one stands"}.get(inside, "where more stand")
        self.counts[f"one read {name}"] += 1
        self.counts[f"one read {name}, rows part it"] += parts
        self.counts[f"one read {name}, no row on it"] += not own

    def print(self) -> None:
        """Print the counts, and how well each reader tells true trains from false."""
        for name, count in sorted(self.counts.items()):
            print(f"  {name}: {count}")
        strips, plain = self.seconds
        print(f"processor time: strips {strips:.1f} s, the plain picture beside {plain:.1f} s")
        for name, of in (("all", (True, False)), ("possible", (False,))):
            some = [(t, there) for t, there in self.told if t.detected in of]
            true = np.array([there for _, there in some], bool)
            if true.all() or not true.any():
                continue
            cues = {
                "the second reader": np.clip([t.second for t, _ in some], -BOUND, BOUND),
                "the plain picture": np.array([t.body for t, _ in some]),
            }
            x, none = np.stack([np.ones(true.size), *cues.values()], axis=1), np.zeros(3)
            cues["both, fitted here"] = x @ fit_logistic(x, true.astype(float), none, none + PRIOR_SD)[0]
            areas = [
                f"{cue} {mannwhitneyu(v[true], v[~true]).statistic / (true.sum() * (~true).sum()):.3f}"
                for cue, v in cues.items()
            ]
            print(f"{name}, {true.sum()} trains and {(~true).sum()} others, area under the curve:", *areas)


def _length(place: Stretch) -> float:
    return place[2] - place[1]


def _overlap(one: Stretch, other: Stretch) -> float:
    return max(0.0, min(one[2], other[2]) - max(one[1], other[1])) if one[0] == other[0] else 0.0


def _how_missed(train: Stretch, told: list[Told]) -> str:
    """Return how a train was missed."""
    over = [t for t in told if _overlap(t.place, train) > 0]
    sure = [t for t in over if t.detected]
    if len(sure) > 1:
        return "in pieces"
    if sure:
        return "with another or in part"
    return "only possible" if over else "not told"


def plain_of(scene: GroupScene, crs: str) -> VehicleMap:
    """Read the plain picture about a scene's tracks."""
    area = shapely.union_all([t.line.buffer(BESIDE_M) for t in scene.tracks])
    grid = grid_over(area.bounds, CELL_M, crs)
    return read_vehicles(scene.image, grid, grid.mask([area]), weights("vehicle_net"))


def rows_on(plain: VehicleMap, scene: GroupScene) -> list[Stretch]:
    """Return the rows of vehicles that stand on a track of the scene."""
    east_m, north_m = lean_fall(scene.scene, ROOF_M)
    out = []
    for row in find_chains(plain, TraceSettings().rows):
        line = translate(row.line, -east_m, -north_m)
        track = min(scene.tracks, key=lambda t: _away(t, line))
        if _away(track, line) <= ON_M:
            low, high = sorted(track.line.project(shapely.Point(line.coords[k])) for k in (0, -1))
            out.append((track.id, low, high))
    return out


def _away(track: Track, line: shapely.LineString) -> float:
    return float(np.mean([track.line.distance(shapely.Point(point)) for point in line.coords]))


def body_along(plain: VehicleMap, scene: GroupScene, place: Stretch) -> float:
    """Return the mean log-odds of a vehicle over a stretch, on the likeliest row beside its track."""
    track = next(t for t in scene.tracks if t.id == place[0])
    at = np.arange(
        max(place[1], 0.0) + CELL_M / 2, max(min(place[2], track.line.length), place[1] + 1.0), CELL_M
    )
    x, y = frame_along(track.line, at, 3.0).mesh(np.arange(-2.5, 2.6, CELL_M))
    east_m, north_m = lean_fall(scene.scene, ROOF_M)
    row, col = plain.grid.to_pixel(x + east_m, y + north_m)
    maps = col.astype(np.float32), row.astype(np.float32)
    body = cv2.remap(plain.body, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=NOTHING)
    return float(np.clip(body, -BOUND, BOUND).mean(axis=1).max())


def count_painted(scenes: Iterator[GroupScene]) -> Tally:
    """Read painted scenes both ways."""
    settings, tally = TrainSettings(), Tally()
    for scene in scenes:
        start = process_time()
        strips = [sample_strip(scene.image, track, settings) for track in scene.tracks]
        found = [f for one in read_trains(strips, scene.scene, settings) for f in one]
        middle = process_time()
        plain = plain_of(scene, CRS)
        rows = rows_on(plain, scene)
        tally.seconds += (middle - start, process_time() - middle)
        told = []
        for f in found:
            place = (f.track.id, f.run.from_m, f.run.to_m)
            told.append(
                Told(
                    place=place,
                    detected=f.detected(settings),
                    second=f.run.second_log_odds,
                    body=body_along(plain, scene, place),
                )
            )
        tally.add(scene, told, rows)
    return tally


def count_real(folder: Path, name: str) -> Tally:
    """Read a real yard both ways: trains as `detect` tells them."""
    settings, tally = Settings(), Tally()
    site, trains = (
        load_site(folder / "site.geojson"),
        json.loads((folder / "truth.json").read_text())["trains"],
    )
    scene = open_scene(folder / name, SceneOptions(), settings.read)
    image = read_native(scene, shapely.box(*site.bounds).buffer(60).bounds, site.crs, settings.read)
    shown = GroupScene(image, scene, site.tracks, tuple((t["track"], t["from_m"], t["to_m"]) for t in trains))
    plain = plain_of(shown, site.crs)
    told = [
        Told(
            place=place,
            detected=d.grade == "detected",
            second=float(np.log(max(d.confidence, 1e-9) / max(1 - d.confidence, 1e-9))),
            body=body_along(plain, shown, place),
        )
        for d in detect(scene, RunContext(site, settings)).detections
        if d.kind == "train" and d.track is not None and d.from_m is not None and d.to_m is not None
        for place in [(d.track, d.from_m, d.to_m)]
    ]
    tally.add(shown, told, rows_on(plain, shown))
    return tally


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--painter", default="first", choices=("first", "second", "varied"))
    parser.add_argument("--first", type=int, default=300)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--kind", choices=varied_yard.KINDS)
    parser.add_argument("--empty", action="store_true", help="varied yards without a train")
    parser.add_argument("--wide", type=float, default=0.0, help="metres about yards of the second painter")
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    if arguments.real:
        for folder, name in (
            *((REAL, f"scene_{k}.tif") for k in ("050", "025")),
            *((PICTURES / yard, "scene_090.tif") for yard in TRAINS_ONLY),
        ):
            print(f"{folder.name}, {name}")
            count_real(folder, name).print()
        return
    first, count = arguments.first, arguments.count
    if arguments.painter == "varied":
        scenes = painted_varied(first, count, varied_yard.Wanted(arguments.kind, arguments.empty))
    elif arguments.painter == "second":
        scenes = painted_second(first, count, arguments.wide)
    else:
        scenes = painted_first(first, count)
    count_painted(scenes).print()


if __name__ == "__main__":
    main()
