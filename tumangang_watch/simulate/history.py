"""Earlier dates of a painted pair: the same world, other days, other light."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.pair import LAT, LON, Pair, sensor_of
from tumangang_watch.simulate.sun import sun_position
from tumangang_watch.simulate.traffic import draw_cargo, draw_puddles, draw_road, draw_trains
from tumangang_watch.simulate.world import Block, DayState
from tumangang_watch.simulate.write import write_scene

STEP_DAYS = 9
"""Between one date and the next."""
YEAR_DAYS = 365


def earlier_days(
    pair: Pair, count: int, *, fixed: tuple[Block, ...] = (), seasons: bool = False
) -> tuple[DayState, ...]:
    """Draw days before the earlier date of a pair: other trains and goods, no new ground.

    Parameters
    ----------
    pair : Pair
    count : int
        How many; a larger count begins with the same days.
    fixed : tuple of Block
        What stands there on every date.
    seasons : bool
        Take every other day from the season of the pair's later date, a year before.
    """
    rng = np.random.default_rng([pair.seed, 300])
    world, (first, second) = pair.world, pair.days
    days = []
    for k in range(count):
        old = seasons and k % 2 == 0
        model = second if old else first
        years = (model.acquired - first.acquired).days // YEAR_DAYS + 1
        when = model.acquired - timedelta(days=years * YEAR_DAYS) if old else first.acquired
        when -= timedelta(days=STEP_DAYS * (k + 1), hours=float(rng.uniform(-1.5, 1.5)))
        when = when.replace(microsecond=0)
        azimuth, elevation = sun_position(when, LON, LAT)
        wet = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.2 else 0.0
        days.append(
            replace(
                first,
                acquired=when,
                sun_azimuth_deg=azimuth,
                sun_elevation_deg=max(elevation, 12.0),
                season=model.season,
                snow_cover=0.0,
                trains=draw_trains(world, rng, pair.options.trains),
                cargo=(*fixed, *draw_cargo(world, rng, avoid=fixed)),
                vehicles=draw_road(world, rng),
                wetness=wet,
                puddles=draw_puddles(world, wet, rng),
                clouds=(),
            )
        )
    return tuple(days)


def write_earlier(pair: Pair, days: tuple[DayState, ...], folder: Path) -> list[Path]:
    """Paint days of a pair's world, each by another camera, and write them as scenes."""
    rng = np.random.default_rng([pair.seed, 301])
    product = pair.sensors[0].product
    paths = []
    for number, day in enumerate(days):
        sensor = replace(sensor_of(pair.sensors[0].gsd_m, pair.options, rng), product=product)
        paths.append(write_scene(paint(pair.world, day, sensor, 10 + number), folder, f"past{number:02d}"))
    return paths
