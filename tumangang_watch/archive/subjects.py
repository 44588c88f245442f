"""What of the reports can be reviewed: findings, and detections that no finding is about."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, cast

from tumangang_watch.archive.file import Archive, database_errors
from tumangang_watch.archive.summary import ends_of
from tumangang_watch.model.document import IntervalDocument
from tumangang_watch.model.review import About, ReviewEvidence, ReviewSubject
from tumangang_watch.text import is_painted

Row = dict[str, Any]
Things = dict[tuple[int, str], ReviewEvidence]
"""Detections by the row of their report and their id in it."""
_QUESTION = """
    SELECT r.id AS report_row, r.folder, t.kind, t.grade, t.confidence, t.area, t.track,
           t.geometry, t.caveats, s.sha256 AS scene, s.acquired,
           e.sha256 AS other, e.acquired AS other_acquired,
           s.provider, e.provider AS other_provider, {more}
    FROM {table} AS t JOIN reports AS r ON r.id = t.report JOIN scenes AS s ON s.id = r.scene
    JOIN sites ON sites.id = r.site LEFT JOIN scenes AS e ON e.id = r.earlier
    WHERE sites.site = ? AND {where} ORDER BY s.acquired, r.folder, t.id"""
_OF_DETECTIONS = """r.current AND coalesce(
        (SELECT a.speaks FROM area_dates a WHERE a.report = r.id AND a.area = t.area), r.part = 0
    ) AS standing, t.detection AS id, t.date, t.from_m, t.to_m, t.length_m, t.length_low_m, t.length_high_m,
    t.cars, t.cars_low, t.cars_high, t.area_m2, t.area_low_m2, t.area_high_m2,
    (SELECT json_group_array(json_array(colour, type)) FROM
     (SELECT colour, type FROM vehicles v WHERE v.detection = t.id ORDER BY position)) AS stock"""
_OF_FINDINGS = """r.current AS standing, t.finding AS id, t.change, t.earlier, t.later,
    t.amount, t.amount_low, t.amount_high, t.unit, t.statement, t.members"""


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
    things, changes = (
        _rows(archive, _QUESTION.format(more=more, table=table, where=condition), (site, *values))
        for table, more in (("detections", _OF_DETECTIONS), ("findings", _OF_FINDINGS))
    )
    evidence = {(row["report_row"], row["id"]): _thing(row) for row in things}
    covered = {
        (row["report_row"], name)
        for row in changes
        for name in (row["earlier"], row["later"], *json.loads(row["members"]))
        if name is not None
    }
    found = [_subject(site, row, _change(row, evidence)) for row in changes]
    found += [
        _subject(site, row, evidence[place], covered=(place in covered))
        for row in things
        if row["date"] == "later" and (place := (row["report_row"], row["id"]))
    ]
    found = [s for s in found if s.current or superseded]
    return sorted(found, key=lambda s: (s.acquired, s.folder, s.about.word != "finding"))


def _rows(archive: Archive, question: str, values: tuple[Any, ...]) -> list[Row]:
    with database_errors(archive.path):
        cursor = archive.connection.execute(question, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def _subject(site: str, row: Row, evidence: ReviewEvidence, *, covered: bool = False) -> ReviewSubject:
    """Return a finding, or a detection: what one date shows has no earlier scene."""
    change = "change" in evidence
    about = About(
        word="finding" if change else "detection",
        site=site,
        scene=row["scene"],
        earlier=row["other"] if change else None,
        kind=row["kind"],
        area=row["area"],
        evidence=evidence,
    )
    return ReviewSubject(
        about=about,
        folder=row["folder"],
        id=row["id"],
        current=bool(row["standing"]),
        acquired=row["acquired"],
        earlier_acquired=row["other_acquired"] if change else None,
        covered=covered,
        painted=is_painted(row["provider"], row["other_provider"] if change else None),
    )


def _thing(row: Row) -> ReviewEvidence:
    stock = json.loads(row["stock"])
    plain = ("id", "date", "kind", "grade", "confidence", "area", "track", "from_m", "to_m")
    thing = {
        "report": row["folder"],
        **{name: row[name] for name in plain},
        **{name: _interval(row, name) for name in ("length_m", "cars", "area_m2")},
        "geometry": json.loads(row["geometry"]),
        "caveats": json.loads(row["caveats"]),
        "colours": [c for c, _ in stock],
        "types": [t for _, t in stock],
    }
    return cast(ReviewEvidence, thing)


def _change(row: Row, things: Things) -> ReviewEvidence:
    report, ends = row["report_row"], (row["earlier"], row["later"])
    change = {
        "report": row["folder"],
        **{name: row[name] for name in ("id", "kind", "change", "grade", "confidence", "area", "track")},
        "earlier": things.get((report, row["earlier"])),
        "later": things.get((report, row["later"])),
        "amount": {**(_interval(row, "amount") or {}), "unit": row["unit"]},
        "statement": row["statement"],
        "geometry": json.loads(row["geometry"]),
        "caveats": json.loads(row["caveats"]),
        "members": [
            things[report, name]
            for name in json.loads(row["members"])
            if name not in ends and (report, name) in things
        ],
    }
    return cast(ReviewEvidence, change)


def _interval(row: Row, measure: str) -> IntervalDocument | None:
    estimate, low, high = (row[name] for name in ends_of(measure))
    if estimate is None or low is None or high is None:
        return None
    return {"estimate": float(estimate), "low": float(low), "high": float(high)}
