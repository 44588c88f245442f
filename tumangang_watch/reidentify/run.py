"""Trains seen again over a record: what was asked, from the archive and its reviews to the search."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely

from tumangang_watch.archive.file import REBUILD, Archive
from tumangang_watch.archive.read import SURELY_CAME, painted_folders
from tumangang_watch.errors import ArchiveDamaged, UsageError
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting, Stay, Stretches
from tumangang_watch.reidentify.journeys import find_trains
from tumangang_watch.reidentify.model import Coverage, TrainSearch
from tumangang_watch.review.apply import judged_scenes, state_of
from tumangang_watch.settings import Settings
from tumangang_watch.text import utc_text

LONGEST_DAYS = 1e5
"""Longer than any record: a calendar's days are counted in no more."""


_SPAN = "acquired >= coalesce(:since, '') AND acquired < coalesce(:until, '~')"
"""``~`` sorts after every time."""
_SIGHTING = f"""folder || '/' || detection AS key, area, coalesce(track, '') AS track, acquired,
    scene_id AS scene, gsd_m, folder, coalesce(from_m, 0.0) AS from_m, coalesce(to_m, 0.0) AS to_m,
    coalesce(length_m, to_m - from_m, 0.0) AS length_m, cars, confidence, grade,
    {SURELY_CAME.format("current_detections")} AS came"""


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


def moment(text: str | None, option: str, *, end: bool) -> str | None:
    """Return a day or time a user gave as ISO 8601, UTC; the end of the day for ``end``.

    Raises
    ------
    UsageError
        It is no date.
    """
    if text is None:
        return None
    try:
        if len(text) == 10:
            time = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return utc_text(time + timedelta(days=1) if end else time, fractions=False)
        time = datetime.fromisoformat(text)
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "not a date", option, repr(text), "Give a day (2022-11-30) or a time (2022-11-30T02:10:00Z)"
        ) from error
    return utc_text(time + timedelta(seconds=1 if end else 0), fractions=False)


def _moved(text: str | None, step: timedelta) -> str | None:
    """Return a moment moved by a step; none where the calendar ends."""
    try:
        return None if text is None else utc_text(datetime.fromisoformat(text) + step, fractions=False)
    except OverflowError:
        return None


def find(
    archive: Archive, part: RecordPart, settings: Settings, *, review: bool = False
) -> tuple[TrainSearch, dict[str, int]]:
    """Find the trains of a site that were seen again; and count how many were reviewed how.

    With ``review`` trains are taken as their readers leave them.

    Raises
    ------
    UsageError
        An area is not in the record.
    """
    limits = settings.journeys
    reach = timedelta(days=min(limits.within_days, LONGEST_DAYS))
    wider = replace(part, since=_moved(part.since, -reach), until=_moved(part.until, reach))
    known = areas_of(archive, wider) if part.areas else frozenset[str]()
    missing = [a for a in part.areas if a not in known]
    if missing:
        raise UsageError(
            "no such area", "--area", f"{missing[0]!r} is in no report", "See `series` for the areas"
        )
    seen, reviewed = trains_of(archive, wider), dict[str, int]()
    if review:
        seen, reviewed = with_review(archive, part.site, seen)

    def wanted(stay: Stay) -> bool:
        return any((part.since or "") <= s.acquired < (part.until or "~") for s in stay.sightings)

    # What was seen of areas in which no train ever stood bounds no stay.
    stood = tuple(sorted({s.area for s in seen}))
    covered = coverages(archive, replace(wider, areas=stood)) if stood else []
    found = find_trains(seen, covered, limits, settings.same_train, wanted)
    bridges = _bridges(archive, part.site) if stood else frozenset[str]()
    crossings = tuple(s for s in seen if s.area in bridges)
    painted = painted_folders(archive, part.site) & {s.folder for s in seen}
    return replace(found, crossings=crossings, painted=painted), reviewed


def trains_left(archive: Archive, site: str, settings: Settings, *, review: bool = False) -> frozenset[str]:
    """Return the sightings (keys) after which a train was surely seen elsewhere; none of a long record.

    A record of more than `SeriesSettings.compared_max` trains takes longer to compare than `series` may.
    """
    part = RecordPart(site)
    if not 1 < len(trains_of(archive, part)) <= settings.series.compared_max:
        return frozenset()
    return find(archive, part, settings, review=review)[0].left


def _bridges(archive: Archive, site: str) -> frozenset[str]:
    """Return the ids of a site's bridges."""
    rows = archive.connection.execute(
        """SELECT DISTINCT a.area FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
           WHERE a.role = 'bridge' AND r.site_id = ?""",
        (site,),
    )
    return frozenset(area for (area,) in rows)


def with_review(
    archive: Archive, site: str, sightings: Sequence[Sighting]
) -> tuple[list[Sighting], dict[str, int]]:
    """Return the trains as their readers leave them, and how many were accepted, rejected and so on.

    Trains that only readers saw have no vehicles to compare and are left out.
    """
    judged = {
        f"{one.subject.folder}/{one.subject.id}": one
        for group in judged_scenes(archive, site).values()
        for one in group
        if one.kind == "train" and one.subject is not None and one.says != "open"
    }
    taken, counts = [], Counter[str]()
    for sighting in sightings:
        one = judged.get(sighting.key)
        if one is None:
            taken.append(sighting)
            continue
        counts[state_of(one)] += 1
        if one.says == "doubtful":
            taken.append(replace(sighting, grade="possible"))
        elif one.says == "there":
            taken.append(_as_read(sighting, one.thing, one.given))
    return taken, dict(sorted(counts.items()))


def _as_read(sighting: Sighting, thing: Mapping[str, Any], given: frozenset[str]) -> Sighting:
    """Return a train that is surely there, with what its readers said of it."""
    place = {name: thing[name] for name in ("track", "from_m", "to_m") if thing.get(name) is not None}
    if "from_m" in place and "to_m" in place:
        place["length_m"] = place["to_m"] - place["from_m"]
    if thing.get("cars"):
        place["cars"] = float(thing["cars"]["estimate"])
    vehicles = sighting.vehicles
    for name, names in (("colour", "colours"), ("type", "types")):
        given_words = list(thing.get(names) or [])
        if names in given and len(given_words) == len(vehicles):
            vehicles = tuple(
                _named(v, name, names, word) for v, word in zip(vehicles, given_words, strict=True)
            )
    return replace(sighting, grade="detected", confidence=1.0, vehicles=vehicles, **place)


def _named(vehicle: Vehicle, name: str, names: str, word: str) -> Vehicle:
    """Return a vehicle with the colour or type a reader gave it."""
    sure: dict[str, Any] = {name: word, names: ((word, 1.0),)}
    return replace(vehicle, **sure)


@contextmanager
def _readable(archive: Archive) -> Iterator[None]:
    """Tell of rows that no report can have given."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(
            "archive damaged", archive.path, f"a row cannot be read ({error})", REBUILD
        ) from error


def trains_of(archive: Archive, part: RecordPart) -> list[Sighting]:
    """Return every train, possible ones included, by time."""
    stock: dict[int, list[Vehicle]] = defaultdict(list)
    found = []
    with _readable(archive):
        for detection, types, colours, *row in archive.connection.execute(
            f"""SELECT v.detection, v.types, v.colours, v.from_m, v.to_m, v.type, v.colour, v.confidence,
                v.load FROM vehicles AS v JOIN current_detections AS d ON d.id = v.detection
                WHERE d.site_id = :site AND d.kind = 'train' AND {_SPAN} ORDER BY v.detection, v.position""",
            part.span(),
        ):
            fields = dict(zip(("from_m", "to_m", "type", "colour", "confidence", "load"), row, strict=True))
            read = {"types": _likeliest_first(types), "colours": _likeliest_first(colours)}
            stock[detection].append(Vehicle(**{**fields, **read, "confidence": fields["confidence"] or 0.0}))
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


def areas_of(archive: Archive, part: RecordPart) -> frozenset[str]:
    """Return the areas that the reports of a part of a record speak for."""
    rows = archive.connection.execute(
        f"""SELECT DISTINCT a.area FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
            WHERE a.speaks AND r.site_id = :site AND {_SPAN}""",
        part.span(),
    )
    return frozenset(area for (area,) in rows)


def coverages(archive: Archive, part: RecordPart) -> list[Coverage]:
    """Return what every scene showed of every area, by time."""
    tracks: dict[tuple[str, str | None], dict[str, Stretches]] = defaultdict(dict)
    with _readable(archive):
        for folder, area, track, observed in archive.connection.execute(
            f"""SELECT r.folder, b.area, t.track, t.observed FROM track_dates AS t
                JOIN track_areas AS b ON b.report = t.report AND b.track = t.track
                JOIN current_reports AS r ON r.id = t.report WHERE r.site_id = :site AND {_SPAN}""",
            part.span(),
        ):
            tracks[folder, area][track] = tuple((a, b) for a, b in json.loads(observed))
    rows = archive.connection.execute(
        f"""SELECT a.area, r.acquired, r.folder, r.gsd_m, coalesce(a.observed, 0.0) AS observed
            FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
            WHERE a.speaks AND r.site_id = :site AND {_SPAN} ORDER BY r.acquired, r.folder, a.area""",
        part.span(),
    )
    return [
        Coverage(area, acquired, folder, gsd_m, observed, tracks.get((folder, area), {}))
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
