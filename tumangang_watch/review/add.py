"""What a reader adds of their own: a thing the detector missed, and that a whole area was looked over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tumangang_watch.archive import Archive
from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import ANY_KIND, About, Correction, Document, Review
from tumangang_watch.review.answers import make_answer
from tumangang_watch.review.session import Reader, record
from tumangang_watch.settings.records import ReviewSettings


@dataclass(frozen=True)
class Date:
    """A date of the record that a person names."""

    folder: str
    scene: str
    acquired: str
    site: str


def date_of(archive: Archive, site: str, name: str) -> Date:
    """Return the date that is meant: a report's folder, a scene's id, or the start of its time.

    Raises
    ------
    UsageError
        None or several are.
    """
    rows = archive.connection.execute(
        """SELECT folder, scene_sha256, acquired, scene_id FROM current_reports
           WHERE site_id = ? AND part = 0 ORDER BY acquired""",
        (site,),
    ).fetchall()
    exact = [row for row in rows if name in (row[0], row[3], row[1])]
    found = exact or [row for row in rows if len(name) >= 4 and row[2].startswith(name)]
    if len(found) == 1:
        return Date(found[0][0], found[0][1], found[0][2], site)
    why = (
        "the record holds no such date"
        if not found
        else f"{len(found)} dates: " + ", ".join(row[2] for row in found[:4])
    )
    raise UsageError(
        "which date", name, why, "Give a report's folder, a scene's id, or a time like 2022-11-30"
    )


def missed_review(
    archive: Archive,
    date: Date,
    place: tuple[str, str | None, Correction],
    said: tuple[str | None, str],
    reader: Reader,
) -> Review:
    """Return the review of a train or goods that the detector missed.

    Parameters
    ----------
    archive, date
        Where.
    place : tuple
        Kind, area (None where it follows from the track) and its values.
    said : tuple
        Reason (None for ``missed``) and remark.
    reader : Reader
        Who saw it.
    """
    kind, area, values = place
    if kind == "train" and values.track is not None:
        area = _area_of_track(archive, date, values)
    area = _see_area(archive, date, area)
    if kind == "train" and values.outline is None and None in (values.track, values.from_m, values.to_m):
        raise UsageError(
            "no place", "--track, --from-m, --to-m", "one is missing", "Say where the train stood"
        )
    if kind != "train" and values.outline is None:
        raise UsageError(
            "no place", "--outline", "it is missing", "Give a WKT polygon in lon/lat, or draw it in a GIS"
        )
    evidence = missed_evidence(kind, area, values, date, reader.settings)
    given = make_answer("added", said[0] or "missed", said[1], values, evidence)
    about = About(
        word="missed", site=date.site, scene=date.scene, earlier=None, kind=kind, area=area, evidence=evidence
    )
    return Review(about=about, reader=reader.name, answer=given, made=reader.made, origin=reader.origin)


def missed_evidence(
    kind: str, area: str | None, values: Correction, date: Date, settings: ReviewSettings
) -> Document:
    """Return a missed thing as a detection would stand in a report."""
    length = None
    if values.from_m is not None and values.to_m is not None:
        middle, half = values.to_m - values.from_m, sqrt(2) * settings.end_m
        length = {"estimate": middle, "low": max(0.0, middle - half), "high": middle + half}
    return {
        "report": date.folder,
        "acquired": date.acquired,
        "kind": kind,
        "area": area,
        "track": values.track,
        "from_m": values.from_m,
        "to_m": values.to_m,
        "length_m": length,
        "cars": _span(values.cars),
        "area_m2": _span(values.area_m2),
        "colours": list(values.colours),
        "types": list(values.types),
        "geometry": values.outline,
    }


def _span(bounds: tuple[float, float] | None) -> Document | None:
    if bounds is None:
        return None
    low, high = map(float, bounds)
    return {"estimate": (low + high) / 2, "low": low, "high": high}


def complete(
    archive: Archive,
    date: Date,
    areas: Sequence[str],
    kind: str | None,
    said: tuple[str | None, str],
    reader: Reader,
) -> list[Review]:
    """Record that a reader looked over whole areas: nothing else of this kind is there."""
    if kind == "handling_area":
        raise UsageError(
            "kind refused", kind, "growth cannot be looked over wholly", "Give train or cargo, or none"
        )
    reviews = []
    for area in areas or [row[0] for row in _areas(archive, date)]:
        checked = _see_area(archive, date, area)
        about = area_about(date, checked, kind or ANY_KIND)
        given = make_answer("complete", said[0], said[1], Correction(), {"kind": "train"})
        reviews.append(
            Review(about=about, reader=reader.name, answer=given, made=reader.made, origin=reader.origin)
        )
    return record(archive, date.site, reviews)


def area_about(date: Date, area: str, kind: str = ANY_KIND) -> About:
    """Return what a reader looks over: a whole area of a scene."""
    evidence = {"report": date.folder, "acquired": date.acquired, "area": area, "kind": kind}
    return About(
        word="area", site=date.site, scene=date.scene, earlier=None, kind=kind, area=area, evidence=evidence
    )


def _areas(archive: Archive, date: Date) -> list[tuple[str, str]]:
    """Return the areas of a date that could be seen, with their roles."""
    rows = archive.connection.execute(
        """SELECT DISTINCT a.area, a.role FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
           WHERE r.scene_sha256 = ? AND a.status <> 'not_observable' ORDER BY a.area""",
        (date.scene,),
    )
    return rows.fetchall()


def _see_area(archive: Archive, date: Date, area: str | None) -> str:
    known = [name for name, _ in _areas(archive, date)]
    if area is None and len(known) == 1:
        return known[0]
    if area in known:
        return str(area)
    why = "none is given" if area is None else f"{area!r} was not seen on {date.acquired[:10]}, or is none"
    raise UsageError(
        "which area", date.folder, f"{why} (seen: {', '.join(known) or 'none'})", "Give one with --area"
    )


def _area_of_track(archive: Archive, date: Date, values: Correction) -> str | None:
    """Return the area a track lies in; refuse a stretch that is not on it."""
    row = archive.connection.execute(
        """SELECT t.area, t.length_m FROM track_dates AS t JOIN current_reports AS r ON r.id = t.report
           WHERE r.scene_sha256 = ? AND t.track = ? ORDER BY r.part LIMIT 1""",
        (date.scene, values.track),
    ).fetchone()
    if row is None:
        raise UsageError(
            "unknown track", values.track, "the report has none of this id", "See `tracks` in report.json"
        )
    if values.to_m is not None and values.to_m > row[1] + 1.0:
        raise UsageError(
            "not on the track", f"{values.to_m:g} m", f"it is {row[1]:.0f} m long", "Give metres along it"
        )
    return None if row[0] is None else str(row[0])
