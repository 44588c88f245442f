"""Print how well vehicles that stand in rows are found in the plain picture, without tracks.

``python -m benchmarks.standing --split validation`` paints yards and reads both dates in their true frame;
``--real FOLDER`` reads both scenes of a labelled real yard, whole and its eastern half; ``--weights FILE``
reads with other weights than those that ship (a fit that never saw that half). Of what stands there: the
share within 1 m of a row; of rows: the share of their length on tracks (painted) or on vehicles (real).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate

from tumangang_watch.detect.shadows import lean_fall
from tumangang_watch.detect.tracks.standing import ROOF_M
from tumangang_watch.detect.vehicles.chain import find_chains
from tumangang_watch.detect.vehicles.read import CELL_M, read_vehicles
from tumangang_watch.grid import grid_over
from tumangang_watch.model.image import NativeImage
from tumangang_watch.nets import read_weights, weights
from tumangang_watch.settings import Settings
from tumangang_watch.settings.vehicles import VehicleSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image, exact_scene

NEAR_M = 1.0


def rows_in(image: NativeImage, bounds: Any, crs: str, network: Any) -> Any:
    """Return the rows found, as one geometry."""
    grid = grid_over(bounds, CELL_M, crs)
    found = read_vehicles(image, grid, np.ones(grid.shape, bool), network)
    return shapely.union_all([c.line for c in find_chains(found, VehicleSettings())])


def told(name: str, rows: Any, places: list[Any], ground: Any) -> None:
    """Print one line."""
    near = np.mean([rows.distance(p) <= NEAR_M for p in places]) if places and not rows.is_empty else 0.0
    right = rows.intersection(ground).length / max(rows.length, 1e-9)
    print(
        f"{name}: {near:.2f} of {len(places)} vehicles, {right:.2f} of {rows.length:.0f} m right", flush=True
    )


def painted(seed: int, gsd_m: float, network: Any) -> tuple[Any, list[Any], Any]:
    """Return the rows, the vehicles' middles and the tracks' ground of both dates of a yard."""
    pair = make_pair(seed, gsd_m, trains=(2, 5), tracks=5, length_m=240.0)
    bounds = shapely.union_all([t.line for t in pair.world.site.tracks]).buffer(60).bounds
    west, south, east, north = pair.world.bounds
    every, places = [], []
    for shown, day in zip((pair.earlier, pair.later), pair.days, strict=True):
        image = exact_image(shown, ((west + east) / 2, (south + north) / 2))
        east_m, north_m = lean_fall(exact_scene(shown, "shown"), ROOF_M)
        rows = translate(rows_in(image, bounds, pair.world.site.crs, network), -east_m, -north_m)
        middles = [
            pair.world.track(t.track).line.interpolate((c.from_m + c.to_m) / 2)
            for t in day.trains
            for c in t.cars
        ]
        every.append(rows)
        places += [(m, rows) for m in middles]
    tracks = shapely.union_all([t.line.buffer(NEAR_M) for t in pair.world.rails])
    return every, places, tracks


def labelled_vehicles(folder: Path, crs: str) -> list[Any]:
    """Return the outlines of a real yard's labelled vehicles in the site's metres."""
    from pyproj import Transformer

    turn = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    labels = json.loads((folder / "truth.json").read_text())["cars"]
    shapes = [shapely.geometry.shape(c).geoms[0] for c in labels]
    return [shapely.transform(s, lambda c: np.column_stack(turn(c[:, 0], c[:, 1]))) for s in shapes]


def real(folder: Path, network: Any) -> None:
    """Read both scenes of a labelled yard."""
    from tumangang_watch.scenes import SceneOptions, open_scene
    from tumangang_watch.scenes.read import read_native
    from tumangang_watch.sites import load_site

    site = load_site(folder / "site.geojson")
    cars = labelled_vehicles(folder, site.crs)
    west, south, east, north = shapely.union_all(cars).bounds
    half = shapely.box((west + east) / 2, south - 99, east + 99, north + 99)
    for path in sorted(folder.glob("scene_*.tif")):
        scene = open_scene(path, SceneOptions(), Settings().read)
        bounds = shapely.box(west, south, east, north).buffer(30).bounds
        image = read_native(scene, grid_over(bounds, CELL_M, site.crs).bounds, site.crs, Settings().read)
        rows = rows_in(image, bounds, site.crs, network)
        on = shapely.union_all([c.buffer(NEAR_M) for c in cars])
        told(f"{path.name}, all", rows, [c.centroid for c in cars], on)
        east_cars = [c.centroid for c in cars if half.contains(c.centroid)]
        told(f"{path.name}, eastern half", rows.intersection(half), east_cars, on)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="validation")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--gsd", type=float, nargs="+", default=[0.3, 0.5, 0.7])
    parser.add_argument("--real", type=Path)
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    network = read_weights(arguments.weights) if arguments.weights else weights("vehicle_net")
    if arguments.real:
        real(arguments.real, network)
        return
    for gsd_m in arguments.gsd:
        near, length_m, right_m = [], 0.0, 0.0
        for seed in split_seeds(arguments.split)[: arguments.count]:
            every, places, tracks = painted(seed, gsd_m, network)
            near += [not rows.is_empty and rows.distance(place) <= NEAR_M for place, rows in places]
            length_m += sum(r.length for r in every)
            right_m += sum(r.intersection(tracks).length for r in every)
        share = right_m / max(length_m, 1e-9)
        print(
            f"{gsd_m} m: {np.mean(near):.2f} of {len(near)} vehicles, {share:.2f} of {length_m:.0f} m right"
        )


if __name__ == "__main__":
    main()
