"""Painted dates through the installed ``watch`` and ``compare``: what each scene is told to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from shapely import box

from support.command import run
from tumangang_watch.archive import open_archive, read
from tumangang_watch.evaluate.story import story_faults
from tumangang_watch.model.site import Site
from tumangang_watch.simulate.weeks.changes import PaintedChange, changes_between
from tumangang_watch.simulate.weeks.shots import PaintedDate
from tumangang_watch.simulate.write import write_site

SPACE = {
    "secure_yard": (633_605.0, 4_696_640.0, 633_865.0, 4_696_750.0),
    "khasan_station": (635_250.0, 4_698_600.0, 635_385.0, 4_698_830.0),
    "bridge_ru_end": (635_280.0, 4_697_335.0, 635_480.0, 4_697_500.0),
}
"""West, south, east, north of what is painted of each place: all that stands there, and a few roofs."""

LIMIT_S = 3600
"""A week takes a minute or two of one core; machines that are busy take their time."""


@dataclass
class Story:
    """Dates, their files, and what was told of them."""

    root: Path
    dates: tuple[PaintedDate, ...]
    scenes: list[Path] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.root / "record.sqlite"

    @property
    def site_file(self) -> Path:
        return self.root / "site.geojson"

    def watch(self, *late: str) -> Story:
        """Paint all dates; take in those that are not late, then the late ones."""
        write_site(SimpleNamespace(site=self.dates[0].world.site), self.site_file)
        for wave in (False, True):
            self.scenes += [d.write(self.root / "in") for d in self.dates if (d.name in late) == wave]
            if any((d.name in late) == wave for d in self.dates):
                where = ("--archive", self.archive, "--reports", self.root / "reports")
                how = ("--site", self.site_file, "--settle", 0, "--no-detectability")
                run("watch", self.root / "in", *where, *how, status=0, timeout=LIMIT_S)
        return self

    def before(self, date: PaintedDate) -> PaintedDate | None:
        """Return the date of the same place before one."""
        same = [d for d in self.dates if d.world is date.world and d.day.acquired < date.day.acquired]
        return max(same, key=lambda d: d.day.acquired, default=None)

    def truth(self, date: PaintedDate) -> tuple[PaintedChange, ...]:
        """Return what changed since the last look at the place."""
        before = self.before(date)
        return () if before is None else changes_between(date.world, before.day, date.day)

    def watched(self, date: PaintedDate) -> list[dict[str, Any]]:
        """Return the findings of a scene's standing reports."""
        return [finding for report in self._reports(date) for finding in report["findings"]]

    def answer(self, date: PaintedDate) -> list[str]:
        """Return the two sentences on top of a scene's standing report."""
        return self._reports(date)[0]["headline"]

    def _reports(self, date: PaintedDate) -> list[dict[str, Any]]:
        """Return what a scene's standing reports say, the main one first."""
        with open_archive(self.archive) as archive:
            rows = archive.connection.execute(
                "SELECT folder FROM current_reports WHERE scene_id = ? ORDER BY part", (date.name,)
            ).fetchall()
        assert rows
        return [
            json.loads((self.root / "reports" / folder / "report.json").read_text()) for (folder,) in rows
        ]

    def compared(self, date: PaintedDate) -> list[dict[str, Any]]:
        """Return the findings of ``compare`` of the date before with one."""
        before = self.before(date)
        assert before is not None
        scenes = (self.root / "in" / f"{d.name}.tif" for d in (before, date))
        out = ("--out", self.root / f"compared_{date.name}", "--json", "--no-detectability")
        return json.loads(run("compare", *scenes, "--site", self.site_file, *out, status=0).stdout)[
            "findings"
        ]

    def faults(self, date: PaintedDate, findings: Sequence[Any], may: str = "") -> list[str]:
        """Return what findings of a date tell wrong; changes that they ``may`` tell are not asked."""
        changes = self.truth(date)
        asked = [c for c in changes if f"{c.change} {c.kind}" != may]
        left = [c for c in changes if f"{c.change} {c.kind}" == may]
        return story_faults(findings, asked, left, date.world.site.crs)

    def headlines(self) -> dict[str, list[str]]:
        """Return what the index page says of each scene's standing report, by the scene's name."""
        with open_archive(self.archive) as archive:
            rows = read.index_rows(archive, read.site_names(archive)[0], 1000)
        page = (self.root / "reports" / "index.html").read_text()
        said = {row["scene"]: row["statements"] for row in rows if row["current"] and not row["part"]}
        assert all(text in page for texts in said.values() for text in texts[:4])
        return said

    def feed(self) -> list[str]:
        """Return the titles of the feed, latest first."""
        atom = "{http://www.w3.org/2005/Atom}"
        root = ElementTree.parse(self.root / "reports" / "feed.xml").getroot()
        return [entry.find(f"{atom}title").text for entry in root.findall(f"{atom}entry")]


def close_round(site: Site) -> Site:
    """Return the sequence's site with its areas cut to what stands there, so that scenes are small."""
    areas = []
    for area in site.areas:
        space = next((box(*s) for s in SPACE.values() if area.polygon.intersects(box(*s))), None)
        if space is not None:
            areas.append(replace(area, polygon=area.polygon.intersection(space)))
    return replace(site, areas=tuple(areas))
