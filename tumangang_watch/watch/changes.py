"""What a run of `watch` has to say: a sentence a change, as cron mails it, and the same as one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from tumangang_watch.archive import Archive
from tumangang_watch.archive.read import painted_folders
from tumangang_watch.report.answer.phrases import chance_text
from tumangang_watch.text import PAINTED, clean_text, clock_text, count_text, marked, utc_text
from tumangang_watch.watch.plan import Places
from tumangang_watch.watch.tally import IntakeTally


@dataclass(frozen=True, kw_only=True)
class NewChange:
    """A sure change that a report tells and its predecessors did not."""

    report: str
    """Folder of the report."""
    finding: str
    acquired: str
    kind: str
    change: str
    statement: str
    confidence: float
    painted: bool


def new_changes(archive: Archive, site: str, folders: Sequence[str]) -> list[NewChange]:
    """Return the sure changes of some reports, an event once, by time; not those a superseded report told."""
    painted = painted_folders(archive, site)
    made: list[NewChange] = []
    for folder in folders:
        rows = archive.connection.execute(
            """SELECT f.finding, s.acquired, f.kind, f.change, f.statement, f.confidence
               FROM leading_findings AS f JOIN reports AS r ON r.id = f.report
               JOIN scenes AS s ON s.id = r.scene WHERE r.folder = ? AND NOT EXISTS (
                   SELECT 1 FROM superseded AS x JOIN reports AS o ON o.folder = x.folder
                   JOIN findings AS p ON p.report = o.id
                   WHERE x.report = r.id AND p.grade = 'detected'
                     AND (p.kind, p.change, coalesce(p.area, ''), coalesce(p.track, ''))
                       = (f.kind, f.change, coalesce(f.area, ''), coalesce(f.track, '')))
               ORDER BY f.id""",
            (folder,),
        )
        for finding, acquired, kind, change, statement, confidence in rows:
            made.append(
                NewChange(
                    report=folder,
                    finding=finding,
                    acquired=acquired,
                    kind=kind,
                    change=change,
                    statement=statement,
                    confidence=confidence,
                    painted=folder in painted,
                )
            )
    return sorted(made, key=lambda one: (one.acquired, one.report))


def change_lines(places: Places, tally: IntakeTally, changes: Sequence[NewChange]) -> Iterator[str]:
    """Yield what is mailed: what and when in a line, then a sentence a change; nothing where none is new."""
    if not changes:
        return
    reports = count_text(len(tally.made), "new report")
    yield (f"{stamp_text(places.now)}  {places.site.name}: {count_text(len(changes), 'change')} in {reports}")
    for one in changes:
        words = marked(one.statement, PAINTED if one.painted else None)
        when = clock_text(one.acquired, korean=places.site.korean)
        yield f"{when}: {words} [{chance_text(one.confidence)}]"
        yield f"  {places.reports / one.report / 'report.html'}"


def stamp_text(moment: datetime) -> str:
    """Return a time to the second, as lines of a log begin: ``2022-12-01T02:30:05Z``."""
    return utc_text(moment, fractions=False)


def run_document(places: Places, tally: IntakeTally, changes: Sequence[NewChange]) -> dict[str, object]:
    """Return what a run did as one JSON document."""
    return {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": places.tool_version},
        "at": stamp_text(places.now),
        "site": {"id": places.site.id, "name": places.site.name},
        "reports": [str(places.reports / folder) for folder in tally.made],
        "changes": [asdict(one) for one in changes],
        "refused": [clean_text(str(failed)) for failed in tally.refused],
        "left_out": [clean_text(fault) for fault in dict.fromkeys(map(str, tally.faults))],
        "left_alone": [clean_text(line) for line in tally.strange],
        "still_growing": sorted(tally.waiting),
    }
