"""A window's pixels lie where the whole scene's lie, whatever its shape, place and reference system."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.scene_files import CRS, NORTH, SETTINGS, WEST, box_px, ground, north_up, opened, read, write

from tumangang_watch.errors import NotComparable
from tumangang_watch.scenes import footprint

ROWS, COLS = 60, 80


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A scene whose every pixel has its own value in the first band."""
    values = np.arange(1, ROWS * COLS + 1, dtype="uint16").reshape(1, ROWS, COLS)
    values = np.concatenate([values, values, values, values])
    folder = tmp_path_factory.mktemp("plain")
    return opened(write(folder / "scene.tif", values, tags={"X": "1"})), values


def native_at(image, x, y):
    row, col = image.to_pixel(np.asarray(x, float), np.asarray(y, float))
    return row, col


SIDES = {
    "inside": (20, 10, 50, 40),
    "left": (-30, 10, 30, 40),
    "right": (60, 10, 120, 40),
    "top": (20, -30, 50, 20),
    "bottom": (20, 40, 50, 90),
    "corner nw": (-30, -30, 20, 20),
    "corner se": (60, 40, 110, 90),
    "corner ne": (60, -30, 110, 20),
    "corner sw": (-30, 40, 20, 90),
    "all": (-50, -50, 150, 150),
}


@pytest.mark.parametrize("side", SIDES)
def test_a_window_partly_outside_keeps_every_pixel_in_its_place(plain, side):
    scene, values = plain
    left, top, right, bottom = SIDES[side]
    bounds = box_px(left, top, right, bottom)
    image = read(scene, bounds)
    seen_rows = np.arange(max(top, 0), min(bottom, ROWS))
    seen_cols = np.arange(max(left, 0), min(right, COLS))
    x, y = np.meshgrid(WEST + (seen_cols + 0.5) * 0.5, NORTH - (seen_rows + 0.5) * 0.5)
    row, col = native_at(image, x, y)
    assert np.abs(row - np.rint(row)).max() < 1e-6
    assert np.abs(col - np.rint(col)).max() < 1e-6
    got = image.values[0][np.rint(row).astype(int), np.rint(col).astype(int)]
    whole = read(scene, box_px(0, 0, COLS, ROWS)).values[0]
    ratio = got / values[0][np.ix_(seen_rows, seen_cols)]
    np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-5)
    assert whole.shape == (ROWS, COLS)
    assert (image.to_pixel.x0, image.to_pixel.y0) == (
        (bounds[0] + bounds[2]) / 2,
        (bounds[1] + bounds[3]) / 2,
    )
    assert image.values.shape[1] <= min(bottom, ROWS) - max(top, 0) + 6
    assert image.values.shape[2] <= min(right, COLS) - max(left, 0) + 6


@given(
    left=st.floats(-100, 79), top=st.floats(-100, 59), width=st.floats(1.5, 150), height=st.floats(1.5, 150)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_window_shows_the_same_ground(plain, left, top, width, height):
    scene, values = plain
    bounds = box_px(left, top, left + width, top + height)
    if left + width <= 0 or top + height <= 0:
        with pytest.raises(NotComparable):
            read(scene, bounds)
        return
    image = read(scene, bounds)
    rows, cols = image.valid.shape
    row0, col0 = image.to_pixel(np.array(WEST + 0.25), np.array(NORTH - 0.25))
    top_px, left_px = -round(float(row0)), -round(float(col0))
    part = values[:, top_px : top_px + rows, left_px : left_px + cols]
    assert part.shape == image.values.shape
    ratio = image.values / part
    np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-4)


def smooth(x, y):
    """A landscape as a function of site metres, so that any pixel's true value is known."""
    return 1000 + 300 * np.sin((x - WEST) / 7) + 300 * np.cos((y - NORTH) / 5)


def painted(path, crs, transform, rows, cols):
    """Write a scene of `smooth` on any raster, by the exact place of each pixel's centre."""
    from pyproj import Transformer

    col, row = np.meshgrid(np.arange(cols) + 0.5, np.arange(rows) + 0.5)
    a, b, c, d, e, f = tuple(transform)[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    if crs != CRS:
        x, y = Transformer.from_crs(crs, CRS, always_xy=True).transform(x, y)
    values = np.repeat(smooth(x, y)[None], 4, axis=0).astype("float32")
    return opened(write(path, values, crs=crs, transform=transform))


def turned(degrees, pixel_m=0.5, shear=0.0):
    centre = Affine.translation(WEST + 30, NORTH - 30)
    matrix = Affine.rotation(degrees) @ Affine.shear(shear, 0) @ Affine.scale(pixel_m, -pixel_m)
    return centre @ matrix @ Affine.translation(-80, -80)


def lonlat_transform(step=5e-6):
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(WEST - 10, NORTH + 10)
    return Affine(step, 0, lon, 0, -step, lat)


PLACED = {
    "north up": (CRS, lambda: north_up(0.5, WEST - 10, NORTH + 10)),
    "south up": (CRS, lambda: Affine(0.5, 0, WEST - 10, 0, 0.5, NORTH - 70)),
    "turned 0.01": (CRS, lambda: turned(0.01)),
    "turned 5": (CRS, lambda: turned(5)),
    "turned 20": (CRS, lambda: turned(20)),
    "turned 90": (CRS, lambda: turned(90)),
    "sheared": (CRS, lambda: turned(10, shear=15)),
    "not square": (CRS, lambda: Affine(0.5, 0, WEST - 10, 0, -0.7, NORTH + 10)),
    "lon/lat": ("EPSG:4326", lonlat_transform),
    "next zone": ("EPSG:32653", lambda: in_crs("EPSG:32653", 0.5)),
    "web mercator": ("EPSG:3857", lambda: in_crs("EPSG:3857", 0.7)),
}


def in_crs(crs, step):
    from pyproj import Transformer

    xs, ys = Transformer.from_crs(CRS, crs, always_xy=True).transform(
        [WEST - 10, WEST + 70], [NORTH + 10, NORTH - 70]
    )
    return Affine(step, 0, min(xs) - 10, 0, -step, max(ys) + 10)


@pytest.mark.parametrize("case", PLACED)
def test_every_raster_shows_the_site_where_it_is(tmp_path, case):
    crs, transform = PLACED[case]
    scene = painted(tmp_path / "scene.tif", crs, transform(), 260, 260)
    image = read(scene, (WEST + 5, NORTH - 55, WEST + 55, NORTH - 5))
    x, y = np.meshgrid(WEST + np.arange(15, 45, 0.9), NORTH - np.arange(15, 45, 0.9))
    values, valid = image.sample(x, y)
    assert valid.all()
    truth = smooth(x, y)
    scale = values[0].mean() / truth.mean()
    error = values[0] / scale - truth
    steepest_a_metre = np.hypot(300 / 7, 300 / 5)
    assert np.abs(error).max() < 0.1 * 0.5 * steepest_a_metre
    if crs == CRS:
        assert not any(image.to_pixel.col_coefficients[3:] + image.to_pixel.row_coefficients[3:])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32653", "EPSG:3857", "EPSG:5186"])
def test_the_map_to_pixels_is_exact_over_six_kilometres(tmp_path, crs):
    from pyproj import Transformer

    step = 5e-6 if crs == "EPSG:4326" else 0.5
    place = lonlat_transform(step) if crs == "EPSG:4326" else in_crs(crs, step)
    scene = opened(write(tmp_path / "scene.tif", crs=crs, transform=place))
    bounds = (WEST - 3000, NORTH - 3000, WEST + 3000, NORTH + 3000)
    image = read(scene, bounds)
    x, y = np.meshgrid(np.linspace(WEST - 3000, WEST + 3000, 41), np.linspace(NORTH - 3000, NORTH + 3000, 37))
    a, _, c, _, e, f = scene.affine
    there_x, there_y = Transformer.from_crs(CRS, crs, always_xy=True).transform(x, y)
    row, col = image.to_pixel(x, y)
    row0, col0 = image.to_pixel(np.array(image.to_pixel.x0), np.array(image.to_pixel.y0))
    want_col, want_row = (there_x - c) / a - 0.5, (there_y - f) / e - 0.5
    assert np.ptp(col - want_col) < 0.02
    assert np.ptp(row - want_row) < 0.02
    assert np.isfinite([row0, col0]).all()


def test_two_scenes_read_with_the_same_bounds_share_their_origin(tmp_path):
    bounds = (WEST + 5, NORTH - 55, WEST + 55, NORTH - 5)
    first = read(painted(tmp_path / "a.tif", CRS, north_up(), 200, 200), bounds)
    second = read(painted(tmp_path / "b.tif", "EPSG:4326", lonlat_transform(), 260, 260), bounds)
    assert (first.to_pixel.x0, first.to_pixel.y0) == (second.to_pixel.x0, second.to_pixel.y0)


def test_footprints_agree_between_reference_systems(tmp_path):
    utm = painted(tmp_path / "a.tif", CRS, north_up(), 200, 200)
    outline = footprint(utm, CRS)
    assert outline.bounds == pytest.approx(box_px(0, 0, 200, 200))
    back = footprint(utm, "EPSG:32653")
    assert back.area == pytest.approx(outline.area, rel=0.01)


DTYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_pixel_type_gives_the_same_picture(tmp_path, dtype):
    values = ground(dtype="uint8")
    image = read(opened(write(tmp_path / "scene.tif", values.astype(dtype))))
    assert image.values.dtype == np.float32
    np.testing.assert_allclose(image.values / image.values.max(), values / values.max(), rtol=1e-5)
    assert 0.1 < image.values.max() <= 1.5


def test_known_scale_gives_reflectance_and_uint8_is_over_255(tmp_path):
    values = ground()
    factors = [1e-4, 2e-4, 3e-4, 4e-4]
    image = read(opened(write(tmp_path / "a.tif", values, metadata={"reflectance_coefficients": factors})))
    np.testing.assert_allclose(image.values, values * np.array(factors)[:, None, None], rtol=1e-6)
    eight = ground(dtype="uint8")
    np.testing.assert_allclose(read(opened(write(tmp_path / "b.tif", eight))).values, eight / 255, rtol=1e-6)


def test_bands_come_by_role_and_others_are_dropped(tmp_path):
    values = ground(8)
    scene = opened(write(tmp_path / "a.tif", values, names=None), bands="x,blue,x,green,x,red,x,nir")
    image = read(scene)
    assert image.bands == ("blue", "green", "red", "nir")
    np.testing.assert_allclose(
        image.values / image.values.max(), values[1::2] / values[1::2].max(), rtol=1e-5
    )


def test_declared_nodata_and_the_black_rim_are_not_imaged_but_black_inside_is(tmp_path):
    values = ground()
    values[:, :5] = 0
    values[:, 30:33, 40:43] = 0
    values[:3, 50, 50] = 0
    rim = read(opened(write(tmp_path / "a.tif", values))).valid
    assert not rim[:5].any()
    assert rim[5:].all()
    declared = read(opened(write(tmp_path / "b.tif", values, nodata=0))).valid
    assert not declared[30:33, 40:43].any()
    assert declared[50, 50]
    assert declared.sum() == values[0].size - 5 * COLS - 9


def test_odd_fills_are_not_imaged(tmp_path):
    values = ground(dtype="float32")
    values[0, 10, 10] = np.nan
    values[1, 11, 11] = np.inf
    values[2, 12, 12] = -9999
    values[3, 13, 13] = 3.4e38
    image = read(opened(write(tmp_path / "a.tif", values)))
    assert not image.valid[[10, 11, 12, 13], [10, 11, 12, 13]].any()
    assert image.valid.sum() == ROWS * COLS - 4
    assert np.isfinite(image.values).all()
    assert (image.values[:, ~image.valid] == 0).all()
    doubles = ground().astype("float64")
    doubles[0, 5, 5] = 1e300
    assert read(opened(write(tmp_path / "b.tif", doubles))).valid.sum() == ROWS * COLS - 1
    signed = ground(dtype="int16")
    signed[1, 7, 7] = -77
    assert not read(opened(write(tmp_path / "c.tif", signed, nodata=-77))).valid[7, 7]


def test_alpha_and_inner_masks_say_what_is_imaged(tmp_path):
    values = ground(dtype="uint8")
    values[3] = 255
    values[3, :, :20] = 0
    rgba = read(opened(write(tmp_path / "a.tif", values, names=None)))
    assert not rgba.valid[:, :20].any()
    assert rgba.valid[:, 20:].all()
    inner = np.full((ROWS, COLS), 255, "uint8")
    inner[:10] = 0
    masked = read(opened(write(tmp_path / "b.tif", ground(), mask=inner)))
    assert not masked.valid[:10].any()
    assert masked.valid[10:].all()


def test_near_infrared_that_gdal_calls_alpha_stays_an_image(tmp_path):
    values = ground(dtype="uint8")
    values[3, :10] = 0
    image = read(opened(write(tmp_path / "a.tif", values)))
    assert image.bands[-1] == "nir"
    assert image.valid.all()


def test_saturation_is_the_types_ceiling_or_a_shared_top(tmp_path):
    values = np.random.default_rng(3).normal(1000, 250, (4, 200, 200)).clip(100, 2000).astype("uint16")
    values[values == 2000] = 1999
    values[0, :4, :50] = 65535
    assert read(opened(write(tmp_path / "a.tif", values))).saturated.sum() == 200
    values[0, :4, :50] = 4095
    assert read(opened(write(tmp_path / "b.tif", values))).saturated.sum() == 200
    values[0, :4, :50] = 1500
    values[0, 0, 0] = 3000
    assert read(opened(write(tmp_path / "c.tif", values))).saturated.sum() == 0
    eight = ground(dtype="uint8", rows=200, cols=200)
    eight[0, :4, :50] = 240
    assert read(opened(write(tmp_path / "d.tif", eight))).saturated.sum() == 0
    eight[0, :4, :50] = 255
    assert read(opened(write(tmp_path / "e.tif", eight))).saturated.sum() == 200


def udm2(cloud=None, bands=8):
    layers = np.zeros((bands, ROWS, COLS), "uint8")
    layers[0] = 1
    if cloud is not None:
        layers[0][cloud] = 0
        layers[5][cloud] = 1
    return layers


def test_a_udm2_comes_along_and_says_what_was_not_imaged(tmp_path):
    layers = udm2((slice(10, 20), slice(10, 20)))
    layers[:, 40:] = 0
    name = "20221130_021000_ssc1_u0001"
    write(tmp_path / f"{name}_udm2.tif", layers, names=None)
    scene = opened(write(tmp_path / f"{name}_analytic_clip.tif"))
    assert scene.mask == tmp_path / f"{name}_udm2.tif"
    assert scene.mask in scene.files
    image = read(scene, box_px(5, 5, 70, 55))
    row, col = image.to_pixel(np.array(WEST + 7.75), np.array(NORTH - 7.75))
    assert image.vendor_mask.shape == (8, *image.valid.shape)
    assert image.vendor_mask[5, round(float(row)), round(float(col))] == 1
    row, _ = image.to_pixel(np.array(WEST + 7.75), np.array(NORTH - 20.25))
    assert not image.valid[round(float(row)) :].any()
    assert image.valid[: round(float(row))].all()


BAD_MASKS = {
    "seven bands": lambda p: write(p, udm2(bands=8)[:7], names=None),
    "nine bands": lambda p: write(p, udm2(bands=9), names=None),
    "one band": lambda p: write(p, udm2()[:1], names=None),
    "other size": lambda p: write(p, udm2()[:, :30], names=None),
    "other zone": lambda p: write(p, udm2(), names=None, crs="EPSG:32653"),
    "elsewhere": lambda p: write(p, udm2(), names=None, transform=north_up(west=WEST + 5)),
    "garbage": lambda p: p.write_bytes(b"nothing"),
    "cut off": lambda p: p.write_bytes(write(p, udm2(), names=None).read_bytes()[:9000]),
}


@pytest.mark.parametrize("case", BAD_MASKS)
def test_a_mask_of_something_else_is_said_and_not_used(tmp_path, case):
    BAD_MASKS[case](tmp_path / "scene_udm2.tif")
    scene = opened(write(tmp_path / "scene.tif"))
    assert scene.mask is None
    assert any("mask unknown" in w for w in scene.warnings)
    assert read(scene).vendor_mask is None


def test_a_mask_that_says_nothing_hides_nothing(tmp_path):
    write(tmp_path / "scene_udm2.tif", np.zeros((8, ROWS, COLS), "uint8"), names=None)
    image = read(opened(write(tmp_path / "scene.tif")))
    assert image.vendor_mask is None
    assert image.valid.all()


def test_nothing_of_an_image_can_be_changed(plain):
    image = read(plain[0])
    for array in (image.values, image.valid, image.saturated):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_real_yard_is_read_whole_and_in_place(shared):
    folder = shared / "imagery" / "muttenz_yard_2018"
    if not folder.is_dir():
        pytest.skip("the real yard is not beside the checkout")
    scene = opened(Path(folder) / "scene_050.tif", acquired=None)
    assert scene.bands == {"red": 1, "green": 2, "blue": 3}
    site = json.loads((folder / "site.geojson").read_text())
    lon, lat = next(
        f["geometry"]["coordinates"][0] for f in site["features"] if f["properties"]["role"] == "track"
    )[:2]
    from pyproj import Transformer
    from shapely import Point

    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True).transform(lon, lat)
    outline = footprint(scene, "EPSG:32632")
    assert outline.buffer(60).contains(Point(x, y))
    image = read(scene, outline.bounds, "EPSG:32632")
    assert image.valid.mean() > 0.95
    assert SETTINGS.max_mapping_error_px <= 0.01
