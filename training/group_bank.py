"""Paint scenes of 1.4 to 3.2 m with their truth, for fitting and calibrating the reader of track groups.

``python -m training.group_bank --first 1200 --count 150 --folder A`` paints both dates of train seeds, each
by several cameras at once, ``--varied --first 20000 --count 400 --folder B`` yards of ``varied_yard``, which
has another look, ``--real --count 80 --folder C`` the labelled real yard whose terms allow it (SWISSIMAGE
2018, swisstopo; ``--west`` its western half alone). The site is misplaced as a fit leaves it.
``training/group_net.py`` reads the banks.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from shapely import LineString

from training import strip_real, varied_yard
from training.strip_bank import options_of, scene_of
from tumangang_watch.model.image import NativeImage, SiteToPixel
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Track
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import PaintedScene, paint_views
from tumangang_watch.simulate.pair import sensor_of

GSD_M = (1.4, 3.2)
CAMERAS = 4
"""Pictures of a date: another pixel, blur, noise, gain and product each, from the same place."""
MISFIT_PX = 0.2
"""Spread of what a fit to the site leaves, in pixels, per axis."""


@dataclass(frozen=True)
class GroupScene:
    """One picture with what is true of it."""

    image: NativeImage
    scene: Scene
    tracks: tuple[Track, ...]
    trains: tuple[tuple[str, float, float], ...]
    """Track, from and to along it, metres."""


def keep(target: Path, image: NativeImage, facts: dict[str, Any]) -> None:
    """Write one picture and its facts."""
    about = facts | {
        "to_pixel": asdict(image.to_pixel),
        "registration": list(image.registration),
        "pixel_m": image.pixel_m,
        "shape": list(image.valid.shape),
    }
    temporary = target.with_suffix(".part.npz")
    np.savez_compressed(
        temporary,
        about=np.array(json.dumps(about)),
        values=image.values.astype(np.float16),
        valid=np.packbits(image.valid),
    )
    temporary.rename(target)


def load(path: Path) -> GroupScene:
    """Read one picture of a bank."""
    with np.load(path) as data:
        facts = json.loads(str(data["about"]))
        values = data["values"].astype(np.float32)
        rows, cols = facts["shape"]
        valid = np.unpackbits(data["valid"])[: rows * cols].reshape(rows, cols).astype(bool)
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in facts["to_pixel"].items()}
    image = NativeImage(
        values=values,
        valid=valid,
        saturated=np.zeros_like(valid),
        bands=tuple(facts["bands"]),
        gsd_m=facts["gsd_m"],
        pixel_m=facts["pixel_m"],
        to_pixel=SiteToPixel(**given),
        registration=tuple(facts["registration"]),
    )
    tracks = tuple(Track(id=name, line=LineString(coords), name=name) for name, coords in facts["tracks"])
    trains = tuple((t["track"], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in facts["trains"])
    return GroupScene(image, scene_of(facts), tracks, trains)


def facts_of(painted: PaintedScene, known: bool) -> dict[str, Any]:
    """Return what a bank keeps of a painted scene beside its pixels."""
    sensor, day, site = painted.sensor, painted.day, painted.world.site
    return {
        "seed": painted.world.seed,
        "gsd_m": sensor.gsd_m,
        "bands": list(painted.bands),
        "known": known,
        "off_nadir_deg": sensor.off_nadir_deg,
        "view_azimuth_deg": sensor.view_azimuth_deg,
        "sun_azimuth_deg": day.sun_azimuth_deg,
        "sun_elevation_deg": day.sun_elevation_deg,
        "snow": day.snow_cover,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in site.tracks],
        "trains": [
            {"track": t.track, "cars": [{"from_m": c.from_m, "to_m": c.to_m} for c in t.cars]}
            for t in day.trains
        ],
    }


def pictures(seed: int) -> Iterator[tuple[NativeImage, dict[str, Any]]]:
    """Paint both dates of a seed, each by several cameras."""
    rng = np.random.default_rng([seed, 81])
    pair = make_pair(seed, 2.0, **options_of(seed, rng))
    west, south, east, north = pair.world.site.bounds
    for number, day in enumerate(pair.days):
        stand = pair.sensors[number]
        drawn = [sensor_of(float(rng.uniform(*GSD_M)), pair.options, rng) for _ in range(CAMERAS)]
        sensors = [
            replace(
                s,
                off_nadir_deg=stand.off_nadir_deg,
                view_azimuth_deg=stand.view_azimuth_deg,
                product="visual" if rng.random() < 0.3 else "analytic4",
            )
            for s in drawn
        ]
        for painted in paint_views(pair.world, day, sensors, number + 1):
            misfit = rng.normal(0, MISFIT_PX * painted.sensor.gsd_m, 2)
            middle = ((west + east) / 2, (south + north) / 2)
            image = exact_image(painted, middle, (float(misfit[0]), float(misfit[1])))
            yield image, facts_of(painted, bool(rng.random() < 0.85))


def real_pictures(count: int, west: bool) -> Iterator[tuple[NativeImage, dict[str, Any]]]:
    """Show the real yard by coarser cameras; ``west`` keeps the tracks of its western half."""
    yard = strip_real.read_yard(west)
    for number in range(count):
        rng = np.random.default_rng([number, 83])
        gsd_m = float(rng.uniform(*GSD_M))
        yield strip_real.pictured(yard, gsd_m, MISFIT_PX * gsd_m, number, rng)


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1200)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--varied", action="store_true", help="yards of the second painter")
    parser.add_argument("--real", action="store_true", help="the labelled real yard")
    parser.add_argument("--west", action="store_true", help="with --real: its western half alone")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.real:
        for image, facts in real_pictures(arguments.count, arguments.west):
            keep(arguments.folder / f"real{facts['seed']}.npz", image, facts)
        return
    numbers = range(arguments.first, arguments.first + arguments.count)
    if arguments.varied:
        for seed in numbers:
            target = arguments.folder / f"v{seed}.npz"
            if not target.exists():
                gsd_m = float(np.random.default_rng([seed, 82]).uniform(*GSD_M))
                image, _, facts = varied_yard.shoot(seed, gsd_m)
                keep(target, image, facts)
        return
    for seed in (split_seeds("train")[number] for number in numbers):
        if not (arguments.folder / f"s{seed}_{2 * CAMERAS - 1}.npz").exists():
            for number, (image, facts) in enumerate(pictures(seed)):
                keep(arguments.folder / f"s{seed}_{number}.npz", image, facts)


if __name__ == "__main__":
    main()
