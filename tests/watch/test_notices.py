"""What a command is told: each event once, whichever report says it."""

from __future__ import annotations

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.record import Issued, add_report
from tumangang_watch.watch.notify import note_findings

ELSEWHERE = {"type": "Polygon", "coordinates": [[[131.0, 42.0], [131.1, 42.0], [131.1, 42.1], [131.0, 42.0]]]}


def told(file, *reports):
    """The folders of the findings noted, the reports recorded one after the other."""
    with open_archive(file, write=True, create=True) as archive:
        for number, document in enumerate(reports):
            folder = f"r{number}"
            with archive.transaction():
                add_report(archive, Issued(document, folder, make.sha(folder)))
                note_findings(archive, document, folder)
        return [row[0] for row in archive.connection.execute("SELECT folder FROM notices ORDER BY folder")]


def looked(day, earlier, change="disappeared", **more):
    finding = {**make.finding(change=change), "earlier": "t0", **more}
    found = [make.train(), make.train("t0", date="earlier")]
    return make.report(day, earlier=earlier, found=found, findings=[finding])


def test_what_a_later_scene_told_is_not_told_again_by_one_that_comes_late(tmp_path):
    assert told(tmp_path / "a", looked(5, 1), looked(3, 1)) == ["r0"]


@pytest.mark.parametrize(
    "late",
    [
        looked(3, 1, geometry=ELSEWHERE),
        looked(3, 1, change="appeared"),
        looked(3, 1, change="moved"),
        looked(3, 0),
        looked(7, 5),
    ],
)
def test_another_event_is_told(tmp_path, late):
    assert told(tmp_path / "a", looked(5, 1), late) == ["r0", "r1"]
