"""Of every bridge a report says what was on it at each minute, that nothing was, or that it was not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.report_scene import painted_comparison

from tumangang_watch.model.finding import AreaStatus, Crossing
from tumangang_watch.report.bridges import bridge_lines
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.report.page.write import page
from tumangang_watch.report.summary import summary_text

CROSSING = Crossing(
    detection="later-train-T2",
    date="later",
    area="bridge",
    track="T2",
    acquired=painted_comparison().later.scene.acquired,
    on_bridge_m=60.0,
    heading_deg=None,
    towards=None,
    speed_kmh=None,
    confidence=0.9,
    grade="possible",
    statement="A train was on Far bridge.",
)


def seen(share, *crossings):
    """The hand-made comparison, with so much of its bridge seen on both dates."""
    made = painted_comparison()
    bridge = AreaStatus(
        id="bridge", role="bridge", status="observed", observed_earlier=share, observed_later=share
    )
    areas = (*(a for a in made.areas if a.id != "bridge"), bridge)
    return replace(made, areas=areas, crossings=crossings)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "Far bridge was not seen at "),
        (0.6, "No train was detected on Far bridge, of which 60% was seen, at "),
        (1.0, "No train was detected on Far bridge at "),
    ],
)
def test_a_bridge_without_a_train_says_how_much_of_it_was_seen_on_each_date(share, words):
    lines = bridge_lines(seen(share))
    assert len(lines) == 2
    assert all(line.startswith(words) and line.endswith(" Korean time).") for line in lines)


def test_a_crossing_is_told_on_its_date_by_file_page_and_terminal():
    made = seen(1.0, CROSSING)
    first, second = bridge_lines(made)
    assert first.startswith("No train")
    assert second == "A train was on Far bridge. Only possible."
    report = report_dict(made, "1")
    (told,) = report["crossings"]
    assert (told["detection"], told["date"], told["speed_kmh"]) == ("later-train-T2", "later", None)
    assert second in summary_text(made)
    assert second in page(made, report)
