"""Take in what is new, make one report a scene, record it: the same result however often it is interrupted.

The order of every step: a report's folder is written whole, then recorded in one transaction. A run that is
killed between the two leaves a folder that the next run finds and records. Pages and feed are made from the
archive at the end, and again by the next run if this one does not get there.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tumangang_watch.archive import Archive, Refusal, open_archive, read
from tumangang_watch.archive.amend import forget_report, note_made_again
from tumangang_watch.archive.file import hold
from tumangang_watch.archive.read import KnownScene
from tumangang_watch.archive.rebuild import REFUSED, adopt, names_in, read_issued
from tumangang_watch.archive.record import add_file, add_refusal, add_report, note_inbox
from tumangang_watch.archive.reviews import carry_over
from tumangang_watch.errors import Busy, InputRefused, NotYetAcquired, OutputFailed
from tumangang_watch.files import sweep, write_whole
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.processes import LONGER_THAN, longer_than
from tumangang_watch.scenes.acquired import has_come, parse_time
from tumangang_watch.text import count_text, json_text
from tumangang_watch.watch.executors import Died, Executor
from tumangang_watch.watch.inbox import Arrival, content_of, sidecars, sidecars_digest
from tumangang_watch.watch.notify import note_findings
from tumangang_watch.watch.plan import Places, Plan
from tumangang_watch.watch.tally import IntakeTally
from tumangang_watch.watch.tasks import Failed, LookTask, Made, ReportTask, look_at, make_report


def take_in(
    places: Places,
    arrivals: Iterable[Arrival],
    work: Executor,
    progress: Callable[[str], None],
    *,
    notify: bool = False,
) -> IntakeTally:
    """Bring archive and reports up to date with the scenes that arrived.

    Raises
    ------
    Busy
        Another run is at it.
    OutputFailed, ArchiveDamaged
        What was recorded before stays; the next run goes on from there.
    """
    with hold(places.archive), open_archive(places.archive, write=True, create=True) as archive:
        if not archive.connection.execute("SELECT 1 FROM reviews LIMIT 1").fetchone():
            carry_over(archive, None, places.archive)  # The archive may have been lost and made again.
        intake = _Intake(places, archive, work, progress, notify)
        intake.find_left_reports()
        scenes = intake.identify(arrivals)
        intake.look(scenes)
        intake.make_reports()
        intake.tell_of_lost_reports()
        return intake.tally


class _Intake:
    """One run; see `take_in`."""

    def __init__(
        self, places: Places, archive: Archive, work: Executor, progress: Callable[[str], None], notify: bool
    ) -> None:
        self.places, self.archive, self.work, self.progress = places, archive, work, progress
        self.notify, self.tally = notify, IntakeTally()
        self.plan = Plan(places=places, paths={}, timeline=[])
        self.new: list[KnownScene] = []
        self.passed_over = False

    def find_left_reports(self) -> None:
        """Record reports that a killed run wrote and did not record; remove what it wrote by half."""
        sweep([self.places.reports, self.places.reports / REFUSED])
        reports, known = self.places.reports, read.folders(self.archive)
        there = names_in(reports)
        self.tally.unknown = any((reports / name).is_dir() for name in there - known.keys() - {REFUSED})
        before = json.loads(read.state(self.archive, "made_again") or "[]")
        for folder in before:
            if folder in there and folder in known:
                self._record(reports / folder, again=True)
        self.tally.made += adopt(self.archive, reports, known, self._note, self.tally.strange.append)
        if not known or there.isdisjoint(known):
            if known:
                self.tally.strange.append(
                    f"{reports}: none of {count_text(len(known), 'recorded report')} is here, and none is "
                    "made again: give the folder they are in"
                )
            return
        if known.keys() - there:
            current = read.current_folders(self.archive, self.places.site.id)
            self.plan.lost = {folder: scene for folder, scene in current.items() if folder not in there}
        if sorted(self.plan.lost) == before:
            return
        with self.archive.transaction() as connection:
            note_made_again(connection, sorted(self.plan.lost))

    def tell_of_lost_reports(self) -> None:
        """Name the reports that are gone and could not be made again."""
        if read.state(self.archive, "made_again") not in (None, "[]"):
            with self.archive.transaction() as connection:
                note_made_again(connection, sorted(self.plan.lost))
        self.tally.strange += [
            f"{folder}: it was recorded and is gone; its scene is not in the inbox any more"
            for folder in sorted(self.plan.lost)
        ]

    def _note(self, report: ReportDocument, folder: str) -> None:
        if self.notify:
            note_findings(self.archive, report, folder)

    def identify(self, arrivals: Iterable[Arrival]) -> dict[str, Arrival]:
        """Read what is not known by path and stamp; return the settled files by content."""
        before = read.known_files(self.archive)
        reported = set(read.current_folders(self.archive, self.places.site.id).values())
        seen: list[tuple[Arrival, str]] = []
        for arrival in arrivals:
            stamp, sha256 = before.get(arrival.place, (None, ""))
            # What has its report is not looked for beside: that takes long in a folder of many scenes.
            if not (stamp == arrival.stamp and sha256 in reported) and not arrival.settled:
                self.tally.waiting.append(arrival.place)
                continue
            if stamp != arrival.stamp:
                self.progress(f"reading {arrival.place}")
                try:
                    sha256 = content_of(arrival.path)
                except OSError:
                    self.tally.waiting.append(arrival.place)
                    continue
            seen.append((arrival, sha256))
        with self.archive.transaction() as connection:
            gone = before.keys() - {a.place for a, _ in seen}
            connection.executemany(
                "DELETE FROM files WHERE path = ?",
                [(p,) for p in gone if not (self.places.inbox / p).exists()],
            )
            for arrival, sha256 in seen:
                if before.get(arrival.place) != (arrival.stamp, sha256):
                    add_file(connection, arrival.place, arrival.stamp, sha256)
            if self.places.inbox != Path("/"):
                # Scenes given by their whole paths need no folder to count from.
                note_inbox(connection, str(self.places.inbox))
        self.plan.paths = {
            sha256: _best([self.places.inbox / p for p in paths])
            for sha256, paths in read.paths_of(self.archive).items()
        }
        best = {path: sha256 for sha256, path in self.plan.paths.items()}
        return {sha256: a for a, sha256 in seen if best.get(a.path) == sha256}

    def look(self, scenes: dict[str, Arrival]) -> None:
        """Look at every scene that is new; refuse what cannot be used."""
        self.plan.timeline = read.known_scenes(self.archive, self.places.site.id)
        known = {s.sha256 for s in self.plan.timeline}
        refused = read.refusals(self.archive)
        self.tally.known = len(known & scenes.keys())
        fresh = []
        for sha256, arrival in scenes.items():
            if sha256 in known:
                continue
            if sha256 in refused and self._stands(refused[sha256], arrival):
                self.tally.known += 1
                continue
            fresh.append((sha256, arrival))
        waiting = deque(fresh)
        while waiting or self.work.waiting:
            while waiting and self.work.waiting < self.work.slots:
                sha256, arrival = waiting.popleft()
                self.progress(f"looking at {arrival.place}")
                task = LookTask(arrival.path, self.places.site_file, self.places.now)
                self.work.submit(look_at, task, (sha256, arrival))
            (sha256, arrival), outcome = self.work.next_done()
            self._looked(sha256, arrival, outcome)
        self.new.sort(key=lambda s: (s.acquired, s.sha256))
        self.plan.timeline = sorted([*self.plan.timeline, *self.new], key=lambda s: (s.acquired, s.sha256))

    def _looked(self, sha256: str, arrival: Arrival, outcome: KnownScene | Failed | Died) -> None:
        if isinstance(outcome, Died):
            outcome = _of_death(outcome, arrival.path)
        if isinstance(outcome, Failed):
            self._refuse(sha256, arrival.path, outcome)
        elif outcome.sha256 != sha256:
            self.tally.waiting.append(arrival.place)
        else:
            self.new.append(outcome)

    def _stands(self, refusal: Refusal, arrival: Arrival) -> bool:
        """Return whether a refusal still holds: nothing it rests on has changed."""
        if refusal.why.startswith(LONGER_THAN) and refusal.why != longer_than(self.places.time_limit_s):
            return False
        dated = parse_time(refusal.acquired) if refusal.what == NotYetAcquired.refused else None
        if dated is not None and has_come(dated[0], self.places.now):
            return False  # The clock was wrong, or its day has come.
        made_with = (refusal.tool_version, refusal.site_sha256, refusal.settings_sha256)
        return made_with == self._version() and sidecars_digest(arrival.path) == refusal.sidecars_sha256

    def _version(self) -> tuple[str, str, str]:
        return self.places.tool_version, self.places.site.sha256, self.places.settings.sha256

    def _refuse(self, sha256: str, path: Path, failed: Failed) -> None:
        """Record that a scene cannot be used, on the disk and then in the archive."""
        if failed.exit_status == OutputFailed.exit_status:
            raise OutputFailed(failed.what, failed.file, failed.why, failed.todo)
        if failed.exit_status == Busy.exit_status or (not failed.passing and not _holds(path, sha256)):
            self.tally.waiting.append(path.name)
            return
        if failed.passing:
            self.passed_over = True
            self.tally.refused.append(failed)
            return
        version, site_sha256, settings_sha256 = self._version()
        refusal = Refusal(
            sha256=sha256,
            file=path.name,
            sidecars_sha256=sidecars_digest(path),
            acquired=failed.acquired,
            exit_status=failed.exit_status,
            what=failed.what,
            why=failed.why,
            todo=failed.todo,
            tool_version=version,
            site_sha256=site_sha256,
            settings_sha256=settings_sha256,
        )
        text = json_text(asdict(refusal), indent=1, sort_keys=True)
        write_whole(self.places.reports / REFUSED / f"{sha256[:16]}.json", text)
        with self.archive.transaction() as connection:
            add_refusal(connection, refusal)
        self.plan.refused.add(sha256)
        self.tally.refused.append(failed)

    def make_reports(self) -> None:
        """Make every report that is missing, in order of time, several at once where there is room."""
        marked = read.state(self.archive, "weigh_again_from")
        since = min([s.acquired for s in self.new] + ([marked] if marked else []), default=None)
        queue = deque(
            s
            for s in self.plan.timeline
            if self.places.refresh
            or (since is not None and s.acquired >= since)
            or s.sha256 in self.plan.lost.values()
        )
        while queue or self.work.waiting:
            while queue and self.work.waiting < self.work.slots:
                self._begin(queue.popleft())
            if self.work.waiting:
                (scene, task), outcome = self.work.next_done()
                self._ended(scene, task, outcome)
        if self.passed_over:
            return  # What was to be weighed again still is.
        with self.archive.transaction() as connection:
            connection.execute("DELETE FROM state WHERE key = 'weigh_again_from'")

    def _begin(self, scene: KnownScene) -> None:
        """Hand in the first report a scene lacks; the others follow one by one."""
        if scene.sha256 in self.plan.refused:
            return
        tasks = self.plan.missing(self.archive, scene)
        if tasks:
            self.progress(f"reporting {tasks[0].folder.name}")
            self.work.submit(make_report, tasks[0], (scene, tasks[0]))

    def _ended(self, scene: KnownScene, task: ReportTask, outcome: Any) -> None:
        if isinstance(outcome, Died):
            outcome = replace(_of_death(outcome, task.later.path), acquired=scene.acquired)
        if isinstance(outcome, Made):
            self.tally.faults += outcome.faults
            self._record(task.folder, again=task.folder.name in self.plan.lost)
            self._begin(scene)
        elif task.earlier and outcome.of_scenes:
            self.plan.failed.setdefault(scene.sha256, {})[task.earlier.sha256] = outcome.why
            if outcome.unexpected:
                self.tally.faults.append(outcome)
            self._begin(scene)
        else:
            self._refuse(scene.sha256, task.later.path, replace(outcome, acquired=scene.acquired))

    def _record(self, folder: Path, *, again: bool) -> None:
        """Record a report; one that was gone takes its own place, and its changes are not told again."""
        issued = read_issued(folder, verify=False)
        with self.archive.transaction() as connection:
            if again:
                forget_report(connection, issued.folder)
            add_report(self.archive, issued)
            if not again:
                self._note(issued.report, issued.folder)
        self.plan.lost.pop(issued.folder, None)
        self.tally.made.append(issued.folder)


def _best(paths: list[Path]) -> Path:
    """Return, of several files of one content, the first that has its metadata beside it."""
    return paths[0] if len(paths) == 1 else min(paths, key=lambda p: (not sidecars(p), p.as_posix()))


def _holds(path: Path, sha256: str) -> bool:
    """Return whether an image still has the content of a digest: what replaced it is another scene."""
    try:
        return content_of(path) == sha256
    except OSError:
        return False


def _of_death(died: Died, path: Path) -> Failed:
    if died.killed:
        return Failed.passed(path.name, died.why)
    remedy = "give it more time (--time-limit)" if died.late else "report it"
    return Failed(
        what="scene refused",
        file=path.name,
        why=died.why,
        todo=f"Deliver it again; {remedy} if it is sound",
        exit_status=InputRefused.exit_status,
    )
