"""Outlines that a reader drew or moved: onto a track in metres, or refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from tumangang_watch.archive import Archive
from tumangang_watch.errors import UsageError
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.site import Site
from tumangang_watch.sites import load_site

FAR_M = 1000.0
"""An outline so far from what it corrects belongs to something else."""
_M_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class SiteTracks:
    """The site's tracks, read when an outline first needs them."""

    site_file: Path | None
    digests: frozenset[str]
    """Of the site files that the record's reports were made with."""

    @classmethod
    def of(cls, archive: Archive, site: str, site_file: Path | None) -> SiteTracks:
        """Return the tracks of an archive's site."""
        rows = archive.connection.execute("SELECT sha256 FROM sites WHERE site = ?", (site,))
        return cls(site_file, frozenset(row[0] for row in rows))

    @cached_property
    def site(self) -> Site:
        """The site file; refused when it is not the one that the reports were made with."""
        site = load_site(self.site_file)
        if site.sha256 not in self.digests:
            raise UsageError(
                "another site file",
                self.site_file or "the built-in site",
                "the reports were not made with it",
                "Give the right one with --site-file, or metres along the track (new_from_m, new_to_m)",
            )
        return site

    def stretch(self, outline: BaseGeometry, track: str | None) -> tuple[str, float, float]:
        """Return track, first and last metre that an outline covers.

        Parameters
        ----------
        outline : geometry
            A polygon over the track or a line along it, in lon/lat.
        track : str or None
            Its track; None takes the one of which it covers most.

        Raises
        ------
        UsageError
            It touches no such track.
        """
        shape = self._in_metres(outline)
        cover = shape if shape.area > 0 else shape.buffer(3.0)
        best: tuple[float, str, float, float] | None = None
        for line in self.site.tracks:
            if track is not None and line.id != track:
                continue
            inside = shapely.intersection(line.line, cover)
            if inside.is_empty or inside.length <= 0:
                continue
            ends = shapely.line_locate_point(line.line, shapely.points(shapely.get_coordinates(inside)))
            found = (float(inside.length), line.id, float(ends.min()), float(ends.max()))
            best = max(best, found) if best else found
        if best is None:
            where = f"track {track}" if track is not None else "any track"
            why = f"it does not cover {where}"
            raise UsageError("no stretch of track", "outline", why, "Draw it over the track")
        return best[1], round(best[2], 2), round(best[3], 2)

    def _in_metres(self, outline: BaseGeometry) -> BaseGeometry:
        transformer = Transformer.from_crs("EPSG:4326", self.site.crs, always_xy=True)
        shape = shapely.transform(
            outline, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        )
        return shape if shape.is_valid else shapely.make_valid(shape)


def read_outline(text: str) -> GeometryDocument:
    """Return the outline of a WKT text in lon/lat, as GeoJSON."""
    try:
        shape = shapely.from_wkt(text)
    except shapely.GEOSException as error:
        raise UsageError(
            "outline refused", repr(text[:60]), "it is no WKT", "Give e.g. POLYGON((lon lat, …))"
        ) from error
    return outline_of(shape)


def outline_of(shape: BaseGeometry | None) -> GeometryDocument:
    """Return a drawn polygon (or line along a track) as GeoJSON, 7 decimals of a degree.

    Raises
    ------
    UsageError
        It is a point, empty, or does not lie on the earth.
    """
    if (
        shape is None
        or shape.is_empty
        or shape.geom_type not in ("Polygon", "MultiPolygon", "LineString", "MultiLineString")
    ):
        kind = "nothing" if shape is None or shape.is_empty else f"a {shape.geom_type.lower()}"
        raise UsageError("outline refused", kind, "it is no polygon", "Draw a polygon around it")
    coords = shapely.get_coordinates(shape)
    if not np.isfinite(coords).all() or abs(coords[:, 0]).max() > 180 or abs(coords[:, 1]).max() > 90:
        raise UsageError(
            "outline refused", shape.geom_type, "it is not in lon/lat", "Draw it over the finding"
        )
    sound = shape if shape.is_valid else shapely.make_valid(shape)
    rounded = shapely.transform(sound, lambda xy: np.round(xy, 7))
    document: GeometryDocument = json.loads(shapely.to_geojson(rounded))
    return document


def shift_m(before: GeometryDocument | None, after: BaseGeometry | None) -> float:
    """Return how far an outline was moved or reshaped, in metres (the Hausdorff distance); 0 without one."""
    if before is None or after is None:
        return 0.0
    scaled = [_scaled(s) for s in (shapely.from_geojson(json.dumps(before)), after)]
    return float(shapely.hausdorff_distance(*scaled))


def _scaled(shape: BaseGeometry) -> BaseGeometry:
    """Return lon/lat as metres from a corner near by (0.5 % over a kilometre)."""
    lat = np.radians(shapely.get_coordinates(shape)[:, 1].mean())
    return shapely.transform(shape, lambda xy: xy * [_M_PER_DEGREE * np.cos(lat), _M_PER_DEGREE])
