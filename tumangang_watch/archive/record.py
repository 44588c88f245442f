"""Write what one report says into the archive: a pure function of ``report.json``."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import astuple, dataclass
from typing import Any, cast

from tumangang_watch.archive.areas import areas_of, part_in, shared_m, stretches_of
from tumangang_watch.archive.digests import add_row, seal_report
from tumangang_watch.archive.file import Archive
from tumangang_watch.archive.schema import SCENE_FACTS, Refusal
from tumangang_watch.archive.summary import EMPTY, ends_of, summarise, vehicle_types
from tumangang_watch.errors import InputRefused
from tumangang_watch.model.document import (
    AreaDocument,
    DetectionDocument,
    FindingDocument,
    IntervalDocument,
    IssueDocument,
    ReportDocument,
    SceneDocument,
    SiteDocument,
    SupersededDocument,
)
from tumangang_watch.settings.preprocess import QualitySettings
from tumangang_watch.text import json_line

Document = dict[str, Any]
_NO_FIT = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)


@dataclass(frozen=True)
class Issued:
    """A report as it stands in its folder."""

    report: ReportDocument
    """Contents of ``report.json``."""
    folder: str
    """Name of its folder."""
    manifest_sha256: str
    """Digest of its ``manifest.json``."""


def add_report(archive: Archive, issued: Issued) -> None:
    """Record a report; call it inside ``archive.transaction()``, or it commits by itself.

    Raises
    ------
    InputRefused
        The report lacks what the contract promises, or its scene has another current report.
    """
    try:
        if archive.connection.in_transaction:
            _add(archive.connection, issued)
        else:
            with archive.transaction() as connection:
                _add(connection, issued)
    except (KeyError, TypeError, ValueError, AttributeError, *_NO_FIT) as error:
        raise InputRefused(
            "report refused",
            issued.folder,
            f"it does not fit the archive ({error})"[:200],
            "Give a report of this program, and each report once",
        ) from error


def inputs_digest(later: str, earlier: str | None, background: list[str], site: str, part: int) -> str:
    """Return the digest of what a report was made from: scenes (by content), site and part."""
    return hashlib.sha256(json_line([later, earlier, sorted(background), site, part]).encode()).hexdigest()


def add_refusal(connection: sqlite3.Connection, refusal: Refusal) -> None:
    """Record that a scene was refused; a later refusal of the same content takes its place."""
    add_row(connection, "refusals", *astuple(refusal))


def add_file(connection: sqlite3.Connection, path: str, stamp: tuple[int, int], sha256: str) -> None:
    """Record where content lies, with size and modification time, so that it is read only once."""
    add_row(connection, "files", path, *stamp, sha256)


def note_inbox(connection: sqlite3.Connection, inbox: str) -> None:
    """Record the folder that the paths of scene files count from."""
    if connection.execute("SELECT value FROM state WHERE key = 'inbox'").fetchone() != (inbox,):
        add_row(connection, "state", "inbox", inbox)


def add_scene(connection: sqlite3.Connection, scene: SceneDocument) -> int:
    """Record a scene once; return its key."""
    row = {name: scene.get(name) for name in SCENE_FACTS}
    row["scene_id"] = scene["id"]
    row["bands"] = json_line(scene.get("bands", {}))
    row["notes"] = json_line([*scene.get("warnings", []), *scene.get("notes", [])])
    known = connection.execute("SELECT id FROM scenes WHERE sha256 = ?", (scene["sha256"],)).fetchone()
    return int(known[0]) if known else _insert(connection, "scenes", row)


def _add(connection: sqlite3.Connection, issued: Issued) -> None:
    report = issued.report
    issue = report.get("issue") or cast(IssueDocument, {})
    later, earlier = report["scenes"]["later"], report["scenes"].get("earlier")
    earlier_key = None if earlier is None else add_scene(connection, earlier)
    background = [str(b["sha256"]) for b in report.get("background", [])]
    part = int(issue.get("part", 0))
    key = _insert(
        connection,
        "reports",
        {
            "folder": issued.folder,
            "manifest_sha256": issued.manifest_sha256,
            "site": _site(connection, report["site"]),
            "scene": add_scene(connection, later),
            "earlier": earlier_key,
            "inputs_sha256": issue.get("inputs_sha256")
            or inputs_digest(
                later["sha256"],
                earlier["sha256"] if earlier else None,
                background,
                report["site"]["sha256"],
                part,
            ),
            "part": part,
            "revision": int(issue.get("revision", 1)),
            "current": _current(connection, issued.folder, issue.get("supersedes") or []),
            "changed": int(report["changed"]),
            "registration": report["registration"]["status"],
            "tool_version": report["tool"]["version"],
            "settings_sha256": report["settings_sha256"],
            "look": json_line(issue["look"]) if issue.get("look") else None,
            "caveats": json_line(report["caveats"]),
        },
    )
    if part == 0 and not issue.get("supersedes"):
        _note_new_date(connection, str(later["acquired"]))
    connection.executemany(
        "INSERT INTO superseded VALUES (?, ?)",
        [(key, old["folder"]) for old in issue.get("supersedes") or []],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO backgrounds VALUES (?, ?)", [(key, scene) for scene in background]
    )
    connection.executemany(
        "INSERT OR IGNORE INTO failed_pairs VALUES (?, ?, ?)",
        [(key, failed["sha256"], failed["why"]) for failed in issue.get("not_comparable_with") or []],
    )
    _add_areas(connection, key, report, issue.get("speaks_for"))
    for detection in report["detections"]:
        _add_detection(connection, key, detection)
    for finding in report["findings"]:
        _add_finding(connection, key, finding)
    seal_report(connection, key)


def _note_new_date(connection: sqlite3.Connection, acquired: str) -> None:
    """Note that scenes after a date may have a better earlier date now; a killed run is made up for."""
    known = connection.execute("SELECT value FROM state WHERE key = 'weigh_again_from'").fetchone()
    add_row(connection, "state", "weigh_again_from", min(acquired, *known) if known else acquired)


def _current(connection: sqlite3.Connection, folder: str, supersedes: list[SupersededDocument]) -> int:
    """Retire what a report supersedes; return whether the report itself stands, whatever the order."""
    connection.executemany(
        "UPDATE reports SET current = 0 WHERE folder = ?", [(old["folder"],) for old in supersedes]
    )
    row = connection.execute("SELECT 1 FROM superseded WHERE folder = ?", (folder,)).fetchone()
    return int(row is None)


def _site(connection: sqlite3.Connection, site: SiteDocument) -> int:
    known = connection.execute("SELECT id FROM sites WHERE sha256 = ?", (site["sha256"],)).fetchone()
    if known:
        return int(known[0])
    return _insert(
        connection,
        "sites",
        {"site": site["id"], "sha256": site["sha256"], "name": site["name"], "crs": site.get("crs", "")},
    )


def _add_areas(
    connection: sqlite3.Connection, key: int, report: ReportDocument, speaks_for: list[str] | None
) -> None:
    """Record what of each area was observed on the later date, and what stood there."""
    tracks = report.get("tracks", [])
    for track in tracks:
        row = {
            "report": key,
            "track": track["id"],
            "area": track["area"],
            "length_m": float(track["length_m"]),
            "observed": json_line(track["observed"]["later"]),
        }
        _insert(connection, "track_dates", row)
        connection.executemany(
            "INSERT INTO track_areas VALUES (?, ?, ?, ?)",
            [(key, track["id"], area, json_line(inside)) for area, inside in stretches_of(track).items()],
        )
    found = [d for d in report["detections"] if d["date"] == "later"]
    for area in report["areas"]:
        inside = {t["id"]: s[area["id"]] for t in tracks if area["id"] in (s := stretches_of(t))}
        here = [part_in(d, area["id"], inside) for d in found if area["id"] in areas_of(d)]
        seen = [shared_m(t["observed"]["later"], inside[t["id"]]) for t in tracks if t["id"] in inside]
        observed_m = sum(seen) if seen else None
        status = later_status(area)
        known = status != "not_observable"
        row = {
            "report": key,
            "area": area["id"],
            "role": area["role"],
            "speaks": int(speaks_for is None or area["id"] in speaks_for),
            "status": status,
            "observed_earlier": area["observed_fraction"]["earlier"],
            "observed": area["observed_fraction"]["later"],
            "reasons": json_line(area["reasons"]),
            **(summarise(here, observed_m) if known else EMPTY),
            "types": json_line(vehicle_types(here) if known else {}),
        }
        _insert(connection, "area_dates", row)


def later_status(area: AreaDocument, limits: QualitySettings | None = None) -> str:
    """Return an area's status on the later date alone: what hid it earlier is not this date's fault."""
    limits = limits or QualitySettings()
    share = area["observed_fraction"]["later"]
    if share is None or share < limits.not_observable_below:
        return "not_observable"
    return "observed" if share >= limits.observed_from else "partial"


def _add_detection(connection: sqlite3.Connection, key: int, found: DetectionDocument) -> None:
    row = {
        "report": key,
        "detection": found["id"],
        **{name: found[name] for name in ("date", "kind", "grade", "area", "track", "from_m", "to_m")},
        **{name: found.get(name) for name in ("label", "colour", "track_distance_m", "observed_fraction")},
        "confidence": float(found["confidence"]),
        "geometry": json_line(found["geometry"]),
        "evidence": json_line(found.get("evidence", {})),
        "caveats": json_line(found["caveats"]),
    }
    for measure in ("length_m", "cars", "area_m2", "height_m"):
        value = cast(IntervalDocument | None, found.get(measure)) or dict.fromkeys(
            ("estimate", "low", "high")
        )
        row |= zip(ends_of(measure), (value["estimate"], value["low"], value["high"]), strict=True)
    detection = _insert(connection, "detections", row)
    connection.executemany(
        "INSERT INTO detection_areas VALUES (?, ?, ?)",
        [(detection, area, metres) for area, metres in areas_of(found).items()],
    )
    for position, vehicle in enumerate(found["rolling_stock"], start=1):
        row = {
            "detection": detection,
            "position": position,
            **{name: vehicle[name] for name in ("from_m", "to_m", "type", "colour", "confidence")},
            "types": json_line(vehicle.get("types", {})),
            "colours": json_line(vehicle.get("colours", {})),
            "load": vehicle.get("load"),
            "load_evidence": vehicle.get("load_evidence"),
        }
        _insert(connection, "vehicles", row)


def _add_finding(connection: sqlite3.Connection, key: int, found: FindingDocument) -> None:
    amount = found["amount"]
    row = {
        "report": key,
        "finding": found["id"],
        **{
            n: found[n] for n in ("kind", "change", "grade", "area", "track", "earlier", "later", "statement")
        },
        "confidence": float(found["confidence"]),
        "amount": amount["estimate"],
        "amount_low": amount["low"],
        "amount_high": amount["high"],
        "unit": amount["unit"],
        "observed_fraction": found.get("observed_fraction"),
        "geometry": json_line(found["geometry"]),
        "caveats": json_line(found["caveats"]),
        "members": json_line(found.get("members", [])),
        "with_finding": found.get("with_finding"),
    }
    _insert(connection, "findings", row)


def _insert(connection: sqlite3.Connection, table: str, row: Document) -> int:
    """Insert a row; the names of columns come from this module, never from a document."""
    names = ", ".join(row)
    cursor = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
    )
    return int(cursor.lastrowid or 0)
