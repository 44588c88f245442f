"""The feed over a record, and errors that travel between processes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from support import issued_reports as make

from tumangang_watch.archive import open_archive, read
from tumangang_watch.archive.rebuild import adopt
from tumangang_watch.errors import InputRefused
from tumangang_watch.report.names import chip_name
from tumangang_watch.watch.notify import note_findings
from tumangang_watch.watch.pages import feed, index_page, never_seen
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


def index_row(folder, day, **more):
    row = {"folder": folder, "current": 1, "part": 0, "acquired": f"2022-12-0{day}T01:30:00Z"}
    row |= {"scene": folder, "provider": "SkySat", "gsd_m": 0.5, "registration": "ok"}
    row |= {"earlier_acquired": "2022-11-30T02:10:00Z", "earlier": "e", "changes": 1, "background": 0}
    row |= {"areas": [["yard", "observed"], ["bridge", "not_observable"]], "marks": [""], "review": ""}
    return row | {"statements": ["A train came."], "findings": ["f1"], "supersedes": []} | more


SITE = SimpleNamespace(korean=True, name="Yard", areas=[SimpleNamespace(id="bridge", name="Long Bridge")])


def test_the_index_says_once_what_was_never_seen():
    rows = [index_row("a", 1), index_row("b", 2, areas=[["yard", "partial"], ["bridge", "not_observable"]])]
    assert never_seen(SITE, rows) == {"bridge": "Long Bridge"}
    page = index_page(SITE, rows, 2, [], Path("nowhere"))
    assert page.count("Long Bridge") == 1
    assert "bridge (not observable)" not in page
    assert page.count("yard (partial)") == 1
    assert "2022-12-02 01:30 UTC (10:30 Korean time)" in page


def test_the_index_shows_pictures_and_links_that_are_there(tmp_path):
    picture = tmp_path / "reports" / "a" / "chips" / chip_name("f1")
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"png")
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "series.html").write_text("x")
    page = index_page(SITE, [index_row("a", 1), index_row("b", 2)], 2, [], tmp_path / "reports")
    assert page.count("<img") == 1
    assert f'src="a/chips/{chip_name("f1")}"' in page
    assert 'href="../series/series.html"' in page
    assert "trains.html" not in page


def test_an_index_of_painted_scenes_says_so():
    rows = [index_row("a", 1, provider="painted", painted=True)]
    assert "PAINTED, NOT EVIDENCE" in index_page(SITE, rows, 1, [], Path("nowhere"))
    assert "PAINTED" not in index_page(SITE, [index_row("a", 1)], 1, [], Path("nowhere"))
    entry = feed(SimpleNamespace(id="s", name="Site"), [{**ROW, "painted": True}])
    assert "<title>PAINTED: A &lt;train&gt; appeared.</title>" in entry
