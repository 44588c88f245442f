"""What scenes of far areas take: ``python -m benchmarks.far_areas [--dense] [--moved 80]``.

The fixtures with fields around, over all areas of the built-in site: 3.9 km x 3.3 km at 0.5 m. Each command
is run as it is, from its start to its end; what it takes at most is that of its process.

``--dense``: at a site whose station covers 1.6 km x 1.3 km about the yard, 12 MP without a gap. ``--moved``:
the yard lies so many metres north of where the site has it, and is looked for.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from rasterio.transform import Affine

from tumangang_watch.grid import METRES_PER_DEGREE
from tumangang_watch.shipped import built_in_site_path, fixtures_dir
from tumangang_watch.sites import load_site

NAMES = ("tumangang_2022-11-30_painted", "tumangang_2022-12-01_painted")
FIELDS = slice(430, 705)
"""Rows of the fixtures without tracks: mirrored, they fill the ground around."""
BEYOND_M = 300.0
ELSEWHERE = ("friendship_bridge", "bridge-1", "khasan_station", "tumangang_station")


def write_scenes(folder: Path, moved_m: float) -> list[Path]:
    """Write the fixtures with fields around over all areas of the built-in site."""
    west, south, east, north = load_site(built_in_site_path()).bounds
    out = []
    for name in NAMES:
        shutil.copy(fixtures_dir() / f"{name}_metadata.json", folder)
        with rasterio.open(fixtures_dir() / f"{name}.tif") as scene:
            values, profile, tags = scene.read(), dict(scene.profile), scene.tags()
            bounds, bands, colours = scene.bounds, scene.descriptions, scene.colorinterp
        step = profile["transform"].a
        left, top = (round(v / step) for v in (bounds.left - west + BEYOND_M, north + BEYOND_M - bounds.top))
        rows, cols = (round((b - a + 2 * BEYOND_M) / step) for a, b in ((south, north), (west, east)))
        fields = values[:, FIELDS]
        high, wide = fields.shape[1:]
        whole = np.pad(fields, ((0, 0), (0, rows - high), (0, cols - wide)), mode="reflect")
        first = top - round(moved_m / step)
        place = whole[:, first : first + values.shape[1], left : left + values.shape[2]]
        place[:] = np.where(values > 0, values, place)
        profile.update(
            height=rows, width=cols, transform=profile["transform"] * Affine.translation(-left, -top)
        )
        out.append(folder / f"{name}.tif")
        with rasterio.open(out[-1], "w", **profile) as target:
            target.write(whole)
            target.update_tags(**tags)
            target.colorinterp = colours
            for number, band in enumerate(bands, start=1):
                target.set_band_description(number, band)
    return out


def write_dense_site(path: Path) -> None:
    """Write the built-in yard with a station over all the ground about it."""
    site = json.loads(built_in_site_path().read_text())
    known = {f["properties"]["id"]: f for f in site["features"]}
    site["features"] = [f for name, f in known.items() if name not in ELSEWHERE]
    station = copy.deepcopy(known["unloading_platform"])
    lon, lat = station["geometry"]["coordinates"][0][0]
    north = 1 / METRES_PER_DEGREE
    east = north / np.cos(np.radians(lat))
    west, south = lon - 300 * east, lat - 200 * north
    corners = [(0, 0), (1600, 0), (1600, 1250), (0, 1250), (0, 0)]
    ring = [[west + x * east, south + y * north] for x, y in corners]
    station["properties"] |= {"role": "station", "id": "all_around", "name": "all around"}
    station["geometry"]["coordinates"] = [ring]
    site["features"].append(station)
    path.write_text(json.dumps(site))


def taken(words: list[str]) -> str:
    """Run a command; return its times and the most memory it held, in words."""
    start = time.perf_counter()
    program = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(program.pid, 0)
    if status:
        raise SystemExit(f"status {status}: {program.stderr.read().decode() if program.stderr else ''}")
    wall, worked = time.perf_counter() - start, used.ru_utime + used.ru_stime
    return f"{wall:6.1f} s, of processor time {worked:6.1f} s, at most {used.ru_maxrss / 1e6:.2f} GB"


def main() -> None:
    """Print what each command takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dense", action="store_true")
    parser.add_argument("--moved", type=float, default=0.0)
    chosen = parser.parse_args()
    program = str(Path(sys.executable).with_name("tumangang-watch"))
    with TemporaryDirectory() as name:
        folder = Path(name)
        pair = [str(path) for path in write_scenes(folder, chosen.moved)]
        site = []
        if chosen.dense:
            write_dense_site(folder / "dense.geojson")
            site = ["--site", str(folder / "dense.geojson")]
        for number, (command, scenes) in enumerate((("compare", pair), ("detect", pair[:1]))):
            for words in ([], ["--no-detectability"]):
                out = folder / f"report-{number}-{len(words)}"
                print(command, *words, taken([program, command, *scenes, "--out", str(out), *site, *words]))


if __name__ == "__main__":
    main()
