"""Real files of every format to import, and the installed command that imports them."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from support import command

UTM = "EPSG:32632"
EAST, NORTH = 500_000.0, 5_200_000.0
LONLAT = Transformer.from_crs(UTM, "OGC:CRS84", always_xy=True)
TRACKS = [[(10, 50), (150, 52), (290, 50)], [(10, 56), (290, 56)]]
YARD = [(0, 0), (300, 0), (300, 100), (0, 100), (0, 0)]


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return command.run("site", *arguments)


def taken(*arguments: Any) -> dict[str, Any]:
    """Import, see that the file is sound, and return it."""
    out = Path(arguments[arguments.index("--out") + 1])
    done = run("import", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert run("check", out).returncode == 0
    return {**json.loads(out.read_text()), "stderr": done.stderr}


def refused(*arguments: Any, words: str = "", status: int = 3) -> None:
    done = run("import", *arguments)
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("tumangang-watch: ")
    assert words in line, line
    assert done.stdout == ""
    out = Path(arguments[arguments.index("--out") + 1])
    if status == 3:
        assert not out.exists()
        assert not [p for p in out.parent.glob(".*") if "partial" in p.name]


def metres(points: Any) -> list[tuple[float, float]]:
    return [(EAST + x, NORTH + y) for x, y in points]


def degrees(points: Any) -> list[tuple[float, float]]:
    return [LONLAT.transform(x, y) for x, y in metres(points)]


def vector(
    path: Path, shapes: list[Any], crs: str | None = UTM, kind: str = "Unknown", **columns: Any
) -> Path:
    """Write a layer with pyogrio."""
    layer = columns.pop("layer", path.stem)
    data = [np.array(v, dtype=object) for v in columns.values()]
    with pytest.warns(UserWarning, match="crs") if crs is None else nothing():
        pyogrio.raw.write(
            path,
            shapely.to_wkb(np.array(shapes, dtype=object)),
            data,
            np.array(list(columns), dtype=object),
            layer=layer,
            geometry_type=kind,
            crs=crs,
            append=path.exists(),
            promote_to_multi=False,
        )
    return path


class nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def drawn(folder: Path, suffix: str) -> Path:
    """The two tracks and the yard, in one file of some format."""
    lines = [shapely.LineString(metres(t)) for t in TRACKS]
    yard = shapely.Polygon(metres(YARD))
    in_degrees = [shapely.LineString(degrees(t)) for t in TRACKS], shapely.Polygon(degrees(YARD))
    if suffix == "gpkg":
        file = vector(
            folder / "drawn.gpkg",
            lines,
            kind="LineString",
            layer="lines",
            name=["T1", "T2"],
            role=["track", "Tracks"],
            accuracy_m=["1", "2"],
        )
        return vector(file, [yard], kind="Polygon", layer="ground", name=["Güterhof"], role=["yard"])
    if suffix in ("shp", "zip"):
        file = vector(folder / "T.shp", lines, kind="LineString", name=["T1", "T2"], role=["track"] * 2)
        other = vector(folder / "Y.shp", [yard], kind="Polygon", name=["Güterhof"], role=["yard"])
        assert other.exists()
        if suffix == "shp":
            return file
        with zipfile.ZipFile(folder / "drawn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in [*folder.glob("T.*"), *folder.glob("Y.*")]:
                archive.write(part, f"export/{part.name}")
        return folder / "drawn.zip"
    if suffix in ("kml", "kmz"):
        marks = [("tracks", "LineString", line, f"T{k + 1}") for k, line in enumerate(in_degrees[0])]
        text = kml([*marks, ("yard", "Polygon", in_degrees[1], "Güterhof")])
        if suffix == "kml":
            (folder / "drawn.kml").write_text(text)
            return folder / "drawn.kml"
        with zipfile.ZipFile(folder / "drawn.kmz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("files/icon.png", b"png")
            archive.writestr("doc.kml", text)
        return folder / "drawn.kmz"
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"T{k + 1}", "role": "track"},
            "geometry": {"type": "LineString", "coordinates": [[*p, 12.5] for p in degrees(t)]},
        }
        for k, t in enumerate(TRACKS)
    ]
    features.append(
        {
            "type": "Feature",
            "properties": {"name": "Güterhof", "role": "yard"},
            "geometry": shapely.geometry.mapping(in_degrees[1]),
        }
    )
    (folder / "drawn.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return folder / "drawn.geojson"


def kml(placemarks: list[tuple[str, str, Any, str]]) -> str:
    folders: dict[str, str] = {}
    for folder, kind, shape, name in placemarks:
        ring = shape.exterior if kind == "Polygon" else shape
        text = " ".join(f"{x:.9f},{y:.9f},3" for x, y in ring.coords)
        inner = f"<coordinates>{text}</coordinates>"
        if kind == "Polygon":
            inner = f"<outerBoundaryIs><LinearRing>{inner}</LinearRing></outerBoundaryIs>"
        folders.setdefault(folder, "")
        folders[folder] += f"<Placemark><name>{name}</name><{kind}>{inner}</{kind}></Placemark>"
    body = "".join(f"<Folder><name>{n}</name>{p}</Folder>" for n, p in folders.items())
    return (
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    )


def way(number: int, *points: tuple[float, float], **tags: str) -> dict[str, Any]:
    own = {"@id": f"way/{number}", **{k.replace("__", ":"): v for k, v in tags.items()}}
    geometry: dict[str, Any] = {"type": "LineString", "coordinates": degrees(points)}
    if points[0] == points[-1]:
        geometry = {"type": "Polygon", "coordinates": [degrees(points)]}
    return {"type": "Feature", "id": f"way/{number}", "properties": own, "geometry": geometry}


def extract(folder: Path, *features: dict[str, Any], lines: bool = False) -> Path:
    file = folder / "export.geojson"
    if lines:
        file.write_text("".join(f"\x1e{json.dumps(f)}\n" for f in features))
    else:
        file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return file


OSM = (
    way(1, (0, 50), (100, 50), railway="rail", railway__track_ref="1", gauge="1520", service="yard"),
    way(
        2, (200, 50), (100, 50), railway="rail", railway__track_ref="1", gauge="1520", bridge="yes", layer="1"
    ),
    way(3, (200, 50), (300, 50), railway="rail", railway__track_ref="1", gauge="1435;1520"),
    way(4, (100, 50), (150, 55), (300, 55), railway="rail", railway__track_ref="2", gauge="1435"),
    way(5, (0, 80), (300, 80), railway="abandoned"),
    way(6, (0, 90), (300, 90), highway="service"),
    way(7, (0, 60), (100, 60), railway="rail", tunnel="yes"),
    way(8, (-10, 0), (310, 0), (310, 100), (-10, 100), (-10, 0), landuse="railway", name="Двор 1"),
    way(9, (20, 62), (120, 62), (120, 70), (20, 70), (20, 62), railway="platform"),
    way(10, (150, 70), (180, 70), (180, 90), (150, 90), (150, 70), building="warehouse"),
    way(11, (300, 50), (304, 50), railway="rail", railway__track_ref="9"),
    {
        "type": "Feature",
        "properties": {"railway": "switch"},
        "geometry": {"type": "Point", "coordinates": [9, 47]},
    },
)
