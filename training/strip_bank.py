"""Paint straightened strips with their truth, for calibrating and choosing the train reader.

``python -m training.strip_bank --split train --first 600 --count 300 --folder DIR`` paints both dates of
each seed and keeps every track's strip, its scene's facts and its truth (about four seconds a seed). The
site is misplaced as a fit leaves it. With ``--bridges`` each seed is a bridge, empty and with trains. The
other jobs read the bank: ``training/strip_net.py``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from shapely import LineString

from tumangang_watch.detect.trains.strips import HEADING_BASE_M, Strip, sample_strip
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import PaintedScene
from tumangang_watch.simulate.paint import paint as paint_scene
from tumangang_watch.simulate.places.bridges import draw_bridge, draw_day, draw_sensor
from tumangang_watch.simulate.world import DayState, shifted
from tumangang_watch.simulate.write import seen_colour
from tumangang_watch.track_frame import frame_along

GSDS = (0.3, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7, 0.7, 0.85, 1.0)
"""Resolutions drawn from, so that each of the table's columns is met."""


@dataclass(frozen=True)
class BankScene:
    """The strips of one painted scene with what is true."""

    seed: int
    scene: Scene
    strips: tuple[Strip, ...]
    trains: tuple[dict[str, Any], ...]
    facts: dict[str, Any]
    """Season, snow cover, haze."""


def options_of(seed: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw what a pair is forced to be."""
    options: dict[str, Any] = {"trains": (0, int(rng.integers(2, 8)))}
    draw = rng.random()
    if draw < 0.15:
        options["trains"] = (0, 0)
    if rng.random() < 0.2:
        options["season_change"] = True
    if rng.random() < 0.15:
        options["snow"] = float(rng.uniform(0.15, 1.0))
    if rng.random() < 0.15:
        options["tracks"] = int(rng.integers(1, 4))
    if rng.random() < 0.12:
        options["length_m"] = float(rng.uniform(500, 900))
    return options


EMPTY: dict[str, Any] = {"trains": (0, 0), "tracks": 6, "length_m": 600.0}
"""A large yard without a train: about seven kilometres of empty track over both dates."""


def paint(folder: Path, seeds: list[int], *, empty: bool = False) -> None:
    """Paint both dates of each seed and keep every track's strip with its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        target = folder / f"{seed}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([seed, 78])
        gsd_m = float(rng.choice(GSDS))
        options = options_of(seed, rng)
        pair = make_pair(seed, gsd_m, **(options | EMPTY if empty else options))
        keep(target, [_strips(p, pair.world.site, rng) for p in (pair.earlier, pair.later)])


def paint_bridges(folder: Path, seeds: list[int]) -> None:
    """Paint each bridge empty and with trains, and keep every track's strip with its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        target = folder / f"{seed}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([seed, 79])
        world, bridge = draw_bridge(seed)
        gsd_m, kept = float(rng.choice(GSDS)), []
        for number, vehicles in enumerate((0, int(rng.choice([1, 2, 3, 4, 6, 8, 10, 16, 24])))):
            day = draw_day(world, bridge, number, vehicles)
            if vehicles and rng.random() < 0.4:
                day = _over_the_end(day, world.track(day.trains[0].track).line.length, rng)
            painted = paint_scene(world, day, draw_sensor(seed + number, gsd_m), number)
            kept.append(_strips(painted, world.site, rng))
        keep(target, kept)


def _over_the_end(day: DayState, length_m: float, rng: np.random.Generator) -> DayState:
    """Return a day whose train has been moved along, so that it may stand half on the bank."""
    train = day.trains[0]
    move = float(rng.uniform(-train.from_m, length_m - train.to_m))
    return replace(day, trains=(shifted(train, move),))


def keep(target: Path, scenes: list[tuple[list[Strip], dict[str, Any]]]) -> None:
    """Write scenes' strips and facts into one file of a bank."""
    kept: dict[str, Any] = {}
    for which, (strips, facts) in enumerate(scenes):
        facts["bridges"] = [strip.bridges_m for strip in strips]
        for number, strip in enumerate(strips):
            kept[f"{which}_{number}_values"] = strip.values.astype(np.float16)
            kept[f"{which}_{number}_valid"] = np.packbits(strip.valid)
    temporary = target.with_suffix(".part.npz")
    np.savez(temporary, about=np.array(json.dumps([facts for _, facts in scenes])), **kept)
    temporary.rename(target)


def _strips(
    painted: PaintedScene, site: Site, rng: np.random.Generator
) -> tuple[list[Strip], dict[str, Any]]:
    image, facts = pictured(painted, site, rng)
    strips = []
    for track in site.tracks:
        on_bridges = tuple(ends for own in site.track_on_bridges(track).values() for ends in own)
        strips.append(replace(sample_strip(image, track, TrainSettings()), bridges_m=on_bridges))
    return strips, facts


def pictured(
    painted: PaintedScene, site: Site, rng: np.random.Generator
) -> tuple[NativeImage, dict[str, Any]]:
    """Return a painted scene misplaced as a fit leaves it, and the facts of a bank."""
    west, south, east, north = site.bounds
    sensor, day = painted.sensor, painted.day
    spread = 0.2 if rng.random() < 0.8 else 0.6
    misfit = rng.normal(0, spread, 2)
    image = exact_image(
        painted, ((west + east) / 2, (south + north) / 2), (float(misfit[0]), float(misfit[1]))
    )
    known = bool(rng.random() < 0.85)
    facts = {
        "seed": painted.world.seed,
        "gsd_m": sensor.gsd_m,
        "bands": list(image.bands),
        "known": known,
        "off_nadir_deg": sensor.off_nadir_deg,
        "view_azimuth_deg": sensor.view_azimuth_deg,
        "sun_azimuth_deg": day.sun_azimuth_deg,
        "sun_elevation_deg": day.sun_elevation_deg,
        "season": day.season,
        "snow": day.snow_cover,
        "haze": sensor.haze,
        "product": sensor.product,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in site.tracks],
        "trains": [
            {
                "track": t.track,
                "cars": [
                    {
                        "from_m": c.from_m,
                        "to_m": c.to_m,
                        "type": c.type,
                        "colour": c.colour,
                        "seen": seen_colour(c),
                        "load": c.load,
                        "width_m": c.width_m,
                        "height_m": c.height_m,
                    }
                    for c in t.cars
                ],
            }
            for t in day.trains
        ],
    }
    return image, facts


def load(path: Path) -> list[BankScene]:
    """Return the scenes of one seed."""
    settings = TrainSettings()
    out = []
    with np.load(path) as data:
        for which, facts in enumerate(json.loads(str(data["about"]))):
            strips = []
            for number, (name, coords) in enumerate(facts["tracks"]):
                values = data[f"{which}_{number}_values"].astype(np.float32)
                size = values.shape[1:]
                valid = np.unpackbits(data[f"{which}_{number}_valid"])[: size[0] * size[1]].astype(bool)
                track = Track(id=name, line=LineString(coords), name=name)
                strip = _strip(track, values, valid.reshape(size), tuple(facts["bands"]), settings)
                bridges = facts["bridges"][number] if "bridges" in facts else ()
                strips.append(replace(strip, bridges_m=tuple((low, high) for low, high in bridges)))
            out.append(
                BankScene(facts["seed"], scene_of(facts), tuple(strips), tuple(facts["trains"]), facts)
            )
    return out


def _strip(track: Track, values: Any, valid: Any, bands: tuple[str, ...], settings: TrainSettings) -> Strip:
    step = settings.strip_step_m
    s = (np.arange(values.shape[2]) + 0.5) * step
    half = (values.shape[1] - 1) // 2
    return Strip(
        track=track,
        s_m=s,
        y_m=np.arange(-half, half + 1) * step,
        values=values,
        valid=valid,
        frame=frame_along(track.line, s, HEADING_BASE_M),
        bands=bands,
    )


def scene_of(facts: dict[str, Any]) -> Scene:
    """Return the facts of a painted scene as the reader would have them."""
    known = facts["known"]
    return Scene(
        id=str(facts["seed"]),
        image=Path("painted.tif"),
        files=(),
        sha256="0" * 64,
        acquired=datetime(2022, 11, 30, tzinfo=UTC),
        provider="painted",
        crs="EPSG:32652",
        affine=(1, 0, 0, 0, -1, 0),
        width=1,
        height=1,
        dtype="uint16",
        gsd_m=facts["gsd_m"],
        pixel_m=facts["gsd_m"],
        bands={b: k + 1 for k, b in enumerate(facts["bands"])},
        band_source="painted",
        sun_azimuth_deg=facts["sun_azimuth_deg"] if known else None,
        sun_elevation_deg=facts["sun_elevation_deg"] if known else None,
        off_nadir_deg=facts["off_nadir_deg"] if known else None,
        view_azimuth_deg=facts["view_azimuth_deg"] if known else None,
    )


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=600)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--empty", action="store_true", help="large yards without trains")
    parser.add_argument("--bridges", action="store_true", help="bridges, empty and with trains")
    arguments = parser.parse_args()
    seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.count]
    if arguments.bridges:
        paint_bridges(arguments.folder, list(seeds))
        return
    paint(arguments.folder, list(seeds), empty=arguments.empty)


if __name__ == "__main__":
    main()
