"""Questions to the archive that more than one job asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, NotRequired, TypedDict, cast

from tumangang_watch.archive.file import Archive
from tumangang_watch.archive.schema import Refusal
from tumangang_watch.errors import UsageError
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.text import PAINTED

SURELY_CAME = """EXISTS (SELECT 1 FROM findings AS f WHERE f.report = {0}.report AND f.later = {0}.detection
    AND f.kind = 'train' AND f.change = 'appeared' AND f.grade = 'detected')"""
"""Whether a report says of a detection of one of the views that it came since the last look."""


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


class IndexRow(TypedDict):
    """A report as the index page lists it; the last two are what readers said of it and of its statements."""

    folder: str
    current: int
    part: int
    acquired: str
    scene: str
    provider: str
    gsd_m: float
    earlier_acquired: str | None
    earlier: str | None
    registration: str
    changes: int
    background: int
    areas: list[list[str]]
    statements: list[str]
    findings: list[str]
    supersedes: list[str]
    painted: NotRequired[bool]
    review: NotRequired[str]
    marks: NotRequired[list[str]]


class FeedRow(TypedDict):
    """A sure change as the feed tells it."""

    folder: str
    acquired: str
    finding: str
    kind: str
    change: str
    confidence: float
    statement: str
    geometry: GeometryDocument
    caveats: list[str]
    painted: NotRequired[bool]


def _rows(archive: Archive, question: str, *values: object) -> list[dict[str, Any]]:
    cursor = archive.connection.execute(question, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _text(archive: Archive, question: str, *values: object) -> str | None:
    """Return the only value of the first row; None where there is no row."""
    row = archive.connection.execute(question, values).fetchone()
    return None if row is None else str(row[0])


def known_scenes(archive: Archive, site: str) -> list[KnownScene]:
    """Return the scenes that have a standing report of a site, by time."""
    rows = _rows(
        archive,
        """SELECT s.sha256, s.scene_id, s.acquired, s.gsd_m, s.off_nadir_deg, s.view_azimuth_deg,
                  s.sun_elevation_deg, s.sun_azimuth_deg, s.snow_state, s.radiometry,
                  r.look, json_group_object(a.area, coalesce(a.observed, 0.0)) AS observed
           FROM reports AS r JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
           JOIN area_dates AS a ON a.report = r.id
           WHERE r.current AND r.part = 0 AND sites.site = ?
           GROUP BY r.id ORDER BY s.acquired, s.sha256""",
        site,
    )
    for row in rows:
        # What the first look saw rather than what the report measured: it does not depend on the partner.
        seen = json.loads(row.pop("look") or "{}")
        row["observed"] = seen["observed"] if seen else json.loads(row["observed"])
        row["snow_state"] = seen.get("snow_state", row["snow_state"])
    return [KnownScene(**row) for row in rows]


def current_folders(archive: Archive, site: str) -> dict[str, str]:
    """Return the folder of every standing report of a site, and its scene (sha256)."""
    question = "SELECT folder, scene_sha256 FROM current_reports WHERE site_id = ?"
    return dict(archive.connection.execute(question, (site,)))


def superseded_by(archive: Archive, folder: str) -> dict[str, str]:
    """Return the folders that a report supersedes, with the digests of their manifests."""
    rows = archive.connection.execute(
        """SELECT o.folder, o.manifest_sha256 FROM superseded AS x JOIN reports AS r ON r.id = x.report
           JOIN reports AS o ON o.folder = x.folder WHERE r.folder = ? ORDER BY o.folder""",
        (folder,),
    )
    return dict(rows)


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
    names = ", ".join(f.name for f in fields(Refusal))
    rows = _rows(archive, f"SELECT {names} FROM refusals ORDER BY sha256")
    return {row["sha256"]: Refusal(**row) for row in rows}


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
    rows = _rows(
        archive,
        """SELECT folder, manifest_sha256, part, revision, inputs_sha256, tool_version, settings_sha256
           FROM current_reports WHERE site_id = ? AND scene_sha256 = ? ORDER BY part""",
        site,
        scene_sha256,
    )
    return [CurrentReport(**row) for row in rows]


def folders(archive: Archive) -> dict[str, str]:
    """Return every report's folder and the digest of its manifest."""
    return dict(archive.connection.execute("SELECT folder, manifest_sha256 FROM reports"))


def paths_of(archive: Archive) -> dict[str, list[str]]:
    """Return where each content (sha256) was last seen."""
    found: dict[str, list[str]] = {}
    for path, sha256 in archive.connection.execute("SELECT path, sha256 FROM files ORDER BY path"):
        found.setdefault(sha256, []).append(path)
    return found


def state(archive: Archive, key: str) -> str | None:
    """Return what a run noted for the next one; None where none has.

    ``inbox`` is the folder that the paths of scene files count from, ``weigh_again_from`` the earliest
    acquisition time after which earlier dates have to be chosen again.
    """
    return _text(archive, "SELECT value FROM state WHERE key = ?", key)


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
    scene = "SELECT s.sha256 FROM reports AS r JOIN scenes AS s ON s.id = r.scene WHERE r.folder = ?"
    return _text(archive, scene, folder)


def partner_of(archive: Archive, folder: str) -> str | None:
    """Return the earlier scene (sha256) of a report."""
    earlier = "SELECT e.sha256 FROM reports AS r JOIN scenes AS e ON e.id = r.earlier WHERE r.folder = ?"
    return _text(archive, earlier, folder)


def known_files(archive: Archive) -> dict[str, tuple[tuple[int, int], str]]:
    """Return stamp (bytes, mtime_ns) and content of every file that was read, by path."""
    rows = archive.connection.execute("SELECT path, bytes, mtime_ns, sha256 FROM files")
    return {path: ((size, mtime_ns), sha256) for path, size, mtime_ns, sha256 in rows}


def index_rows(archive: Archive, site: str, limit: int) -> list[IndexRow]:
    """Return the latest reports for the index page, superseded ones included, latest first."""
    rows = _rows(
        archive,
        """SELECT r.folder, r.current, r.part, s.acquired, s.scene_id AS scene, s.provider, s.gsd_m,
                  e.acquired AS earlier_acquired, e.scene_id AS earlier, r.registration,
                  (SELECT count(*) FROM leading_findings AS t WHERE t.report = r.id) AS changes,
                  (SELECT count(*) FROM backgrounds b WHERE b.report = r.id) AS background,
                  (SELECT json_group_array(json_array(area, status))
                   FROM (SELECT area, status FROM area_dates a WHERE a.report = r.id AND a.speaks)) AS areas,
                  (SELECT json_group_array(statement)
                   FROM (SELECT statement FROM leading_findings AS t
                         WHERE t.report = r.id ORDER BY id)) AS statements,
                  (SELECT json_group_array(finding)
                   FROM (SELECT finding FROM leading_findings AS t
                         WHERE t.report = r.id ORDER BY id)) AS findings,
                  (SELECT json_group_array(folder) FROM (SELECT folder FROM superseded x
                   WHERE x.report = r.id ORDER BY folder)) AS supersedes
           FROM reports AS r JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
           LEFT JOIN scenes AS e ON e.id = r.earlier WHERE sites.site = ?
           ORDER BY s.acquired DESC, r.folder DESC LIMIT ?""",
        site,
        limit,
    )
    painted = painted_folders(archive, site)
    for row in rows:
        row |= {name: json.loads(row[name]) for name in ("areas", "statements", "findings", "supersedes")}
        row["painted"] = row["folder"] in painted
    return cast(list[IndexRow], rows)


def feed_rows(archive: Archive, site: str, limit: int) -> list[FeedRow]:
    """Return the latest sure changes of standing reports, latest first."""
    rows = _rows(
        archive,
        """SELECT r.folder, r.acquired, f.finding, f.kind, f.change, f.confidence, f.statement, f.geometry,
                  f.caveats
           FROM leading_findings AS f JOIN current_reports AS r ON r.id = f.report WHERE r.site_id = ?
           ORDER BY r.acquired DESC, r.folder, f.id LIMIT ?""",
        site,
        limit,
    )
    painted = painted_folders(archive, site)
    for row in rows:
        row |= {name: json.loads(row[name]) for name in ("geometry", "caveats")}
        row["painted"] = row["folder"] in painted
    return cast(list[FeedRow], rows)


def painted_folders(archive: Archive, site: str) -> frozenset[str]:
    """Return the folders of a site's reports that rest on a scene which the program painted."""
    rows = archive.connection.execute(
        """SELECT r.folder FROM reports AS r JOIN scenes AS s ON s.id = r.scene
           JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
           WHERE sites.site = ? AND ? IN (s.provider, e.provider)""",
        (site, PAINTED),
    )
    return frozenset(folder for (folder,) in rows)


def count_reports(archive: Archive, site: str) -> int:
    """Return how many reports of a site there are, superseded ones included."""
    count = "SELECT count(*) FROM reports AS r JOIN sites ON sites.id = r.site WHERE sites.site = ?"
    return int(_text(archive, count, site) or 0)


def site_names(archive: Archive) -> list[str]:
    """Return the ids of the sites of the archive."""
    rows = archive.connection.execute("SELECT DISTINCT site FROM sites ORDER BY site")
    return [str(row[0]) for row in rows]


def site_of(archive: Archive, wanted: str | None) -> str:
    """Return the site that is meant.

    Raises
    ------
    UsageError
        There is no such site, or several and none was named.
    """
    names = site_names(archive)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    why = f"no site {wanted!r}" if wanted else f"it holds {len(names)} sites"
    known = ", ".join(names) or "none"
    raise UsageError("which site", archive.path, f"{why} (known: {known})", "Name one with --site")
