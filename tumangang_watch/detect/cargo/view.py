"""A piece of ground as the network reads it: turned towards the sun, sampled once from native pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, cos, radians, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import LineString
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.blobs import half_sample_mode
from tumangang_watch.detect.cargo.network import PIXEL_M, ApronInput, apron_input, read_apron
from tumangang_watch.grid import Grid
from tumangang_watch.model.observation import Observation

BANDS = ("blue", "green", "red", "nir", "pan")
MARGIN_M = 12.0
"""Ground around a place that is read with it: what throws its shadow upon it."""
LOW_SUN_DEG = 5.0
"""Lower suns are taken for this: their shadows have no end."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One piece of ground that is searched."""

    area: str
    polygon: BaseGeometry
    firm: bool
    """A mapped apron, not merely ground beside tracks."""
    tracks: tuple[LineString, ...]
    white: float
    """Value of a white surface in the scene."""
    observed_fraction: float
    compared: bool = False
    """Another date is read with it, which may show it bare."""


@dataclass(frozen=True)
class Turn:
    """Turns the site's metres so that a direction (azimuth, degrees) points up."""

    azimuth_deg: float

    def into(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape of the site's metres in the turned metres."""
        c, s = cos(radians(self.azimuth_deg)), sin(radians(self.azimuth_deg))
        return affine_transform(shape, [c, -s, s, c, 0.0, 0.0])

    def back(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape of the turned metres in the site's."""
        return Turn(-self.azimuth_deg).into(shape)

    def to_site(self, p: NDArray[np.float64], q: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        """Return the site's ``(x, y)`` of turned metres."""
        c, s = cos(radians(self.azimuth_deg)), sin(radians(self.azimuth_deg))
        return p * c + q * s, q * c - p * s


@dataclass(frozen=True, kw_only=True)
class ApronView:
    """One place on one date; arrays (rows, cols) on ``grid``, whose metres are turned by ``turn``."""

    turn: Turn
    grid: Grid
    values: dict[str, NDArray[np.float32]]
    item: ApronInput
    """What the network was given."""
    inside: NDArray[np.bool_]
    """Ground of the place that is searched: without tracks and trains, seen or not."""
    usable: NDArray[np.bool_]
    """What of it is seen."""
    cargo: NDArray[np.float32]
    """Share of each pixel that cargo covers."""
    core: NDArray[np.float32]
    """Probability of being well inside one object."""
    vehicle: NDArray[np.float32]
    shadow: NDArray[np.float32]
    _dark: dict[float, NDArray[np.float32]] = field(default_factory=dict, init=False)

    def dark(self, quantile: float) -> NDArray[np.float32]:
        """Return a low quantile of brightness over the pavement's, (bands,): light of the path between."""
        if quantile not in self._dark:
            thinned = np.exp(self.item.known[:, ::3, ::3])
            self._dark[quantile] = np.quantile(thinned, quantile, axis=(1, 2))
        return self._dark[quantile]

    @cached_property
    def body(self) -> NDArray[np.float32]:
        """Share of each pixel that cargo or a road vehicle covers."""
        return np.minimum(self.cargo + self.vehicle, 1)

    def mean(self, layer: NDArray[np.float32], place: BaseGeometry) -> float | None:
        """Return the mean of a layer over a place (site's metres), or None where too little is seen."""
        shape = self.turn.into(place)
        window = self.grid.window(shape)
        if window is None:
            return None
        cut, part = window
        mask = part.mask([shape], all_touched=True)
        seen = mask & self.usable[cut]
        if mask.sum() == 0 or seen.sum() < 0.5 * mask.sum():
            return None
        return float(layer[cut][seen].mean())


def view_apron(
    observation: Observation, place: BaseGeometry, blocked: BaseGeometry, bodies: BaseGeometry
) -> ApronView | None:
    """Sample one place and read it with the network; None where nothing of it is seen.

    Parameters
    ----------
    place : Polygon
        In the site's metres.
    blocked : geometry
        Tracks and trains, where no cargo is looked for.
    bodies : geometry
        Trains.
    """
    turn = Turn(observation.scene.sun_azimuth_deg or 0.0)
    west, south, east, north = turn.into(place).buffer(MARGIN_M).bounds
    grid = Grid(
        crs=observation.raster.grid.crs,
        west=west,
        north=north,
        pixel_m=PIXEL_M,
        rows=ceil((north - south) / PIXEL_M),
        cols=ceil((east - west) / PIXEL_M),
    )
    values, valid = _sampled(observation, turn, grid)
    inside = grid.mask([turn.into(place.difference(blocked))])
    usable = inside & valid
    if usable.sum() < 40:
        return None
    # The commonest value of each band; a large sample is thinned evenly.
    step = max(1, int(usable.sum()) // 20000)
    pavement = {b: max(half_sample_mode(v[usable][::step]), 1e-6) for b, v in values.items()}
    train = grid.mask([turn.into(bodies.buffer(0.9))]) if not bodies.is_empty else np.zeros_like(usable)
    item = apron_input(values, pavement, usable, train, _known(observation))
    return ApronView(
        turn=turn, grid=grid, values=values, item=item, inside=inside, usable=usable, **_layers(item, usable)
    )


def reread(view: ApronView, item: ApronInput) -> ApronView:
    """Return the view as the network reads it from another input of the same ground."""
    own = _layers(item, view.usable)
    return replace(
        view, item=item, cargo=own["cargo"], core=own["core"], vehicle=own["vehicle"], shadow=own["shadow"]
    )


def _layers(item: ApronInput, usable: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    read = read_apron(item)
    named = {"cargo": read["goods"], "core": read["core"], "vehicle": read["vehicle"]}
    inside = {name: np.where(usable, layer, 0).astype(np.float32) for name, layer in named.items()}
    return {**inside, "shadow": read["shadow"]}


def _known(observation: Observation) -> tuple[float, float, float, float]:
    """Return what is known of sun and view, in the turned frame; 0 where it is not."""
    scene = observation.scene
    if scene.sun_azimuth_deg is None or scene.sun_elevation_deg is None:
        return 0.0, 0.0, 0.0, scene.gsd_m
    cot = 1 / tan(radians(max(scene.sun_elevation_deg, LOW_SUN_DEG)))
    if scene.off_nadir_deg is None or scene.view_azimuth_deg is None:
        return cot, 0.0, 0.0, scene.gsd_m
    lean = tan(radians(min(scene.off_nadir_deg, 45.0)))
    away = radians(scene.view_azimuth_deg - scene.sun_azimuth_deg)
    return cot, -lean * sin(away), -lean * cos(away), scene.gsd_m


def _sampled(
    observation: Observation, turn: Turn, grid: Grid
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
    """Return the bands on the turned grid, and where they are clear."""
    image, quality = observation.image, observation.quality
    bands = tuple(b for b in BANDS if b in image.bands) or image.bands[:1]
    fine = max(1, round(PIXEL_M / image.pixel_m * 0.6))
    dense = replace(grid, pixel_m=grid.pixel_m / fine, rows=grid.rows * fine, cols=grid.cols * fine)
    x, y = turn.to_site(*np.meshgrid(*dense.centres))
    values, valid = image.sample(x, y, bands=bands)
    valid &= observation.raster.grid.look_up(quality.clear & ~quality.cloud_shadow, x, y)
    if fine > 1:
        size = (grid.cols, grid.rows)
        values = np.stack([cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in values])
        valid = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
    names = bands if len(bands) > 1 else ("pan",)
    return dict(zip(names, values, strict=True)), valid
