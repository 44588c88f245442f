"""Sound files of every kind that the program reads, to be damaged by `fuzz`."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import rasterio.shutil
import shapely
from affine import Affine

from tests.support import faulted_cases, gis
from tests.support import quick_watch as quick
from tumangang_watch.cli import main as run_command
from tumangang_watch.scenes.harden import rasterio as careful

CRS, WEST, NORTH = "EPSG:32652", 500_000.0, 4_700_000.0
BOUNDS = (WEST, NORTH - 20, WEST + 20, NORTH)
Seeds = dict[str, bytes]
IMAGES = ("a.tif", "a.jp2", "a.ntf")
RECORD = "record.sqlite"
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


def scene_seeds(folder: Path) -> Seeds:
    """Return an image of each container, the text of each family of metadata, and a site."""
    values = np.random.default_rng(1).integers(20, 2000, (4, 40, 40)).astype("uint16")
    profile = {"driver": "GTiff", "count": 4, "height": 40, "width": 40, "dtype": "uint16", "crs": CRS}
    with careful.open(
        folder / "a.tif", "w", transform=Affine(0.5, 0, WEST, 0, -0.5, NORTH), **profile
    ) as out:
        out.write(values)
        for k, name in enumerate(BAND_NAMES, start=1):
            out.set_band_description(k, name)
    rasterio.shutil.copy(folder / "a.tif", folder / "a.jp2", driver="JP2OpenJPEG")
    rasterio.shutil.copy(folder / "a.tif", folder / "a.ntf", driver="NITF", ICORDS="N")
    site = json.dumps({"type": "FeatureCollection", "features": [_feature("yard", "y", YARD)]})
    texts = {name: text.encode() for name, text in TEXTS.items()}
    return {name: (folder / name).read_bytes() for name in IMAGES} | texts | {"site.geojson": site.encode()}


YARD = shapely.box(130.0, 42.4, 130.01, 42.41)
TRACK = shapely.LineString([(130.001, 42.401), (130.008, 42.408)])


def _feature(role: str, name: str, shape: shapely.Geometry) -> dict[str, object]:
    properties = {"role": role, "id": name, "name": f"{role} {name}"}
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


def import_seeds(folder: Path) -> Seeds:
    """Return a source of each kind that `site import` reads: a track and a yard."""
    both = [_feature("yard", "y", YARD), _feature("track", "1", TRACK)]
    for name, driver in (("import.gpkg", "GPKG"), ("import.shp", "ESRI Shapefile")):
        pyogrio.raw.write(
            folder / name,
            np.array([shapely.to_wkb(TRACK)], object),
            [np.array(["1"], object), np.array(["track"], object)],
            ["id", "role"],
            driver=driver,
            geometry_type="LineString",
            crs="EPSG:4326",
        )
    places = "".join(
        f"<Placemark><name>{name}</name><ExtendedData><Data name='role'><value>{name}</value></Data>"
        f"</ExtendedData>{shape}</Placemark>"
        for name, shape in (("track", _kml(TRACK)), ("yard", _kml(YARD)))
    )
    kml = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{places}</Document></kml>".encode()
    parts = {
        f"track{end}": (folder / f"import{end}").read_bytes() for end in (".shp", ".shx", ".dbf", ".prj")
    }
    collection = json.dumps({"type": "FeatureCollection", "features": both}).encode()
    return {
        "import.geojson": collection,
        "import.kml": kml,
        "import.kmz": zipped({"doc.kml": kml}),
        "import.zip": zipped({**parts, "more.geojson": collection}),
        "import.gpkg": (folder / "import.gpkg").read_bytes(),
        **{f"import{end}": parts[f"track{end}"] for end in (".shp", ".shx", ".dbf", ".prj")},
    }


def _kml(shape: shapely.Geometry) -> str:
    line = shape.exterior if shape.geom_type == "Polygon" else shape
    words = f"<coordinates>{' '.join(f'{x},{y}' for x, y in line.coords)}</coordinates>"
    if line is shape:
        return f"<LineString>{words}</LineString>"
    return f"<Polygon><outerBoundaryIs><LinearRing>{words}</LinearRing></outerBoundaryIs></Polygon>"


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def record_seeds(folder: Path) -> Seeds:
    """Return an archive, an answered review GeoPackage, a report and labels."""
    root = folder / "record"
    faulted_cases.make_record(root)
    words = f"review export {root}/r.gpkg --archive {root}/{RECORD} --reader kim"
    try:
        run_command(words.split())
    except SystemExit as end:
        if end.code:
            raise RuntimeError(words) from end
    with gis.editing(root / "r.gpkg") as file:
        file.execute("UPDATE detections SET verdict = 'corrected', new_cars = '1-2'")
    report = (root / "reports" / faulted_cases.REPORT / "report.json").read_bytes()
    train = {"date": "later", "track": "track", "from_m": 4.0, "to_m": 17.0, "cars": 1, "colours": ["red"]}
    labels = {"trains": [train], "cargo": [], "new_ground": []}
    return {
        RECORD: (root / RECORD).read_bytes(),
        "review.gpkg": (root / "r.gpkg").read_bytes(),
        "report.json": report,
        "truth.json": json.dumps(labels).encode(),
    }


def make_seeds(folder: Path) -> Seeds:
    """Return a sound file of every kind, by name."""
    with quick.quick():
        return scene_seeds(folder) | import_seeds(folder) | record_seeds(folder)
