"""Read the features of staged files, in longitude and latitude."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.importing.stage import Staged, refusal

WGS84 = "OGC:CRS84"
SURE_DATUM_M = 0.5
"""A change of datum less certain than this is told."""
QUOTED = 60


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature of a source."""

    source: Path
    layer: str
    number: int
    """Index in its layer, from 0."""
    properties: dict[str, Any]
    """Names in lower case; empty values left out."""
    geometry: Any
    """shapely, longitude and latitude; None where the source has none."""

    @property
    def place(self) -> str:
        """How messages name it."""
        name = self.properties.get("name") or self.properties.get("id")
        told = f" ({str(name)[:QUOTED]!r})" if name else ""
        return f"feature {self.number} of layer {self.layer[:QUOTED]!r}{told}"


@dataclass(kw_only=True)
class Reader:
    """Reads staged files; collects what a person should know."""

    limits: SiteSettings
    wanted: tuple[str, ...] = ()
    """Names of the layers to read; all when empty."""
    crs: str | None = None
    """For files that do not say theirs."""
    notes: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    """Every layer that was there."""
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.limits.import_vertices

    def read(self, staged: Staged) -> Iterator[Feature]:
        """Yield the features of one staged file."""
        if staged.kind == "geojson":
            yield from self._geojson(staged)
        else:
            yield from self._gdal(staged)

    def _gdal(self, staged: Staged) -> Iterator[Feature]:
        try:
            layers = pyogrio.list_layers(staged.path)
            for index, (name, geometry_type) in enumerate(layers):
                label = staged.label if staged.kind == "shp" else str(name)
                if geometry_type is None:
                    continue
                self.layers.append(label)
                if self.wanted and label not in self.wanted:
                    continue
                yield from self._gdal_layer(staged, index, label)  # KML folders may share a name.
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
            text = " ".join(str(error).replace(str(staged.path), staged.source.name).split())[:200]
            raise refusal(staged.source, f"GDAL cannot read it ({text})", "Export it again") from error

    def _gdal_layer(self, staged: Staged, index: int, label: str) -> Iterator[Feature]:
        most = self.limits.import_features
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            meta, _, wkb, columns = pyogrio.raw.read(
                staged.path, layer=index, force_2d=True, max_features=most + 1, datetime_as_string=True
            )
        self.notes += dict.fromkeys(f"{staged.source.name}: {w.message}"[:200] for w in told)
        if wkb is None:
            return
        if len(wkb) > most:
            raise refusal(
                staged.source, f"layer {label!r} has more than {most} features", "Cut it to the site"
            )
        shapes = shapely.from_wkb(wkb, on_invalid="ignore")
        present = np.array([w is not None for w in wkb])
        if (broken := np.flatnonzero(present & shapely.is_missing(shapes))).size:
            told_at = f"the geometry of feature {broken[0]} of layer {label!r} cannot be read"
            raise refusal(staged.source, told_at, "Repair or remove it (QGIS: Fix geometries)")
        shapes = self._in_degrees(staged, shapes, meta["crs"], label)
        names = [str(f) for f in meta["fields"]]
        for number, shape in enumerate(shapes):
            yield Feature(
                source=staged.source,
                layer=label,
                number=number,
                properties=_named(names, [c[number] for c in columns]),
                geometry=shape,
            )

    def _geojson(self, staged: Staged) -> Iterator[Feature]:
        data = _json(staged)
        label = str(data.get("name") or staged.label) if isinstance(data.get("name"), str) else staged.label
        self.layers.append(label)
        if self.wanted and label not in self.wanted and staged.label not in self.wanted:
            return
        features = data["features"]
        if len(features) > self.limits.import_features:
            told = f"{len(features)} features, more than {self.limits.import_features}"
            raise refusal(staged.source, told, "Cut it to the site")
        shapes = np.empty(len(features), dtype=object)
        for number, feature in enumerate(features):
            shapes[number] = _shape(staged, number, feature)
        crs = data.get("crs")
        named = crs.get("properties", {}).get("name") if isinstance(crs, dict) else crs
        shapes = self._in_degrees(staged, shapes, WGS84 if named is None else str(named), label)
        for number, (feature, shape) in enumerate(zip(features, shapes, strict=True)):
            own = feature.get("properties") or {}
            flat = {**own["tags"], **own} if isinstance(own.get("tags"), dict) else dict(own)
            if "id" in feature:
                flat.setdefault("@id", feature["id"])
            yield Feature(
                source=staged.source,
                layer=label,
                number=number,
                properties=_named(list(flat), list(flat.values())),
                geometry=shape,
            )

    def _in_degrees(self, staged: Staged, shapes: Any, crs: str | None, label: str) -> Any:
        """Return geometries in longitude and latitude of WGS 84."""
        shapes = shapely.force_2d(shapes)
        self.left -= int(shapely.get_num_coordinates(shapes).sum())
        if self.left < 0:
            most = self.limits.import_vertices
            raise refusal(staged.source, f"more than {most} vertices in all", "Cut it to the site")
        _see_finite(staged, shapes, label)
        if crs is None and self.crs is None:
            raise refusal(
                staged.source,
                f"layer {label!r} does not say its reference system",
                "Give it with --crs, e.g. --crs EPSG:32652, or export it with one (.prj)",
            )
        try:
            system = CRS.from_user_input(crs or self.crs)
            transformer = Transformer.from_crs(system.to_2d(), "EPSG:4326", always_xy=True)
        except ProjError as error:
            told = f"its reference system {str(crs or self.crs)[:QUOTED]!r} cannot be used"
            raise refusal(staged.source, told, "Export it in EPSG:4326") from error
        if system.to_2d() == CRS.from_user_input(WGS84) or system.to_epsg() == 4326:
            return shapes
        moved = shapely.transform(shapes, lambda c: np.column_stack(transformer.transform(c[:, 0], c[:, 1])))
        if not all(np.isfinite(shapely.bounds(s)).all() for s in moved if s is not None and not s.is_empty):
            told = f"layer {label!r} has positions outside its reference system {system.name}"
            raise refusal(staged.source, told, "Export it in EPSG:4326")
        if not 0 <= transformer.accuracy <= SURE_DATUM_M:
            doubt = "unknown" if transformer.accuracy < 0 else f"{transformer.accuracy:g} m"
            self.notes.append(f"{staged.source.name}: {system.name} to WGS 84 is known to: {doubt}")
        return moved


def _see_finite(staged: Staged, shapes: Any, label: str) -> None:
    """Refuse positions that are no numbers: geometry libraries only warn of them."""
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    bad = np.flatnonzero(~np.isfinite(coordinates).all(axis=1))
    if bad.size:
        told = f"feature {owner[bad[0]]} of layer {label!r} has a position that is not a pair of numbers"
        raise refusal(staged.source, told, "Correct or remove that vertex")


def _json(staged: Staged) -> dict[str, Any]:
    """Return a FeatureCollection from GeoJSON, a single Feature, or one Feature a line (GeoJSONSeq)."""
    try:
        text = staged.path.read_text(encoding="utf-8-sig")
        try:
            data = json.loads(text.lstrip("\x1e"))
        except json.JSONDecodeError:
            lines = [line.strip("\x1e \t\r") for line in text.split("\n")]
            lines = [line for line in lines if line]
            if len(lines) < 2 or not lines[0].endswith("}"):
                raise
            data = {"type": "FeatureCollection", "features": [json.loads(line) for line in lines]}
    except RecursionError as error:
        raise refusal(staged.source, "it is nested too deeply", "Export it again") from error
    except ValueError as error:
        raise refusal(
            staged.source, f"it is not JSON in UTF-8 ({error})", "Copy or export it again"
        ) from error
    if isinstance(data, dict) and data.get("type") == "Feature":
        data = {"type": "FeatureCollection", "features": [data]}
    if isinstance(data, dict) and "elements" in data and "features" not in data:
        raise refusal(staged.source, "Overpass JSON, not GeoJSON", "Export GeoJSON (overpass turbo: Export)")
    if not isinstance(data, dict) or not isinstance(data.get("features"), list):
        raise refusal(staged.source, "it is not a GeoJSON FeatureCollection", "Export it as GeoJSON")
    for number, feature in enumerate(data["features"]):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise refusal(staged.source, f"feature {number} is not a GeoJSON Feature", "Export it again")
    return data


def _shape(staged: Staged, number: int, feature: dict[str, Any]) -> Any:
    geometry = feature.get("geometry")
    if geometry is None:
        return None
    try:
        return shapely.geometry.shape(_flat(geometry))
    except (
        TypeError,
        ValueError,
        AttributeError,
        KeyError,
        IndexError,
        OverflowError,
        RecursionError,
        shapely.errors.ShapelyError,
    ) as error:
        told = f"the geometry of feature {number} cannot be read ({' '.join(str(error).split())[:100]})"
        raise refusal(staged.source, told, "Repair or remove it") from error


def _flat(geometry: Any) -> dict[str, Any]:
    """Return a GeoJSON geometry with two numbers a position."""
    if geometry["type"] == "GeometryCollection":
        return {"type": "GeometryCollection", "geometries": [_flat(g) for g in geometry["geometries"]]}

    def pairs(part: Any) -> Any:
        if part and not isinstance(part[0], list):
            pair = [float(part[0]), float(part[1])]
            if not np.isfinite(pair).all():
                raise ValueError("a position is not a pair of numbers")
            return pair
        return [pairs(p) for p in part]

    return {"type": geometry["type"], "coordinates": pairs(geometry["coordinates"])}


def _named(names: list[str], values: list[Any]) -> dict[str, Any]:
    """Return properties by lower-case name, empty ones left out."""
    out: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        value = value.item() if isinstance(value, np.generic) else value
        if value is None or value == "" or (isinstance(value, float) and np.isnan(value)):
            continue
        out.setdefault(str(name).strip().lower(), value)
    return out
