"""Every train of a site with its vehicles, and what each scene showed: current reports only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import shapely

from tumangang_watch.archive.file import REBUILD, Archive
from tumangang_watch.errors import ArchiveDamaged
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting, Stretches
from tumangang_watch.reidentify.model import Coverage

_SPAN = "acquired >= coalesce(:since, '') AND acquired < coalesce(:until, '~')"
"""``~`` sorts after every time."""
_SIGHTING = """folder || '/' || detection AS key, area, coalesce(track, '') AS track, acquired,
    scene_id AS scene, gsd_m, folder, coalesce(from_m, 0.0) AS from_m, coalesce(to_m, 0.0) AS to_m,
    coalesce(length_m, to_m - from_m, 0.0) AS length_m, cars, confidence, grade"""


@dataclass(frozen=True)
class RecordPart:
    """Which part of a record is looked at."""

    site: str
    areas: tuple[str, ...] = ()
    """All when empty."""
    since: str | None = None
    """First moment, ISO 8601, UTC."""
    until: str | None = None
    """First moment after the last, ISO 8601, UTC."""

    def span(self) -> dict[str, str | None]:
        """Return what the queries ask for."""
        return {"site": self.site, "since": self.since, "until": self.until}


@contextmanager
def _readable(archive: Archive) -> Iterator[None]:
    """Tell of rows that no report can have given."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(
            "archive damaged", archive.path, f"a row cannot be read ({error})", REBUILD
        ) from error


def sightings(archive: Archive, part: RecordPart) -> list[Sighting]:
    """Return every train, possible ones included, by time."""
    stock: dict[int, list[Vehicle]] = defaultdict(list)
    found = []
    with _readable(archive):
        for detection, types, colours, *row in archive.connection.execute(
            f"""SELECT v.detection, v.types, v.colours, v.from_m, v.to_m, v.type, v.colour, v.confidence,
                       v.load
                FROM vehicles AS v JOIN current_detections AS d ON d.id = v.detection
                WHERE d.site_id = :site AND d.kind = 'train' AND {_SPAN} ORDER BY v.detection, v.position""",
            part.span(),
        ):
            from_m, to_m, kind, colour, confidence, load = row
            stock[detection].append(
                Vehicle(
                    from_m=from_m,
                    to_m=to_m,
                    type=kind,
                    colour=colour,
                    confidence=confidence or 0.0,
                    types=_likeliest_first(types),
                    colours=_likeliest_first(colours),
                    load=load,
                )
            )
        rows = archive.connection.execute(
            f"""SELECT id, geometry, {_SIGHTING} FROM current_detections
                WHERE site_id = :site AND kind = 'train' AND {_SPAN}
                ORDER BY acquired, folder, area, track, from_m, detection""",
            part.span(),
        )
        names = [column[0] for column in rows.description[2:]]
        for detection, geometry, *values in rows:
            fields = dict(zip(names, values, strict=True))
            if not part.areas or fields["area"] in part.areas:
                middle = shapely.geometry.shape(json.loads(geometry)).centroid
                lon, lat = (0.0, 0.0) if middle.is_empty else (float(middle.x), float(middle.y))
                vehicles = tuple(stock.get(detection, ()))
                found.append(Sighting(**fields, lon=lon, lat=lat, vehicles=vehicles))
    return found


def coverages(archive: Archive, part: RecordPart) -> list[Coverage]:
    """Return what every scene showed of every area, by time."""
    tracks: dict[tuple[str, str | None], dict[str, Stretches]] = defaultdict(dict)
    with _readable(archive):
        for folder, area, track, observed in archive.connection.execute(
            f"""SELECT r.folder, t.area, t.track, t.observed FROM track_dates AS t
                JOIN current_reports AS r ON r.id = t.report WHERE r.site_id = :site AND {_SPAN}""",
            part.span(),
        ):
            tracks[folder, area][track] = tuple((a, b) for a, b in json.loads(observed))
    rows = archive.connection.execute(
        f"""SELECT a.area, r.acquired, r.folder, r.gsd_m, coalesce(a.observed, 0.0)
            FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
            WHERE a.speaks AND r.site_id = :site AND {_SPAN} ORDER BY r.acquired, r.folder, a.area""",
        part.span(),
    )
    return [
        Coverage(
            area=area,
            acquired=acquired,
            folder=folder,
            gsd_m=gsd_m,
            observed=observed,
            tracks=tracks.get((folder, area), {}),
        )
        for area, acquired, folder, gsd_m, observed in rows
        if not part.areas or area in part.areas
    ]


def track_lengths(archive: Archive, site: str) -> dict[tuple[str, str], float]:
    """Return the length of each track in metres, by report folder and track: strips are cut by it."""
    rows = archive.connection.execute(
        """SELECT r.folder, t.track, t.length_m FROM track_dates AS t
           JOIN current_reports AS r ON r.id = t.report WHERE r.site_id = ?""",
        (site,),
    )
    return {(folder, track): float(length) for folder, track, length in rows}


def _likeliest_first(text: str) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(json.loads(text).items(), key=lambda item: (-item[1], item[0])))
