"""What readers said, beside what is published: marks of exports, of the index page and of the feed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tumangang_watch.archive import Archive
from tumangang_watch.archive.read import FeedRow, IndexRow, site_names
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.review.session import SHORT, Wanted, reviewed_scenes, under_review


def marks(archive: Archive, *, reviewed: bool = False) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what became of each detection and finding of the current reports: state and readers.

    With ``reviewed`` only of scenes of which anything was reviewed.
    """
    found = {}
    for site in site_names(archive):
        scenes = reviewed_scenes(archive, site) if reviewed else None
        for one in under_review(archive, site, Wanted(each_detection=True), scenes):
            if one.subject is not None:
                readers = sorted({r.reader for r in (*one.latest, *one.stale)})
                found[one.subject.folder, one.subject.id] = (one.state, ", ".join(readers))
    return found


def review_notes(archive: Archive) -> list[str]:
    """Return which reviews are of nothing that a current report says: no fault, but worth a look."""
    notes = []
    for site in site_names(archive):
        for one in under_review(archive, site, Wanted(each_detection=True), reviewed_scenes(archive, site)):
            readers = ", ".join(sorted({r.reader for r in one.stale}))
            if one.state == "stale" or (one.state == "gone" and readers):
                why = "has changed since" if one.state == "stale" else "stands in no report any more"
                notes.append(f"review {one.about.key[:SHORT]} by {readers}: what was reviewed {why}")
    known = {row[0] for row in archive.connection.execute("SELECT site FROM sites")}
    lost = [r for r in all_reviews(archive) if r.about.site not in known]
    return notes + ([f"{len(lost)} reviews are of sites without a report"] if lost else [])


def add_marks(rows: Sequence[IndexRow], findings: Sequence[FeedRow], archive: Archive, site: str) -> None:
    """Add to the rows of index page and feed what readers said; the reports themselves stay as they are."""
    words = {
        place: f"{state} by {readers}"
        for place, (state, readers) in marks(archive, reviewed=True).items()
        if readers
    }
    of_folder = folder_words(archive, site)
    for row in rows:
        row["review"] = of_folder.get(row["folder"], "")
        row["marks"] = [words.get((row["folder"], name), "") for name in row["findings"]]
    for found in findings:
        mark = words.get((found["folder"], found["finding"]))
        if mark is not None:
            found["caveats"] = [*found["caveats"], f"Review: {mark}."]


def folder_words(archive: Archive, site: str) -> dict[str, str]:
    """Return, for each report of which anything was reviewed, what became of it in words."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in under_review(archive, site, scenes=reviewed_scenes(archive, site)):
        folder = one.subject.folder if one.subject else str(one.about.evidence.get("report"))
        if one.state != "withdrawn":
            counts[folder][one.state] += 1
    return {
        folder: ", ".join(f"{number} {state}" for state, number in sorted(group.items()))
        for folder, group in counts.items()
        if set(group) - {"unreviewed"}
    }
