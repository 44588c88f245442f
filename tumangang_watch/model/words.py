"""The words of reports: dates, kinds, grades, states, types, colours, and which colours pass for others."""

from __future__ import annotations

from typing import Literal

DateLabel = Literal["earlier", "later"]
SnowState = Literal["none", "partial", "full", "unknown"]
SNOWY: tuple[SnowState, ...] = ("partial", "full")
"""Snow lies on the ground, on all of it or in part."""
RegistrationStatus = Literal["ok", "degraded", "failed"]
Kind = Literal["train", "cargo", "handling_area"]
Grade = Literal["detected", "possible"]
ChangeWord = Literal["appeared", "disappeared", "unchanged", "moved", "grown", "shrunk"]
AreaState = Literal["observed", "partial", "not_observable"]
VEHICLE_TYPES = ("box", "open", "tank", "flat", "container", "locomotive", "passenger", "unknown")
MEASURES = ("trains", "cars", "length_m", "fill", "cargo", "cargo_m2", "worked_m2")
"""What is counted and measured of an area, each with ``low`` and ``high``."""
COLOURS = (
    "black",
    "grey",
    "light_grey",
    "white",
    "red",
    "brown",
    "blue",
    "light_blue",
    "green",
    "yellow",
    "unknown",
)

NEIGHBOURS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "black": ((), ("grey", "brown")),
    "grey": (("light_grey", "black"), ("brown",)),
    "light_grey": (("grey", "white"), ()),
    "white": ((), ("light_grey",)),
    "red": (("brown",), ()),
    "brown": (("red",), ("black", "grey")),
    "blue": (("light_blue",), ("black",)),
    "light_blue": (("blue",), ("light_grey",)),
    "green": ((), ("black", "grey")),
    "yellow": ((), ("light_grey", "white")),
}
"""For each colour the words that another eye would use for it, and those that shade, dirt or glare make of
it besides. A publication is judged by the first alone, two sightings of one train by both."""


def named_alike(colour: str) -> tuple[str, ...]:
    """Return the words that another eye would use for a colour."""
    return NEIGHBOURS.get(colour, ((), ()))[0]


def neighbours(colour: str) -> tuple[str, ...]:
    """Return every colour that a vehicle of this one may be read as on another date."""
    alike, other = NEIGHBOURS[colour]
    return alike + other
