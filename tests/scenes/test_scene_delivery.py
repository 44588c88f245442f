"""A delivery as it comes: lists of files, archives, items that lie above their images, wrong copies."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from zipfile import ZipFile

import pytest
from rasterio.crs import CRS as Reference
from shapely import box
from support.scene_files import (
    BGRN,
    NORTH,
    SETTINGS,
    WEST,
    beside,
    ground,
    north_up,
    opened,
    read,
    unhidden,
    write,
)

from tumangang_watch.errors import InputRefused
from tumangang_watch.model.site import Area, Site
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.scenes.vendors.manifest import warn_of_changes

PLANET = {"acquired": "2022-11-30T02:10:07Z", "gsd": 0.7, "item_type": "SkySatCollect"}
BANDS = [{"name": n} for n in BGRN]


@pytest.fixture
def order(tmp_path):
    image = write(tmp_path / "s_analytic.tif", names=None, metadata=None)
    (tmp_path / "s_metadata.json").write_text(json.dumps({"id": "s", "properties": PLANET}))
    return image


@pytest.mark.parametrize(
    "name", ["manifest.json", "VOL_PHR.XML", "A_MANIFEST.XML", "A_README.XML", "catalog.json"]
)
def test_a_list_of_an_orders_files_stands_for_its_folder(order, name):
    listed = order.with_name(name)
    listed.write_text('{"files": []}' if name.endswith("json") else "<a/>")
    assert opened(listed).image == order


def manifest(image, **digests):
    entry = {"path": f"order/{image.name}", "size": image.stat().st_size, "digests": digests}
    image.with_name("manifest.json").write_text(json.dumps({"files": [entry, 3]}))


def test_a_file_that_is_not_as_delivered_is_named_with_both_values(order):
    own = {kind: hashlib.new(kind, order.read_bytes()).hexdigest() for kind in ("md5", "sha256")}
    for kind, digest in own.items():
        manifest(order, **{kind: digest})
        assert not opened(order).warnings
        manifest(order, **{kind: "0" * 64})
        (warning,) = opened(order).warnings
        assert re.fullmatch(
            rf"s_analytic.tif is not as delivered: .*{kind} 0+\.\.\., the file's is {digest[:12]}.*again",
            warning,
        )
    entry = {"files": [{"path": order.name, "size": 7}]}
    order.with_name("manifest.json").write_text(json.dumps(entry))
    assert "gives 7 bytes, the file has" in opened(order).warnings[0]
    order.with_name("manifest.json").write_text("{" * 100)
    scene = replace(opened(order), warnings=())
    assert "was not checked" in warn_of_changes(scene, {}, SETTINGS)[0]


def test_an_item_above_its_image_speaks_of_the_file_at_its_address_only(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "x.tif", names=None)
    properties = {"datetime": "2022-11-30T02:10:00Z", "gsd": 0.7}
    item = {"stac_version": "1.1.0", "id": "x", "properties": properties}
    item["assets"] = {"data": {"href": "./a/x.tif", "roles": ["data"], "bands": BANDS}}
    (tmp_path / "item.json").write_text(json.dumps(item))
    for given in ("item.json", "a/x.tif"):
        scene = opened(tmp_path / given, acquired=None)
        assert (scene.image, scene.gsd_m) == (tmp_path / "a" / "x.tif", 0.7)
    with pytest.raises(InputRefused, match="--bands"):
        opened(tmp_path / "b" / "x.tif")


def test_an_archive_is_refused_with_the_command_that_unpacks_it(tmp_path):
    with ZipFile(tmp_path / "an order.zip", "w") as file:
        file.writestr("a.tif", b"")
    for given in (tmp_path, tmp_path / "an order.zip"):
        with pytest.raises(InputRefused, match=r"unzip 'an order\.zip' -d order"):
            opened(given)


def test_the_command_for_a_local_grid_makes_it_a_scene(tmp_path):
    local = Reference.from_wkt('LOCAL_CS["site grid",UNIT["metre",1]]')
    path = write(tmp_path / "s.tif", crs=local)
    with pytest.raises(InputRefused, match=r"gdal_translate -a_srs EPSG:32652 s\.tif placed\.tif"):
        opened(path)
    with unhidden() as rasterio, rasterio.open(path) as source:
        write(tmp_path / "placed.tif", source.read(), crs="EPSG:32652", transform=source.transform)
    assert opened(tmp_path / "placed.tif").crs == "EPSG:32652"


def test_polygons_of_clouds_serve_a_scene_of_several_tiles(tmp_path):
    for col in (1, 2):
        write(
            tmp_path / f"p_R1C{col}.tif", ground(), names=None, transform=north_up(west=WEST + 40 * (col - 1))
        )
    points = f"{WEST} {NORTH} {WEST + 20} {NORTH} {WEST + 20} {NORTH - 30} {WEST} {NORTH - 30} {WEST} {NORTH}"
    (tmp_path / "MASKS").mkdir()
    (tmp_path / "MASKS" / "CLD_p.GML").write_text(
        f'<M><Polygon srsName="EPSG:32652"><LinearRing><posList>{points}</posList></LinearRing></Polygon></M>'
    )
    files = "".join(f'<Data_File><DATA_FILE_PATH href="p_R1C{c}.tif"/></Data_File>' for c in (1, 2))
    channels = zip(("RED", "GREEN", "BLUE", "ALPHA"), ("B2", "B1", "B0", "B3"), strict=True)
    shown = "".join(f"<{c}_CHANNEL>{b}</{c}_CHANNEL>" for c, b in channels)
    (tmp_path / "DIM_p.XML").write_text(
        f"<Dimap_Document><Raster_Data><Data_Access><Data_Files>{files}</Data_Files></Data_Access>"
        f"<Raster_Dimensions><NBANDS>4</NBANDS></Raster_Dimensions><Raster_Display><Band_Display_Order>{shown}"
        '</Band_Display_Order></Raster_Display></Raster_Data><COMPONENT_PATH href="MASKS/CLD_p.GML"/>'
        "</Dimap_Document>"
    )
    scene = opened(tmp_path / "p_R1C1.tif")
    assert scene.mask is not None
    cloud = read(scene).vendor_mask[5] > 0
    assert cloud.shape == (60, 160)
    assert cloud[:, :40].all()
    assert not cloud[:, 42:].any()


def test_of_the_frames_of_one_second_the_one_that_shows_the_site_is_taken(tmp_path):
    for k, (west, name) in enumerate(((WEST, "u0001"), (WEST + 30, "u0002"))):
        image = write(tmp_path / f"20221130_021007_ssc6_{name}_analytic.tif", transform=north_up(west=west))
        beside(image, **PLANET, frame=k)
    yard = Area(id="y", role="yard", name="y", polygon=box(WEST + 45, NORTH - 20, WEST + 65, NORTH - 5))
    site = Site(id="s", name="s", sha256="0" * 64, crs="EPSG:32652", areas=(yard,), tracks=())
    for wanted, name in ((None, "u0001"), (site, "u0002")):
        scene = open_scene(tmp_path, SceneOptions(site=wanted), SETTINGS)
        assert name in scene.image.name
        assert "beside it lie" in scene.warnings[-1]
