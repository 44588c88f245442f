"""The feed over a record, and errors that travel between processes."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive, read
from tumangang_watch.archive.rebuild import adopt
from tumangang_watch.errors import InputRefused
from tumangang_watch.watch.notify import note_findings
from tumangang_watch.watch.pages import feed
from tumangang_watch.watch.tasks import Failed

ROW = {
    "statement": "A <train> appeared.",
    "folder": "2022 a",
    "finding": "f1",
    "acquired": "2022-12-01T01:30:00Z",
    "kind": "train",
    "change": "appeared",
    "confidence": 0.9,
    "caveats": ["Provisional."],
    "geometry": {"type": "LineString", "coordinates": [[130.0, 42.0], [130.1, 42.1]]},
}


def test_the_feed_holds_the_finding_and_no_clock():
    text = feed(SimpleNamespace(id="s", name="Site"), [ROW], "https://example.org/")
    assert text == feed(SimpleNamespace(id="s", name="Site"), [ROW], "https://example.org/")
    entry = ElementTree.fromstring(text).find("{http://www.w3.org/2005/Atom}entry")
    assert entry.findtext("{http://www.w3.org/2005/Atom}title") == "A <train> appeared."
    assert entry.findtext("{http://www.georss.org/georss}line") == "42.0 130.0 42.1 130.1"
    assert entry.find("{http://www.w3.org/2005/Atom}link").get("href") == (
        "https://example.org/2022%20a/report.html"
    )


def test_an_error_keeps_its_words_as_a_value():
    failed = Failed.of(
        InputRefused("scene refused", "a.tif", "it is damaged", "Deliver it again"), "a.tif", "2022"
    )
    assert str(failed) == "scene refused: a.tif: it is damaged. Deliver it again"
    assert (failed.exit_status, failed.acquired) == (3, "2022")


@pytest.mark.parametrize(
    ("came", "went", "told"),
    [
        ("detected", "detected", ["came"]),
        ("possible", "detected", ["went"]),
        ("detected", "possible", ["came"]),
        ("possible", "possible", []),
    ],
)
def test_a_train_replaced_is_told_once(tmp_path, came, went, told):
    halves = [
        make.finding("went", "disappeared", grade=went) | {"with_finding": "came"},
        make.finding("came", "appeared", grade=came) | {"with_finding": "went"},
    ]
    make.put(
        tmp_path, make.report(3, earlier=0, found=[make.train()], findings=halves, issue=make.issue()), "a"
    )
    with open_archive(tmp_path / "a.sqlite", write=True, create=True) as archive:
        adopt(archive, tmp_path, {}, note=lambda report, folder: note_findings(archive, report, folder))
        noted = archive.connection.execute("SELECT finding FROM notices").fetchall()
        assert [row[0] for row in noted] == told
        assert [row["finding"] for row in read.feed_rows(archive, "toy", 9)] == told
        (row,) = read.index_rows(archive, "toy", 9)
        assert (row["changes"], row["findings"]) == (len(told), told)
