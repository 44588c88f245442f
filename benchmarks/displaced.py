"""Score how labelled real yards are laid on their site when their scenes lie elsewhere than they say.

``python -m benchmarks.displaced --yard 240st --times 5`` moves the scene of a yard beside the checkout by
up to 12 m in drawn directions, runs ``detect`` on it, and prints how far off it was laid across and along
the tracks, whether the fit says that it is open, and which labelled trains are told: on their own track, on
one of a few that are named, on a wrong one, or not at all. ``--accuracy 12`` states what the georeferencing
is worth. Without ``--times`` the scene stays where it lies.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from math import atan2, cos, sin
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import rasterio
from rasterio import Affine
from shapely.ops import substring

from tumangang_watch.errors import WatchError
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext, detect
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site

IMAGERY = Path(__file__).resolve().parents[2] / "shared" / "imagery"
YARDS = {
    "muttenz": ("muttenz_yard_2018", "scene_050"),
    "muttenz-fine": ("muttenz_yard_2018", "scene_025"),
    "240st": ("nyc_240st_yard_sparse", "scene_090"),
    "hunts": ("nyc_hunts_point_freight", "scene_090"),
}
FARTHEST_M = 12.0
LEAST = 0.5
"""Least overlap of two stretches along the tracks, as a share of their union, for one train."""
WRONG_M = 1.0
"""A fit farther off across the tracks that does not say that it is open is wrong in silence."""


@dataclass(frozen=True)
class Yard:
    """A labelled yard and the direction of its tracks."""

    site: Site
    truth: list[dict[str, Any]]
    along: np.ndarray

    def split(self, east_north: Any) -> tuple[float, float]:
        """Return what a vector is across and along the tracks, metres."""
        east, north = east_north
        return float(-self.along[1] * east + self.along[0] * north), float(self.along @ (east, north))

    def span(self, line: Any) -> tuple[float, float]:
        """Return where a line begins and ends along the tracks, metres."""
        at = np.asarray(line.coords)[:, :2] @ self.along
        return float(at.min()), float(at.max())


def yard_of(folder: Path) -> Yard:
    """Load a yard; its direction is its longest track's."""
    site = load_site(folder / "site.geojson")
    line = max((t.line for t in site.tracks), key=lambda line: line.length)
    (x0, y0), (x1, y1) = line.coords[0][:2], line.coords[-1][:2]
    angle = atan2(y1 - y0, x1 - x0)
    trains = json.loads((folder / "truth.json").read_text())["trains"]
    return Yard(site, trains, np.array([cos(angle), sin(angle)]))


def moved(source: Path, target: Path, by_m: Any) -> Path:
    """Write a scene as if it lay elsewhere, with its metadata."""
    with rasterio.open(source) as scene:
        pixels, profile, names = scene.read(), scene.profile, scene.descriptions
    profile["transform"] = Affine.translation(*by_m) * profile["transform"]
    out = target / source.name
    with rasterio.open(out, "w", **profile) as scene:
        scene.write(pixels)
        scene.descriptions = names
    copy(source.with_name(f"{source.stem}_metadata.json"), target)
    return out


def told(yard: Yard, comparison: Any) -> tuple[Counter[str], int]:
    """Return how each labelled train is told, and how many sure ones are none of them."""
    lines = {t.id: t.line for t in yard.site.tracks}
    found = [d for d in comparison.detections if d.kind == "train" and d.track in lines]
    used: set[str] = set()
    count: Counter[str] = Counter()
    for train in yard.truth:
        place = yard.span(substring(lines[train["track"]], train["from_m"], train["to_m"]))
        words = "missed"
        for d in found:
            if _overlap(place, yard.span(substring(lines[d.track], d.from_m, d.to_m))) < LEAST:
                continue
            tracks = d.tracks or (d.track,)
            own = train["track"] in tracks
            word = "own" if own and len(tracks) == 1 else "one of few" if own else "wrong track"
            if word != "wrong track" or words == "missed":
                words = word
            used |= {d.id} if own else set()
        count[words] += 1
    return count, sum(d.id not in used and d.grade == "detected" for d in found)


def _overlap(one: tuple[float, float], two: tuple[float, float]) -> float:
    both = min(one[1], two[1]) - max(one[0], two[0])
    return max(both, 0.0) / (max(one[1], two[1]) - min(one[0], two[0]))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yard", choices=YARDS, required=True)
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--accuracy", type=float)
    arguments = parser.parse_args()
    folder, name = YARDS[arguments.yard]
    yard, settings = yard_of(IMAGERY / folder), Settings()
    rng = np.random.default_rng([12, list(YARDS).index(arguments.yard)])
    total: Counter[str] = Counter()
    for number in range(max(arguments.times, 1)):
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0, FARTHEST_M) if arguments.times else 0.0
        by_m = size * cos(angle), size * sin(angle)
        with tempfile.TemporaryDirectory() as space:
            path = moved(IMAGERY / folder / f"{name}.tif", Path(space), by_m)
            try:
                scene = open_scene(path, SceneOptions(), settings.read)
                scene = replace(scene, geolocation_m=arguments.accuracy)
                comparison = detect(scene, RunContext(yard.site, settings))
            except WatchError as error:
                print(f"{number}: refused: {error}")
                total["refused"] += 1
                continue
        fit = comparison.registration
        across, along = yard.split(-np.add(fit.shift_m, by_m))
        trains, false = told(yard, comparison)
        silent = fit.status == "ok" and abs(across) > WRONG_M
        total.update({"reports": 1, "wrong in silence": int(silent), "false trains": false, **trains})
        print(
            f"{number}: moved ({by_m[0]:.1f}, {by_m[1]:.1f}) m; laid {across:+.1f} m across, "
            f"{along:+.1f} m along; {fit.status}; {dict(trains)}, {false} false",
            flush=True,
        )
    print(f"{arguments.yard}:", dict(total))


if __name__ == "__main__":
    main()
