"""Findings out to a GIS for review: evidence to look at, columns and outlines to answer in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.archive.export import Cell
from tumangang_watch.files import check_file, whole_files
from tumangang_watch.model.review import ReviewSubject, digest
from tumangang_watch.review.add import RecordedDate
from tumangang_watch.review.gpkg_write import LayerRow, write_review_gpkg
from tumangang_watch.review.session import Reviewer, Wanted, under_review


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
    """Write what is to be reviewed as a GeoPackage; return the counts.

    Answers are not shown: a second reading is worth more when it is blind.
    """
    layers: dict[str, list[LayerRow]] = {"findings": [], "detections": [], "areas": []}
    for one in under_review(archive, site, replace(wanted, each_detection=True)):
        if one.subject is not None:
            row = LayerRow(evidence_row(one.subject), one.about.evidence["geometry"])
            layers[f"{one.about.word}s"].append(row)
    for place in seen_areas(archive, site, wanted):
        cells: dict[str, Cell] = {
            "key": place.key,
            "report": place.date.folder,
            "acquired": place.date.acquired,
        }
        cells |= {"area": place.area, "role": place.role, "status": place.status}
        layers["areas"].append(LayerRow(cells))
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


def seen_areas(archive: Archive, site: str, wanted: Wanted) -> list[SeenArea]:
    """Return the areas that could be seen, date by date."""
    rows = archive.connection.execute(
        """SELECT r.folder, r.scene_sha256, r.acquired, a.area, a.role, a.status
           FROM area_dates AS a JOIN current_reports AS r ON r.id = a.report
           WHERE a.speaks AND a.status <> 'not_observable' AND r.site_id = ?1
             AND (?2 IS NULL OR r.acquired >= ?2) AND (?3 IS NULL OR r.acquired < ?3 || '~')
             AND (?4 IS NULL OR a.area = ?4) ORDER BY r.acquired, a.area""",
        (site, wanted.since, wanted.until, wanted.area),
    )
    return [
        SeenArea(RecordedDate(folder, scene, acquired, site), area, role, status)
        for folder, scene, acquired, area, role, status in rows
    ]
