"""Questions to the archive that more than one job asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from tumangang_watch.archive.file import Archive
from tumangang_watch.archive.record import Refusal


@dataclass(frozen=True, kw_only=True)
class KnownScene:
    """A scene of the archive as the choice of earlier dates needs it."""

    sha256: str
    scene_id: str
    acquired: str
    gsd_m: float
    off_nadir_deg: float | None
    view_azimuth_deg: float | None
    sun_elevation_deg: float | None
    sun_azimuth_deg: float | None
    snow_state: str | None
    radiometry: str | None
    observed: dict[str, float]
    """Share of each area that could be seen, by area."""


@dataclass(frozen=True, kw_only=True)
class CurrentReport:
    """A report that no other supersedes."""

    folder: str
    manifest_sha256: str
    part: int
    revision: int
    inputs_sha256: str
    tool_version: str
    settings_sha256: str


def known_scenes(archive: Archive, site: str) -> list[KnownScene]:
    """Return the scenes that have a standing report of a site, by time."""
    rows = archive.connection.execute(
        """SELECT s.sha256, s.scene_id, s.acquired, s.gsd_m, s.off_nadir_deg, s.view_azimuth_deg,
                  s.sun_elevation_deg, s.sun_azimuth_deg, s.snow_state, s.radiometry,
                  r.look, json_group_object(a.area, coalesce(a.observed, 0.0))
           FROM reports AS r JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
           JOIN area_dates AS a ON a.report = r.id
           WHERE r.current AND r.part = 0 AND sites.site = ?
           GROUP BY r.id ORDER BY s.acquired, s.sha256""",
        (site,),
    )
    return [_known(row) for row in rows]


def _known(row: tuple[Any, ...]) -> KnownScene:
    """Prefer what the first look saw to what the report measured: it does not depend on the partner."""
    sha256, scene_id, acquired, gsd_m, off_nadir, view, elevation, azimuth, snow_state, radiometry = row[:10]
    seen = json.loads(row[10]) if row[10] else {"observed": json.loads(row[11])}
    return KnownScene(
        sha256=sha256,
        scene_id=scene_id,
        acquired=acquired,
        gsd_m=gsd_m,
        off_nadir_deg=off_nadir,
        view_azimuth_deg=view,
        sun_elevation_deg=elevation,
        sun_azimuth_deg=azimuth,
        snow_state=seen.get("snow_state", snow_state),
        radiometry=radiometry,
        observed=seen["observed"],
    )


def failed_pairs(archive: Archive, scene_sha256: str) -> dict[str, str]:
    """Return the earlier scenes (sha256) that a scene could not be compared with, and why."""
    return dict(
        archive.connection.execute(
            """SELECT f.scene, f.why FROM failed_pairs AS f JOIN current_reports AS r ON r.id = f.report
               WHERE r.scene_sha256 = ?""",
            (scene_sha256,),
        )
    )


def refusals(archive: Archive) -> dict[str, Refusal]:
    """Return the refused scenes by content."""
    rows = archive.connection.execute("SELECT * FROM refusals ORDER BY sha256")
    names = [column[0] for column in rows.description]
    return {row[0]: Refusal(**dict(zip(names, row, strict=True))) for row in rows}


def backgrounds(archive: Archive, folder: str) -> list[str]:
    """Return the scenes (sha256) that a report used as background."""
    rows = archive.connection.execute(
        """SELECT b.scene FROM backgrounds AS b JOIN reports AS r ON r.id = b.report
           WHERE r.folder = ? ORDER BY b.scene""",
        (folder,),
    )
    return [row[0] for row in rows]


def current_reports(archive: Archive, site: str, scene_sha256: str) -> list[CurrentReport]:
    """Return a scene's standing reports of a site, part by part."""
    rows = archive.connection.execute(
        """SELECT folder, manifest_sha256, part, revision, inputs_sha256, tool_version, settings_sha256
           FROM current_reports WHERE site_id = ? AND scene_sha256 = ? ORDER BY part""",
        (site, scene_sha256),
    )
    names = [f.name for f in fields(CurrentReport)]
    return [CurrentReport(**dict(zip(names, row, strict=True))) for row in rows]


def latest_pair(archive: Archive, site: str) -> tuple[str, str | None, str | None] | None:
    """Return folder, later and earlier scene (sha256) of a site's latest standing report."""
    row = archive.connection.execute(
        """SELECT r.folder, s.sha256, e.sha256
           FROM scenes AS s JOIN reports AS r ON r.scene = s.id AND r.current AND r.part = 0
           JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
           WHERE sites.site = ? ORDER BY s.acquired DESC LIMIT 1""",
        (site,),
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def folders(archive: Archive) -> dict[str, str]:
    """Return every report's folder and the digest of its manifest."""
    return dict(archive.connection.execute("SELECT folder, manifest_sha256 FROM reports"))


def paths_of(archive: Archive) -> dict[str, list[str]]:
    """Return where each content (sha256) was last seen."""
    found: dict[str, list[str]] = {}
    for path, sha256 in archive.connection.execute("SELECT path, sha256 FROM files ORDER BY path"):
        found.setdefault(sha256, []).append(path)
    return found


def inbox(archive: Archive) -> str | None:
    """Return the folder that the paths of scene files count from, where a run has said it."""
    row = archive.connection.execute("SELECT value FROM state WHERE key = 'inbox'").fetchone()
    return None if row is None else str(row[0])


def weigh_again_from(archive: Archive) -> str | None:
    """Return the earliest acquisition time after which earlier dates have to be chosen again."""
    row = archive.connection.execute("SELECT value FROM state WHERE key = 'weigh_again_from'").fetchone()
    return None if row is None else str(row[0])


def last_revisions(archive: Archive, site: str, scene_sha256: str) -> dict[int, int]:
    """Return the highest revision so far of each part of a scene's report."""
    return dict(
        archive.connection.execute(
            """SELECT r.part, max(r.revision) FROM reports AS r JOIN scenes AS s ON s.id = r.scene
               JOIN sites ON sites.id = r.site WHERE sites.site = ? AND s.sha256 = ? GROUP BY r.part""",
            (site, scene_sha256),
        )
    )


def owner_of(archive: Archive, folder: str) -> str | None:
    """Return the scene (sha256) whose report has this folder."""
    row = archive.connection.execute(
        "SELECT s.sha256 FROM reports AS r JOIN scenes AS s ON s.id = r.scene WHERE r.folder = ?", (folder,)
    ).fetchone()
    return None if row is None else str(row[0])


def known_files(archive: Archive) -> dict[str, tuple[tuple[int, int], str]]:
    """Return stamp (bytes, mtime_ns) and content of every file that was read, by path."""
    rows = archive.connection.execute("SELECT path, bytes, mtime_ns, sha256 FROM files")
    return {path: ((size, mtime_ns), sha256) for path, size, mtime_ns, sha256 in rows}


def index_rows(archive: Archive, site: str, limit: int) -> list[dict[str, Any]]:
    """Return the latest reports for the index page, superseded ones included, latest first."""
    rows = archive.connection.execute(
        """SELECT r.folder, r.current, r.changed, r.part, r.revision, s.acquired, s.scene_id, s.provider,
                  s.gsd_m, e.acquired, e.scene_id, r.registration,
                  (SELECT count(*) FROM findings f WHERE f.report = r.id AND f.change <> 'unchanged'
                   AND f.grade = 'detected'),
                  (SELECT count(*) FROM backgrounds b WHERE b.report = r.id),
                  (SELECT json_group_array(json_array(area, status))
                   FROM (SELECT area, status FROM area_dates a WHERE a.report = r.id AND a.speaks)),
                  (SELECT json_group_array(statement) FROM (SELECT statement FROM findings f
                   WHERE f.report = r.id AND f.change <> 'unchanged' AND f.grade = 'detected' ORDER BY f.id)),
                  (SELECT json_group_array(finding) FROM (SELECT finding FROM findings f
                   WHERE f.report = r.id AND f.change <> 'unchanged' AND f.grade = 'detected' ORDER BY f.id)),
                  (SELECT json_group_array(folder) FROM (SELECT folder FROM superseded x
                   WHERE x.report = r.id ORDER BY folder))
           FROM reports AS r JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
           LEFT JOIN scenes AS e ON e.id = r.earlier WHERE sites.site = ?
           ORDER BY s.acquired DESC, r.folder DESC LIMIT ?""",
        (site, limit),
    )
    names = (
        "folder",
        "current",
        "changed",
        "part",
        "revision",
        "acquired",
        "scene",
        "provider",
        "gsd_m",
        "earlier_acquired",
        "earlier",
        "registration",
        "changes",
        "background",
        "areas",
        "statements",
        "findings",
        "supersedes",
    )
    return [
        {
            n: json.loads(v) if n in ("areas", "statements", "findings", "supersedes") else v
            for n, v in zip(names, row, strict=True)
        }
        for row in rows
    ]


def feed_rows(archive: Archive, site: str, limit: int) -> list[dict[str, Any]]:
    """Return the latest sure changes of standing reports, latest first."""
    cursor = archive.connection.execute(
        """SELECT r.folder, r.acquired, f.finding, f.kind, f.change, f.confidence, f.statement, f.area,
                  f.track, f.geometry, f.caveats
           FROM findings AS f JOIN current_reports AS r ON r.id = f.report
           LEFT JOIN area_dates AS a ON a.report = r.id AND a.area = f.area
           WHERE r.site_id = ? AND f.grade = 'detected' AND f.change <> 'unchanged'
                 AND coalesce(a.speaks, r.part = 0)
           ORDER BY r.acquired DESC, r.folder, f.id LIMIT ?""",
        (site, limit),
    )
    names = [column[0] for column in cursor.description]
    return [
        {n: json.loads(v) if n in ("geometry", "caveats") else v for n, v in zip(names, row, strict=True)}
        for row in cursor
    ]


def partner_of(archive: Archive, folder: str) -> str | None:
    """Return the earlier scene (sha256) of a report."""
    row = archive.connection.execute(
        "SELECT e.sha256 FROM reports AS r JOIN scenes AS e ON e.id = r.earlier WHERE r.folder = ?", (folder,)
    ).fetchone()
    return None if row is None else str(row[0])


def count_reports(archive: Archive, site: str) -> int:
    """Return how many reports of a site there are, superseded ones included."""
    row = archive.connection.execute(
        "SELECT count(*) FROM reports AS r JOIN sites ON sites.id = r.site WHERE sites.site = ?", (site,)
    ).fetchone()
    return int(row[0])


def site_names(archive: Archive) -> list[str]:
    """Return the ids of the sites of the archive."""
    return [
        str(row[0]) for row in archive.connection.execute("SELECT DISTINCT site FROM sites ORDER BY site")
    ]
