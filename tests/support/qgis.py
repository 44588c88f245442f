"""Runs a script in the Python that has QGIS, without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

HEAD = """
import json, sys
from qgis.core import (
    QgsApplication, QgsFeature, QgsGeometry, QgsMapRendererSequentialJob, QgsMapSettings, QgsRasterLayer,
    QgsVectorLayer, QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
app = QgsApplication([], False)
app.initQgis()
path = sys.argv[1]
def opened(name):
    return QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
"""


@cache
def python_with_qgis() -> str | None:
    """Return a Python that imports QGIS; None where there is none."""
    for name in (shutil.which("python3"), "/usr/bin/python3"):
        if (
            name
            and not subprocess.run([name, "-c", "import qgis"], capture_output=True, check=False).returncode
        ):
            return name
    return None


def in_qgis(script: str, *arguments: object) -> str:
    """Run a script after `HEAD`; return its last line."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(python_with_qgis()), "-c", HEAD + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Non-conformant" not in done.stderr
    assert "partially supported" not in done.stderr
    return done.stdout.splitlines()[-1]
