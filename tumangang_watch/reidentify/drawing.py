"""Trains seen again, drawn one above another with like cars aligned: as SVG for the page and as PNG.

A drawing is a list of shapes in pixels, y down; two small writers turn it into SVG text and, with
matplotlib, into PNG. Lengths are to scale within a drawing.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.columns import LETTERS, Aligned, car_words
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.report.pictures import STRIP_HALF_M
from tumangang_watch.text import clean_text

DARK = {"black", "grey", "red", "brown", "blue", "green"}
INK, SOFT, LINE, LINK = "#1c2126", "#5b6570", "#9aa3ad", "#c9d6e6"
WIDE_PX, LEFT_PX, SCALE_MOST, SCALE_LEAST = 1040.0, 8.0, 6.0, 2.0
HEAD_PX, BOX_PX, NOTE_PX, BETWEEN_PX = 22.0, 24.0, 14.0, 18.0
NO_LENGTH_M, BETWEEN_M = 13.0, 1.2
"""Drawn length of a car whose own was not measured; metres between two columns."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One thing drawn, pixels."""

    kind: Literal["rect", "text", "line", "image"]
    x: float
    y: float
    wide: float = 0.0
    high: float = 0.0
    text: str = ""
    fill: str = "none"
    stroke: str = "none"
    dash: bool = False
    size: float = 11.0
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    title: str = ""
    image: Any = None


@dataclass
class Drawing:
    """Shapes on a sheet."""

    wide: float
    high: float = 0.0
    shapes: list[Shape] = field(default_factory=list)


def draw(aligned: Aligned, labels: tuple[str, ...], pad_m: float) -> Drawing:
    """Return the drawing of a journey's aligned cars.

    Parameters
    ----------
    aligned : Aligned
        Rows and columns.
    labels : tuple of str
        What stands above each row: place and date.
    pad_m : float
        Ground shown before and behind each car.
    """
    widths = [
        max(_length(aligned.rows[r].sighting.vehicles[car]) for r, car in column.items())
        for column in aligned.columns
    ]
    total_m = sum(widths) + BETWEEN_M * max(len(widths) - 1, 0)
    scale = min(max((WIDE_PX - 2 * LEFT_PX) / max(total_m, 1.0), SCALE_LEAST), SCALE_MOST)
    starts, at = [], LEFT_PX
    for width in widths:
        starts.append(at)
        at += (width + BETWEEN_M) * scale
    sheet = Drawing(max(at + LEFT_PX, 560.0))
    y = 4.0
    boxes: list[tuple[float, float]] = []
    for r, row in enumerate(aligned.rows):
        sheet.shapes.append(
            Shape(kind="text", x=LEFT_PX, y=y + 14, text=labels[r], fill=INK, size=12, bold=True)
        )
        top = y
        y += HEAD_PX
        high = 2 * STRIP_HALF_M * scale if row.strip is not None else 0.0
        if row.strip is None:
            sheet.shapes.append(
                Shape(kind="text", x=LEFT_PX, y=y + 8, text=row.why_no_strip, fill=SOFT, size=10)
            )
            y += NOTE_PX
        else:
            picture = _strip_picture(row.strip, r, aligned, starts, (scale, sheet.wide, pad_m))
            sheet.shapes.append(Shape(kind="image", x=0.0, y=y, wide=sheet.wide, high=high, image=picture))
            y += high + 3
        if r:
            _links(sheet, aligned, r, (boxes[-1][1], y, top), (starts, widths), scale)
        for n, column in enumerate(aligned.columns):
            car = row.sighting.vehicles[column[r]] if r in column else None
            _car(sheet, car, (starts[n], y, widths[n] * scale), scale)
        boxes.append((y, y + BOX_PX))
        y += BOX_PX + BETWEEN_PX
    if aligned.left_out:
        words = f"{aligned.left_out} further sightings are not drawn"
        sheet.shapes.append(Shape(kind="text", x=LEFT_PX, y=y, text=words, fill=SOFT, size=10))
        y += NOTE_PX
    sheet.high = y - BETWEEN_PX + 10
    return sheet


def _length(vehicle: Vehicle) -> float:
    length = vehicle.to_m - vehicle.from_m
    return length if length > 0 else NO_LENGTH_M


def _car(sheet: Drawing, car: Vehicle | None, place: tuple[float, float, float], scale: float) -> None:
    """Draw one car, or the mark of a missing one."""
    x, y, wide = place
    if car is None:
        middle = y + BOX_PX / 2
        sheet.shapes.append(
            Shape(
                kind="rect",
                x=x + 1,
                y=y + 4,
                wide=wide - 2,
                high=BOX_PX - 8,
                stroke=LINE,
                dash=True,
                title="no such car here",
            )
        )
        sheet.shapes.append(
            Shape(kind="text", x=x + wide / 2, y=middle + 4, text="–", fill=SOFT, anchor="middle")
        )
        return
    own = _length(car) * scale
    x += (wide - own) / 2
    fill = PAINTS.get(car.colour, PAINTS["unknown"])
    unknown = car.colour not in PAINTS or car.colour == "unknown"
    sheet.shapes.append(
        Shape(kind="rect", x=x, y=y, wide=own, high=BOX_PX, fill=fill, stroke=INK, title=car_words(car))
    )
    if unknown:
        sheet.shapes.append(
            Shape(kind="line", x=x, y=y + BOX_PX, wide=own, high=-BOX_PX, stroke=LINE, size=1.0)
        )
    told = dict(car.colours).get(car.colour, 0.0 if unknown else car.confidence)
    # How sure the colour is: a bar under the car, as long as the car when it is certain.
    sheet.shapes.append(
        Shape(kind="rect", x=x, y=y + BOX_PX + 2, wide=own * min(max(told, 0.0), 1.0), high=3.0, fill=SOFT)
    )
    ink = "#ffffff" if car.colour in DARK else INK
    letter = LETTERS.get(car.type, "?")
    sheet.shapes.append(
        Shape(
            kind="text",
            x=x + own / 2,
            y=y + BOX_PX / 2 + 4,
            text=letter,
            fill=ink,
            size=12,
            anchor="middle",
            bold=True,
        )
    )


def _links(
    sheet: Drawing,
    aligned: Aligned,
    r: int,
    span: tuple[float, float, float],
    columns: tuple[list[float], list[float]],
    scale: float,
) -> None:
    """Join cars of one column in this row and the row above."""
    above, below, head = span
    for n, column in enumerate(aligned.columns):
        if r in column and r - 1 in column:
            x = columns[0][n] + columns[1][n] * scale / 2
            sheet.shapes.append(
                Shape(kind="line", x=x, y=above + 6, wide=0.0, high=head - above - 4, stroke=LINK, size=3.0)
            )
            sheet.shapes.append(
                Shape(kind="line", x=x, y=below - 3, wide=0.0, high=3.0, stroke=LINK, size=3.0)
            )


def _strip_picture(
    strip: Any, r: int, aligned: Aligned, starts: list[float], sizes: tuple[float, float, float]
) -> Any:
    """Return the row's cars cut from its track's strip, each in its column (PIL)."""
    scale, wide, pad_m = sizes
    sheet = Image.new("RGB", (round(2 * wide), round(4 * STRIP_HALF_M * scale)), "white")
    row = aligned.rows[r]
    strip = strip.transpose(Image.Transpose.ROTATE_180) if row.turned else strip
    per_m = strip.width / row.strip_m
    widths = _column_widths(aligned)
    for n, column in enumerate(aligned.columns):
        if r not in column:
            continue
        car = row.sighting.vehicles[column[r]]
        a, b = car.from_m - pad_m, car.to_m + pad_m
        if row.turned:
            a, b = row.strip_m - b, row.strip_m - a
        a, b = max(a, 0.0), min(b, row.strip_m)
        if b <= a:
            continue
        own = round(2 * (b - a) * scale)
        middle = 2 * (starts[n] + widths[n] * scale / 2)
        box = (a * per_m, 0.0, b * per_m, float(strip.height))
        sheet.paste(strip.resize((max(own, 1), sheet.height), box=box), (round(middle - own / 2), 0))
    return sheet


def _column_widths(aligned: Aligned) -> list[float]:
    return [
        max(_length(aligned.rows[r].sighting.vehicles[car]) for r, car in column.items())
        for column in aligned.columns
    ]


def to_svg(sheet: Drawing, name: str, title: str, described: str) -> str:
    """Return the drawing as one ``svg`` element that a screen reader can tell of."""
    out = [
        f'<svg class="consists" viewBox="0 0 {sheet.wide:.0f} {sheet.high:.0f}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="system-ui, sans-serif">',
        f'<title id="{name}-title">{escape(clean_text(title))}</title>',
        f'<desc id="{name}-desc">{escape(clean_text(described))}</desc>',
    ]
    for s in sheet.shapes:
        out.append(_svg_shape(s))
    return "\n".join([*out, "</svg>"])


def _svg_shape(s: Shape) -> str:
    if s.kind == "image":
        buffer = io.BytesIO()
        s.image.save(buffer, "JPEG", quality=85)
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
        return (
            f'<image x="{s.x:.1f}" y="{s.y:.1f}" width="{s.wide:.1f}" height="{s.high:.1f}" '
            f'preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/>'
        )
    if s.kind == "text":
        weight = ' font-weight="600"' if s.bold else ""
        return (
            f'<text x="{s.x:.1f}" y="{s.y:.1f}" font-size="{s.size:g}" text-anchor="{s.anchor}" '
            f'fill="{s.fill}"{weight}>{escape(clean_text(s.text))}</text>'
        )
    if s.kind == "line":
        return (
            f'<line x1="{s.x:.1f}" y1="{s.y:.1f}" x2="{s.x + s.wide:.1f}" y2="{s.y + s.high:.1f}" '
            f'stroke="{s.stroke}" stroke-width="{s.size:g}"/>'
        )
    dash = ' stroke-dasharray="4 3"' if s.dash else ""
    inner = f"<title>{escape(clean_text(s.title))}</title>" if s.title else ""
    return (
        f'<rect x="{s.x:.1f}" y="{s.y:.1f}" width="{max(s.wide, 0):.1f}" height="{s.high:.1f}" rx="2" '
        f'fill="{s.fill}" stroke="{s.stroke}"{dash}>{inner}</rect>'
    )


def write_png(sheet: Drawing, path: Path) -> None:
    """Write the drawing as PNG; the same drawing gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    dpi = 150.0
    figure = Figure(figsize=(sheet.wide / 100, sheet.high / 100), dpi=dpi)
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set_axis_off()
    for s in sheet.shapes:
        if s.kind == "image":
            extent = (s.x, s.x + s.wide, s.y + s.high, s.y)
            axis.imshow(np.asarray(s.image), extent=extent, aspect="auto", interpolation="bilinear")
        elif s.kind == "text":
            align = {"start": "left", "middle": "center", "end": "right"}[s.anchor]
            axis.text(
                s.x,
                s.y,
                clean_text(s.text),
                fontsize=0.72 * s.size,
                color=s.fill,
                ha=align,
                va="baseline",
                fontweight="bold" if s.bold else "normal",
                parse_math=False,
            )
        elif s.kind == "line":
            axis.plot([s.x, s.x + s.wide], [s.y, s.y + s.high], color=s.stroke, linewidth=0.72 * s.size)
        else:
            axis.add_patch(
                Rectangle(
                    (s.x, s.y),
                    max(s.wide, 0.0),
                    s.high,
                    facecolor=s.fill,
                    edgecolor=s.stroke,
                    linewidth=0.72,
                    linestyle=(0, (4, 3)) if s.dash else "solid",
                )
            )
    axis.set_xlim(0, sheet.wide)
    axis.set_ylim(sheet.high, 0)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})
