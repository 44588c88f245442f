"""Every date of a site, as the series need it. Only standing reports speak, each for its areas."""

from __future__ import annotations

import json

from tumangang_watch.archive.file import Archive
from tumangang_watch.model.series import AreaDate, TrackDate
from tumangang_watch.model.sightings import Sighting, Stretches

_COLUMNS = ", ".join(
    {"gsd_m": "s.gsd_m", "acquired": "s.acquired", "folder": "r.folder", "scene": "s.scene_id"}.get(
        name, f"a.{name}"
    )
    for name in AreaDate._fields
)


def area_dates(archive: Archive, site: str) -> list[AreaDate]:
    """Return every area on every date, unordered."""
    rows = archive.connection.execute(
        f"""SELECT {_COLUMNS} FROM area_dates AS a JOIN reports AS r ON r.id = a.report
            JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
            WHERE r.current AND a.speaks AND sites.site = ?""",
        (site,),
    )
    return list(map(AreaDate._make, rows))


def sightings(archive: Archive, site: str) -> list[Sighting]:
    """Return every train surely detected, by time."""
    rows = archive.connection.execute(
        """SELECT area, track, acquired, from_m, to_m, cars, confidence FROM current_detections
           WHERE site_id = ? AND kind = 'train' AND grade = 'detected' AND track IS NOT NULL
           ORDER BY acquired, track, from_m""",
        (site,),
    )
    names = [column[0] for column in rows.description]
    return [Sighting(**dict(zip(names, row, strict=True))) for row in rows]


def track_dates(archive: Archive, site: str) -> list[TrackDate]:
    """Return which metres of each track could be seen on every date, by time."""
    rows = archive.connection.execute(
        """SELECT t.track, t.area, t.length_m, r.acquired, r.folder, t.observed
           FROM track_dates AS t JOIN current_reports AS r ON r.id = t.report
           LEFT JOIN area_dates AS a ON a.report = r.id AND a.area = t.area
           WHERE r.site_id = ? AND coalesce(a.speaks, r.part = 0) ORDER BY r.acquired, t.track""",
        (site,),
    )
    known: dict[str, Stretches] = {}
    found = []
    for track, area, length_m, acquired, folder, observed in rows:
        if observed not in known:
            known[observed] = tuple((a, b) for a, b in json.loads(observed))
        found.append(TrackDate(track, area, length_m, acquired, folder, known[observed]))
    return found
