"""Draw a yard by chance: tracks, aprons, handling ground, surroundings. Reproducible by its seed."""

from __future__ import annotations

import numpy as np
from shapely import Polygon
from shapely.ops import unary_union

from tumangang_watch.model.site import Area, Role, Site, Track
from tumangang_watch.simulate.places.scenery import (
    YardFrame,
    buildings,
    fields,
    masts,
    trackside,
    woods,
    yard_ground,
)
from tumangang_watch.simulate.world import TrackAppearance, World, footprint

CRS = "EPSG:32652"
CENTRE = (634_000.0, 4_696_700.0)
"""Near the real yard, so that sun and projection are those of the place."""


def make_world(seed: int, *, length_m: float | None = None, tracks: int | None = None) -> World:
    """Draw a yard; where not given, the seed draws its tracks' length (250 to 380 m) and number (3 to 6)."""
    rng = np.random.default_rng([seed, 100])
    length = float(rng.uniform(250, 380)) if length_m is None else length_m
    count = int(rng.integers(3, 7)) if tracks is None else tracks
    radius = np.inf if rng.random() < 0.4 else float(rng.choice([-1, 1]) * rng.uniform(600, 2500))
    jitter = rng.uniform(-400, 400, 2)
    frame = YardFrame(CENTRE[0] + jitter[0], CENTRE[1] + jitter[1], float(rng.uniform(0, 180)), radius)
    half = length / 2
    offsets = _offsets(count, float(rng.uniform(4.5, 5.5)), rng)
    rails, listed = _tracks(frame, half, offsets, rng)
    left, right = offsets[0], offsets[-1]
    aprons = _aprons(frame, half, left, right, rng)
    yard = frame.patch(-half - 8, half + 8, left - 30, right + 38)
    handling = frame.patch(-half * 0.75, half * 0.75, right + 3.0, right + 36)
    bounds = yard.buffer(70).bounds
    looks = track_looks(len(rails), rng)
    surfaces = fields(frame, (left, right), bounds, rng)
    surfaces += yard_ground(frame, half, (left, right), aprons, looks[0].ballast, rng)
    blocks, stable = buildings(frame, half, (left, right), rng)
    hard = unary_union(aprons).buffer(2.0)
    beside = trackside(frame, half, offsets, np.random.default_rng([seed, 101]))
    # Aprons hold nothing but the cargo that the truth lists.
    blocks += [block for block in beside if not footprint(block).intersects(hard)]
    if rng.random() < 0.7:
        blocks += masts(frame, half, left - 3.6, rng)
    trees = woods(yard, blocks, bounds, rng)
    areas = [
        Area(id="yard", role="yard", polygon=yard, name="Yard"),
        Area(id="handling", role="handling", polygon=handling, name="Handling area"),
        *_numbered("apron", aprons),
        *_numbered("stable", stable),
    ]
    site = Site(
        id=f"painted-{seed}",
        name=f"Painted yard {seed}",
        sha256="",
        crs=CRS,
        areas=tuple(areas),
        tracks=tuple(rails[:listed]),
    )
    edge = frame.patch(-half - 5, half + 5, left - 22, right + 37).exterior.coords
    fences = (tuple(edge),) if rng.random() < 0.5 else ()
    return World(
        seed=seed,
        site=site,
        bounds=bounds,
        surfaces=tuple(surfaces),
        looks=looks,
        rails=tuple(rails),
        blocks=tuple(blocks),
        trees=tuple(trees),
        fences=fences,
        background=str(rng.choice(["dry_grass", "grass", "soil"])),
    )


def _numbered(role: Role, polygons: list[Polygon]) -> list[Area]:
    return [
        Area(id=f"{role}-{k}", role=role, polygon=polygon, name=f"{role.capitalize()} {k}")
        for k, polygon in enumerate(polygons, start=1)
    ]


def _offsets(count: int, spacing: float, rng: np.random.Generator) -> list[float]:
    """Return the tracks' v: mostly evenly spaced, sometimes with a wide gap (a platform) in between."""
    gaps = spacing + rng.normal(0, 0.06, count - 1)
    if count > 3 and rng.random() < 0.4:
        gaps[int(rng.integers(0, count - 1))] += float(rng.uniform(3, 9))
    v = np.concatenate([[0], np.cumsum(gaps)])
    return [float(x) for x in v - v.mean()]


def _tracks(
    frame: YardFrame, half: float, offsets: list[float], rng: np.random.Generator
) -> tuple[list[Track], int]:
    """Return the site's tracks, then the leads that join them at a ladder of switches."""
    tracks = []

    def lay(id: str, points: list[tuple[float, float]], name: str) -> None:
        tracks.append(Track(id=id, line=frame.line(points), name=name, gauge_mm=1520))

    ladder = rng.random() < 0.6 and len(offsets) > 3
    start, first = -half, offsets[0]
    for k, v in enumerate(offsets):
        begin = start + 9.0 * 0.55 * (v - first) if ladder and k else start
        lay(f"T{k + 1}", [(begin, v), (half, v)], f"Track {k + 1}")
    listed = len(tracks)
    if ladder:
        joints = [(start - 30 + 5.0 * (v - first), v) for v in offsets]
        lay("lead", [(start - 45, first), joints[0], joints[-1]], "Lead")
        for k, (u, v) in enumerate(joints[1:], start=1):
            lay(f"lead-{k}", [(u, v), (start + 5.0 * (v - first), v)], "Lead")
    lay("main-in", [(-half - 120, first), (-half, first)], "Main")
    lay("main-out", [(half, first), (half + 120, first)], "Main")
    return tracks, listed


def track_looks(count: int, rng: np.random.Generator) -> tuple[TrackAppearance, ...]:
    """Return each track's look: one ballast for the yard, with exceptions."""
    ballasts = ["ballast_grey", "ballast_brown", "ballast_pale", "cinder"]
    common = str(rng.choice(ballasts, p=[0.4, 0.35, 0.1, 0.15]))
    sleeper = str(rng.choice(["sleeper_wood", "sleeper_concrete"]))
    looks = []
    for _ in range(count):
        other = rng.random() >= 0.75
        ballast = str(rng.choice(["ballast_grey", "ballast_brown", "cinder"])) if other else common
        looks.append(
            TrackAppearance(
                ballast=ballast,
                sleeper=sleeper if rng.random() < 0.85 else "sleeper_wood",
                shine=float(rng.choice([0.0, 0.5, 1.0])),
                brightness=float(np.exp(rng.normal(0, 0.12))),
                oil=float(rng.uniform(0, 0.5)),
                weeds=float(rng.choice([0.0, 0.05, 0.15, 0.4], p=[0.35, 0.3, 0.25, 0.1])),
                shoulder_m=float(rng.uniform(2.0, 2.6)),
                inner=str(rng.choice(["", "ballast_brown", "cinder"], p=[0.3, 0.5, 0.2])),
            )
        )
    return tuple(looks)


def _aprons(
    frame: YardFrame, half: float, left: float, right: float, rng: np.random.Generator
) -> list[Polygon]:
    """Return one to three aprons beside the outer tracks."""
    length = float(rng.uniform(0.5, 0.9)) * half
    middle = float(rng.uniform(-0.2, 0.2)) * half
    width = float(rng.uniform(9, 18))
    out = [frame.patch(middle - length / 2, middle + length / 2, right + 3.2, right + 3.2 + width)]
    if rng.random() < 0.6:
        out.append(frame.patch(-half * 0.6, half * 0.3, left - 3.2 - float(rng.uniform(6, 12)), left - 3.2))
    return out
