"""The site's grid: a value that says where the pixels of a raster lie.

Grids of one site share an origin and nest: every cell edge of a coarser grid is a cell edge of a
finer one. Row 0 is the northern edge, column 0 the western edge; ``x`` grows east, ``y`` north.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, floor
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import box, get_parts
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

METRES_PER_DEGREE = 111_320.0
"""Length of a degree of latitude, to 1 %: for limits, not for places."""
Mask = NDArray[np.bool_]
"""Array of any shape: True = valid, or where what its name says holds."""
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Floats = NDArray[np.floating]
Number = TypeVar("Number", bound=np.generic)
Cut = tuple[slice, slice]
"""Rows and columns of an array."""
Bounds = tuple[float, float, float, float]
"""West, south, east, north; metres."""
NESTED_PIXEL_SIZES_M = (0.25, 0.5, 1.0, 3.0)
"""Pixel sizes a site's grids may have; each divides 3 m, so they nest."""

PARTS_BELOW = 0.7
"""Places whose windows cover less of the box about all of them are looked at window by window: above, little
memory and time are saved."""
ONE_AT_A_TIME = Lock()
"""Rasterio hides a warning of its own while it draws shapes; two threads would uncover it for each other."""
ORIGIN_STEP_M = 3.0
"""Origins lie on multiples of the coarsest pixel size."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A north-up pixel grid in a projected reference system in metres."""

    crs: str
    """Reference system as an authority code, e.g. ``EPSG:32652``."""
    west: float
    """x of the western edge, metres."""
    north: float
    """y of the northern edge, metres."""
    pixel_m: float
    """Edge of a (square) pixel, metres."""
    rows: int
    cols: int
    looked_at: tuple[tuple[int, int, int, int], ...] = ()
    """(top, left, bottom, right) of the windows, none of which meets another, in which anything is looked
    at; empty where that is all of it."""

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, cols)``."""
        return self.rows, self.cols

    @property
    def bounds(self) -> Bounds:
        """``(west, south, east, north)`` in metres."""
        return (
            self.west,
            self.north - self.rows * self.pixel_m,
            self.west + self.cols * self.pixel_m,
            self.north,
        )

    @cached_property
    def pieces(self) -> tuple[tuple[Cut, Grid], ...]:
        """Rows and columns of each window in which anything is looked at, and its own grid."""
        windows = self.looked_at or ((0, 0, self.rows, self.cols),)
        return tuple(self.part(slice(t, b), slice(left, right)) for t, left, b, right in windows)

    @property
    def pixels(self) -> int:
        """How many pixels are looked at."""
        return sum(part.rows * part.cols for _, part in self.pieces)

    def zeros(self, dtype: type[Number], bands: int | None = None) -> NDArray[Number]:
        """Return zeros, (rows, cols) or (bands, rows, cols), in no memory where nothing is looked at."""
        shape = self.shape if bands is None else (bands, *self.shape)
        return sparse_zeros(shape, dtype) if self.looked_at else np.zeros(shape, dtype)

    @cached_property
    def centres(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """``(x, y)`` of pixel centres: x has shape (cols,), y has shape (rows,)."""
        x = self.west + (np.arange(self.cols) + 0.5) * self.pixel_m
        y = self.north - (np.arange(self.rows) + 0.5) * self.pixel_m
        return x, y

    def to_pixel(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Map metres to ``(row, col)``, where the centre of the first pixel is ``(0, 0)``."""
        return (self.north - y) / self.pixel_m - 0.5, (x - self.west) / self.pixel_m - 0.5

    def to_metres(self, row: Any, col: Any) -> tuple[Any, Any]:
        """Map ``(row, col)`` (centre of the first pixel = ``(0, 0)``) to ``(x, y)`` in metres."""
        return self.west + (col + 0.5) * self.pixel_m, self.north - (row + 0.5) * self.pixel_m

    def at(self, pixel_m: float) -> Grid:
        """Return the grid that covers the same ground with another pixel size."""
        whole = grid_over(self.bounds, pixel_m, self.crs)
        return whole.looking_at(part.bounds for _, part in self.pieces) if self.looked_at else whole

    def looking_at(self, places: Iterable[Bounds]) -> Grid:
        """Return the grid with windows about places, those that meet each other made one.

        Edges lie on the lines of the coarsest grid, so that the windows of nested grids are the same ground.
        """
        whole, windows = box(*self.bounds), []
        snapped = (box(*grid_over(place, self.pixel_m, self.crs).bounds) for place in places)
        for window in _apart([part for part in (s.intersection(whole) for s in snapped) if part.area > 0]):
            west, south, east, north = window.bounds
            (top, left), (bottom, right) = self.to_pixel(west, north), self.to_pixel(east, south)
            windows.append(tuple(round(v + 0.5) for v in (top, left, bottom, right)))
        return replace(self, looked_at=tuple(sorted(windows)))

    def blocks(self, factor: int) -> Grid:
        """Return the grid of whole blocks of pixels, ``factor`` an edge."""
        windows = (
            (t // factor, w // factor, -(-b // factor), -(-e // factor)) for t, w, b, e in self.looked_at
        )
        rows, cols = self.rows // factor, self.cols // factor
        return replace(
            self,
            pixel_m=self.pixel_m * factor,
            rows=rows,
            cols=cols,
            looked_at=tuple((t, w, min(b, rows), min(e, cols)) for t, w, b, e in windows),
        )

    def window(self, shape: BaseGeometry) -> tuple[Cut, Grid] | None:
        """Return the (rows, cols) that hold a shape, and the grid of these pixels; None beside this grid."""
        west, south, east, north = shape.bounds
        (top, left), (bottom, right) = self.to_pixel(west, north), self.to_pixel(east, south)
        rows = slice(max(floor(top), 0), min(ceil(bottom) + 1, self.rows))
        cols = slice(max(floor(left), 0), min(ceil(right) + 1, self.cols))
        if rows.start >= rows.stop or cols.start >= cols.stop:
            return None
        return self.part(rows, cols)

    def part(self, rows: slice, cols: slice) -> tuple[Cut, Grid]:
        """Return rows and columns, and the grid of these pixels, all of which is looked at."""
        part = replace(
            self,
            west=self.west + cols.start * self.pixel_m,
            north=self.north - rows.start * self.pixel_m,
            rows=rows.stop - rows.start,
            cols=cols.stop - cols.start,
            looked_at=(),
        )
        return (rows, cols), part

    def look_up(self, mask: NDArray[np.bool_], x: Any, y: Any) -> NDArray[np.bool_]:
        """Return a mask of this grid at the nearest pixel of points (x, y) of any shape; False off it."""
        r, c = (np.rint(v).astype(np.intp) for v in self.to_pixel(x, y))
        on = (r >= 0) & (r < self.rows) & (c >= 0) & (c < self.cols)
        return np.asarray(on & mask[np.where(on, r, 0), np.where(on, c, 0)])

    def mask(self, shapes: Iterable[BaseGeometry], *, all_touched: bool = False) -> NDArray[np.bool_]:
        """Rasterise shapes (in this grid's metres): True where a pixel centre lies inside one."""
        burn = [(shape, 1) for shape in shapes if not shape.is_empty]
        if not burn:
            return np.zeros(self.shape, dtype=bool)
        transform = Affine(self.pixel_m, 0, self.west, 0, -self.pixel_m, self.north)
        with ONE_AT_A_TIME:
            filled = rasterize(
                burn, out_shape=self.shape, transform=transform, all_touched=all_touched, dtype="uint8"
            )
        return filled.astype(bool)


def sparse_zeros(shape: tuple[int, ...], dtype: type[Number]) -> NDArray[Number]:
    """Return zeros that take memory only where they are written.

    Between far areas lie many times the pixels of the areas. Pages of the usual size keep these out of
    memory; of larger ones, which NumPy asks for, a row of windows would fill them all.
    """
    size = max(1, int(np.prod(shape)) * np.dtype(dtype).itemsize)
    if not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(shape, dtype)
    # Private: of shared memory even what is only read would be kept.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.ndarray(shape, dtype, buffer=memory)


def _apart(boxes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Return boxes about boxes, none of which meets another."""
    while True:
        joined: list[BaseGeometry] = [box(*part.bounds) for part in get_parts(unary_union(boxes))]
        if len(joined) == len(boxes):
            return joined
        boxes = joined


def grid_over(bounds: Bounds, pixel_m: float, crs: str) -> Grid:
    """Return the site grid with this pixel size that covers ``bounds`` (west, south, east, north).

    The origin is snapped outward to multiples of 3 m, so that all grids of a site nest.
    """
    west = floor(bounds[0] / ORIGIN_STEP_M) * ORIGIN_STEP_M
    south = floor(bounds[1] / ORIGIN_STEP_M) * ORIGIN_STEP_M
    east = ceil(bounds[2] / ORIGIN_STEP_M) * ORIGIN_STEP_M
    north = ceil(bounds[3] / ORIGIN_STEP_M) * ORIGIN_STEP_M
    return Grid(
        crs=crs,
        west=west,
        north=north,
        pixel_m=pixel_m,
        rows=round((north - south) / pixel_m),
        cols=round((east - west) / pixel_m),
    )


def grid_about(places: Iterable[Bounds], pixel_m: float, crs: str) -> Grid:
    """Return the site grid over places that looks at these alone where they lie far apart."""
    every = list(places)
    west, south, east, north = zip(*every, strict=True)
    whole = grid_over((min(west), min(south), max(east), max(north)), pixel_m, crs)
    parts = whole.looking_at(every)
    return parts if parts.pixels < PARTS_BELOW * whole.pixels else whole


def pixel_size_for(gsd_m: float) -> float:
    """Return the nested pixel size to use for a scene of this GSD: the largest not coarser than it.

    A GSD may be nominal (0.49 for a 0.5 m product), so 5 % are forgiven.
    """
    fitting = [size for size in NESTED_PIXEL_SIZES_M if size <= gsd_m * 1.05]
    return max(fitting) if fitting else NESTED_PIXEL_SIZES_M[0]


def utm_crs(lon: float, lat: float) -> str:
    """Return the WGS 84 UTM zone's authority code for a place."""
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
