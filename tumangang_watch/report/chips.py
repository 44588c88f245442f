"""Before/after chips: one PNG a finding, both dates in the same stretch, every object numbered."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw
from PIL.Image import Image as Picture
from shapely import box
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import PAINTED_MARK
from tumangang_watch.report.gis.kmz import write_kmz
from tumangang_watch.report.marks.compass import draw_compass
from tumangang_watch.report.marks.subjects import ChipSubject, chip_bounds, subjects
from tumangang_watch.report.palette import OUTLINE_COLOURS, PAINTED_INK
from tumangang_watch.report.pictures import (
    CHIP_PX,
    DARK,
    Bounds,
    DisplayStretch,
    crop,
    dashes,
    draw_edged,
    font_of,
    jpeg_bytes,
    outlined,
    png_bytes,
    rings,
    scale_bar_m,
    stretch_of,
    to_px,
)
from tumangang_watch.text import clock_text, utc_text
from tumangang_watch.threads import side_by_side

CAPTION_PX = 26
GAP_PX = 8
ARROW_PX = 26
KMZ_QUALITY = 88
HEAD_PX = 6
COMPASS_PX = 22
PLACE_INK = "#ffffff"
"""Where on the other date there is nothing of it."""


def write_chips(comparison: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``chips/*.png``, and ``findings.kmz``, which holds the same pictures as JPEG."""
    (folder / "chips").mkdir()
    stretch, blank = stretch_of(comparison), blank_sheet(comparison)

    def write(subject: ChipSubject) -> tuple[str, bytes] | None:
        picture = chip(comparison, subject, stretch, blank)
        if picture is None:
            return None
        (folder / "chips" / subject.file_name).write_bytes(png_bytes(picture))
        return subject.file_name, jpeg_bytes(picture, KMZ_QUALITY)

    # Two thirds of a chip's time are resampling and coding, which leave other threads the interpreter.
    written = side_by_side(write, subjects(comparison).values(), writes=True)
    write_kmz(comparison, report, folder, dict(one for one in written if one is not None))


def blank_sheet(comparison: Comparison) -> Picture:
    """Return the sheet of a chip before its pictures: what stands below them is the same on all chips."""
    step = CHIP_PX + GAP_PX
    sheet = Image.new("RGB", (len(comparison.dates) * step - GAP_PX, CHIP_PX + CAPTION_PX), "white")
    draw = ImageDraw.Draw(sheet)
    for k, observation in enumerate(comparison.dates):
        scene = observation.scene
        when = clock_text(utc_text(scene.acquired), korean=comparison.site.korean)
        caption = f"{when}   {scene.provider}   {scene.gsd_m:.2f} m"
        caption = "".join(c if " " <= c <= "~" else "?" for c in caption)
        font = font_of(13)
        while draw.textlength(caption, font=font) > CHIP_PX - 8:
            caption = caption[:-1]
        draw.text((k * step + 4, CHIP_PX + 5), caption, fill="#222222", font=font)
    return sheet


def chip(
    comparison: Comparison, subject: ChipSubject, stretch: DisplayStretch, blank: Picture | None = None
) -> Picture | None:
    """Return the before/after picture of a finding on a blank sheet, or None when it has no place."""
    bounds = chip_bounds(subject)
    if bounds is None:
        return None
    sheet = blank.copy() if blank is not None else blank_sheet(comparison)
    for k, observation in enumerate(comparison.dates):
        sheet.paste(_panel(observation, subject, bounds, stretch), (k * (CHIP_PX + GAP_PX), 0))
    return sheet


def _panel(
    observation: Observation, subject: ChipSubject, bounds: Bounds, stretch: DisplayStretch
) -> Picture:
    panel = crop(observation, bounds, stretch, (CHIP_PX, CHIP_PX))
    draw = ImageDraw.Draw(panel)
    here = subject.objects.get(observation.date, ())
    colour = OUTLINE_COLOURS[subject.change] if here else PLACE_INK
    for shape in here or [g for shapes in subject.objects.values() for g in shapes]:
        for ring in rings(outlined(shape)):
            points = [to_px(p, bounds, CHIP_PX) for p in ring]
            dashed = not here or subject.possible
            draw_edged(draw, dashes(points, 9.0, 7.0) if dashed else [points], colour, 2)
    for shape, label in zip(here, subject.labels(observation.date), strict=True):
        _arrow(draw, shape, bounds, label, colour)
    span_m = bounds[2] - bounds[0]
    length_m = scale_bar_m(span_m / 3)
    x, y, bar = 12, CHIP_PX - 14, length_m / span_m * CHIP_PX
    draw.line([(x, y), (x + bar, y)], fill=DARK, width=6)
    draw.line([(x + 1, y), (x + bar - 1, y)], fill="white", width=3)
    font = font_of(13)
    draw.text((x, y - 20), f"{length_m} m", fill="white", font=font, stroke_width=2, stroke_fill=DARK)
    reach = COMPASS_PX + 14
    draw_compass(draw, observation.scene, (CHIP_PX - reach, CHIP_PX - reach), COMPASS_PX)
    if observation.scene.painted:
        _mark(draw)
    return panel


def _arrow(draw: ImageDraw.ImageDraw, shape: BaseGeometry, bounds: Bounds, label: str, colour: str) -> None:
    """Draw an arrow from a number to an object, from above, or from below at the upper edge."""
    seen = outlined(shape).intersection(box(*bounds))
    if seen.is_empty:
        return
    west, south, east, north = seen.bounds
    x, top = to_px(((west + east) / 2, north), bounds, CHIP_PX)
    _, bottom = to_px(((west + east) / 2, south), bounds, CHIP_PX)
    above = top >= ARROW_PX + 20
    tip, way = (top - 2, -1) if above else (bottom + 2, 1)
    tail, base = tip + way * ARROW_PX, tip + way * HEAD_PX
    draw_edged(draw, [[(x, tail), (x, base)]], colour, 2)
    draw.polygon([(x, tip), (x - HEAD_PX + 1, base), (x + HEAD_PX - 1, base)], fill=colour, outline=DARK)
    font = font_of(15)
    at = (min(max(x, 12), CHIP_PX - 12), tail + way * 9)
    draw.text(at, label, fill=colour, font=font, stroke_width=2, stroke_fill=DARK, anchor="mm")


def _mark(draw: ImageDraw.ImageDraw) -> None:
    """Write over a picture of the painter that it is one."""
    font = font_of(14)
    wide = draw.textlength(PAINTED_MARK, font=font)
    draw.rectangle((0, 0, wide + 12, 21), fill=PAINTED_INK)
    draw.text((6, 3), PAINTED_MARK, fill="white", font=font)
