"""The feed over a record, and errors that travel between processes."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

from tumangang_watch.errors import InputRefused
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
