"""What lies across a line through a scene: the mean cross-section along it, for every place and slope.

A track is told by its cross-section: two rails 1.5 m apart, sleepers between 2.4 and 2.8 m long, a bed
that is alike on both sides. Tones differ from yard to yard, so a section is given in units of its own
contrast, and a line's contrast is measured against its own scatter along it: texture, which has
contrast but no direction, is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.grid import Grid
    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.settings.trace import TraceSettings

HEADING_BASE_M = 6.0
"""Half of the base over which a guide's heading is taken."""
LEAST_SPREAD = 0.01
"""Log-tone spread below which ground is called even."""


@dataclass(frozen=True)
class Flat:
    """A scene whose tone and contrast are the same everywhere: lines are left."""

    image: NativeImage
    """The native pixels it was made of, in the site's frame: it says where pixels lie."""
    values: NDArray[Any]
    """(2, rows, cols) native pixels within -1 to 1: brightness, and red against blue (0 where the
    scene has no such bands)."""
    seen: NDArray[Any]
    """(rows, cols): 1 = usable."""

    @classmethod
    def of(cls, image: NativeImage, settings: TraceSettings) -> Flat:
        """Take tone and contrast out of a scene."""
        visible = [k for k, band in enumerate(image.bands) if band in ("blue", "green", "red")] or [0]
        light = image.values[visible].mean(axis=0)
        seen = (image.valid & (light > 0)).astype(np.float32)
        layers = [np.log(np.maximum(light, 1e-4))]
        if {"red", "blue"} <= set(image.bands):
            red, blue = (np.maximum(image.values[image.bands.index(b)], 1e-4) for b in ("red", "blue"))
            layers.append(np.log(red / blue))
        flat = [_flattened(layer.astype(np.float32), seen, image.pixel_m, settings) for layer in layers]
        if len(flat) == 1:
            flat.append(np.zeros_like(flat[0]))
        return cls(image, np.stack(flat), seen)


def _flattened(
    layer: NDArray[Any], seen: NDArray[Any], pixel_m: float, settings: TraceSettings
) -> NDArray[Any]:
    import cv2

    def around(values: NDArray[Any], sigma_m: float) -> NDArray[Any]:
        return cv2.GaussianBlur(values, (0, 0), sigma_m / pixel_m)

    layer = layer * seen
    layer = (layer - around(layer, settings.flat_m) / (around(seen, settings.flat_m) + 1e-6)) * seen
    spread = around(np.clip(layer, -1, 1) ** 2, settings.contrast_m)
    spread = np.sqrt(spread / (around(seen, settings.contrast_m) + 1e-6)) + LEAST_SPREAD
    return (np.tanh(layer / (2 * spread)) * seen).astype(np.float32)


@dataclass(frozen=True)
class Frame:
    """A guide with its normals: ``s`` along it, ``y`` to its left, metres."""

    points: NDArray[Any]
    """(n, 2) the guide's points (x, y), ``pixel_m`` apart."""
    left: NDArray[Any]
    """(n, 2) unit vectors to its left."""
    half_m: float
    pixel_m: float

    @classmethod
    def along(cls, line: NDArray[Any], half_m: float, pixel_m: float) -> Frame:
        """Make the frame of a polyline (k, 2)."""
        import shapely

        guide = shapely.LineString(line)
        s = np.arange(0.0, guide.length, pixel_m)
        ends = [
            shapely.get_coordinates(shapely.line_interpolate_point(guide, np.clip(s + d, 0, guide.length)))
            for d in (-HEADING_BASE_M, HEADING_BASE_M, 0.0)
        ]
        ahead = ends[1] - ends[0]
        ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        return cls(ends[2], np.stack([-ahead[:, 1], ahead[:, 0]], axis=1), half_m, pixel_m)

    @property
    def rows_m(self) -> NDArray[Any]:
        """(m,) offsets of the frame's pixel rows."""
        count = int(self.half_m / self.pixel_m)
        return np.arange(-count, count + 1) * self.pixel_m

    def lattice_m(self, across_m: float) -> NDArray[Any]:
        """(k,) offsets ``across_m`` apart over the same width."""
        count = int(self.half_m / across_m)
        return np.arange(-count, count + 1) * across_m

    def place(self, s_m: NDArray[Any], y_m: NDArray[Any]) -> NDArray[Any]:
        """Return the site's (x, y) of frame coordinates, (n, 2)."""
        index = np.clip(s_m / self.pixel_m, 0, len(self.points) - 1.001)
        low = index.astype(int)
        share = (index - low)[:, None]
        point = self.points[low] * (1 - share) + self.points[low + 1] * share
        left = self.left[low] * (1 - share) + self.left[low + 1] * share
        return np.asarray(point + left * y_m[:, None])

    def sample(self, flat: Flat, area: NDArray[np.bool_], grid: Grid) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a flat scene (2, y, s) and where it is seen within an area (y, s).

        Parameters
        ----------
        area : (rows, cols) bool
            Ground to look at, on ``grid``.
        """
        import cv2

        x = self.points[None, :, 0] + self.rows_m[:, None] * self.left[None, :, 0]
        y = self.points[None, :, 1] + self.rows_m[:, None] * self.left[None, :, 1]
        row, col = grid.to_pixel(x, y)
        maps = col.astype(np.float32), row.astype(np.float32)
        within = cv2.remap(area.astype(np.uint8), *maps, cv2.INTER_NEAREST)
        row, col = flat.image.pixel_of(x, y)
        maps = col.astype(np.float32), row.astype(np.float32)
        seen = (cv2.remap(flat.seen, *maps, cv2.INTER_LINEAR) > 0.99) & (within > 0)
        out = np.empty((2, *seen.shape), dtype=np.float32)
        for k, values in enumerate(flat.values):
            if flat.image.pixel_m < self.pixel_m / 1.5:
                values = cv2.GaussianBlur(values, (0, 0), 0.4 * self.pixel_m / flat.image.pixel_m)
            out[k] = cv2.remap(values, *maps, cv2.INTER_CUBIC) * seen
        return out, seen.astype(np.float32)


@dataclass(frozen=True)
class Sections:
    """Mean cross-sections along lines of one slope: (y, steps) each, NaN-free."""

    tone: NDArray[Any]
    red: NDArray[Any]
    line: NDArray[Any]
    """Contrast of a thin line here, in standard errors; positive = brighter than its sides."""
    error: NDArray[Any]
    """Standard error of ``tone``."""
    share: NDArray[Any]
    """Share of the length that is seen."""


def sections_along(
    sampled: tuple[NDArray[Any], NDArray[Any]],
    slope: float,
    frame: Frame,
    gsd_m: float,
    settings: TraceSettings,
) -> Sections:
    """Average a frame along lines of one slope.

    Parameters
    ----------
    sampled : ((2, y, s), (y, s)) float32
        Of `Frame.sample`.
    slope : float
        Tangent of the lines' angle against the guide, positive to its left.
    gsd_m : float
        The scene's resolution.

    Returns
    -------
    Sections
        Rows at ``frame.lattice_m(settings.across_m)``, columns in the middle of steps of
        ``settings.step_m`` along the guide.
    """
    import cv2

    per = round(settings.cell_m / frame.pixel_m)
    cells = max(sampled[1].shape[1] // per, 1)
    (tone, red), seen = sampled[0][:, :, : cells * per], sampled[1][:, : cells * per]
    rows, cols = seen.shape
    middle = (cols - 1) / 2
    spare = int(np.ceil(abs(slope) * middle)) + 1
    shear = np.array([[1.0, 0.0, 0.0], [slope, 1.0, -slope * middle - spare]])
    size, reduced = (cols, rows + 2 * spare), (cells, rows + 2 * spare)
    linear, nearest = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    mask = cv2.warpAffine(seen, shear, size, flags=nearest)
    tone, red = (cv2.warpAffine(layer, shear, size, flags=linear) for layer in (tone, red))
    sigma = max(settings.line_sigma_m, settings.line_sigma_px * gsd_m) * float(np.hypot(1.0, slope))
    line = cv2.filter2D(tone, -1, _ridge(sigma / frame.pixel_m)[:, None])
    cell = [cv2.resize(v * mask, reduced, interpolation=cv2.INTER_AREA) for v in (tone, red, line)]
    share = cv2.resize(mask, reduced, interpolation=cv2.INTER_AREA)
    width = max(round(settings.window_m / settings.cell_m), 3) | 1
    weight = cv2.blur(share, (width, 1), borderType=cv2.BORDER_CONSTANT)
    safe = np.maximum(weight, 1e-3)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return cv2.blur(values, (width, 1), borderType=cv2.BORDER_CONSTANT) / safe

    means = [mean(c) for c in cell]
    errors = []
    for c, m in zip((cell[0], cell[2]), (means[0], means[2]), strict=True):
        scatter = np.maximum(mean(c * c) - m * m, 0.0)
        usual = float(np.median(scatter[weight > 0.5])) if (weight > 0.5).any() else 1.0
        count = width * np.maximum(weight, 0.2)
        errors.append(np.sqrt((scatter + settings.noise_share * usual + 1e-6) / count))
    layers = [means[0], means[1], means[2] / errors[1], errors[0], weight]
    y, every = frame.lattice_m(settings.across_m), settings.step_m / settings.cell_m
    steps = int(cells // every)
    at = (np.arange(steps) + 0.5) * every - 0.5
    centre = (at + 0.5) * per - 0.5
    back = (y[:, None] - frame.rows_m[0]) / frame.pixel_m - slope * (centre - middle)[None] + spare
    maps = np.broadcast_to(at.astype(np.float32), back.shape).copy(), back.astype(np.float32)
    tone, red, line, error, share = (cv2.remap(v, *maps, cv2.INTER_LINEAR) for v in layers)
    return Sections(tone, red, line, error + 1e-6, share)


def _ridge(sigma_px: float) -> NDArray[Any]:
    """Return minus the second derivative of a Gaussian, positive on a bright line."""
    reach = int(np.ceil(4 * sigma_px))
    y = np.arange(-reach, reach + 1) / sigma_px
    kernel = (1 - y**2) * np.exp(-(y**2) / 2)
    kernel -= kernel.mean()
    return np.asarray(2 * kernel / np.abs(kernel).sum(), dtype=np.float32)
