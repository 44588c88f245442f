"""Planet: ``_metadata.json`` of an item, and the XML of a PlanetScope or RapidEye asset."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch.scenes.vendors.facts import Metadata, Properties, known, number
from tumangang_watch.scenes.vendors.text import Node

XML_ROOT = "EarthObservation"
EQUIPMENT = "using/EarthObservationEquipment/"
ACQUISITION = EQUIPMENT + "acquisitionParameters/Acquisition/"
PRODUCT = "resultOf/EarthObservationResult/product/ProductInformation/"
XML_WORDS = {
    "acquired": (ACQUISITION + "acquisitionDateTime", "validTime/TimePeriod/beginPosition"),
    "provider": (EQUIPMENT + "platform/Platform/shortName",),
    "instrument": (EQUIPMENT + "instrument/Instrument/shortName",),
    "satellite_id": (EQUIPMENT + "platform/Platform/serialIdentifier",),
    "gsd": (EQUIPMENT + "sensor/Sensor/resolution", PRODUCT + "rowGsd"),
    "sun_azimuth": (ACQUISITION + "illuminationAzimuthAngle",),
    "sun_elevation": (ACQUISITION + "illuminationElevationAngle",),
    "view_angle": (ACQUISITION + "spaceCraftViewAngle", ACQUISITION + "incidenceAngle"),
    "satellite_azimuth": (ACQUISITION + "azimuthAngle",),
}
"""Where Planet's XML (schema ``planet_product_metadata_geocorrected_level``) says what."""
CLOUD = "resultOf/EarthObservationResult/cloudCoverPercentage"
MAX_ITEMS = 200
BASIC = ("L1B", "L1A")
"""Product types of basic scenes, in sensor geometry."""


def read_items_json(path: Path, data: Properties) -> list[Metadata]:
    """Return what the JSON of an item says, or of a list of items that a search found."""
    features = data.get("features")
    if not isinstance(features, list):
        return [read_item_json(path, data)]
    items = [f for f in features[:MAX_ITEMS] if isinstance(f, dict) and "properties" in f]
    return [read_item_json(path, item) for item in items]


def read_item_json(path: Path, data: Properties) -> Metadata:
    """Return what an item's JSON says."""
    properties = data.get("properties")
    stated = data.get("id")
    if not isinstance(properties, dict):
        properties = {}
    return Metadata(
        id=str(stated)[:200] if isinstance(stated, str | int) and str(stated) else None,
        properties=dict(properties),
        file=path,
    )


def read_xml(path: Path, root: Node) -> list[Metadata]:
    """Return what an asset's XML says; nothing for other XML."""
    if root.name != XML_ROOT or root.find("using/EarthObservationEquipment/instrument") is None:
        return []
    facts: Properties = {name: root.get(*paths) for name, paths in XML_WORDS.items()}
    cloud = number(root.get(CLOUD), 0, 100)
    # Named a percentage; older files hold the fraction that the item's JSON holds.
    facts["cloud_cover"] = cloud if cloud is None or cloud <= 1 else cloud / 100
    coefficients = {
        number(band.get("bandNumber"), 1, 32): number(band.get("reflectanceCoefficient"), 1e-9, 1)
        for band in root.all("resultOf/EarthObservationResult/bandSpecificMetadata")
    }
    order = [coefficients.get(float(k + 1)) for k in range(len(coefficients))]
    if order and all(order):
        facts["reflectance_coefficients"] = order
    level = root.get("metaDataProperty/EarthObservationMetaData/productType")
    if level in BASIC:
        facts["not_ortho"] = f"product level {level}"
    image = root.get(PRODUCT + "fileName")
    name = (image or "").replace("\\", "/").rpartition("/")[2]
    return [
        Metadata(
            id=root.get("metaDataProperty/EarthObservationMetaData/identifier"),
            properties=known(facts),
            file=path,
            source="Planet XML",
            images=(name,) if name else (),
        )
    ]
