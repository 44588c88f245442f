"""Print how well tracks are traced: on painted yards by GSD and season, and on the real yard.

``python -m benchmarks.trace --split test`` paints yards and traces the earlier scene in its true frame;
``--real FOLDER`` traces both scenes of a real yard and measures how far its labelled vehicles stand from a
traced track. ``--paths`` lists every path with what its confidence is made of.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import shapely

from benchmarks.standing import labelled_vehicles
from training.strip_bank import scene_of
from tumangang_watch.detect.tracks.standing import tracks_under_trains
from tumangang_watch.detect.tracks.trace import TracedTrack, trace_tracks
from tumangang_watch.detect.tracks.view import TraceScene, trace_scene
from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.pipeline.tracks import ground_of
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image

WITHIN_M = 0.75
SMALL: dict[str, Any] = {"tracks": 4, "length_m": 220.0}
"""Yards that are painted."""
SEASONS = ("spring", "summer", "autumn", "winter")


def painted(seed: int, gsd_m: float, season: str, settings: TraceSettings) -> dict[str, Any]:
    """Trace one painted scene and measure it."""
    pair = make_pair(seed, gsd_m, season=season, **SMALL)
    site = replace(pair.world.site, tracks=())
    area = ground_of(site, settings)
    grid = grid_over(area.bounds, 1.0, site.crs)
    centre = ((grid.bounds[0] + grid.bounds[2]) / 2, (grid.bounds[1] + grid.bounds[3]) / 2)
    image = exact_image(pair.earlier, centre)
    scene = trace_scene(image, known_of(pair), area, grid, settings.gsd_max_m)
    tracks = traced_in(scene, area, grid, settings)
    true = [track.line for track in pair.world.site.tracks]
    every = shapely.unary_union([track.line for track in pair.world.rails]).buffer(WITHIN_M)
    near = shapely.unary_union([t.line for t in tracks]).buffer(WITHIN_M)
    return {
        "gsd_m": gsd_m,
        "season": season,
        "seed": seed,
        "tracks": tracks,
        "true_m": sum(line.length for line in true),
        "found_m": sum(line.intersection(near).length for line in true),
        "traced_m": sum(t.line.length for t in tracks),
        "false_m": sum(t.line.difference(every).length for t in tracks),
        "false_of": [t.line.difference(every).length / t.line.length for t in tracks],
    }


def traced_in(scene: TraceScene, area: Any, grid: Grid, settings: TraceSettings) -> tuple[TracedTrack, ...]:
    """Return what ``site trace`` tells: tracks by their rails, and by the vehicles on them."""
    tracks = trace_tracks((scene,), area, grid, settings)
    return tracks + tracks_under_trains((scene,), tracks, settings)


def known_of(pair: Any) -> Any:
    """Return what is known of the earlier scene's sun and view."""
    sensor, day = pair.sensors[0], pair.days[0]
    return scene_of(
        {
            "seed": pair.seed,
            "gsd_m": sensor.gsd_m,
            "bands": list(pair.earlier.bands),
            "known": True,
            "sun_azimuth_deg": day.sun_azimuth_deg,
            "sun_elevation_deg": day.sun_elevation_deg,
            "off_nadir_deg": sensor.off_nadir_deg,
            "view_azimuth_deg": sensor.view_azimuth_deg,
        }
    )


def real(folder: Path, settings: TraceSettings) -> None:
    """Trace the scenes of a real yard and print how far labelled vehicles stand from a track."""
    from tumangang_watch.scenes import SceneOptions, open_scene
    from tumangang_watch.scenes.read import read_native
    from tumangang_watch.settings import Settings
    from tumangang_watch.sites import load_site

    site = load_site(folder / "site.geojson")
    cars = [c.centroid for c in labelled_vehicles(folder, site.crs)]
    area = ground_of(replace(site, tracks=()), settings)
    grid = grid_over(area.bounds, 1.0, site.crs)
    for path in sorted(folder.glob("scene_*.tif")):
        scene = open_scene(path, SceneOptions(), Settings().read)
        image = read_native(scene, grid.bounds, site.crs, Settings().read)
        shown = trace_scene(image, scene, area, grid, settings.gsd_max_m)
        tracks = traced_in(shown, area, grid, settings)
        lines = shapely.unary_union([t.line for t in tracks])
        away = np.array([lines.distance(c) if tracks else np.inf for c in cars])
        print(
            f"{path.name}: {len(tracks)} tracks, {sum(t.line.length for t in tracks):.0f} m;",
            f"{np.mean(away <= 1.0):.2f} of {len(cars)} vehicles within 1 m (median {np.median(away):.2f} m)",
        )


def _table(results: list[dict[str, Any]]) -> None:
    print("gsd_m  season   true length found  false length  accuracy_m stated")
    keys = sorted({(r["gsd_m"], r["season"]) for r in results}) + [
        (g, "all") for g in sorted({r["gsd_m"] for r in results})
    ]
    for gsd_m, season in keys:
        chosen = [r for r in results if r["gsd_m"] == gsd_m and season in ("all", r["season"])]
        found = sum(r["found_m"] for r in chosen) / sum(r["true_m"] for r in chosen)
        false = sum(r["false_m"] for r in chosen) / max(sum(r["traced_m"] for r in chosen), 1)
        stated = [t.accuracy_m for r in chosen for t in r["tracks"]]
        shown = f"{mean(stated):.2f}" if stated else "-"
        print(f"{gsd_m:5.2f}  {season:8} {found:17.3f} {false:13.3f}  {shown:>17}")


def _paths(result: dict[str, Any]) -> None:
    for track, false in zip(result["tracks"], result["false_of"], strict=True):
        _tell(track, false)


def _tell(track: TracedTrack, false: float) -> None:
    print(f"  evidence {track.evidence:.2f} length {track.line.length:.0f}", f"false {false:.2f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--yards", type=int, default=4, help="yards a GSD and season")
    parser.add_argument("--gsd", type=float, nargs="+", default=[0.3, 0.5, 0.7])
    parser.add_argument("--season", nargs="+", default=SEASONS, choices=SEASONS)
    parser.add_argument("--paths", action="store_true")
    parser.add_argument(
        "--real", type=Path, help="folder of a real yard: scene_*.tif, site.geojson, truth.json"
    )
    arguments = parser.parse_args()
    settings = TraceSettings(**({"confidence_min": 0.0} if arguments.paths else {}))
    if arguments.real:
        real(arguments.real, settings)
        return
    seeds = iter(split_seeds(arguments.split))
    results = []
    for gsd_m in arguments.gsd:
        for season in arguments.season:
            for _ in range(arguments.yards):
                results.append(painted(next(seeds), gsd_m, season, settings))
                if arguments.paths:
                    _paths(results[-1])
    _table(results)


if __name__ == "__main__":
    main()
