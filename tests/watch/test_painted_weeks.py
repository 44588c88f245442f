"""Two painted weeks of other yards through `watch`, `compare`, `series` and `trains`, date by date."""

from __future__ import annotations

import json
import re

import pytest
from support.command import run
from support.painted_story import Story
from support.painted_weeks import JUNE, JUNE_LATE, OCTOBER, june, october

from tumangang_watch.text import PAINTED, marked

WEEKS = [("june", shot.name) for shot in JUNE[1:]] + [("october", shot.name) for shot in OCTOBER[1:]]
HEADLINES = {
    "2023-06-02T0200Z_yard": r"Goods set down beside a train of 6 .* on Track 3: (3 objects|2 objects and 1 "
    r"more possible), .* m², not there on 2023-06-01\.",
    "2023-06-02T0510Z_yard": r"The train of 6 cars that stood on Track 3 on 2023-06-02 02:00 UTC "
    r"has gone; a train of 6 .*, stands there\.",
    "2023-06-04T0300Z_yard": r"Goods gone beside a train of 6 .* on Track 3: 3 objects, .* there on "
    r"2023-06-02\.",
    "2023-06-07T0410Z_yard": r"A train of 5 .* on Track 1; on 2023-06-05 the place was seen and no train was "
    r"detected there\.",
    "2023-10-11T0120Z_yard": r"A train of 5 .* on Track 2 stands 50 m further along the track .*",
    "2023-10-12T0130Z_yard": r"3 cars joined the 5 cars on Track 2: on 2023-10-12 they are 8 cars.*",
    "2023-10-14T0230Z_yard": r"4 .*of 8 cars on Track 2 are gone on 2023-10-14; 4 cars remain in the same "
    r"place\.",
    "2023-10-15T0300Z_yard": r"A train of 6 .* on Track 1; on 2023-10-14 the place was seen and no train was "
    r"detected there\.",
}


@pytest.fixture(scope="session")
def weeks(tmp_path_factory):
    told = {"june": Story(tmp_path_factory.mktemp("june"), june()).watch(JUNE_LATE)}
    return told | {"october": Story(tmp_path_factory.mktemp("october"), october()).watch()}


def date_of(weeks, week, name):
    return next(d for d in weeks[week].dates if d.name == name)


@pytest.mark.parametrize(("week", "name"), WEEKS)
def test_watch_tells_what_changed_since_the_last_look(weeks, week, name):
    date = date_of(weeks, week, name)
    assert weeks[week].faults(date, weeks[week].watched(date)) == []


@pytest.mark.parametrize(("week", "name"), [WEEKS[1], WEEKS[len(JUNE)]])
def test_compare_tells_what_changed_between_two_scenes(weeks, week, name):
    date = date_of(weeks, week, name)
    assert weeks[week].faults(date, weeks[week].compared(date)) == []


@pytest.mark.parametrize("week", ["june", "october"])
def test_the_index_leads_with_the_event_and_the_feed_holds_each_once(weeks, week):
    said = weeks[week].headlines()
    for name, words in HEADLINES.items():
        if f"painted_{name}" in said:
            # Two trains of one date, one that went and one that came, stand in the order of their confidence.
            assert any(re.fullmatch(words, text) for text in said[f"painted_{name}"][:2]), name
    assert len(said) == 6
    marks = sorted(marked(text, PAINTED) for texts in said.values() for text in texts)
    assert sorted(weeks[week].feed()) == marks


def test_a_late_scene_takes_over_what_the_next_one_told(weeks):
    """The scene after it said that the goods are gone; now the late one does, and the other is silent."""
    story = weeks["june"]
    late, after = (date_of(weeks, "june", shot.name) for shot in JUNE[3:5])
    assert len([f for f in story.watched(late) if f["change"] == "disappeared"]) == 1
    assert [f["change"] for f in story.watched(after) if f["change"] != "unchanged"] == []
    old = [f for f in (story.root / "reports").glob("2023-06-05*/report.json") if "_r2" not in f.parent.name]
    (before,) = (json.loads(file.read_text()) for file in old)
    assert "Goods gone" in " ".join(f["statement"] for f in before["findings"])


def test_the_series_bounds_the_stays_of_june(weeks):
    story = weeks["june"]
    where = ("--archive", story.archive, "--out", story.root / "series", "--no-pictures")
    assert json.loads(run("series", *where, "--json", status=0).stdout)["stays"] == [
        "A train of 6 cars in yard, track T3: already there on the first date seen, seen on 2 dates from "
        "2023-06-01 to 2023-06-02 02:00 UTC, gone by 2023-06-02 05:10 UTC.",
        "A train of 6 cars in yard, track T3: came after 2023-06-02 02:00 UTC, seen on 3 dates from "
        "2023-06-02 05:10 UTC to 2023-06-05, gone by 2023-06-07.",
        "A train of 5 cars in yard, track T1: came after 2023-06-05, seen on 2023-06-07, not seen to go.",
    ]
