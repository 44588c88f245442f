"""Other containers, several files that are one image, and masks that are found by name."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from rasterio import shutil
from support.scene_files import BGRN, NORTH, WEST, ground, north_up, opened, read, unhidden, write

from tumangang_watch.errors import InputRefused, WatchError
from tumangang_watch.scenes import SceneOptions, describe, open_scenes
from tumangang_watch.scenes.container import whole_image
from tumangang_watch.scenes.entry import best_first, resolve
from tumangang_watch.scenes.mask import find_masks
from tumangang_watch.scenes.parts import one_an_image, tile_key
from tumangang_watch.settings.scenes import ReadSettings

ITEM = {"stac_version": "1.0.0", "id": "S", "properties": {"datetime": "2022-11-30T02:10:00Z"}}


def as_file(path, values, driver, **options):
    """Write an image of another container, with its bands named in an item beside it."""
    plain = write(path.with_suffix(".tmp.tif"), values, names=None)
    with unhidden():
        shutil.copy(plain, path, driver=driver, **options)
    plain.unlink()
    for extra in path.parent.glob("*.aux.xml"):
        extra.unlink()
    bands = [{"name": n} for n in BGRN[: len(values)]]
    item = ITEM | {"assets": {"data": {"href": path.name, "bands": bands}}}
    path.with_suffix(".json").write_text(json.dumps(item))
    return path


def test_jpeg_2000_is_read_and_a_cut_one_is_not(tmp_path):
    values = ground(rows=200, cols=240)
    path = as_file(tmp_path / "a.jp2", values, "JP2OpenJPEG", REVERSIBLE="YES", QUALITY="100")
    image = read(opened(path))
    assert image.valid.all()
    assert image.values.shape == (4, 200, 240)
    assert np.corrcoef(image.values[2].ravel(), values[2].ravel())[0, 1] > 0.9999
    whole = path.read_bytes()
    for part in (whole[:-1], whole[: len(whole) // 2], whole[:40], whole[:-200] + bytes(200)):
        path.write_bytes(part)
        with pytest.raises(InputRefused, match="incomplete"):
            whole_image(path)


def test_nitf_is_read_and_a_cut_one_is_not(tmp_path):
    values = ground(rows=60, cols=80)
    path = as_file(tmp_path / "a.ntf", values, "NITF", ICORDS="N")
    assert np.corrcoef(read(opened(path)).values[1].ravel(), values[1].ravel())[0, 1] > 0.9999
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputRefused, match="NITF file is incomplete"):
        opened(path)


def test_tiles_are_one_image_read_as_if_they_had_never_been_cut(tmp_path):
    values = ground(rows=100, cols=120)
    whole = read(opened(write(tmp_path / "whole.tif", values)))
    (tmp_path / "cut").mkdir()
    for row, top, bottom in ((1, 0, 60), (2, 60, 100)):
        for col, left, right in ((1, 0, 70), (2, 70, 120)):
            place = north_up(0.5, WEST + left * 0.5, NORTH - top * 0.5)
            tile = tmp_path / "cut" / f"p_R{row}C{col}.tif"
            write(tile, values[:, top:bottom, left:right], transform=place)
    for given in ("p_R1C1.tif", "p_R2C2.tif", ""):
        scene = opened(tmp_path / "cut" / given)
        assert (scene.width, scene.height, len(scene.parts)) == (120, 100, 4)
        np.testing.assert_array_equal(read(scene).values, whole.values)
    (tmp_path / "cut" / "p_R1C2.tif").unlink()
    assert read(opened(tmp_path / "cut")).valid[:60, 70:].sum() == 0
    write(
        tmp_path / "cut" / "p_R1C2.tif", ground(rows=60, cols=50), transform=north_up(0.5, WEST + 35.2, NORTH)
    )
    with pytest.raises(InputRefused, match="same pixels"):
        opened(tmp_path / "cut")


def test_one_file_a_band_is_one_image(tmp_path):
    values = ground()
    for k, name in enumerate(BGRN):
        write(tmp_path / f"{name}.tif", values[k : k + 1], names=None)
    assets = {n: {"href": f"{n}.tif", "bands": [{"name": n}]} for n in BGRN}
    (tmp_path / "item.json").write_text(json.dumps(ITEM | {"assets": assets}))
    whole = read(
        opened(write(tmp_path / "all" / "whole.tif" if (tmp_path / "all").mkdir() is None else "", values))
    )
    for given in ("item.json", "red.tif"):
        scene = opened(tmp_path / given)
        assert scene.bands == {"blue": 1, "green": 2, "red": 3, "nir": 4}
        np.testing.assert_array_equal(read(scene).values, whole.values)


@pytest.mark.parametrize("end", ["_udm2_clip_file_format", "_udm2", "_analytic_udm2_clip", "_udm"])
def test_a_mask_is_found_whatever_was_added_to_its_name(tmp_path, end):
    image = write(tmp_path / "20221130_021000_ssc1_u0001_analytic_clip_file_format.tif")
    write(tmp_path / "20221130_021000_ssc1_u00012_udm2.tif", ground(8, dtype="uint8"), names=None)
    layers = np.zeros((1 if end == "_udm" else 8, 60, 80), "uint8")
    layers[-1, :, :20] = 1
    layers[0, :, 20:] = layers.shape[0] > 1
    mask = write(tmp_path / f"20221130_021000_ssc1_u0001{end}.tif", layers, names=None)
    assert find_masks(image) == [mask]
    scene = opened(image)
    assert scene.mask == mask
    assert read(scene).valid[:, 20:].all()
    assert not read(scene).valid[:, :20].any()


GML = """<Mask xmlns:gml="g"><gml:Polygon srsName="urn:ogc:def:crs:EPSG:6.3:{code}"><gml:exterior>
<gml:LinearRing><gml:posList>{points}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></Mask>"""


@pytest.mark.parametrize(
    ("code", "shift", "used"), [(32652, 0, True), (32618, 0, False), (32652, 9e5, False)]
)
def test_polygons_of_clouds_lie_where_they_say_or_are_not_used(tmp_path, code, shift, used):
    path = write(tmp_path / "IMG_X.TIF")
    text = (
        "<Dimap_Document><Raster_Data><Data_Access><Data_Files><Data_File><DATA_FILE_PATH href='IMG_X.TIF'/>"
    )
    text += "</Data_File></Data_Files></Data_Access></Raster_Data>"
    text += "<COMPONENT_PATH href='MASKS/CLD_X.GML'/>"
    (tmp_path / "DIM_X.XML").write_text(text + "</Dimap_Document>")
    (tmp_path / "MASKS").mkdir()
    corners = ((0, 0), (20, 0), (20, 60), (0, 60))
    points = " ".join(f"{WEST + shift + col / 2} {NORTH - row / 2}" for col, row in corners)
    (tmp_path / "MASKS" / "CLD_X.GML").write_text(GML.format(code=code, points=points))
    scene = opened(path)
    assert scene.mask is not None
    vendor = read(scene).vendor_mask
    assert (vendor is not None) == used
    if vendor is not None:
        assert vendor[5, :, :19].all()
        assert not vendor[5, :, 22:].any()


@pytest.mark.parametrize("value", [(1, 1, 1, 1), (2, 2, 2, 2), (0, 0, 1, 0), (65535,) * 4, (7, 9, 11, 8)])
def test_a_flat_collar_is_not_imaged_whatever_its_value(tmp_path, value):
    values = ground(rows=100, cols=120)
    values[:, :, :40] = np.array(value, dtype="uint16")[:, None, None]
    values[0, 50:60, 10:20] += 1  # One band of it is off.
    values[:, 40:60, 80:100] = 500  # A flat roof inside.
    image = read(opened(write(tmp_path / "a.tif", values, nodata=0)))
    assert not image.valid[:, :40].any()
    assert image.valid[:, 40:].all()


def test_ground_sampling_is_told_in_metres_on_the_ground(tmp_path):
    place = north_up(1.0, 14_540_662.97, 5_223_004.76)
    web = opened(write(tmp_path / "web.tif", transform=place, crs="EPSG:3857"))
    assert web.pixel_m == pytest.approx(0.74, abs=0.01)


def test_a_mosaic_of_a_year_and_a_range_that_ends_before_it_begins_are_refused(tmp_path):
    write(tmp_path / "im.tif")
    for times, words in (
        (("2022-01-01T00:00:00Z", "2022-12-31T23:59:59Z"), "mosaic"),
        (("2022-12-01T00:00:00Z", "2022-11-30T00:00:00Z"), "ends before"),
    ):
        facts = {"datetime": None, "start_datetime": times[0], "end_datetime": times[1]}
        item = ITEM | {"properties": facts, "assets": {"data": {"href": "im.tif"}}}
        (tmp_path / "item.json").write_text(json.dumps(item))
        with pytest.raises(InputRefused, match=words):
            opened(tmp_path / "item.json", acquired=None)
        assert opened(tmp_path / "item.json")


def test_the_best_image_for_trains_comes_first(tmp_path):
    write(tmp_path / "visual.tif", ground(3, dtype="uint8"), names=("red", "green", "blue"))
    write(tmp_path / "ms.tif", names=BGRN, transform=north_up(2.2))
    write(tmp_path / "pan.tif", ground(1), names=None)
    paths = [entry.image for entry in resolve(tmp_path, ReadSettings())]
    assert one_an_image(paths) == paths
    assert [s.image.stem for s in best_first(opened(p) for p in paths)] == ["visual", "pan", "ms"]
    assert tile_key(tmp_path / "a_R1C10_x.TIF") == "a_x.tif"


def products(shared):
    folder = shared / "cases" / "vendors"
    if not folder.is_dir():
        pytest.skip("the vendors' products are not beside the checkout")
    return folder


FACTS = {
    "gsd_m": ("gsd", 0.05),
    "sun_elevation_deg": ("sun_el", 0.6),
    "sun_azimuth_deg": ("sun_az", 0.6),
    "off_nadir_deg": ("view", 0.6),
    "cloud_fraction": ("cloud", 0.006),
}


def test_every_entry_of_real_products_opens_or_is_refused_as_it_should_be(shared):
    folder = products(shared)
    wrong = []
    for entry in json.loads((folder / "entries.json").read_text()):
        options = SceneOptions(digest=False)
        try:
            first = describe(open_scenes(folder / entry["path"], options, ReadSettings())[0])
        except WatchError as error:
            first = {"refused": str(error)}
        want = entry.get("expected", {})
        for name, (key, reach) in FACTS.items():
            found = first.get(name)
            if want.get(key) is not None and (found is None or abs(found - want[key]) > reach):
                wrong.append((entry["path"], name, found, want[key]))
        if want and not str(first.get("acquired")).startswith(want["acquired"][:16]):
            wrong.append((entry["path"], first.get("refused") or first["acquired"]))
        if want.get("mask") and not first.get("mask"):
            wrong.append((entry["path"], "no mask"))
        if "refused_saying" in entry and not re.search(
            "orthorectif|reference system", str(first.get("refused"))
        ):
            wrong.append((entry["path"], "opened"))
    assert not wrong
