"""Print how well tracks are traced in pictures that lie beside a map on which every track is drawn.

``python -m benchmarks.trace_maps --folder DIR`` reads images whose left half is a picture from above and
whose right half is a map of the same ground. Ground within 40 m of a drawn track is searched (``--all``: the
whole picture); of the drawn tracks the share within 2 m of a traced one is found, of the traced length
what lies further than 2 m from any drawn one is false. ``--pictures DIR`` writes both into the picture;
``--moved M`` prints where the map moved as a whole, by up to M metres each way, leaves least false.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
from scipy.spatial import KDTree
from skimage.morphology import skeletonize

from benchmarks.trace import traced_in
from tumangang_watch.detect.tracks.view import trace_scene
from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.model.image import NativeImage, SiteToPixel
from tumangang_watch.settings.tracks import TraceSettings

PIXEL_M = 0.905
NEAR_M, AROUND_M = 2.0, 40.0
CRS = "EPSG:32618"
DARKER, DARKEST, GREY = 16, 210, 26
"""A drawn track is darker than the map about it by this, darker than roads and buildings, and grey."""
LONG_PX, LEAST_PX = 15, 60
"""It goes on straight for the first; a shorter piece than the second is a tick or an arrow."""


def drawn_tracks(shown: Any) -> Any:
    """Return the middles (rows, cols) of the tracks that a map (rows, cols, 3) draws."""
    values = shown.astype(np.float32)
    grey = values.mean(axis=2)
    dark = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((9, 9))) - grey
    line = (dark > DARKER) & (grey < DARKEST) & (np.ptp(values, axis=2) < GREY)
    kept = np.zeros(line.shape, np.uint8)
    for turn in np.pi * np.arange(24) / 24:
        bar = straight_bar(turn)
        share = cv2.filter2D(line.astype(np.float32), -1, bar / bar.sum(), borderType=cv2.BORDER_REPLICATE)
        kept |= cv2.dilate((share >= 0.85).astype(np.uint8), bar) & line.astype(np.uint8)
    middle = skeletonize(kept > 0)
    joined = cv2.dilate(middle.astype(np.uint8), np.ones((3, 3)))
    _, label, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    long = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= LEAST_PX
    return middle & long[label]


def straight_bar(turn: float) -> Any:
    """Return a bar of `LONG_PX` at an angle, clockwise from the right."""
    bar, half = np.zeros((LONG_PX, LONG_PX), np.uint8), LONG_PX // 2
    ends = [tuple(round(half + s * half * f) for f in (np.cos(turn), np.sin(turn))) for s in (-1, 1)]
    return cv2.line(bar, ends[0], ends[1], 1)


def grid_of(shown: Any) -> Grid:
    """Return the grid of a picture (rows, cols, ...) whose lower left corner is (0, 0)."""
    rows, cols = shown.shape[:2]
    return Grid(crs=CRS, west=0.0, north=rows * PIXEL_M, pixel_m=PIXEL_M, rows=rows, cols=cols)


def image_of(shown: Any) -> NativeImage:
    """Return a picture (rows, cols, 3), blue first, on its grid."""
    values = np.moveaxis(shown, 2, 0).astype(np.float32) / 255
    valid = np.ones(values.shape[1:], bool)
    return NativeImage(
        values=values,
        valid=valid,
        saturated=~valid,
        bands=("blue", "green", "red"),
        gsd_m=PIXEL_M,
        pixel_m=PIXEL_M,
        to_pixel=SiteToPixel.of_grid(grid_of(shown), 0.0, 0.0),
    )


def judged(path: Path, settings: TraceSettings, *, whole: bool) -> dict[str, Any]:
    """Trace one picture and measure it."""
    both = cv2.imread(str(path))
    half = both.shape[1] // 2
    drawn = drawn_tracks(both[:, half:])
    ground = grid_of(drawn)
    places = np.stack(ground.to_metres(*np.nonzero(drawn)), axis=1)
    area = shapely.box(*ground.bounds)
    if not whole:
        area = area.intersection(shapely.MultiPoint(places[::5]).buffer(AROUND_M))
    grid = grid_over(area.bounds, 1.0, CRS)
    begun = time.process_time()
    scene = trace_scene(image_of(both[:, :half]), None, area, grid, settings.gsd_max_m)
    tracks = traced_in(scene, area, grid, settings)
    steps = [np.arange(0.0, t.line.length, 1.0) for t in tracks]
    along = [
        shapely.get_coordinates(shapely.line_interpolate_point(t.line, s))
        for t, s in zip(tracks, steps, strict=True)
    ]
    traced = np.concatenate([np.zeros((0, 2)), *along])
    found, false = compared(places, traced)
    return {
        "name": path.stem,
        "shown": both[:, :half],
        "drawn": drawn,
        "tracks": tracks,
        "places": places,
        "traced": traced,
        "found": found,
        "false": false,
        "seconds": time.process_time() - begun,
    }


def compared(places: Any, traced: Any) -> tuple[Any, Any]:
    """Return which drawn places (n, 2) are found, and which traced ones (m, 2) are false."""
    if not len(traced):
        return np.zeros(len(places), bool), np.zeros(0, bool)
    return KDTree(traced).query(places)[0] <= NEAR_M, KDTree(places).query(traced)[0] > NEAR_M


def moved(result: dict[str, Any], most_m: int) -> str:
    """Return, in words, where a map moved as a whole, by whole metres, leaves least false."""
    steps = range(-most_m, most_m + 1)
    tried = [
        (*(v.mean() for v in compared(result["places"] + (east, north), result["traced"])), east, north)
        for east in steps
        for north in steps
    ]
    found, false, east, north = min(tried, key=lambda t: (t[1], abs(t[2]) + abs(t[3])))
    return f"  the map moved by {east} m east, {north} m north: found {found:.2f}, false {false:.2f}"


def draw(result: dict[str, Any], folder: Path) -> None:
    """Write a picture, twice as large, with drawn tracks yellow and traced ones red."""
    shown = cv2.resize(result["shown"], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    size = shown.shape[1::-1]
    shown[cv2.resize(result["drawn"].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0] = (
        0,
        230,
        230,
    )
    for track in result["tracks"]:
        xy = shapely.get_coordinates(track.line) / PIXEL_M * 2
        points = np.rint(np.stack([xy[:, 0], size[1] - xy[:, 1]], axis=1)).astype(np.int32)
        cv2.polylines(shown, [points], False, (0, 0, 255), 1, cv2.LINE_AA)
    cv2.imwrite(str(folder / f"{result['name']}.png"), shown)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--moved", type=int, default=0, metavar="M")
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("image_*.jpg"))
    paths = [p for p in paths if not arguments.only or p.stem.removeprefix("image_") in arguments.only]
    found, false = [], []
    for path in paths:
        result = judged(path, TraceSettings(), whole=arguments.all)
        found.append(result["found"])
        false.append(result["false"])
        wrong = false[-1].mean() if len(false[-1]) else 0.0
        print(
            f"{path.stem}: {len(result['tracks'])} tracks; found {found[-1].mean():.2f} of {len(found[-1])}",
            f"px, false {wrong:.2f} of {len(false[-1])} m; {result['seconds']:.0f} s",
            flush=True,
        )
        if arguments.moved and len(result["traced"]):
            print(moved(result, arguments.moved), flush=True)
        if arguments.pictures:
            draw(result, arguments.pictures)
    every, wrong = np.concatenate(found), np.concatenate(false)
    print(f"all: found {every.mean():.2f}, false {wrong.mean():.2f} of {len(wrong)} m")


if __name__ == "__main__":
    main()
