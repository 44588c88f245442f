"""Print how well painted pairs are registered, and fitted to their site.

``python -m benchmarks.registration --split validation --pairs 20 --gsd 0.5`` paints pairs with large
geolocation errors and compares what registration says with what was painted. Errors are metres. Use
``--split train`` to calibrate settings; ``test`` gives the figures that are published.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tumangang_watch.affine import IDENTITY, shift
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.preprocess.coregister import register_pair
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.settings.preprocess import RegistrationSettings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.observation import Registration
    from tumangang_watch.simulate import Pair
    from tumangang_watch.simulate.world import Sensor


def options_of(index: int) -> dict[str, Any]:
    """Return the options of the n-th pair: every fourth is plain, the others are harder."""
    hard: tuple[dict[str, Any], ...] = (
        {},
        {"season_change": True},
        {"snow": 0.9},
        {"season_change": True, "growth_m2": 1500},
        {"clouds": True},
        {"product": "visual"},
        {"trains": (3, 5)},
        {"season_change": True, "clouds": True},
    )
    return hard[index % len(hard)]


def run(pair: Pair, settings: RegistrationSettings) -> tuple[tuple[Registration, float], ...]:
    """Return both registrations of a pair with their true errors in metres, and the fit of one date."""
    site = pair.world.site
    west, south, east, north = site.bounds
    margin = 120.0
    pixel_m = pixel_size_for(max(s.gsd_m for s in pair.sensors))
    grid = grid_over((west - margin, south - margin, east + margin, north + margin), pixel_m, site.crs)
    x0, y0 = (west + east) / 2, (south + north) / 2
    one, two = (exact_image(p, (x0, y0)).registered(IDENTITY) for p in (pair.earlier, pair.later))
    errors = [_error_m(s) for s in pair.sensors]
    start = time.perf_counter()
    found = register_pair(one, two, site, grid, settings)
    t1 = time.perf_counter()
    off = np.asarray([found.affine[2], found.affine[5]]) - (errors[1] - errors[0])
    placed = two.registered(shift(*(errors[1] - errors[0])))
    fit = fit_to_site((one, placed), site, grid, settings)
    t2 = time.perf_counter()
    fit_off = np.asarray([fit.affine[2], fit.affine[5]]) - errors[0]
    print(
        f"{pair.seed:6d} pair {found.status:8s} {np.hypot(*off):6.2f} m ({off[0]:+.2f} {off[1]:+.2f})"
        f" ties {found.tie_points:3d} residual {found.residual_median_m or 0:.2f} {t1 - start:.1f} s"
        f" | site {fit.status:8s} {np.hypot(*fit_off):6.2f} m {_along(site, fit_off)} {t2 - t1:.1f} s"
        f" | {found.reason} | {fit.reason}"
    )
    return (found, float(np.hypot(*off))), (fit, float(np.hypot(*fit_off)))


def _error_m(sensor: Sensor) -> NDArray[np.float64]:
    """Return how far east and north a sensor's picture lies, by the visible bands that are registered.

    Bands lie up to a third of a pixel off each other.
    """
    right, down = np.mean(sensor.band_shift_px[:3], axis=0) * sensor.gsd_m
    return np.asarray(sensor.geolocation_error_m) + np.asarray((right, -down))


def _along(site: Any, off: Any) -> str:
    """Say how much of an error lies along and across the tracks."""
    (x0, y0), (x1, y1) = site.tracks[0].line.coords[0], site.tracks[0].line.coords[-1]
    u = np.array([x1 - x0, y1 - y0]) / np.hypot(x1 - x0, y1 - y0)
    return f"along {off @ u:+.2f} across {off[0] * u[1] - off[1] * u[0]:+.2f}"


def _summary(name: str, rows: list[tuple[Registration, float]]) -> None:
    sure = np.array([e for r, e in rows if r.status != "failed"] or [np.nan])
    count = {s: sum(r.status == s for r, _ in rows) for s in ("ok", "degraded", "failed")}
    wrong = sum(r.status == "ok" and e > 0.5 for r, e in rows)
    print(
        f"{name}: median {np.median(sure):.3f} p90 {np.percentile(sure, 90):.3f} max {sure.max():.3f} m; "
        f"{count}; ok with > 0.5 m: {wrong}"
    )


def main() -> None:
    """Paint, register, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--gsd", type=float, default=0.5)
    args = parser.parse_args()
    results = []
    for index, seed in enumerate(split_seeds(args.split)[: args.pairs]):
        pair = make_pair(seed, args.gsd, geolocation_error_max_m=15.0, **options_of(index))
        results.append(run(pair, RegistrationSettings()))
    _summary("pair", [r[0] for r in results])
    _summary("site", [r[1] for r in results])


if __name__ == "__main__":
    main()
