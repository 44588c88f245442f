"""Draw the content of two dates of one world (and of dates before them), and paint them; the seeds for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.paint import PaintedScene, paint
from tumangang_watch.simulate.places.yard import make_world
from tumangang_watch.simulate.traffic import (
    draw_cargo,
    draw_clouds,
    draw_growth,
    draw_puddles,
    draw_road,
    draw_shed,
    draw_trains,
    move_trains,
)
from tumangang_watch.simulate.world import Block, DayState, Sensor, World
from tumangang_watch.simulate.write import truth, write_scene, write_site

LON, LAT = 130.63, 42.41
SEASON_DAY = {"winter": 20, "spring": 115, "summer": 200, "autumn": 295}
SEASONS = list(SEASON_DAY)


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """What of a pair is forced; everything else is drawn by chance."""

    no_change: bool = False
    """The same trains and goods on both dates; light, air, noise and geolocation still differ."""
    season_change: bool = False
    season: str | None = None
    growth_m2: float | None = None
    """Area of new worked ground; 0 = none; None = by chance."""
    snow: float | None = None
    """Snow cover of the later date."""
    clouds: bool = False
    gsd_later_m: float | None = None
    geolocation_error_max_m: float = 12.0
    product: str | None = None
    site_features: str = "full"
    trains: tuple[int, int] = (0, 4)
    """Least and greatest number of trains on each date."""
    tracks: int | None = None
    length_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two dates of one world with their truth. Scenes are painted when asked for."""

    seed: int
    world: World
    days: tuple[DayState, DayState]
    sensors: tuple[Sensor, Sensor]
    truth: dict[str, Any]
    options: PairOptions

    @property
    def earlier(self) -> PaintedScene:
        """The earlier scene, painted anew on each call."""
        return paint(self.world, self.days[0], self.sensors[0], 1)

    @property
    def later(self) -> PaintedScene:
        """The later scene, painted anew on each call."""
        return paint(self.world, self.days[1], self.sensors[1], 2)

    def write(self, folder: Path) -> tuple[Path, Path, Path, Path]:
        """Write both scenes, ``site.geojson`` and ``truth.json``; return the four paths."""
        folder = Path(folder)
        first = write_scene(self.earlier, folder, "earlier")
        second = write_scene(self.later, folder, "later")
        site = write_site(self.world, folder / "site.geojson", self.options.site_features)
        path = folder / "truth.json"
        path.write_text(json.dumps(self.truth, indent=1) + "\n")
        return first, second, site, path


def make_pair(seed: int, gsd_m: float = 0.5, **options: Any) -> Pair:
    """Draw a yard, two dates of it and two looks at them.

    Parameters
    ----------
    seed : int
        Take it from `split_seeds`.
    gsd_m : float
        Pixel size of the earlier scene, and of the later one unless ``gsd_later_m`` is given.
    **options
        Fields of `PairOptions`.
    """
    chosen = PairOptions(**options)
    rng = np.random.default_rng([seed, 200])
    world = make_world(seed, tracks=chosen.tracks, length_m=chosen.length_m)
    season = chosen.season or str(rng.choice(SEASONS))
    other = SEASONS[(SEASONS.index(season) + int(rng.integers(1, 4))) % 4] if chosen.season_change else season
    first = _day(season, rng)
    second = _day(other, rng, after=first)
    trains = draw_trains(world, rng, chosen.trains)
    cargo = draw_cargo(world, rng)
    road = draw_road(world, rng)
    puddles = draw_puddles(world, first.wetness, rng)
    first = replace(first, trains=trains, cargo=cargo, vehicles=road, puddles=puddles)
    second = replace(second, puddles=draw_puddles(world, second.wetness, rng))
    if chosen.no_change:
        second = replace(second, trains=trains, cargo=cargo, vehicles=first.vehicles)
    else:
        later_trains = move_trains(world, trains, rng, chosen.trains)
        kept = tuple(block for block in cargo if rng.random() < 0.6)
        later_cargo = kept + draw_cargo(world, rng, avoid=kept)
        second = replace(second, trains=later_trains, cargo=later_cargo, vehicles=draw_road(world, rng))
    area = chosen.growth_m2
    if area is None:
        area = float(rng.uniform(300, 1800)) if rng.random() < 0.4 and not chosen.no_change else 0.0
    if area > 0:
        growth = draw_growth(world, area, rng)
        shed = draw_shed(growth, rng) if rng.random() < 0.3 else ()
        second = replace(second, growth=growth, growth_blocks=shed)
    if chosen.snow is not None:
        second = replace(second, snow_cover=chosen.snow, season="winter")
    sensors = (sensor_of(gsd_m, chosen, rng), sensor_of(chosen.gsd_later_m or gsd_m, chosen, rng))
    if chosen.clouds:
        second = replace(second, clouds=draw_clouds(world, second, sensors[1], rng))
    sensors = (sensors[0], replace(sensors[1], product=sensors[0].product))
    return Pair(
        seed=seed,
        world=world,
        days=(first, second),
        sensors=sensors,
        truth=truth(world, first, second, sensors),
        options=chosen,
    )


def _day(season: str, rng: np.random.Generator, after: DayState | None = None) -> DayState:
    """Draw a date, an hour and the light of a season."""
    day = SEASON_DAY[season] + int(rng.integers(-15, 15))
    start = datetime(2022, 1, 1, tzinfo=UTC)
    when = start + timedelta(days=day, hours=float(rng.uniform(0.8, 5.5)))
    while after is not None and when <= after.acquired + timedelta(days=1):
        when += timedelta(days=7 if season == after.season else 30)
        if season != after.season and when < after.acquired:
            when = when.replace(year=2023)
    azimuth, elevation = sun_position(when, LON, LAT)
    wet = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.2 else 0.0
    return DayState(
        acquired=when.replace(microsecond=0),
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=max(elevation, 12.0),
        season=season,
        wetness=wet,
    )


def sensor_of(gsd_m: float, options: PairOptions, rng: np.random.Generator) -> Sensor:
    """Draw a camera and its errors."""
    common = float(np.exp(rng.normal(0, 0.15)))
    gain = tuple(float(common * np.exp(rng.normal(0, 0.05))) for _ in range(4))
    offset = tuple(float(rng.normal(0, 0.005)) for _ in range(4))
    reach = float(rng.uniform(0, 1)) ** 0.5 * options.geolocation_error_max_m
    angle = float(rng.uniform(0, 2 * np.pi))
    shifts = tuple((float(a), float(b)) for a, b in rng.normal(0, 0.12, (4, 2)))
    return Sensor(
        gsd_m=gsd_m,
        off_nadir_deg=float(rng.uniform(1, 26)),
        view_azimuth_deg=float(rng.uniform(0, 360)),
        blur_px=float(rng.uniform(0.45, 0.7)),
        noise=float(rng.uniform(0.003, 0.009)),
        gain=gain,  # type: ignore[arg-type]
        offset=offset,  # type: ignore[arg-type]
        haze=float(rng.choice([0.0, 0.0, 0.1, 0.25])),
        geolocation_error_m=(round(reach * float(np.cos(angle)), 3), round(reach * float(np.sin(angle)), 3)),
        band_shift_px=shifts,
        product=options.product or "analytic4",
        phase_px=(float(rng.uniform(0, 1)), float(rng.uniform(0, 1))),
    )


SplitName = Literal["train", "validation", "test"]
SPLITS: dict[SplitName, range] = {
    "train": range(10_000),
    "validation": range(10_000, 20_000),
    "test": range(20_000, 30_000),
}
"""Disjoint ranges. Thresholds are calibrated on ``train`` and chosen between on ``validation``;
``test`` only ever gives the figures that are published."""


def split_seeds(kind: SplitName) -> range:
    """Return the seeds of one split, of which the first are taken: ``split_seeds("train")[:20]``."""
    return SPLITS[kind]


STEP_DAYS = 9
"""Between one date and the next."""
YEAR_DAYS = 365


def earlier_days(
    pair: Pair, count: int, *, fixed: tuple[Block, ...] = (), seasons: bool = False
) -> tuple[DayState, ...]:
    """Draw days before the earlier date of a pair: other trains and goods, no new ground.

    Parameters
    ----------
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
