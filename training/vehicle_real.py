"""Cut grounds for ``vehicle_net`` from the labelled real yard whose terms allow it.

``python -m training.vehicle_real --folder DIR`` reads the yard beside the checkout (SWISSIMAGE 2018,
swisstopo) and writes it with its vehicles, and variants with pieces moved along their tracks; ``--west``
keeps half.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.vehicle_bank import BODY, END, KEPT_M, NO_TRACKS, UNSURE

REAL = Path(__file__).resolve().parents[2] / "shared" / "imagery" / "muttenz_yard_2018"
SMEARED = ((430, 0, 70, 34), (655, 88, 19, 40))
"""Columns, rows, width, height of vehicles without a label."""


def read(folder: Path) -> tuple[Any, list[Any]]:
    """Return (3, rows, cols) bytes, blue first, and outlines (4, 2) in pixels."""
    import rasterio
    from pyproj import Transformer

    with rasterio.open(folder / "scene_025.tif") as scene:
        values, affine = scene.read()[:3][::-1], scene.transform
        turn = Transformer.from_crs(4326, scene.crs, always_xy=True).transform
    cars = json.loads((folder / "truth.json").read_text())["cars"]
    outlines = [np.array([~affine * turn(*c) for c in car["coordinates"][0][0][:4]]) for car in cars]
    return values, outlines


def plane_of(values: Any, outlines: list[Any]) -> Any:
    """Return the ground as ``vehicle_bank.kept`` does."""
    out = np.zeros((6, *values.shape[1:]), np.uint8)
    # A display's curve undone in part, so that the fit can draw its own.
    out[:3] = np.rint(255 * np.sqrt((values / 255.0) ** 1.4))
    for corners in outlines:
        long, short = _sides(corners)
        along = long / np.hypot(*long)
        mask = np.zeros(values.shape[1:], np.uint8)
        cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 1, shift=4)
        out[4] |= BODY * mask
        degrees = np.degrees(np.arctan2(along[1], along[0])) % 180
        wide = mask.copy()
        middle = corners.mean(axis=0)
        for side in (-1, 1):
            end = middle + side * (long / 2 + along * 0.3 / KEPT_M)
            box = (end, short, along * 0.8 / KEPT_M)
            mask = np.zeros_like(mask)
            cv2.fillPoly(mask, [np.rint(16 * _box(*box)).astype(np.int32)], 1, shift=4)
            out[4] |= END * mask
            wide |= mask
        out[5][wide > 0] = round(float(degrees)) % 180
    out[4] |= NO_TRACKS
    for left, top, width, height in SMEARED:
        out[4, top : top + height, left : left + width] |= UNSURE
    return out


def _sides(corners: Any) -> tuple[Any, Any]:
    a, b = corners[1] - corners[0], corners[2] - corners[1]
    return (a, b) if np.hypot(*a) > np.hypot(*b) else (b, a)


def _box(middle: Any, across: Any, along: Any) -> Any:
    return np.array([middle + (a * across + b * along) / 2 for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))])


def moved(plane: Any, outlines: list[Any], rng: np.random.Generator) -> Any:
    """Copy vehicles, and empty track over vehicles, along their tracks."""
    out = plane.copy()
    shape = plane.shape[1:]
    for k in rng.choice(len(outlines), 14):
        corners = outlines[k]
        long, short = _sides(corners)
        along = long / np.hypot(*long)
        box = _box(corners.mean(axis=0), short * rng.uniform(2.4, 3.4), long + along * rng.uniform(2, 8))
        mask = np.zeros(shape, np.float32)
        cv2.fillPoly(mask, [np.rint(box * 16).astype(np.int32)], 1.0, shift=4)
        step = along * rng.uniform(40, 260) * rng.choice([-1, 1])
        if rng.random() < 0.4:
            # From elsewhere to here: what was here goes.
            mask, step = cv2.warpAffine(mask, _shift(step), shape[::-1]), -step
        to = cv2.warpAffine(mask, _shift(step), shape[::-1])
        source = np.stack(
            [cv2.warpAffine(p, _shift(step), shape[::-1], flags=cv2.INTER_NEAREST) for p in out]
        )
        known = cv2.warpAffine(np.ones(shape, np.uint8), _shift(step), shape[::-1], flags=cv2.INTER_NEAREST)
        hard = (to > 0.5) & (known > 0)
        soft = cv2.GaussianBlur(hard.astype(np.float32), (0, 0), 1.2)
        gain = np.exp(rng.normal(0, 0.08))
        out[:3] = np.clip(out[:3] * (1 - soft) + source[:3] * gain * soft, 0, 255)
        out[4:, hard] = source[4:, hard]
    return out


def _shift(step: Any) -> Any:
    return np.array([[1.0, 0, round(step[0])], [0, 1.0, round(step[1])]])


def main() -> None:
    """Cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--west", action="store_true")
    a = parser.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    values, outlines = read(REAL)
    plane = plane_of(values, outlines)
    if a.west:
        plane = plane[:, :, : plane.shape[2] // 2]
        outlines = [o for o in outlines if o[:, 0].max() < plane.shape[2] - 2]
    rng = np.random.default_rng(1)
    for number in range(a.count):
        np.save(a.folder / f"real-{number}.npy", (moved(plane, outlines, rng) if number % 4 else plane)[None])


if __name__ == "__main__":
    main()
