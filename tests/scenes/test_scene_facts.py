"""Bands, dates and metadata: which source decides, and that disagreement is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from support.scene_files import beside, ground, opened, write

from tumangang_watch.detectability.describe import describe_scene
from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.acquired import parse_time
from tumangang_watch.settings import Settings

BGRN = {"blue": 1, "green": 2, "red": 3, "nir": 4}
RGB = {"red": 1, "green": 2, "blue": 3}
EIGHT = {"blue": 2, "green": 4, "red": 6, "nir": 8}
EIGHT_NAMES = ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir")
RGBA = ("red", "green", "blue", "alpha")
GREY = ("gray", "undefined", "undefined", "undefined")

BANDS = {
    "described bgrn": ({}, {}, BGRN, "description"),
    "described rgbn": ({"names": ("Red", "GREEN", "Blue", "NIR")}, {}, {**RGB, "nir": 4}, "description"),
    "one letter": ({"names": ("r", "g", "b", "n")}, {}, {**RGB, "nir": 4}, "description"),
    "nrgb": (
        {"names": ("nir", "red", "green", "blue")},
        {},
        {"nir": 1, "red": 2, "green": 3, "blue": 4},
        "desc",
    ),
    "false colour": (
        {"bands": 3, "names": ("nir", "red", "green")},
        {},
        {"nir": 1, "red": 2, "green": 3},
        "description",
    ),
    "eight described": ({"bands": 8, "names": EIGHT_NAMES}, {}, EIGHT, "description"),
    "eight of planet": (
        {"bands": 8, "names": None, "name": "20221130_021000_43_2427_3B_AnalyticMS_SR_8b_clip"},
        {},
        EIGHT,
        "product name",
    ),
    "eight by item type": ({"bands": 8, "names": None}, {"item_type": "PSScene"}, EIGHT, "item type"),
    "skysat analytic": (
        {"names": None, "name": "20221130_021000_ssc1_u0001_analytic"},
        {},
        BGRN,
        "product name",
    ),
    "skysat item type": ({"names": None}, {"item_type": "SkySatCollect"}, BGRN, "item type"),
    "skysat visual": (
        {
            "names": None,
            "dtype": "uint8",
            "bands": 3,
            "colours": GREY[:3],
            "name": "20221130_021000_ssc1_u0001_visual",
        },
        {},
        RGB,
        "product name",
    ),
    "rgb by colour": ({"names": None, "dtype": "uint8", "bands": 3, "colours": RGBA[:3]}, {}, RGB, "colour"),
    "16-bit by colour": ({"names": None, "bands": 3, "photometric": "RGB"}, {}, RGB, "colour"),
    "bgr by colour": (
        {"names": None, "dtype": "uint8", "bands": 3, "colours": ("blue", "green", "red")},
        {},
        {"blue": 1, "green": 2, "red": 3},
        "colour",
    ),
    "pan": ({"names": None, "bands": 1}, {}, {"pan": 1}, "single band"),
    "grey with alpha": (
        {"names": None, "bands": 2, "colours": ("gray", "alpha")},
        {},
        {"pan": 1},
        "single band",
    ),
    "user over description": ({"wish": "red,green,blue,-"}, {}, RGB, "user"),
    "user, letters": ({"names": None, "wish": "B, G, R, N"}, {}, BGRN, "user"),
    "user, eight": ({"names": None, "bands": 8, "wish": "x,blue,x,green,x,red,x,nir"}, {}, EIGHT, "user"),
}


def made(folder, *, name="scene", bands=4, dtype="uint16", wish=None, metadata=None, **options):
    return write(folder / f"{name}.tif", ground(bands, dtype=dtype), metadata=metadata, **options), wish


@pytest.mark.parametrize("case", BANDS)
def test_bands_are_told_by_the_most_trusted_source(tmp_path, case):
    options, metadata, index, source = BANDS[case]
    path, wish = made(tmp_path, **{**options, "metadata": metadata})
    scene = opened(path, bands=wish)
    assert scene.bands == index
    assert scene.band_source.startswith(source)
    assert scene.sources["bands"] == scene.band_source


UNKNOWN = {
    "16-bit, nothing": {"names": None, "bands": 3},
    "eight, nothing": {"names": None, "bands": 8},
    "five": {"names": None, "bands": 5},
    "red twice": {"names": ("red", "red", "green", "blue")},
    "band numbers": {"names": ("b1", "b2", "b3", "b4")},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_bands_are_never_guessed(tmp_path, case):
    with pytest.raises(InputRefused, match="--bands"):
        opened(made(tmp_path, **UNKNOWN[case])[0])


def test_sources_that_disagree_are_said(tmp_path):
    name = "20221130_021000_ssc1_u0001_pansharpened"
    path, _ = made(tmp_path, name=name, names=None, colours=("red", "green", "blue", "undefined"))
    scene = opened(path)
    assert scene.bands == BGRN
    assert any("colour interpretation says another band order" in w for w in scene.warnings)
    wished = opened(path, bands="red,green,blue,nir")
    assert any("product name says another band order than the user" in w for w in wished.warnings)


def test_an_alpha_that_is_an_image_is_not_believed(tmp_path):
    """GDAL labels any undeclared four-band 8-bit file red, green, blue, alpha."""
    path, _ = made(tmp_path, names=None, dtype="uint8")
    with pytest.raises(InputRefused, match="--bands"):
        opened(path)
    values = ground(dtype="uint8")
    values[3] = 255
    values[3, :, :10] = 0
    assert opened(write(tmp_path / "real.tif", values, names=None)).bands == RGB


TIMES = {
    "2022-11-30T02:10:00Z": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30T02:10:00.676173Z": (2022, 11, 30, 2, 10, 0, 676173),
    "2022-11-30T02:10:00.6761735Z": (2022, 11, 30, 2, 10, 0, 676173),
    "2022-11-30T02:10:00.5+00:00": (2022, 11, 30, 2, 10, 0, 500000),
    "2022-11-30T11:10:00+09:00": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30T11:10:00+0900": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-29T21:10:00-05": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30 02:10:00Z": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30 02:10:00": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30T02:10:60Z": (2022, 11, 30, 2, 10, 59, 0),
    "2022-11-30T02:10Z": (2022, 11, 30, 2, 10, 0, 0),
    "20221130T021000Z": (2022, 11, 30, 2, 10, 0, 0),
    "20221130_021000": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30": (2022, 11, 30, 0, 0, 0, 0),
    " 2022-11-30T02:10:00z ": (2022, 11, 30, 2, 10, 0, 0),
    "2022-334T02:10:00Z": (2022, 11, 30, 2, 10, 0, 0),
    "2022-11-30 11:10 KST": (2022, 11, 30, 2, 10, 0, 0),
    "1669774207500": (2022, 11, 30, 2, 10, 7, 500000),
    "2022-400T02:10:00Z": None,
    "0000-001": None,
    "9999-366": None,
    "2022-13-30T02:10:00Z": None,
    "2022-11-31": None,
    "2022-11-30T25:00:00Z": None,
    "2022-11-30T02:10:75Z": None,
    "30.11.2022": None,
    "": None,
    "yesterday": None,
    "0001-01-01T00:00:00+09:00": None,
    "2" * 100: None,
}


@pytest.mark.parametrize("text", TIMES)
def test_times_are_read_in_every_spelling(text):
    parsed = parse_time(text)
    expected = TIMES[text]
    assert (parsed and parsed[0]) == (expected and datetime(*expected, tzinfo=UTC))


@pytest.mark.parametrize(
    ("stated", "warned"), [("20221130T021000Z", False), (1669774200, False), ("2022-11-30", True)]
)
def test_only_a_day_alone_lacks_its_time_of_day(tmp_path, stated, warned):
    path, _ = made(tmp_path, metadata={"acquired": stated})
    assert any("time of day" in w for w in opened(path, acquired=None).warnings) is warned


def test_an_interval_in_one_word_is_a_pass_or_a_mosaic(tmp_path):
    path, _ = made(tmp_path, metadata={"acquired": "2022-11-30T02:10:00Z/2022-11-30T02:10:12Z"})
    assert opened(path, acquired=None).acquired == datetime(2022, 11, 30, 2, 10, tzinfo=UTC)
    beside(path, acquired="2022-11-30T02:10:00Z/2022-11-30T08:10:00Z")
    with pytest.raises(InputRefused, match="mosaic"):
        opened(path, acquired=None)


@pytest.mark.parametrize("value", [None, 20221130, 1.5, [], {}, True])
def test_what_is_no_text_is_no_time(value):
    assert parse_time(value) is None


NAMED = "20221101_010203_ssc1_u0001"


def test_the_date_comes_from_metadata_then_tags_then_the_name(tmp_path):
    path = write(tmp_path / f"{NAMED}.tif")
    assert opened(path, acquired=None).acquired == datetime(2022, 11, 1, 1, 2, 3, tzinfo=UTC)
    path = write(tmp_path / f"{NAMED}.tif", tags={"TIFFTAG_DATETIME": "2022:11:02 03:04:05"})
    scene = opened(path, acquired=None)
    assert (scene.acquired.day, scene.sources["acquired"]) == (2, "tags")
    beside(path, acquired="2022-11-03T03:04:05Z")
    scene = opened(path, acquired=None)
    assert (scene.acquired.day, scene.sources["acquired"]) == (3, "metadata")
    assert any("tags says 2022-11-02" in w for w in scene.warnings)
    assert any("file name says 2022-11-01" in w for w in scene.warnings)
    scene = opened(path, acquired="2022-11-04T03:04:05Z")
    assert (scene.acquired.day, scene.sources["acquired"]) == (4, "user")
    assert any("metadata says 2022-11-03" in w for w in scene.warnings)


def test_a_time_without_zone_or_clock_is_said(tmp_path):
    path = write(tmp_path / "scene.tif")
    assert any("no zone" in w for w in opened(path, acquired="2022-11-30T02:10:00").warnings)
    assert any("no time of day" in w for w in opened(path, acquired="2022-11-30").warnings)
    assert not opened(path, acquired="2022-11-30T02:10:00+09:00").warnings


def test_local_times_in_names_are_not_taken_for_utc(tmp_path):
    with pytest.raises(InputRefused, match="--acquired"):
        opened(write(tmp_path / "JL1GF03B01_PMS_20221130_101500.tif"), acquired=None)


def test_a_date_that_cannot_be_is_refused(tmp_path):
    path = write(tmp_path / "scene.tif")
    latest = datetime(2022, 12, 1, tzinfo=UTC)
    assert opened(path, acquired="2022-12-01T12:00:00Z", latest=latest)
    for text in ("2022-12-02T12:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon"):
        with pytest.raises(InputRefused, match="date"):
            opened(path, acquired=text, latest=latest)


def test_a_date_that_is_not_understood_is_said_before_the_next_source_is_used(tmp_path):
    path = write(tmp_path / f"{NAMED}.tif", metadata={"acquired": "last autumn"})
    scene = opened(path, acquired=None)
    assert scene.sources["acquired"] == "file name"
    assert any("last autumn" in w for w in scene.warnings)


def test_planet_metadata_is_understood(tmp_path):
    path = write(
        tmp_path / "scene.tif",
        metadata={
            "acquired": "2022-11-30T02:10:00.123Z",
            "gsd": "0.78",
            "view_angle": -28.9,
            "satellite_azimuth": 273.8,
            "sun_azimuth": -170.0,
            "sun_elevation": 22.5,
            "cloud_cover": 0.25,
            "item_type": "SkySatCollect",
            "provider": "skysat",
            "licence": "CC-BY-NC-4.0",
        },
    )
    scene = opened(path, acquired=None)
    assert (scene.gsd_m, scene.pixel_m) == (0.78, 0.5)
    assert (scene.off_nadir_deg, scene.view_azimuth_deg) == (28.9, 273.8)
    assert (scene.sun_azimuth_deg, scene.sun_elevation_deg, scene.cloud_fraction) == (190.0, 22.5, 0.25)
    assert (scene.provider, scene.licence) == ("skysat", "CC-BY-NC-4.0")
    assert set(scene.files) == {path, tmp_path / "scene_metadata.json"}
    assert not scene.warnings


def test_a_stated_resolution_finer_than_the_pixels_is_not_believed(tmp_path):
    scene = opened(write(tmp_path / "scene.tif", metadata={"gsd": 0.3}))
    assert (scene.gsd_m, scene.sources["gsd_m"]) == (0.5, "pixel size")


@pytest.mark.parametrize(
    "value", [-999, 999, "NaN", float("nan"), float("inf"), None, "cloudy", True, [], 10**400]
)
def test_what_is_unknown_is_never_zero(tmp_path, value):
    keys = ("cloud_cover", "view_angle", "satellite_azimuth", "sun_azimuth", "sun_elevation", "gsd")
    scene = opened(write(tmp_path / "scene.tif", metadata=dict.fromkeys(keys, value)))
    facts = describe_scene(scene, Settings())
    for key in (
        "cloud_fraction",
        "off_nadir_deg",
        "view_azimuth_deg",
        "sun_azimuth_deg",
        "sun_elevation_deg",
    ):
        assert facts[key] is None
        assert facts["sources"][key] == "unknown"
    assert facts["gsd_m"] == 0.5


def test_metadata_of_another_scene_is_said(tmp_path):
    path = write(tmp_path / "scene.tif", metadata={"id": "20200101_000000_other"})
    assert any("20200101_000000_other" in w for w in opened(path).warnings)


def test_hostile_ids_become_plain(tmp_path):
    path = write(tmp_path / "scene.tif", metadata={"id": "../../<script>\x1b[31m\u202e" + "x" * 500})
    scene = opened(path)
    assert len(scene.id) <= 120
    assert scene.id.replace("_", "").replace("-", "").replace(".", "").isalnum()
    assert not scene.id.startswith(".")


def test_metadata_whose_properties_are_no_object_is_ignored(tmp_path):
    path = write(tmp_path / "scene.tif")
    (tmp_path / "scene_metadata.json").write_text(json.dumps({"id": 7, "properties": [1]}))
    assert opened(path).id == "7"


def test_reflectance_factors_are_found_where_planet_puts_them(tmp_path):
    factors = [1e-4, 2e-4, 3e-4, 4e-4]
    text = json.dumps({"properties": {"reflectance_coefficients": factors}})
    in_tags = opened(write(tmp_path / "tags.tif", tags={"TIFFTAG_IMAGEDESCRIPTION": text}))
    in_metadata = opened(write(tmp_path / "meta.tif", metadata={"reflectance_coefficients": factors}))
    by_name = opened(write(tmp_path / "20221130_021000_ssc1_u0001_analytic_SR_clip.tif"))
    for scene in (in_tags, in_metadata):
        assert scene.radiometry == "reflectance"
        assert scene.scale == dict(zip(("blue", "green", "red", "nir"), factors, strict=True))
    assert by_name.scale == dict.fromkeys(BGRN, 1e-4)
    assert opened(write(tmp_path / "my_srs_file.tif")).radiometry == "dn"
    for broken in (
        "{",
        '{"properties": 3}',
        "[" * 50_000,
        '{"properties": {"reflectance_coefficients": [1, "x"]}}',
    ):
        assert opened(write(tmp_path / "b.tif", tags={"TIFFTAG_IMAGEDESCRIPTION": broken})).scale == {}


def item(folder, assets, **properties):
    path = folder / "item.json"
    facts = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S1",
        "properties": properties,
        "assets": assets,
    }
    path.write_text(json.dumps(facts))
    return path


def test_a_stac_item_stands_for_its_image(tmp_path):
    write(tmp_path / "ms.tif", names=None)
    common = [{"common_name": n} for n in ("blue", "green", "red", "nir")]
    path = item(
        tmp_path,
        {"ms_analytic": {"href": "./ms.tif", "eo:bands": common, "gsd": 0.6}, "thumb": {"href": "thumb.png"}},
        datetime="2024-01-02 01:57:43Z",
        platform="WV02",
        **{"view:off_nadir": 12.5, "view:sun_elevation": 30, "eo:cloud_cover": 40},
    )
    scene = opened(path, acquired=None)
    assert scene.acquired == datetime(2024, 1, 2, 1, 57, 43, tzinfo=UTC)
    assert scene.bands == BGRN
    assert (scene.off_nadir_deg, scene.sun_elevation_deg, scene.cloud_fraction) == (12.5, 30, 0.4)
    assert (scene.gsd_m, scene.provider, scene.id) == (0.6, "WV02", "S1")
    assert scene.sources["acquired"] == "STAC item, asset ms_analytic"


@pytest.mark.parametrize(
    "href", ["/vsicurl/ms.tif", "../ms.tif", "/etc/passwd", "file:///etc/ms.tif", "nowhere.tif", 7]
)
def test_a_stac_item_never_leads_out_of_its_folder(tmp_path, href):
    write(tmp_path / "ms.tif")
    with pytest.raises(InputRefused, match="own folder"):
        opened(item(tmp_path, {"data": {"href": href}}))


@pytest.mark.parametrize("href", ["http://127.0.0.1:9/ms.tif", "sub/ms.tif", "./ms.tif?token=x"])
def test_an_address_stands_for_the_file_of_its_name_beside_the_item(tmp_path, href):
    write(tmp_path / "ms.tif")
    assert opened(item(tmp_path, {"data": {"href": href}})).image.name == "ms.tif"


def test_a_stac_radar_item_is_refused(tmp_path):
    write(tmp_path / "gec.tif", ground(1), names=None)
    with pytest.raises(InputRefused, match="radar"):
        opened(item(tmp_path, {"data": {"href": "gec.tif"}}, **{"sar:frequency_band": "X"}))


def test_other_json_is_no_scene(tmp_path):
    (tmp_path / "site.geojson").write_text("{}")
    with pytest.raises(InputRefused, match="not a STAC Item"):
        opened(tmp_path / "site.geojson")


def test_a_description_is_plain_json_and_says_what_can_be_shown(tmp_path):
    facts = describe_scene(
        opened(write(tmp_path / "scene.tif", metadata={"sun_elevation": 8, "view_angle": 40})), Settings()
    )
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    limits = " ".join(facts["can_show"]["limits"])
    assert "8 degrees" in limits
    assert "40 degrees" in limits
    assert facts["can_show"]["cars_counted"] is True
    coarse = describe_scene(opened(write(tmp_path / "coarse.tif", metadata={"gsd": 3.0})), Settings())
    assert coarse["can_show"]["cars_counted"] is False
    assert coarse["can_show"]["train_presence"] == "track group"
    floats = ground().astype("float32")
    nan = describe_scene(opened(write(tmp_path / "nan.tif", floats, nodata=np.nan)), Settings())
    json.dumps(nan, allow_nan=False)


@pytest.mark.parametrize(
    ("stated", "ce90_m", "source"),
    [
        ({"accuracy_m": "3.5"}, 3.5, "the product's metadata"),
        ({"provider": "skysat", "ground_control_ratio": 0.9}, 10.0, "taken for SkySat ortho products"),
        ({"provider": "skysat", "ground_control_ratio": 0.1}, 15.0, "only 10% of it have ground control"),
        ({"provider": "planetscope", "ground_control": False}, 15.0, "ground control failed"),
        ({"accuracy_m": "NaN", "ground_control": "no"}, 15.0, "unknown kinds of product"),
    ],
)
def test_what_a_product_says_of_where_it_lies_is_shown_with_its_source(stated, ce90_m, source, tmp_path):
    facts = describe_scene(opened(write(tmp_path / "a.tif", metadata=stated)), Settings())
    assert facts["geolocation_ce90_m"] == ce90_m
    assert source in facts["sources"]["geolocation_ce90_m"]
