"""Questions to the archive that more than one job asks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tumangang_watch.archive.record import Refusal

if TYPE_CHECKING:
    from tumangang_watch.archive.file import Archive


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class StandingReport:
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
        sha256, scene_id, acquired, gsd_m, off_nadir, view, elevation, azimuth,
        seen.get("snow_state", snow_state), radiometry, seen["observed"],
    )  # fmt: skip


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
    return {
        row[0]: Refusal(*row) for row in archive.connection.execute("SELECT * FROM refusals ORDER BY sha256")
    }


def backgrounds(archive: Archive, folder: str) -> list[str]:
    """Return the scenes (sha256) that a report used as background."""
    rows = archive.connection.execute(
        """SELECT b.scene FROM backgrounds AS b JOIN reports AS r ON r.id = b.report
           WHERE r.folder = ? ORDER BY b.scene""",
        (folder,),
    )
    return [row[0] for row in rows]


def standing_reports(archive: Archive, site: str, scene_sha256: str) -> list[StandingReport]:
    """Return a scene's standing reports of a site, part by part."""
    rows = archive.connection.execute(
        """SELECT folder, manifest_sha256, part, revision, inputs_sha256, tool_version, settings_sha256
           FROM current_reports WHERE site_id = ? AND scene_sha256 = ? ORDER BY part""",
        (site, scene_sha256),
    )
    return [StandingReport(*row) for row in rows]


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
