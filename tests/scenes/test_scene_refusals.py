"""Every kind of file that cannot be used is refused in words, with the exit status of the contract."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from affine import Affine
from support.scene_files import CRS, WEST, beside, box_px, ground, north_up, opened, read, unhidden, write

from tumangang_watch.errors import InputRefused, NotComparable, UsageError

NAN = float("nan")


def raw(content):
    def make(path):
        path.write_bytes(content)
        return path

    return make


def tiff(values=None, **options):
    return lambda path: write(path, None if values is None else values, **options)


def one_bit(path):
    return write(path, np.ones((1, 40, 40), "uint8"), names=None, nbits=1)


def palette(path):
    with unhidden() as rasterio:
        profile = {"driver": "GTiff", "count": 1, "height": 40, "width": 40, "dtype": "uint8", "crs": CRS}
        with rasterio.open(path, "w", transform=north_up(), **profile) as out:
            out.write(np.ones((1, 40, 40), "uint8"))
            out.write_colormap(1, {0: (0, 0, 0, 255), 1: (200, 10, 10, 255)})
    return path


def rpc_only(path):
    from rasterio.rpc import RPC

    model = RPC(
        height_off=0,
        height_scale=1,
        lat_off=42,
        lat_scale=1,
        line_den_coeff=[1.0] * 20,
        line_num_coeff=[1.0] * 20,
        line_off=20,
        line_scale=20,
        long_off=130,
        long_scale=1,
        samp_den_coeff=[1.0] * 20,
        samp_num_coeff=[1.0] * 20,
        samp_off=20,
        samp_scale=20,
    )
    with unhidden() as rasterio:
        profile = {"driver": "GTiff", "count": 4, "height": 40, "width": 40, "dtype": "uint16"}
        with rasterio.open(path, "w", **profile) as out:
            out.write(ground(rows=40, cols=40))
            out.rpcs = model
    return path


def cut(fraction, **options):
    def make(path):
        whole = write(path, ground(rows=200, cols=200), **options).read_bytes()
        path.write_bytes(whole[: int(len(whole) * fraction)])
        return path

    return make


REFUSED = {
    "missing": (lambda p: p, "no such file"),
    "empty": (raw(b""), "empty"),
    "one byte": (raw(b"I"), "not a geotiff"),
    "eight bytes": (raw(b"II*\0\x08\0\0\0"), "incomplete"),
    "not a raster": (raw(b"GIF89a not a raster at all"), "not a geotiff"),
    "jpeg 2000": (raw(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(80)), "jpeg 2000"),
    "nitf": (raw(b"NITF02.10" + bytes(400)), "nitf"),
    "a picture": (raw(b"\x89PNG\r\n\x1a\n" + bytes(100)), "not a geotiff"),
    "no crs": (tiff(crs=None), "no reference system"),
    "rpc only": (rpc_only, "not orthorectified"),
    "identity": (tiff(transform=Affine.identity()), "georeferencing"),
    "nan transform": (tiff(transform=Affine(NAN, 0, WEST, 0, -0.5, 4.7e6)), "georeferencing"),
    "zero pixel": (tiff(transform=Affine(1e-12, 0, WEST, 0, -1e-12, 4.7e6)), "georeferencing"),
    "huge origin": (tiff(transform=Affine(0.5, 0, 1e30, 0, -0.5, 4.7e6)), "georeferencing"),
    "flat pixel": (tiff(transform=Affine(0.5, 0.5, WEST, 0.5, 0.5, 4.7e6)), "georeferencing"),
    "1 mm pixel": (tiff(transform=north_up(0.001)), "georeferencing"),
    "10 m pixel": (tiff(transform=north_up(10.0)), "coarser than 5 m"),
    "30 m pixel in degrees": (tiff(crs="EPSG:4326", transform=Affine(3e-4, 0, 130, 0, -3e-4, 42)), "coarser"),
    "complex": (tiff(np.ones((1, 40, 40), "complex64"), names=None), "radar"),
    "sar tags": (tiff(tags={"COLLECTOR": "ICEYE-X7"}), "radar"),
    "palette": (palette, "palette"),
    "one bit": (one_bit, "one-bit"),
    "cmyk": (tiff(ground(4, dtype="uint8"), names=None, photometric="CMYK"), "cmyk"),
    "signed byte": (tiff(ground(4, dtype="int8") // 2, names=None), "pixel type int8"),
    "two bands": (tiff(ground(2), names=None), "--bands"),
    "four unnamed bands": (tiff(names=None), "--bands"),
    "40 bands": (tiff(ground(40, 8, 8), names=None), "40 bands"),
    "huge strip": (tiff(np.ones((1, 12_000, 12_000), "uint8"), blockysize=12_000, compress="deflate"), "mib"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_words(tmp_path, case):
    make, words = REFUSED[case]
    with pytest.raises(InputRefused) as caught:
        opened(make(tmp_path / "scene.tif"))
    assert words in str(caught.value).lower()
    assert "\n" not in str(caught.value)


LAYOUTS = {
    "strips": {},
    "tiles": {"tiled": True, "blockxsize": 64, "blockysize": 64},
    "deflate": {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"},
    "bands apart": {"interleave": "band", "compress": "lzw"},
    "big tiff": {"BIGTIFF": "YES", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "big endian": {"ENDIANNESS": "BIG"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.25, 0.5, 0.9, 0.999])
def test_a_cut_off_copy_is_never_read(tmp_path, layout, fraction):
    with pytest.raises(InputRefused, match=r"incomplete|not a GeoTIFF|empty"):
        opened(cut(fraction, **LAYOUTS[layout])(tmp_path / "scene.tif"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_whole_file_is_read_in_every_layout(tmp_path, layout):
    values = ground(rows=200, cols=200)
    scene = opened(write(tmp_path / "scene.tif", values, **LAYOUTS[layout]))
    got = read(scene).values
    np.testing.assert_allclose(got / got.max(), values / values.max(), rtol=1e-6)


def test_a_cloud_optimised_geotiff_is_read(tmp_path):
    with unhidden():
        from rasterio.shutil import copy

        plain = write(tmp_path / "plain.tif", ground(rows=700, cols=700))
        copy(plain, tmp_path / "cog.tif", driver="COG", compress="deflate", blocksize=256)
    assert read(opened(tmp_path / "cog.tif")).values.shape == (4, 700, 700)


def test_blocks_never_written_are_said_and_are_not_imaged(tmp_path):
    path = tmp_path / "scene.tif"
    with unhidden() as rasterio:
        from rasterio.windows import Window

        profile = {"driver": "GTiff", "count": 4, "height": 256, "width": 256, "dtype": "uint16", "crs": CRS}
        tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64, "sparse_ok": True}
        with rasterio.open(path, "w", transform=north_up(), **profile, **tiles) as out:
            out.descriptions = ("blue", "green", "red", "nir")
            out.write(ground(rows=256, cols=256)[:, :128], window=Window(0, 0, 256, 128))
            out.write(ground(rows=256, cols=256)[:, :128, :192], window=Window(0, 128, 192, 128))
    scene = opened(path)
    assert any("2 of its 16 blocks were never written" in w for w in scene.warnings)
    seen = read(scene).valid
    assert not seen[128:, 192:].any()
    assert seen[:128].all()
    assert seen[:, :192].all()
    with pytest.raises(NotComparable, match="nodata"):
        read(scene, box_px(200, 140, 250, 250))


def test_a_damaged_block_is_refused_when_read(tmp_path):
    path = write(tmp_path / "scene.tif", ground(rows=200, cols=200), compress="deflate")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    with pytest.raises(InputRefused, match="damaged"):
        read(opened(path))


def test_a_replaced_file_is_refused_when_read(tmp_path):
    scene = opened(write(tmp_path / "scene.tif"))
    write(tmp_path / "scene.tif", ground(rows=30, cols=30))
    with pytest.raises(InputRefused, match="not the file that was opened"):
        read(scene)


def test_stated_resolution_coarser_than_5_m_is_refused(tmp_path):
    path = write(tmp_path / "scene.tif", metadata={"gsd": 10.0})
    with pytest.raises(InputRefused, match=r"10\.0 m, coarser"):
        opened(path)


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl/http://127.0.0.1:9/x.tif",
        "http://127.0.0.1:9/x.tif",
        "vrt:///etc/passwd",
        "-",
        "x" * 5000,
        "a\0b.tif",
        "<VRTDataset></VRTDataset>",
        "GTIFF_DIR:1:x.tif",
        "a\nb.tif",
    ],
)
def test_arguments_that_are_no_files_are_refused_at_once(name):
    start = time.monotonic()
    with pytest.raises(InputRefused):
        opened(name)
    assert time.monotonic() - start < 1


def test_a_name_like_a_gdal_prefix_is_only_a_name(tmp_path, monkeypatch):
    write(tmp_path / "real.tif", ground(rows=20, cols=20))
    write(tmp_path / "plain.tif").rename(tmp_path / "GTIFF_DIR:1:real.tif")
    monkeypatch.chdir(tmp_path)
    assert opened("GTIFF_DIR:1:real.tif").width == 80


def test_pipes_devices_and_dangling_links_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.tif")
    (tmp_path / "dangling.tif").symlink_to(tmp_path / "nowhere.tif")
    (tmp_path / "loop.tif").symlink_to(tmp_path / "loop.tif")
    start = time.monotonic()
    for name in ("pipe.tif", "dangling.tif", "loop.tif"):
        with pytest.raises(InputRefused):
            opened(tmp_path / name)
    with pytest.raises(InputRefused, match="regular"):
        opened("/dev/zero")
    assert time.monotonic() - start < 2


def test_of_a_folder_the_best_image_is_taken_and_the_others_are_named(tmp_path):
    with pytest.raises(InputRefused, match="no images"):
        opened(tmp_path)
    write(tmp_path / "a.tif")
    write(tmp_path / "a_udm2.tif", ground(8, dtype="uint8"))
    assert opened(tmp_path).image.name == "a.tif"
    write(tmp_path / "a_pan.tif", ground(1), names=None)
    scene = opened(tmp_path)
    assert scene.image.name == "a.tif"
    assert any("a_pan.tif" in w for w in scene.warnings)
    (tmp_path / "two").mkdir()
    for name in ("20221130_021000_a.tif", "20221205_021000_a.tif"):
        write(tmp_path / "two" / name)
    with pytest.raises(InputRefused, match="several dates"):
        opened(tmp_path / "two", acquired=None)


def test_the_metadata_file_stands_for_its_image(tmp_path):
    write(tmp_path / "20221130_021000_ssc1_u0001_analytic.tif")
    write(tmp_path / "20221130_021000_ssc1_u00012.tif")
    sidecar = tmp_path / "20221130_021000_ssc1_u0001_metadata.json"
    sidecar.write_text(json.dumps({"id": "20221130_021000_ssc1_u0001", "properties": {"gsd": 0.8}}))
    scene = opened(sidecar)
    assert (scene.image.name, scene.gsd_m) == ("20221130_021000_ssc1_u0001_analytic.tif", 0.8)
    assert scene.id == "20221130_021000_ssc1_u0001"


METADATA = {
    "not json": b"{",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "nested": b'{"a":' * 80 + b"1" + b"}" * 80,
    "latin-1": '{"id": "\xe9"}'.encode("latin-1"),
    "huge number": b'{"x": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("case", METADATA)
def test_broken_metadata_is_refused_by_name(tmp_path, case):
    path = write(tmp_path / "scene.tif")
    (tmp_path / "scene_metadata.json").write_bytes(METADATA[case])
    with pytest.raises(InputRefused, match=r"scene_metadata\.json"):
        opened(path)


def test_monstrous_metadata_is_not_read(tmp_path):
    from dataclasses import replace

    from support.scene_files import SETTINGS

    path = write(tmp_path / "scene.tif", metadata={"gsd": 0.5})
    with pytest.raises(InputRefused, match="more than 10 bytes"):
        opened(path, settings=replace(SETTINGS, max_metadata_bytes=10))


def test_a_window_beyond_all_measure_is_refused(tmp_path):
    from dataclasses import replace

    from support.scene_files import SETTINGS

    scene = opened(write(tmp_path / "scene.tif"))
    with pytest.raises(InputRefused, match="Mpx"):
        read(scene, settings=replace(SETTINGS, max_window_pixels=100))


def test_a_scene_elsewhere_says_how_far_away_it_is(tmp_path):
    scene = opened(write(tmp_path / "scene.tif", transform=north_up(west=WEST + 9000)))
    with pytest.raises(NotComparable, match=r"nearest edge is 9\.0 km away"):
        read(scene, box_px(-200, 0, 0, 60))


@pytest.mark.parametrize("crs", ["EPSG:32610", "EPSG:32719", "EPSG:3413", "EPSG:3857"])
def test_a_scene_mislabelled_with_another_zone_is_not_comparable(tmp_path, crs):
    scene = opened(write(tmp_path / "scene.tif", crs=crs))
    with pytest.raises(NotComparable):
        read(scene)


def test_all_nodata_is_not_comparable(tmp_path):
    scene = opened(write(tmp_path / "scene.tif", np.zeros((4, 60, 80), "uint16")))
    with pytest.raises(NotComparable, match="nodata"):
        read(scene)


@pytest.mark.parametrize("wish", ["blue,green,red,nir,pan", "blue,blue,red", "purple,green,red", "", ",,,"])
def test_a_band_wish_that_does_not_fit_is_a_usage_error(tmp_path, wish):
    path = write(tmp_path / "scene.tif", names=None)
    with pytest.raises((UsageError, InputRefused)):
        opened(path, bands=wish)


def test_no_date_asks_for_one(tmp_path):
    path = write(tmp_path / "scene.tif")
    with pytest.raises(InputRefused, match="--acquired"):
        opened(path, acquired=None)
    beside(path, acquired="")
    with pytest.raises(InputRefused, match="--acquired"):
        opened(path, acquired=None)


def test_a_file_that_grows_while_it_is_read_is_busy(tmp_path, monkeypatch):
    from tumangang_watch.errors import Busy
    from tumangang_watch.scenes import open as opening

    path = write(tmp_path / "scene.tif")
    digest = opening.sha256_of

    def slow(file):
        with file.open("ab") as growing:
            growing.write(b"more")
        return digest(file)

    monkeypatch.setattr(opening, "sha256_of", slow)
    with pytest.raises(Busy):
        opened(path)
