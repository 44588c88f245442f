"""A comparison as the contract's ``report.json``: plain values, rounded, in a stable order."""

from __future__ import annotations

import json
import math

import numpy as np

from tumangang_watch.model.comparison import BackgroundUse, Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.document import HistoryDocument, ReportDocument
from tumangang_watch.model.fill import Fill
from tumangang_watch.model.finding import AreaStatus, Crossing, Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.site import Site
from tumangang_watch.report.answer.headline import headline
from tumangang_watch.report.answer.order import by_importance
from tumangang_watch.report.geography import geojson
from tumangang_watch.report.libraries import library_versions
from tumangang_watch.report.track_coverage import tracks_seen
from tumangang_watch.text import utc_text

SCHEMA_VERSION = 1
TOOL = "tumangang-watch"
MAX_LEFT_OUT = 100
"""Dates left out that are named one by one: a record holds thousands."""


def report_dict(comparison: Comparison, tool_version: str) -> ReportDocument:
    """Return the contents of ``report.json``.

    Parameters
    ----------
    comparison : Comparison
        One report: two dates, or one (then ``scenes`` has only ``later``).
    tool_version : str
        Version of the tool that made it.

    Returns
    -------
    dict
        JSON values only: finite numbers, lon/lat geometries, UTC times. The same comparison
        gives the same dict.
    """
    site, pixel_m = comparison.site, comparison.later.raster.grid.pixel_m
    report: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": tool_version, "libraries": library_versions()},
        "settings_sha256": comparison.settings_sha256,
        "headline": list(headline(comparison)),
        "site": {
            "id": site.id,
            "name": site.name,
            "sha256": site.sha256,
            "crs": site.crs,
            "pixel_m": pixel_m,
        },
        "scenes": {o.date: _scene(o) for o in comparison.dates},
        "registration": {
            **_registration(comparison.registration, pixel_m),
            "site_fit": {o.date: _registration(o.site_fit, pixel_m) for o in comparison.dates},
        },
        "background": [
            {"id": s.id, "sha256": s.sha256, "acquired": utc_text(s.acquired)} for s in comparison.background
        ],
        "tracks": tracks_seen(site, comparison.dates),
        "areas": [_area(a, site, comparison.earlier is not None) for a in comparison.areas],
        "detections": [_detection(d, site.crs) for d in comparison.detections],
        "findings": [_finding(f, site.crs) for f in by_importance(comparison.findings)],
        "crossings": [_crossing(c) for c in comparison.crossings],
        "fill": [_fill(f) for f in comparison.fill],
        "detectability": [plain(entry) for entry in comparison.detectability],
        "caveats": list(comparison.caveats),
        "changed": comparison.changed,
    }
    if comparison.background_use is not None:
        report["history"] = history_rows(comparison.background_use)
    if comparison.issue is not None:
        report["issue"] = plain(comparison.issue)
    # File names may carry bytes that UTF-8 cannot hold: they are replaced.
    text = json.dumps(report, ensure_ascii=False).encode("utf-8", "replace")
    document: ReportDocument = json.loads(text)
    return document


def number(value: float | None, digits: int) -> float | int | None:
    """Return a rounded JSON number, whole numbers as int; None for None and for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def interval(value: Interval | None, digits: int) -> dict[str, object] | None:
    """Return ``{"estimate", "low", "high"}`` or None."""
    if value is None:
        return None
    return {name: number(getattr(value, name), digits) for name in ("estimate", "low", "high")}


def plain(value: object) -> object:
    """Return a JSON value: NumPy's scalars unwrapped, what is not finite as null, keys sorted."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    return number(value, 6) if isinstance(value, float) else value


def _scene(observation: Observation) -> dict[str, object]:
    scene, quality = observation.scene, observation.quality
    return {
        "id": scene.id,
        "file": scene.image.name,
        "sha256": scene.sha256,
        "acquired": utc_text(scene.acquired),
        "provider": scene.provider,
        **({"painted": True} if scene.painted else {}),
        "gsd_m": number(scene.gsd_m, 3),
        "pixel_m": number(scene.pixel_m, 3),
        "sun_elevation_deg": number(scene.sun_elevation_deg, 2),
        "sun_azimuth_deg": number(scene.sun_azimuth_deg, 2),
        "off_nadir_deg": number(scene.off_nadir_deg, 2),
        "view_azimuth_deg": number(scene.view_azimuth_deg, 2),
        "cloud_fraction": number(scene.cloud_fraction, 4),
        "bands": plain(scene.bands),
        "band_source": scene.band_source,
        "radiometry": scene.radiometry,
        "licence": scene.licence,
        "snow_state": quality.snow_state,
        "haze": number(quality.haze, 4),
        "sources": plain(scene.sources),
        "warnings": list(scene.warnings),
        "notes": list(dict.fromkeys((*quality.notes, *observation.caveats))),
    }


def _registration(fit: Registration, pixel_m: float) -> dict[str, object]:
    median, p90 = fit.residual_median_m, fit.residual_p90_m
    return {
        "status": fit.status,
        "shift_m": [number(v, 3) for v in fit.shift_m],
        "residual_median_px": None if median is None else number(median / pixel_m, 3),
        "residual_p90_px": None if p90 is None else number(p90 / pixel_m, 3),
        "residual_median_m": number(median, 3),
        "residual_p90_m": number(p90, 3),
        "tie_points": int(fit.tie_points),
        "held_out": int(fit.held_out),
        "affine": [number(v, 9) for v in fit.affine],
        **({"rivals_m": [[number(-v, 1) for v in r] for r in fit.rivals_m]} if fit.rivals_m else {}),
        **({"reference": fit.reference} if fit.reference else {}),
        "reason": fit.reason,
    }


def _area(area: AreaStatus, site: Site, two_dates: bool) -> dict[str, object]:
    names = {a.id: a.name for a in site.areas}
    return {
        "id": area.id,
        "name": names.get(area.id, area.id),
        "role": area.role,
        "status": area.status,
        "observed_fraction": {
            "earlier": number(area.observed_earlier, 3) if two_dates else None,
            "later": number(area.observed_later, 3),
        },
        "reasons": list(area.reasons),
    }


def _detection(found: Detection, crs: str) -> dict[str, object]:
    return {
        "id": found.id,
        "date": found.date,
        "kind": found.kind,
        "label": found.label,
        "area": found.area,
        "areas": {area: number(metres, 2) for area, metres in found.areas},
        "track": found.track,
        **({"tracks": list(found.tracks), "track_grade": "possible"} if found.tracks else {}),
        "track_distance_m": number(found.track_distance_m, 1),
        "from_m": number(found.from_m, 2),
        "to_m": number(found.to_m, 2),
        "length_m": interval(found.length_m, 2),
        "cars": interval(found.cars, 1),
        "rolling_stock": [
            {
                "from_m": number(v.from_m, 2),
                "to_m": number(v.to_m, 2),
                "type": v.type,
                "colour": v.colour,
                "confidence": number(v.confidence, 3),
                "types": {name: number(p, 3) for name, p in v.types},
                "colours": {name: number(p, 3) for name, p in v.colours},
                "load": v.load,
                "load_evidence": v.load_evidence,
            }
            for v in found.rolling_stock
        ],
        "area_m2": interval(found.area_m2, 1),
        "height_m": interval(found.height_m, 2),
        "colour": found.colour,
        "confidence": number(found.confidence, 3),
        "grade": found.grade,
        "observed_fraction": number(found.observed_fraction, 3),
        "evidence": {name: number(strength, 4) for name, strength in found.evidence},
        "geometry": geojson(found.geometry, crs),
        "caveats": list(found.caveats),
    }


def _finding(found: Finding, crs: str) -> dict[str, object]:
    amount = interval(found.amount, 1 if found.unit in ("cars", "m2") else 2) or {}
    return {
        "id": found.id,
        "kind": found.kind,
        "change": found.change,
        "area": found.area,
        "track": found.track,
        "earlier": found.earlier,
        "later": found.later,
        "amount": {**amount, "unit": found.unit},
        "confidence": number(found.confidence, 3),
        "grade": found.grade,
        "statement": found.statement,
        "train": found.train,
        "members": list(found.members),
        "with_finding": found.with_finding,
        "crossing": found.crossing,
        "observed_fraction": number(found.observed_fraction, 3),
        "caveats": list(found.caveats),
        "geometry": geojson(found.geometry, crs),
    }


def _crossing(found: Crossing) -> dict[str, object]:
    return {
        "detection": found.detection,
        "date": found.date,
        "area": found.area,
        "track": found.track,
        "acquired": utc_text(found.acquired),
        "on_bridge_m": number(found.on_bridge_m, 1),
        "heading_deg": number(found.heading_deg, 1),
        "towards": found.towards,
        "speed_kmh": interval(found.speed_kmh, 1),
        "confidence": number(found.confidence, 3),
        "grade": found.grade,
        "statement": found.statement,
    }


def history_rows(background: BackgroundUse) -> HistoryDocument:
    """Return what was used of the dates before; of those left out, at most the first `MAX_LEFT_OUT`."""
    left_out = sorted(background.left_out, key=lambda item: not item.faulty)
    return {
        "offered": background.candidates,
        "used": len(background.used),
        "for": {what: background.count(what) for what in ("tracks", "aprons", "ground")},
        "scenes": [
            {
                "id": date.scene.id,
                "sha256": date.scene.sha256,
                "acquired": utc_text(date.scene.acquired),
                "tracks": date.tracks,
                "aprons": date.aprons,
                "ground": date.ground,
                "residual_median_m": number(date.residual_m, 3),
            }
            for date in background.used
        ],
        "left_out": [
            {
                "name": item.name,
                "acquired": None if item.acquired is None else utc_text(item.acquired),
                "why": item.why,
                "faulty": item.faulty,
            }
            for item in left_out[:MAX_LEFT_OUT]
        ],
        "left_out_count": len(left_out),
    }


def _fill(found: Fill) -> dict[str, object]:
    return {
        "date": found.date,
        "area": found.area,
        "ground_m2": number(found.ground_m2, 1),
        "covered_m2": interval(found.covered_m2, 1),
        "share": interval(found.share, 4),
        "row_length_m": interval(found.row_length_m, 1),
        "rows": [
            {"track": r.track, "from_m": number(r.from_m, 1), "to_m": number(r.to_m, 1)} for r in found.rows
        ],
        "trials": [
            {"size_m2": number(t.size_m2, 1), "tone": t.brightness, "trials": t.tried, "found": t.found}
            for t in found.trials
        ],
        "observed_fraction": number(found.observed_fraction, 3),
        "caveats": list(found.caveats),
    }
