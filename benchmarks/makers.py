"""Compare every pair of scenes {4-band, visual, panchromatic, 8-band} x {0.3, 0.5, 1, 3 m} of a painted yard.

``python -m benchmarks.makers --seed 0`` writes both dates of a yard as sixteen kinds of scene, compares
each of the first date with each of the second, and prints how many ended in a report, how many in one line
with status 4, and every other end; and what sure changes the reports told.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import traceback
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import rasterio

from tumangang_watch.errors import NotComparable, WatchError
from tumangang_watch.pipeline import RunContext, compare, open_pair
from tumangang_watch.scenes import SceneOptions
from tumangang_watch.scenes.bands import EIGHT
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import Pair, make_pair, split_seeds
from tumangang_watch.simulate.paint import PaintedScene, paint
from tumangang_watch.simulate.write import write_scene, write_site
from tumangang_watch.sites import load_site

GRAINS_M = (0.3, 0.5, 1.0, 3.0)
MAKERS = ("four", "visual", "pan", "eight")
LUMA = (0.3, 0.4, 0.3, 0.0)
"""What a panchromatic band sees of blue, green, red and near infrared; about."""


def small_yard(seed: int, *, quiet: bool) -> Pair:
    """Return a pair of a short yard, both of whose dates any sensor may take."""
    return make_pair(seed, 0.5, length_m=320.0, tracks=3, trains=(1, 2), no_change=quiet, snow=0.0)


def write_kind(pair: Pair, date: int, maker: str, gsd_m: float, folder: Path) -> Path:
    """Write one date as one maker delivers it; return the image file."""
    sensor = replace(pair.sensors[date], gsd_m=gsd_m, product="visual" if maker == "visual" else "analytic4")
    painted = paint(pair.world, pair.days[date], sensor, date)
    path = write_scene(painted, folder, f"{maker}_{gsd_m:g}m_{date}")
    if maker in ("pan", "eight"):
        _write_bands(painted, path, maker)
    return path


def _write_bands(painted: PaintedScene, path: Path, maker: str) -> None:
    """Write a scene again as one band, or as eight of which four have roles that are read."""
    four = painted.values
    if maker == "pan":
        values, names = np.tensordot(LUMA, four, 1).astype(four.dtype)[None], ("pan",)
    else:
        values, names = np.repeat(four, 2, axis=0), tuple(name or "yellow" for name in EIGHT)
    with rasterio.open(path) as old:
        profile = {**old.profile, "count": len(values)}
    path.unlink()
    with rasterio.open(path, "w", **profile) as out:
        out.write(values)
        out.descriptions = names
    sidecar = path.with_name(f"{path.stem}_metadata.json")
    facts = json.loads(sidecar.read_text())
    for key in ("bands", "eo:bands"):
        facts.pop(key, None)
        facts["properties"].pop(key, None)
    sidecar.write_text(json.dumps(facts))


def end_of(first: Path, second: Path, site: Path) -> tuple[str, str, int]:
    """Return how a comparison ended, what it said, and how many sure changes it told."""
    settings = Settings().with_trials(False)
    try:
        scenes = open_pair((first, second), (SceneOptions(), SceneOptions()), settings)
        comparison = compare(*scenes, RunContext(load_site(site), settings))
    except NotComparable as error:
        return "status 4", str(error), 0
    except WatchError as error:
        return f"status {error.exit_status}", str(error), 0
    except Exception:  # the question of this benchmark
        return "fault", traceback.format_exc().splitlines()[-1], 0
    sure = [f.statement for f in comparison.findings if f.change != "unchanged" and f.grade == "detected"]
    return "report", "; ".join(sure), len(sure)


def main() -> None:
    """Print the matrix."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="validation")
    parser.add_argument("--seed", type=int, default=0, help="which seed of the split")
    parser.add_argument("--changed", action="store_true", help="something changes between the dates")
    chosen = parser.parse_args()
    pair = small_yard(split_seeds(chosen.split)[chosen.seed], quiet=not chosen.changed)
    ends, sure = Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = write_site(pair.world, folder / "site.geojson", "full")
        kinds = list(product(MAKERS, GRAINS_M))
        files = {(kind, date): write_kind(pair, date, *kind, folder) for kind in kinds for date in (0, 1)}
        for one, two in product(kinds, kinds):
            end, words, changes = end_of(files[one, 0], files[two, 1], site)
            ends[end] += 1
            sure += changes
            if end != "report" or changes:
                print(f"{one[0]} {one[1]:g} m - {two[0]} {two[1]:g} m: {end}: {words}", flush=True)
    print(f"{sum(ends.values())} pairs: {dict(ends)}; {sure} sure changes")


if __name__ == "__main__":
    main()
