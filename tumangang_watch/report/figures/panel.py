"""One picture of a figure: ground on one date at 300 dots an inch, with outlines, arrows, scale and north."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageDraw, ImageFont
from PIL.Image import Image as Picture
from shapely import box
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.report.marks.compass import SATELLITE, SUN, marks_of
from tumangang_watch.report.palette import PAINTED_INK
from tumangang_watch.report.pictures import (
    DARK,
    Bounds,
    DisplayStretch,
    crop,
    dashes,
    draw_edged,
    outlined,
    rings,
    scale_bar_m,
    to_px,
)
from tumangang_watch.text import PAINTED_NOTICE

LINE_PX, FONT_PX, ARROW_PX, HEAD_PX, EDGE_PX, ROSE_PX = 5, 31, 70, 18, 26, 48
"""Sizes in pixels of a three-hundredth of an inch: letters stand 2.2 mm high on paper."""


@dataclass(frozen=True, kw_only=True)
class PointedShape:
    """Something that a figure points at."""

    shape: BaseGeometry
    label: str
    """Its number; none where it is only outlined."""
    colour: str
    dashed: bool


@dataclass(frozen=True)
class PanelFrame:
    """What ground a panel shows, how it is stretched, and its size in pixels (wide, high)."""

    bounds: Bounds
    stretch: DisplayStretch
    size: tuple[int, int]

    def px(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the site lies in the panel."""
        return to_px((x, y), self.bounds, self.size[0])


def panel(observation: Observation, shapes: Sequence[PointedShape], frame: PanelFrame) -> Picture:
    """Return the ground on one date with what is pointed at."""
    picture = crop(observation, frame.bounds, frame.stretch, frame.size)
    draw = ImageDraw.Draw(picture)
    for one in shapes:
        for ring in rings(outlined(one.shape)):
            points = [frame.px(*p) for p in ring]
            draw_edged(draw, dashes(points, 26.0, 20.0) if one.dashed else [points], one.colour, LINE_PX)
    for one in shapes:
        if one.label:
            _arrow(draw, one, frame)
    _scale_bar(draw, frame)
    reach = ROSE_PX + 2 * EDGE_PX
    _rose(draw, observation.scene, (frame.size[0] - reach, frame.size[1] - reach))
    if observation.scene.painted:
        wide = draw.textlength(PAINTED_NOTICE, font=letters())
        draw.rectangle((0, 0, wide + 2 * EDGE_PX, FONT_PX + 16), fill=PAINTED_INK)
        draw.text((EDGE_PX, 5), PAINTED_NOTICE, fill="white", font=letters())
    return picture


@cache
def letters(size: int = FONT_PX) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of figures: DejaVu Sans, which comes with matplotlib and has ``²`` and ``–``."""
    home = find_spec("matplotlib")
    if home is None or home.origin is None:
        return ImageFont.load_default(size)
    fonts = Path(home.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(fonts / "DejaVuSans.ttf"), size)


def _arrow(draw: ImageDraw.ImageDraw, one: PointedShape, frame: PanelFrame) -> None:
    """Draw an arrow from a number to an object: from above, from below at the upper edge."""
    seen = outlined(one.shape).intersection(box(*frame.bounds))
    if seen.is_empty:
        return
    west, south, east, north = seen.bounds
    x, top = frame.px((west + east) / 2, north)
    _, bottom = frame.px((west + east) / 2, south)
    above = top >= ARROW_PX + 2 * FONT_PX
    tip, way = (top - 4, -1) if above else (bottom + 4, 1)
    tail, base = tip + way * ARROW_PX, tip + way * HEAD_PX
    draw_edged(draw, [[(x, tail), (x, base)]], one.colour, LINE_PX)
    half = HEAD_PX * 0.6
    draw.polygon([(x, tip), (x - half, base), (x + half, base)], fill=one.colour, outline=DARK)
    at = (min(max(x, FONT_PX), frame.size[0] - FONT_PX), tail + way * FONT_PX * 0.6)
    draw.text(at, one.label, fill=one.colour, font=letters(), stroke_width=4, stroke_fill=DARK, anchor="mm")


def _scale_bar(draw: ImageDraw.ImageDraw, frame: PanelFrame) -> None:
    span_m = frame.bounds[2] - frame.bounds[0]
    length_m = scale_bar_m(span_m / 3)
    x, y, bar = EDGE_PX, frame.size[1] - EDGE_PX, length_m / span_m * frame.size[0]
    draw.line([(x, y), (x + bar, y)], fill=DARK, width=14)
    draw.line([(x + 3, y), (x + bar - 3, y)], fill="white", width=7)
    words = f"{length_m} m"
    draw.text((x, y - 50), words, fill="white", font=letters(), stroke_width=4, stroke_fill=DARK)


def _rose(draw: ImageDraw.ImageDraw, scene: Scene, at: tuple[int, int]) -> None:
    """Draw north, a disc where the sun stood, a square where the satellite was."""
    x, y = at
    ring = (x - ROSE_PX, y - ROSE_PX, x + ROSE_PX, y + ROSE_PX)
    draw.ellipse(ring, outline=DARK, width=9)
    draw.ellipse(ring, outline="white", width=5)
    draw.text((x, y), "N", fill="white", font=letters(), stroke_width=4, stroke_fill=DARK, anchor="mm")
    tip = y - ROSE_PX - 14
    draw.polygon([(x, tip), (x - 11, tip + 24), (x + 11, tip + 24)], fill="white", outline=DARK)
    for mark in marks_of(scene):
        u, v, r = x + mark.x * ROSE_PX, y + mark.y * ROSE_PX, 11
        place = (u - r, v - r, u + r, v + r)
        if mark.what == "sun":
            draw.ellipse(place, fill=SUN, outline=DARK, width=2)
        else:
            draw.rectangle(place, fill=SATELLITE, outline=DARK, width=2)
