"""Names of vehicles' colours, freed of the light by the ground beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.settings.trains import TrainSettings

PROTOTYPES = {
    "black": (0.05, 0.05, 0.05),
    "grey": (0.17, 0.17, 0.17),
    "light_grey": (0.36, 0.36, 0.36),
    "white": (0.65, 0.65, 0.65),
    "red": (0.38, 0.08, 0.06),
    "brown": (0.17, 0.10, 0.065),
    "blue": (0.07, 0.12, 0.30),
    "light_blue": (0.24, 0.38, 0.52),
    "green": (0.09, 0.20, 0.11),
    "yellow": (0.55, 0.42, 0.10),
}
"""Reflectance (red, green, blue) typical of each named paint: general knowledge of coatings."""


def name_colour(
    colour: NDArray[np.floating], ground: NDArray[np.floating], settings: TrainSettings
) -> tuple[str, float]:
    """Name a body's colour.

    Parameters
    ----------
    colour, ground : (3,) float
        Red, green, blue of the body and of plain ground in the same light (ballast, pavement),
        path light taken off.
    settings : TrainSettings

    Returns
    -------
    name : str
        One of the contract's colours, ``unknown`` where two are nearly as likely.
    probability : float
    """
    light = np.maximum(np.asarray(ground, float), 1e-6) / settings.ground_reflectance
    body = np.clip(np.asarray(colour, float) / light, 0.01, 1.2)
    names = list(PROTOTYPES)
    known = np.log(np.array([PROTOTYPES[n] for n in names]))
    seen = np.log(body)
    tone = (known.mean(axis=1) - seen.mean()) / settings.tone_sd
    hue = ((known - known.mean(axis=1, keepdims=True)) - (seen - seen.mean())) / settings.hue_sd
    weight = -0.5 * (tone**2 + (hue**2).sum(axis=1))
    probability = np.exp(weight - weight.max())
    probability /= probability.sum()
    best = int(probability.argmax())
    if probability[best] < settings.colour_sure:
        return "unknown", float(probability[best])
    return names[best], float(probability[best])
