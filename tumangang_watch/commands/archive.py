"""``archive``: the record of every scene, detection and finding so far."""

from __future__ import annotations

from pathlib import Path

import click

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.export import export_archive
from tumangang_watch.archive.file import hold
from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import ArchiveDamaged
from tumangang_watch.text import clean_text


def export(archive_file: Path, out: Path, review: bool, kind: str | None) -> int:
    """Write the archive as GeoPackage, Parquet or CSV."""
    kind = kind or ("gpkg" if out.suffix.lower() == ".gpkg" else "csv")
    with open_archive(archive_file) as archive:
        marks = late("review.session").marks(archive) if review else None
        if kind == "gpkg":
            paths = late("archive.layers").export_geopackage(archive, out, marks)
        else:
            paths = export_archive(archive, out, kind, marks)
        for path in paths:
            tell(str(path))
    return 0


def check(archive_file: Path, reports: Path | None, files: bool) -> int:
    """Say whether the archive is whole and, with --reports, agrees with the reports."""
    with open_archive(archive_file, write=True) as archive:
        faults = check_archive(archive, reports, files=files)
        count = archive.connection.execute("SELECT count(*) FROM reports").fetchone()[0]
    for fault in faults:
        click.echo(clean_text(fault), err=True)
    if faults:
        raise ArchiveDamaged(
            "archive damaged", archive_file, f"{len(faults)} faults", "Run `tumangang-watch archive rebuild`"
        )
    tell(f"{archive_file}: sound, {count} reports")
    return 0


def rebuild(archive_file: Path, reports: Path, scenes: Path | None) -> int:
    """Make the archive again from reports and scenes; an earlier file is kept beside it."""
    with hold(archive_file):
        count, kept = late("archive.rebuild").rebuild(
            archive_file,
            reports,
            lambda: late("watch.inbox").locate_scenes(scenes) if scenes else [],
            inbox=scenes,
        )
    tell(f"{archive_file}: {count} reports")
    if kept is not None:
        tell(f"The file that was there: {kept}")
    return 0
