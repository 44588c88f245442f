"""Where a scene lies in a site's metres, and the native pixels that cover a place, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.io import DatasetReader
from rasterio.windows import Window
from shapely import Polygon, box

from tumangang_watch.errors import NotComparable, WatchError, scene_refused
from tumangang_watch.grid import Bounds, Cut, Float32, Mask, sparse_zeros, utm_crs
from tumangang_watch.model.image import NativeImage, SiteToPixel, frozen
from tumangang_watch.model.scene import Scene, ScenePart
from tumangang_watch.scenes.container import whole_image
from tumangang_watch.scenes.fill import valid_pixels
from tumangang_watch.scenes.harden import open_image
from tumangang_watch.scenes.mask import read_mask
from tumangang_watch.scenes.radiometry import Raw, gain_of, saturated_pixels, scaled
from tumangang_watch.settings.scenes import ReadSettings

OTHER_PLACE = "Give a scene of this site, or another site with --site"
SPARE_PX = 2
"""Pixels read beyond the bounds: cubic resampling reaches two pixels."""


def read_native(
    scene: Scene, bounds: Bounds, site_crs: str, settings: ReadSettings, parts: Sequence[Bounds] = ()
) -> NativeImage:
    """Return the native pixels that cover ``bounds``, or only those that cover ``parts`` of it.

    Parameters
    ----------
    bounds : tuple
        (west, south, east, north) in the site's metres. `SiteToPixel.x0, y0` is their centre, so
        that two scenes read with the same bounds share the origin of their registrations.
    parts : sequence of tuple, optional
        Between them nothing is read, kept or valid; all of ``bounds`` is read by default.

    Raises
    ------
    NotComparable
        The scene shows none of it, or only nodata.
    InputRefused
        The pixels cannot be read.
    """
    whole = _mapping(scene, bounds, site_crs, settings)
    top, left, bottom, right = _window(scene, whole, bounds, site_crs, settings)
    windows = [_within(whole, part, (top, left, bottom, right)) for part in parts]
    cuts = tuple(cut for cut in windows if cut is not None)
    roles = tuple(role for role in ("blue", "green", "red", "nir", "pan") if role in scene.bands)
    shape = bottom - top, right - left
    try:
        pixels = _Pixels.read(scene, roles, (top, left), shape, cuts)
    except WatchError:
        raise
    except Exception as error:
        why = f"its pixels cannot be read ({str(error)[:200]}): it is incomplete or damaged"
        raise scene_refused(scene.image.name, why, "Copy it again") from error
    valid = pixels.valid
    if not valid.any():
        why = "all pixels over the site are nodata"
        raise NotComparable("nothing to see", scene.image.name, why, "Use a scene that covers it")
    return NativeImage(
        values=frozen(pixels.values(scene, roles, settings)),
        valid=frozen(valid),
        saturated=frozen(saturated_pixels(pixels.raw, valid, settings)),
        bands=roles,
        gsd_m=scene.gsd_m,
        pixel_m=scene.pixel_m,
        to_pixel=_moved(whole, top, left),
        vendor_mask=None if pixels.vendor is None else frozen(pixels.vendor),
        read=cuts,
    )


@dataclass(frozen=True, kw_only=True)
class _Pixels:
    """Pixels of a window as a scene's files hold them."""

    raw: Raw
    """(bands, rows, cols)."""
    valid: Mask
    vendor: NDArray[np.uint8] | None
    cuts: tuple[Cut, ...]
    """What of it was read."""
    sparse: bool

    @classmethod
    def read(
        cls,
        scene: Scene,
        roles: tuple[str, ...],
        first: tuple[int, int],
        shape: tuple[int, int],
        cuts: tuple[Cut, ...],
    ) -> _Pixels:
        """Read a window whose first pixel is (top, left), or parts of it."""
        zeros = sparse_zeros if cuts else np.zeros
        whole = (slice(0, shape[0]), slice(0, shape[1]))
        raw, valid = zeros((len(roles), *shape), np.dtype(scene.dtype).type), zeros(shape, np.bool_)
        vendor = None
        for rows, cols in cuts or (whole,):
            part = Window(
                first[1] + cols.start, first[0] + rows.start, cols.stop - cols.start, rows.stop - rows.start
            )
            values, held = _read_parts(scene, roles, part)
            seen = valid_pixels(values, scene.nodata) & held
            mask, imaged = read_mask(scene, part)
            if mask is not None:
                vendor = zeros((len(mask), *shape), np.uint8) if vendor is None else vendor
                vendor[:, rows, cols] = mask
            raw[:, rows, cols] = values
            valid[rows, cols] = seen if imaged is None else seen & imaged
        return cls(raw=raw, valid=valid, vendor=vendor, cuts=cuts or (whole,), sparse=bool(cuts))

    def values(self, scene: Scene, roles: tuple[str, ...], settings: ReadSettings) -> Float32:
        """Return what was read, on the scene's scale."""
        gain = gain_of(self.raw, self.valid, scene, settings)
        out = (sparse_zeros if self.sparse else np.empty)(self.raw.shape, np.float32)
        for cut in self.cuts:
            out[:, *cut] = scaled(self.raw[:, *cut], self.valid[cut], scene, roles, gain)
        return out


def _within(mapping: SiteToPixel, bounds: Bounds, window: tuple[int, int, int, int]) -> Cut | None:
    """Return rows and columns, of a (top, left, bottom, right) window, that cover bounds; None beside it."""
    top, left, bottom, right = window
    north, west, south, east = _around(mapping, bounds)
    rows = slice(max(north, top) - top, min(south, bottom) - top)
    cols = slice(max(west, left) - left, min(east, right) - left)
    return (rows, cols) if rows.start < rows.stop and cols.start < cols.stop else None


def _around(mapping: SiteToPixel, bounds: Bounds) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) of the box around bounds in pixels, a little to spare."""
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    row, col = mapping(x, y)
    return (
        int(np.floor(row.min())) - SPARE_PX,
        int(np.floor(col.min())) - SPARE_PX,
        int(np.ceil(row.max())) + SPARE_PX + 1,
        int(np.ceil(col.max())) + SPARE_PX + 1,
    )


def footprint(scene: Scene, site_crs: str) -> Polygon:
    """Return the outline of a scene's raster (nodata included) in the site's reference system.

    Each edge carries nine points, so that a lon/lat or far-zone scene keeps its curved outline.

    Raises
    ------
    NotComparable
        The scene lies where the site's reference system does not reach.
    """
    a, b, c, d, e, f = scene.affine
    step = np.linspace(0.0, 1.0, 9)[:-1]
    col = scene.width * np.concatenate([step, np.ones(8), 1 - step, np.zeros(8)])
    row = scene.height * np.concatenate([np.zeros(8), step, np.ones(8), 1 - step])
    x, y = a * col + b * row + c, d * col + e * row + f
    if scene.crs != site_crs:
        try:
            x, y = Transformer.from_crs(scene.crs, site_crs, always_xy=True).transform(x, y)
        except Exception as error:
            raise _out_of_reach(scene) from error
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise _out_of_reach(scene)
    return Polygon(zip(x, y, strict=True))


def _out_of_reach(scene: Scene) -> NotComparable:
    """Return the error for a scene that cannot be put into the site's reference system at all."""
    why = "its reference system does not reach the site"
    return NotComparable("outside the site", scene.image.name, why, OTHER_PLACE)


def _mapping(scene: Scene, bounds: Bounds, site_crs: str, settings: ReadSettings) -> SiteToPixel:
    """Fit the map from site metres to (row, col) of the whole raster, on exact points."""
    west, south, east, north = bounds
    x0, y0 = (west + east) / 2, (south + north) / 2
    scale = max(east - west, north - south) / 2
    a, b, c, d, e, f = scene.affine
    determinant = a * e - b * d
    u, v = (m.ravel() for m in np.meshgrid(np.linspace(-1, 1, 17), np.linspace(-1, 1, 17)))
    x, y = x0 + scale * u, y0 + scale * v
    same = scene.crs == site_crs
    if not same:
        try:
            x, y = Transformer.from_crs(site_crs, scene.crs, always_xy=True).transform(x, y)
        except Exception as error:
            raise _out_of_reach(scene) from error
    col = (e * (x - c) - b * (y - f)) / determinant - 0.5
    row = (-d * (x - c) + a * (y - f)) / determinant - 0.5
    if not (np.isfinite(col).all() and np.isfinite(row).all()):
        raise _out_of_reach(scene)
    terms = [np.ones_like(u), u, v]
    if not same:
        terms += [u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3]
    matrix = np.stack(terms, axis=1)
    fits = [np.linalg.lstsq(matrix, target, rcond=None)[0] for target in (col, row)]
    misfits = [np.abs(matrix @ fit - target).max() for fit, target in zip(fits, (col, row), strict=True)]
    if max(misfits) > settings.max_mapping_error_px:
        raise _out_of_reach(scene)
    padded = [tuple(float(k) for k in np.pad(fit, (0, 10 - len(fit)))) for fit in fits]
    return SiteToPixel(x0=x0, y0=y0, scale=scale, col_coefficients=padded[0], row_coefficients=padded[1])


def _moved(mapping: SiteToPixel, top: int, left: int) -> SiteToPixel:
    """Return the map to a window whose first pixel is (top, left)."""
    col, row = mapping.col_coefficients, mapping.row_coefficients
    col, row = (col[0] - left, *col[1:]), (row[0] - top, *row[1:])
    return replace(mapping, col_coefficients=col, row_coefficients=row)


def _window(
    scene: Scene, mapping: SiteToPixel, bounds: Bounds, site_crs: str, settings: ReadSettings
) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) of the raster's part that covers bounds, a little to spare.

    For a rotated or sheared raster it is the box around the bounds' outline in pixels.
    """
    outline, place = footprint(scene, site_crs), box(*bounds)
    if outline.intersection(place).area <= 0:
        away_km = outline.distance(place) / 1000
        why = f"the scene does not cover the site; its nearest edge is {away_km:.1f} km away"
        raise NotComparable("outside the site", scene.image.name, why, OTHER_PLACE)
    top, left, bottom, right = _around(mapping, bounds)
    top, left = max(top, 0), max(left, 0)
    bottom, right = min(bottom, scene.height), min(right, scene.width)
    pixels = (bottom - top) * (right - left)
    if pixels > settings.max_window_pixels:
        why = f"the site needs {pixels / 1e6:.0f} Mpx of it"
        raise scene_refused(scene.image.name, why, "Use a smaller site")
    return top, left, bottom, right


def _read_parts(scene: Scene, roles: tuple[str, ...], window: Window) -> tuple[Raw, NDArray[np.bool_]]:
    """Return (bands, rows, cols) of a window from all of the scene's files, and where they hold pixels."""
    top, left = int(window.row_off), int(window.col_off)
    rows, cols = int(window.height), int(window.width)
    raw = np.zeros((len(roles), rows, cols), dtype=scene.dtype)
    held = np.zeros((len(roles), rows, cols), dtype=bool)
    for part in scene.parts:
        first, last = max(top, part.top), min(top + rows, part.top + part.height)
        west, east = max(left, part.left), min(left + cols, part.left + part.width)
        here = [k for k, role in enumerate(roles) if scene.bands[role] in part.bands]
        if first >= last or west >= east or not here:
            continue
        layout = whole_image(part.image)
        own = Window(west - part.left, first - part.top, east - west, last - first)
        with open_image(part.image) as dataset:
            if (dataset.width, dataset.height) != (part.width, part.height):
                raise ValueError("it is not the file that was opened any more")
            numbers = [part.bands.index(scene.bands[roles[k]]) + 1 for k in here]
            place = np.ix_(here, range(first - top, last - top), range(west - left, east - left))
            raw[place] = dataset.read(numbers, window=own)
            written = layout.written(
                own.row_off, own.col_off, own.row_off + own.height, own.col_off + own.width
            )
            held[place] |= (written & _declared(dataset, own, part, scene))[None]
    return raw, np.asarray(held.all(axis=0))


def _declared(dataset: DatasetReader, window: Window, part: ScenePart, scene: Scene) -> NDArray[np.bool_]:
    """Return what an alpha band or the file's own mask says is imaged (all, where there is neither).

    A band with a role is an image, even where the file calls it alpha.
    """
    names = [c.name for c in dataset.colorinterp]
    alpha = names.index("alpha") + 1 if "alpha" in names else 0
    if alpha and part.bands[alpha - 1] not in scene.bands.values():
        return np.asarray(dataset.read(alpha, window=window) > 0)
    flags = [flag.name for flag in dataset.mask_flag_enums[0]]
    if "per_dataset" in flags and "alpha" not in flags:
        return np.asarray(dataset.read_masks(1, window=window) > 0)
    return np.ones((int(window.height), int(window.width)), dtype=bool)


def moved_by(scene: Scene, east_m: float, north_m: float) -> Scene:
    """Return a scene with metres added to its coordinates, as if it had been delivered so."""
    a, b, c, d, e, f = scene.affine
    x = a * scene.width / 2 + b * scene.height / 2 + c
    y = d * scene.width / 2 + e * scene.height / 2 + f
    lon, lat = Transformer.from_crs(scene.crs, "EPSG:4326", always_xy=True).transform(x, y)
    to_metres = Transformer.from_crs(scene.crs, utm_crs(lon, lat), always_xy=True)
    east, north = to_metres.transform(x, y)
    there = to_metres.transform(east + east_m, north + north_m, direction="INVERSE")
    return replace(
        scene, affine=(a, b, c + there[0] - x, d, e, f + there[1] - y), site_shift_m=(east_m, north_m)
    )
