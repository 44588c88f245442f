"""Hints of what vehicles carry: inner wall shadow of open vehicles, shadow beside flats.

An empty open vehicle holds the shadow of its own sunward wall: the sunward side of its inside is dark, the
other lit. A load near the rim is even. A flat's shadow is as short as its deck is low, or as long as
what stands on it. A hint, never more; none is given where the picture does not show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tumangang_watch.detect.shadows import lean_fall, shadow_fall
from tumangang_watch.grid import Float64
from tumangang_watch.model.detection import Detection, Vehicle
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.trains import LoadSettings
from tumangang_watch.track_frame import frame_along

STEP_M = 0.25
RIM_M = 2.5
"""Height of a vehicle's rim over the ground, where it is seen."""
Hint = tuple[Literal["loaded", "empty"], str]
"""A vehicle's load and the evidence for it."""


@dataclass(frozen=True)
class Inside:
    """What is read of one vehicle, across the track and towards the sun."""

    across_m: Float64
    """(n,) offset from the track's centre, positive away from the sun."""
    light: Float64
    """(n,) brightness, mean along the vehicle's middle; the scene's shadow at 0, its bed at 1."""
    sun_across: float
    """Length across the track of the shadow of a body 1 m high."""


def hint_loads(
    observation: Observation, trains: tuple[Detection, ...], site: Site, settings: LoadSettings
) -> tuple[Detection, ...]:
    """Add hints of the load to the vehicles of a date's trains, where the picture shows it."""
    scene = observation.scene
    elevation, azimuth = scene.sun_elevation_deg, scene.sun_azimuth_deg
    fine = observation.image.gsd_m <= settings.gsd_max_m
    steep = (scene.off_nadir_deg or 0.0) > settings.off_nadir_max_deg
    if not fine or steep or elevation is None or azimuth is None:
        return trains
    if not settings.sun_deg[0] <= elevation <= settings.sun_deg[1] or observation.quality.snowy:
        return trains
    tracks = {t.id: t for t in site.tracks}
    dark = darkest(observation)
    out = []
    for train in trains:
        track = tracks.get(train.track or "")
        still = not any(name == "band_offset_m" for name, _ in train.evidence)
        if track is None or not still:
            out.append(train)
            continue
        stock = tuple(_hinted(observation, track, v, dark, settings) for v in train.rolling_stock)
        out.append(replace(train, rolling_stock=stock))
    return tuple(out)


def darkest(observation: Observation) -> float:
    """Return the brightness of the darkest ground of a scene, mean over its bands."""
    image = observation.image
    seen = [image.values[:, *cut].mean(axis=0)[image.valid[cut]] for cut in image.windows]
    return float(np.quantile(np.concatenate(seen), 0.005))


def _hinted(
    observation: Observation, track: Track, vehicle: Vehicle, dark: float, settings: LoadSettings
) -> Vehicle:
    """Return a vehicle with a hint where one can be given."""
    sure = dict(vehicle.types).get(vehicle.type, 0.0) >= settings.type_sure
    if vehicle.type not in ("open", "flat") or not sure:
        return vehicle
    inside = read_inside(observation, track, vehicle, dark, settings)
    if inside is None:
        return vehicle
    hint = hint_open(inside, settings) if vehicle.type == "open" else hint_flat(inside, settings)
    return replace(vehicle, load=hint[0], load_evidence=hint[1]) if hint else vehicle


def read_inside(
    observation: Observation, track: Track, vehicle: Vehicle, dark: float, settings: LoadSettings
) -> Inside | None:
    """Read a vehicle across the track; None where it is not seen or no ground beside it tells the light.

    ``dark`` is the scene's darkest ground (`darkest`).
    """
    scene, image = observation.scene, observation.image
    inset = 0.2 * (vehicle.to_m - vehicle.from_m)
    s = np.arange(vehicle.from_m + inset, max(vehicle.to_m - inset, vehicle.from_m + inset + 1), STEP_M)
    frame = frame_along(track.line, s, 3.0)
    left = frame.left.mean(axis=1)
    fall = shadow_fall(scene, 1.0, 35.0)
    if fall is None:
        return None
    side = 1.0 if fall @ left >= 0 else -1.0
    y = np.arange(-settings.reach_m, settings.reach_m + 1e-6, STEP_M)
    values, valid = image.sample(*frame.mesh(side * y + lean_fall(scene, RIM_M) @ left))
    if valid.mean() < 0.95:
        return None
    light = values.mean(axis=0)
    profile = np.median(light, axis=1)
    bed = float(np.median(profile[(y < -2.2) & (y > -4.0)]))
    if bed - dark < 0.05 * abs(bed):
        return None
    return Inside(y, (profile - dark) / (bed - dark), abs(float(fall @ left)))


def hint_open(inside: Inside, settings: LoadSettings) -> Hint | None:
    """Tell an empty open vehicle by the shadow of its own wall, a loaded one by an even inside."""
    width = settings.wall_m * inside.sun_across
    if not settings.inner_shadow_m[0] <= width <= settings.inner_shadow_m[1]:
        return None
    y, half = inside.across_m, settings.half_width_m
    sunward = float(inside.light[(y >= -half) & (y < -0.25 * half)].mean())
    other = float(inside.light[(y > 0.25 * half) & (y <= half)].mean())
    contrast = (other - sunward) / max(abs(other) + abs(sunward), 0.2)
    if contrast >= settings.empty_contrast:
        return "empty", f"inner wall shadow: its sunward side is darker by {contrast:.2f} of the light"
    sure = settings.surely_seen_m[0] <= width <= settings.surely_seen_m[1]
    if sure and abs(contrast) <= settings.loaded_contrast:
        return "loaded", f"even from wall to wall (difference {contrast:.2f} of the light)"
    return None


def height_by_shadow(inside: Inside, settings: LoadSettings) -> tuple[float, float, float] | None:
    """Return the height (estimate, low, high) of a body by the shadow beside it, or None.

    The shadow is followed from the body's edge outwards until half of the light is back.
    """
    if inside.sun_across < 0.35:
        return None
    y = inside.across_m
    start = 1.6
    beside = np.flatnonzero(y >= start)
    sunlit = inside.light[beside] > 1 - settings.shadow_lost
    if sunlit[:2].all():
        reach = 0.0
    elif not sunlit.any():
        return None
    else:
        reach = float(y[beside[int(np.argmax(sunlit & (np.arange(sunlit.size) >= 1)))]] - start)
    error = 0.6
    # The shadow starts at the body's edge, 1.5 m from the centre.
    estimate = (reach + 0.1) / inside.sun_across
    return estimate, max(reach - error, 0.0) / inside.sun_across, (reach + error) / inside.sun_across


def hint_flat(inside: Inside, settings: LoadSettings) -> Hint | None:
    """Tell an empty flat by a short shadow, a loaded one by a long one."""
    height = height_by_shadow(inside, settings)
    if height is None:
        return None
    estimate, low, high = height
    words = f"its shadow gives a height of {estimate:.1f} m ({low:.1f} to {high:.1f} m)"
    if high <= settings.flat_height_m:
        return "empty", words
    if low >= settings.loaded_height_m:
        return "loaded", words
    return None
