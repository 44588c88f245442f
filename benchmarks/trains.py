"""Score and calibrate the train detector.

``python benchmarks/trains.py --real`` scores it on the labelled real yard beside the checkout (trains and
single vehicles). ``--calibrate`` fits the weights of the cues on painted train seeds, with the site misplaced
by about half a metre as a fit would leave it, and prints them as settings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from change import native
from shapely.geometry import Polygon, shape

from tumangang_watch.detect.occupancy import measure_occupancy
from tumangang_watch.detect.strips import sample_strip
from tumangang_watch.detect.train_cues import CUES, smooth, to_metres
from tumangang_watch.pipeline import Run, detect
from tumangang_watch.report import report_dict
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.sites import load_site

REAL = Path(__file__).resolve().parents[2] / "shared" / "imagery" / "muttenz_yard_2018"
JITTER_M = 0.45
"""Spread of the misplacement a site fit leaves, per axis."""


def real_yard() -> None:
    """Score trains and vehicles on the real yard at both resolutions."""
    from tumangang_watch.confidence.scoring import score_report

    site = load_site(REAL / "site.geojson")
    truth = json.loads((REAL / "truth.json").read_text())
    for name in ("scene_050.tif", "scene_025.tif"):
        settings = Settings()
        scene = open_scene(REAL / name, SceneOptions(), settings.read)
        comparison = detect(scene, Run(site, settings))
        trains = score_report(report_dict(comparison, "bench"), truth)["trains"]
        found = [
            (d.track, v.from_m, v.to_m)
            for d in comparison.detections
            if d.kind == "train" and d.grade == "detected"
            for v in d.rolling_stock
        ]
        labelled = _labelled_vehicles(site, truth)
        for least in (0.3, 0.5):
            hits = _match(found, labelled, least)
            print(
                f"{name}: vehicles at overlap {least}: recall {hits / len(labelled):.2f}, "
                f"precision {hits / max(len(found), 1):.2f} ({hits} of {len(labelled)}, {len(found)} found)"
            )
        print(f"{name}: trains", {k: v for k, v in trains.items() if not isinstance(v, list)})


def _labelled_vehicles(site: Any, truth: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Project the labelled outlines on their nearest track."""
    from pyproj import Transformer
    from shapely import Point

    to_metres_ = Transformer.from_crs("EPSG:4326", site.crs, always_xy=True).transform
    out = []
    for car in truth["cars"]:
        outline = shape(car).geoms[0]
        corners = [to_metres_(*c) for c in outline.exterior.coords]
        centre = Polygon(corners).centroid
        track = min(site.tracks, key=lambda t: t.line.distance(centre))
        along = [track.line.project(Point(*c)) for c in corners]
        out.append((track.id, min(along), max(along)))
    return out


def _match(
    found: list[tuple[str, float, float]], labelled: list[tuple[str, float, float]], least: float
) -> int:
    scores = sorted(
        (
            (max(0.0, min(f[2], t[2]) - max(f[1], t[1])) / (max(f[2], t[2]) - min(f[1], t[1])), i, j)
            for i, f in enumerate(found)
            for j, t in enumerate(labelled)
            if f[0] == t[0]
        ),
        reverse=True,
    )
    used: tuple[set[int], set[int]] = (set(), set())
    for overlap, i, j in scores:
        if overlap >= least and i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
    return len(used[0])


def metres_of(seed: int, settings: TrainSettings) -> list[tuple[Any, Any]]:
    """Return (cues (cues, k), occupied (k,)) of every track of both dates of a painted pair."""
    rng = np.random.default_rng(seed)
    gsd_m = (0.5, 0.3, 0.5, 0.7)[seed % 4]
    pair = make_pair(seed, gsd_m, season_change=seed % 5 == 0)
    west, south, east, north = pair.world.site.bounds
    out = []
    for k, painted in enumerate((pair.earlier, pair.later)):
        error = np.array(pair.sensors[k].geolocation_error_m) + rng.normal(0, JITTER_M, 2)
        image = native(painted, (float(error[0]), float(error[1])), ((west + east) / 2, (south + north) / 2))
        sensor, day = pair.sensors[k], pair.days[k]
        known = seed % 3 > 0
        scene: Any = SimpleNamespace(
            gsd_m=gsd_m, off_nadir_deg=sensor.off_nadir_deg, view_azimuth_deg=sensor.view_azimuth_deg,
            sun_azimuth_deg=day.sun_azimuth_deg if known else None,
            sun_elevation_deg=day.sun_elevation_deg if known else None,
        )  # fmt: skip
        metres, dark = to_metres(
            [sample_strip(image, t, settings) for t in pair.world.site.tracks], scene, settings
        )
        for occupancy in measure_occupancy(metres, dark, scene, settings):
            at = np.arange(occupancy.metres.count) + 0.5
            trains = [t for t in day.trains if t.track == occupancy.metres.strip.track.id]
            inside = np.any([(at > t.from_m) & (at < t.to_m) for t in trains] or [at < 0], axis=0)
            edge = np.any([abs(at - e) < 1.5 for t in trains for e in (t.from_m, t.to_m)] or [at < 0], axis=0)
            kept = occupancy.metres.seen & ~edge
            cues = occupancy.cues
            context = np.concatenate([cues, smooth(cues, settings.near_m), smooth(cues, settings.far_m)])
            out.append((context[:, kept], inside[kept]))
    return out


def calibrate(pairs: int) -> None:
    """Fit the weights by ridge logistic regression (Newton) and print them as settings."""
    settings = TrainSettings()
    data = [m for seed in split_seeds("train")[100 : 100 + pairs] for m in metres_of(seed, settings)]
    cues = np.concatenate([c for c, _ in data], axis=1)
    x = np.concatenate([np.ones((1, cues.shape[1])), cues])
    y = np.concatenate([o for _, o in data]).astype(float)
    weights = np.zeros(len(x))
    ridge = np.diag(np.r_[0.0, np.full(len(x) - 1, 20.0)])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(weights @ x, -30, 30)))
        step = np.linalg.solve((x * (p * (1 - p) + 1e-6)) @ x.T + ridge, x @ (p - y) + ridge @ weights)
        weights -= step
        if np.abs(step).max() < 1e-4:
            break
    print(f"metres right: {((weights @ x > 0) == (y > 0)).mean():.3f} of {len(y)}")
    print(f'("bias", {weights[0]:.2f}, 0.0, 0.0),')
    for row, (own, near, far) in zip(CUES, weights[1:].reshape(3, -1).T, strict=True):
        print(f'("{row}", {own:.2f}, {near:.2f}, {far:.2f}),')


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--pairs", type=int, default=52)
    arguments = parser.parse_args()
    if arguments.calibrate:
        calibrate(arguments.pairs)
    if arguments.real or not arguments.calibrate:
        real_yard()


if __name__ == "__main__":
    main()
