"""Files made to harm: nothing beside the one image is followed, fetched or written."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.errors import NotGeoreferencedWarning
from support.scene_files import CRS, ground, opened, read, write

from tumangang_watch.errors import InputRefused, NotComparable, WatchError
from tumangang_watch.scenes.harden import open_image


@pytest.fixture
def listener():
    """A server on this machine that counts who calls."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    calls, stop = [], threading.Event()

    def answer():
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            calls.append(1)
            connection.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield server.getsockname()[1], calls
    stop.set()
    thread.join()
    server.close()


VRT = """<VRTDataset rasterXSize="40" rasterYSize="40"><SRS>EPSG:32652</SRS>
<GeoTransform>500000,0.5,0,4700000,0,-0.5</GeoTransform>
<VRTRasterBand dataType="Byte" band="1"{kind}>{source}</VRTRasterBand></VRTDataset>"""
RAW = ' subClass="VRTRawRasterBand"'
SIMPLE = "<SimpleSource><SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"


def disguises(folder, port):
    secret = folder / "secret.txt"
    secret.write_text("secret " * 400)
    other = write(folder / "other.tif", ground(1, dtype="uint8"), names=None)
    raw = (
        f'<SourceFilename relativetoVRT="0">{secret}</SourceFilename><ImageOffset>0</ImageOffset>'
        "<PixelOffset>1</PixelOffset><LineOffset>40</LineOffset>"
    )
    url = f"http://127.0.0.1:{port}/x.tif"
    stolen = f"/vsicurl?header_file={secret}&amp;url={url}"
    target = folder / "written_by_mrf"
    return {
        "raw vrt": VRT.format(kind=RAW, source=raw),
        "simple vrt": VRT.format(kind="", source=SIMPLE.format(other)),
        "vsicurl vrt": VRT.format(kind="", source=SIMPLE.format(f"/vsicurl/{url}")),
        "header file": VRT.format(kind="", source=SIMPLE.format(stolen)),
        "http vrt": VRT.format(kind="", source=SIMPLE.format(url)),
        "mrf": f"<MRF_META><Raster><Size x='64' y='64' c='1'/><DataFile>{target}</DataFile>"
        f"<IndexFile>{target}.idx</IndexFile></Raster></MRF_META>",
        "wms": f'<GDAL_WMS><Service name="TMS"><ServerUrl>{url}</ServerUrl></Service></GDAL_WMS>',
        "stacit": '{"type": "FeatureCollection", "features": [], "stac_version": "1.0.0"}',
    }


@pytest.mark.parametrize(
    "case", ["raw vrt", "simple vrt", "vsicurl vrt", "header file", "http vrt", "mrf", "wms", "stacit"]
)
@pytest.mark.parametrize("name", ["scene.tif", "scene.vrt"])
def test_disguised_files_are_refused_and_reach_nothing(tmp_path, listener, case, name):
    port, calls = listener
    text = disguises(tmp_path, port)[case]
    path = tmp_path / name
    path.write_text(text)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(WatchError, match="not a GeoTIFF"):
        opened(path)
    assert sorted(os.listdir(tmp_path)) == before
    assert not calls


def test_files_beside_an_image_cannot_change_it(tmp_path, listener):
    port, calls = listener
    values = ground()
    path = write(tmp_path / "scene.tif", values)
    url = f"http://127.0.0.1:{port}/x.tif"
    (tmp_path / "scene.tif.aux.xml").write_text(
        f"<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>0,9,0,0,0,-9</GeoTransform>"
        f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{url}</MDI></Metadata>'
        '<PAMRasterBand band="1"><NoDataValue>500</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    (tmp_path / "scene.tif.ovr").write_text(VRT.format(kind="", source=SIMPLE.format(url)))
    (tmp_path / "scene.tif.msk").write_text(VRT.format(kind="", source=SIMPLE.format(url)))
    (tmp_path / "scene.tfw").write_text("9\n0\n0\n-9\n0\n0\n")
    before = sorted(os.listdir(tmp_path))
    scene = opened(path)
    assert (scene.crs, scene.affine[0], scene.nodata) == (CRS, 0.5, None)
    image = read(scene)
    np.testing.assert_allclose(image.values / image.values.max(), values / values.max(), rtol=1e-5)
    assert image.valid.all()
    assert sorted(os.listdir(tmp_path)) == before
    assert not calls


def test_images_that_are_open_at_once_keep_the_process_quiet_and_leave_it_as_it_was(tmp_path):
    """Whichever is closed first, as where threads read side by side."""
    first, second = (write(tmp_path / f"{name}.tif") for name in "ab")
    before = sys.unraisablehook, list(warnings.filters)
    opened, enough = threading.Event(), threading.Event()

    def hold():
        with open_image(first):
            opened.set()
            enough.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert opened.wait(60)
    with open_image(second) as dataset:
        enough.set()
        other.join(60)
        warnings.warn("it lies nowhere", NotGeoreferencedWarning, stacklevel=1)
        assert sys.unraisablehook != before[0]
        assert dataset.read(1).any()
    assert (sys.unraisablehook, list(warnings.filters)) == before
    with pytest.raises(NotGeoreferencedWarning):
        warnings.warn("it lies nowhere", NotGeoreferencedWarning, stacklevel=1)


def test_gdal_is_hardened_before_it_wakes():
    """In a process of its own: the drivers that follow other files are not even there."""
    code = (
        "from tumangang_watch.scenes.harden import rasterio\n"
        "with rasterio.Env() as env: names = set(env.drivers())\n"
        "bad = names & {'VRT', 'MRF', 'WMS', 'WCS', 'WMTS', 'HTTP', 'STACIT', 'STACTA', 'GTI', 'PLMOSAIC'}\n"
        "assert 'GTiff' in names and not bad, bad\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    options = (
        {},
        {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"},
        {"BIGTIFF": "YES"},
    )
    values = ground(rows=40, cols=40)
    return folder, [
        write(folder / f"{k}.tif", values, **profile).read_bytes() for k, profile in enumerate(options)
    ]


@given(data=st.data())
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_damage_ends_in_a_scene_or_in_words(seeds, data):
    """Bytes of the header and of the directories are changed: never a traceback of another kind."""
    folder, contents = seeds
    content = bytearray(data.draw(st.sampled_from(contents)))
    reach = st.one_of(
        st.integers(0, 600),
        st.integers(len(content) - 900, len(content) - 1),
        st.integers(0, len(content) - 1),
    )
    for place, value in data.draw(st.lists(st.tuples(reach, st.integers(0, 255)), min_size=1, max_size=6)):
        content[place] = value
    path = folder / "mutant.tif"
    path.write_bytes(content)
    try:
        image = read(opened(path))
    except (InputRefused, NotComparable):
        return
    assert np.isfinite(image.values).all()


def test_huge_claims_cost_nothing(tmp_path):
    """A few kilobytes that claim a raster of 29 TiB."""
    path = tmp_path / "claim.tif"
    profile = {"tiled": True, "blockxsize": 8192, "blockysize": 8192, "sparse_ok": True, "BIGTIFF": "YES"}
    from support.scene_files import north_up, unhidden

    with unhidden() as rasterio:
        shape = {"driver": "GTiff", "count": 4, "height": 2_000_000, "width": 2_000_000, "dtype": "uint16"}
        with rasterio.open(path, "w", crs=CRS, transform=north_up(), **shape, **profile) as out:
            out.descriptions = ("blue", "green", "red", "nir")
    with pytest.raises(WatchError, match=r"MiB|never|nodata"):
        read(opened(path))


def test_what_a_library_prints_of_damaged_keys_is_no_second_line(tmp_path, capfd):
    """GeoTIFF's library, asked for the keys in a JPEG 2000, writes past GDAL and past Python."""
    path = write(tmp_path / "keys.jp2", ground(), driver="JP2OpenJPEG")
    content = bytearray(path.read_bytes())
    unit = content.index(struct.pack("<4H", 3076, 0, 1, 9001))
    struct.pack_into("<H", content, unit + 4, 78)
    path.write_bytes(content)
    capfd.readouterr()
    with pytest.raises(InputRefused, match="reference system"):
        opened(path)
    assert capfd.readouterr().err == ""
    print("heard", file=sys.stderr)
    assert capfd.readouterr().err == "heard\n"
