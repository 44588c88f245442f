"""The fine grid that an inserted vehicle is drawn on, and the way from native pixels to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, ceil, degrees, radians, tan

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import affine_transform

from tumangang_watch.detectability.model import Placement
from tumangang_watch.detectability.scene_light import SceneLight
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.site import Track
from tumangang_watch.simulate.traffic import SECTIONS

BLUR_REACH = 4.0
"""Standard deviations beyond which blur moves no light."""


def reach_m(light: SceneLight) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return how far a tall vehicle's shadow and its leaning top go, (east, north), and the blur's reach."""
    height = max(h for _, h in SECTIONS.values()) + 0.6
    shadow = height / tan(radians(light.sun_elevation_deg))
    lean = height * tan(radians(light.off_nadir_deg))

    def away(azimuth: float, length: float) -> tuple[float, float]:
        return (-length * float(np.sin(radians(azimuth))), -length * float(np.cos(radians(azimuth))))

    blur = BLUR_REACH * light.blur_m
    return away(light.sun_azimuth_deg, shadow), away(light.view_azimuth_deg, lean), blur


@dataclass(frozen=True, kw_only=True)
class InsertionFrame:
    """A fine grid along the track: its "east" is the direction of travel, its "north" lies to the left."""

    grid: Grid
    x: float
    y: float
    heading_deg: float
    """Of the direction of travel, clockwise from north."""
    track: Track
    """In the frame's own metres."""
    sun_azimuth_deg: float
    view_azimuth_deg: float
    off_nadir_deg: float


def frame_of(track: Track, placement: Placement, light: SceneLight) -> InsertionFrame:
    """Return the fine grid that holds a placement with its shadow, its lean and their blur."""
    a = track.line.interpolate(placement.from_m)
    b = track.line.interpolate(placement.to_m)
    x, y = (a.x + b.x) / 2, (a.y + b.y) / 2
    span = max(float(np.hypot(b.x - a.x, b.y - a.y)), 1e-6)
    ex, ey = (b.x - a.x) / span, (b.y - a.y) / span
    centre = (-(ex * x + ey * y), -(-ey * x + ex * y) + placement.aside_m)
    local = affine_transform(track.line, (ex, ey, -ey, ex, *centre))
    heading = degrees(atan2(ex, ey))
    turn = 90.0 - heading
    corners = np.array([(-span / 2 - 1.5, -2.2), (span / 2 + 1.5, 2.2)])
    # A track that bends leaves the chord.
    at = np.linspace(placement.from_m, placement.to_m, 9)
    off = shapely.get_coordinates(shapely.line_interpolate_point(local, at))[:, 1]
    bend = np.array([min(off.min(), 0.0), max(off.max(), 0.0)])
    corners[:, 1] += bend
    shadow, lean, blur = reach_m(light)
    for dx, dy in (shadow, lean):
        u, v = dx * ex + dy * ey, -dx * ey + dy * ex
        corners[0] = np.minimum(corners[0], (-span / 2 - 1.5 + u, -2.2 + bend[0] + v))
        corners[1] = np.maximum(corners[1], (span / 2 + 1.5 + u, 2.2 + bend[1] + v))
    corners[0] -= blur
    corners[1] += blur
    cell = float(np.clip(light.blur_m / 1.5, 0.125, 0.4))
    size = np.ceil((corners[1] - corners[0]) / cell).astype(int)
    grid = Grid(
        crs="local",
        west=float(corners[0, 0]),
        north=float(corners[1, 1]),
        pixel_m=cell,
        rows=int(size[1]),
        cols=int(size[0]),
    )
    own = Track(id=track.id, line=local, name=track.name)
    return InsertionFrame(
        grid=grid,
        x=x,
        y=y,
        heading_deg=heading,
        track=own,
        sun_azimuth_deg=light.sun_azimuth_deg + turn,
        view_azimuth_deg=light.view_azimuth_deg + turn,
        off_nadir_deg=light.off_nadir_deg,
    )


def hidden_columns(frame: InsertionFrame, placement: Placement) -> NDArray[np.bool_]:
    """Return the columns (cols,) of a frame that lie under the beams of a bridge."""
    u = frame.grid.west + (np.arange(frame.grid.cols) + 0.5) * frame.grid.pixel_m
    along = (placement.from_m + placement.to_m) / 2 + u
    hidden = np.zeros(u.size, bool)
    for low, high in placement.hidden_m:
        hidden |= (along >= low) & (along < high)
    return hidden


def native_window(
    image: NativeImage, frame: InsertionFrame
) -> tuple[tuple[slice, slice], NDArray[np.float32], NDArray[np.float32]]:
    """Return the native window that shows a frame, and the frame's (row, col) at each of its pixels."""
    west, south, east, north = frame.grid.bounds
    heading = radians(frame.heading_deg)
    ex, ey = float(np.sin(heading)), float(np.cos(heading))
    u, v = np.array([west, east, east, west]), np.array([north, north, south, south])
    row, col = image.pixel_of(frame.x + u * ex - v * ey, frame.y + u * ey + v * ex)
    rows, cols = image.valid.shape
    r0, r1 = max(int(row.min()), 0), min(ceil(row.max()) + 1, rows)
    c0, c1 = max(int(col.min()), 0), min(ceil(col.max()) + 1, cols)
    window = (slice(r0, max(r1, r0)), slice(c0, max(c1, c0)))
    # Over some tens of metres the way from metres to pixels is a plane.
    at = (
        np.array([frame.x, frame.x + 10 * ex, frame.x - 10 * ey]),
        np.array([frame.y, frame.y + 10 * ey, frame.y + 10 * ex]),
    )
    pr, pc = image.pixel_of(*at)
    forward = np.array([[pr[1] - pr[0], pr[2] - pr[0]], [pc[1] - pc[0], pc[2] - pc[0]]]) / 10
    back = np.linalg.inv(forward)
    dr = (np.arange(window[0].start, window[0].stop) - pr[0])[:, None]
    dc = (np.arange(window[1].start, window[1].stop) - pc[0])[None, :]
    fine_row, fine_col = frame.grid.to_pixel(
        back[0, 0] * dr + back[0, 1] * dc, back[1, 0] * dr + back[1, 1] * dc
    )
    return window, fine_row.astype(np.float32), fine_col.astype(np.float32)
