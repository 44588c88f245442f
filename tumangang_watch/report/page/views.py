"""The pictures of areas: both dates whole, with outlines in layers, at the resolution of their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from PIL.Image import Image as Picture
from PIL.Image import Resampling
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Area
from tumangang_watch.report import pictures
from tumangang_watch.report.marks.compass import Mark, marks_of
from tumangang_watch.report.marks.subjects import ChipSubject, subjects
from tumangang_watch.report.palette import OUTLINE_COLOURS
from tumangang_watch.report.pictures import Bounds, DisplayStretch, outlined, rings, scale_bar_m, to_px
from tumangang_watch.text import clock_text, day_text, utc_text

VIEWS_BYTES = 5_600_000
"""What all area pictures take together, embedded; coarser or rougher pictures are taken beyond."""
QUALITIES = (85, 75, 62, 50)
LARGEST_PX = 5000
"""Longest side of a view: browsers draw larger ones slowly."""
MAX_PICTURES = 8
PICTURED_ROLES = ("yard", "bridge", "station", "handling", "apron")
COVERED = 0.9
"""An area that lies this much inside a picture already shown gets none of its own."""
FOCUS_MARGIN_M = 25.0
"""Ground shown around what changed."""
SMALLEST_PX = 200
"""No picture is made coarser than this."""
TRACK_INK = "#4cc9f0"
SHOWN_PX = 1050
"""About what a view takes on a screen; lines and letters are drawn for it."""


class DrawnOutline(TypedDict):
    """An outline over one date's picture."""

    layer: str
    """``change``, ``place`` (where it is not, on this date), ``same`` or ``track``."""
    colour: str
    possible: bool
    path: str
    title: str
    label: str
    x: float
    y: float


class Side(TypedDict):
    """One date's picture of an area."""

    date: str
    day: str
    shown: str
    uri: str
    outlines: list[DrawnOutline]
    marks: list[Mark]
    painted: bool


class View(TypedDict):
    """An area's picture on each date; lengths in its pixels."""

    name: str
    wide: int
    high: int
    unit: float
    metres_px: float
    bar_m: int
    bar_px: float
    cut: int
    """Where the line between the dates stands at first, per cent from the left."""
    focus: str
    """Left, top, width and height of what changed, for the button that shows it; empty where nothing did."""
    sides: list[Side]


@dataclass(frozen=True, kw_only=True)
class ViewFrame:
    """What of the ground a view shows, and how."""

    area: Area
    bounds: Bounds
    wide: int
    high: int
    room: int
    """Bytes that one date's picture may take, embedded."""
    stretch: DisplayStretch
    statements: dict[str, str]
    """What is said of each finding, by its id."""

    @property
    def unit(self) -> float:
        """Return the view's pixels in one of the screen."""
        return self.wide / SHOWN_PX


def views_of(comparison: Comparison, stretch: DisplayStretch, statements: dict[str, str]) -> list[View]:
    """Return the areas that are pictured, each once: an area inside another's picture is left out."""
    polygons = {a.id: a for a in comparison.site.areas}
    seen = [a for a in comparison.areas if a.status != "not_observable" and a.id in polygons]
    seen.sort(key=lambda a: PICTURED_ROLES.index(a.role) if a.role in PICTURED_ROLES else 9)
    shown: dict[str, Polygon] = {}
    for status in seen:
        polygon = polygons[status.id].polygon
        inside = any(f.intersection(polygon).area > COVERED * polygon.area for f in shown.values())
        if not inside and len(shown) < MAX_PICTURES:
            shown[status.id] = box(*_bounds(comparison, polygon.bounds))
    pixel_m, ground = comparison.later.raster.grid.pixel_m, sum(f.area for f in shown.values()) or 1.0
    made = []
    for name, place in shown.items():
        west, south, east, north = place.bounds
        scale = min(LARGEST_PX * pixel_m / max(east - west, north - south), 1.0) / pixel_m
        frame = ViewFrame(
            area=polygons[name],
            bounds=(west, south, east, north),
            wide=max(1, round((east - west) * scale)),
            high=max(1, round((north - south) * scale)),
            room=int(place.area / ground * VIEWS_BYTES / len(comparison.dates)),
            stretch=stretch,
            statements=statements,
        )
        made.append(_view(comparison, frame))
    return made


def _bounds(comparison: Comparison, bounds: Bounds) -> Bounds:
    """Return an area's bounds with a margin, cut to the ground that was read."""
    west, south, east, north = comparison.later.raster.grid.bounds
    margin = 0.02 * max(bounds[2] - bounds[0], bounds[3] - bounds[1]) + 5.0
    left, bottom = max(bounds[0] - margin, west), max(bounds[1] - margin, south)
    right, top = min(bounds[2] + margin, east), min(bounds[3] + margin, north)
    return (left, bottom, right, top) if left < right and bottom < top else bounds


def _view(comparison: Comparison, frame: ViewFrame) -> View:
    bounds, wide = frame.bounds, frame.wide
    span_m, ground = bounds[2] - bounds[0], box(*bounds)
    here = [
        subject
        for subject in subjects(comparison).values()
        if any(g.intersects(ground) for shapes in subject.objects.values() for g in shapes)
    ]
    changed = [s for s in here if s.change != "unchanged" and not s.remote]
    focus = _focus(changed, frame)
    came = any(s.change in ("appeared", "grown") for s in changed)
    return {
        "name": frame.area.name,
        "wide": wide,
        "high": frame.high,
        "unit": round(frame.unit, 3),
        "metres_px": round(span_m / wide, 5),
        "bar_m": scale_bar_m(span_m / 4),
        "bar_px": round(scale_bar_m(span_m / 4) / span_m * wide, 1),
        "cut": round(min(max(100 * focus[0] / wide, 8), 50)) if came and focus else 50,
        "focus": " ".join(f"{v:.0f}" for v in focus) if focus and len(changed) else "",
        "sides": [_side(comparison, observation, frame, here) for observation in comparison.dates],
    }


def _focus(changed: list[ChipSubject], frame: ViewFrame) -> tuple[float, float, float, float] | None:
    """Return left, top, width and height of all that changed, with ground around it; None for nothing."""
    shapes = [g for s in changed for shapes in s.objects.values() for g in shapes]
    seen = [g for g in shapes if g.intersects(box(*frame.bounds))]
    if not seen:
        return None
    around = unary_union(seen).buffer(FOCUS_MARGIN_M)
    west, south, east, north = around.intersection(box(*frame.bounds)).bounds
    left, top = to_px((west, north), frame.bounds, frame.wide)
    right, bottom = to_px((east, south), frame.bounds, frame.wide)
    return left, top, right - left, bottom - top


def _side(
    comparison: Comparison, observation: Observation, frame: ViewFrame, here: list[ChipSubject]
) -> Side:
    when = utc_text(observation.scene.acquired)
    times = [utc_text(o.scene.acquired) for o in comparison.dates]
    picture = pictures.crop(observation, frame.bounds, frame.stretch, (frame.wide, frame.high))
    return {
        "date": observation.date,
        "day": day_text(when, *times),
        "shown": clock_text(when, korean=comparison.site.korean),
        "uri": within(picture, frame.room),
        "outlines": [*_tracks(comparison, frame), *_outlines(observation.date, frame, here)],
        "marks": list(marks_of(observation.scene)),
        "painted": observation.scene.painted,
    }


def within(picture: Picture, room: int, qualities: tuple[int, ...] = QUALITIES) -> str:
    """Return a picture as a data URI of at most ``room`` bytes: rougher, then coarser, where it is larger."""
    while True:
        for quality in qualities:
            uri = pictures.data_uri(picture, quality)
            if len(uri) <= room:
                return uri
        wide, high = (round(0.75 * side) for side in picture.size)
        if min(wide, high) < SMALLEST_PX:
            return uri
        picture = picture.resize((wide, high), Resampling.LANCZOS)


def _outlines(date: str, frame: ViewFrame, here: list[ChipSubject]) -> list[DrawnOutline]:
    """Return the outlines on one date's picture, those that change last and thus on top."""
    made: list[DrawnOutline] = []
    for subject in reversed(here):
        there = subject.objects.get(date, ())
        same = subject.change == "unchanged"
        labels = subject.labels(date)
        if not there and not same:
            there = next(shapes for shapes in subject.objects.values() if shapes)
            labels = [""] * len(there)
        for shape, label in zip(there, labels, strict=True):
            layer = "same" if same or subject.remote else "change" if label else "place"
            words = frame.statements.get(subject.id, "")
            made.append(_drawn(outlined(shape), frame, layer, OUTLINE_COLOURS[subject.change], words))
            made[-1]["label"], made[-1]["possible"] = label, subject.possible
    return made


def _tracks(comparison: Comparison, frame: ViewFrame) -> list[DrawnOutline]:
    """Return the tracks' centrelines, each with its name where it begins in the picture."""
    made = []
    for track in comparison.site.tracks:
        seen = track.line.intersection(box(*frame.bounds))
        if not seen.is_empty and seen.length > 1.0:
            made.append(_drawn(seen, frame, "track", TRACK_INK, track.name))
            made[-1]["label"] = track.name
    return made


def _drawn(shape: BaseGeometry, frame: ViewFrame, layer: str, colour: str, title: str) -> DrawnOutline:
    lines = [[to_px(p, frame.bounds, frame.wide) for p in ring] for ring in rings(shape)]
    x, y = to_px((shape.bounds[0], shape.bounds[3]), frame.bounds, frame.wide)
    if layer == "track":
        x, y = min(p for line in lines for p in line)
    return {
        "layer": layer,
        "colour": colour,
        "possible": False,
        "path": "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in lines),
        "title": title,
        "label": "",
        "x": round(max(x, 2), 1),
        "y": round(max(y - 4 * frame.unit, 16 * frame.unit), 1),
    }
