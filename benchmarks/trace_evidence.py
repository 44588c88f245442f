"""Print what the network of tracks says along drawn tracks and away from them, before any path is sought.

``python -m benchmarks.trace_evidence --folder DIR --only 205`` reads the pictures of ``trace_maps`` whole, in
straight frames of every heading. Of the drawn tracks it prints the share within 2 m of which the network
speaks for a track of their heading, and how much of that share ``site trace`` finds; of the other ground, by
its distance from drawn tracks, the share where it speaks for a track of any heading.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely

from benchmarks.trace_maps import CRS, NEAR_M, PIXEL_M, grid_of, image_of, judged, straight_bar
from tumangang_watch.detect.tracks.view import (
    CELL_M,
    SHRINK,
    GuideFrame,
    TraceScene,
    trace_scene,
    track_odds,
    view_of,
)
from tumangang_watch.grid import grid_over
from tumangang_watch.settings.tracks import TraceSettings

LONG_M, HALF_M, MORE_M = 200.0, 30.0, 20.0
"""Ground taken from each straight frame, and how much more the network sees around it."""
NOTHING = -9.0
RINGS_M = (1.5, 4.0, 15.0, 40.0, np.inf)
"""Distances from drawn tracks between which other ground is told."""


def evidence_in(scene: TraceScene, shape: tuple[int, int], settings: TraceSettings) -> Any:
    """Return what speaks for a track of each heading in a picture, (headings, rows, cols)."""
    ground = grid_of(np.zeros(shape))
    east, north = ground.to_metres(*np.mgrid[: shape[0], : shape[1]])
    middle = np.array([east.mean(), north.mean()])
    reach = float(np.hypot(*shape)) / 2 * PIXEL_M
    out = np.full((settings.guide_frames, *shape), NOTHING, np.float32)
    for number, own in enumerate(out):
        turn = np.pi * number / settings.guide_frames
        ahead = np.array([np.cos(turn), np.sin(turn)])
        left = np.array([-ahead[1], ahead[0]])
        s = (east - middle[0]) * ahead[0] + (north - middle[1]) * ahead[1]
        y = (east - middle[0]) * left[0] + (north - middle[1]) * left[1]
        for low in np.arange(-reach, reach, LONG_M):
            for right in np.arange(-reach, reach, 2 * HALF_M):
                inside = (s >= low) & (s < low + LONG_M) & (y >= right) & (y < right + 2 * HALF_M)
                if not inside.any():
                    continue
                base = middle + left * (right + HALF_M)
                ends = np.stack([base + ahead * (low - MORE_M), base + ahead * (low + LONG_M + MORE_M)])
                frame = GuideFrame.along(ends, HALF_M + MORE_M)
                odds = track_odds(view_of(scene, frame, None))[0]
                col = (s[inside] - low + MORE_M) / (CELL_M * SHRINK) - 0.5
                row = (y[inside] - right - HALF_M - frame.rows_m[0]) / CELL_M
                at = (v.astype(np.float32)[None] for v in (col, row))
                own[inside] = cv2.remap(odds, *at, cv2.INTER_LINEAR)[0]
    return out - settings.evidence_zero(scene.image.gsd_m)


def headings_of(drawn: Any, count: int) -> Any:
    """Return which of so many headings the drawn tracks (rows, cols) have at each of their pixels."""
    shares = [
        cv2.filter2D(drawn.astype(np.float32), -1, straight_bar(-np.pi * k / count).astype(np.float32))
        for k in range(count)
    ]
    return np.argmax(shares, axis=0)[drawn]


def told(path: Path, settings: TraceSettings) -> None:
    """Print what the network says of one picture."""
    result = judged(path, settings, whole=False)
    drawn, found = result["drawn"], result["found"]
    ground = grid_of(drawn)
    grid, area = grid_over(ground.bounds, 1.0, CRS), shapely.box(*ground.bounds)
    scene = trace_scene(image_of(result["shown"]), None, area, grid, settings.gsd_max_m)
    every = evidence_in(scene, drawn.shape, settings)
    reach = round(NEAR_M / PIXEL_M)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = np.stack([cv2.dilate(one, disc) for one in every])
    heading, (rows, cols) = headings_of(drawn, len(every)), np.nonzero(drawn)
    at = np.max([near[(heading + k) % len(every), rows, cols] for k in (-1, 0, 1)], axis=0)
    for least in (0.0, 1.4):
        spoken = at > least
        print(
            f"{path.stem}: evidence above {least:.1f} along {spoken.mean():.2f} of {len(at)} px drawn,",
            f"of which {found[spoken].mean():.2f} are found; of the others {found[~spoken].mean():.2f}",
        )
    away = cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, 5) * PIXEL_M
    best = every.max(axis=0)
    for low, high in pairwise((0.0, *RINGS_M)):
        ring = best[(away >= low) & (away < high)]
        print(f"  {low:g} to {high:g} m from drawn tracks: above 0 on {(ring > 0).mean():.3f},", end=" ")
        print(f"above 1.4 on {(ring > 1.4).mean():.3f} of {len(ring)} px")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[])
    arguments = parser.parse_args()
    for path in sorted(arguments.folder.glob("image_*.jpg")):
        if not arguments.only or path.stem.removeprefix("image_") in arguments.only:
            told(path, TraceSettings())


if __name__ == "__main__":
    main()
