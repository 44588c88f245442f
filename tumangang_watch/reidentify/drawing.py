"""Trains seen again, drawn one above another with like vehicles aligned, lengths to scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.columns import LETTERS, Aligned, DrawnSighting
from tumangang_watch.report.names import STRIP_HALF_M
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.text import clean_text

DARK = {"black", "grey", "red", "brown", "blue", "green"}
INK, SOFT, LINE, LINK = "#1c2126", "#5b6570", "#9aa3ad", "#c9d6e6"
WIDE_PX, MIN_WIDE_PX, LEFT_PX, MAX_SCALE, MIN_SCALE = 1040.0, 560.0, 8.0, 6.0, 2.0
HEAD_PX, BOX_PX, NOTE_PX, BETWEEN_PX = 22.0, 24.0, 14.0, 18.0
NO_LENGTH_M, BETWEEN_M = 13.0, 1.2
"""Drawn length of a vehicle whose own was not measured; metres between two columns."""
FONT = 0.72
"""Points a pixel of a drawing."""


@dataclass(frozen=True, kw_only=True)
class DrawingLayout:
    """Where columns and rows lie on the sheet, pixels, y down."""

    px_per_m: float
    wide: float
    high: float
    middles: tuple[float, ...]
    """Of the columns."""
    widths: tuple[float, ...]
    tops: tuple[float, ...]
    """Of the rows."""
    boxes: tuple[float, ...]
    """Upper edges of the rows' vehicles."""


def layout_of(aligned: Aligned) -> DrawingLayout:
    """Return where the rows and columns of a journey are drawn."""
    widths_m = [max(_length_m(aligned.vehicle(r, n)) for r in c) for n, c in enumerate(aligned.columns)]
    total_m = sum(widths_m) + BETWEEN_M * max(len(widths_m) - 1, 0)
    px_per_m = min(max((WIDE_PX - 2 * LEFT_PX) / max(total_m, 1.0), MIN_SCALE), MAX_SCALE)
    middles, at = [], LEFT_PX
    for width_m in widths_m:
        middles.append(at + width_m * px_per_m / 2)
        at += (width_m + BETWEEN_M) * px_per_m
    tops, boxes, y = [], [], 4.0
    for row in aligned.rows:
        tops.append(y)
        y += HEAD_PX + (NOTE_PX if row.strip is None else 2 * STRIP_HALF_M * px_per_m + 3)
        boxes.append(y)
        y += BOX_PX + BETWEEN_PX
    return DrawingLayout(
        px_per_m=px_per_m,
        wide=max(at + LEFT_PX, MIN_WIDE_PX),
        high=y - BETWEEN_PX + 10 + (NOTE_PX if aligned.left_out else 0.0),
        middles=tuple(middles),
        widths=tuple(width_m * px_per_m for width_m in widths_m),
        tops=tuple(tops),
        boxes=tuple(boxes),
    )


def write_drawing(aligned: Aligned, labels: tuple[str, ...], pad_m: float, path: Path) -> None:
    """Write the drawing of a journey's aligned vehicles as PNG; the same journey gives the same bytes.

    Parameters
    ----------
    aligned : Aligned
        Rows and columns.
    labels : tuple of str
        What stands above each row: place and date.
    pad_m : float
        Ground shown before and behind each vehicle.
    path : Path
        The file to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = layout_of(aligned)
    figure = Figure(figsize=(sheet.wide / 100, sheet.high / 100), dpi=150.0)
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set_axis_off()
    for r, row in enumerate(aligned.rows):
        top, y = sheet.tops[r], sheet.boxes[r]
        _text(axis, LEFT_PX, top + 14, labels[r], fontsize=12 * FONT, color=INK, fontweight="bold")
        if row.strip is None:
            _text(axis, LEFT_PX, top + HEAD_PX + 8, row.why_no_strip, fontsize=10 * FONT, color=SOFT)
        else:
            picture = np.asarray(strip_picture(row, r, aligned, sheet, pad_m))
            extent = (0.0, sheet.wide, y - 3, top + HEAD_PX)
            axis.imshow(picture, extent=extent, aspect="auto", interpolation="bilinear")
        for n, column in enumerate(aligned.columns):
            x = sheet.middles[n]
            if r in column:
                _draw_vehicle(axis, aligned.vehicle(r, n), x, y, sheet.px_per_m)
            else:
                _box(axis, x, y + 4, sheet.widths[n] - 2, BOX_PX - 8, edgecolor=LINE, linestyle=(0, (4, 3)))
                _text(axis, x, y + BOX_PX / 2 + 4, "–", fontsize=11 * FONT, color=SOFT, ha="center")
            if r in column and r - 1 in column:
                for start, stop in ((sheet.boxes[r - 1] + BOX_PX + 6, top + 2), (y - 3, y)):
                    axis.plot([x, x], [start, stop], color=LINK, linewidth=3 * FONT)
    if aligned.left_out:
        words = f"{aligned.left_out} further sightings are not drawn"
        _text(axis, LEFT_PX, sheet.high - 10, words, fontsize=10 * FONT, color=SOFT)
    axis.set_xlim(0, sheet.wide)
    axis.set_ylim(sheet.high, 0)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})


def _draw_vehicle(axis: Any, vehicle: Vehicle, x: float, y: float, px_per_m: float) -> None:
    """Draw one vehicle about x: its colour, its type in a letter, and how sure the colour is."""
    wide = _length_m(vehicle) * px_per_m
    unknown = vehicle.colour not in PAINTS or vehicle.colour == "unknown"
    paint = PAINTS["unknown" if unknown else vehicle.colour]
    _box(axis, x, y, wide, BOX_PX, facecolor=paint, edgecolor=INK)
    if unknown:
        axis.plot([x - wide / 2, x + wide / 2], [y + BOX_PX, y], color=LINE, linewidth=FONT)
    share = dict(vehicle.colours).get(vehicle.colour, 0.0 if unknown else vehicle.confidence)
    # A bar under the vehicle, as long as the vehicle when its colour is certain.
    sure = wide * min(max(share, 0.0), 1.0)
    _box(axis, x - (wide - sure) / 2, y + BOX_PX + 2, sure, 3.0, facecolor=SOFT, edgecolor="none")
    ink = "#ffffff" if vehicle.colour in DARK else INK
    letter = LETTERS.get(vehicle.type, "?")
    _text(axis, x, y + BOX_PX / 2 + 4, letter, fontsize=12 * FONT, color=ink, ha="center", fontweight="bold")


def _box(axis: Any, x: float, y: float, wide: float, high: float, **style: Any) -> None:
    """Draw a box about x, its upper edge at y."""
    from matplotlib.patches import Rectangle

    box = Rectangle(
        (x - wide / 2, y), max(wide, 0.0), high, **{"facecolor": "none", "linewidth": FONT, **style}
    )
    axis.add_patch(box)


def _text(axis: Any, x: float, y: float, text: str, **style: Any) -> None:
    axis.text(x, y, clean_text(text), va="baseline", parse_math=False, **style)


def strip_picture(
    row: DrawnSighting, r: int, aligned: Aligned, sheet: DrawingLayout, pad_m: float
) -> Image.Image:
    """Return the row's vehicles cut from its track's strip, each in its column, at two pixels a pixel."""
    picture = Image.new("RGB", (round(2 * sheet.wide), round(4 * STRIP_HALF_M * sheet.px_per_m)), "white")
    if row.strip is None:
        return picture
    strip = row.strip.transpose(Image.Transpose.ROTATE_180) if row.turned else row.strip
    per_m = strip.width / row.strip_m
    for n, column in enumerate(aligned.columns):
        if r not in column:
            continue
        vehicle = aligned.vehicle(r, n)
        a, b = vehicle.from_m - pad_m, vehicle.to_m + pad_m
        if row.turned:
            a, b = row.strip_m - b, row.strip_m - a
        a, b = max(a, 0.0), min(b, row.strip_m)
        if b > a:
            wide = round(2 * (b - a) * sheet.px_per_m)
            box = (a * per_m, 0.0, b * per_m, float(strip.height))
            piece = strip.resize((max(wide, 1), picture.height), box=box)
            picture.paste(piece, (round(2 * sheet.middles[n] - wide / 2), 0))
    return picture


def _length_m(vehicle: Vehicle) -> float:
    length = vehicle.to_m - vehicle.from_m
    return length if length > 0 else NO_LENGTH_M
