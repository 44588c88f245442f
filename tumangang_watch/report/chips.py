"""Before/after chips: one PNG a finding, both dates in the same stretch, with scale and north."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from shapely import LineString
from shapely.ops import substring

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.observation import Observation
from tumangang_watch.report.pictures import (
    CHIP_PX,
    Bounds,
    ChipSubject,
    DisplayStretch,
    chip_bounds,
    crop,
    outline_colour,
    rings,
    stretch_of,
    subjects,
)

CAPTION_PX = 26
GAP_PX = 8
OUTLINE_MARGIN_M = 1.0
"""Outlines are drawn this far outside, so that they do not cover what they point at."""
SCALE_STEPS_M = (5, 10, 20, 50, 100, 200, 500, 1000)


def write_chips(comparison: Comparison, _: dict[str, Any], folder: Path) -> None:
    """Write ``chips/*.png``."""
    (folder / "chips").mkdir()
    stretch = stretch_of(comparison)
    for subject in subjects(comparison).values():
        picture = chip(comparison, subject, stretch)
        if picture is not None:
            picture.save(folder / "chips" / subject.file_name, "PNG", optimize=False)


def chip(comparison: Comparison, subject: ChipSubject, stretch: DisplayStretch) -> Any | None:
    """Return the before/after picture of a finding (PIL), or None when it has no place."""
    bounds = chip_bounds(subject)
    if bounds is None:
        return None
    dates = [o for o in (comparison.earlier, comparison.later) if o is not None]
    wide = len(dates) * CHIP_PX + (len(dates) - 1) * GAP_PX
    sheet = Image.new("RGB", (wide, CHIP_PX + CAPTION_PX), "white")
    for k, observation in enumerate(dates):
        panel = _panel(observation, subject, bounds, stretch)
        sheet.paste(panel, (k * (CHIP_PX + GAP_PX), 0))
        _caption(sheet, observation, k * (CHIP_PX + GAP_PX))
    return sheet


def _panel(observation: Observation, subject: ChipSubject, bounds: Bounds, stretch: DisplayStretch) -> Any:
    panel = crop(observation, bounds, stretch, (CHIP_PX, CHIP_PX))
    draw = ImageDraw.Draw(panel)
    here = subject.outlines.get(observation.date)
    shapes = [here] if here is not None else [g for g in subject.outlines.values() if g is not None]
    for shape in shapes:
        dashed = here is None or subject.possible
        for ring in rings(shape.buffer(OUTLINE_MARGIN_M, join_style="mitre")):
            points = [to_px(p, bounds, CHIP_PX) for p in ring]
            colour = outline_colour(subject.change) if here is not None else "#ffffff"
            _line(draw, points, colour, dashed)
    _furniture(draw, bounds)
    return panel


def to_px(point: tuple[float, float], bounds: Bounds, wide: float) -> tuple[float, float]:
    """Return the picture position (x right, y down) of a point in site metres."""
    scale = wide / (bounds[2] - bounds[0])
    return (point[0] - bounds[0]) * scale, (bounds[3] - point[1]) * scale


def _line(draw: Any, points: list[tuple[float, float]], colour: str, dashed: bool) -> None:
    """Draw a line with a dark edge, so that it shows on snow and on asphalt."""
    pieces = list(_dashes(points)) if dashed else [points]
    for width, ink in ((4, "#111111"), (2, colour)):
        for piece in pieces:
            draw.line(piece, fill=ink, width=width, joint="curve")


def _dashes(points: list[tuple[float, float]], on: float = 9.0, off: float = 7.0) -> Any:
    line = LineString(points)
    start = 0.0
    while start < line.length:
        piece = substring(line, start, min(start + on, line.length))
        if piece.geom_type == "LineString":
            yield list(piece.coords)
        start += on + off


def _furniture(draw: Any, bounds: Bounds) -> None:
    """Draw the scale bar and the north arrow (the site's grid is north-up)."""
    span_m = bounds[2] - bounds[0]
    length_m = max((s for s in SCALE_STEPS_M if s <= span_m / 3), default=SCALE_STEPS_M[0])
    bar = length_m / span_m * CHIP_PX
    x, y = 12, CHIP_PX - 14
    draw.line([(x, y), (x + bar, y)], fill="#111111", width=6)
    draw.line([(x + 1, y), (x + bar - 1, y)], fill="white", width=3)
    _text(draw, (x, y - 20), f"{length_m} m")
    top = CHIP_PX - 44
    right = CHIP_PX - 20
    draw.polygon(
        [(right, top), (right - 7, top + 20), (right, top + 15), (right + 7, top + 20)],
        fill="white",
        outline="#111111",
    )
    _text(draw, (right - 5, top + 20), "N")


def _text(draw: Any, at: tuple[float, float], text: str) -> None:
    draw.text(at, text, fill="white", font=ImageFont.load_default(13), stroke_width=2, stroke_fill="#111111")


def _caption(sheet: Any, observation: Observation, left: int) -> None:
    scene = observation.scene
    caption = f"{scene.acquired:%Y-%m-%d %H:%M} UTC   {scene.provider}   {scene.gsd_m:.2f} m"
    caption = "".join(c if " " <= c <= "~" else "?" for c in caption)[:64]
    font = ImageFont.load_default(14)
    ImageDraw.Draw(sheet).text((left + 4, CHIP_PX + 5), caption, fill="#222222", font=font)
