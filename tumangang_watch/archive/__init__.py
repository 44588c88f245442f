"""The record of every scene, detection and finding so far: one SQLite file.

What stands in the rows is what the reports say (``report.json``): the archive can be made again from the
reports. Only what people said of findings (`reviews`) stands in no report; a copy of it lies beside the
archive. One report is one transaction.

::

    with open_archive(path, write=True, create=True) as archive:
        add_report(archive, Issued(report, folder.name, manifest_sha256))
    with open_archive(path) as archive:
        archive.connection.execute("SELECT * FROM current_detections WHERE kind = 'train'")
"""

from __future__ import annotations

from tumangang_watch.archive.file import Archive, make_archive, open_archive
from tumangang_watch.archive.schema import Refusal

__all__ = ["Archive", "Refusal", "make_archive", "open_archive"]
