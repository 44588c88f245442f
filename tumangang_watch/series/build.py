"""Every date so far: series by area and class of sensor, with what is unusual, how long and how often."""

from __future__ import annotations

import json
from collections import defaultdict
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.archive import Archive
from tumangang_watch.archive.read import SURELY_CAME, painted_folders
from tumangang_watch.model.series import (
    STATUSES,
    AreaDate,
    DateColumns,
    MeasureSeries,
    Record,
    ReviewTaken,
    Series,
    TrackDate,
)
from tumangang_watch.model.sightings import Sighting, Stretches
from tumangang_watch.model.words import MEASURES
from tumangang_watch.review.apply import with_review
from tumangang_watch.series.stays import stays
from tumangang_watch.series.tests import change_points, exposure_of, ranks, unusual
from tumangang_watch.settings.records import SeriesSettings
from tumangang_watch.text import KOREAN_GRIDS

_ELSEWHERE = {"gsd_m": "s.gsd_m", "acquired": "s.acquired", "folder": "r.folder", "scene": "s.scene_id"}
_COLUMNS = {name: _ELSEWHERE.get(name, f"a.{name}") for name in AreaDate._fields}
_FOR_WORDS = ("area", "role", "gsd_m", "acquired", "folder", "status", *MEASURES)
"""What sentences say of dates; tables need the other columns too, which take longer to read than these."""
OBSERVED = STATUSES.index("observed")


def sensor_class(gsd_m: float, settings: SeriesSettings) -> str:
    """Return the range of resolutions a sensor belongs to."""
    edges = settings.class_edges_m
    place = sum(gsd_m >= edge for edge in edges)
    if place == 0:
        return f"under {edges[0]:g} m"
    return f"{edges[-1]:g} m and more" if place == len(edges) else f"{edges[place - 1]:g}-{edges[place]:g} m"


def series_of(rows: list[AreaDate], settings: SeriesSettings, *, whole: bool = True) -> tuple[Series, ...]:
    """Split dates into one series an area and class of sensor; hold each measure against its own past.

    ``whole``: see `record_of`.
    """
    groups: dict[tuple[str, str], list[AreaDate]] = defaultdict(list)
    classes = {gsd_m: sensor_class(gsd_m, settings) for gsd_m in {row.gsd_m for row in rows}}
    roles: dict[str, str] = {}
    for row in sorted(rows, key=attrgetter("acquired", "folder")):
        groups[row.area, classes[row.gsd_m]].append(row)
        roles[row.area] = row.role
    found = []
    for (area, sensor), dates in sorted(groups.items()):
        columns = columns_of(dates)
        seen = columns.status == OBSERVED
        measures = (_measure(name, columns, seen, settings) for name in MEASURES)
        found.append(
            Series(
                area=area,
                role=roles[area],
                sensor=sensor,
                columns=columns,
                exposure=exposure_of(columns.times[seen], settings.missed_days),
                measures=tuple(m for m in measures if m is not None),
                dates=tuple(dates) if whole else (),
            )
        )
    return tuple(found)


def columns_of(dates: list[AreaDate]) -> DateColumns:
    """Return dates as columns."""
    every = {name: list(map(attrgetter(name), dates)) for name in ("acquired", "folder", "status", *MEASURES)}
    places = {status: place for place, status in enumerate(STATUSES)}
    return DateColumns(
        acquired=np.array(every["acquired"], dtype=object),
        times=np.array([t[:19] for t in every["acquired"]], dtype="datetime64[s]"),
        folder=np.array(every["folder"], dtype=object),
        status=np.array([places[s] for s in every["status"]], dtype=np.int8),
        measures={name: np.array(every[name], dtype=float) for name in MEASURES},
    )


def _measure(
    name: str, columns: DateColumns, seen: NDArray[np.bool_], settings: SeriesSettings
) -> MeasureSeries | None:
    """Return a measure's tests; None where it was never taken, or nothing of it ever stood there."""
    indices = np.flatnonzero(seen & ~np.isnan(columns.measures[name]))
    values = columns.measures[name][indices]
    if not values.any():
        return None
    return MeasureSeries(
        measure=name,
        dates=indices,
        values=values,
        tests=unusual(values, settings.alarm_rate),
        ranks=ranks(values),
        changes=tuple(change_points(values, settings.change_point_p, settings.change_point_dates)),
    )


def record_of(
    archive: Archive,
    site: str,
    settings: SeriesSettings,
    *,
    review: bool = False,
    left: frozenset[str] = frozenset(),
    whole: bool = True,
) -> Record:
    """Return everything the archive says of a site over time; with ``review`` as its readers leave it.

    ``left``: see `series.stays.stays`. Without ``whole`` no series keeps its dates row by row: they are for
    tables and pages.
    """
    rows, sightings = area_dates(archive, site, whole=whole), trains_of(archive, site)
    taken = ReviewTaken(False)
    if review:
        rows, sightings, taken = with_review(archive, site, rows, sightings)
    series = series_of(rows, settings, whole=whole)
    dates = track_dates(archive, site)
    seen: dict[str, list[NDArray[np.datetime64]]] = defaultdict(list)
    for one in series:
        seen[one.area].append(one.columns.times[one.columns.status == OBSERVED])
    return Record(
        site=site,
        series=series,
        exposure={
            area: exposure_of(np.sort(np.concatenate(times)), settings.missed_days)
            for area, times in sorted(seen.items())
            if any(len(t) for t in times)
        },
        stays=tuple(stays(sightings, dates, settings, left)),
        sightings=tuple(sightings),
        track_dates=tuple(dates),
        roles={one.area: one.role for one in series},
        review=taken,
        painted=painted_folders(archive, site),
        korean=_korean(archive, site),
    )


def _korean(archive: Archive, site: str) -> bool:
    grids = archive.connection.execute("SELECT crs FROM sites WHERE site = ?", (site,))
    return any(crs in KOREAN_GRIDS for (crs,) in grids)


def area_dates(archive: Archive, site: str, *, whole: bool = True) -> list[AreaDate]:
    """Return every area on every date, unordered; without ``whole`` only what sentences say of it."""
    columns = ", ".join(of if whole or name in _FOR_WORDS else "NULL" for name, of in _COLUMNS.items())
    rows = archive.connection.execute(
        f"""SELECT {columns} FROM area_dates AS a JOIN reports AS r ON r.id = a.report
            JOIN scenes AS s ON s.id = r.scene JOIN sites ON sites.id = r.site
            WHERE r.current AND a.speaks AND sites.site = ?""",
        (site,),
    )
    return list(map(AreaDate._make, rows))


def trains_of(archive: Archive, site: str) -> list[Sighting]:
    """Return every train surely detected, once an area it stands in, by time."""
    rows = archive.connection.execute(
        f"""SELECT in_area AS area, track, acquired, from_m, to_m, cars, confidence,
                  folder || '/' || detection AS key,
                  {SURELY_CAME.format("current_detections_by_area")} AS came,
                  json_extract(evidence, '$.speed_kmh') AS speed_kmh,
                  json_extract(evidence, '$.heading_deg') AS heading_deg
           FROM current_detections_by_area
           WHERE site_id = ? AND kind = 'train' AND grade = 'detected' AND track IS NOT NULL
           ORDER BY acquired, track, from_m, in_area""",
        (site,),
    )
    names = [column[0] for column in rows.description]
    return [Sighting(**dict(zip(names, row, strict=True))) for row in rows]


def track_dates(archive: Archive, site: str) -> list[TrackDate]:
    """Return which metres of each track could be seen on every date, once an area, by time."""
    rows = archive.connection.execute(
        """SELECT t.track, b.area, t.length_m, r.acquired, r.folder, t.observed
           FROM track_dates AS t JOIN current_reports AS r ON r.id = t.report
           LEFT JOIN track_areas AS b ON b.report = t.report AND b.track = t.track
           LEFT JOIN area_dates AS a ON a.report = r.id AND a.area = b.area
           WHERE r.site_id = ? AND coalesce(a.speaks, r.part = 0) ORDER BY r.acquired, t.track, b.area""",
        (site,),
    )
    known: dict[str, Stretches] = {}
    found = []
    for track, area, length_m, acquired, folder, observed in rows:
        if observed not in known:
            known[observed] = tuple((a, b) for a, b in json.loads(observed))
        found.append(TrackDate(track, area, length_m, acquired, folder, known[observed]))
    return found
