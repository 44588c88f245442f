"""Colours of rolling stock that are taken for one another."""

from __future__ import annotations

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
