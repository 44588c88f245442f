"""What reports a scene should have, against those it has: the pieces of work that are missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tumangang_watch.archive import Archive, read
from tumangang_watch.archive.read import CurrentReport, KnownScene
from tumangang_watch.model.document import IssueDocument
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline.choose import Part, choose
from tumangang_watch.settings import Settings
from tumangang_watch.watch.tasks import KnownFile, ReportTask


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
    names: dict[str, str] = field(default_factory=dict)
    """Folder names given in this run, and the scene each is of."""

    def missing(self, archive: Archive, scene: KnownScene) -> list[ReportTask]:
        """Return the reports a scene lacks, in order; empty when it has what it should have."""
        site, settings = self.places.site, self.places.settings
        current = {s.part: s for s in read.current_reports(archive, site.id, scene.sha256)}
        failed = {**read.failed_pairs(archive, scene.sha256), **self.failed.get(scene.sha256, {})}
        earlier = [e for e in self._before(scene) if e.sha256 not in failed]
        if scene.sha256 not in self.paths:
            return []
        parts = choose(scene, earlier, settings.quality, settings.watch)
        gone_away = not _contents(parts) <= self.paths.keys()
        if gone_away:
            # Scenes are taken out of the inbox some day: what is left decides, but no report is made again
            # only because less is left.
            earlier = [e for e in earlier if e.sha256 in self.paths]
            parts = choose(scene, earlier, settings.quality, settings.watch)
        tasks = []
        for number, part in enumerate(parts):
            digest = inputs_digest(scene, part, number)
            due = number not in current or self._outdated(current[number], digest)
            if due and not (gone_away and self._adds_nothing(archive, current.get(number), part)):
                gone = [current[k] for k in current if number == 0 and k >= len(parts)]
                old = [current[number]] if number in current else []
                why = self._why(archive, scene, part, current.get(number), digest)
                issue: IssueDocument = {
                    "part": number,
                    "revision": read.last_revisions(archive, site.id, scene.sha256).get(number, 0) + 1,
                    "speaks_for": list(part.areas),
                    "inputs_sha256": digest,
                    "look": {"snow_state": scene.snow_state, "observed": scene.observed},
                    "not_comparable_with": [{"sha256": s, "why": w} for s, w in sorted(failed.items())],
                    "supersedes": [
                        {"folder": s.folder, "manifest_sha256": s.manifest_sha256, "why": why}
                        for s in (*old, *gone)
                    ],
                }
                tasks.append(self._task(archive, scene, part, issue))
        return tasks

    def _adds_nothing(self, archive: Archive, current: CurrentReport | None, part: Part) -> bool:
        """Return whether all dates of a comparison stand in the report already."""
        if current is None:
            return False
        known = {read.partner_of(archive, current.folder), *read.backgrounds(archive, current.folder)}
        return _contents((part,)) <= known

    def _before(self, scene: KnownScene) -> Sequence[KnownScene]:
        return [e for e in self.timeline if e.acquired < scene.acquired and e.sha256 not in self.refused]

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
            return f"{part.earlier.scene_id} of {part.earlier.acquired} is the better earlier date"
        return "other earlier dates say now what is usual"

    def _task(self, archive: Archive, scene: KnownScene, part: Part, issue: IssueDocument) -> ReportTask:
        name = self._name(archive, scene)
        name += f"_part{issue['part'] + 1}" if issue["part"] else ""
        name += f"_r{issue['revision']}" if issue["revision"] != 1 else ""
        earlier = part.earlier
        return ReportTask(
            later=KnownFile(self.paths[scene.sha256], scene.sha256),
            earlier=None if earlier is None else KnownFile(self.paths[earlier.sha256], earlier.sha256),
            background=tuple(KnownFile(self.paths[b.sha256], b.sha256) for b in part.background),
            site_file=self.places.site_file,
            folder=self.places.reports / name,
            issue=issue,
            caveats=_caveats(scene, part, issue),
            settings=self.places.settings,
            tool_version=self.places.tool_version,
            latest=self.places.now,
        )

    def _name(self, archive: Archive, scene: KnownScene) -> str:
        """Return the folder name of a scene's first report; two contents of one name stay apart."""
        stamp = scene.acquired.split(".")[0].rstrip("Z").replace(":", "")
        plain = f"{stamp}Z_{scene.scene_id}"
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
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _contents(parts: tuple[Part, ...]) -> set[str]:
    """Return the earlier scenes (sha256) of comparisons."""
    return {s.sha256 for part in parts for s in (part.earlier, *part.background) if s is not None}


def _caveats(scene: KnownScene, part: Part, issue: IssueDocument) -> tuple[str, ...]:
    caveats = []
    supersedes = issue["supersedes"]
    if supersedes:
        names = ", ".join(s["folder"] for s in supersedes)
        caveats.append(f"this report supersedes {names}: {supersedes[0]['why']}")
    if len(part.areas) < len(scene.observed):
        caveats.append(
            f"of the areas, this report speaks for {', '.join(part.areas) or 'none'}; another report of the "
            "scene compares the others with a date that shows them better"
        )
    if part.earlier is None:
        caveats.append("no earlier date of the record can be compared: this is what one date shows")
    return tuple(caveats)
