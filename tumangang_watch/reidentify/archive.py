"""Every train of a site with its vehicles, and what each scene showed: standing reports only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import shapely

from tumangang_watch.archive.file import REBUILD, Archive
from tumangang_watch.errors import ArchiveDamaged
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.reidentify.model import Look, Sighting

_SPAN = "acquired >= coalesce(:since, '') AND acquired < coalesce(:until, '~')"
"""``~`` sorts after every time."""


@contextmanager
def _readable(archive: Archive) -> Iterator[None]:
    """Tell of rows that no report can have given."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(
            "archive damaged", archive.path, f"a row cannot be read ({error})", REBUILD
        ) from error


def sightings(
    archive: Archive, site: str, areas: Sequence[str] = (), since: str | None = None, until: str | None = None
) -> list[Sighting]:
    """Return every train, possible ones included, by time.

    Parameters
    ----------
    archive, site : Archive, str
        Where to look.
    areas : sequence of str
        Only these areas; all when empty.
    since, until : str, optional
        ISO 8601 text: from the first on, before the second.
    """
    span = {"site": site, "since": since, "until": until}
    stock: dict[int, list[Vehicle]] = defaultdict(list)
    for row in archive.connection.execute(
        f"""SELECT v.detection, v.from_m, v.to_m, v.type, v.colour, v.confidence, v.types, v.colours, v.load
            FROM vehicles AS v JOIN current_detections AS d ON d.id = v.detection
            WHERE d.site_id = :site AND d.kind = 'train' AND {_SPAN} ORDER BY v.detection, v.position""",
        span,
    ):
        with _readable(archive):
            stock[row[0]].append(_vehicle(row[1:]))
    rows = archive.connection.execute(
        f"""SELECT id, folder || '/' || detection, area, track, acquired, scene_id, gsd_m, folder, from_m,
                   to_m, coalesce(length_m, to_m - from_m, 0.0), cars, confidence, grade, geometry
            FROM current_detections WHERE site_id = :site AND kind = 'train' AND {_SPAN}
            ORDER BY acquired, folder, area, track, from_m, detection""",
        span,
    )
    wanted = set(areas)
    found = []
    for row in rows:
        if not wanted or row[2] in wanted:
            with _readable(archive):
                found.append(_sighting(row, tuple(stock.get(row[0], ()))))
    return found


def looks(
    archive: Archive, site: str, areas: Sequence[str] = (), since: str | None = None, until: str | None = None
) -> list[Look]:
    """Return what every scene showed of every area, by time."""
    span = {"site": site, "since": since, "until": until}
    tracks: dict[tuple[str, str | None], dict[str, Any]] = defaultdict(dict)
    for folder, area, track, observed in archive.connection.execute(
        f"""SELECT r.folder, t.area, t.track, t.observed FROM track_dates AS t
            JOIN current_reports AS r ON r.id = t.report WHERE r.site_id = :site AND {_SPAN}""",
        span,
    ):
        with _readable(archive):
            tracks[folder, area][track] = tuple((a, b) for a, b in json.loads(observed))
    rows = archive.connection.execute(
        f"""SELECT a.area, r.acquired, r.folder, r.gsd_m, coalesce(a.observed, 0.0)
            FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
            WHERE a.speaks AND r.site_id = :site AND {_SPAN} ORDER BY r.acquired, r.folder, a.area""",
        span,
    )
    wanted = set(areas)
    return [
        Look(area, acquired, folder, gsd_m, observed, tracks.get((folder, area), {}))
        for area, acquired, folder, gsd_m, observed in rows
        if not wanted or area in wanted
    ]


def track_lengths(archive: Archive, site: str) -> dict[tuple[str, str], float]:
    """Return the length of each track in metres, by report folder and track: strips are cut by it."""
    rows = archive.connection.execute(
        """SELECT r.folder, t.track, t.length_m FROM track_dates AS t
           JOIN current_reports AS r ON r.id = t.report WHERE r.site_id = ?""",
        (site,),
    )
    return {(folder, track): float(length) for folder, track, length in rows}


def _sighting(row: tuple[Any, ...], vehicles: tuple[Vehicle, ...]) -> Sighting:
    _, *told, geometry = row
    lon, lat = _middle(json.loads(geometry))
    return Sighting(*told, lon, lat, vehicles)  # type: ignore[call-arg]


def _vehicle(row: tuple[Any, ...]) -> Vehicle:
    from_m, to_m, kind, colour, confidence, types, colours, load = row
    return Vehicle(
        from_m=from_m,
        to_m=to_m,
        type=kind,
        colour=colour,
        confidence=confidence or 0.0,
        types=_likeliest_first(types),
        colours=_likeliest_first(colours),
        load=load,
    )


def _likeliest_first(text: str) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(json.loads(text).items(), key=lambda item: (-item[1], item[0])))


def _middle(geometry: dict[str, Any]) -> tuple[float, float]:
    """Return longitude and latitude of a geometry's middle."""
    centre = shapely.geometry.shape(geometry).centroid
    return (0.0, 0.0) if centre.is_empty else (float(centre.x), float(centre.y))
