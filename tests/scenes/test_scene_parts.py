"""Each part of opening and reading a scene does the one thing it is for."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from support.scene_files import CRS, NORTH, SETTINGS, WEST, ground, opened, write

from tumangang_watch.errors import InputRefused, NotComparable
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import Raster
from tumangang_watch.model.site import ReferenceScene
from tumangang_watch.scenes import describe
from tumangang_watch.scenes.bands import decide_bands
from tumangang_watch.scenes.checks import pixel_edge_m, refuse_coarse
from tumangang_watch.scenes.fill import valid_pixels
from tumangang_watch.scenes.harden import open_image
from tumangang_watch.scenes.radiometry import decide_radiometry, saturated_pixels
from tumangang_watch.scenes.read import read_native
from tumangang_watch.scenes.reference import read_reference, write_reference
from tumangang_watch.scenes.tiff import sniff, whole_tiff
from tumangang_watch.scenes.vendors.beside import read_sidecars
from tumangang_watch.scenes.vendors.facts import Metadata, number
from tumangang_watch.scenes.vendors.stac import is_item, read_items
from tumangang_watch.scenes.vendors.text import load_json

BOUNDS = (WEST + 5, NORTH - 25, WEST + 35, NORTH - 5)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "scene.tif"
    write(file)
    return file


def test_what_the_file_says_decides_bands_radiometry_and_pixel(path):
    notes: list[str] = []
    with open_image(path) as dataset:
        bands = decide_bands(dataset, "scene", None, Metadata())
        assert bands.index == {"blue": 1, "green": 2, "red": 3, "nir": 4}
        assert decide_bands(dataset, "scene", "red,-,blue", Metadata()).index == {"red": 1, "blue": 3}
        assert decide_radiometry(dataset, "scene", Metadata(), bands.index).kind == "dn"
        assert decide_radiometry(dataset, "x_SN30_L1_SR_MS_0", Metadata(), bands.index).kind == "dn"
        assert decide_radiometry(dataset, "x_analytic_SR_clip", Metadata(), bands.index).scale["nir"] == 1e-4
        assert pixel_edge_m(dataset, "scene", SETTINGS, notes.append) == pytest.approx(0.5)
    assert not notes
    with pytest.raises(InputRefused, match="coarser"):
        refuse_coarse("scene", 10.0, SETTINGS)


def test_a_description_names_what_is_unknown_none(path):
    said = describe(opened(path))
    assert said["acquired"] == "2022-11-30T02:10:00Z"
    assert said["cloud_fraction"] is None
    json.dumps(said)


def test_native_pixels_of_a_place_and_none_of_another(path):
    image = read_native(opened(path), BOUNDS, CRS, SETTINGS)
    row, col = image.to_pixel(BOUNDS[0], BOUNDS[3])
    assert (float(row), float(col)) == pytest.approx((2.5, 2.5), abs=1e-6)  # Two pixels to spare.
    away = tuple(v + 5_000 for v in BOUNDS)
    with pytest.raises(NotComparable, match="does not cover"):
        read_native(opened(path), away, CRS, SETTINGS)


def test_a_reference_image_comes_back_on_the_same_ground(path, tmp_path):
    like = read_native(opened(path), BOUNDS, CRS, SETTINGS)
    grid = Grid(crs=CRS, west=BOUNDS[0], north=BOUNDS[3], pixel_m=0.5, rows=40, cols=60)
    light = np.random.default_rng(2).random((1, 40, 60)).astype(np.float32)
    digest = write_reference(Raster(light, np.ones((40, 60), bool), grid, ("pan",)), tmp_path / "r.tif")
    kept = read_reference(
        ReferenceScene(name="s", sha256="0" * 64, image=tmp_path / "r.tif", image_sha256=digest), like, CRS
    )
    assert not isinstance(kept, str)
    assert np.corrcoef(kept.values[0].ravel(), light[0].ravel())[0, 1] > 0.99
    assert kept.to_pixel(grid.west + 0.25, grid.north - 0.25) == pytest.approx((0, 0), abs=1e-6)
    other = ReferenceScene(name="s", sha256="0" * 64, image=tmp_path / "r.tif", image_sha256="1" * 64)
    assert "is not the one" in read_reference(other, like, CRS)


def test_unknown_is_never_zero_and_a_deep_document_is_refused(tmp_path):
    assert number("12.5", 0, 90) == 12.5
    assert number(True, 0, 90) is number("x", 0, 90) is number(91, 0, 90) is None
    (tmp_path / "m.json").write_text('{"a":' * 80 + "1" + "}" * 80)
    with pytest.raises(InputRefused, match="nested more than 64 deep"):
        load_json(tmp_path / "m.json", 10_000, 64)


def test_an_item_names_the_one_image_beside_it(path):
    assets = {"data": {"href": "./scene.tif"}, "thumbnail": {"href": "thumb.tif"}}
    item = {"stac_version": "1.0.0", "id": "x", "assets": assets, "properties": {"eo:cloud_cover": 50}}
    assert is_item(item)
    (metadata,) = read_items(path.with_name("item.json"), item)
    assert (metadata.images, metadata.properties["cloud_cover"]) == (("scene.tif",), 0.5)
    assert read_items(path, {"assets": {}}) == []
    path.with_name("item.json").write_text(json.dumps(item))
    assert read_sidecars(path, SETTINGS).properties["cloud_cover"] == 0.5


def test_half_a_tiff_is_refused_before_a_decoder_sees_it(path):
    assert whole_tiff(path).bands == 4
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(InputRefused, match="incomplete"):
        whole_tiff(path)
    assert sniff(io.BytesIO(b"")) == "empty"


def test_black_is_no_data_at_the_border_only():
    raw = ground(rows=20, cols=20)
    raw[:, :3] = 0
    raw[:, 10, 10] = 0
    valid = valid_pixels(raw, None)
    assert not valid[:3].any()
    assert valid[3:].all()
    raw[:, 15, 5] = 65535
    assert saturated_pixels(raw, valid, SETTINGS).sum() == 1
