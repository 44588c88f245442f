"""Bring the pages over the record up to date: they say what the archive says, and nothing else."""

from __future__ import annotations

from dataclasses import asdict

from tumangang_watch.archive import open_archive, read
from tumangang_watch.files import write_whole
from tumangang_watch.review.marks import add_marks
from tumangang_watch.watch.pages import feed, index_page
from tumangang_watch.watch.plan import Places


def publish(places: Places, base_url: str = "") -> None:
    """Write ``index.html`` and ``feed.xml`` beside the reports; files that say it already are left alone."""
    site = {"id": places.site.id, "name": places.site.name}
    limits = places.settings.watch
    with open_archive(places.archive) as archive:
        rows = read.index_rows(archive, places.site.id, limits.index_rows)
        total = read.count_reports(archive, places.site.id)
        refused = [asdict(r) for r in read.refusals(archive).values()]
        findings = read.feed_rows(archive, places.site.id, limits.feed_entries)
        add_marks(rows, findings, archive, places.site.id)
    refused.sort(key=lambda r: (r["acquired"] or "", r["file"], r["sha256"]), reverse=True)
    page = index_page(site, rows, total, refused[: limits.index_rows])
    write_whole(places.reports / "index.html", page)
    write_whole(places.reports / "feed.xml", feed(site, findings, base_url))
