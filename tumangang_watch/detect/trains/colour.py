"""Names of vehicles' colours, freed of the light by the ground about the tracks.

A small network names a body from its bands as shares of the scene's typical ground
(`detect.trains.view.shares`), from the empty bed beside it and from the scene's ground. It is calibrated on
two painters (``python -m training.colour_net``), whose paints are drawn about the names, faded, dirty and
seen through products with curves of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import RadiometricScale, shares
from tumangang_watch.grid import Float64, Mask
from tumangang_watch.nets import weights
from tumangang_watch.settings.trains import TrainSettings

COLOURS = ("black", "grey", "light_grey", "white", "red", "brown", "blue", "light_blue", "green", "yellow")
"""Names in the order of the network's outputs."""
LIMIT = 20.0
"""Largest share of the typical ground's light that counts."""


@dataclass(frozen=True)
class ColourScale:
    """A scene's radiometric scale and its ground."""

    scale: RadiometricScale
    ground: Float64
    """(5,), of `ground_of`."""


def bed_of(strip: Strip, light: RadiometricScale, empty: Mask) -> Float64:
    """Return the empty bed's log shares (3,) of blue, green, red; the typical ground's where none is seen.

    ``empty`` (columns,) are the strip's columns whose bed is empty.
    """
    if not {"red", "green", "blue"} <= set(strip.bands) or empty.sum() < 60:
        return np.full(3, np.log(1.05))
    order = [strip.bands.index(b) for b in ("blue", "green", "red")]
    inner = strip.values[order][:, strip.rows(-1.0, 1.0), ::2][:, :, empty[::2]]
    return np.asarray(np.log(0.05 + np.median(shares(inner, light, order, LIMIT).reshape(3, -1), axis=1)))


def body_features(
    strip: Strip, light: RadiometricScale, bed: Float64, place: tuple[slice, slice], ground: Float64
) -> Float64 | None:
    """Return what the network names a colour from; None where the bands do not allow it.

    Parameters
    ----------
    bed : (3,) float
        Of the track (`bed_of`).
    place : (rows, columns)
        The body's middle in the strip.
    ground : (5,) float
        Of the scene (`ground_of`).

    Returns
    -------
    (13,) float
        Log shares of blue, green, red of the body and of the bed, the scene's ground, the body's spread of
        brightness, and whether there is an infrared band: products for the eye have a curve instead.
    """
    if not {"red", "green", "blue"} <= set(strip.bands):
        return None
    order = [strip.bands.index(b) for b in ("blue", "green", "red")]
    rows, columns = place
    body = shares(strip.values[order][:, rows, columns], light, order, LIMIT).reshape(3, -1)
    if body.shape[1] == 0:
        return None
    middle = np.median(body, axis=1)
    spread = float(np.std(np.log(0.1 + body.mean(axis=0))))
    curve_free = float("nir" in strip.bands)
    return np.concatenate([np.log(0.05 + middle), bed, ground, [spread, curve_free]])


def ground_of(strips: list[Strip], light: RadiometricScale) -> Float64:
    """Return a scene's ground (5,): log brightness of its darker, brighter and brightest parts, band ratios.

    The ratios are those of the bands as delivered, the air's light taken off: a product's bands are
    calibrated against each other better than one yard's ground is grey.
    """
    thin = [s.values[:, ::3, ::8][:, s.valid[::3, ::8]] for s in strips]
    every = np.concatenate(thin, axis=1)[:, :, None]
    order = [k for k, b in enumerate(strips[0].bands) if b in ("red", "green", "blue")] or [0]
    brightnesses = np.quantile(shares(every[order], light, order, LIMIT).mean(axis=0), (0.1, 0.9, 0.99))
    band_ratio = np.zeros(2)
    if {"red", "green", "blue"} <= set(strips[0].bands):
        blue, green, red = (strips[0].bands.index(b) for b in ("blue", "green", "red"))
        own = np.log(np.maximum(light.typical - light.dark, 1e-9))
        band_ratio = np.array([own[red] - own[blue], own[green] - 0.5 * (own[red] + own[blue])])
    return np.concatenate([np.log(0.05 + brightnesses), band_ratio])


def colour_probabilities(features: Float64) -> Float64:
    """Return the probability (10,) of each of `COLOURS` from `body_features`."""
    w = weights("colour_net")
    x = (features - w["mean"]) / w["spread"]
    x = np.maximum(w["a.weight"] @ x + w["a.bias"], 0)
    x = np.maximum(w["b.weight"] @ x + w["b.bias"], 0)
    x = (w["c.weight"] @ x + w["c.bias"]) / float(w["temperature"])
    p = np.exp(x - x.max())
    return np.asarray(p / p.sum())


def name_colour(probabilities: Float64, settings: TrainSettings) -> str:
    """Return the likeliest colour's name, ``unknown`` where it is not sure enough."""
    best = int(probabilities.argmax())
    return COLOURS[best] if probabilities[best] >= settings.colour_sure else "unknown"
