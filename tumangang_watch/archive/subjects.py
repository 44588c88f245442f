"""What of the reports can be reviewed: findings, and detections that no finding is about."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from tumangang_watch.archive.file import Archive, database_errors
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import About, ReviewEvidence, ReviewSubject

Row = tuple[Any, ...]
Things = dict[tuple[int, str], ReviewEvidence]
"""Detections by the row of their report and their id in it."""
Keys = Collection[tuple[int, str]]
_DETECTIONS = """
    SELECT d.id, r.id, r.folder, d.detection, d.date, d.kind, d.grade, d.confidence, d.area, d.track,
           d.from_m, d.to_m, d.length_m, d.length_low_m, d.length_high_m, d.cars, d.cars_low, d.cars_high,
           d.area_m2, d.area_low_m2, d.area_high_m2, d.geometry, d.caveats,
           (SELECT json_group_array(json_array(colour, type)) FROM
            (SELECT colour, type FROM vehicles v WHERE v.detection = d.id ORDER BY position)),
           r.current AND coalesce(
               (SELECT a.speaks FROM area_dates a WHERE a.report = r.id AND a.area = d.area), r.part = 0),
           s.sha256, s.acquired, e.sha256, e.acquired
    FROM detections AS d JOIN reports AS r ON r.id = d.report JOIN scenes AS s ON s.id = r.scene
    JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
    WHERE sites.site = ? AND {where} ORDER BY s.acquired, r.folder, d.id"""
_FINDINGS = """
    SELECT r.id, r.folder, f.finding, f.kind, f.change, f.grade, f.confidence, f.area, f.track, f.earlier,
           f.later, f.amount, f.amount_low, f.amount_high, f.unit, f.statement, f.geometry, f.caveats,
           f.members,
           r.current AND coalesce(
               (SELECT a.speaks FROM area_dates a WHERE a.report = r.id AND a.area = f.area), r.part = 0),
           s.sha256, s.acquired, e.sha256, e.acquired
    FROM findings AS f JOIN reports AS r ON r.id = f.report JOIN scenes AS s ON s.id = r.scene
    JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
    WHERE sites.site = ? AND {where} ORDER BY s.acquired, r.folder, f.id"""


def subjects(
    archive: Archive,
    site: str,
    *,
    since: str | None = None,
    until: str | None = None,
    scenes: Collection[str] | None = None,
    superseded: bool = False,
) -> list[ReviewSubject]:
    """Return what can be reviewed, by time.

    Parameters
    ----------
    archive : Archive
        The open archive.
    site : str
        Id of the site.
    since, until : str, optional
        First and last acquisition time (ISO 8601; a date stands for its whole day).
    scenes : collection of str, optional
        Only reports on these scenes (sha256).
    superseded : bool
        Also what stands in superseded reports, or outside the areas a report speaks for.
    """
    where: list[str] = ["(r.current OR ?)"]
    values: list[Any] = [superseded]
    if since:
        where, values = [*where, "s.acquired >= ?"], [*values, since]
    if until:
        where, values = [*where, "s.acquired < ?"], [*values, until + "~"]
    if scenes is not None:
        where = [*where, "s.sha256 IN (SELECT value FROM json_each(?))"]
        values = [*values, json.dumps(sorted(scenes))]
    condition = " AND ".join(where)
    with database_errors(archive.path):
        ask = archive.connection.execute
        things = ask(_DETECTIONS.format(where=condition), (site, *values)).fetchall()
        changes = ask(_FINDINGS.format(where=condition), (site, *values)).fetchall()
    evidence = {(row[1], row[3]): _thing(row) for row in things}
    covered = {
        (row[0], name) for row in changes for name in (*row[9:11], *json.loads(row[18])) if name is not None
    }
    found = [_change_subject(site, row, evidence) for row in changes]
    found += [_detection_subject(site, row, evidence, covered) for row in things if row[4] == "later"]
    found = [s for s in found if s.current or superseded]
    return sorted(found, key=lambda s: (s.acquired, s.folder, s.about.word != "finding"))


def _detection_subject(site: str, row: Row, things: Things, covered: Keys) -> ReviewSubject:
    about = About(
        word="detection",
        site=site,
        scene=row[25],
        earlier=None,
        kind=row[5],
        area=row[8],
        evidence=things[row[1], row[3]],
    )
    return ReviewSubject(
        about=about,
        folder=row[2],
        id=row[3],
        current=bool(row[24]),
        acquired=row[26],
        earlier_acquired=None,
        covered=(row[1], row[3]) in covered,
    )


def _thing(row: Row) -> ReviewEvidence:
    stock = json.loads(row[23])
    return {
        "report": row[2],
        "id": row[3],
        "date": row[4],
        "kind": row[5],
        "grade": row[6],
        "confidence": row[7],
        "area": row[8],
        "track": row[9],
        "from_m": row[10],
        "to_m": row[11],
        "length_m": _span(row[12:15]),
        "cars": _span(row[15:18]),
        "area_m2": _span(row[18:21]),
        "geometry": json.loads(row[21]),
        "caveats": json.loads(row[22]),
        "colours": [c for c, _ in stock],
        "types": [t for _, t in stock],
    }


def _change_subject(site: str, row: Row, things: Things) -> ReviewSubject:
    evidence: ReviewEvidence = {
        "report": row[1], "id": row[2], "kind": row[3], "change": row[4], "grade": row[5],
        "confidence": row[6], "area": row[7], "track": row[8],
        "earlier": things.get((row[0], row[9])), "later": things.get((row[0], row[10])),
        "amount": {
            "estimate": float(row[11]), "low": float(row[12]), "high": float(row[13]), "unit": row[14],
        },
        "statement": row[15],
        "geometry": json.loads(row[16]), "caveats": json.loads(row[17]),
        "members": [
            things[row[0], name] for name in json.loads(row[18])
            if name not in row[9:11] and (row[0], name) in things
        ],
    }  # fmt: skip
    about = About(
        word="finding", site=site, scene=row[20], earlier=row[22], kind=row[3], area=row[7], evidence=evidence
    )
    return ReviewSubject(
        about=about,
        folder=row[1],
        id=row[2],
        current=bool(row[19]),
        acquired=row[21],
        earlier_acquired=row[23],
    )


def _span(values: tuple[float | None, ...]) -> IntervalDocument | None:
    estimate, low, high = values
    if estimate is None or low is None or high is None:
        return None
    return {"estimate": float(estimate), "low": float(low), "high": float(high)}
