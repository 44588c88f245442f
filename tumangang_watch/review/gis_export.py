"""Findings out to a GIS for review: evidence to look at, columns and outlines to answer in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.archive.export import Cell
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.files import check_file, whole_files
from tumangang_watch.model.review import Answer, ReviewSubject, digest
from tumangang_watch.review.add import RecordedDate
from tumangang_watch.review.gpkg_write import LayerRow, write_review_gpkg
from tumangang_watch.review.session import Reviewer, Wanted, under_review
from tumangang_watch.text import PAINTED_NOTICE


@dataclass(frozen=True)
class SeenArea:
    """An area that could be seen on a date."""

    date: RecordedDate
    area: str
    role: str
    status: str

    @property
    def key(self) -> str:
        """See `About`."""
        return self.date.about_area(self.area).key


def export_review(
    archive: Archive, site: str, out: Path, wanted: Wanted, reviewer: Reviewer
) -> dict[str, int]:
    """Write what is to be reviewed as a GeoPackage, the reader's own answers filled in; return the counts.

    Answers of others are not shown: a second reading is worth more when it is blind.
    """
    own = {r.about.key: r.answer for r in all_reviews(archive, site) if r.reader == reviewer.name}
    layers: dict[str, list[LayerRow]] = {"findings": [], "detections": [], "areas": []}
    for one in under_review(archive, site, replace(wanted, each_detection=True)):
        if one.subject is not None:
            answer = own.get(one.about.key)
            outline = answer.correction.outline if answer is not None else None
            row = evidence_row(one.subject) | _answer_columns(answer)
            layers[f"{one.about.word}s"].append(LayerRow(row, outline or one.about.evidence["geometry"]))
    for place in seen_areas(archive, site, wanted):
        cells: dict[str, Cell] = {
            "key": place.key,
            "report": place.date.folder,
            "acquired": place.date.acquired,
        }
        cells |= {"area": place.area, "role": place.role, "status": place.status}
        layers["areas"].append(LayerRow(cells | _complete_columns(own.get(place.key))))
    # Each row names the export and how many rows it had, so that deleted ones can be told.
    mark = digest([site, reviewer.name, reviewer.made])[:16]
    for one_row in (row for rows in layers.values() for row in rows):
        one_row.cells["export"] = f"{mark}-{sum(map(len, layers.values()))}"
    check_file(out, overwrite=True, what="cannot export")
    # What an editor left beside an earlier file belongs to that, and would be taken into this one.
    sides = [out.with_name(out.name + end) for end in ("-wal", "-shm", "-journal")]
    with whole_files(out, what="cannot export", drop=sides) as (part,):
        write_review_gpkg(part, layers)
    return {name: len(rows) for name, rows in layers.items()}


def evidence_row(subject: ReviewSubject) -> dict[str, Cell]:
    """Return what a reader looks at, in the columns of the file."""
    found: Mapping[str, Any] = subject.about.evidence
    row: dict[str, Cell] = {
        "key": subject.key,
        "report": subject.folder,
        "id": subject.id,
        "acquired": subject.acquired,
        "earlier_acquired": subject.earlier_acquired,
        "statement": subject.statement,
        "mark": PAINTED_NOTICE if subject.painted else None,
        "caveats": "; ".join(found["caveats"]),
    }
    for name in ("kind", "grade", "confidence", "area", "track", "change", "from_m", "to_m"):
        row[name] = found.get(name)
    for name in ("colours", "types"):
        row[name] = ", ".join(found.get(name) or []) or None
    for name in ("length_m", "cars", "area_m2", "amount"):
        value = found.get(name) or {}
        for bound, end in (("estimate", ""), ("low", "_low"), ("high", "_high")):
            row[name + end] = value.get(bound)
    row["unit"] = (found.get("amount") or {}).get("unit")
    return row


def _answer_columns(own: Answer | None) -> dict[str, Cell]:
    if own is None or own.verdict == "withdrawn":
        return {}
    values: Mapping[str, Any] = own.correction.as_dict()
    spans = {n: _span_text(values[n]) for n in ("cars", "area_m2") if n in values}
    lists = {n: ", ".join(values[n]) for n in ("colours", "types") if n in values}
    plain = {n: values[n] for n in ("from_m", "to_m", "track", "kind") if n in values}
    return {
        "verdict": own.verdict,
        "reason": own.reason,
        "remark": own.remark or None,
        **{f"new_{name}": value for name, value in (spans | lists | plain).items()},
        "answer_before": json.dumps(own.as_dict(), ensure_ascii=False, sort_keys=True),
    }


def _complete_columns(own: Answer | None) -> dict[str, Cell]:
    if own is None or own.verdict != "complete":
        return {}
    return {"complete": "yes", "remark": own.remark or None, "answer_before": json.dumps(own.as_dict())}


def _span_text(bounds: Sequence[float]) -> str:
    low, high = bounds
    return f"{low:.12g}" if low == high else f"{low:.12g}-{high:.12g}"


def seen_areas(archive: Archive, site: str, wanted: Wanted) -> list[SeenArea]:
    """Return the areas that could be seen, date by date."""
    rows = archive.connection.execute(
        """SELECT r.folder, r.scene_sha256, r.acquired, a.area, a.role, a.status
           FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
           WHERE a.speaks AND a.status <> 'not_observable' AND r.site_id = :site
             AND (:since IS NULL OR r.acquired >= :since) AND (:until IS NULL OR r.acquired < :until || '~')
             AND (:area IS NULL OR a.area = :area) ORDER BY r.acquired, a.area""",
        {"site": site, "since": wanted.since, "until": wanted.until, "area": wanted.area},
    )
    return [
        SeenArea(RecordedDate(folder, scene, acquired, site), area, role, status)
        for folder, scene, acquired, area, role, status in rows
    ]
