"""Pictures of both dates in one stretch: crops of areas and before/after chips of findings."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageFont
from PIL.Image import Image as Picture
from PIL.ImageDraw import ImageDraw
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from tumangang_watch.grid import Grid
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.image import Raster
from tumangang_watch.model.observation import Observation
from tumangang_watch.report.names import STRIP_HALF_M
from tumangang_watch.track_frame import TrackFrame, frame_along

Bounds = tuple[float, float, float, float]
Point = tuple[float, float]
CHIP_PX = 480
LARGEST_PX = 1600
"""Longest side of an embedded picture."""
STRETCH_PERCENTILES = (0.1, 99.8)
STRETCH_SAMPLE = 400_000
"""Pixels a date that decide the stretch; percentiles to 0.1 % need no more."""
STRIP_STEP_M = 0.25
OUTLINE_MARGIN_M = 1.0
SCALE_STEPS_M = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
PNG_CODING = (
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_SUB,
)
"""How pictures are compressed: differences to the left, each by itself, without a search for runs or for the
best filter of each row. A tenth of the usual time; files are a quarter larger than the smallest."""
DARK = "#111111"
"""Edge of lines and text over imagery."""
NO_IMAGE = 96
"""Grey level shown where a scene has no pixels."""


@dataclass(frozen=True)
class DisplayStretch:
    """How pixel values became brightness: linear from ``low`` to ``high``, the same on both dates.

    All bands share one gain, as natural colour does; each has its own black, which is its haze.
    """

    roles: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def words(self) -> str:
        """Return the stretch as printed under pictures."""
        black = ", ".join(f"{role} {low:.3g}" for role, low in zip(self.roles, self.low, strict=True))
        return f"black at {black}; white {self.high[0] - self.low[0]:.3g} above, linear"


def shown_bands(raster: Raster, roles: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the bands to show as (len(roles), rows, cols); ``grey`` is the luminance."""
    return np.stack(_layers_of(raster, roles))


def _layers_of(raster: Raster, roles: tuple[str, ...]) -> list[NDArray[np.float32]]:
    return [raster.luminance()] if roles == ("grey",) else [raster.band(role) for role in roles]


def stretch_of(comparison: Comparison) -> DisplayStretch:
    """Return one stretch for all pictures of both dates, from clear pixels."""
    dates = comparison.dates
    return stretch_from([date.raster for date in dates], [date.quality.clear for date in dates])


def stretch_from(rasters: list[Raster], clear: list[NDArray[np.bool_]]) -> DisplayStretch:
    """Return one stretch for rasters; of each the valid pixels decide that are clear (rows, cols)."""
    colours = ("red", "green", "blue")
    roles = colours if all(set(colours) <= set(raster.bands) for raster in rasters) else ("grey",)
    samples = []
    for raster, mask in zip(rasters, clear, strict=True):
        deciding = raster.valid & mask
        places = np.flatnonzero(deciding if deciding.any() else raster.valid)
        places = places[:: max(1, len(places) // STRETCH_SAMPLE)]
        samples.append(np.stack([layer.ravel()[places] for layer in _layers_of(raster, roles)]))
    joined = np.concatenate(samples, axis=1)
    if joined.shape[1] == 0:
        return DisplayStretch(roles, (0.0,) * len(roles), (1.0,) * len(roles))
    dark, light = STRETCH_PERCENTILES
    low = np.percentile(joined, dark, axis=1)
    # The darkest of each band is haze; one gain for all of them keeps concrete grey and rust brown.
    reach = max(float(np.percentile(np.mean(joined.T - low, axis=1), light)), 1e-6)
    return DisplayStretch(roles, tuple(map(float, low)), tuple(map(float, low + reach)))


def to_rgb(raster: Raster, stretch: DisplayStretch) -> NDArray[np.uint8]:
    """Stretch a raster to (rows, cols, 3) bytes; ground not imaged is flat grey."""
    low = np.array(stretch.low, dtype=np.float32)[:, None, None]
    high = np.array(stretch.high, dtype=np.float32)[:, None, None]
    scaled = np.clip((np.nan_to_num(shown_bands(raster, stretch.roles)) - low) / (high - low), 0, 1)
    shown = np.moveaxis((scaled * 255 + 0.5).astype(np.uint8), 0, -1)
    if shown.shape[-1] == 1:
        shown = np.repeat(shown, 3, axis=-1)
    shown[~raster.valid] = NO_IMAGE
    return shown


def crop(observation: Observation, bounds: Bounds, stretch: DisplayStretch, size: tuple[int, int]) -> Picture:
    """Return a picture of ``bounds`` (west, south, east, north; site metres), ``size`` (wide, high)."""
    raster, grid = observation.raster, observation.raster.grid
    west, south, east, north = bounds
    left, right = (west - grid.west) / grid.pixel_m, (east - grid.west) / grid.pixel_m
    top, bottom = (grid.north - north) / grid.pixel_m, (grid.north - south) / grid.pixel_m
    c0, c1, r0, r1 = math.floor(left), math.ceil(right), math.floor(top), math.ceil(bottom)
    picture = np.full((r1 - r0, c1 - c0, 3), NO_IMAGE, dtype=np.uint8)
    a, b, c, d = max(r0, 0), min(r1, grid.rows), max(c0, 0), min(c1, grid.cols)
    if a < b and c < d:
        part = _unplaced(raster.values[:, a:b, c:d], raster.valid[a:b, c:d], raster.bands)
        picture[a - r0 : b - r0, c - c0 : d - c0] = to_rgb(part, stretch)
    exact = (left - c0, top - r0, right - c0, bottom - r0)
    return Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, box=exact)


def strip(
    observation: Observation, line: LineString, span_m: tuple[float, float], stretch: DisplayStretch
) -> Picture:
    """Return a track from ``span_m`` straightened: along it to the right, its left side up."""
    step = min(max(observation.raster.grid.pixel_m / 2, STRIP_STEP_M), 1.0)
    along = np.arange(span_m[0] + step / 2, span_m[1], step)
    across = np.arange(STRIP_HALF_M - step / 2, -STRIP_HALF_M, -step)
    inside = np.clip(along, 0.0, line.length)
    frame = frame_along(line, inside, 1.0)
    beyond = TrackFrame(frame.points + (along - inside) * frame.ahead, frame.left)
    values, valid = observation.image.sample(*beyond.mesh(across))
    return Image.fromarray(to_rgb(_unplaced(values, valid, observation.image.bands), stretch))


def _unplaced(values: NDArray[np.float32], valid: NDArray[np.bool_], bands: tuple[str, ...]) -> Raster:
    """Return a raster that lies nowhere: it is only looked at."""
    rows, cols = valid.shape
    return Raster(values, valid, Grid(crs="", west=0.0, north=0.0, pixel_m=1.0, rows=rows, cols=cols), bands)


def picture_size(bounds: Bounds, pixel_m: float) -> tuple[int, int]:
    """Return (wide, high) of an area's picture: native pixels, enlarged or cut to a readable size."""
    wide, high = (bounds[2] - bounds[0]) / pixel_m, (bounds[3] - bounds[1]) / pixel_m
    scale = min(LARGEST_PX / max(wide, high), 3.0)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def jpeg_bytes(picture: Picture, quality: int) -> bytes:
    """Return a picture as JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def data_uri(picture: Picture, quality: int = 85) -> str:
    """Return a picture as a JPEG data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg_bytes(picture, quality)).decode("ascii")


def png_bytes(picture: Picture) -> bytes:
    """Return a picture as PNG, the same bytes for the same pixels."""
    blue_first = np.asarray(picture.convert("RGB"))[:, :, ::-1]
    done, coded = cv2.imencode(".png", blue_first, PNG_CODING)
    if not done:
        raise OSError("a picture could not be coded as PNG")
    return coded.tobytes()


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of a size: it is unpacked anew whenever the library is asked for it."""
    return ImageFont.load_default(size)


def rings(geometry: BaseGeometry) -> Iterable[list[tuple[float, float]]]:
    """Yield the rings and lines of a geometry as lists of (x, y)."""
    for part in shapely.get_parts(geometry):
        for line in (part.exterior, *part.interiors) if part.geom_type == "Polygon" else (part,):
            if not line.is_empty:
                yield [(float(x), float(y)) for x, y, *_ in line.coords]


def outlined(shape: BaseGeometry) -> BaseGeometry:
    """Return what is drawn around a shape: far enough outside not to cover what it points at."""
    return shape.buffer(OUTLINE_MARGIN_M, join_style="mitre")


def to_px(point: Point, bounds: Bounds, wide: float) -> Point:
    """Return the picture position (x right, y down) of a point in site metres."""
    scale = wide / (bounds[2] - bounds[0])
    return (point[0] - bounds[0]) * scale, (bounds[3] - point[1]) * scale


def scale_bar_m(longest_m: float) -> int:
    """Return the length of a scale bar, a round number of metres."""
    return max((step for step in SCALE_STEPS_M if step <= longest_m), default=SCALE_STEPS_M[0])


def dashes(points: Sequence[Point], on: float, off: float) -> list[list[Point]]:
    """Return a line's dashes; ``on`` and ``off`` are lengths in the points' unit."""
    corners = np.asarray(points, dtype=float)
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    starts = np.arange(0.0, at[-1], on + off)
    stops = np.minimum(starts + on, at[-1])
    ends = [np.stack([np.interp(m, at, axis) for axis in corners.T], axis=1) for m in (starts, stops)]
    made = []
    for start, stop, first, last in zip(starts, stops, *ends, strict=True):
        between = corners[np.searchsorted(at, start, "right") : np.searchsorted(at, stop, "left")]
        made.append([(x, y) for x, y in np.concatenate([[first], between, [last]]).tolist()])
    return made


def draw_edged(draw: ImageDraw, lines: list[list[Point]], colour: str, width: int) -> None:
    """Draw lines with a dark edge, so that they show on snow and on asphalt."""
    for wide, ink in ((width + 2, DARK), (width, colour)):
        for line in lines:
            draw.line(line, fill=ink, width=wide, joint="curve")


def draw_north(draw: ImageDraw, tip: tuple[int, int], size: tuple[int, int, int]) -> None:
    """Draw the north arrow (a site's grid is north-up): half its width, its height, where it is notched."""
    x, y = tip
    half, high, notch = size
    arrow = [tip, (x - half, y + high), (x, y + notch), (x + half, y + high)]
    draw.polygon(arrow, fill="white", outline=DARK)
