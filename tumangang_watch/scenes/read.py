"""Read the native pixels that cover a place, and nothing else."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tumangang_watch.errors import InputRefused, NotComparable, WatchError
from tumangang_watch.model.image import NativeImage, SiteToPixel, frozen
from tumangang_watch.scenes.harden import rasterio_hardened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.scene import Scene
    from tumangang_watch.settings.read import ReadSettings

Bounds = tuple[float, float, float, float]


def read_native(scene: Scene, bounds: Bounds, site_crs: str, settings: ReadSettings) -> NativeImage:
    """Return the native pixels that cover ``bounds``.

    Parameters
    ----------
    bounds : tuple
        (west, south, east, north) in the site's metres. `SiteToPixel.x0, y0` is their centre, so
        that two scenes read with the same bounds share the origin of their registrations.

    Raises
    ------
    NotComparable
        The scene shows none of it, or only nodata.
    InputRefused
        The pixels cannot be read.
    """
    whole = _mapping(scene, bounds, site_crs)
    window = _window(scene, whole, bounds, settings)
    top, left, bottom, right = window
    rasterio = rasterio_hardened()
    from rasterio.windows import Window

    roles = tuple(role for role in ("blue", "green", "red", "nir", "pan") if role in scene.bands)
    part = Window(left, top, right - left, bottom - top)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(str(scene.image), driver="GTiff") as dataset:
                raw = dataset.read([scene.bands[r] for r in roles], window=part)
                alpha = _alpha(dataset, part)
            vendor = _vendor_mask(rasterio, scene, part)
    except WatchError:
        raise
    except Exception as error:
        raise InputRefused(
            "scene refused", scene.image.name,
            f"its pixels cannot be read ({error}): it is incomplete or damaged", "Copy it again",
        ) from error  # fmt: skip
    valid = _valid(raw, scene.nodata, alpha)
    if not valid.any():
        raise NotComparable(
            "nothing to see",
            scene.image.name,
            "all pixels over the site are nodata",
            "Use a scene that covers it",
        )
    saturated = _saturated(raw, valid, settings)
    values = _scaled(raw, valid, scene, roles, settings)
    to_pixel = _moved(whole, top, left)
    return NativeImage(
        frozen(values), frozen(valid), frozen(saturated), roles, scene.gsd_m, scene.pixel_m, to_pixel,
        vendor_mask=vendor,
    )  # fmt: skip


def _mapping(scene: Scene, bounds: Bounds, site_crs: str) -> SiteToPixel:
    """Fit the map from site metres to (row, col) of the whole raster."""
    west, south, east, north = bounds
    x0, y0 = (west + east) / 2, (south + north) / 2
    scale = max(east - west, north - south) / 2
    a, b, c, d, e, f = scene.affine
    determinant = a * e - b * d
    mesh_u, mesh_v = (m.ravel() for m in np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)))
    x, y = x0 + scale * mesh_u, y0 + scale * mesh_v
    same = scene.crs == site_crs
    if not same:
        from pyproj import Transformer

        x, y = Transformer.from_crs(site_crs, scene.crs, always_xy=True).transform(x, y)
    col = (e * (x - c) - b * (y - f)) / determinant - 0.5
    row = (-d * (x - c) + a * (y - f)) / determinant - 0.5
    if not (np.isfinite(col).all() and np.isfinite(row).all()):
        raise NotComparable(
            "outside the site",
            scene.image.name,
            "its reference system does not reach the site",
            "Use another",
        )
    u, v = mesh_u, mesh_v
    terms = [np.ones_like(u), u, v]
    if not same:
        terms += [u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3]
    matrix = np.stack(terms, axis=1)
    fits = [np.linalg.lstsq(matrix, target, rcond=None)[0] for target in (col, row)]
    padded = [tuple(float(k) for k in np.pad(fit, (0, 10 - len(fit)))) for fit in fits]
    return SiteToPixel(x0, y0, scale, padded[0], padded[1])


def _moved(mapping: SiteToPixel, top: int, left: int) -> SiteToPixel:
    """Return the map to a window whose first pixel is (top, left)."""
    col, row = mapping.col_coefficients, mapping.row_coefficients
    return SiteToPixel(
        mapping.x0, mapping.y0, mapping.scale, (col[0] - left, *col[1:]), (row[0] - top, *row[1:])
    )


def _window(
    scene: Scene, mapping: SiteToPixel, bounds: Bounds, settings: ReadSettings
) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) of the raster's part that covers bounds, a pixel to spare."""
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    row, col = mapping(x, y)
    top, bottom = max(int(np.floor(row.min())) - 2, 0), min(int(np.ceil(row.max())) + 3, scene.height)
    left, right = max(int(np.floor(col.min())) - 2, 0), min(int(np.ceil(col.max())) + 3, scene.width)
    if top >= bottom or left >= right:
        raise NotComparable(
            "outside the site",
            scene.image.name,
            "the scene does not cover the site",
            "Give a scene of this site",
        )
    pixels = (bottom - top) * (right - left)
    if pixels > settings.max_window_pixels:
        raise InputRefused(
            "scene refused",
            scene.image.name,
            f"the site needs {pixels / 1e6:.0f} Mpx of it",
            "Use a smaller site",
        )
    return top, left, bottom, right


def _alpha(dataset: Any, part: Any) -> NDArray[np.bool_] | None:
    names = [c.name for c in dataset.colorinterp]
    if "alpha" not in names:
        return None
    return np.asarray(dataset.read(names.index("alpha") + 1, window=part) > 0)


def _vendor_mask(rasterio: Any, scene: Scene, part: Any) -> NDArray[np.uint8] | None:
    """Return the UDM2 of the window, or None where it is not the eight-band mask of this image."""
    if scene.mask is None:
        return None
    with rasterio.open(str(scene.mask), driver="GTiff") as mask:
        if mask.count != 8 or (mask.width, mask.height) != (scene.width, scene.height):
            return None
        return frozen(np.asarray(mask.read(window=part), dtype=np.uint8))


def _valid(raw: NDArray[Any], nodata: float | None, alpha: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Declared nodata, alpha, NaN, and all-zero pixels joined to the border are not valid."""
    valid = np.ones(raw.shape[1:], dtype=bool)
    if np.issubdtype(raw.dtype, np.floating):
        valid &= np.isfinite(raw).all(axis=0)
    if nodata is not None:
        valid &= ~(raw == nodata).all(axis=0)
    if alpha is not None:
        valid &= alpha
    black = (raw == 0).all(axis=0)
    if black.any():
        import cv2

        _, labels = cv2.connectedComponents(black.astype(np.uint8), connectivity=4)
        edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        valid &= ~(np.isin(labels, edge[edge > 0]))
    return valid


def _saturated(raw: NDArray[Any], valid: NDArray[np.bool_], settings: ReadSettings) -> NDArray[np.bool_]:
    """Return where a band sits at its ceiling: the type's, or a value many pixels share at the top."""
    out = np.zeros(valid.shape, dtype=bool)
    for band in raw:
        if np.issubdtype(band.dtype, np.integer):
            top = int(band[valid].max())
            share = float((band[valid] == top).mean())
            if top == np.iinfo(band.dtype).max or share > settings.saturated_share:
                out |= (band >= top) & valid
    return out


def _scaled(
    raw: NDArray[Any], valid: NDArray[np.bool_], scene: Scene, roles: tuple[str, ...], settings: ReadSettings
) -> NDArray[np.float32]:
    values = np.nan_to_num(raw.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if scene.scale:
        values *= np.array([scene.scale[r] for r in roles], dtype=np.float32)[:, None, None]
    elif raw.dtype == np.uint8:
        values /= 255.0
    else:
        step = max(1, int((valid.size / 250_000) ** 0.5))
        sample = values[:, ::step, ::step][:, valid[::step, ::step]]
        white = float(np.percentile(sample, 99.5)) if sample.size else 1.0
        values *= settings.white_reflectance / max(white, 1e-6)
    values[:, ~valid] = 0.0
    return values
