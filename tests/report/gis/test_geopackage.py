"""The GeoPackage opens drawn: outlines without a fill over the picture, with times and layers of one type."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import shapely
from support.qgis import in_qgis, python_with_qgis
from support.report_scene import painted_comparison

from tumangang_watch.report.folder import write_report
from tumangang_watch.report.gis.geopackage import polygons
from tumangang_watch.report.gis.styles import LayerStyle, OutlineRule, report_styles, style_text

LAYERS = ("findings", "detections", "areas")
needs_qgis = pytest.mark.skipif(python_with_qgis() is None, reason="no Python here imports QGIS")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "out"
    return write_report(painted_comparison(), out, tool_version="1") / "findings.gpkg"


@pytest.fixture(scope="module")
def rows(file):
    connection = sqlite3.connect(file)
    yield lambda question: connection.execute(question).fetchall()
    connection.close()


def test_every_layer_is_one_type_that_can_be_drawn_in(rows):
    kinds = rows("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns")
    assert dict(kinds) == dict.fromkeys(LAYERS, "MULTIPOLYGON")


@pytest.mark.parametrize("layer", LAYERS)
def test_times_are_written_as_the_standard_has_them(rows, layer):
    """GDAL warns of each time without thousandths (OGC 12-128r15, table 1)."""
    for times in rows(f"SELECT begin, end FROM {layer}"):
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)


def test_each_layer_has_a_style_that_is_taken_by_default(rows):
    asked = "SELECT f_table_name, f_table_schema, f_geometry_column, useAsDefault FROM layer_styles"
    assert {row[0]: row[1:] for row in rows(asked)} == dict.fromkeys(LAYERS, ("", "geom", 1))
    assert rows("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'") == [("attributes",)]


@pytest.mark.parametrize("one_date", [True, False])
def test_no_style_fills(one_date):
    for style in report_styles(one_date=one_date):
        root = ElementTree.fromstring(style_text(style).split("\n", 1)[1])
        assert {layer.get("class") for layer in root.iter("layer")} == {"SimpleLine"}
        assert len(root.findall(".//rule")) == len(style.rules)


def test_a_style_keeps_hostile_text_as_text():
    style = LayerStyle(layer="a", rules=(OutlineRule("]]></qgis>", "\"a\" = '<'", "#112233"),), label="'&'")
    root = ElementTree.fromstring(style_text(style).split("\n", 1)[1])
    assert [rule.get("label") for rule in root.iter("rule")] == ["]]></qgis>"]


def test_a_shape_becomes_all_its_polygons():
    box, line = shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])
    assert polygons(box).geom_type == "MultiPolygon"
    assert polygons(shapely.GeometryCollection([box, line, shapely.MultiPolygon([box])])).area == 2.0
    assert polygons(line).is_empty


def test_what_rests_on_painted_scenes_is_marked(tmp_path):
    made = painted_comparison()
    later = replace(made.later, scene=replace(made.later.scene, provider="painted"))
    out = write_report(replace(made, later=later), tmp_path / "out", tool_version="1")
    connection = sqlite3.connect(out / "findings.gpkg")
    marks = {n: connection.execute(f"SELECT DISTINCT mark FROM {n}").fetchall() for n in LAYERS}
    by_date = dict(connection.execute("SELECT DISTINCT date, mark FROM detections").fetchall())
    connection.close()
    assert marks["findings"] == marks["areas"] == [("PAINTED, NOT EVIDENCE",)]
    assert by_date == {"earlier": None, "later": "PAINTED, NOT EVIDENCE"}
    document = json.loads((out / "findings.geojson").read_text(encoding="utf-8"))
    assert document["notice"].startswith("PAINTED, NOT EVIDENCE")
    assert {f["properties"]["mark"] for f in document["features"]} == {"PAINTED, NOT EVIDENCE"}
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["scenes"]["later"]["painted"] is True


@needs_qgis
def test_qgis_opens_it_drawn(file, tmp_path):
    told = in_qgis(
        """
made = {}
layers = [opened(name) for name in ("findings", "detections", "areas")]
for layer in layers:
    rules = layer.renderer().rootRule().children()
    lines = {s.layerType() for rule in rules for s in rule.symbol().symbolLayers()}
    time = layer.temporalProperties()
    made[layer.name()] = [layer.featureCount(), sorted(lines), time.startField(), time.endField()]
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setOutputSize(QSize(600, 400))
settings.setBackgroundColor(QColor("#00ff00"))
settings.setExtent(layers[2].extent())
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
picture = job.renderedImage()
ground = sum(
    picture.pixelColor(x, y).name() == "#00ff00" for x in range(0, 600, 3) for y in range(0, 400, 3)
)
made["ground"] = ground / (200 * 134)
del layers, layer
app.exitQgis()
print(json.dumps(made))
""",
        file,
    )
    made = json.loads(told)
    # Nearly all of the ground shows: nothing lies over the picture but lines and letters.
    assert 0.8 < made.pop("ground") < 1.0
    spans = {"findings": 5, "detections": 7, "areas": 4}
    assert made == {name: [count, ["SimpleLine"], "begin", "end"] for name, count in spans.items()}
