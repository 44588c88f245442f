"""Cut strips for ``strip_net`` from the labelled real yard whose terms allow it.

``python -m training.strip_real --folder DIR`` reads the yard beside the checkout (SWISSIMAGE 2018, swisstopo)
at resolutions drawn anew, its tracks misplaced as a fit leaves them, and keeps every track's strip with the
labelled vehicles. ``--west`` keeps its western half alone, so that the eastern can judge a recipe. Types and
colours are not labelled: the fit learns where vehicles and couplings are, from these as from painted strips.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from shapely.ops import substring

from benchmarks.trains import REAL, labelled_vehicles
from training.strip_bank import keep
from tumangang_watch.detect.trains.strips import sample_strip
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site, Track
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.scenes.read import read_native
from tumangang_watch.settings import Settings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.sites import load_site

COUPLED_M = 3.0
"""Vehicles nearer than this stand in one train."""
BEYOND_M = 12.0
"""Track beyond the last vehicle of a half that is kept with it."""


@dataclass(frozen=True, kw_only=True)
class RealYard:
    """The labelled yard, or a half of it."""

    image: NativeImage
    """At 0.25 m."""
    scene: Scene
    tracks: list[Track]
    vehicles: list[tuple[str, float, float]]
    """Track, from and to along it, metres."""


def read_yard(west: bool) -> RealYard:
    """Read the yard; ``west`` keeps the tracks of its western half, and the vehicles there."""
    site, settings = load_site(REAL / "site.geojson"), Settings().read
    scene = open_scene(REAL / "scene_025.tif", SceneOptions(), settings)
    image = read_native(scene, site.bounds, site.crs, settings)
    vehicles = labelled_vehicles(site, json.loads((REAL / "truth.json").read_text()))
    tracks = list(site.tracks)
    if west:
        tracks, vehicles = western(site, vehicles)
    return RealYard(image=image, scene=scene, tracks=tracks, vehicles=vehicles)


def pictured(
    yard: RealYard, gsd_m: float, misfit_m: float, number: int, rng: np.random.Generator
) -> tuple[NativeImage, dict[str, Any]]:
    """Return the yard as a coarser camera shows it, misplaced as a fit leaves it, and its facts."""
    seen = coarser(yard.image, gsd_m, rng)
    east, north = rng.normal(0, misfit_m, 2)
    place = seen.to_pixel
    facts = {
        "seed": 10 * number + 1,
        "gsd_m": gsd_m,
        "bands": list(seen.bands),
        "known": bool(rng.random() < 0.6),
        "off_nadir_deg": 0.0,
        "view_azimuth_deg": 0.0,
        "sun_azimuth_deg": yard.scene.sun_azimuth_deg,
        "sun_elevation_deg": yard.scene.sun_elevation_deg,
        "tracks": [[t.id, list(map(list, t.line.coords))] for t in yard.tracks],
        "trains": trains_of(yard.vehicles),
    }
    return replace(seen, to_pixel=replace(place, x0=place.x0 + east, y0=place.y0 + north)), facts


def coarser(image: NativeImage, gsd_m: float, rng: np.random.Generator) -> NativeImage:
    """Return the picture as a coarser camera would show it, with another curve, colours and noise."""
    step = gsd_m / image.gsd_m
    blur = step * rng.uniform(0.35, 0.6)
    values = image.values.astype(np.float64)
    values = np.stack([cv2.GaussianBlur(band, (0, 0), blur) for band in values])
    rows, cols = (int(n / step) for n in values.shape[1:])
    shift = rng.uniform(0, step - 1, 2) if step > 1 else np.zeros(2)
    at = np.array([[step, 0, shift[0] + (step - 1) / 2], [0, step, shift[1] + (step - 1) / 2]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    values = np.stack(
        [cv2.warpAffine(b, at, (cols, rows), flags=how, borderMode=cv2.BORDER_REPLICATE) for b in values]
    )
    top = np.percentile(values, 99.5)
    values = top * (np.clip(values / top, 0, 2)) ** rng.uniform(0.8, 1.5)
    values *= np.exp(rng.normal(0, 0.05, (len(values), 1, 1)))
    values += rng.normal(0, top * rng.uniform(0, 0.012), values.shape)
    place = image.to_pixel
    col, row = np.array(place.col_coefficients), np.array(place.row_coefficients)
    col[0] -= shift[0] + (step - 1) / 2
    row[0] -= shift[1] + (step - 1) / 2
    return replace(
        image,
        values=np.maximum(values, top * 1e-4).astype(np.float32),
        valid=np.ones((rows, cols), bool),
        saturated=np.zeros((rows, cols), bool),
        gsd_m=gsd_m,
        pixel_m=gsd_m,
        to_pixel=replace(place, col_coefficients=tuple(col / step), row_coefficients=tuple(row / step)),
    )


def western(site: Site, vehicles: list[tuple[str, float, float]]) -> tuple[list[Track], list[Any]]:
    """Return the tracks as far as they run in the western half, and the vehicles that stand there."""
    lines = {t.id: t.line for t in site.tracks}
    middles = [lines[name].interpolate((low + high) / 2).x for name, low, high in vehicles]
    half = (min(middles) + max(middles)) / 2
    tracks, kept = [], []
    for track in site.tracks:
        own = [
            (low, high)
            for (name, low, high), x in zip(vehicles, middles, strict=True)
            if name == track.id and x < half
        ]
        other = [
            (low, high)
            for (name, low, high), x in zip(vehicles, middles, strict=True)
            if name == track.id and x >= half
        ]
        at = np.arange(0.0, track.line.length, 1.0)
        west = at[[track.line.interpolate(s).x < half for s in at]]
        if west.size < 20:
            continue
        start, stop = float(west[0]), float(west[-1])
        for low, high in other:
            start, stop = (start, min(stop, low - 1)) if low > start + 5 else (max(start, high + 1), stop)
        if stop - start < 20:
            continue
        tracks.append(replace(track, line=substring(track.line, start, stop)))
        kept += [
            (track.id, low - start, high - start) for low, high in own if low >= start and high <= stop + 2
        ]
    return tracks, kept


def trains_of(vehicles: list[tuple[str, float, float]]) -> list[dict[str, Any]]:
    """Return vehicles as trains of a bank, of unknown types."""
    out: list[dict[str, Any]] = []
    for name, low, high in sorted(vehicles):
        car = {"from_m": low, "to_m": high, "type": None}
        if out and out[-1]["track"] == name and low - out[-1]["cars"][-1]["to_m"] < COUPLED_M:
            out[-1]["cars"].append(car)
        else:
            out.append({"track": name, "cars": [car]})
    return out


def main() -> None:
    """Cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--west", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    yard = read_yard(arguments.west)
    for number in range(arguments.count):
        rng = np.random.default_rng([number, 80])
        gsd_m = float(rng.choice([0.25, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7]))
        seen, facts = pictured(yard, gsd_m, 0.2, number, rng)
        strips = [sample_strip(seen, t, TrainSettings()) for t in yard.tracks]
        keep(arguments.folder / f"real{facts['seed']}.npz", [(strips, facts)])


if __name__ == "__main__":
    main()
