"""Read the features of staged files, in longitude and latitude."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from tumangang_watch.errors import WatchError
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.importing.checks import MANY, check_staged
from tumangang_watch.sites.importing.stage import Staged, refusal

WGS84 = "OGC:CRS84"
SURE_DATUM_M = 0.5
"""A change of datum less certain than this is noted."""
FARTHEST = 1e9
"""No reference system has larger coordinates."""
QUOTED = 60
DAMAGED = "Repair or remove it (QGIS: Fix geometries)"
NOT_A_GEOMETRY = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class SourceFeature:
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
        named = f" ({str(name)[:QUOTED]!r})" if name else ""
        return f"feature {self.number} of layer {self.layer[:QUOTED]!r}{named}"


@dataclass(kw_only=True)
class SourceReader:
    """Reads staged files; collects what a person should know."""

    limits: SiteSettings
    wanted: tuple[str, ...] = ()
    """Names of the layers to read; all when empty."""
    crs: str | None = None
    """For files that do not say theirs."""
    notes: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    """Every layer that was there."""
    vertices: int = 0

    def read(self, staged: Staged) -> Iterator[SourceFeature]:
        """Yield the features of one staged file, once it is known to be whole and harmless."""
        check_staged(staged, self.limits)
        if staged.kind == "geojson":
            yield from self._geojson(staged)
            return
        try:
            with self._noting(staged):
                layers = pyogrio.list_layers(staged.path)
            if len(layers) > self.limits.import_layers:
                raise refusal(staged.source, f"it has more than {self.limits.import_layers} layers", MANY)
            for index, (name, geometry_type) in enumerate(layers):
                label = staged.label if staged.kind == "shp" else str(name)
                if geometry_type is not None and self._is_wanted(label):
                    yield from self._layer(staged, index, label)  # KML folders may share a name.
        except WatchError:
            raise
        except Exception as error:  # What GDAL's bindings raise for a damaged file is not theirs alone.
            text = " ".join(str(error).replace(str(staged.path), staged.source.name).split())[:200]
            raise refusal(staged.source, f"GDAL cannot read it ({text})", "Export it again") from error

    def _is_wanted(self, label: str, file_name: str = "") -> bool:
        self.layers.append(label)
        return not self.wanted or label in self.wanted or file_name in self.wanted

    @contextmanager
    def _noting(self, staged: Staged) -> Iterator[None]:
        """Keep what GDAL warns of as notes."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        texts = (str(w.message).replace(str(staged.path), staged.source.name) for w in caught)
        self.notes += dict.fromkeys(f"{staged.source.name}: {text}"[:200] for text in texts)

    def _layer(self, staged: Staged, index: int, label: str) -> Iterator[SourceFeature]:
        with self._noting(staged):
            meta, _, wkb, columns = pyogrio.raw.read(
                staged.path,
                layer=index,
                force_2d=True,
                max_features=self.limits.import_features + 1,
                datetime_as_string=True,
            )
        if wkb is None:
            return
        with np.errstate(invalid="ignore"):
            shapes = shapely.from_wkb(wkb, on_invalid="ignore")
        present = np.array([w is not None for w in wkb], dtype=bool)
        if (broken := np.flatnonzero(present & shapely.is_missing(shapes))).size:
            why = f"the geometry of feature {broken[0]} of layer {label!r} cannot be read"
            raise refusal(staged.source, why, DAMAGED)
        names = [str(f) for f in meta["fields"]]
        rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        yield from self._features(staged, label, rows or [{}] * len(shapes), shapes, meta["crs"])

    def _geojson(self, staged: Staged) -> Iterator[SourceFeature]:
        data = _json(staged)
        label = data["name"] if isinstance(data.get("name"), str) and data["name"] else staged.label
        if not self._is_wanted(label, staged.label):
            return
        shapes = np.empty(len(data["features"]), dtype=object)
        rows = []
        for number, feature in enumerate(data["features"]):
            shapes[number] = _shape(staged, number, feature.get("geometry"))
            own = feature.get("properties") or {}
            tags = own["tags"] if isinstance(own.get("tags"), dict) else {}
            top = {"@id": feature["id"]} if "id" in feature else {}
            rows.append({**top, **tags, **own})
        crs = data.get("crs")
        named = crs.get("properties", {}).get("name") if isinstance(crs, dict) else crs
        yield from self._features(staged, label, rows, shapes, WGS84 if named is None else str(named))

    def _features(
        self, staged: Staged, label: str, rows: list[dict[str, Any]], shapes: Any, crs: str | None
    ) -> Iterator[SourceFeature]:
        """Yield the features of a layer, as long as there are not too many of them."""
        if len(rows) > self.limits.import_features:
            why = f"layer {label!r} has more than {self.limits.import_features} features"
            raise refusal(staged.source, why, MANY)
        self.vertices += int(shapely.get_num_coordinates(shapes).sum())
        if self.vertices > self.limits.import_vertices:
            why = f"more than {self.limits.import_vertices} vertices in all"
            raise refusal(staged.source, why, MANY)
        placed = self._in_degrees(staged, shapely.force_2d(shapes), crs or self.crs, label)
        for number, (row, shape) in enumerate(zip(rows, placed, strict=True)):
            yield SourceFeature(
                source=staged.source, layer=label, number=number, properties=_named(row), geometry=shape
            )

    def _in_degrees(self, staged: Staged, shapes: Any, crs: str | None, label: str) -> Any:
        """Return geometries in longitude and latitude of WGS 84."""
        coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
        if (bad := np.flatnonzero(~np.isfinite(coordinates).all(axis=1))).size:
            why = f"feature {owner[bad[0]]} of layer {label!r} has a position that is not a pair of numbers"
            raise refusal(staged.source, why, "Correct or remove that vertex")
        if (bad := np.flatnonzero((np.abs(coordinates) > FARTHEST).any(axis=1))).size:
            why = f"feature {owner[bad[0]]} of layer {label!r} has a position that is no place on Earth"
            raise refusal(staged.source, why, "Correct or remove that vertex")
        if crs is None:
            raise refusal(
                staged.source,
                f"layer {label!r} does not say its reference system",
                "Give it with --crs, e.g. --crs EPSG:32652, or export it with one (.prj)",
            )
        try:
            system = CRS.from_user_input(crs).to_2d()
            transformer = Transformer.from_crs(system, "EPSG:4326", always_xy=True)
        except ProjError as error:
            why = f"its reference system {crs[:QUOTED]!r} cannot be used"
            raise refusal(staged.source, why, "Export it in EPSG:4326") from error
        if system == CRS.from_user_input(WGS84) or system.to_epsg() == 4326:
            return shapes
        moved = shapely.transform(shapes, transformer.transform, interleaved=False)
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            why = f"layer {label!r} has positions outside its reference system {system.name}"
            raise refusal(staged.source, why, "Export it in EPSG:4326")
        if not 0 <= transformer.accuracy <= SURE_DATUM_M:
            doubt = "unknown" if transformer.accuracy < 0 else f"{transformer.accuracy:g} m"
            self.notes.append(f"{staged.source.name}: {system.name} to WGS 84 is known to: {doubt}")
        return moved


def _json(staged: Staged) -> dict[str, Any]:
    """Return a FeatureCollection from GeoJSON, a single Feature, or one Feature a line (GeoJSONSeq)."""
    try:
        text = staged.path.read_text(encoding="utf-8-sig").lstrip("\x1e")
        try:
            data = json.loads(text)
        except json.JSONDecodeError:
            lines = [line for line in (part.strip("\x1e \t\r") for part in text.split("\n")) if line]
            if len(lines) < 2 or not lines[0].endswith("}"):
                raise
            data = {"type": "FeatureCollection", "features": [json.loads(line) for line in lines]}
    except RecursionError as error:
        raise refusal(staged.source, "it is nested too deeply", "Export it again") from error
    except ValueError as error:
        why = f"it is not JSON in UTF-8 ({error})"
        raise refusal(staged.source, why, "Copy or export it again") from error
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


def _shape(staged: Staged, number: int, geometry: Any) -> Any:
    try:
        with np.errstate(invalid="ignore"):
            return None if geometry is None else shapely.geometry.shape(geometry)
    except (*NOT_A_GEOMETRY, shapely.errors.ShapelyError) as error:
        why = f"the geometry of feature {number} cannot be read ({' '.join(str(error).split())[:100]})"
        raise refusal(staged.source, why, DAMAGED) from error


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Return properties by lower-case name, empty ones left out."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        plain = value.item() if isinstance(value, np.generic) else value
        if plain is not None and plain != "" and not (isinstance(plain, float) and np.isnan(plain)):
            out.setdefault(str(name).strip().lower(), plain)
    return out
