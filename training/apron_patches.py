"""Paint small pieces of apron with goods, vehicles, stains and shadows, as the ground network sees them.

Nothing of the yard painter's looks is used: tones, colours, textures, goods, optics and noise are drawn
anew for every patch, so that what the network learns from them is that goods have edges, bodies and
shadows, and not how one painter paints them. The patch is turned so that the sun stands at the top.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, radians, sin, tan
from typing import Any

import cv2
import numpy as np

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.light import cast_shadow, view_source
from tumangang_watch.simulate.objects import Appearance, Canvas

FINE_M = 0.125
NET_M = 0.35
NET_PX = 96
MARGIN_M = 9.0
SIDE_M = NET_PX * NET_M + 2 * MARGIN_M
BANDS = 4


@dataclass
class Scene:
    """One patch while it is being painted; arrays on the fine grid."""

    rng: np.random.Generator
    sun_azimuth_deg: float
    sun_elevation_deg: float
    off_nadir_deg: float
    view_azimuth_deg: float
    canvas: Canvas
    ground: np.ndarray
    goods: np.ndarray
    """Number of the object on each cell; 0 = none."""
    vehicles: np.ndarray
    trains: np.ndarray
    heading_deg: float = 0.0
    """Along the apron."""
    spots: list[tuple[float, float, float]] = field(default_factory=list)
    """What is taken: x, y, radius."""
    count: int = 0


def tone(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a reflectance, evenly in its log."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def mineral(rng: np.random.Generator, low: float = 0.05, high: float = 0.42) -> np.ndarray:
    """Draw the spectrum of stone, soil or concrete: even, or rising towards the infrared."""
    slope = float(np.clip(rng.normal(0.1, 0.13), -0.08, 0.5))
    shape = 1 + slope * np.array([-1.3, 0.0, 1.0, 2.0]) + rng.normal(0, 0.02, 4)
    return np.clip(tone(rng, low, high) * shape, 0.02, 0.8)


def leafy(rng: np.random.Generator) -> np.ndarray:
    """Draw the spectrum of grass, green or dry."""
    green = np.array([0.035, 0.07, 0.045, 0.35]) * rng.uniform(0.7, 1.4)
    dry = np.array([0.09, 0.13, 0.17, 0.28]) * rng.uniform(0.7, 1.3)
    share = rng.random()
    return share * green + (1 - share) * dry


def paint_of(rng: np.random.Generator, under: np.ndarray) -> np.ndarray:
    """Draw the spectrum of goods: anything, sometimes nearly what they stand on."""
    draw = rng.random()
    if draw < 0.45:
        return mineral(rng, 0.025, 0.6)
    if draw < 0.75:
        hue, saturation, value = rng.uniform(0, 6), rng.uniform(0.25, 0.9), tone(rng, 0.06, 0.5)
        parts = np.clip(np.abs((hue + np.array([4.0, 2.0, 0.0])) % 6 - 3) - 1, 0, 1)  # blue, green, red
        colour = value * (1 - saturation * (1 - parts))
        return np.append(colour, tone(rng, 0.06, 0.5))
    if draw < 0.87:
        return np.clip(under * np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 4)), 0.02, 0.8)
    return np.full(4, rng.choice([0.03, 0.04, 0.5, 0.65])) * np.exp(rng.normal(0, 0.08, 4))


def noise(rng: np.random.Generator, shape: tuple[int, int], scale_m: float, stretch: float = 1.0) -> Any:
    """Draw smooth noise of unit variance with features of about ``scale_m``, stretched along columns."""
    rows = max(int(shape[0] * FINE_M / scale_m), 1) + 3
    cols = max(int(shape[1] * FINE_M / (scale_m * stretch)), 1) + 3
    coarse = rng.standard_normal((rows, cols)).astype(np.float32)
    out = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return out / max(float(out.std()), 1e-3)


def turned(shape: tuple[int, int], heading_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (u, v) metres along and across a heading, from the middle of the patch."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = (x - shape[1] / 2) * FINE_M, (shape[0] / 2 - y) * FINE_M
    a = radians(heading_deg)
    return x * sin(a) + y * cos(a), x * cos(a) - y * sin(a)


def pavement(rng: np.random.Generator, shape: tuple[int, int], base: np.ndarray, heading: float) -> Any:
    """Paint the apron's own surface: texture, joints, patches, stains, lines, puddles, weeds, snow."""
    u, v = turned(shape, heading)
    rough = tone(rng, 0.01, 0.14)
    texture = np.zeros(shape, np.float32)
    for scale in (0.15, 0.5, 1.5, 5.0, 14.0):
        texture += rng.uniform(0, 1) * noise(rng, shape, scale, rng.choice([1.0, 1.0, 4.0]))
    out = base[:, None, None].astype(np.float32) * np.exp(rough * texture / max(float(texture.std()), 1e-3))
    if rng.random() < 0.15:  # an even, clean apron
        return out.astype(np.float32)
    if rng.random() < 0.35:  # slabs and their joints
        step = rng.uniform(2.0, 8.0, 2)
        wide = rng.uniform(0.05, 0.3)
        line = ((u + 50) % step[0] < wide) | ((v + 50) % step[1] < wide)
        slab = rng.normal(0, rng.uniform(0, 0.12), 400)[
            ((u + 50) // step[0]).astype(int) % 20 * 20 + ((v + 50) // step[1]).astype(int) % 20
        ]
        out *= np.exp(slab + line * rng.normal(-0.15, 0.25)).astype(np.float32)
    for _ in range(rng.poisson(1.2)):  # repairs: hard-edged, flat
        place = _oriented(u, v, rng, rng.uniform(1, 12), rng.uniform(1, 6), heading_jitter=rng.random() < 0.3)
        out[:, place] *= np.exp(rng.normal(0, 0.28)) * np.exp(rng.normal(0, 0.05, 4))[:, None]
    for _ in range(rng.poisson(1.5)):  # stains, spilt load, puddles: ragged or soft
        soft = _blob(u, v, rng, tone(rng, 0.5, 6.0), rng.choice([0.1, 0.4, 1.5]))
        spill = mineral(rng, 0.02, 0.5) if rng.random() < 0.6 else np.array([0.05, 0.055, 0.05, 0.03])
        if rng.random() < 0.4:
            spill = base * np.exp(rng.normal(-0.4, 0.4))
        out += soft * rng.uniform(0.3, 1.0) * (spill[:, None, None] - out)
    for _ in range(rng.poisson(0.8)):  # painted lines, kerbs, cables, wheel tracks
        angle = rng.choice([0.0, 90.0, rng.uniform(0, 180)])
        a, b = turned(shape, heading + angle)
        at, wide = rng.uniform(-20, 20), rng.uniform(0.1, 0.7)
        twin = rng.choice([0.0, 1.5, 1.9, 2.4])
        mask = (np.abs(b - at) < wide / 2) | (np.abs(b - at - twin) < wide / 2)
        if rng.random() < 0.3:
            mask &= (a + 60) % rng.uniform(2, 6) < 1.5
        line = mineral(rng, 0.03, 0.6)[:, None, None]
        out = np.where(mask, out + rng.uniform(0.2, 1.0) * (line - out), out)
    if rng.random() < 0.25:  # weeds
        cover = np.clip(noise(rng, shape, rng.uniform(0.4, 3)) - rng.uniform(0.6, 2), 0, 1)
        out += cover * (leafy(rng)[:, None, None] - out)
    if rng.random() < 0.16:  # snow: patches, or all of it with the ground showing through
        field = noise(rng, shape, rng.uniform(1, 6)) + 0.5 * noise(rng, shape, 0.4)
        cover = np.clip(field + rng.uniform(-1.5, 3.0), 0, 0.97)
        out += cover * (np.array([0.82, 0.83, 0.82, 0.75])[:, None, None] * rng.uniform(0.8, 1.1) - out)
    return out.astype(np.float32)


def _oriented(
    u: Any, v: Any, rng: np.random.Generator, length: float, width: float, heading_jitter: bool
) -> Any:
    at = rng.uniform(-18, 18, 2)
    a = radians(rng.uniform(0, 180)) if heading_jitter else 0.0
    du, dv = u - at[0], v - at[1]
    return (np.abs(du * cos(a) + dv * sin(a)) < length / 2) & (np.abs(dv * cos(a) - du * sin(a)) < width / 2)


def _blob(u: Any, v: Any, rng: np.random.Generator, radius: float, soft: float) -> Any:
    at = rng.uniform(-18, 18, 2)
    du, dv = (u - at[0]) / radius, (v - at[1]) / (radius * rng.uniform(0.4, 1.0))
    edge = 1 + 0.3 * noise(rng, u.shape, max(radius * 0.8, 0.3))
    return np.clip((edge - np.hypot(du, dv)) / soft, 0, 1)


def put(scene: Scene, pose: tuple[float, float, float], size: tuple[float, float, float], make: Any) -> None:
    """Draw one body; ``make(u, v)`` returns (inside, height, factor, paint indices)."""
    x, y, heading = pose

    def shape(u: Any, v: Any) -> Appearance:
        inside, height, shade, paint = make(u, v)
        return Appearance(inside, height, paint, np.clip(shade, 0.05, 2.5))

    scene.canvas.draw(x, y, heading, (size[0] * 1.2, size[1] * 1.2), shape)


def stamp(
    scene: Scene, target: np.ndarray, pose: tuple[float, float, float], inside: Any, value: int
) -> None:
    """Mark the ground that a body covers."""
    x, y, heading = pose
    rows, cols = np.mgrid[: target.shape[0], : target.shape[1]]
    dx = (cols + 0.5) * FINE_M - x
    dy = SIDE_M - (rows + 0.5) * FINE_M - y
    a = radians(heading)
    target[inside(dx * sin(a) + dy * cos(a), dx * cos(a) - dy * sin(a))] = value


def box_body(scene: Scene, size: tuple[float, float, float], paints: list[int], style: str) -> Any:
    """Return the look of a box: plain, boarded, stacked of pieces, logs, or a container with ribs."""
    rng = scene.rng
    half_l, half_w, high = size[0] / 2, size[1] / 2, size[2]
    step = rng.uniform(0.3, 2.2)
    across = rng.uniform(0.5, 2.4)
    tones = 1 + rng.uniform(0.02, 0.2) * rng.standard_normal(64)
    drops = np.where(rng.random(64) < rng.uniform(0, 0.25), rng.uniform(0.4, 1.0, 64), 1.0)

    def make(u: Any, v: Any) -> Any:
        inside = (np.abs(u) <= half_l) & (np.abs(v) <= half_w)
        cell = np.floor((u + half_l) / step).astype(int) % 64
        other = np.floor((v + half_w) / across).astype(int) % 64
        height = np.full(u.shape, high)
        shade = np.ones(u.shape)
        paint = np.full(u.shape, paints[0], np.uint8)
        if style == "boards":
            shade = tones[cell]
        elif style == "pieces":
            number = (cell * 7 + other * 3) % 64
            shade, height = tones[number], high * drops[number]
            seam = ((u + half_l) % step < 0.12) | ((v + half_w) % across < 0.12)
            shade = np.where(seam, shade * 0.6, shade)
            paint = np.array(paints, np.uint8)[number % len(paints)]
        elif style == "logs":
            shade = 0.55 + 0.6 * np.abs(np.sin((v + half_w) / across * np.pi))
            shade *= tones[other]
        elif style == "ribs":
            shade = np.where((u + half_l) % 0.4 < 0.15, 0.85, 1.05)
        return inside, height, shade, paint

    return make


def heap_body(scene: Scene, size: tuple[float, float, float], paint: int, power: float) -> Any:
    """Return the look of a heap (power 2) or of something under a tarpaulin (power 5)."""
    rng = scene.rng
    half_l, half_w, high = size[0] / 2, size[1] / 2, size[2]
    phase, wave = rng.uniform(0, 6.3), rng.uniform(0, 0.12)
    top = rng.uniform(0.6, 1.1) if power < 3 else rng.uniform(0.25, 0.5)
    folds = rng.uniform(0, 0.12)
    grain = rng.standard_normal(97)

    def radius(u: Any, v: Any) -> Any:
        wobble = 1 + wave * np.sin(3 * np.arctan2(v, u) + phase)
        return ((np.abs(u) / half_l) ** power + (np.abs(v) / half_w) ** power) ** (1 / power) / wobble

    def make(u: Any, v: Any) -> Any:
        r = radius(u, v)
        height = high * np.clip(1 - r**power, 0, 1) ** top
        gv, gu = np.gradient(height, FINE_M)
        # The window's axes are the patch's own: rows run down, the sun stands at its azimuth.
        sun, elevation = scene.canvas.sun
        tilt = -(gu * sin(sun) - gv * cos(sun)) / tan(elevation)
        shade = np.clip(0.2 + 0.8 * (1 + np.clip(tilt, -1, 1.5)), 0.15, 2.0)
        spots = (np.floor(np.abs(u) * 3) * 7 + np.floor(np.abs(v) * 3) * 13).astype(int) % 97
        shade = shade * (1 + folds * grain[spots])
        return r < 1, height, shade, np.full(u.shape, paint, np.uint8)

    return make, lambda u, v: radius(u, v) < 1


def free_spot(scene: Scene, inside: np.ndarray, reach: float, gap: float) -> tuple[float, float] | None:
    """Find a place on the apron that is free by ``gap`` metres; None when there is none."""
    rng = scene.rng
    for _ in range(20):
        x, y = rng.uniform(MARGIN_M - 2, SIDE_M - MARGIN_M + 2, 2)
        row, col = int((SIDE_M - y) / FINE_M), int(x / FINE_M)
        if inside[row, col] and all(np.hypot(x - a, y - b) > reach + r + gap for a, b, r in scene.spots):
            return float(x), float(y)
    return None


def add_goods(scene: Scene, inside: np.ndarray, heading: float, base: np.ndarray) -> None:
    """Set down one object, or a row of like ones."""
    rng = scene.rng
    kind = str(
        rng.choice(
            ["crate", "stack", "container", "heap", "tarp", "logs", "mass", "row"],
            p=[0.2, 0.15, 0.12, 0.18, 0.15, 0.06, 0.05, 0.09],
        )
    )
    size = (float(rng.uniform(1.8, 8)), float(rng.uniform(1.6, 4.5)), float(tone(rng, 0.5, 3.2)))
    if rng.random() < 0.3:  # the least that must be told: 3 to 9 m2
        size = (float(rng.uniform(1.8, 3.6)), float(rng.uniform(1.7, 2.6)), size[2])
    if kind == "container":
        size = (float(rng.choice([6.06, 12.19])), 2.44, float(rng.choice([2.59, 2.9, 5.2])))
    if kind == "mass":
        size = (float(rng.uniform(10, 30)), float(rng.uniform(6, 14)), float(rng.uniform(1, 4)))
    if kind == "heap":
        size = (size[0], size[1], min(size[2], rng.uniform(0.45, 1.1) * size[1]))
    if rng.random() < 0.75:
        heading += float(rng.choice([0, 90])) + float(rng.normal(0, 4))
    else:
        heading = float(rng.uniform(0, 180))
    count = int(rng.integers(2, 7)) if kind == "row" else 1
    touch = rng.random() < 0.4
    spot = free_spot(scene, inside, 0.5 * max(size[:2]), -0.2 if touch else 0.8)
    if spot is None:
        return
    paint = paint_of(rng, base)
    if rng.random() < 0.35 and float(scene.ground[:, inside].mean()) > 0.45:
        paint = np.array([0.82, 0.83, 0.82, 0.75]) * rng.uniform(0.8, 1.1)  # snow lies on the goods too
    gap = float(rng.choice([-0.3, 0.0, 0.1, 0.4, 1.0, 2.0]))
    aside = float(rng.uniform(-0.6, 0.6)) * size[1] if rng.random() < 0.4 else 0.0
    style = str(rng.choice(["plain", "boards", "pieces", "ribs"]))
    for k in range(count):
        along = k * (size[0] + gap)
        off = aside * (k % 2)
        a = radians(heading)
        x, y = spot[0] + along * sin(a) + off * cos(a), spot[1] + along * cos(a) - off * sin(a)
        row, col = int((SIDE_M - y) / FINE_M), int(x / FINE_M)
        if not (0 <= row < inside.shape[0] and 0 <= col < inside.shape[1] and inside[row, col]):
            break
        body(scene, (x, y, heading), size, paint * np.exp(rng.normal(0, 0.06)), kind, style)


def body(scene: Scene, pose: Any, size: Any, paint: np.ndarray, kind: str, style: str) -> None:
    """Draw one good and mark its ground."""
    rng = scene.rng
    index = scene.canvas.own(tuple(float(p) for p in paint))
    scene.count += 1
    if kind in ("heap", "tarp") or (kind == "mass" and rng.random() < 0.6):
        make, covers = heap_body(scene, size, index, 2.0 if kind == "heap" else rng.choice([4.0, 6.0, 9.0]))
    else:
        paints = [index] + [scene.canvas.own(tuple(float(p) for p in paint_of(rng, paint))) for _ in range(2)]
        style = {"logs": "logs", "container": "ribs", "stack": "pieces"}.get(kind, style)
        make = box_body(scene, size, paints if rng.random() < 0.4 else [index], style)
        half_l, half_w = size[0] / 2, size[1] / 2
        covers = lambda u, v: (np.abs(u) <= half_l) & (np.abs(v) <= half_w)  # noqa: E731
    put(scene, pose, size, make)
    stamp(scene, scene.goods, pose, covers, scene.count)
    scene.spots.append((pose[0], pose[1], 0.35 * (size[0] + size[1])))


def add_vehicle(scene: Scene, inside: np.ndarray, heading: float, base: np.ndarray) -> None:
    """Park a car or a lorry."""
    rng = scene.rng
    car = rng.random() < 0.5
    size = (4.4, 1.8, 1.5) if car else (float(rng.uniform(6, 14)), 2.5, float(rng.uniform(2.2, 3.6)))
    if rng.random() < 0.5:
        heading = float(rng.uniform(0, 360))
    spot = free_spot(scene, inside, 0.5 * size[0], 0.5)
    if spot is None:
        return
    colour = scene.canvas.own(tuple(float(p) for p in paint_of(rng, base)))
    load = scene.canvas.own(tuple(float(p) for p in paint_of(rng, base)))
    glass = scene.canvas.own((0.04, 0.045, 0.05, 0.06))
    half_l, half_w, high = size[0] / 2, size[1] / 2, size[2]
    bed = rng.uniform(0.5, 1.0) * high

    def make(u: Any, v: Any) -> Any:
        inside_ = (np.abs(u) <= half_l) & (np.abs(v) <= half_w)
        paint = np.full(u.shape, colour, np.uint8)
        height = np.full(u.shape, high)
        if car:
            height = np.where(np.abs(u) > 0.6 * half_l, 0.6 * high, high)
            paint[(np.abs(u) > 0.38 * half_l) & (np.abs(u) < 0.6 * half_l)] = glass
        else:
            front = u > half_l - 2.2
            height = np.where(front, min(high, 2.8), bed)
            paint[~front] = load
            inside_ &= ~((u > half_l - 2.6) & (u < half_l - 2.2))
        return inside_, height, np.ones(u.shape), paint

    pose = (*spot, heading)
    put(scene, pose, size, make)
    covers = lambda u, v: (np.abs(u) <= half_l) & (np.abs(v) <= half_w)  # noqa: E731
    stamp(scene, scene.vehicles, pose, covers, 1)
    scene.spots.append((*spot, 0.4 * size[0]))


def add_outsiders(scene: Scene, outside: np.ndarray, inside: np.ndarray, heading: float) -> None:
    """Raise what throws its shadow upon the apron: sheds and trees beside it, masts and fences on it."""
    rng = scene.rng
    for _ in range(rng.poisson(0.8)):
        spot = rng.uniform(0, SIDE_M, 2)
        row, col = int((SIDE_M - spot[1]) / FINE_M), int(spot[0] / FINE_M)
        row, col = min(row, outside.shape[0] - 1), min(col, outside.shape[1] - 1)
        if not outside[row, col]:
            continue
        tree = rng.random() < 0.4
        size = (rng.uniform(3, 7),) * 2 if tree else (rng.uniform(5, 20), rng.uniform(4, 9))
        index = scene.canvas.own(tuple(float(p) for p in (leafy(rng) if tree else paint_of(rng, leafy(rng)))))
        whole = (float(size[0]), float(size[1]), float(rng.uniform(2.5, 9)))
        pose = (float(spot[0]), float(spot[1]), heading + float(rng.normal(0, 6)))
        if tree:
            put(scene, pose, whole, heap_body(scene, whole, index, 2.0)[0])
        else:
            put(scene, pose, whole, box_body(scene, whole, [index], str(rng.choice(["plain", "ribs"]))))
    for _ in range(rng.poisson(0.7)):
        spot = rng.uniform(0, SIDE_M, 2)
        index = scene.canvas.own(tuple(float(p) for p in mineral(rng, 0.05, 0.4)))
        size = (0.4, 0.4, float(rng.uniform(3, 12)))
        if rng.random() < 0.25:
            size = (float(rng.uniform(6, 30)), 0.15, float(rng.uniform(1, 2.5)))
        put(scene, (float(spot[0]), float(spot[1]), heading), size, box_body(scene, size, [index], "plain"))


def add_track(scene: Scene, v0: float, heading: float) -> None:
    """Lay a track at offset ``v0`` from the middle, sometimes with a train on it."""
    rng = scene.rng
    shape = scene.goods.shape
    u, v = turned(shape, heading)
    bed = np.abs(v - v0) < rng.uniform(1.8, 2.6)
    ballast = mineral(rng, 0.06, 0.3)[:, None] * np.exp(0.12 * noise(rng, shape, 0.2)[bed])
    scene.ground[:, bed] = ballast
    rail = np.abs(np.abs(v - v0) - 0.76) < 0.08
    scene.ground[:, rail] = mineral(rng, 0.05, 0.35)[:, None]
    if rng.random() < 0.45:
        return
    at = float(rng.uniform(-30, 10))
    wide = float(rng.uniform(2.8, 3.3))
    a = radians(heading)
    for _ in range(int(rng.integers(1, 6))):
        length, high = float(rng.uniform(11, 18)), float(rng.uniform(1.3, 4.9))
        index = scene.canvas.own(tuple(float(p) for p in paint_of(rng, mineral(rng))))
        mid = at + length / 2
        x = SIDE_M / 2 + mid * sin(a) + v0 * cos(a)
        y = SIDE_M / 2 + mid * cos(a) - v0 * sin(a)
        size = (length, wide, high)
        style = str(rng.choice(["plain", "boards", "ribs", "pieces"]))
        put(scene, (x, y, heading), size, box_body(scene, size, [index], style))
        cover = (np.abs(u - mid) < length / 2 + 0.6) & (np.abs(v - v0) < wide / 2)
        scene.trains[cover] = 1
        at += length + 1.1


def make_patch(seed: int) -> dict[str, Any]:
    """Paint one patch.

    Returns
    -------
    dict
        ``values`` (4, n, n) float32 as a sensor gives them, resampled to the network's pixels; ``usable``,
        ``train`` (n, n) bool; ``cover`` (4, n, n): goods, cores of goods, vehicles, shadow, 0 to 1;
        ``known`` the sun and the view.
    """
    rng = np.random.default_rng([seed, 4100])
    cells = round(SIDE_M / FINE_M)
    elevation = float(rng.uniform(11, 66))
    azimuth = float(rng.normal(0, 1.5)) if rng.random() < 0.93 else float(rng.uniform(0, 360))
    grid = Grid(crs="EPSG:32652", west=0.0, north=SIDE_M, pixel_m=FINE_M, rows=cells, cols=cells)
    base = mineral(rng) if rng.random() < 0.93 else leafy(rng)
    heading = float(rng.uniform(0, 180))
    u, v = turned((cells, cells), heading)
    del u
    half = 60.0 if rng.random() < 0.2 else float(rng.uniform(2.5, 18))
    middle = float(rng.uniform(-8, 8))
    inside = np.abs(v - middle) < half
    beyond = leafy(rng) if rng.random() < 0.5 else mineral(rng)
    rough = np.exp(rng.uniform(0.03, 0.25) * noise(rng, (cells, cells), rng.uniform(0.3, 4)))
    ground = np.where(inside, pavement(rng, (cells, cells), base, heading), beyond[:, None, None] * rough)
    zero = np.zeros((cells, cells), np.uint8)
    scene = Scene(
        rng=rng,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        off_nadir_deg=float(rng.uniform(0, 28)),
        view_azimuth_deg=float(rng.uniform(0, 360)),
        canvas=Canvas(grid, azimuth, elevation),
        ground=ground.astype(np.float32),
        goods=zero.astype(np.int32),
        vehicles=zero.copy(),
        trains=zero.copy(),
        heading_deg=heading,
    )
    track = None
    if half < 30 and rng.random() < 0.75:
        side = float(rng.choice([-1, 1]))
        track = middle + side * (half + float(rng.uniform(1.9, 4.0)))
        add_track(scene, track, heading)
    add_outsiders(scene, np.abs(v - middle) > half + 2.0, inside, heading)
    if rng.random() < 0.72:
        for _ in range(1 + rng.poisson(2.2 if rng.random() < 0.9 else 8.0)):
            add_goods(scene, np.abs(v - middle) < half - 0.8, heading, base)
    for _ in range(rng.poisson(0.5)):
        add_vehicle(scene, inside, heading, base)
    return _expose(scene, inside, None if track is None else np.abs(v - track) < 1.9)


def _expose(scene: Scene, inside: np.ndarray, track: np.ndarray | None) -> dict[str, Any]:
    rng = scene.rng
    lit, light = _light(scene)
    gsd = float(rng.choice([0.25, 0.3, 0.3, 0.35, 0.4, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 1.0]))
    shown = _view(scene, light, lit)
    values = _sensor(shown, gsd, rng)
    border = round(MARGIN_M / FINE_M)
    cover = np.stack(
        [scene.goods > 0, _cores(scene.goods), scene.vehicles > 0, (lit < 0.5) & (scene.canvas.paint == 0)]
    ).astype(np.float32)
    usable = inside.astype(np.float32)
    if track is not None:
        usable[track] = 0
    train = cv2.dilate(scene.trains, np.ones((15, 15), np.uint8)) > 0
    usable[train] = 0
    shift = rng.normal(0, 0.25, 2) / FINE_M
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    masks = [cv2.warpAffine(np.asarray(m, np.float32), move, m.shape[::-1]) for m in (usable, train)]
    inner = slice(border, -border)
    size = (NET_PX, NET_PX)
    shrink = [cv2.resize(m[inner, inner], size, interpolation=cv2.INTER_AREA) for m in (*cover, *masks)]
    known = rng.random() < 0.96 and abs(scene.sun_azimuth_deg) < 6.0
    lean = tan(radians(scene.off_nadir_deg))
    # The top is shown away from the satellite: (east, north) metres a metre of height.
    away = (-lean * sin(radians(scene.view_azimuth_deg)), -lean * cos(radians(scene.view_azimuth_deg)))
    viewed = known and rng.random() < 0.85
    return {
        "values": values,
        "usable": shrink[4] > 0.5,
        "train": shrink[5] > 0.5,
        "cover": np.stack(shrink[:4]),
        "known": np.array(
            [
                1 / tan(radians(scene.sun_elevation_deg)) if known else 0.0,
                away[0] if viewed else 0.0,
                away[1] if viewed else 0.0,
                gsd,
            ],
            np.float32,
        ),
        "clean": cv2.resize(
            ((scene.canvas.paint == 0) & inside & (lit > 0.5)).astype(np.float32)[inner, inner],
            size,
            interpolation=cv2.INTER_AREA,
        )
        > 0.9,
    }


def _cores(goods: np.ndarray) -> np.ndarray:
    """Return the inner part of every object, apart from its neighbours'."""
    out = np.zeros(goods.shape, bool)
    for k in range(1, int(goods.max()) + 1):
        mask = goods == k
        if not mask.any():
            continue
        rows, cols = np.nonzero(mask)
        cut = (slice(max(rows.min() - 1, 0), rows.max() + 2), slice(max(cols.min() - 1, 0), cols.max() + 2))
        depth = cv2.distanceTransform(mask[cut].astype(np.uint8), cv2.DIST_L2, 5) * FINE_M
        out[cut] |= depth > min(0.7, 0.45 * float(depth.max()))
    return out


def _light(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of direct sun and the light on every cell (4, rows, cols)."""
    rng = scene.rng
    above = cast_shadow(scene.canvas.height, FINE_M, scene.sun_azimuth_deg, scene.sun_elevation_deg)
    direct = above <= 0.03
    for _ in range(rng.poisson(0.3)):
        direct &= ~_strip(scene)
    lit = cv2.GaussianBlur(direct.astype(np.float32), (0, 0), rng.uniform(0.1, 2.5))
    sky = np.array([0.30, 0.23, 0.18, 0.11]) * (40 / scene.sun_elevation_deg) ** 0.5
    sky = np.clip(sky * rng.uniform(0.6, 1.9) + rng.uniform(0, 0.08), 0.05, 0.7)
    if rng.random() < 0.25:  # air that scatters all bands alike
        sky = np.full(4, rng.uniform(0.12, 0.6))
    light = sky[:, None, None] + (1 - sky)[:, None, None] * lit
    if rng.random() < 0.06:
        veil = np.clip(0.75 + 0.3 * noise(rng, lit.shape, 25.0), 0.4, 1.0)
        light = light * veil
    return lit, light


def _strip(scene: Scene) -> np.ndarray:
    """Return the shadow of something long outside the patch: a train, a shed, a wall."""
    rng = scene.rng
    shape = scene.goods.shape
    u, v = turned(shape, scene.heading_deg + float(rng.choice([0.0, 90.0])) + float(rng.normal(0, 5)))
    wide = float(rng.uniform(1.0, 14.0))
    at = float(rng.uniform(-20, 20))
    strip = np.abs(v - at) < wide / 2
    if rng.random() < 0.5:  # it ends, or has the gaps between wagons
        start, stop = np.sort(rng.uniform(-25, 25, 2))
        strip &= (u > start) & (u < stop)
    if rng.random() < 0.4:
        length, gap = rng.uniform(10, 18), rng.uniform(0.5, 2.5)
        strip &= (u + 60) % length > gap
    return strip & (scene.canvas.height < rng.uniform(0.5, 5.0))


def _view(scene: Scene, light: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return what is seen from the satellite: objects lean, walls show."""
    rng, canvas = scene.rng, scene.canvas
    palette = np.array(canvas.palette, dtype=np.float32)
    raised = canvas.paint > 0
    grain = 1 + rng.uniform(0.01, 0.12) * noise(rng, lit.shape, 0.2)
    albedo = np.where(raised, palette[canvas.paint].transpose(2, 0, 1) * canvas.shade * grain, scene.ground)
    seen = albedo * light
    at, source, wall = view_source(canvas.height, FINE_M, scene.off_nadir_deg, scene.view_azimuth_deg)
    if len(at):
        facing = max(cos(radians(scene.sun_azimuth_deg - scene.view_azimuth_deg)), 0.0)
        bright = 0.25 + min(0.6 * facing / tan(radians(scene.sun_elevation_deg)), 1.2)
        for band, image in zip(albedo, seen, strict=True):
            flat = image.ravel()
            moved = flat[source]
            moved[wall] = band.ravel()[source][wall] * bright
            flat[at] = moved
    return seen.astype(np.float32)


def _sensor(shown: np.ndarray, gsd: float, rng: np.random.Generator) -> np.ndarray:
    """Blur, sample on a turned pixel grid, add air and noise, and resample to the network's pixels."""
    cells = shown.shape[1]
    angle = float(rng.uniform(0, 2 * np.pi))
    count = int(SIDE_M * 0.98 / gsd)
    ox, oy = rng.uniform(-0.5, 0.5, 2)
    col, row = np.meshgrid(np.arange(count) - count / 2 + ox, np.arange(count) - count / 2 + oy)
    scale = gsd / FINE_M
    map_x = cells / 2 + scale * (col * np.cos(angle) - row * np.sin(angle))
    map_y = cells / 2 + scale * (col * np.sin(angle) + row * np.cos(angle))
    sigma = scale * np.hypot(rng.uniform(0.2, 0.85), 0.29)
    haze = rng.choice([0.0, 0.0, 0.1, 0.3]) * rng.random()
    noisy = tone(rng, 0.0004, 0.012)
    crisp = float(rng.uniform(0.2, 0.9)) if rng.random() < 0.15 else 0.0  # a vendor's sharpening
    shift = rng.normal(0, 0.15, (4, 2)) * scale
    native = []
    for k, band in enumerate(shown):
        blurred = cv2.GaussianBlur(band, (0, 0), float(sigma))
        image = cv2.remap(
            blurred,
            (map_x + shift[k, 0]).astype(np.float32),
            (map_y + shift[k, 1]).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if crisp:
            image = np.maximum(image + crisp * (image - cv2.GaussianBlur(image, (0, 0), 1.0)), 0.002)
        image = image * (1 - 0.5 * haze) + (0.055, 0.035, 0.02, 0.01)[k] * rng.uniform(0, 1.6) + 0.3 * haze
        image += noisy * np.sqrt(0.3 + 3.5 * np.clip(image, 0, 1)) * rng.standard_normal(image.shape)
        native.append(image)
    values = np.stack(native)
    if rng.random() < 0.3:  # a vendor's picture: gamma, 8 bits, bright ground burnt out
        top = np.quantile(values, rng.uniform(0.97, 1.0))
        values = np.round(np.clip(values / top, 0, 1) ** rng.uniform(0.6, 1.0) * 254) / 254 + 0.004
    values = np.maximum(values * np.exp(rng.normal(0, 0.08, 4))[:, None, None], 0.002).astype(np.float32)
    n = np.arange(NET_PX) - NET_PX / 2 + 0.5
    x, y = np.meshgrid(n * NET_M / gsd, n * NET_M / gsd)
    back_x = (x * np.cos(angle) + y * np.sin(angle)) + count / 2 - ox
    back_y = (-x * np.sin(angle) + y * np.cos(angle)) + count / 2 - oy
    # The fine grid's cell centres lie half a cell from its corner.
    half = 0.5 * FINE_M / gsd
    back_x, back_y = (b - half for b in (back_x, back_y))
    maps = back_x.astype(np.float32), back_y.astype(np.float32)
    return np.stack([cv2.remap(v, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) for v in values])
