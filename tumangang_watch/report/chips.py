"""Before/after chips: one PNG a finding, both dates in the same stretch, with scale and north."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.Image import Image as Picture

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.report.palette import OUTLINE_COLOURS
from tumangang_watch.report.pictures import (
    CHIP_PX,
    DARK,
    Bounds,
    ChipSubject,
    DisplayStretch,
    chip_bounds,
    crop,
    dashes,
    draw_edged,
    draw_north,
    outlined,
    rings,
    scale_bar_m,
    stretch_of,
    subjects,
    to_px,
)

CAPTION_PX = 26
GAP_PX = 8


def write_chips(comparison: Comparison, _: ReportDocument, folder: Path) -> None:
    """Write ``chips/*.png``."""
    (folder / "chips").mkdir()
    stretch = stretch_of(comparison)
    for subject in subjects(comparison).values():
        picture = chip(comparison, subject, stretch)
        if picture is not None:
            picture.save(folder / "chips" / subject.file_name, "PNG", optimize=False)


def chip(comparison: Comparison, subject: ChipSubject, stretch: DisplayStretch) -> Picture | None:
    """Return the before/after picture of a finding, or None when it has no place."""
    bounds = chip_bounds(subject)
    if bounds is None:
        return None
    step = CHIP_PX + GAP_PX
    sheet = Image.new("RGB", (len(comparison.dates) * step - GAP_PX, CHIP_PX + CAPTION_PX), "white")
    for k, observation in enumerate(comparison.dates):
        sheet.paste(_panel(observation, subject, bounds, stretch), (k * step, 0))
        scene = observation.scene
        caption = f"{scene.acquired:%Y-%m-%d %H:%M} UTC   {scene.provider}   {scene.gsd_m:.2f} m"
        caption = "".join(c if " " <= c <= "~" else "?" for c in caption)[:64]
        font = ImageFont.load_default(14)
        ImageDraw.Draw(sheet).text((k * step + 4, CHIP_PX + 5), caption, fill="#222222", font=font)
    return sheet


def _panel(
    observation: Observation, subject: ChipSubject, bounds: Bounds, stretch: DisplayStretch
) -> Picture:
    panel = crop(observation, bounds, stretch, (CHIP_PX, CHIP_PX))
    draw = ImageDraw.Draw(panel)
    here = subject.outlines.get(observation.date)
    colour = OUTLINE_COLOURS[subject.change] if here is not None else "#ffffff"
    for shape in [here] if here is not None else filter(None, subject.outlines.values()):
        for ring in rings(outlined(shape)):
            points = [to_px(p, bounds, CHIP_PX) for p in ring]
            dashed = here is None or subject.possible
            draw_edged(draw, dashes(points, 9.0, 7.0) if dashed else [points], colour, 2)
    span_m = bounds[2] - bounds[0]
    length_m = scale_bar_m(span_m / 3)
    x, y, bar = 12, CHIP_PX - 14, length_m / span_m * CHIP_PX
    draw.line([(x, y), (x + bar, y)], fill=DARK, width=6)
    draw.line([(x + 1, y), (x + bar - 1, y)], fill="white", width=3)
    right, top = CHIP_PX - 20, CHIP_PX - 44
    draw_north(draw, (right, top), (7, 20, 15))
    for at, text in (((x, y - 20), f"{length_m} m"), ((right - 5, top + 20), "N")):
        font = ImageFont.load_default(13)
        draw.text(at, text, fill="white", font=font, stroke_width=2, stroke_fill=DARK)
    return panel
