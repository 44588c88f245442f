"""What a reader adds of their own: a thing the detector missed, and that a whole area was looked over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tumangang_watch.archive import Archive
from tumangang_watch.archive.areas import shared_m
from tumangang_watch.errors import UsageError
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import ANY_KIND, About, Answer, Correction, Review, ReviewEvidence
from tumangang_watch.review.answers import checked_answer
from tumangang_watch.review.matching import length_of
from tumangang_watch.review.session import Reviewer, record


@dataclass(frozen=True)
class RecordedDate:
    """A date of the record that a person names."""

    folder: str
    scene: str
    acquired: str
    site: str

    def about_area(self, area: str, kind: str = ANY_KIND) -> About:
        """Return what a reader looks over: a whole area of the scene."""
        evidence: ReviewEvidence = {
            "report": self.folder,
            "acquired": self.acquired,
            "area": area,
            "kind": kind,
        }
        return About(
            word="area",
            site=self.site,
            scene=self.scene,
            earlier=None,
            kind=kind,
            area=area,
            evidence=evidence,
        )


def date_of(archive: Archive, site: str, name: str) -> RecordedDate:
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
        return RecordedDate(folder=found[0][0], scene=found[0][1], acquired=found[0][2], site=site)
    several = f"{len(found)} dates: " + ", ".join(row[2] for row in found[:4])
    why = several if found else "the record holds no such date"
    todo = "Give a report's folder, a scene's id, or a time like 2022-11-30"
    raise UsageError("which date", name, why, todo)


def missed_review(
    archive: Archive, date: RecordedDate, kind: str, area: str | None, given: Answer, reviewer: Reviewer
) -> Review:
    """Return the review of a train or cargo that the detector missed.

    Parameters
    ----------
    archive, date
        Where.
    kind, area
        What it is, and in which area; None where that follows from the track.
    given : Answer
        Its values as the correction; without a reason it counts as ``missed``.
    reviewer : Reviewer
        Who saw it.
    """
    values = given.correction
    if kind == "train" and values.track is not None:
        area = _area_of_track(archive, date, values)
    area = _checked_area(archive, date, area)
    if kind == "train" and values.outline is None and None in (values.track, values.from_m, values.to_m):
        missing = "--track, --from-m, --to-m"
        raise UsageError("no place", missing, "one is missing", "Say where the train stood")
    if kind != "train" and values.outline is None:
        todo = "Give a WKT polygon in lon/lat, or draw it in a GIS"
        raise UsageError("no place", "--outline", "it is missing", todo)
    evidence = _missed_evidence(kind, area, values, date)
    answer = checked_answer(replace(given, reason=given.reason or "missed"), evidence)
    about = About(
        word="missed", site=date.site, scene=date.scene, earlier=None, kind=kind, area=area, evidence=evidence
    )
    return reviewer.review(about, answer)


def _missed_evidence(kind: str, area: str | None, values: Correction, date: RecordedDate) -> ReviewEvidence:
    """Return a missed thing as a detection would stand in a report."""
    length = None
    if values.from_m is not None and values.to_m is not None:
        length = length_of(values.from_m, values.to_m, [values.to_m - values.from_m])
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


def _span(bounds: tuple[float, float] | None) -> IntervalDocument | None:
    if bounds is None:
        return None
    low, high = map(float, bounds)
    return {"estimate": (low + high) / 2, "low": low, "high": high}


def complete(
    archive: Archive,
    date: RecordedDate,
    areas: Sequence[str],
    kind: str | None,
    given: Answer,
    reviewer: Reviewer,
) -> list[Review]:
    """Record that a reader looked over whole areas; none given means all that could be seen."""
    if kind == "handling_area":
        why = "growth cannot be looked over wholly"
        raise UsageError("kind refused", kind, why, "Give train or cargo, or none")
    answer = checked_answer(given, {"kind": "train"})
    checked = [_checked_area(archive, date, area) for area in areas or _areas_seen(archive, date)]
    reviews = [reviewer.review(date.about_area(area, kind or ANY_KIND), answer) for area in checked]
    return record(archive, date.site, reviews)


def _areas_seen(archive: Archive, date: RecordedDate) -> list[str]:
    rows = archive.connection.execute(
        """SELECT DISTINCT a.area FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
           WHERE r.scene_sha256 = ? AND a.status <> 'not_observable' ORDER BY a.area""",
        (date.scene,),
    )
    return [row[0] for row in rows]


def _checked_area(archive: Archive, date: RecordedDate, area: str | None) -> str:
    known = _areas_seen(archive, date)
    if area is None and len(known) == 1:
        return known[0]
    if area in known:
        return str(area)
    why = "none is given" if area is None else f"{area!r} was not seen on {date.acquired[:10]}, or is none"
    why += f" (seen: {', '.join(known) or 'none'})"
    raise UsageError("which area", date.folder, why, "Give one with --area")


def _area_of_track(archive: Archive, date: RecordedDate, values: Correction) -> str | None:
    """Return the area that most of a stretch of track lies in; refuse a stretch that is not on it."""
    row = archive.connection.execute(
        """SELECT t.area, t.length_m, t.report FROM track_dates AS t
           JOIN current_reports AS r ON r.id = t.report
           WHERE r.scene_sha256 = ? AND t.track = ? ORDER BY r.part LIMIT 1""",
        (date.scene, values.track),
    ).fetchone()
    if row is None:
        why = "the report has none of this id"
        raise UsageError("unknown track", values.track, why, "See `tracks` in report.json")
    if values.to_m is not None and values.to_m > row[1] + 1.0:
        why = f"it is {row[1]:.0f} m long"
        raise UsageError("not on the track", f"{values.to_m:g} m", why, "Give metres along it")
    stretch = [(values.from_m or 0.0, row[1] if values.to_m is None else values.to_m)]
    areas = archive.connection.execute(
        "SELECT area, stretches FROM track_areas WHERE report = ? AND track = ?", (row[2], values.track)
    )
    held = {str(area): shared_m(stretch, json.loads(inside)) for area, inside in areas}
    return max(sorted(held), key=lambda area: held[area]) if any(held.values()) else row[0]
