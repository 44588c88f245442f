"""Sun, shadows and relief lean over a height map, clouds.

Rows run south, columns east; a direction is an azimuth clockwise from north. Heights in metres.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.grid import Grid
from tumangang_watch.simulate.world import DayState, Sensor


def cast_shadow(
    height: NDArray[np.float32], pixel_m: float, sun_azimuth_deg: float, sun_elevation_deg: float
) -> NDArray[np.float32]:
    """Return how far (metres) the shadow's upper edge lies above each cell; > 0 is in shadow.

    The map is sheared so that the sun's direction follows a row or a column; there the largest
    ``height - distance * tan(elevation)`` over all cells towards the sun is gathered by doubling
    the reach, so 256 cells of reach cost 8 passes.

    Parameters
    ----------
    height : (rows, cols) float32
        Surface height, metres.
    pixel_m : float
        Cell size.
    sun_azimuth_deg, sun_elevation_deg : float
        The sun; elevation above 1 degree.
    """
    top = float(height.max())
    if top <= 0:
        return np.zeros_like(height)
    # Unit step from a cell towards the sun, in (col, row).
    step_col, step_row = sin(radians(sun_azimuth_deg)), -cos(radians(sun_azimuth_deg))
    swap = abs(step_row) > abs(step_col)
    field = np.ascontiguousarray(height.T) if swap else height
    along, across = (step_row, step_col) if swap else (step_col, step_row)
    slope = across / along
    rows, cols = field.shape
    pad = int(abs(slope) * cols) + 2
    start = pad if slope > 0 else 0
    # Sheared row r + start - slope * c: the sun's direction becomes a row.
    shear = np.array([[1, 0, 0], [-slope, 1, start]], dtype=np.float64)
    sheared = np.asarray(
        cv2.warpAffine(field, shear, (cols, rows + pad), flags=cv2.INTER_NEAREST), dtype=np.float32
    )
    drop_m = pixel_m / abs(along) * tan(radians(sun_elevation_deg))
    reach = min(int(top / drop_m) + 1, cols - 1)
    best = sheared.copy()
    best[:, :] = -1e3
    _shift_max(best, sheared, 1 if along > 0 else -1, drop_m)
    k = 1
    while k < reach:
        _shift_max(best, best.copy(), k if along > 0 else -k, k * drop_m)
        k *= 2
    back = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    shadow = np.asarray(
        cv2.warpAffine(best, shear, (cols, rows), flags=back, borderValue=-1e3), dtype=np.float32
    )
    shadow -= field
    return np.ascontiguousarray(shadow.T) if swap else shadow


def _shift_max(target: NDArray[np.float32], source: NDArray[np.float32], cells: int, drop_m: float) -> None:
    """Raise ``target[:, c]`` to ``source[:, c + cells] - drop_m`` in place."""
    if abs(cells) >= target.shape[1]:
        return
    if cells > 0:
        np.maximum(target[:, :-cells], source[:, cells:] - drop_m, out=target[:, :-cells])
    else:
        np.maximum(target[:, -cells:], source[:, :cells] - drop_m, out=target[:, -cells:])


def view_source(
    height: NDArray[np.float32], pixel_m: float, off_nadir_deg: float, view_azimuth_deg: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return which cells of a slanted view show another cell than the one below them.

    An object's top at height ``h`` is shown ``h * tan(off_nadir)`` away from the satellite. The
    first surface along the ray from the satellite is the one that is seen.

    Returns
    -------
    shown_at : (n,) flat indices of cells of the view that show something raised
    source : (n,) flat indices of the cell each of them shows
    wall : (n,) bool, True where the ray meets a side and not a top
    """
    slope = tan(radians(off_nadir_deg))
    top = float(height.max())
    none = np.zeros(0, dtype=np.intp)
    if slope < 1e-4 or top <= 0:
        return none, none, none.astype(bool)
    col_step, row_step = sin(radians(view_azimuth_deg)), -cos(radians(view_azimuth_deg))
    rows, cols = height.shape
    quantised = np.minimum(height * 10, 255).astype(np.uint8)
    best = np.zeros((rows, cols), dtype=np.uint8)
    for k in range(1, min(int(min(top, 25.5) * slope / pixel_m) + 1, 250)):
        dc, dr = round(k * col_step), round(k * row_step)
        need = min(int(np.ceil(k * pixel_m / slope * 10)), 255)
        there = quantised[max(dr, 0) : rows + min(dr, 0), max(dc, 0) : cols + min(dc, 0)] >= need
        here = best[max(-dr, 0) : rows + min(-dr, 0), max(-dc, 0) : cols + min(-dc, 0)]
        here[there] = k
    shown_at = np.flatnonzero(best)
    reach = best.ravel()[shown_at].astype(np.float64)
    row = shown_at // cols + np.rint(reach * row_step).astype(np.intp)
    col = shown_at % cols + np.rint(reach * col_step).astype(np.intp)
    source = row * cols + col
    wall = height.ravel()[source] - reach * pixel_m / slope > pixel_m / slope + 0.15
    return shown_at, source, wall


J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_position(when: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Return the sun's (azimuth clockwise from north, elevation) in degrees, good to 0.02 without refraction.

    The low-precision formulas for the sun of the Astronomical Almanac (page C5).

    Parameters
    ----------
    when : datetime
        UTC, time-zone aware.
    lon, lat : float
        Degrees, WGS 84.
    """
    days = (when - J2000).total_seconds() / 86400
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = radians(357.528 + 0.9856003 * days)
    longitude = radians(mean_longitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    obliquity = radians(23.439 - 4e-7 * days)
    right_ascension = atan2(cos(obliquity) * sin(longitude), cos(longitude))
    declination = asin(sin(obliquity) * sin(longitude))
    sidereal = radians(280.46062 + 360.985647366 * days + lon)
    hour_angle = sidereal - right_ascension
    phi = radians(lat)
    up = sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour_angle)
    east = -cos(declination) * sin(hour_angle)
    north = cos(phi) * sin(declination) - sin(phi) * cos(declination) * cos(hour_angle)
    return degrees(atan2(east, north)) % 360, degrees(asin(max(-1.0, min(1.0, up))))


COARSE = 16
"""Clouds are painted this many times coarser than the ground: they have no edges finer than 2 m."""


def cloud_layers(
    grid: Grid, day: DayState, sensor: Sensor, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return, each (rows, cols), the opacity of cloud before the ground and the share of sun that is left."""
    if not day.clouds:
        return None
    rows, cols = grid.rows // COARSE + 2, grid.cols // COARSE + 2
    step = grid.pixel_m * COARSE
    x = grid.west + (np.arange(cols) + 0.5) * step
    y = grid.north - (np.arange(rows) + 0.5) * step
    veil, shade = np.zeros((rows, cols), np.float32), np.zeros((rows, cols), np.float32)
    for cloud in day.clouds:
        wave = rng.uniform(0, 2 * np.pi, (3, 3))
        for field, azimuth, reach in (
            (veil, sensor.view_azimuth_deg, cloud.height_m * tan(radians(sensor.off_nadir_deg))),
            (shade, day.sun_azimuth_deg, cloud.height_m / tan(radians(day.sun_elevation_deg))),
        ):
            dx = x[None, :] - cloud.x + reach * sin(radians(azimuth))
            dy = y[:, None] - cloud.y + reach * cos(radians(azimuth))
            puff = 1 - np.hypot(dx, dy) / cloud.radius_m
            for k, scale in enumerate((0.9, 0.45, 0.2)):
                size = cloud.radius_m * scale
                waves = 0.22 * scale**0.5 * np.sin(dx / size * 2 + wave[k, 0])
                puff = puff + waves * np.sin(dy / size * 2 + wave[k, 1])
            np.maximum(field, cloud.opacity * np.clip(puff * 3.5, 0, 1), out=field)
    whole = (cols * COARSE, rows * COARSE)
    full = (cv2.resize(field, whole, interpolation=cv2.INTER_LINEAR) for field in (veil, shade))
    veil, shade = (np.asarray(field, np.float32)[: grid.rows, : grid.cols] for field in full)
    return veil, 1 - 0.85 * shade
