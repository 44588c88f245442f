"""Time whole runs of ``detect`` and ``compare`` against reading the pixels and against a plain script.

``python -m benchmarks.speed`` writes three cases once and runs the installed command on them several times,
each in a process of its own: a scene of 3 km x 1 km at 0.5 m (12 MP) with six tracks of 2.8 km and trains,
and a painted pair with six tracks of 600 m and some ten trains, at 0.5 m and at 3 m. It prints wall time,
processor time and peak memory, without and with detectability. The ratios of processor times are what a busy
machine changes least: to reading the pixels alone, and to `benchmarks.plain_change`, the script one would
write instead. With ``--profile`` it prints where the processor time of one run of each goes.
"""

from __future__ import annotations

import argparse
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from training.yard_painter import CELL_M, Yard, clutter, draw_car, draw_trains, ground

GSD_M = 0.5
COARSE_M = 3.0
SIZE_M = (3000.0, 1000.0)
TRACKS = 6
LENGTH_M = 2800.0
WEST, NORTH = 634_000.0, 4_697_000.0
CRS = "EPSG:32652"
PAIR = 3
"""Of the validation seeds."""
PROFILED = 40
"""Functions that are printed."""
MEASURED = """
import json, resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
sys.exit(status)
"""
"""Run between: a process starts with the peak memory of the one that made it, and this one is small."""


def write_scene(folder: Path) -> tuple[Path, Path]:
    """Write the scene with its metadata and its site file."""
    import rasterio
    from rasterio.transform import Affine

    rng = np.random.default_rng(5)
    yard = Yard(LENGTH_M, [5.0 * k for k in range(TRACKS)])
    draw_trains(yard, rng)
    canvas = ground(yard, rng)
    clutter(canvas, yard, rng)
    for train in yard.trains:
        for car in train["cars"]:
            draw_car(canvas, yard.v_m[int(train["track"][1:]) - 1], car, 0.5, rng)
    factor = CELL_M / GSD_M
    strip = np.stack(
        [cv2.resize(b, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) for b in canvas.albedo]
    )
    rows, cols = round(SIZE_M[1] / GSD_M), round(SIZE_M[0] / GSD_M)
    coarse = cv2.resize(rng.random((rows // 40, cols // 40), dtype=np.float32), (cols, rows))
    values = 0.1 + 0.15 * coarse + 0.02 * rng.standard_normal((4, rows, cols), dtype=np.float32)
    top, left = rows // 2 - strip.shape[1] // 2, (cols - strip.shape[2]) // 2
    values[:, top : top + strip.shape[1], left : left + strip.shape[2]] = strip
    path = folder / "large.tif"
    profile = {
        "driver": "GTiff",
        "width": cols,
        "height": rows,
        "count": 4,
        "dtype": "uint16",
        "crs": CRS,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "predictor": 2,
        "transform": Affine(GSD_M, 0, WEST, 0, -GSD_M, NORTH),
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.clip(values * 4000, 1, 65535).astype(np.uint16))
        for k, name in enumerate(("blue", "green", "red", "nir"), start=1):
            target.set_band_description(k, name)
    facts: dict[str, Any] = {
        "acquired": "2022-11-30T02:10:00Z",
        "gsd": GSD_M,
        "view_angle": 8,
        "satellite_azimuth": 100,
        "sun_azimuth": 160,
        "sun_elevation": 25,
        "cloud_cover": 0,
        "item_type": "SkySatCollect",
    }
    (folder / "large_metadata.json").write_text(json.dumps({"id": "large", "properties": facts}))
    site = folder / "site.geojson"
    y0 = NORTH - (top * GSD_M + canvas.top_m)
    site.write_text(json.dumps(_site(WEST + left * GSD_M, y0, yard)))
    return path, site


def _site(x0: float, y0: float, yard: Yard) -> dict[str, Any]:
    from pyproj import Transformer

    lonlat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    low, high = y0 - 30, y0 + max(yard.v_m) + 30
    ring = [
        (x0 - 60, low),
        (x0 + LENGTH_M + 60, low),
        (x0 + LENGTH_M + 60, high),
        (x0 - 60, high),
        (x0 - 60, low),
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"role": "yard", "id": "yard"},
            "geometry": {"type": "Polygon", "coordinates": [[list(lonlat(*p)) for p in ring]]},
        }
    ]
    for k, v in enumerate(yard.v_m, start=1):
        points = [list(lonlat(x0 + s, y0 + v)) for s in np.linspace(0, LENGTH_M, 30)]
        features.append(
            {
                "type": "Feature",
                "properties": {"role": "track", "id": f"T{k}"},
                "geometry": {"type": "LineString", "coordinates": points},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def timed(arguments: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall and processor seconds and its peak memory in MB.

    An installed package is compiled once: where Python may not keep what it compiled, it would be each time.
    """
    about = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEASURED, *arguments], capture_output=True, check=False, env=about
    )
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    cpu, memory_kb = json.loads(done.stdout)
    return wall, cpu, memory_kb / 1024


def write_pair(folder: Path, gsd_m: float = GSD_M) -> tuple[str, str, str]:
    """Write a painted pair with its site; return both scenes and the site file."""
    from tumangang_watch.simulate import make_pair, split_seeds

    options = {"tracks": 6, "length_m": 600.0, "trains": (5, 10), "growth_m2": 800}
    pair = make_pair(split_seeds("validation")[PAIR], gsd_m, **options)
    earlier, later, site, _ = pair.write(folder)
    return str(earlier), str(later), str(site)


def table(title: str, jobs: dict[str, list[str]], runs: int) -> None:
    """Print the times of some jobs; the first is the measure of the others."""
    print(title)
    base = 0.0
    for name, job in jobs.items():
        wall, cpu, memory = (median(v) for v in zip(*(timed(job) for _ in range(runs)), strict=True))
        base = base or cpu
        used = f"wall {wall:6.2f} s, processor {cpu:6.2f} s, memory {memory:5.0f} MB"
        print(f"  {name:28} {used}, ratio {cpu / base:5.1f}", flush=True)


def profile(arguments: list[str]) -> None:
    """Print in which of the package's functions a command spends its processor time, callees included."""
    code = (
        "import cProfile, sys, time; from tumangang_watch.cli import main; sys.argv[0] = 'tumangang-watch'\n"
        "p = cProfile.Profile(time.process_time)\n"
        "try: p.runcall(main)\n"
        "except SystemExit: pass\n"
        "p.dump_stats(sys.argv.pop())"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.prof"
        subprocess.run([sys.executable, "-c", code, *arguments, str(path)], check=False, capture_output=True)
        stats = pstats.Stats(str(path))
    own = [
        (cumulative, calls, f"{Path(file).parent.name}/{Path(file).name} {name}")
        for (file, _, name), (_, calls, _, cumulative, _) in stats.stats.items()  # type: ignore[attr-defined]
        if "tumangang_watch" in file
    ]
    for cumulative, calls, name in sorted(own, reverse=True)[:PROFILED]:
        print(f"  {cumulative:7.2f} s {calls:7} calls  {name}")


def main() -> None:
    """Write the cases, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    command = str(Path(sys.executable).parent / "tumangang-watch")
    with tempfile.TemporaryDirectory() as folder:
        scene, site = write_scene(Path(folder))
        earlier, later, yard = write_pair(Path(folder) / "pair")
        coarse = write_pair(Path(folder) / "coarse", COARSE_M)
        read = f"import rasterio; rasterio.open({str(scene)!r}).read()"
        out = ["--out", str(Path(folder) / "out"), "--overwrite", "--site"]
        detect = ["detect", str(scene), *out, str(site)]
        compare = ["compare", earlier, later, *out, yard]
        compare_coarse = ["compare", *coarse[:2], *out, coarse[2]]
        if arguments.profile:
            for job in (detect, compare, compare_coarse):
                print(job[0])
                profile(job)
            return
        plain = [sys.executable, "-m", "benchmarks.plain_change", earlier, later]
        table(
            "detect, 3 km x 1 km",
            {
                "reading the pixels": [sys.executable, "-c", read],
                "detect --no-detectability": [command, *detect, "--no-detectability"],
                "detect": [command, *detect],
            },
            arguments.runs,
        )
        table(
            "compare, a pair of 720 m x 280 m",
            {
                "the plain script": plain,
                "compare --no-detectability": [command, *compare, "--no-detectability"],
                "compare": [command, *compare],
            },
            arguments.runs,
        )
        plain = [sys.executable, "-m", "benchmarks.plain_change", *coarse[:2]]
        table(
            "compare, the same at 3 m",
            {"the plain script": plain, "compare": [command, *compare_coarse]},
            arguments.runs,
        )


if __name__ == "__main__":
    main()
