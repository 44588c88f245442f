"""The file of `review export` is answered in QGIS: drawn in, filled in from lists, and read back."""

from __future__ import annotations

import json
import sqlite3

import pytest
from support import quick_watch as quick
from support import review_runs
from support.qgis import in_qgis, python_with_qgis

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.export import table

FIRST = "2022-01-01T020000Z_day000"
CORNERS = "129.4862 42.4059, 129.4863 42.4059, 129.4863 42.4061, 129.4862 42.4061, 129.4862 42.4059"
OUTLINE = f"MULTIPOLYGON((({CORNERS})))"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("record")
    quick.write_site(root / "site.geojson")
    quick.write_scene(root / "in", 0)
    quick.take_in_here(root)
    return root


def test_every_layer_to_draw_in_is_of_polygons_from_the_start(root):
    path = root / "look.gpkg"
    review_runs.run("review", "export", path, "--archive", root / "record.sqlite")
    connection = sqlite3.connect(path)
    kinds = dict(connection.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns"))
    empty = connection.execute("SELECT count(*) FROM missed").fetchone()[0]
    connection.close()
    assert empty == 0
    assert kinds == dict.fromkeys(("findings", "detections", "missed"), "MULTIPOLYGON")


@pytest.mark.skipif(python_with_qgis() is None, reason="no Python here imports QGIS")
def test_what_is_drawn_in_qgis_is_taken_in(root):
    path = root / "drawn.gpkg"
    review_runs.run("review", "export", path, "--archive", root / "record.sqlite")
    told = in_qgis(
        """
layer = opened("missed")
lists = {n: layer.editorWidgetSetup(layer.fields().indexOf(n)) for n in ("kind", "report", "reason")}
layer.startEditing()
drawn = QgsFeature(layer.fields())
drawn.setGeometry(QgsGeometry.fromWkt(sys.argv[2]))
drawn["kind"], drawn["report"] = "cargo", sys.argv[3]
layer.addFeature(drawn)
done = {"saved": layer.commitChanges(), "kind": QgsWkbTypes.displayString(layer.wkbType())}
done["lists"] = sorted(n for n, widget in lists.items() if widget.type() == "ValueMap")
del layer, drawn, lists
app.exitQgis()
print(json.dumps(done))
""",
        path,
        OUTLINE,
        FIRST,
    )
    assert json.loads(told) == {"saved": True, "kind": "MultiPolygon", "lists": ["kind", "reason", "report"]}
    done = review_runs.run(
        *("review", "import", path, "--archive", root / "record.sqlite"),
        *("--site-file", root / "site.geojson"),
    )
    assert "1 new answers" in done.stderr
    with open_archive(root / "record.sqlite") as archive:
        columns, rows = table(archive, "reviews")
    (review,) = [dict(zip(columns, row, strict=True)) for row in rows]
    assert (review["verdict"], review["kind"]) == ("added", "cargo")
