"""Each track straightened: a strip a report, and one picture of all dates, stacked by time."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageDraw

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.model.series import Record, TrackDate
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.report.kept import kept_strip
from tumangang_watch.report.names import STRIPS, strip_name
from tumangang_watch.report.pictures import png_bytes, stretch_of, strip
from tumangang_watch.text import PAINTED_NOTICE

WIDEST_PX = 2400
ROW_PX, LABEL_PX, HEAD_PX = 22, 150, 40
TRAIN_INK, NOT_SEEN = "#c62828", "#d5d9e0"


def write_strips(comparison: Comparison, _: ReportDocument, folder: Path) -> None:
    """Write ``strips/<track>.png`` of the later date, for the reports of a record: its series stacks them."""
    if comparison.issue is None or not comparison.site.tracks:
        return
    (folder / STRIPS).mkdir()
    stretch = stretch_of(comparison)
    for track in comparison.site.tracks:
        picture = strip(comparison.later, track.line, (0.0, track.line.length), stretch)
        if picture.width > WIDEST_PX:
            picture = picture.resize((WIDEST_PX, picture.height))
        (folder / STRIPS / strip_name(track.id)).write_bytes(png_bytes(picture))


def write_stacked(record: Record, folder: Path, reports: Path, most: int) -> None:
    """Write ``tracks/<track>.png``: a row a date, the latest below; detected trains underlined."""
    by_track: dict[str, list[TrackDate]] = defaultdict(list)
    for date in record.track_dates:
        dates = by_track[date.track]
        # A track that runs through several areas stands in the record once an area.
        if not dates or dates[-1].acquired != date.acquired:
            dates.append(date)
    trains: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for train in record.sightings:
        trains[train.track, train.acquired].append(train)
    if by_track:
        (folder / "tracks").mkdir()
    for track, dates in sorted(by_track.items()):
        picture = stacked(track, dates[-most:], trains, reports)
        if record.painted:
            ImageDraw.Draw(picture).text((LABEL_PX + 6, 2), PAINTED_NOTICE, fill=TRAIN_INK)
        (folder / "tracks" / strip_name(track)).write_bytes(png_bytes(picture))


def stacked(
    track: str, dates: list[TrackDate], trains: dict[tuple[str, str], list[Sighting]], reports: Path
) -> Image.Image:
    """Return the picture of one track. What was not seen is grey: nothing is known of it."""
    length_m = dates[-1].length_m
    strips = [kept_strip(reports / date.folder, track) for date in dates]
    wide = min(WIDEST_PX, max([600, *(s.width for s in strips if s is not None)]))
    sheet = Image.new("RGB", (LABEL_PX + wide + 10, HEAD_PX + (ROW_PX + 6) * len(dates) + 6), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((6, 6), f"track {track}", fill="black")
    for mark in range(0, int(length_m) + 1, 100 if length_m > 300 else 20):
        x = LABEL_PX + wide * mark / length_m
        draw.line((x, HEAD_PX - 8, x, HEAD_PX - 2), fill="black")
        draw.text((x + 2, HEAD_PX - 20), f"{mark} m", fill="black")
    for k, (date, picture) in enumerate(zip(dates, strips, strict=True)):
        top = HEAD_PX + (ROW_PX + 6) * k
        draw.text((6, top + 4), date.acquired[:16].replace("T", " "), fill="black")
        draw.rectangle((LABEL_PX, top, LABEL_PX + wide, top + ROW_PX), fill=NOT_SEEN)
        if picture is None:
            continue
        for start_m, stop_m in date.observed:
            left, right = (round(wide * m / length_m) for m in (start_m, stop_m))
            if right > left:
                first, last = (picture.width * m / length_m for m in (start_m, stop_m))
                piece = picture.resize((right - left, ROW_PX), box=(first, 0, last, picture.height))
                sheet.paste(piece, (LABEL_PX + left, top))
        for train in trains.get((track, date.acquired), ()):
            start, stop = (LABEL_PX + wide * m / length_m for m in (train.from_m, train.to_m))
            draw.rectangle((start, top + ROW_PX + 1, stop, top + ROW_PX + 3), fill=TRAIN_INK)
    return sheet
