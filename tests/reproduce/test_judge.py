"""A claim that a scene shows is reproduced; the same claim falsified on purpose is contradicted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from shapely import box
from support.values import change_of, straight_site, thing

from tumangang_watch.errors import InputRefused
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.interval import Interval
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.reidentify.compare import same_train
from tumangang_watch.reproduce import Claim, Evidence, Observed, judge, load_observations, match_scenes
from tumangang_watch.reproduce.consist import without_locomotives
from tumangang_watch.reproduce.judge import judge_cargo
from tumangang_watch.reproduce.observations import PLACES
from tumangang_watch.reproduce.report import table_lines
from tumangang_watch.reproduce.run import scenes_in
from tumangang_watch.settings.records import PublishedSettings

TRAIN_1 = ("grey", "grey", "red", "red", "grey", "grey", "light_grey", "brown")
NOON = datetime(2022, 11, 30, 3, tzinfo=UTC)


def site():
    whole = straight_site(400.0, tracks=3)
    return replace(whole, areas=(replace(whole.areas[0], id="secure_yard"),))


def train(colours, track="T1", locomotive=False, at=20.0, low=None, high=None):
    """A train whose vehicles are read with a posterior of 0.9."""
    names = ["locomotive"] * locomotive + list(colours)
    stock = tuple(
        Vehicle(
            from_m=at + 14 * k,
            to_m=at + 14 * k + 13,
            type="locomotive" if name == "locomotive" else "box",
            colour="green" if name == "locomotive" else name,
            confidence=0.95,
            types=(("locomotive", 0.9), ("box", 0.1)) if name == "locomotive" else (("box", 0.95),),
            colours=(("green" if name == "locomotive" else name, 0.9),),
        )
        for k, name in enumerate(names)
    )
    count = len(names)
    return thing(
        "train",
        "later",
        box(0, 0, 1, 1),
        f"train-{track}-{at:.0f}",
        area="secure_yard",
        confidence=0.99,
        track=track,
        from_m=at,
        to_m=at + 14 * count,
        length_m=Interval.around(14.0 * count, 1.0),
        cars=Interval(count, count if low is None else low, count if high is None else high),
        rolling_stock=stock,
    )


def pile(number, area=30.0, grade="detected"):
    east, north = 500_050.0 + 20 * number, 4_699_960.0
    place = box(east, north, east + area / 5, north + 5)
    return thing("cargo", "later", place, f"cargo-{number}", area="apron", grade=grade)


def appeared(goods):
    return change_of(goods, "appeared", id="f", amount=Interval(30, 20, 40), grade="detected")


def evidence(*detections, status="observed", **fields):
    return Evidence(
        scene="scene",
        acquired=NOON,
        painted=False,
        site=site(),
        seen={"secure_yard": (status, ("cloud",))},
        detections=detections,
        **fields,
    )


def observed(*claims, id_="o"):
    day = NOON.date()
    return Observed(
        id=id_,
        publisher="someone",
        published="2022",
        url="https://example.org",
        place="secure_yard",
        first=day,
        last=day,
        facts="facts",
        claims=claims,
    )


def verdicts(what, *seen, same=None, **others):
    known = {what.id: seen[0], **others} if seen else dict(others)
    return {line.claim: line.verdict for line in judge(what, known, same)}


COUNT = Claim(kind="train", cars=(8, 8))
COLOURS = Claim(kind="train", cars=(8, 8), colours=TRAIN_1)


@pytest.mark.parametrize(
    ("cars", "verdict"), [(8, "reproduced"), (7, "contradicted"), (9, "contradicted"), (3, "contradicted")]
)
def test_one_car_more_or_less_is_contradicted(cars, verdict):
    told = verdicts(observed(COUNT), evidence(train(("grey",) * cars)))
    assert told["it has 8 cars"] == verdict


def test_a_count_that_cannot_tell_is_not_observable():
    told = verdicts(observed(COUNT), evidence(train(("grey",) * 7, low=6, high=8)))
    assert told["it has 8 cars"] == "not observable"
    told = verdicts(observed(COUNT), evidence(train(("grey",) * 8, low=5, high=12)))
    assert told["it has 8 cars"] == "not observable"
    told = verdicts(observed(COUNT), evidence(replace(train(("grey",) * 8), cars=None, rolling_stock=())))
    assert told["it has 8 cars"] == "not observable"


def test_a_range_of_published_counts_is_judged_as_one():
    claim = Claim(kind="train", cars=(6, 7))
    for cars, verdict in ((5, "contradicted"), (6, "reproduced"), (7, "reproduced"), (8, "contradicted")):
        assert verdicts(observed(claim), evidence(train(("grey",) * cars)))["it has 6 to 7 cars"] == verdict


@pytest.mark.parametrize("reverse", [False, True])
def test_the_published_order_is_found_from_either_end(reverse):
    colours = TRAIN_1[::-1] if reverse else TRAIN_1
    told = verdicts(observed(COLOURS), evidence(train(colours)))
    assert set(told.values()) == {"reproduced"}


@pytest.mark.parametrize("swap", [(1, 2), (3, 4), (5, 7), (0, 7)])
def test_a_changed_order_is_contradicted(swap):
    colours = list(TRAIN_1)
    colours[swap[0]], colours[swap[1]] = colours[swap[1]], colours[swap[0]]
    told = verdicts(observed(COLOURS), evidence(train(colours)))
    assert [v for c, v in told.items() if c.startswith("its colours")] == ["contradicted"]


def test_colours_that_were_not_read_contradict_nothing():
    blank = train(("unknown",) * 8)
    blank = replace(blank, rolling_stock=tuple(replace(v, colours=()) for v in blank.rolling_stock))
    told = verdicts(observed(COLOURS), evidence(blank))
    assert [v for c, v in told.items() if c.startswith("its colours")] == ["not observable"]


def test_names_without_a_probability_decide_nothing():
    named = train(TRAIN_1[::-1])
    named = replace(named, rolling_stock=tuple(replace(v, colours=(), types=()) for v in named.rolling_stock))
    told = verdicts(observed(replace(COLOURS, colours=("blue",) * 8, locomotive=True)), evidence(named))
    assert told["a locomotive is at its end"] == "not observable"
    assert [v for c, v in told.items() if c.startswith("its colours")] == ["not observable"]


def test_east_to_west_is_told_from_west_to_east():
    claim = Claim(kind="train", cars=(3, 3), colours=("light_blue", "blue", "brown"), order="east_to_west")
    fits = train(("brown", "blue", "light_blue"))  # The tracks of this site count from west to east.
    assert "contradicted" not in verdicts(observed(claim), evidence(fits)).values()
    assert (
        "contradicted" in verdicts(observed(claim), evidence(train(("light_blue", "blue", "brown")))).values()
    )


def test_locomotives_do_not_count_as_cars_and_are_judged():
    claim = Claim(kind="train", cars=(8, 8), locomotive=True, colours=TRAIN_1, order="from_locomotive")
    told = verdicts(observed(claim), evidence(train(TRAIN_1, locomotive=True)))
    assert set(told.values()) == {"reproduced"}
    told = verdicts(observed(claim), evidence(train(TRAIN_1)))
    assert told["a locomotive is at its end"] == "contradicted"
    assert told["it has 8 cars"] == "reproduced"
    told = verdicts(observed(claim), evidence(train(TRAIN_1[:-1], locomotive=True)))
    assert told["it has 8 cars"] == "contradicted"
    gone = Claim(kind="train", locomotive=False)
    assert (
        verdicts(observed(gone), evidence(train(TRAIN_1, locomotive=True)))["no locomotive is with it"]
        == "contradicted"
    )


def test_each_claimed_train_is_another_detected_one():
    two = observed(Claim(kind="train", cars=(3, 3), locomotive=True), Claim(kind="train", cars=(3, 3)))
    both = train(("blue",) * 3, locomotive=True), train(("grey",) * 3, "T2")
    assert {line.verdict for line in judge(two, {"o": evidence(*both)})} == {"reproduced"}
    lines = judge(two, {"o": evidence(both[0])})
    assert [line.verdict for line in lines] == ["reproduced"] * 3 + ["contradicted"] * 2
    lines = judge(two, {"o": evidence(both[0], train(("grey",) * 2, "T2"))})
    assert [line.verdict for line in lines][-1] == "contradicted"


def same_verdict(first, second):
    earlier, later = (
        observed(Claim(kind="train"), id_="a"),
        observed(Claim(kind="train", same_as="a"), id_="b"),
    )
    answers = {(f"a/{first.id}", f"b/{second.id}"): same_train(first.rolling_stock, second.rolling_stock)}
    lines = judge(later, {"a": evidence(first), "b": evidence(second)}, answers)
    assert earlier.id == "a"
    return lines[-1].verdict


def test_the_same_train_elsewhere_is_reproduced_and_another_one_contradicted():
    khasan = train(TRAIN_1, locomotive=True)
    assert same_verdict(khasan, train(TRAIN_1)) == "reproduced"
    assert same_verdict(khasan, train(TRAIN_1[::-1])) == "reproduced"
    assert same_verdict(khasan, train(TRAIN_1[:6])) == "contradicted"
    assert same_verdict(khasan, train(("blue", "green", "red", "white") * 2)) == "contradicted"


def test_cars_whose_colour_was_not_read_neither_tell_trains_apart_nor_keep_others_from_it():
    grey = replace(train(TRAIN_1).rolling_stock[0], colour="unknown", colours=())
    unread = train(TRAIN_1)
    unread = replace(unread, rolling_stock=(grey, grey, *unread.rolling_stock[2:]))
    assert same_verdict(unread, train(("blue", "white") * 4)) == "contradicted"
    one_off = train((*TRAIN_1[:-1], "blue"))
    assert same_verdict(unread, one_off) != "contradicted"


@pytest.mark.parametrize(("number", "verdict"), [(5, "reproduced"), (4, "contradicted"), (6, "contradicted")])
def test_a_missing_pile_is_contradicted(number, verdict):
    goods = [pile(k) for k in range(number)]
    seen = evidence(*goods, since="a", findings=tuple(appeared(g) for g in goods))
    what = observed(Claim(kind="piles", count=(5, 5), since="a"))
    assert list(verdicts(what, seen, a=evidence()).values()) == [verdict]


def test_piles_told_as_one_finding_beside_a_train_are_counted_each():
    goods = [pile(k) for k in range(5)]
    together = replace(appeared(goods[0]), members=tuple(g.id for g in goods))
    seen = evidence(*goods, since="a", findings=(together,))
    what = observed(Claim(kind="piles", count=(5, 5), since="a"))
    assert list(verdicts(what, seen, a=evidence()).values()) == ["reproduced"]


def test_piles_that_did_not_shrink_are_contradicted():
    what = observed(Claim(kind="piles_smaller", since="a"))
    before = tuple(pile(k, 40.0) for k in range(5))
    for area, verdict in ((15.0, "reproduced"), (40.0, "contradicted")):
        seen = evidence(*(pile(k, area) for k in range(5)), since="a", earlier=before)
        assert list(verdicts(what, seen, a=evidence()).values()) == [verdict]


def test_no_train_is_contradicted_by_one():
    what = observed(Claim(kind="no_train"))
    assert list(verdicts(what, evidence()).values()) == ["reproduced"]
    assert list(verdicts(what, evidence(train(("grey",)))).values()) == ["contradicted"]


def test_what_was_not_seen_is_never_nothing_there():
    what = observed(COUNT, Claim(kind="no_train"))
    assert set(verdicts(what, evidence(status="not_observable")).values()) == {"not observable"}
    assert set(verdicts(what).values()) == {"no scene"}


def test_scenes_are_matched_by_local_date_place_and_half_of_the_day():
    known = {o.id: o for o in load_observations()}
    yard = frozenset({"secure_yard"})
    noon = datetime(2022, 12, 4, 2, tzinfo=UTC)
    times = [noon, noon + timedelta(hours=3), noon + timedelta(hours=14)]
    found = match_scenes(tuple(known.values()), times, [yard] * len(times))
    assert found["voa-2022-12-04-morning"] == 0
    assert found["voa-2022-12-04-afternoon"] == 1
    assert "38n-2022-12-04" not in found  # Khasan is not in these scenes.
    assert "voa-2022-12-08" not in found
    assert match_scenes((known["38n-2022-11-04a"],), [datetime(2022, 11, 4, 4, tzinfo=UTC)], [yard]) == {}


def test_the_observations_are_whole():
    known = load_observations()
    ids = [o.id for o in known]
    assert len(set(ids)) == len(ids)
    for item in known:
        assert item.place in PLACES
        assert item.first <= item.last
        assert item.url.startswith("http")
        assert item.claims
        assert len(item.facts) < 200
        for claim in item.claims:
            assert claim.same_as is None or claim.same_as in ids
            assert claim.since is None or claim.since in ids
    dates = {o.first for o in known if o.first.isoformat() < "2022-12-09"}
    assert len(dates) >= 8


def test_cargo_that_shrank_is_told_by_its_area():
    def heap(date, side):
        square = box(20, 20, 20 + side, 20 + side)
        return replace(train(TRAIN_1), kind="cargo", date=date, geometry=square, id=f"{date}-{side}")

    own = replace(evidence(), since="before", earlier=(heap("earlier", 10.0),))
    limits, place = PublishedSettings(), ["secure_yard"]
    claim = Claim(kind="piles_smaller", since="before")
    inside = replace(
        own, site=replace(own.site, areas=(replace(own.site.areas[0], polygon=box(0, 0, 99, 99)),))
    )
    for side, verdict in ((2.0, "reproduced"), (12.0, "contradicted")):
        seen = replace(inside, detections=(heap("later", side),))
        assert judge_cargo(claim, seen, place, limits)[1] == verdict
    assert judge_cargo(claim, None, place, limits)[1] == "no scene"


def test_locomotives_are_no_wagons():
    assert len(without_locomotives(train(TRAIN_1, locomotive=True), PublishedSettings())) == len(TRAIN_1)


def test_an_empty_folder_is_refused_and_a_table_counts(tmp_path):
    with pytest.raises(InputRefused, match="no scene"):
        scenes_in(tmp_path, NOON, RunContext(site()), 900.0)
    counts = {"reproduced": 0, "no scene": 2}
    assert table_lines({"claims": [], "counts": counts, "painted": False}) == ["0 reproduced, 2 no scene"]


def test_a_crossing_is_reproduced_by_a_train_on_the_bridge_and_an_empty_bridge_tells_nothing():
    what = observed(Claim(kind="crossing"))
    assert verdicts(what, evidence(train(("grey",) * 3))) == {
        "the first train was seen crossing": "reproduced"
    }
    (line,) = judge(what, {"o": evidence()})
    assert line.verdict == "not observable"
    assert "2022-11-30 03:00 UTC (12:00 Korean time)" in line.why


def test_of_scenes_between_two_times_the_last_is_taken_and_none_outside():
    crossing = next(o for o in load_observations() if o.id == "38n-2022-11-04-crossing")
    times = [datetime(2022, 11, 4, hour, 5, tzinfo=UTC) for hour in (1, 2, 4, 5)]
    shown = [frozenset({"friendship_bridge"})] * len(times)
    assert match_scenes([crossing], times, shown) == {crossing.id: 2}
