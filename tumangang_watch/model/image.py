"""Native pixels with the way to them from the site's frame, and rasters on the site's grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tumangang_watch.affine import IDENTITY, Affine6
from tumangang_watch.grid import Cut, Grid, Number, sparse_zeros

Floats = NDArray[np.floating]
Values = TypeVar("Values", bound=NDArray[np.generic])
VISIBLE = ("blue", "green", "red")
"""What a panchromatic band sees, with a little of the near infrared."""
BLOCK_PIXELS = 1 << 20
"""Samples resampled at a time: bounds the memory of the coordinate maps to some 50 MB."""
LEVELS_FROM = 100_000
"""Pixels from which the darkest and the typical ground are taken."""


@dataclass(frozen=True, kw_only=True)
class SiteToPixel:
    """Map from the site's metres to native (row, col): a polynomial, exact to 0.01 px.

    ``col = sum(coefficients_col[k] * term_k(u, v))`` (same for row) with ``u = (x - x0) / scale``,
    ``v = (y - y0) / scale`` and the terms 1, u, v, u2, uv, v2, u3, u2v, uv2, v3. For a scene in
    the site's own reference system only the first three are non-zero.
    The centre of the first pixel of the array is ``(0, 0)``.
    """

    x0: float
    y0: float
    scale: float
    col_coefficients: tuple[float, ...]
    row_coefficients: tuple[float, ...]

    @classmethod
    def of_grid(cls, grid: Grid, x0: float, y0: float) -> SiteToPixel:
        """Return the map to the pixels of a grid, about an origin (metres)."""
        row, col = grid.to_pixel(x0, y0)
        step = 1 / grid.pixel_m
        return cls(
            x0=x0,
            y0=y0,
            scale=1.0,
            col_coefficients=(col, step, *[0.0] * 8),
            row_coefficients=(row, 0.0, -step, *[0.0] * 7),
        )

    def __call__(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return ``(row, col)`` for metres ``(x, y)`` of shapes that fit together, no larger than needed."""
        u, v = (x - self.x0) / self.scale, (y - self.y0) / self.scale
        terms: list[float | Floats] = [1.0, u, v]
        if any(self.col_coefficients[3:]) or any(self.row_coefficients[3:]):
            terms += [u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3]
        col = sum(c * t for c, t in zip(self.col_coefficients, terms, strict=False) if c)
        row = sum(c * t for c, t in zip(self.row_coefficients, terms, strict=False) if c)
        return np.asarray(row), np.asarray(col)


@dataclass(frozen=True, kw_only=True)
class NativeImage:
    """A window of native pixels. Nothing here was resampled."""

    values: NDArray[np.float32]
    """(bands, rows, cols), read-only. Reflectance where the scene's scale is known, else DN
    divided by one number for all bands; compare only after normalisation."""
    valid: NDArray[np.bool_]
    """(rows, cols): True where the sensor saw ground or cloud (not nodata)."""
    saturated: NDArray[np.bool_]
    """(rows, cols): True where any band sits at the top of its range."""
    bands: tuple[str, ...]
    """Role of each band, in array order."""
    gsd_m: float
    pixel_m: float
    to_pixel: SiteToPixel
    registration: Affine6 = IDENTITY
    """Site metres to where the scene shows them, about ``(to_pixel.x0, to_pixel.y0)``; see
    `registered`."""
    vendor_mask: NDArray[np.uint8] | None = None
    """(8, rows, cols) of a UDM2 mask on the same pixels, where one came with the scene."""
    read: tuple[Cut, ...] = ()
    """Rows and columns of the windows that were read, between which nothing is valid; empty: all."""

    @property
    def windows(self) -> tuple[Cut, ...]:
        """Rows and columns of every window that was read; they may meet at their edges."""
        return self.read or ((slice(0, self.valid.shape[0]), slice(0, self.valid.shape[1])),)

    @cached_property
    def _seen(self) -> NDArray[np.float32]:
        """(rows, cols): 1 where valid; it is asked for with every strip."""
        out = self.zeros(np.float32)
        for cut in self.windows:
            out[cut] = self.valid[cut]
        return frozen(out)

    def zeros(self, dtype: type[Number], bands: int | None = None) -> NDArray[Number]:
        """Return zeros, (rows, cols) or (bands, rows, cols), in no memory where nothing was read."""
        shape = self.valid.shape if bands is None else (bands, *self.valid.shape)
        return sparse_zeros(shape, dtype) if self.read else np.zeros(shape, dtype)

    def registered(self, affine: Affine6) -> NativeImage:
        """Return the same pixels seen through another registration.

        With ``dx = x - x0``, ``dy = y - y0`` the scene shows the site's point ``(x, y)`` at
        ``x0 + a dx + b dy + c, y0 + d dx + e dy + f`` for ``affine = (a, b, c, d, e, f)``.
        A pure shift of the scene's content by (east, north) metres is ``(1, 0, east, 0, 1, north)``.
        """
        return self._with(registration=affine)

    def showing(self, values: NDArray[np.float32]) -> NativeImage:
        """Return other values (bands, rows, cols) on the same pixels."""
        return self._with(values=values)

    def _with(self, **changed: Any) -> NativeImage:
        """Return an image with the same valid pixels."""
        other = replace(self, **changed)
        if "_seen" in self.__dict__:
            other.__dict__["_seen"] = self._seen
        return other

    def in_one_band(self) -> NativeImage:
        """Return the mean of its visible bands (or its first) as its only band, ``light``."""
        visible = [k for k, band in enumerate(self.bands) if band in VISIBLE] or [0]
        light = self.zeros(np.float32, 1)
        for rows, cols in self.windows:
            for k in visible:
                light[0, rows, cols] += self.values[k, rows, cols]
            light[0, rows, cols] /= np.float32(len(visible))
        return self._with(values=frozen(light), bands=("light",))

    def copied(self) -> NDArray[np.float32]:
        """Return its values, to be written to."""
        out = self.zeros(np.float32, len(self.bands))
        for rows, cols in self.windows:
            out[:, rows, cols] = self.values[:, rows, cols]
        return out

    def middle(self, edge_px: int) -> Cut:
        """Return rows and columns of the middle of the largest window that was read."""
        rows, cols = max(self.windows, key=lambda w: (w[0].stop - w[0].start) * (w[1].stop - w[1].start))
        first = (max((w.start + w.stop - edge_px) // 2, w.start) for w in (rows, cols))
        top, left = first
        return slice(top, min(top + edge_px, rows.stop)), slice(left, min(left + edge_px, cols.stop))

    def pixel_of(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the native ``(row, col)`` that shows the site's points ``(x, y)``.

        Of a column of y and a row of x, as of a grid's centres, they stay such where nothing is turned.
        """
        a, b, c, d, e, f = self.registration
        dx, dy = x - self.to_pixel.x0, y - self.to_pixel.y0
        shown_x, shown_y = self.to_pixel.x0 + a * dx, self.to_pixel.y0 + e * dy
        if b or d:
            shown_x, shown_y = shown_x + b * dy, self.to_pixel.y0 + d * dx + e * dy
        return self.to_pixel(shown_x + c, shown_y + f)

    def maps(self, x: Floats, y: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the columns and rows of points as `values_at` takes them."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        shape = np.broadcast_shapes(x.shape, y.shape)
        row, col = (np.broadcast_to(v.astype(np.float32), shape) for v in self.pixel_of(x, y))
        return np.ascontiguousarray(col), np.ascontiguousarray(row)

    def values_at(
        self, columns: NDArray[np.float32], rows: NDArray[np.float32], bands: tuple[str, ...]
    ) -> NDArray[np.float32]:
        """Resample native pixels (cubic): some bands at columns and rows of one shape, whatever is valid."""
        out = np.empty((len(bands), *columns.shape), dtype=np.float32)
        for k, band in enumerate(bands):
            own = self.values[self.bands.index(band)]
            out[k] = cv2.remap(own, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return out

    def sample(
        self, x: Floats, y: Floats, *, bands: tuple[str, ...] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Resample native pixels (cubic) at the site's points.

        Parameters
        ----------
        x, y : (rows, cols) float arrays, or a row of x and a column of y
            Points in the site's metres.
        bands : tuple of str, optional
            Band roles to sample; all by default.

        Returns
        -------
        values : (bands, rows, cols) float32
            0 where not valid.
        valid : (rows, cols) bool
            True where all contributing pixels are valid and inside the window.
        """
        map_col, map_row = self.maps(x, y)
        out = self.values_at(map_col, map_row, self.bands if bands is None else bands)
        seen = cv2.remap(
            self._seen, map_col, map_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0
        )
        valid = seen > 0.999
        out[:, ~valid] = 0.0
        return out, valid

    def sample_mask(
        self, mask: NDArray[np.bool_], x: Floats, y: Floats, outside: float = 0.0
    ) -> NDArray[np.bool_]:
        """Return a native (rows, cols) mask at the site's points (nearest pixel)."""
        picked = cv2.remap(
            mask.view(np.uint8),
            *self.maps(x, y),
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        )
        return picked > 0

    def mask_on_grid(self, mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
        """Return a native (rows, cols) mask on a site grid (nearest pixel)."""
        out = grid.zeros(np.bool_)
        for cut, part in grid.pieces if mask.any() else ():
            x, y = part.centres
            step = max(1, BLOCK_PIXELS // max(1, part.cols))
            for top in range(0, part.rows, step):
                rows = slice(top, min(top + step, part.rows))
                out[cut][rows] = self.sample_mask(mask, x[None], y[rows, None])
        return out

    def on_grid(self, grid: Grid) -> Raster:
        """Resample once onto a site grid (with area averaging when the grid is coarser)."""
        factor = max(1, round(grid.pixel_m / self.pixel_m))
        values, valid = grid.zeros(np.float32, len(self.bands)), grid.zeros(np.bool_)
        for cut, part in grid.pieces:
            own_values, own_valid = values[:, *cut], valid[cut]
            block_rows = max(1, BLOCK_PIXELS // max(1, part.cols * factor * factor))
            for top in range(0, part.rows, block_rows):
                rows = slice(top, min(top + block_rows, part.rows))
                own_values[:, rows], own_valid[rows] = self._block(part, rows, factor)
        return Raster(frozen(values), frozen(valid), grid, self.bands)

    def _block(self, grid: Grid, rows: slice, factor: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Resample some rows of a grid, ``factor`` samples an edge averaged to a pixel."""
        step_m = grid.pixel_m / factor
        count = rows.stop - rows.start
        x = grid.west + (np.arange(grid.cols * factor) + 0.5) * step_m
        y = grid.north - rows.start * grid.pixel_m - (np.arange(count * factor) + 0.5) * step_m
        values, valid = self.sample(x[None], y[:, None])
        if factor == 1:
            return values, valid
        size = (grid.cols, count)
        values = np.stack([cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in values])
        share = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        whole = share > 0.999
        values[:, ~whole] = 0.0
        return values, whole


@dataclass(frozen=True)
class Raster:
    """Values on a site grid."""

    values: NDArray[np.float32]
    """(bands, rows, cols), read-only; 0 where not valid."""
    valid: NDArray[np.bool_]
    """(rows, cols): True = usable."""
    grid: Grid
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.shape[1:] != self.grid.shape or self.valid.shape != self.grid.shape:
            raise ValueError(f"raster {self.values.shape} does not fit its grid {self.grid.shape}")
        if self.values.shape[0] != len(self.bands):
            raise ValueError(f"{self.values.shape[0]} bands but {len(self.bands)} names")

    def band(self, role: str) -> NDArray[np.float32]:
        """Return one band as (rows, cols)."""
        return self.values[self.bands.index(role)]

    def luminance(self) -> NDArray[np.float32]:
        """Return the mean of the visible bands (or the only band) as (rows, cols) float32."""
        visible = [b for b in self.bands if b in VISIBLE] or list(self.bands[:1])
        light = self.grid.zeros(np.float32)
        for cut, _ in self.grid.pieces:
            own = light[cut]
            for band in visible:
                own += self.band(band)[cut]
            own /= np.float32(len(visible))
        return light

    def pieces(self) -> Iterator[tuple[Cut, Raster]]:
        """Yield rows and columns of each window in which anything is looked at, and the raster there."""
        for cut, _ in self.grid.pieces:
            yield cut, self.part(cut)

    def part(self, cut: Cut) -> Raster:
        """Return some rows and columns of it."""
        return Raster(self.values[:, *cut], self.valid[cut], self.grid.part(*cut)[1], self.bands)


def frozen(array: Values) -> Values:
    """Return the array marked read-only."""
    array.flags.writeable = False
    return array


def ground_levels(values: Floats) -> tuple[float, float]:
    """Return the darkest and the typical ground of a band's seen values.

    The typical ground is that of a scene's darker half: cloud is not among it where less than half is under
    cloud.
    """
    if not values.size:
        return 0.0, 1.0
    dark, typical = np.quantile(values[:: max(1, values.size // LEVELS_FROM)], (0.005, 0.3))
    return 0.8 * float(dark), float(typical)
