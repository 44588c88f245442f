"""Where north, the sun and the satellite are, for a small rose on pictures: a site's grid is north-up."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

from PIL.ImageDraw import ImageDraw

from tumangang_watch.model.scene import Scene
from tumangang_watch.report.pictures import font_of
from tumangang_watch.text import compass_text

SUN, SATELLITE, DARK = "#ffd23f", "#8be0ff", "#111111"


@dataclass(frozen=True)
class Mark:
    """A mark on the rose's rim, in shares of its radius: x to the right, y down."""

    what: str
    """``sun`` or ``view``."""
    x: float
    y: float
    words: str
    """What stands there, in words: ``sun 25° high in the south``."""


def marks_of(scene: Scene) -> tuple[Mark, ...]:
    """Return the marks of a scene whose directions are known."""
    known = []
    if scene.sun_azimuth_deg is not None and scene.sun_elevation_deg is not None:
        words = f"sun {scene.sun_elevation_deg:.0f}° high in the {compass_text(scene.sun_azimuth_deg)}"
        known.append(("sun", scene.sun_azimuth_deg, words))
    if scene.view_azimuth_deg is not None and scene.off_nadir_deg is not None:
        side = compass_text(scene.view_azimuth_deg)
        words = f"seen from the {side}, {scene.off_nadir_deg:.0f}° off the vertical"
        known.append(("view", scene.view_azimuth_deg, words))
    return tuple(Mark(what, sin(radians(a)), -cos(radians(a)), words) for what, a, words in known)


def draw_compass(draw: ImageDraw, scene: Scene, at: tuple[int, int], radius: int) -> None:
    """Draw the rose: N at the top, a disc where the sun stood, a square where the satellite was."""
    x, y = at
    ring = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(ring, outline=DARK, width=4)
    draw.ellipse(ring, outline="white", width=2)
    font = font_of(13)
    draw.text((x, y), "N", fill="white", font=font, stroke_width=2, stroke_fill=DARK, anchor="mm")
    draw.polygon(
        [(x, y - radius - 6), (x - 5, y - radius + 5), (x + 5, y - radius + 5)], fill="white", outline=DARK
    )
    for mark in marks_of(scene):
        u, v, r = x + mark.x * radius, y + mark.y * radius, 5
        place = (u - r, v - r, u + r, v + r)
        if mark.what == "sun":
            draw.ellipse(place, fill=SUN, outline=DARK)
        else:
            draw.rectangle(place, fill=SATELLITE, outline=DARK)
