"""What size of goods would have been found: boxes are painted on an apron's empty ground and looked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from tumangang_watch.detect.cargo.loose import weighed
from tumangang_watch.detect.cargo.measure import ground_of, measure, search
from tumangang_watch.detect.cargo.view import ApronView, Place, reread
from tumangang_watch.model.fill import CargoTrial
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.cargo import CargoSettings

SIZES_M = ((2.0, 2.0), (2.0, 4.0), (4.0, 4.0))
"""4, 8 and 16 m2: the least goods asked for, the least that must be found, a container's half."""
BRIGHTNESS = {"dark": 0.45, "like the ground": 1.2, "bright": 2.0}
"""Factors on the pavement's brightness."""
HEIGHT_M = 1.2
SKY = (0.42, 0.36, 0.31, 0.24)
"""Light left in shadow in blue, green, red and infrared, clear sky."""
APART_M = 9.0


@dataclass(frozen=True)
class _Box:
    row: int
    col: int
    size_m: tuple[float, float]
    brightness: str


def try_cargo(
    view: ApronView,
    place: Place,
    observation: Observation,
    settings: CargoSettings,
    seed: int,
    compared: bool = False,
) -> tuple[CargoTrial, ...]:
    """Insert boxes into what the network is given of a place, and count those graded ``detected``.

    ``seed`` decides the places: the same seed gives the same trials. ``compared``: another date shows the
    places of the boxes bare, which tells on ground that nobody mapped.
    """
    bare = (("other_contrast", 0.0), ("other_goods", 0.0)) if compared else ()
    rng = np.random.default_rng(seed)
    counts: dict[tuple[float, str], list[int]] = {}
    ground = ground_of(view)
    for _ in range(settings.trial_rounds):
        boxes = _places(view, rng)
        if not boxes:
            break
        work = search(_painted(view, boxes, observation), place, observation, settings, ground)
        for one in boxes:
            number = int(work.labels[one.row, one.col])
            item = measure(work, number) if number else None
            there = () if item is None else (replace(item, evidence=(*item.evidence, *bare)),)
            tally = counts.setdefault((one.size_m[0] * one.size_m[1], one.brightness), [0, 0])
            tally[0] += 1
            tally[1] += any(d.grade == "detected" for d in weighed(there, place, (), settings))
    return tuple(CargoTrial(*kind, *tally) for kind, tally in sorted(counts.items()))


def _places(view: ApronView, rng: np.random.Generator) -> list[_Box]:
    """Choose empty places, well apart, with room for the largest box and its shadow."""
    pixel_m = view.grid.pixel_m
    empty = view.usable & (view.cargo + view.vehicle < 0.2) & (view.shadow < 0.5)
    room = np.asarray(distance_transform_edt(np.pad(empty, 1)))[1:-1, 1:-1] * pixel_m
    spots = np.argwhere(room > 2.6)
    rng.shuffle(spots)
    boxes: list[_Box] = []
    names = list(BRIGHTNESS)
    spots = spots[:4000]
    free = np.ones(len(spots), bool)
    for k, (row, col) in enumerate(spots):
        if free[k]:
            free &= np.hypot(*(spots - (row, col)).T) * pixel_m > APART_M
            size, brightness = SIZES_M[int(rng.integers(len(SIZES_M)))], names[int(rng.integers(len(names)))]
            boxes.append(_Box(int(row), int(col), size if rng.random() < 0.5 else size[::-1], brightness))
    return boxes


def _painted(view: ApronView, boxes: list[_Box], observation: Observation) -> ApronView:
    """Return the view as it would be read with the boxes on it."""
    pixel_m, item = view.grid.pixel_m, view.item
    cot, right, up = item.constants[1] * 3, item.constants[2] * 0.5, item.constants[3] * 0.5
    body, shade, factor = (np.zeros(view.usable.shape, np.float32) for _ in range(3))
    lean = (-up * HEIGHT_M / pixel_m, right * HEIGHT_M / pixel_m)
    long = cot * HEIGHT_M / pixel_m

    def fill(target: NDArray[np.float32], row: float, col: float, half: list[float], value: float) -> None:
        r0, r1 = max(round(row - half[0]), 0), round(row + half[0])
        c0, c1 = max(round(col - half[1]), 0), round(col + half[1])
        target[r0:r1, c0:c1] = value

    for one in boxes:
        half = [0.5 * one.size_m[1] / pixel_m, 0.5 * one.size_m[0] / pixel_m]
        for k in np.linspace(0, 1, 5):
            top = one.row + k * lean[0], one.col + k * lean[1]
            fill(shade, one.row + k * long, one.col, half, 1.0)
            fill(body, *top, half, 1.0)
            fill(factor, *top, [h + 3 for h in half], BRIGHTNESS[one.brightness])
    sigma = 0.62 * observation.scene.gsd_m / pixel_m
    body, shade = (
        np.asarray(cv2.GaussianBlur(m, (0, 0), max(sigma, 0.4)), np.float32) for m in (body, shade)
    )
    planes = item.planes.copy()
    for k in range(4 if item.constants[0] else 3):
        ground = np.exp(planes[k])
        ground = ground * (1 - shade * (1 - SKY[k]))
        planes[k] = np.log(np.maximum(ground * (1 - body) + factor * body, 1e-3))
    return reread(view, replace(item, planes=planes.astype(np.float32)))
