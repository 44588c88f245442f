"""The legend that stands on a map in Google Earth."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from tumangang_watch.report.palette import CHANGE_COLOURS, DATE_COLOURS

ROWS = (
    ("new or grown", CHANGE_COLOURS["appeared"]),
    ("gone or shrunk", CHANGE_COLOURS["disappeared"]),
    ("moved", CHANGE_COLOURS["moved"]),
    ("unchanged", CHANGE_COLOURS["unchanged"]),
    ("there on the earlier date", DATE_COLOURS["earlier"]),
    ("there on the later date", DATE_COLOURS["later"]),
)
NOTE = "thin line: possible only"
WIDE_PX, ROW_PX, EDGE_PX, LINE_PX = 230, 22, 10, 26


def legend_picture() -> Image.Image:
    """Return the legend: which outline means what."""
    high = 2 * EDGE_PX + ROW_PX * (len(ROWS) + 1)
    picture = Image.new("RGB", (WIDE_PX, high), "#20262c")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for number, (words, colour) in enumerate(ROWS):
        y = EDGE_PX + ROW_PX * number
        draw.line([(EDGE_PX, y + ROW_PX // 2), (EDGE_PX + LINE_PX, y + ROW_PX // 2)], fill=colour, width=4)
        draw.text((EDGE_PX + LINE_PX + 8, y + 3), words, fill="white", font=font)
    draw.text((EDGE_PX, EDGE_PX + ROW_PX * len(ROWS) + 3), NOTE, fill="#d5d9e0", font=font)
    return picture
