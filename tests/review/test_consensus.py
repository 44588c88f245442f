"""Readers' answers taken together: nobody is outvoted, nothing depends on who answered first."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import REASONS, TERMINAL, About, Answer, Correction, Review, ReviewSubject
from tumangang_watch.model.words import COLOURS
from tumangang_watch.review.answers import checked_answer, parse_cars, parse_correction, parse_words
from tumangang_watch.review.consensus import judge
from tumangang_watch.review.status import statuses


def span(estimate, half=1.0):
    return {"estimate": float(estimate), "low": float(estimate - half), "high": float(estimate + half)}


def thing(from_m=10.0, cars=8, **more):
    return {
        "report": "r",
        "id": "t1",
        "kind": "train",
        "grade": "detected",
        "confidence": 0.9,
        "area": "yard",
        "track": "1",
        "from_m": from_m,
        "to_m": from_m + 14 * cars,
        "length_m": span(14 * cars, 2),
        "cars": span(cars),
        "area_m2": None,
        "geometry": None,
        "caveats": [],
        "colours": ["grey"] * cars,
        "types": ["box"] * cars,
        **more,
    }


def about(evidence, scene="s2"):
    return About(
        word="detection",
        site="toy",
        scene=scene,
        earlier=None,
        kind=evidence["kind"],
        area=evidence["area"],
        evidence=evidence,
    )


def subject(evidence, scene="s2"):
    return ReviewSubject(
        about=about(evidence, scene),
        folder="r",
        id=evidence["id"],
        current=True,
        acquired="2022-01-04T02:00:00Z",
        earlier_acquired=None,
    )


def change(word, earlier=None, later=None):
    kind = (later or earlier)["kind"]
    evidence = {
        "report": "r",
        "id": "f1",
        "kind": kind,
        "change": word,
        "grade": "detected",
        "confidence": 0.9,
        "area": "yard",
        "track": "1",
        "earlier": earlier,
        "later": later,
        "amount": {**span(8), "unit": "cars"},
        "statement": "…",
        "geometry": None,
        "caveats": [],
    }
    return About(
        word="finding", site="toy", scene="s2", earlier="s1", kind=kind, area="yard", evidence=evidence
    )


def said(of, reader, verdict, number, reason=None, **values):
    return Review(
        about=of,
        reader=reader,
        answer=Answer(verdict, reason, "", Correction(**values)),
        made=f"t{number}",
        origin=TERMINAL,
        number=number,
    )


def one(subjects, reviews, scene="s2", **how):
    (judged,) = judge(subjects, reviews, **how)[scene]
    return judged


def test_agreement_settles_and_disagreement_does_not():
    now = subject(thing())
    yes, no = said(now.about, "kim", "accepted", 1), said(now.about, "lee", "rejected", 2, "shadow")
    assert one([now], []).says == "open"
    assert one([now], [yes]).thing["confidence"] == 1.0
    assert one([now], [no]).says == "not_there"
    both = one([now], [yes, no])
    assert (both.says, both.disputed, both.thing["confidence"]) == ("doubtful", True, 0.9)
    changed_mind = said(now.about, "lee", "accepted", 3)
    assert one([now], [yes, no, changed_mind]).says == "there"
    assert one([now], [yes, no, said(now.about, "lee", "withdrawn", 3)]).says == "there"


def test_readers_who_count_differently_span_an_interval():
    now = subject(thing(cars=8))
    six = said(now.about, "kim", "corrected", 1, "wrong_count", cars=(6, 7))
    assert one([now], [six]).thing["cars"] == {"estimate": 7.0, "low": 6.0, "high": 7.0}
    ten = said(now.about, "lee", "corrected", 2, "wrong_count", cars=(10, 10))
    both = one([now], [six, ten])
    assert (both.says, both.disputed) == ("there", True)
    assert both.thing["cars"] == {"estimate": 8.0, "low": 6.0, "high": 10.0}
    accepts = one([now], [six, said(now.about, "lee", "accepted", 2)])
    assert not accepts.disputed
    assert accepts.thing["cars"] == {"estimate": 8.0, "low": 6.0, "high": 9.0}


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"cars": (8, 8)}, "corrected"),
        ({"cars": (9, 12)}, "corrected"),
        ({"cars": (10, 12)}, "disagreed"),
        ({"to_m": 123.0}, "corrected"),
        ({"to_m": 150.0}, "disagreed"),
        ({"track": "2"}, "disagreed"),
        ({"colours": ("grey",) * 8}, "corrected"),
        ({"colours": ("red",) * 8}, "disagreed"),
        ({"kind": "cargo"}, "disagreed"),
    ],
)
def test_a_value_that_the_other_reader_left_open_is_no_dispute(values, state):
    """One reader accepts 8 (7-9) grey cars from 10 to 122 m; the other gives a value."""
    now = subject(thing())
    both = [said(now.about, "kim", "accepted", 1), said(now.about, "lee", "corrected", 2, "other", **values)]
    (row,) = statuses([now], both)
    assert row.state == state
    if "kind" not in values:
        assert one([now], both).disputed == (state == "disagreed")


def test_a_corrected_extent_makes_its_length():
    now = subject(thing(from_m=10, cars=8))
    judged = one([now], [said(now.about, "kim", "corrected", 1, "wrong_extent", to_m=94.0)])
    assert (judged.thing["from_m"], judged.thing["to_m"]) == (10, 94)
    length = judged.thing["length_m"]
    assert length["low"] < length["estimate"] == 84 < length["high"]


@pytest.mark.parametrize(
    ("word", "reason", "dates"),
    [
        ("appeared", "shadow", {"s2": "not_there"}),
        ("appeared", "parked_before", {"s2": "open"}),
        ("disappeared", "snow", {"s1": "not_there"}),
        ("unchanged", "roof", {"s1": "not_there", "s2": "not_there"}),
        ("moved", "shadow", {"s1": "open", "s2": "open"}),
    ],
)
def test_a_rejected_change_denies_the_thing_only_where_its_reason_does(word, reason, dates):
    earlier = thing() if word != "appeared" else None
    later = thing() if word != "disappeared" else None
    no = said(change(word, earlier, later), "kim", "rejected", 1, reason)
    current = [subject(thing(), scene) for scene in dates]
    judged = judge(current, [no])
    assert {scene: judged[scene][0].says for scene in dates} == dates


def test_goods_put_together_are_accepted_together():
    heaps = [
        {
            **thing(),
            "id": f"c{k}",
            "kind": "cargo",
            "date": "later",
            "from_m": None,
            "to_m": None,
            "geometry": {"type": "Polygon", "coordinates": [[[k, 0], [k + 1, 0], [k + 1, 1], [k, 0]]]},
        }
        for k in (0, 5, 9)
    ]
    of = change("appeared", None, heaps[0])
    of.evidence["members"] = heaps[1:]
    judged = judge([subject(h) for h in heaps], [said(of, "kim", "accepted", 1)])
    assert [j.says for j in judged["s2"]] == ["there"] * 3
    with pytest.raises(UsageError, match="puts 3 things together"):
        checked_answer(Answer("corrected", correction=parse_correction({"area_m2": "10"})), of.evidence)


def test_an_answer_to_a_detection_and_to_its_change_is_one_readers_answer():
    now = subject(thing())
    of_change = said(change("appeared", None, thing()), "kim", "accepted", 1)
    direct = said(now.about, "kim", "rejected", 2, "snow")
    assert one([now], [of_change]).says == "there"
    assert one([now], [of_change, direct]).says == "not_there"
    assert one([now], [of_change, direct, said(now.about, "kim", "withdrawn", 3)]).says == "there"


def test_what_changed_since_is_in_doubt_and_a_correction_stands():
    old, new = thing(from_m=10, cars=8), subject(thing(from_m=12, cars=10))
    for verdict, reason in (("accepted", None), ("rejected", "snow")):
        judged = one([new], [said(about(old), "kim", verdict, 1, reason)])
        assert (judged.says, judged.stale, judged.disputed) == ("doubtful", True, False)
    fixed = one([new], [said(about(old), "kim", "corrected", 1, "wrong_count", cars=(9, 9))])
    assert (fixed.says, fixed.thing["cars"]["estimate"]) == ("there", 9.0)
    hardly = subject(thing(from_m=10.4, cars=8, confidence=0.7))
    assert one([hardly], [said(about(old), "kim", "accepted", 1)]).says == "there"


def test_what_no_report_holds_any_more():
    gone = about(thing())
    assert judge([], [said(gone, "kim", "rejected", 1, "snow")]) == {"s2": []}
    accepted = one([], [said(gone, "kim", "accepted", 1)])
    assert (accepted.says, accepted.subject) == ("doubtful", None)
    assert one([], [said(gone, "kim", "accepted", 1)], as_seen=True).says == "there"
    assert one([], [said(gone, "kim", "rejected", 1, "snow")], as_seen=True).says == "not_there"


def test_a_thing_added_by_two_readers_is_one_and_the_detector_may_find_it():
    first, second = (
        About(
            word="missed",
            site="toy",
            scene="s2",
            earlier=None,
            kind="train",
            area="yard",
            evidence={**thing(cars=n), "geometry": None},
        )
        for n in (8, 9)
    )
    added = [
        said(first, "kim", "added", 1, "missed", track="1", from_m=10.0, to_m=122.0, cars=(8, 8)),
        said(second, "lee", "added", 2, "missed", track="1", from_m=10.0, to_m=136.0, cars=(9, 9)),
    ]
    judged = one([], added)
    assert (judged.says, judged.basis, judged.readers) == ("there", "added", ("kim", "lee"))
    assert judged.thing["cars"] == {"estimate": 8.5, "low": 8.0, "high": 9.0}
    found = one([subject(thing(cars=9))], added)
    assert found.subject is not None
    (row,) = statuses([], added)
    assert row.state == "disagreed"


def test_another_kind_denies_one_thing_and_claims_another():
    now = subject(thing())
    judged = judge([now], [said(now.about, "kim", "corrected", 1, "wrong_type", kind="cargo")])["s2"]
    assert [(j.kind, j.says) for j in judged] == [("train", "not_there"), ("cargo", "there")]


ANSWERS = st.one_of(
    st.tuples(st.just("accepted"), st.none(), st.just({})),
    st.tuples(st.just("rejected"), st.sampled_from(["shadow", "snow"]), st.just({})),
    st.tuples(
        st.just("corrected"), st.just("wrong_count"), st.integers(1, 12).map(lambda n: {"cars": (n, n + 1)})
    ),
    st.tuples(st.just("withdrawn"), st.none(), st.just({})),
)


@given(st.lists(ANSWERS, min_size=3, max_size=3), st.lists(ANSWERS, min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_order_of_readers_does_not_matter(first, last):
    """Each of three readers answers twice; however their answers interleave, the result is the same."""
    now = subject(thing())
    results = set()
    for order in permutations(range(3)):
        reviews = [
            said(now.about, "abc"[k], verdict, 3 * turn + place, reason, **values)
            for turn, given_now in enumerate((first, last))
            for place, k in enumerate(order)
            for verdict, reason, values in [given_now[k]]
        ]
        judged = one([now], reviews)
        (row,) = statuses([now], reviews)
        results.add((judged.says, judged.disputed, str(judged.thing["cars"]), judged.basis, row.state))
    assert len(results) == 1


@given(st.lists(ANSWERS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_interval_holds_what_every_reader_says(given_answers):
    now = subject(thing())
    reviews = [
        said(now.about, f"reader{k}", verdict, k, reason, **values)
        for k, (verdict, reason, values) in enumerate(given_answers)
    ]
    cars = one([now], reviews).thing["cars"]
    assert cars["low"] <= cars["estimate"] <= cars["high"]
    for verdict, _, values in given_answers:
        if verdict == "corrected":
            assert cars["low"] <= values["cars"][0]
            assert values["cars"][1] <= cars["high"]


# Answers as they are given


@pytest.mark.parametrize(
    ("verdict", "reason", "remark", "values", "why"),
    [
        ("rejected", None, "", {}, "a rejection needs one"),
        ("rejected", "moon", "", {}, "not in the list"),
        ("accepted", "shadow", "", {}, "does not go with accepted"),
        ("rejected", "other", " ", {}, "the reason is other"),
        ("corrected", None, "", {}, "no value is given"),
        ("accepted", None, "", {"cars": "7"}, "the verdict is accepted"),
        ("corrected", None, "", {"cars": "0"}, "'0'"),
        ("corrected", None, "", {"cars": "7-6"}, "backwards"),
        ("corrected", None, "", {"from_m": 500.0}, "500.0 to 122.0"),
        ("corrected", None, "", {"area_m2": "10"}, "the kind is train"),
        ("corrected", None, "", {"cars": "3", "colours": "red,blue"}, "2 for 3-3 cars"),
        ("corrected", None, "", {"colours": "pink"}, "not in the list"),
        ("maybe", None, "", {}, "not in the list"),
    ],
)
def test_answers_that_cannot_be_meant_are_refused(verdict, reason, remark, values, why):
    with pytest.raises(UsageError, match=why):
        checked_answer(Answer(verdict, reason, remark, parse_correction(values)), thing())


def test_a_reason_follows_from_what_is_corrected():
    for values, reason in (({"cars": "6–7"}, "wrong_count"), ({"from_m": 0.0}, "wrong_extent")):
        answer = Answer("corrected", correction=parse_correction(values))
        assert checked_answer(answer, thing()).reason == reason
    assert parse_cars(" 6 to 7 ") == (6, 7)
    assert parse_words("red*2, Light grey", "colour", COLOURS) == ("red", "red", "light_grey")


def test_every_reason_can_be_given_and_says_what_it_means():
    for reason in REASONS.values():
        assert reason.words
        assert reason.verdicts
