"""The two sentences on top are right for every kind of finding, and can be quoted as they stand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from shapely.affinity import translate
from support.report_scene import painted_comparison, single_scene
from support.values import thing

from tumangang_watch.model.fill import Fill
from tumangang_watch.model.finding import AreaStatus, Crossing
from tumangang_watch.model.interval import Interval
from tumangang_watch.report.answer.clauses import Names, event_clause, train_noun
from tumangang_watch.report.answer.headline import headline
from tumangang_watch.report.answer.order import events_of
from tumangang_watch.report.answer.phrases import article, at_words, between_words, chance_words, size_words

FRAME = "between 11:15 on 30 November and 11:20 on 1 December 2022, Korean time (02:15 and 02:20 UTC)"
MADE = painted_comparison()
BY_ID = {d.id: d for d in MADE.detections}
STAYED, HEAP, WENT, CAME, GREW = MADE.findings


def exactly(train_id, cars, **fields):
    return replace(BY_ID[train_id], cars=Interval(cars, cars, cars), **fields)


def told(*findings, detections=(), **fields):
    """The headline of the hand-made pair with these findings, some of its detections replaced."""
    known = {**BY_ID, **{d.id: d for d in detections}}
    return headline(replace(MADE, findings=findings, detections=tuple(known.values()), **fields))


@pytest.mark.parametrize(
    ("finding", "detections", "words"),
    [
        (CAME, [exactly("later-train-T2", 5)], f"A five-car train came to stand on track 2 {FRAME}"),
        (CAME, [], f"A train of about 5 cars (4–6) came to stand on track 2 {FRAME}"),
        (WENT, [exactly("earlier-train-T1", 7)], f"The seven-car train on track 1 left {FRAME}"),
        (
            replace(STAYED, change="moved", amount=Interval(25, 23, 27), unit="m"),
            [replace(BY_ID["later-train-T3"], geometry=translate(BY_ID["later-train-T3"].geometry, 25, 0))],
            "The train about 70 m (68–72) long on track 3 moved about 25 m (23–27) along it to the east "
            f"{FRAME}",
        ),
        (
            replace(STAYED, change="moved", amount=Interval(5, 5, 5), unit="cars"),
            [exactly("later-train-T3", 5)],
            f"The five-car train on track 3 was turned round {FRAME}",
        ),
        (
            replace(STAYED, change="moved", later="later-train-T2", amount=Interval(5, 5, 5), unit="cars"),
            [exactly("later-train-T2", 5)],
            f"The five-car train moved from track 3 to track 2 {FRAME}",
        ),
        (
            replace(STAYED, change="grown", amount=Interval(2, 2, 2), unit="cars"),
            [exactly("later-train-T3", 7)],
            f"Two cars joined the train on track 3, now a seven-car train, {FRAME}",
        ),
        (
            replace(STAYED, change="shrunk", amount=Interval(2, 1, 3), unit="cars"),
            [exactly("earlier-train-T3", 8), exactly("later-train-T3", 6)],
            f"About 2 cars (1–3) of the eight-car train on track 3 left, leaving six, {FRAME}",
        ),
        (
            replace(HEAP, grade="detected"),
            [],
            f"A pile of goods, about 60 m² (48–72), was set down on Platform {FRAME}",
        ),
        (
            replace(HEAP, grade="detected", change="disappeared"),
            [],
            f"A pile of goods, about 60 m² (48–72), was removed from Platform {FRAME}",
        ),
        (
            replace(HEAP, grade="detected", change="grown", amount=Interval(20, 12, 28)),
            [],
            f"The goods on Platform grew by about 20 m² (12–28) {FRAME}",
        ),
        (
            replace(HEAP, grade="detected", change="shrunk", amount=Interval(20, 12, 28)),
            [],
            f"The goods on Platform shrank by about 20 m² (12–28) {FRAME}",
        ),
        (GREW, [], f"Handling area grew by about 900 m² (700–1,100) {FRAME}"),
        (replace(GREW, change="shrunk"), [], f"Handling area shrank by about 900 m² (700–1,100) {FRAME}"),
    ],
)
def test_a_change_is_told_with_its_numbers_its_time_and_its_probability(finding, detections, words):
    first, second = told(finding, detections=detections)
    assert first == f"{words} ({chance_words(finding.confidence)})."
    assert second == "Nothing else changed in what could be seen."


def test_a_train_replaced_is_one_event():
    came = replace(CAME, track="T1", with_finding=WENT.id)
    first, second = told(
        replace(WENT, with_finding=CAME.id),
        came,
        STAYED,
        detections=[exactly("earlier-train-T1", 3), exactly("later-train-T2", 8)],
    )
    assert first.startswith(
        f"The three-car train on track 1 left and an eight-car train took its place {FRAME} ("
    )
    assert second == "The train about 70 m (68–72) long on track 3 did not move."


def test_goods_beside_a_train_name_it_and_say_that_it_did_not_move():
    piles = [thing("cargo", "later", HEAP.geometry, f"p{k}", label="pile or stacked goods") for k in range(6)]
    beside = replace(
        HEAP,
        grade="detected",
        train="later-train-T3",
        track="T3",
        later="p0",
        members=tuple(p.id for p in piles),
        sure_members=5,
        amount=Interval(120, 95, 150),
    )
    first, second = told(beside, STAYED, detections=[*piles, exactly("later-train-T3", 8)])
    assert first.startswith(
        "Five piles of goods (and possibly one more), about 120 m² (95–150), were set down beside the "
        f"eight-car train on track 3 {FRAME} ("
    )
    assert second == "The train did not move."
    gone, _ = told(replace(beside, change="disappeared", sure_members=6), detections=piles)
    assert "were removed from the ground beside the train about 70 m" in gone


def test_no_change_and_changes_that_are_only_possible_are_told_as_such():
    first, second = told(STAYED)
    assert first == f"No change was detected in what could be seen of Painted yard {FRAME}."
    assert second == "The train about 70 m (68–72) long on track 3 did not move."
    first, second = told(HEAP)
    assert first.startswith("No sure change was detected")
    assert (
        second == "Possibly, a pile of goods, about 60 m² (48–72), was set down on Platform (likely, 70 %)."
    )
    quiet = replace(GREW, change="unchanged", amount=Interval(0, 0, 80))
    assert told(CAME, quiet)[1] == "Handling area did not measurably grow."


def test_many_changes_are_counted_after_three():
    many = [replace(CAME, id=f"C{k}") for k in range(6)]
    _, second = told(*many)
    assert second.count("came to stand") == 2
    assert second.endswith("three further changes.")


def test_goods_of_one_place_are_told_together_and_one_car_is_one():
    heaps = [replace(HEAP, id=f"H{k}", grade="detected", change="disappeared") for k in range(3)]
    first, _ = told(*heaps)
    assert first.startswith("Three piles of goods, about 180 m² (")
    assert " were removed from Platform between" in first
    one = replace(STAYED, change="shrunk", amount=Interval(1, 1, 2), unit="cars")
    first, _ = told(one, detections=[exactly("earlier-train-T3", 9), exactly("later-train-T3", 8)])
    assert first.startswith(
        "About one car (1–2) of the nine-car train on track 3 left, leaving eight, between"
    )


def test_an_empty_place_is_told_as_seen_and_empty():
    areas = tuple(
        AreaStatus(id=i, role="bridge", status=s, observed_earlier=share, observed_later=share)
        for i, s, share in (("bridge", "observed", 1.0), ("yard", "not_observable", 0.0))
    )
    quiet = replace(MADE, findings=(), detections=(), areas=areas)
    over = translate(MADE.site.tracks[0].line, 800, 34)
    track = replace(MADE.site.tracks[0], id="B1", line=over)
    first, second = headline(replace(quiet, site=replace(MADE.site, tracks=(*MADE.site.tracks, track))))
    assert first.startswith("No change was detected in what could be seen of")
    assert second == "No train was detected on Far bridge on either date."


def test_a_place_without_a_track_is_not_told_to_be_empty():
    areas = tuple(
        AreaStatus(id=i, role=i, status="observed", observed_earlier=1.0, observed_later=1.0)
        for i in ("bridge", "yard")
    )
    quiet = replace(MADE, findings=(), detections=(), areas=areas)
    _, second = headline(quiet)
    assert second == (
        "No train was detected on Freight yard on either date; trains were not looked for on Far bridge, of "
        "which no track is known: that is not 'nothing there'."
    )
    first, second = headline(replace(quiet, site=replace(MADE.site, tracks=())))
    assert first.startswith("Nothing can be said of Painted yard between")
    assert "not looked for on Far bridge and Freight yard" in second


def test_a_crossing_is_an_event_of_its_minute():
    crossing = Crossing(
        detection="later-train-T2",
        date="later",
        area="bridge",
        track="T2",
        acquired=datetime(2022, 11, 4, 4, 4, tzinfo=UTC),
        on_bridge_m=60.0,
        heading_deg=40.0,
        towards="Khasan",
        speed_kmh=None,
        confidence=0.9,
        grade="detected",
        statement="A train was on Far bridge.",
    )
    first, _ = told(
        replace(CAME, crossing=True), detections=[exactly("later-train-T2", 4)], crossings=(crossing,)
    )
    assert first == (
        "A four-car train was on Far bridge, moving towards Khasan, at 13:04 on 4 November 2022, Korean time "
        "(04:04 UTC) (very likely, 90 %)."
    )


def test_one_date_says_what_stood_and_nothing_of_change():
    made = single_scene()
    first, second = headline(made)
    assert first.startswith(
        "Two trains stood on two tracks of Painted yard at 11:20 on 1 December 2022, Korean time"
    )
    assert second.startswith("No goods were surely detected on the ground that was seen; ")
    assert second.endswith("; one date says nothing of change.")
    alone = replace(made, detections=(exactly("later-train-T2", 5),))
    assert headline(alone)[0].startswith("A five-car train stood on track 2 at 11:20")
    empty, _ = headline(replace(made, detections=()))
    assert empty.startswith("No train was detected in what could be seen of Painted yard at 11:20")
    heap = replace(next(d for d in MADE.detections if d.kind == "cargo"), grade="detected")
    assert headline(replace(made, detections=(heap,)))[1].startswith(
        "One pile or object of goods, about 60 m²"
    )
    perhaps = replace(made, detections=(replace(heap, grade="possible"),))
    assert "that was seen; possibly, one pile or object of goods, about 60 m²" in headline(perhaps)[1]


def test_ground_beside_tracks_that_was_searched_is_not_called_unlooked_for():
    made = replace(single_scene(), areas=(), detections=(), fill=())
    assert headline(made)[1].startswith("Goods were not looked for")
    nothing = Interval(0.0, 0.0, 0.0)
    beside = Fill(
        date="later",
        area="yard",
        ground_m2=900.0,
        covered_m2=nothing,
        share=nothing,
        row_length_m=nothing,
        rows=(),
        observed_fraction=1.0,
    )
    assert headline(replace(made, fill=(beside,)))[1] == (
        "No goods were surely detected on the ground that was seen; one date says nothing of change."
    )


def test_times_name_the_day_in_korea_and_the_hours_of_both_clocks():
    def at(*when):
        return datetime(*when, tzinfo=UTC)

    first, second = at(2022, 12, 4, 1, 20), at(2022, 12, 4, 5, 10)
    assert between_words(first, second, korean=True) == (
        "between 10:20 and 14:10 on 4 December 2022, Korean time (01:20 and 05:10 UTC)"
    )
    assert between_words(at(2022, 12, 30, 23, 0), at(2023, 1, 3, 1, 5), korean=True) == (
        "between 08:00 on 31 December 2022 and 10:05 on 3 January 2023, Korean time "
        "(30 December 23:00 and 3 January 01:05 UTC)"
    )
    assert at_words(at(2022, 11, 3, 16, 0), korean=True) == (
        "at 01:00 on 4 November 2022, Korean time (3 November 16:00 UTC)"
    )
    assert between_words(first, second, korean=False) == "between 01:20 and 05:10 on 4 December 2022, UTC"
    assert at_words(at(2022, 11, 3, 16, 0), korean=False) == "at 16:00 UTC on 3 November 2022"


def test_a_yard_outside_korea_is_told_in_utc_alone():
    one_date = single_scene()
    abroad = replace(one_date, site=replace(one_date.site, crs="EPSG:32618"))
    assert "Korean time" in headline(one_date)[0]
    assert "Korean time" not in headline(abroad)[0]
    assert " UTC on 1 December 2022" in headline(abroad)[0]


def test_numbers_and_probabilities_read_well():
    assert chance_words(0.87) == "very likely, 87 %"
    assert chance_words(1.0) == "almost certain, 99 %"
    assert chance_words(0.5) == "even chance, 50 %"
    assert size_words(Interval(1900.4, 1500, 2300), " m²") == "about 1,900 m² (1,500–2,300)"
    assert [article(w) for w in ("eight-car train", "five-car train", "18-car train", "object")] == [
        "an eight-car train",
        "a five-car train",
        "an 18-car train",
        "an object",
    ]
    assert train_noun(replace(BY_ID["later-train-T2"], cars=Interval(1, 1, 1))) == "single vehicle"
    few = {3: "train of one to three cars", 2: "train of one or two cars"}
    for high, words in few.items():
        assert train_noun(replace(BY_ID["later-train-T2"], cars=Interval(1.2, 1, high))) == words


def test_every_finding_of_a_report_has_a_clause_without_an_id():
    names = Names.of(MADE)
    for event in events_of(MADE.findings):
        assert not re.search(r"F\d|later-|earlier-|_", event_clause(event, names))


def test_a_possible_change_is_spelled_out_from_an_even_chance_and_counted_above_a_remote_one():
    likely, unlikely, remote = (
        replace(HEAP, id=f"finding-{k}", area=f"a{k}", confidence=p) for k, p in enumerate((0.6, 0.3, 0.05))
    )
    _, second = told(likely, unlikely, remote)
    assert second.startswith("Possibly, a pile of goods, about 60 m² (48–72), was set down")
    assert second.endswith("(likely, 60 %) and one further possible change.")
    assert told(unlikely, remote)[1].startswith("One possible change is not likely")
    assert told(remote)[0].startswith("No change was detected in what could be seen")


def test_a_train_that_possibly_stayed_is_not_said_to_have_stayed():
    perhaps = replace(STAYED, grade="possible")
    assert "on track 3 possibly did not move" in told(perhaps)[1]
    other = replace(perhaps, id="finding-other")
    assert told(STAYED, perhaps, other)[1].count("did not move") == 2
    assert "two other trains possibly did not move" in told(STAYED, perhaps, other)[1]
