"""Damage scenes, metadata and site files at random: every mutant is read or refused in words.

``python scripts/fuzz.py --mutants 10000`` prints what became of them; exit 1 where one ended in anything
but a scene or a refusal, took over ten seconds, killed its process, or left a file. A run is repeated by
its ``--seed``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
from affine import Affine
from rasterio import shutil

from tumangang_watch.errors import WatchError
from tumangang_watch.scenes import SceneOptions, open_scene, read_native
from tumangang_watch.scenes.harden import rasterio
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.sites import load_site

LIMIT_S = 10
BATCH = 250
CRS, WEST, NORTH = "EPSG:32652", 500_000.0, 4_700_000.0
BOUNDS = (WEST, NORTH - 20, WEST + 20, NORTH)
TOKENS = (
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b"true",
    b'"',
    b"<",
    b">",
    b"&x;",
    b"\0",
    b"9" * 400,
    b"../x",
)
ODD = (
    "null", "[]", "{}", "true", "-1", "0", "1e308", "-1e308", "1e-320", "9" * 400,
    '""', '"x"', '"NaN"', "[[[]]]",
    '"../../x.tif"', '"http://127.0.0.1:9/a.tif"', '"2022-13-45T99:99:99Z"', '"0001-01-01T00:00:00+14:00"',
    '{"a": {"a": []}}', "[1, 2, 3]", "[null]", '"' + "a" * 5000 + '"', "9999999999", '"\\u0000"', "Infinity",
)  # fmt: skip
TIME = "2022-11-30T02:10:00Z"
BAND_NAMES = ("blue", "green", "red", "nir")
GROUPS = "".join(
    f"BEGIN_GROUP = BAND_{b}\n absCalFactor = 0.01; effectiveBandwidth = 0.06;\nEND_GROUP = BAND_{b}\n"
    for b in "BGRN"
)
IMD = f"""bandId = "BGRN"; productLevel = "LV2A"; panSharpenAlgorithm = "None";
{GROUPS}BEGIN_GROUP = IMAGE_1
 satId = "WV02"; firstLineTime = {TIME}; meanSunEl = 24.7; meanOffNadirViewAngle = 17.0; cloudCover = 0.1;
END_GROUP = IMAGE_1
END;
"""


def element(name: str, *inside: str, **attributes: str) -> str:
    """Return an XML element."""
    words = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{words}>{''.join(inside)}</{name}>"


CHANNELS = (("RED", "B2"), ("GREEN", "B1"), ("BLUE", "B0"), ("ALPHA", "B3"))
DATA_FILE = element("Data_File", element("DATA_FILE_PATH", href="a.tif"))
STRIP = element("Strip_Source", element("IMAGING_DATE", "2022-11-30"), element("IMAGING_TIME", "02:10:00Z"))
DIMAP = element(
    "Dimap_Document",
    element(
        "Raster_Data",
        element("Data_Access", element("Data_Files", DATA_FILE)),
        element("Raster_Dimensions", element("NBANDS", "4")),
        element(
            "Raster_Display",
            element("Band_Display_Order", *(element(f"{c}_CHANNEL", b) for c, b in CHANNELS)),
        ),
    ),
    element("Dataset_Sources", element("Source_Identification", STRIP)),
    element("COMPONENT_PATH", href="MASKS/CLD_a.GML"),
)
INFOS = "".join(
    element(
        "Spectral_Band_Info",
        element("BAND_INDEX", str(k)),
        element("BAND_DESCRIPTION", name),
        *(element(w, v) for w, v in (("PHYSICAL_GAIN", "0.1"), ("PHYSICAL_BIAS", "0"), ("ESUN", "1500"))),
    )
    for k, name in enumerate(BAND_NAMES, start=1)
)
SOURCE = element("Scene_Source", element("SUN_ELEVATION", "30"), element("START_TIME", TIME))
DIM = element(
    "Dimap_Document",
    element("Data_Access", DATA_FILE),
    element("Image_Interpretation", INFOS),
    element("Dataset_Sources", element("Source_Information", SOURCE)),
)
EQUIPMENT = element(
    "EarthObservationEquipment",
    element("instrument", element("Instrument", element("shortName", "PS2"))),
    element("acquisitionParameters", element("Acquisition", element("acquisitionDateTime", TIME))),
)
COEFFICIENTS = "".join(
    element("bandSpecificMetadata", element("bandNumber", str(k)), element("reflectanceCoefficient", "2e-5"))
    for k in (1, 2, 3, 4)
)
PLANET_XML = element(
    "EarthObservation",
    element("using", EQUIPMENT),
    element("resultOf", element("EarthObservationResult", COEFFICIENTS)),
)
FACTS = {"acquired": TIME, "gsd": 0.7, "cloud_cover": 0.1, "sun_elevation": 30, "view_angle": 12}
PLANET_JSON = json.dumps({"id": "a", "properties": FACTS | {"reflectance_coefficients": [2e-5] * 4}})
ASSET = {"href": "./a.tif", "roles": ["data"], "bands": [{"name": n, "scale": 1e-4} for n in BAND_NAMES]}
ITEM = {"stac_version": "1.1.0", "id": "a", "properties": {"datetime": TIME}, "assets": {"data": ASSET}}
KEYS = "VENDOR_SCENE_ID = a\nACQUISITION_DATE = 20221130\nACQUISITION_TIME = 021000\nOFF_NADIR = 12\n"
CHINESE_WORDS = {"SatelliteID": "GF2", "StartTime": "2022-11-30 10:10:00", "SolarZenith": "60"}
CHINESE_WORDS |= {"Gain": "0.1,0.1,0.1,0.1", "Offset": "0,0,0,0", "ESUN": "1900,1800,1500,1000"}
CHINESE = element("ProductMetaData", *(element(*word) for word in CHINESE_WORDS.items()))
LISTED = {"path": "order/a.tif", "size": 1, "digests": {"md5": "0" * 32, "sha256": "0" * 64}}
TEXTS = {
    "a.IMD": IMD, "DIM_a.XML": DIMAP, "a.dim": DIM, "a_metadata.xml": PLANET_XML,
    "a_metadata.json": PLANET_JSON,
    "a.json": json.dumps(ITEM),
    "a.txt": KEYS, "a.xml": CHINESE, "manifest.json": json.dumps({"files": [LISTED]}),
}  # fmt: skip


def main() -> int:
    """Try the mutants, batch by batch in processes of their own, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        seeds = make_seeds(Path(place))
        tally.update(try_whole(seeds))
        for start in range(0, asked.mutants, BATCH):
            queue: multiprocessing.Queue[tuple[str, str]] = multiprocessing.Queue()
            numbers = range(start, min(start + BATCH, asked.mutants))
            child = multiprocessing.Process(target=try_some, args=(seeds, asked.seed, numbers, queue))
            child.start()
            for number in numbers:
                try:
                    family, outcome = queue.get(timeout=LIMIT_S * 3)
                except Exception:
                    family, outcome = "any", f"FAULT process ended at mutant {number} of seed {asked.seed}"
                    tally[f"{family}: {outcome}"] += 1
                    break
                tally[f"{family}: {outcome}"] += 1
            child.kill()
            child.join()
    for line, count in sorted(tally.items()):
        print(f"{count:8d}  {line}")
    return int(any("FAULT" in line for line in tally))


def make_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Return sound files by name: an image of each container, the text of each family, a site."""
    values = np.random.default_rng(1).integers(20, 2000, (4, 40, 40)).astype("uint16")
    profile = {"driver": "GTiff", "count": 4, "height": 40, "width": 40, "dtype": "uint16", "crs": CRS}
    with rasterio.open(
        folder / "a.tif", "w", transform=Affine(0.5, 0, WEST, 0, -0.5, NORTH), **profile
    ) as out:
        out.write(values)
        for k, name in enumerate(BAND_NAMES, start=1):
            out.set_band_description(k, name)
    shutil.copy(folder / "a.tif", folder / "a.jp2", driver="JP2OpenJPEG")
    shutil.copy(folder / "a.tif", folder / "a.ntf", driver="NITF", ICORDS="N")
    box = [[[130.0, 42.4], [130.1, 42.4], [130.1, 42.5], [130.0, 42.4]]]
    yard = {"role": "yard", "id": "y"}
    feature = {"type": "Feature", "properties": yard, "geometry": {"type": "Polygon", "coordinates": box}}
    site = json.dumps({"type": "FeatureCollection", "features": [feature]})
    images = [(name, (folder / name).read_bytes()) for name in ("a.tif", "a.jp2", "a.ntf")]
    return [
        *images,
        *((name, text.encode()) for name, text in TEXTS.items()),
        ("site.geojson", site.encode()),
    ]


def try_whole(seeds: list[tuple[str, bytes]]) -> list[str]:
    """Return a fault for each sound file that is not read: its mutants would try nothing."""
    faults = []
    for name, content in seeds:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            (Path(place) / "a.tif").write_bytes(seeds[0][1])
            if name in ("a.jp2", "a.ntf"):
                (Path(place) / "a.json").write_text(TEXTS["a.json"].replace("a.tif", name))
            path.write_bytes(content)
            if (outcome := attempt(path)) != "read":
                faults.append(f"{name}: FAULT the sound file is {outcome}")
    return faults


def try_some(seeds: list[tuple[str, bytes]], seed: int, numbers: range, queue: multiprocessing.Queue) -> None:
    """Try some mutants in a process of their own."""
    images = dict(seeds[:3])

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    for number in numbers:
        rng = random.Random(f"{seed}-{number}")
        name, content = seeds[number % len(seeds)]
        text = name not in images and rng.random() < 0.6
        mutant = bend(content, rng) if text else damage(content, rng)
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            if name not in images:
                (Path(place) / "a.tif").write_bytes(images["a.tif"])
            elif name != "a.tif":
                (Path(place) / "a.json").write_text(TEXTS["a.json"].replace("a.tif", name))
            path.write_bytes(mutant)
            before = sorted(Path(place).iterdir())
            signal.alarm(LIMIT_S)
            try:
                outcome = attempt(path)
            except TimeoutError:
                outcome = f"FAULT over {LIMIT_S} s, mutant {number}"
            except BaseException as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place_of = f"{Path(where.filename).name}:{where.lineno}"
                outcome = f"FAULT {type(error).__name__} {place_of}, mutant {number}"
            signal.alarm(0)
            if sorted(Path(place).iterdir()) != before:
                outcome = f"FAULT wrote a file, mutant {number}"
        queue.put((name, outcome))


def attempt(path: Path) -> str:
    """Open a mutant as its user would: the image, the metadata file, the site."""
    try:
        if path.name == "site.geojson":
            load_site(path)
            return "read"
        # Half of the images tell no date, nor does a list of files; a user then gives it.
        stated = TIME if path.suffix in (".tif", ".jp2", ".ntf") or path.name == "manifest.json" else None
        scene = open_scene(path, SceneOptions(acquired=stated), ReadSettings())
        image = read_native(scene, BOUNDS, CRS, ReadSettings())
        return "read" if np.isfinite(image.values).all() else "FAULT values are not finite"
    except WatchError:
        return "refused"


def bend(content: bytes, rng: random.Random) -> bytes:
    """Put odd values in place of a text's values, so that it still parses."""
    text = content.decode()
    values = list(re.finditer(r'(?<=[>:=\[,])\s*("[^"]*"|[^<>"\[\]{},;:=\s]+)', text))
    for match in sorted(rng.sample(values, min(rng.randint(1, 3), len(values))), key=lambda m: -m.start()):
        text = text[: match.start()] + rng.choice(ODD) + text[match.end() :]
    return text.encode()


def damage(content: bytes, rng: random.Random) -> bytes:
    """Change bytes, cut, repeat or put in what parsers trip over."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data)) if rng.random() < 0.6 else rng.randrange(min(len(data), 600))
        kind = rng.random()
        if kind < 0.5:
            data[place] = rng.randrange(256)
        elif kind < 0.7:
            token = rng.choice(TOKENS)
            data[place : place + rng.choice((0, len(token)))] = token
        elif kind < 0.8:
            del data[place : place + rng.randint(1, 40)]
        elif kind < 0.9:
            data[place:place] = data[place : place + rng.randint(1, 200)] * rng.randint(1, 20)
        else:
            del data[place:]
        if not data:
            return b""
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
