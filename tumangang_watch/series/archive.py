"""Every date of a site, as the series need it. Only standing reports speak, each for its areas."""

from __future__ import annotations

import json
from itertools import chain

import numpy as np

from tumangang_watch.archive.file import Archive
from tumangang_watch.model.series import MEASURES, STATUSES, AreaDate, DateColumns, TrackDate
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


def area_columns(archive: Archive, site: str) -> dict[str, tuple[str, DateColumns]]:
    """Return the role and the dates of every area by time, without intervals: what the tests need.

    Of a long record only that is read: measures of which nothing ever stood anywhere are left out.
    """
    ask = archive.connection.execute
    scenes = ask(
        """SELECT r.id, s.gsd_m, s.acquired, r.folder FROM reports AS r JOIN scenes AS s ON s.id = r.scene
           JOIN sites ON sites.id = r.site WHERE r.current AND sites.site = ?
           ORDER BY s.acquired, r.folder""",
        (site,),
    ).fetchall()
    roles = dict(ask("SELECT area, max(role) FROM area_dates WHERE speaks GROUP BY area").fetchall())
    totals = ask(f"SELECT {', '.join(f'total({m})' for m in MEASURES)} FROM area_dates").fetchone()
    shown = [m for m, total in zip(MEASURES, totals, strict=True) if total]
    if not scenes:
        return {}
    reports, gsd_m, acquired, folder = zip(*scenes, strict=True)
    place = np.full(max(reports) + 1, -1)
    place[np.array(reports)] = np.arange(len(scenes))
    times = np.array(acquired).astype("U19").astype("datetime64[s]")
    gsds, names, folders = np.array(gsd_m), np.array(acquired, object), np.array(folder, object)
    case = " ".join(f"WHEN '{status}' THEN {k}" for k, status in enumerate(STATUSES))
    columns = ", ".join(f"coalesce({m}, 9e999)" for m in shown)
    found = {}
    for area, role in sorted(roles.items()):
        rows = ask(
            f"SELECT report, CASE status {case} END{', ' if shown else ''}{columns} FROM area_dates "
            "WHERE area = ? AND speaks",
            (area,),
        )
        values = np.fromiter(chain.from_iterable(rows), float).reshape(-1, 2 + len(shown))
        values[np.isinf(values)] = np.nan
        at = place[np.minimum(values[:, 0].astype(int), len(place) - 1)]
        known = np.flatnonzero((at >= 0) & (values[:, 0] < len(place)))
        order = known[np.argsort(at[known], kind="stable")]
        which = at[order]
        measures = {m: values[order, 2 + k] for k, m in enumerate(shown)}
        status = values[order, 1].astype(np.int8)
        dates = DateColumns(
            gsd_m=gsds[which],
            acquired=names[which],
            times=times[which],
            folder=folders[which],
            status=status,
            measures=measures,
        )
        if len(order):
            found[area] = (role, dates)
    return found


def sightings(archive: Archive, site: str) -> list[Sighting]:
    """Return every train surely detected, by time."""
    rows = archive.connection.execute(
        """SELECT area, track, acquired, from_m, to_m, cars, confidence FROM current_detections
           WHERE site_id = ? AND kind = 'train' AND grade = 'detected' AND track IS NOT NULL
           ORDER BY acquired, track, from_m""",
        (site,),
    )
    return [
        Sighting(
            area=area,
            track=track,
            acquired=acquired,
            from_m=from_m,
            to_m=to_m,
            cars=cars,
            confidence=confidence,
        )
        for area, track, acquired, from_m, to_m, cars, confidence in rows
    ]


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
