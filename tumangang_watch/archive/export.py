"""The archive as tables that other programs read: Parquet, CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from tumangang_watch.archive.file import Archive, database_errors
from tumangang_watch.errors import UsageError
from tumangang_watch.files import FolderKind, whole_folder
from tumangang_watch.text import PAINTED, PAINTED_NOTICE, clean_text

CANNOT_EXPORT = "cannot export the archive"
MARK = f"""(SELECT '{PAINTED_NOTICE}' FROM scenes AS p WHERE p.id IN (r.scene, r.earlier)
    AND p.provider = '{PAINTED}' LIMIT 1) AS mark"""
"""The mark of a report that rests on a scene which the program painted."""
TABLES = {
    "scenes": """SELECT sha256, scene_id, file, acquired, provider, gsd_m, pixel_m, sun_elevation_deg,
        sun_azimuth_deg, off_nadir_deg, view_azimuth_deg, cloud_fraction, radiometry, snow_state, haze,
        licence, bands, notes FROM scenes ORDER BY acquired, sha256""",
    "reports": f"""SELECT r.folder, r.manifest_sha256, sites.site, sites.sha256 AS site_sha256,
        s.sha256 AS scene_sha256, s.acquired, e.sha256 AS earlier_sha256, e.acquired AS earlier_acquired,
        r.part, r.revision, r.current, r.changed, r.registration, r.inputs_sha256, r.tool_version,
        r.settings_sha256, {MARK},
        (SELECT json_group_array(folder) FROM (SELECT folder FROM superseded WHERE report = r.id
         ORDER BY folder)) AS supersedes,
        (SELECT count(*) FROM backgrounds WHERE report = r.id) AS background_dates, r.caveats
        FROM reports AS r JOIN sites ON sites.id = r.site JOIN scenes AS s ON s.id = r.scene
        LEFT JOIN scenes AS e ON e.id = r.earlier ORDER BY r.folder""",
    "areas": f"""SELECT r.folder, s.acquired, s.gsd_m, r.current, {MARK}, a.area, a.role, a.speaks, a.status,
        a.observed_earlier, a.observed, a.reasons, a.trains, a.trains_low, a.trains_high, a.cars, a.cars_low,
        a.cars_high, a.uncounted, a.length_m, a.length_low_m, a.length_high_m, a.fill, a.fill_low,
        a.fill_high, a.cargo, a.cargo_low, a.cargo_high, a.cargo_m2, a.cargo_low_m2, a.cargo_high_m2,
        a.worked_m2, a.worked_low_m2, a.worked_high_m2, a.types
        FROM area_dates AS a JOIN reports AS r ON r.id = a.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, a.area""",
    "detections": f"""SELECT r.folder, s.acquired AS report_acquired, r.current, {MARK},
        d.detection, d.date, d.kind, d.grade, d.confidence, d.area, d.track, d.label, d.colour, d.from_m,
        d.to_m, d.track_distance_m, d.length_m, d.length_low_m, d.length_high_m, d.cars, d.cars_low,
        d.cars_high, d.area_m2,
        d.area_low_m2, d.area_high_m2, d.height_m, d.height_low_m, d.height_high_m, d.observed_fraction,
        d.evidence, d.caveats, d.geometry
        FROM detections AS d JOIN reports AS r ON r.id = d.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, d.detection""",
    "vehicles": """SELECT r.folder, d.detection, v.position, v.from_m, v.to_m, v.type, v.colour, v.confidence,
        v.load, v.load_evidence, v.types, v.colours
        FROM vehicles AS v JOIN detections AS d ON d.id = v.detection JOIN reports AS r ON r.id = d.report
        ORDER BY r.folder, d.detection, v.position""",
    "findings": f"""SELECT r.folder, s.acquired, r.current, {MARK}, f.finding, f.kind, f.change,
        f.grade, f.confidence, f.area, f.track, f.earlier, f.later, f.amount, f.amount_low, f.amount_high,
        f.unit, f.statement,
        f.observed_fraction, f.caveats, f.members, f.with_finding, f.geometry
        FROM findings AS f JOIN reports AS r ON r.id = f.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, f.finding""",
    "tracks": """SELECT r.folder, s.acquired, r.current, t.track, t.area, t.length_m, t.observed
        FROM track_dates AS t JOIN reports AS r ON r.id = t.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, t.track""",
    "track_areas": """SELECT r.folder, s.acquired, r.current, t.track, t.area, t.stretches
        FROM track_areas AS t JOIN reports AS r ON r.id = t.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, t.track, t.area""",
    "detection_areas": """SELECT r.folder, s.acquired, r.current, d.detection, b.area, b.length_m
        FROM detection_areas AS b JOIN detections AS d ON d.id = b.detection
        JOIN reports AS r ON r.id = d.report JOIN scenes AS s ON s.id = r.scene
        ORDER BY s.acquired, r.folder, d.detection, b.area""",
    "refusals": """SELECT sha256, file, sidecars_sha256, acquired, exit_status, what, why, todo,
        tool_version, site_sha256, settings_sha256 FROM refusals ORDER BY sha256""",
    "files": "SELECT path, bytes, sha256 FROM files ORDER BY path",
    "reviews": """SELECT v.uid, v.key, v.about, v.site, v.scene AS scene_sha256, s.acquired,
        v.earlier AS earlier_sha256, json_extract(v.evidence, '$.report') AS folder,
        json_extract(v.evidence, '$.id') AS reviewed, v.kind, v.area, v.reader, v.verdict, v.reason, v.remark,
        v.correction, v.made, v.origin, v.evidence,
        coalesce(json_extract(v.correction, '$.outline'), json_extract(v.evidence, '$.geometry')) AS geometry
        FROM reviews AS v LEFT JOIN scenes AS s ON s.sha256 = v.scene ORDER BY v.id""",
}
"""What is exported: rows named by what does not change from file to file, in a stable order."""
TIMES = (
    *("acquired", "report_acquired", "earlier_acquired", "made"),
    *("after", "first_seen", "last_seen", "before"),
)
"""Columns of ISO 8601 text, of these tables and of a series'."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
Marks = Mapping[tuple[str, str], tuple[str, str]]
"""What became of a detection or finding under review, by report's folder and id: state and readers."""
Cell = str | float | int | None
Rows = Iterable[tuple[Cell, ...]]
Table = tuple[Sequence[str], Sequence[tuple[Cell, ...]]]
"""Names of columns, and rows."""
Passing = tuple[Sequence[str], Rows]
"""The same with rows that may be gone through once."""
_AT_ONCE = 1000
"""Rows of a CSV that are looked at together: most hold nothing that has to be made harmless."""


def export_archive(archive: Archive, out: Path, kind: str, marks: Marks | None = None) -> list[Path]:
    """Write the archive as a folder of files, one a table; return their paths.

    Parameters
    ----------
    archive : Archive
        The open archive.
    out : Path
        The folder. It is replaced only when its successor is whole.
    kind : str
        ``parquet`` or ``csv``; `tumangang_watch.archive.layers` writes a GeoPackage.
    marks : mapping, optional
        Adds the columns ``review`` and ``readers`` to detections and findings.

    Raises
    ------
    OutputFailed
        Nothing was written and nothing earlier was lost.
    """
    names = {f"{name}.{kind}" for name in TABLES}
    export = FolderKind(
        CANNOT_EXPORT, f"an export as {kind}", lambda f: {p.name for p in f.iterdir()} <= names
    )
    write = write_csv if kind == "csv" else write_parquet
    with whole_folder(out, export, overwrite=True) as folder, database_errors(archive.path):
        for name, question in TABLES.items():
            rows = archive.connection.execute(question)
            columns = [column[0] for column in rows.description]
            write(folder / f"{name}.{kind}", *marked(name, (columns, rows), marks))
    return sorted(out.iterdir())


def table(archive: Archive, name: str) -> Table:
    """Return the columns and rows of an exported table."""
    with database_errors(archive.path):
        cursor = archive.connection.execute(TABLES[name])
        return [column[0] for column in cursor.description], cursor.fetchall()


def marked(name: str, whole: Passing, marks: Marks | None) -> Passing:
    """Return a table with what became of its rows under review, before the geometry."""
    columns, rows = whole
    if marks is None or name not in ("detections", "findings"):
        return whole
    folder, found = columns.index("folder"), columns.index(name.removesuffix("s"))
    blank = ("unreviewed", "")
    marked = ((*row[:-1], *marks.get((str(row[folder]), str(row[found])), blank), row[-1]) for row in rows)
    return [*columns[:-1], "review", "readers", columns[-1]], marked


def safe_text(value: Cell) -> Cell:
    """Return a CSV cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10) and no terminal obeys."""
    if not isinstance(value, str):
        return value
    if not value.isprintable():
        value = "\n".join(map(clean_text, value.split("\n")))
    return f"'{value}" if value.startswith(_FORMULA) else value


def _is_doubtful(text: str, rows: int) -> bool:
    """Return whether any cell of a piece of CSV may begin a formula, or a terminal obey a character of it.

    A minus begins negative numbers too, and what follows a comma may stand within a cell: what is doubtful
    is looked at cell by cell.
    """
    if text.count("\n") != rows or not text.replace("\n", "").isprintable():
        return True
    if text.startswith(_FORMULA):
        return True
    return any(f"{edge}{begin}" in text for begin in _FORMULA if begin in text for edge in '\n,"')


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write a table, its text made harmless for spreadsheets. Empty cells are gaps, never zero."""
    left = iter(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        while some := list(islice(left, _AT_ONCE)):
            piece = StringIO(newline="")
            csv.writer(piece, lineterminator="\n").writerows(some)
            if _is_doubtful(text := piece.getvalue(), len(some)):
                writer.writerows([safe_text(c) if isinstance(c, str) else c for c in row] for row in some)
            else:
                file.write(text)


def write_parquet(path: Path, columns: Sequence[str], rows: Rows, empty: str = "string") -> None:
    """Write a table with typed columns, times as UTC; a column without a value is of the type ``empty``.

    Raises
    ------
    UsageError
        pyarrow is not installed.
    """
    pyarrow, parquet = parquet_library()
    arrays = {}
    for name, values in by_column(columns, rows):
        kind = None if any(v is not None for v in values) else pyarrow.type_for_alias(empty)
        if name in TIMES:
            values = [None if v is None else datetime.fromisoformat(v) for v in values]
            kind = pyarrow.timestamp("ms", tz="UTC")
        arrays[name] = pyarrow.array(values, kind)
    parquet.write_table(pyarrow.table(arrays), path, compression="zstd")


def parquet_library() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet part.

    Raises
    ------
    UsageError
        They are not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(
            "Parquet cannot be written",
            "pyarrow",
            "it is not installed",
            "Install tumangang-watch[parquet], or take CSV or GeoPackage",
        ) from error
    return pyarrow, pyarrow.parquet


def by_column(columns: Sequence[str], rows: Rows) -> list[tuple[str, list[Any]]]:
    """Return a table's columns, each with its cells."""
    cells = [list(c) for c in zip(*rows, strict=True)] or [[] for _ in columns]
    return list(zip(columns, cells, strict=True))
