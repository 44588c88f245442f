"""Tell a command of each new finding, at least once each."""

from __future__ import annotations

import json
import shlex
import subprocess
from contextlib import suppress
from typing import cast

from shapely.geometry import shape

from tumangang_watch.archive import Archive
from tumangang_watch.archive.digests import add_row
from tumangang_watch.errors import Busy, OutputFailed, UsageError
from tumangang_watch.files import failing_as, locked
from tumangang_watch.model.document import FindingDocument, ReportDocument, SupersededDocument
from tumangang_watch.settings.records import WatchSettings
from tumangang_watch.text import count_text, json_text

_SCENE_KEYS = ("id", "sha256", "acquired", "provider", "gsd_m", "painted")


def note_findings(archive: Archive, report: ReportDocument, folder: str) -> None:
    """Note which findings of a recorded report are to be told; inside the transaction that records it.

    Told are sure changes, an event once: of a train replaced, the one that came names the one that went. A
    report that supersedes another tells only what the other did not say, and so does one of a late scene of
    what came or went: a report of a later scene, compared with a date before both, may have told it.
    """
    known = {
        tuple(row)
        for old in _superseded(report)
        for row in archive.connection.execute(
            """SELECT f.kind, f.change, f.area, f.track, round(f.amount) FROM findings AS f
               JOIN reports AS r ON r.id = f.report WHERE r.folder = ?""",
            (old["folder"],),
        )
    }
    leading = {
        row[0]
        for row in archive.connection.execute(
            """SELECT f.finding FROM leading_findings AS f JOIN reports AS r ON r.id = f.report
               WHERE r.folder = ?""",
            (folder,),
        )
    }
    around = _notified_around(archive, report)
    for finding in report["findings"]:
        amount = float(round(finding["amount"]["estimate"]))
        place = (finding["kind"], finding["change"], finding["area"], finding["track"], amount)
        if finding["id"] in leading and place not in known and not _is_notified(finding, around):
            document = json.dumps(_document(report, folder, finding), sort_keys=True)
            add_row(archive.connection, "notices", folder, finding["id"], document)


def _notified_around(archive: Archive, report: ReportDocument) -> list[tuple[str, ...]]:
    """Return the sure arrivals and departures told over spans of time that hold the report's own."""
    scenes = report["scenes"]
    if "earlier" not in scenes:
        return []
    return archive.connection.execute(
        """SELECT f.kind, f.change, f.area, f.track, f.geometry FROM findings AS f
           JOIN reports AS r ON r.id = f.report JOIN scenes AS s ON s.id = r.scene
           JOIN scenes AS e ON e.id = r.earlier JOIN sites ON sites.id = r.site
           WHERE sites.site = ? AND s.acquired > ? AND e.acquired <= ? AND f.grade = 'detected'
           AND f.change IN ('appeared', 'disappeared')""",
        (report["site"]["id"], scenes["later"]["acquired"], scenes["earlier"]["acquired"]),
    ).fetchall()


def _is_notified(finding: FindingDocument, around: list[tuple[str, ...]]) -> bool:
    """Return whether the same came or went in the same place as another report told."""
    same = (finding["kind"], finding["change"], finding["area"], finding["track"])
    here = finding["geometry"]
    if here is None:
        return False
    return any(row[:4] == same and shape(json.loads(row[4])).intersects(shape(here)) for row in around)


def _superseded(report: ReportDocument) -> list[SupersededDocument]:
    issue = report.get("issue")
    return (issue.get("supersedes") or []) if issue else []


def _document(report: ReportDocument, folder: str, finding: FindingDocument) -> dict[str, object]:
    """Return what the command reads: the finding, and where it comes from."""
    scenes = {
        date: {key: scene[key] for key in _SCENE_KEYS if key in scene}
        for date, scene in cast(dict[str, dict[str, object]], report["scenes"]).items()
    }
    return {
        "schema_version": report["schema_version"],
        "id": f"{folder}/{finding['id']}",
        "site": {"id": report["site"]["id"], "name": report["site"]["name"]},
        "report": folder,
        "scenes": scenes,
        "supersedes": _superseded(report),
        "finding": finding,
    }


def words_of(command: str) -> list[str]:
    """Return a command as program and arguments; no shell takes part.

    Raises
    ------
    UsageError
        It is empty, or its quotes do not match.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError("wrong command", "--notify-command", str(error), "Mind the quotes") from error
    if not words:
        raise UsageError("wrong command", "--notify-command", "it is empty", "Name a program")
    return words


def send_notices(archive: Archive, command: str, settings: WatchSettings) -> None:
    """Run the command once a finding, in order of time, the finding as JSON on its standard input.

    A notice is struck off after the command ended well. A run killed in between tells it again under the
    same ``id``. One that fails is tried again after the others, and by the next run; after several failures
    in a row the command is taken to be down. Another run may take in scenes meanwhile, and none tells them.

    Raises
    ------
    OutputFailed
        The command failed; what it was not told is told by the next run.
    """
    words = words_of(command)
    lock = archive.path.with_name(archive.path.name + ".notices.lock")
    with suppress(Busy), failing_as("cannot tell findings", lock), locked(lock, "busy", lock, "it tells"):
        failed = _send(archive, words, settings, _pending(archive))
        if failed and len(failed) < settings.notify_failures:
            failed = _send(archive, words, settings, failed)
        if failed:
            left = len(_pending(archive))
            why = f"{failed[0][0]}/{failed[0][1]}: {failed[0][3]} ({count_text(left, 'finding')} not told)"
            raise OutputFailed("finding not told", words[0], why, "The next run tells it; mend the command")


def _pending(archive: Archive) -> list[tuple[str, ...]]:
    """Return folder, finding and document of what is to be told."""
    return archive.connection.execute(
        "SELECT folder, finding, document FROM notices ORDER BY folder, length(finding), finding"
    ).fetchall()


def _send(
    archive: Archive, words: list[str], settings: WatchSettings, rows: list[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Tell each of some notices once; return those that failed, with the reason."""
    failed: list[tuple[str, ...]] = []
    in_a_row = 0
    for folder, finding, document, *_ in rows:
        text = json_text(json.loads(document), indent=1, sort_keys=True)
        if why := _tell(words, text, settings.notify_limit_s):
            failed.append((folder, finding, document, why))
            in_a_row += 1
            if in_a_row >= settings.notify_failures:
                break
            continue
        in_a_row = 0
        with archive.transaction() as connection:
            connection.execute("DELETE FROM notices WHERE folder = ? AND finding = ?", (folder, finding))
    return failed


def _tell(words: list[str], text: str, limit_s: float) -> str:
    """Run the command; return why it failed, or nothing."""
    try:
        done = subprocess.run(
            words, input=text.encode(), stdout=subprocess.DEVNULL, timeout=limit_s, check=False
        )
        return f"it ended with status {done.returncode}" if done.returncode else ""
    except subprocess.TimeoutExpired:
        return f"it took longer than {limit_s:g} s"
    except OSError as error:
        return error.strerror or str(error)
