"""What reports a scene should have, against those it has: the pieces of work that are missing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tumangang_watch.archive import Archive, read
from tumangang_watch.archive.choose import Part, choose, taken
from tumangang_watch.archive.read import CurrentReport, KnownScene
from tumangang_watch.archive.rebuild import folder_end, folder_name
from tumangang_watch.model.document import IssueDocument
from tumangang_watch.model.site import Site
from tumangang_watch.settings import Settings
from tumangang_watch.settings.records import WatchSettings
from tumangang_watch.watch.tasks import KnownFile, ReportTask, is_made


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things lie, and what all reports of a run share."""

    inbox: Path
    archive: Path
    reports: Path
    site_file: Path | None
    site: Site
    settings: Settings
    tool_version: str
    now: datetime
    """The caller's clock."""
    time_limit_s: float = WatchSettings.scene_limit_s
    """Longest time one scene may take."""
    refresh: bool = False
    """Make reports again that another version, other settings or another site file made."""


@dataclass(kw_only=True)
class Plan:
    """What is known while a run goes on."""

    places: Places
    paths: dict[str, Path]
    """Where each content lies now."""
    timeline: list[KnownScene]
    """Every date, by time."""
    refused: set[str] = field(default_factory=set)
    """Scenes that turned out to be of no use."""
    failed: dict[str, dict[str, str]] = field(default_factory=dict)
    """For each scene, the earlier scenes it could not be compared with, and why."""
    lost: dict[str, str] = field(default_factory=dict)
    """Folders of standing reports that are gone from the disk, and the scene (sha256) of each."""
    names: dict[str, str] = field(default_factory=dict)
    """Folder names given in this run, and the scene each is of."""

    def missing(self, archive: Archive, scene: KnownScene) -> list[ReportTask]:
        """Return the reports a scene lacks, in order; empty when it has what it should have."""
        site = self.places.site
        current = {s.part: s for s in read.current_reports(archive, site.id, scene.sha256)}
        failed = {**read.failed_pairs(archive, scene.sha256), **self.failed.get(scene.sha256, {})}
        earlier = [e for e in self._before(scene) if e.sha256 not in failed]
        if len(failed) >= self.places.settings.watch.pair_tries:
            earlier = []
        if scene.sha256 not in self.paths:
            return []
        parts = self._choose(scene, earlier)
        gone_away = not _contents(parts) | _later_looks(parts) <= self.paths.keys()
        if gone_away:
            # Scenes are taken out of the inbox some day: what is left decides, but no report is made again
            # only because less is left.
            parts = self._choose(scene, [e for e in earlier if e.sha256 in self.paths])
        tasks = []
        for number, part in enumerate(parts):
            digest = inputs_digest(scene, part, number)
            lost = number in current and current[number].folder in self.lost
            due = lost or number not in current or self._outdated(current[number], digest)
            if due and (lost or not (gone_away and self._adds_nothing(archive, current.get(number), part))):
                why = self._why(archive, scene, part, current.get(number), digest)
                last = read.last_revisions(archive, site.id, scene.sha256).get(number, 0)
                gone = {
                    s.folder: s.manifest_sha256
                    for k, s in current.items()
                    if (k == number and not lost) or (number == 0 and k >= len(parts))
                }
                if lost:
                    gone |= read.superseded_by(archive, current[number].folder)
                issue: IssueDocument = {
                    "part": number,
                    "revision": last if lost else last + 1,
                    "speaks_for": list(part.areas),
                    "tells": {area: [e.sha256 for e in since] for area, since in part.tells.items()},
                    "inputs_sha256": digest,
                    "look": {"snow_state": scene.snow_state, "observed": scene.observed},
                    "not_comparable_with": [{"sha256": s, "why": w} for s, w in sorted(failed.items())],
                    "supersedes": [
                        {"folder": folder, "manifest_sha256": manifest, "why": why}
                        for folder, manifest in gone.items()
                    ],
                }
                tasks.append(self._task(archive, scene, part, issue))
        return tasks

    def _choose(self, scene: KnownScene, earlier: Sequence[KnownScene]) -> tuple[Part, ...]:
        aprons = [area.id for area in self.places.site.having("apron")]
        return choose(scene, earlier, self.places.settings, aprons)

    def _adds_nothing(self, archive: Archive, current: CurrentReport | None, part: Part) -> bool:
        """Return whether all dates of a comparison stand in the report already."""
        if current is None:
            return False
        known = {read.partner_of(archive, current.folder), *read.backgrounds(archive, current.folder)}
        return _contents((part,)) <= known

    def _before(self, scene: KnownScene) -> Sequence[KnownScene]:
        return [e for e in self.timeline if taken(e) < taken(scene) and e.sha256 not in self.refused]

    def _outdated(self, current: CurrentReport, digest: str) -> bool:
        if current.inputs_sha256 != digest:
            return True
        made_with = (current.tool_version, current.settings_sha256)
        return self.places.refresh and made_with != (self.places.tool_version, self.places.settings.sha256)

    def _why(
        self, archive: Archive, scene: KnownScene, part: Part, current: CurrentReport | None, digest: str
    ) -> str:
        """Return why a report takes the place of another, in words."""
        if current is None or current.inputs_sha256 == digest:
            return "made again with this version and these settings"
        before = read.partner_of(archive, current.folder)
        if part.earlier is not None and part.earlier.sha256 != before:
            return f"{part.earlier.scene_id} of {part.earlier.acquired} is the last look before it"
        return "other earlier dates say now what is usual"

    def _task(self, archive: Archive, scene: KnownScene, part: Part, issue: IssueDocument) -> ReportTask:
        folder, earlier = self._folder(archive, scene, issue), part.earlier
        return ReportTask(
            later=self._file(scene),
            earlier=None if earlier is None else self._file(earlier),
            background=tuple(self._file(b) for b in part.background),
            tells={area: tuple(map(self._file, since)) for area, since in part.tells.items()},
            site_file=self.places.site_file,
            folder=folder,
            issue=issue,
            caveats=(*_caveats(scene, part, issue), *self._passed_over(issue)),
            settings=self.places.settings,
            tool_version=self.places.tool_version,
            latest=self.places.now,
        )

    def _folder(self, archive: Archive, scene: KnownScene, issue: IssueDocument) -> Path:
        """Return where a report goes; a revision whose folder holds something strange is passed over."""
        start = self._name(archive, scene)
        while True:
            folder = self.places.reports / (start + folder_end(issue["part"], issue["revision"]))
            if not os.path.lexists(folder) or is_made(folder, issue):
                return folder
            issue["revision"] += 1

    def _file(self, scene: KnownScene) -> KnownFile:
        return KnownFile(self.paths[scene.sha256], scene.sha256)

    def _passed_over(self, issue: IssueDocument) -> list[str]:
        """Return which earlier scenes could not be compared, in words."""
        known = {e.sha256: e for e in self.timeline}
        failed = [
            (known[f["sha256"]], f["why"])
            for f in issue.get("not_comparable_with", [])
            if f["sha256"] in known
        ]
        return [
            f"{e.scene_id} of {e.acquired} could not be compared ({why}): what changed before it and what "
            "changed since are told as one"
            for e, why in sorted(failed, key=lambda f: taken(f[0]))
        ]

    def _name(self, archive: Archive, scene: KnownScene) -> str:
        """Return the folder name of a scene's first report; two contents of one name stay apart."""
        plain = folder_name(scene.acquired, scene.scene_id)
        owner = read.owner_of(archive, plain) or self.names.setdefault(plain, scene.sha256)
        return plain if owner == scene.sha256 else f"{plain}_{scene.sha256[:8]}"


def inputs_digest(scene: KnownScene, part: Part, number: int) -> str:
    """Return the digest of what decides a report: the dates by content, and the areas it speaks for."""
    inputs = [
        scene.sha256,
        part.earlier.sha256 if part.earlier else None,
        sorted(b.sha256 for b in part.background),
        number,
        sorted(part.areas),
        sorted((area, [e.sha256 for e in since]) for area, since in part.tells.items()),
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _contents(parts: tuple[Part, ...]) -> set[str]:
    """Return the earlier scenes (sha256) of comparisons."""
    return {s.sha256 for part in parts for s in (part.earlier, *part.background) if s is not None}


def _later_looks(parts: tuple[Part, ...]) -> set[str]:
    """Return the scenes (sha256) that show something of an area since the date it is compared with."""
    return {s.sha256 for part in parts for looks in part.tells.values() for s in looks}


def _caveats(scene: KnownScene, part: Part, issue: IssueDocument) -> tuple[str, ...]:
    caveats = []
    supersedes = issue["supersedes"]
    if supersedes:
        names = ", ".join(s["folder"] for s in supersedes)
        caveats.append(f"this report supersedes {names}: {supersedes[0]['why']}")
    if set(part.tells) != set(scene.observed) and part.earlier is not None:
        caveats.append(
            f"of the areas, this report tells what changed in {', '.join(part.tells) or 'none'}: the others "
            "were not seen on both dates, or were last seen on another date, which tells of them"
        )
    hidden = [area for area, since in part.tells.items() if since]
    if hidden:
        caveats.append(
            f"in {', '.join(hidden)} it tells only of places that no later look showed: the others were seen "
            "since, and are told there"
        )
    if part.earlier is None:
        caveats.append("no earlier date of the record can be compared: this is what one date shows")
    return tuple(caveats)
