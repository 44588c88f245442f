"""The contract's colour names for an object on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY_SATURATION = 0.22
"""Below this (max - min) / max of red, green and blue a surface has no colour of its own: weathered
steel and gravel of the Muttenz yard stay below it."""


def colour_name(values: NDArray[np.floating], bands: tuple[str, ...], white: float) -> str:
    """Name a surface's colour.

    Parameters
    ----------
    values : (bands,) float
        Typical value of the sunlit surface.
    bands : tuple of str
    white : float
        Value of a white surface in the same scene and unit.
    """
    if not {"red", "green", "blue"} <= set(bands):
        return "unknown"
    red, green, blue = (float(values[bands.index(b)]) / max(white, 1e-6) for b in ("red", "green", "blue"))
    top, bottom = max(red, green, blue), min(red, green, blue)
    if top <= 0:
        return "unknown"
    if (top - bottom) / top < GREY_SATURATION:
        level = (red + green + blue) / 3
        return (
            "black" if level < 0.14 else "grey" if level < 0.42 else "light_grey" if level < 0.75 else "white"
        )
    if top < 0.10:
        return "black"
    if blue == top:
        return "light_blue" if top > 0.45 and green > 0.6 * blue else "blue"
    if green == top:
        return "green"
    if green > 0.72 * red and blue < 0.6 * green and top > 0.35:
        return "yellow"
    return "red" if green < 0.55 * red and top > 0.16 else "brown"
