"""A picture of a site over a scene: what is drawn where, how tracks count, how well the two fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from shapely import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from tumangang_watch.model.image import Raster
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.report.palette import SITE_COLOURS
from tumangang_watch.report.pictures import (
    DARK,
    Bounds,
    Point,
    dashes,
    draw_edged,
    draw_north,
    rings,
    scale_bar_m,
    stretch_from,
    to_rgb,
)
from tumangang_watch.track_frame import frame_along

LONGEST_PX = 3600
"""A picture larger than this is slow to open and no clearer: 1.8 km at 0.5 m."""
SHORTEST_PX = 900
"""Narrower than this the words under the picture do not fit."""
TICK_M = 50.0
NUMBERED_EVERY = 2
TICK_HALF_PX = 6
FOOT_PX = 92
SCALE_SHARE = 0.2
SMALL_PX = 10
"""Size of the numbers along tracks; they give way to names."""


def site_picture(site: Site, scene: Scene, raster: Raster, fit: Registration) -> Image.Image:
    """Return the picture (RGB).

    Parameters
    ----------
    site : Site
        In metres.
    scene : Scene
        For date and sensor.
    raster : Raster
        The scene on a grid of the site, in the site's frame as far as ``fit`` brought it there.
    fit : Registration
        Of the scene to the site; its status is written into the picture.
    """
    stretch = stretch_from([raster], [raster.valid])
    pixels = to_rgb(raster, stretch)
    scale = min(LONGEST_PX / max(raster.grid.shape), max(1.0, SHORTEST_PX / raster.grid.cols))
    wide, high = round(raster.grid.cols * scale), round(raster.grid.rows * scale)
    ground = Image.fromarray(pixels).resize((wide, high), Image.Resampling.BICUBIC)
    sheet = Image.new("RGB", (max(wide, SHORTEST_PX), high + FOOT_PX), "white")
    sheet.paste(ground, (0, 0))
    pen = _Pen(ImageDraw.Draw(sheet), raster.grid.bounds, raster.grid.pixel_m / scale, (wide, high))
    for area in site.areas:
        pen.outline(area.polygon, SITE_COLOURS[area.role], f"{area.role}: {_label(area)}")
    tracks = [track for track in site.tracks if pen.sees(track.line)]
    for track in tracks:
        pen.track(track)
    for track in tracks:
        pen.numbers(track.line)
    pen.furniture()
    _foot(pen, site, scene, fit, high)
    return sheet


def fit_words(fit: Registration) -> str:
    """Return how the scene was fitted, in words."""
    east, north = fit.shift_m
    by = f" by its reference {fit.reference}" if fit.reference else ""
    moved = f"scene moved {east:+.1f} m east, {north:+.1f} m north{by}"
    if fit.status == "ok":
        return f"fit to the site: ok, {moved}"
    if fit.status == "degraded":
        return f"fit to the site: DEGRADED, {moved}: {fit.reason}"
    return f"fit to the site: FAILED, the scene lies where it says itself: {fit.reason}"


def _label(feature: Area | Track) -> str:
    """Return a name that the built-in font can draw, else the id."""
    return str(feature.name if all(" " <= c <= "~" for c in feature.name) else feature.id)[:40]


class _Pen:
    """Draws in site metres."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, bounds: Bounds, pixel_m: float, size: tuple[int, int]
    ) -> None:
        self.draw, self.bounds, self.pixel_m, self.size = draw, bounds, pixel_m, size
        self.written: list[Bounds] = []

    def sees(self, shape: BaseGeometry) -> bool:
        """Tell whether a shape in metres lies in the picture."""
        return bool(shape.intersects(box(*self.bounds)))

    def at(self, point: Sequence[float]) -> Point:
        """Return the picture's position of a point in metres."""
        return (point[0] - self.bounds[0]) / self.pixel_m, (self.bounds[3] - point[1]) / self.pixel_m

    def line(self, points: list[Point], colour: str, width: int = 1) -> None:
        """Draw a line with a dark edge, in picture positions."""
        draw_edged(self.draw, [points], colour, width)

    def text(self, at: Point, text: str, colour: str = "white", size: int = 13) -> None:
        """Write over imagery, inside the picture and beside what is written; small print may be left out."""
        font = ImageFont.load_default(size)
        wide = self.draw.textlength(text, font=font)
        x = min(max(at[0], 3), max(self.size[0] - wide - 3, 3))
        for step in (0, -1, 1, -2, 2, -3, 3, -4, 4) if size > SMALL_PX else (0,):
            y = min(max(at[1] + step * (size + 3), 2), self.size[1] - size - 6)
            place = (x, y, x + wide, y + size)
            if not any(box(*place).intersection(box(*other)).area for other in self.written):
                break
        else:
            if size <= SMALL_PX:
                return
        self.written.append(place)
        self.draw.text((x, y), text, fill=colour, font=font, stroke_width=2, stroke_fill=DARK)

    def outline(self, polygon: Polygon, colour: str, label: str) -> None:
        """Draw an area's outline and its name at its north-western end."""
        seen = polygon.intersection(box(*self.bounds))
        if seen.is_empty:
            return
        for ring in rings(polygon):
            self.line([self.at(p) for p in ring], colour, 2)
        west, _, _, north = seen.bounds
        corners = [p for ring in rings(seen) for p in ring] or [(west, north)]
        corner = min(corners, key=lambda p: (p[0] - west) + (north - p[1]))
        x, y = self.at(corner)
        self.text((x + 4, y - 18), label, colour)

    def track(self, track: Track) -> None:
        """Draw a track thin enough to see its rails beside it, with its name and a tick every 50 m."""
        colour = SITE_COLOURS["track"]
        for part in dashes(track.line.coords, 6.0, 6.0) if track.provisional else [track.line.coords]:
            self.draw.line([self.at(p) for p in part], fill=colour, width=1)
        along = np.arange(0.0, track.line.length, TICK_M)
        frame = frame_along(track.line, along, 1.0)
        for k, (point, (east, north)) in enumerate(zip(frame.points.T, frame.left.T, strict=True)):
            x, y = self.at(point)
            reach = TICK_HALF_PX if k % NUMBERED_EVERY == 0 else TICK_HALF_PX / 2
            dx, dy = east * reach, -north * reach
            self.line([(x - dx, y - dy), (x + dx, y + dy)], colour)
        x, y = self.at(track.line.coords[0])
        if not (0 <= x <= self.size[0] and 0 <= y <= self.size[1]):
            x, y = self.at(track.line.intersection(box(*self.bounds)).representative_point().coords[0])
        words = f"{_label(track)} (provisional)" if track.provisional else _label(track)
        self.text((x + 8, y - 20), f"{words} >", colour)

    def numbers(self, line: LineString) -> None:
        """Write the metres along a track at every second tick."""
        step_m = TICK_M * NUMBERED_EVERY
        for number in range(1, int(line.length // step_m) + 1):
            here = line.interpolate(number * step_m)
            if here.within(box(*self.bounds)):
                x, y = self.at((here.x, here.y))
                self.text((x + 3, y + 3), f"{number * step_m:.0f}", SITE_COLOURS["track"], SMALL_PX)

    def furniture(self) -> None:
        """Draw the scale bar and the north arrow (the grid of a site is north-up)."""
        wide, high = self.size
        span_m = wide * self.pixel_m
        length_m = scale_bar_m(span_m * SCALE_SHARE)
        bar = length_m / self.pixel_m
        x, y = 14, high - 14
        self.line([(x, y), (x + bar, y)], "white", 4)
        self.text((x, y - 24), f"{length_m} m")
        right, top = wide - 24, high - 64
        draw_north(self.draw, (right, top), (9, 28, 20))
        self.text((right - 5, top + 30), "N")


def _foot(pen: _Pen, site: Site, scene: Scene, fit: Registration, top: int) -> None:
    """Write what is shown under the picture, and which colour is what."""
    words = f"{scene.id}   {scene.caption}"
    colours = {"ok": "#1b7f3b", "degraded": "#b26a00", "failed": "#c62828"}
    lines = (
        (f"Site {site.id} (sha256 {site.sha256[:12]}) over scene {words}", "#222222"),
        (fit_words(fit), colours[fit.status]),
    )
    wide = max(pen.size[0], SHORTEST_PX)
    for k, (text, colour) in enumerate(lines):
        size = 15
        shown = "".join(c if " " <= c <= "~" else "?" for c in text)
        while size > 9 and pen.draw.textlength(shown, font=ImageFont.load_default(size)) > wide - 16:
            size -= 1
        while pen.draw.textlength(shown, font=ImageFont.load_default(size)) > wide - 16:
            shown = shown[:-4] + "..." if not shown.endswith("...") else shown[:-6] + "..."
        pen.draw.text((8, top + 8 + 24 * k), shown, fill=colour, font=ImageFont.load_default(size))
    x = 8.0
    used = ["track"] * any(pen.sees(track.line) for track in site.tracks)
    used += list(dict.fromkeys(area.role for area in site.areas if pen.sees(area.polygon)))
    for role in used:
        pen.line([(x, top + 70), (x + 22, top + 70)], SITE_COLOURS[role], 3)
        pen.draw.text((x + 28, top + 61), role, fill="#222222", font=ImageFont.load_default(14))
        x += 44 + pen.draw.textlength(role, font=ImageFont.load_default(14))
