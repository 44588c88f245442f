"""Say what ``compare`` tells of real places whose yards nobody surveyed, beside themselves in another light.

``python -m benchmarks.quiet_places --folder DIR`` takes pictures whose right half is a map that draws the
tracks, as `benchmarks.trace_maps` does. A yard is outlined around these and nothing else is known of it;
each picture is written again as three days later, up to 4 pixels elsewhere, in one of the lights of
`benchmarks.real_pairs`. Tracks are traced, trains told and compared: every change that is told is untrue.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from rasterio import Affine
from shapely.affinity import translate
from shapely.geometry import mapping

from benchmarks.real_pairs import LOOKS, compared, seen_again, untrue_of
from benchmarks.trace_maps import AROUND_M, CRS, PIXEL_M, drawn_tracks, grid_of
from tumangang_watch.errors import WatchError
from tumangang_watch.model.site import Site
from tumangang_watch.sites import load_site

WEST, SOUTH = 590_000.0, 4_520_000.0
"""Where the pictures are laid: none says where it is."""


def scene_and_site(path: Path, folder: Path) -> tuple[Path, Site]:
    """Write a place's picture as a scene, and outline a yard around the tracks that its map draws."""
    both = cv2.imread(str(path))
    half = both.shape[1] // 2
    drawn, values = drawn_tracks(both[:, half:]), both[:, :half, ::-1].transpose(2, 0, 1)
    ground = grid_of(drawn)
    places = np.stack(ground.to_metres(*np.nonzero(drawn)), axis=1)
    near = shapely.MultiPoint(places[::5]).buffer(AROUND_M).simplify(2.0)
    yard = near.intersection(shapely.box(*ground.bounds).buffer(-4.0))
    yard = translate(yard, WEST, SOUTH)
    profile = {
        "driver": "GTiff",
        "dtype": "uint8",
        "count": 3,
        "height": values.shape[1],
        "width": values.shape[2],
        "crs": CRS,
        "transform": Affine(PIXEL_M, 0, WEST, 0, -PIXEL_M, SOUTH + PIXEL_M * values.shape[1]),
        "photometric": "RGB",
    }
    scene = folder / f"{path.stem}.tif"
    with rasterio.open(scene, "w", **profile) as file:
        file.write(values)
    stated = {"type": "Feature", "properties": {"acquired": "2015-06-01T15:00:00Z", "gsd": PIXEL_M}}
    scene.with_name(f"{path.stem}_metadata.json").write_text(json.dumps(stated))
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    yard = shapely.transform(yard, back.transform, interleaved=False)
    parts = [part for part in shapely.get_parts(yard) if part.area > 0]
    features = [
        {"type": "Feature", "properties": {"role": "yard", "id": f"yard-{k}"}, "geometry": mapping(part)}
        for k, part in enumerate(parts)
    ]
    outlined = folder / "site.geojson"
    outlined.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return scene, load_site(outlined)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    total = Counter[str]()
    paths = sorted(arguments.folder.glob("image_*.jpg"))
    for number, path in enumerate(paths):
        if arguments.only and path.stem.removeprefix("image_") not in arguments.only:
            continue
        look = list(LOOKS)[(number + arguments.first) % len(LOOKS)]
        rng = np.random.default_rng([43, number, arguments.first])
        with tempfile.TemporaryDirectory() as space:
            source, site = scene_and_site(path, Path(space))
            pair = (source, seen_again(source, Path(space) / "again", look, rng))
            try:
                done = compared(pair, site)
            except WatchError as error:
                print(f"{path.stem} {look}: refused: {error}", flush=True)
                total["refused"] += 1
                continue
        untrue, counts = untrue_of(done)
        trains = [f for f in done.findings if f.kind == "train" and f.change == "unchanged"]
        total.update({"pairs": 1, "trains on both": len(trains), **counts})
        print(f"{path.stem} {look}: {len(done.site.tracks)} tracks, {len(trains)} trains on both dates")
        for found in untrue:
            print(f"    {found.grade} {found.confidence:.2f}: {found.statement}", flush=True)
    print("all:", dict(total))


if __name__ == "__main__":
    main()
