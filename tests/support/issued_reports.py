"""Reports as they stand on the disk, of the contract's form, with whatever content a test wants."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

YARD = {"type": "Polygon", "coordinates": [[[130.0, 42.0], [130.01, 42.0], [130.01, 42.01], [130.0, 42.0]]]}


def sha(text):
    return hashlib.sha256(str(text).encode()).hexdigest()


def span(estimate, half=1.0):
    return {"estimate": estimate, "low": max(0.0, estimate - half), "high": estimate + half}


def scene(day, name=None, gsd_m=0.5):
    acquired = datetime(2022, 1, 1, 2, tzinfo=UTC) + timedelta(days=day)
    name = name or f"scene{day}"
    return {
        "id": name,
        "file": f"{name}.tif",
        "sha256": sha(name),
        "provider": "painted",
        "gsd_m": gsd_m,
        "acquired": acquired.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "pixel_m": gsd_m,
        "sun_elevation_deg": 30,
        "sun_azimuth_deg": 150,
        "off_nadir_deg": 10,
        "view_azimuth_deg": 90,
        "cloud_fraction": 0,
        "bands": {"blue": 1, "green": 2, "red": 3, "nir": 4},
        "band_source": "tags",
        "radiometry": "dn",
        "licence": None,
        "snow_state": "none",
        "haze": 0,
        "sources": {},
        "warnings": [],
        "notes": [],
    }


def train(name="t1", cars=8, *, date="later", from_m=10.0, grade="detected", confidence=0.97):
    length = 14.0 * (cars or 5)
    vehicles = [
        {
            "from_m": from_m + 14 * k,
            "to_m": from_m + 14 * k + 13,
            "type": "open",
            "colour": "grey",
            "confidence": 0.9,
            "types": {"open": 0.8},
            "colours": {"grey": 0.7},
            "load": None,
            "load_evidence": None,
        }
        for k in range(cars or 0)
    ]
    return {
        "id": name,
        "date": date,
        "kind": "train",
        "label": None,
        "area": "yard",
        "track": "1",
        "track_distance_m": None,
        "from_m": from_m,
        "to_m": from_m + length,
        "length_m": span(length, 2),
        "cars": None if cars is None else span(cars),
        "rolling_stock": vehicles,
        "area_m2": None,
        "height_m": None,
        "colour": None,
        "confidence": confidence,
        "grade": grade,
        "observed_fraction": 1,
        "evidence": {"cue": 2.5},
        "geometry": YARD,
        "caveats": [],
    }


def cargo(name="c1", area_m2=120.0, confidence=0.9, grade="detected"):
    found = train(name, None, confidence=confidence, grade=grade)
    found.update(kind="cargo", track=None, from_m=None, to_m=None, length_m=None, area_m2=span(area_m2, 10))
    return found


def finding(name="f1", change="appeared", *, grade="detected", statement="A train of 8 cars came."):
    return {
        "id": name,
        "kind": "train",
        "change": change,
        "area": "yard",
        "track": "1",
        "earlier": None,
        "later": "t1",
        "amount": {**span(8), "unit": "cars"},
        "confidence": 0.9,
        "grade": grade,
        "statement": statement,
        "observed_fraction": 1,
        "caveats": [],
        "geometry": YARD,
    }


def report(day, *, earlier=None, found=(), findings=(), seen=1.0, issue=None, background=(), **more):
    scenes = {"later": scene(day, gsd_m=more.get("gsd_m", 0.5), name=more.get("name"))}
    if earlier is not None:
        scenes = {"earlier": scene(earlier), **scenes}
    status = "observed" if seen >= 0.9 else "partial" if seen >= 0.3 else "not_observable"
    fit = {
        "status": "ok",
        "shift_m": [0, 0],
        "residual_median_px": None,
        "residual_p90_px": None,
        "residual_median_m": None,
        "residual_p90_m": None,
        "tie_points": 9,
        "held_out": 0,
        "affine": [1, 0, 0, 0, 1, 0],
        "reason": "",
    }
    document = {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": "0.1"},
        "settings_sha256": sha("settings"),
        "site": {"id": "toy", "name": "Toy yard", "sha256": sha("site"), "crs": "EPSG:32652", "pixel_m": 0.5},
        "scenes": scenes,
        "registration": {**fit, "site_fit": dict.fromkeys(scenes, fit)},
        "background": [{k: scene(b)[k] for k in ("id", "sha256", "acquired")} for b in background],
        "tracks": [
            {
                "id": "1",
                "area": "yard",
                "length_m": 500.0,
                "observed": {date: [[0.0, 400.0]] if seen >= 0.3 else [] for date in scenes},
            }
        ],
        "areas": [
            {
                "id": "yard",
                "name": "Yard",
                "role": "yard",
                "status": status,
                "observed_fraction": {"earlier": None if earlier is None else 1.0, "later": seen},
                "reasons": [],
            }
        ],
        "detections": list(found),
        "findings": list(findings),
        "detectability": [],
        "caveats": [],
        "changed": any(f["change"] != "unchanged" and f["grade"] == "detected" for f in findings),
    }
    if issue is not None:
        document["issue"] = issue
    return document


def through(day, *trains, seen=((0.0, 500.0),)):
    """A report of one track: yard to 300 m, bridge from there on; trains by where they stand."""
    found = [
        train(f"t{k}", round((to_m - from_m) / 14), from_m=from_m)
        | {"areas": areas, "area": next(iter(areas))}
        for k, (from_m, to_m, areas) in enumerate(trains)
    ]
    document = report(day, found=found)
    yard = document["areas"][0]
    document["areas"] = [yard, yard | {"id": "bridge", "name": "Bridge", "role": "bridge"}]
    inside = {"yard": [[0.0, 300.0]], "bridge": [[300.0, 500.0]]}
    document["tracks"][0] |= {"areas": inside, "observed": {"later": [list(ends) for ends in seen]}}
    return document


def issue(revision=1, supersedes=(), part=0, speaks_for=("yard",)):
    old = [{"folder": f, "manifest_sha256": sha(f), "why": "a scene came late"} for f in supersedes]
    return {
        "part": part,
        "revision": revision,
        "speaks_for": list(speaks_for),
        "supersedes": old,
        "inputs_sha256": sha((part, revision)),
        "look": {"snow_state": "none", "observed": {"yard": 1.0}},
        "not_comparable_with": [],
    }


def put(reports, document, name):
    """Write a report's folder as the program does: its files, and a manifest over them."""
    folder = reports / name
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(document))
    digest = hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"files": {"report.json": {"sha256": digest}}}))
    return folder
