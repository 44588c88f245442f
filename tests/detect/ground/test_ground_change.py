from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from shapely import LineString, box
from support.values import scene_on, seen_on

from tumangang_watch.detect.ground.find import HandlingResult, measure_handling
from tumangang_watch.detect.shadows import swept
from tumangang_watch.grid import Grid
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Area, Site, Track
from tumangang_watch.settings.cargo import HandlingSettings

CRS = "EPSG:32652"
BANDS = ("blue", "green", "red", "nir")
GRID = Grid(crs=CRS, west=0.0, north=150.0, pixel_m=0.5, rows=300, cols=400)
GRASS, BROWN = (0.035, 0.075, 0.05, 0.36), (0.085, 0.13, 0.17, 0.29)
SOIL, GRAVEL, PLOUGHED = (0.08, 0.115, 0.16, 0.24), (0.185, 0.21, 0.225, 0.25), (0.06, 0.085, 0.115, 0.17)
HANDLING = box(60, 40, 160, 110)


def site_of(handling: object = HANDLING) -> Site:
    areas = (
        Area(id="h", role="handling", polygon=handling, name=""),
        Area(id="y", role="yard", polygon=box(0, 0, 200, 30), name=""),
    )  # type: ignore[arg-type]
    return Site(
        id="t",
        name="t",
        sha256="0",
        crs=CRS,
        areas=areas,
        tracks=(Track(id="1", line=LineString([(0, 15), (200, 15)]), name=""),),
    )


def ground(
    field: tuple[float, ...] = GRASS,
    new: tuple[float, float, float, float] | None = None,
    kind: tuple[float, ...] = GRAVEL,
    seed: int = 1,
) -> np.ndarray:
    """Paint a yard of gravel, an old gravel pad in a field, and a new patch (west, south, east, north)."""
    from scipy.ndimage import gaussian_filter

    x, y = GRID.centres
    x, y = x[None, :], y[:, None]
    fixed = np.random.default_rng(7)
    bed = gaussian_filter(fixed.standard_normal(GRID.shape), 4)
    bed *= 0.12 / bed.std()
    noise = np.random.default_rng(seed)
    worked = (y < 30) | ((x > 70) & (x < 110) & (y > 50) & (y < 80))
    soil = (x > 150) & (y > 90)
    fresh = np.zeros(GRID.shape, dtype=bool)
    if new is not None:
        fresh = (x > new[0]) & (x < new[2]) & (y > new[1]) & (y < new[3])
    out = []
    for k in range(4):
        band = np.where(worked, GRAVEL[k], np.where(soil, SOIL[k], field[k]))
        band = np.where(fresh, kind[k], band) * (1 + bed)
        out.append(gaussian_filter(band, 1.0) + noise.normal(0, 0.004, GRID.shape))
    return np.maximum(np.stack(out), 0.002)


def observe(values: np.ndarray, date: str = "later", snow: str = "none") -> Observation:
    june = datetime(2024, 6, 1, tzinfo=UTC)
    return seen_on(
        GRID, values, scene_on(GRID, acquired=june, sun_azimuth_deg=150.0, sun_elevation_deg=35.0), date, snow
    )


def run(one: np.ndarray, two: np.ndarray, site: Site | None = None) -> HandlingResult:
    pair = (observe(one, "earlier"), observe(two, "later"))
    return measure_handling(pair, site or site_of(), (), HandlingSettings())


NEW = (112.0, 60.0, 132.0, 100.0)


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("field", [GRASS, BROWN])
def test_new_gravel_is_found_with_its_area(field: tuple[float, ...], bands: int) -> None:
    change = run(ground(field)[:bands], ground(field, NEW, seed=2)[:bands]).growth[0]
    assert change.grown_m2.estimate == pytest.approx(800, rel=0.1)
    assert change.grown_m2.low <= 800 <= change.grown_m2.high
    assert change.lost_m2.estimate == 0
    assert change.grade == "detected"
    assert change.grown.intersection(box(*NEW)).area > 700


def test_swapped_dates_mirror() -> None:
    one, two = ground(), ground(new=NEW, seed=2)
    there, back = run(one, two).growth[0], run(two, one).growth[0]
    assert there.grown_m2 == back.lost_m2
    assert there.lost_m2 == back.grown_m2


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("field", [GRASS, BROWN])
def test_light_haze_and_season_are_no_growth(field: tuple[float, ...], bands: int) -> None:
    one = ground(GRASS)
    for two in (ground(field, seed=2), ground(field, seed=2) * 1.25, ground(field, seed=2) * 0.85 + 0.03):
        change = run(one[:bands], two[:bands]).growth[0]
        assert change.grown_m2.estimate == 0
        assert change.lost_m2.estimate == 0


def test_bare_soil_among_grass_that_greens_is_no_growth() -> None:
    """In winter soil and straw look alike; in summer the soil is as it was and the grass is green."""
    x, y = np.meshgrid(*GRID.centres)
    soil = (y < 100) & (x < 140)
    noise = np.random.default_rng(3)

    def field(rest: tuple[float, ...]) -> np.ndarray:
        flat = np.stack([np.where(soil, BROWN[k], rest[k]) for k in range(4)])
        flat[:, y < 30] = np.array(GRAVEL)[:, None]
        return np.maximum(flat * np.exp(noise.normal(0, 0.05, flat.shape)), 0.002)

    winter, summer = field(BROWN), field(GRASS)
    for change in (run(winter, summer).growth[0], run(summer, winter).growth[0]):
        assert change.grown_m2.estimate == change.lost_m2.estimate == 0


def test_ploughing_is_no_growth() -> None:
    two = ground(new=NEW, kind=PLOUGHED, seed=2)
    assert run(ground(), two).growth[0].grown_m2.estimate == 0


def test_growth_does_not_depend_on_the_polygon_around_it() -> None:
    one, two = ground(), ground(new=NEW, seed=2)
    small = run(one, two).growth[0].grown_m2.estimate
    large = run(one, two, site_of(box(45, 35, 190, 145))).growth[0].grown_m2.estimate
    assert small == pytest.approx(large, rel=0.02)


def test_worked_area_of_one_date() -> None:
    result = measure_handling((observe(ground()),), site_of(), (), HandlingSettings())
    assert result.growth == ()
    (item,) = result.detections
    assert item.id == "later-handling-1"
    assert item.area_m2 is not None
    assert item.area_m2.estimate == pytest.approx(1200, rel=0.12)


def whitened() -> Observation:
    values = np.full_like(ground(), 0.8)
    values[:, :, :30] = 0.06
    seen = observe(values, "later", snow="full")
    return replace(seen, quality=replace(seen.quality, snow=values[0] > 0.5))


def test_snow_is_no_claim() -> None:
    pair = (observe(ground(), "earlier"), whitened())
    result = measure_handling(pair, site_of(), (), HandlingSettings())
    change = result.growth[0]
    assert change.grade == "possible"
    assert change.observed_fraction == 0.0
    assert change.grown_m2.estimate == 0
    assert change.grown_m2.high > 1000
    assert any("snow" in c for c in change.caveats)


def test_hidden_ground_is_no_claim() -> None:
    one, two = observe(ground(), "earlier"), observe(ground(new=NEW, seed=2))
    blind = replace(two, quality=replace(two.quality, clear=np.zeros(GRID.shape, dtype=bool)))
    change = measure_handling((one, blind), site_of(), (), HandlingSettings()).growth[0]
    assert change.grown_m2.estimate == 0
    assert change.grade == "possible"


def test_one_band_only_is_said() -> None:
    result = measure_handling((observe(ground()[:1]),), site_of(), (), HandlingSettings())
    assert result.detections[0].grade == "possible"
    assert any("one band" in c for c in result.detections[0].caveats)


def with_shadow(values: np.ndarray, roof: tuple[float, float, float, float], height_m: float) -> np.ndarray:
    """Darken the ground that a flat roof of some height shades under the sun of `observe`."""
    body = box(*roof)
    shade = GRID.mask([swept(body, 150.0, 35.0, height_m).difference(body)])
    return np.where(shade, values * 0.3, values)


ROOF = (0.3, 0.32, 0.34, 0.36)


@pytest.mark.parametrize("height_m", [3.0, 6.0])
def test_a_new_roof_is_told_from_new_ground_by_its_shadow(height_m: float) -> None:
    bare = ground(GRASS, NEW, kind=ROOF, seed=2)
    built = run(ground(GRASS), with_shadow(bare, NEW, height_m)).growth[0]
    (words,) = built.buildings
    assert "is new" in words
    said_m = float(words.split("about ")[1].split()[0])
    assert height_m - 1.5 <= said_m <= height_m + 0.5
    assert run(ground(GRASS), bare).growth[0].buildings == ()


def test_a_roof_over_worked_ground_is_told_though_it_is_no_growth() -> None:
    roof = (75.0, 55.0, 100.0, 72.0)
    two = with_shadow(ground(GRASS, roof, kind=(0.5, 0.2, 0.12, 0.3), seed=2), roof, 4.0)
    change = run(ground(GRASS), two).growth[0]
    assert len(change.buildings) == 1
    assert change.grown_m2.estimate == 0


def test_a_building_that_is_gone_mirrors_one_that_came() -> None:
    one, two = ground(GRASS), with_shadow(ground(GRASS, NEW, kind=ROOF, seed=2), NEW, 5.0)
    came, gone = run(one, two).growth[0].buildings, run(two, one).growth[0].buildings
    assert [w.replace("new", "gone") for w in came] == list(gone)
    assert len(came) == 1


def test_without_a_stated_sun_no_building_is_told() -> None:
    one = observe(ground(GRASS), "earlier")
    two = observe(with_shadow(ground(GRASS, NEW, kind=ROOF, seed=2), NEW, 5.0))
    blind = tuple(replace(o, scene=replace(o.scene, sun_elevation_deg=None)) for o in (one, two))
    assert measure_handling(blind, site_of(), (), HandlingSettings()).growth[0].buildings == ()
