"""The painted sequence of 38 North through `watch`, `compare`, `series` and `trains`, date by date.

What must be told follows from what was painted; the ground around is cut to what stands there.
"""

from __future__ import annotations

import json
import re

import pytest
from support.command import run
from support.painted_story import Story, close_round

from tumangang_watch.simulate.sequence import SEQUENCE, sequence_dates, sequence_site
from tumangang_watch.sites import load_site
from tumangang_watch.text import PAINTED, marked

SHOTS = tuple(shot for shot in SEQUENCE if shot.place != "friendship_bridge")
"""The bridge itself, a scene of its own: tests/change/test_painted_crossings.py."""
NAMES = [shot.name for shot in SHOTS]
HEADLINES = {
    # What the first line of each scene's report says.
    "2022-11-18T0140Z_secure_yard": r"The train of 3 cars that stood on yard track 3 on 2022-11-04 "
    r"has gone; a train of 5 cars, .* long, stands there\.",
    "2022-11-29T0205Z_khasan_station": r"The train of 4 cars that stood on khasan-2 on 2022-11-04 has gone; "
    r"a train of 9 .* long, stands there\.",
    "2022-11-30T0210Z_secure_yard": r"The train of 5 cars that stood on yard track 3 on 2022-11-18 "
    r"has gone; a train of 8 .* long, stands there\.",
    "2022-12-01T0130Z_secure_yard": r"Goods set down beside a train of 8 .* on yard track 3: 5 objects, .* "
    r"m², not there on 2022-11-30\.",
    "2022-12-02T0155Z_secure_yard": r"Goods gone beside a train of 8 .* on yard track 3: 2 objects, .* m², "
    r"there on 2022-12-01\.",
    "2022-12-04T0120Z_secure_yard": r"A train of 8 .* on yard track 3 is gone: on 2022-12-04 the place was "
    r"seen and no train was detected\.",
    "2022-12-04T0122Z_khasan_station": r"1 .*of 9 .* on khasan-2 (is|are) gone on 2022-12-04; 8 cars .*",
    "2022-12-04T0510Z_secure_yard": r"A train of 3 cars, .* on yard track 3; on 2022-12-04.* the place was "
    r"seen and no train was detected there\.",
}


ANSWERS = (
    # How the two sentences on top of each scene's report begin, scene by scene.
    r"A three-car train stood on yard track 3 at 10:24 on 4 November 2022, Korean time \(01:24 UTC\) ",
    r"A four-car train stood on the approach to the bridge at 13:10 on 4 November 2022, ",
    r"Two trains stood on two tracks of .*: a four-car train on track khasan-2 and ",
    r"The three-car train on yard track 3 left and a five-car train took its place between 10:24 on "
    r"4 November and 10:40 on 18 November 2022, Korean time \(01:24 and 01:40 UTC\) ",
    r"The four-car train on track khasan-2 left and a.* train .*took its place .* "
    r"Besides, the three-car train on track khasan-3 left \(",
    r"The five-car train on yard track 3 left and an eight-car train took its place between 10:40 ",
    r"Five piles of goods, about \d+ m² \(\d+–\d+\), were set down beside the eight-car train on yard "
    r"track 3 between 11:10 on 30 November and 10:30 on 1 December 2022, Korean time \(02:10 and 01:30 "
    r"UTC\) \((very )?likely, \d\d %\)\. The train did not move ",
    r"Two piles of goods, .* were removed from the ground beside the eight-car train on yard track 3 ",
    r"The eight-car train on yard track 3 left between 10:55 on 2 December and 10:20 on 4 December ",
    r"(About one car \(1–2\)|One car) of the .* on track khasan-2 left, leaving eight, between 11:05 ",
    r"A three-car train came to stand on yard track 3 between 10:20 and 14:10 on 4 December 2022, ",
    r"No change was detected in .* The three-car train on yard track 3 did not move",
)


@pytest.fixture(scope="session")
def sequence(tmp_path_factory):
    site = close_round(sequence_site(load_site()))
    return Story(tmp_path_factory.mktemp("sequence"), sequence_dates(site, SHOTS, margin_m=30.0)).watch()


def date_of(sequence, name):
    return next(d for d in sequence.dates if d.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_watch_tells_what_came_and_went_since_the_last_look(sequence, name):
    date = date_of(sequence, name)
    assert sequence.faults(date, sequence.watched(date), may="shrunk cargo") == []


@pytest.mark.parametrize(("name", "words"), list(zip(NAMES, ANSWERS, strict=True)))
def test_the_answer_on_top_of_each_report_is_right_and_can_be_quoted(sequence, name, words):
    assert re.match(words, " ".join(sequence.answer(date_of(sequence, name))))


@pytest.mark.xfail(reason="piles of 26 m2 that shrank to 9 lie within twice the errors of their areas")
def test_watch_tells_that_piles_shrank(sequence):
    date = date_of(sequence, NAMES[7])
    assert sequence.faults(date, sequence.watched(date)) == []


@pytest.mark.parametrize("name", [NAMES[6], NAMES[10]])
def test_compare_tells_what_changed_between_two_scenes(sequence, name):
    date = date_of(sequence, name)
    assert sequence.faults(date, sequence.compared(date), may="shrunk cargo") == []


def test_the_index_leads_with_the_event_and_the_feed_holds_each_once(sequence):
    said = sequence.headlines()
    for name, words in HEADLINES.items():
        assert re.fullmatch(words, said[f"painted_{name}"][0]), said[f"painted_{name}"]
    assert said["painted_2022-12-08T0145Z_secure_yard"] == []
    feed = sequence.feed()
    assert sorted(feed) == sorted(marked(text, PAINTED) for texts in said.values() for text in texts)


def test_the_train_of_khasan_is_followed_to_the_yard_and_back(sequence):
    out = sequence.root / "trains"
    told = json.loads(run("trains", "--archive", sequence.archive, "--out", out, "--json", status=0).stdout)
    (journey,) = told["journeys"]
    assert journey["statement"] == (
        "khasan_station 2022-11-29, secure_yard 2022-11-30 to 2022-12-02, khasan_station 2022-12-04, "
        "not observed since"
    )
    assert told["conflicts"] == []


def test_the_series_bounds_every_stay(sequence):
    out = sequence.root / "series"
    where = ("--archive", sequence.archive, "--out", out, "--no-pictures")
    told = json.loads(run("series", *where, "--json", status=0).stdout)
    assert told["stays"] == [
        "A train of 3 cars in secure_yard, track yard-3: already there on the first date seen, seen on "
        "2022-11-04, gone by 2022-11-18.",
        "A train of 4 cars in bridge_ru_end, track approach: already there on the first date seen, seen on "
        "2022-11-04, not seen to go.",
        "A train of 4 cars in khasan_station, track khasan-2: already there on the first date seen, seen on "
        "2022-11-04, gone by 2022-11-29.",
        "A train of 3 cars in khasan_station, track khasan-3: already there on the first date seen, seen on "
        "2022-11-04, gone by 2022-11-29.",
        "A single vehicle in secure_yard, track yard-2: came after 2022-11-04, seen on 2022-11-18, gone by "
        "2022-11-30.",
        "A train of 5 cars in secure_yard, track yard-3: came after 2022-11-04, seen on 2022-11-18, gone by "
        "2022-11-30.",
        "A train of 9 cars in khasan_station, track khasan-2: came after 2022-11-04, seen on 2022-11-29, "
        "gone by 2022-12-04.",
        "A train of 8 cars in secure_yard, track yard-3: came after 2022-11-18, seen on 3 dates from "
        "2022-11-30 to 2022-12-02, gone by 2022-12-04.",
        "A train of 8 cars in khasan_station, track khasan-2: came after 2022-11-29, seen on 2022-12-04, not "
        "seen to go.",
        "A train of 3 cars in secure_yard, track yard-3: came after 2022-12-04 01:20 UTC, seen on 2 dates "
        "from 2022-12-04 05:10 UTC to 2022-12-08, not seen to go.",
    ]
    yard = next(s for s in told["series"] if s["area"] == "secure_yard")
    assert {m["measure"]: m["value"] for m in yard["latest"]}["cars"] == 3
