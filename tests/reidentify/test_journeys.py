"""Trains seen again in a record: planted ones are found, others are not, and nothing is at two places."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.record_of_trains import COLOURS, KINDS

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.reidentify.alignment import quick_bits, record_mix
from tumangang_watch.reidentify.compare import p_value
from tumangang_watch.reidentify.journeys import find_trains
from tumangang_watch.reidentify.model import Coverage
from tumangang_watch.reidentify.search import feasible
from tumangang_watch.reidentify.vehicle_model import likelihoods
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings

ALIKE = SameTrainSettings()
PLAIN = JourneySettings()
PLACES = {"khasan": (130.645, 42.43), "yard": (130.628, 42.41)}
LONG = tuple(COLOURS)
MORE = (
    "black",
    "white",
    "yellow",
    "brown",
    "brown",
    "light_blue",
    "grey",
    "green",
    "black",
    "red",
    "white",
    "white",
    "light_grey",
    "blue",
)


def rake(colours, kinds=None, start_m=20.0):
    return tuple(
        Vehicle(
            from_m=start_m + 14 * k,
            to_m=start_m + 14 * k + 12.8,
            type=kinds[k] if kinds else "open",
            colour=colour,
            confidence=0.9,
        )
        for k, colour in enumerate(colours)
    )


def seen(name, day, place, vehicles, *, track=None, grade="detected", hour=2, gsd_m=0.5):
    """A train on a scene of its own day and place; every track of it can be seen."""
    acquired = (datetime(2022, 11, 1, hour, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    folder = f"{acquired}_{place}"
    start, stop = (vehicles[0].from_m, vehicles[-1].to_m) if vehicles else (20.0, 150.0)
    return Sighting(
        key=f"{folder}/{name}",
        area=place,
        track=track or name,
        acquired=acquired,
        scene=folder,
        gsd_m=gsd_m,
        folder=folder,
        from_m=start,
        to_m=stop,
        length_m=stop - start,
        cars=float(len(vehicles)) or None,
        confidence=0.97,
        grade=grade,
        lon=PLACES[place][0],
        lat=PLACES[place][1],
        vehicles=vehicles,
    )


def dates_of(sightings, days=0, unseen=()):
    """Every scene that shows a train, and one more of each place a day."""
    tracks = {str(s.track): ((0.0, 1000.0),) for s in sightings}
    found = {
        (s.area, s.acquired, s.folder): Coverage(
            area=s.area, acquired=s.acquired, folder=s.folder, gsd_m=s.gsd_m, observed=1.0, tracks=tracks
        )
        for s in sightings
    }
    for day in range(days):
        for place in PLACES:
            if (day, place) in unseen:
                continue
            at = seen("x", day, place, ()).acquired
            covered = Coverage(
                area=place, acquired=at, folder=f"{at}_{place}", gsd_m=0.5, observed=0.97, tracks=tracks
            )
            found.setdefault((place, at, covered.folder), covered)
    return list(found.values())


def search(sightings, days=0, unseen=(), options=PLAIN):
    return find_trains(sightings, dates_of(sightings, days, unseen), options, ALIKE)


def random_rakes(count, seed, mix=None):
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        size = int(rng.integers(9, 20))
        colours = []
        while len(colours) < size:
            again = colours and rng.random() < 0.6
            colours.append(colours[-1] if again else str(rng.choice(mix or list(dict.fromkeys(LONG)))))
        day, place = int(rng.integers(12)), ("khasan", "yard")[int(rng.integers(2))]
        found.append(seen(f"t{k}", day, place, rake(colours)))
    return found


def journeys_of(found):
    return [[found.stays[s.stay].first.key.rpartition("/")[2] for s in j.steps] for j in found.journeys]


def test_a_train_is_followed_from_khasan_to_the_yard_and_its_timeline_says_what_bounds_it():
    first, second = seen("a", 10, "khasan", rake(LONG, KINDS)), seen("b", 11, "yard", rake(LONG, KINDS))
    found = search([first, second], days=16, unseen={(12, "yard"), (13, "yard")})
    (journey,) = found.journeys
    assert [found.stays[s.stay].first.area for s in journey.steps] == ["khasan", "yard"]
    assert (journey.verdict, found.comparisons) == ("same train", 1)
    came, went = found.stays
    assert (came.after.acquired[:10], came.before.acquired[:10]) == ("2022-11-10", "2022-11-12")
    assert went.before.acquired[:10] == "2022-11-15"
    assert went.before.observed == pytest.approx(0.97)


def test_a_train_that_stays_is_one_stay_and_not_seen_again():
    found = search([seen("a", day, "yard", rake(LONG, KINDS)) for day in (3, 4, 6)], 9, {(5, "yard")})
    (stay,) = found.stays
    assert len(stay.sightings) == 3
    assert (found.comparisons, found.journeys) == (0, ())
    assert stay.before.acquired[:10] == "2022-11-08"


def sure(vehicles):
    """The same vehicles, their types and colours read without doubt."""
    return tuple(replace(v, types=((v.type, 1.0),), colours=((v.colour, 1.0),)) for v in vehicles)


def test_on_tracks_traced_for_each_report_the_ground_decides_not_their_names():
    stood = [seen("a", day, "yard", rake(LONG, KINDS), track=f"traced-{day}") for day in (3, 4)]
    found = search(stood, days=6)
    assert [len(s.sightings) for s in found.stays] == [2]
    assert found.stays[0].before.acquired[:10] == "2022-11-06"
    moved = replace(stood[1], lat=stood[1].lat + 0.001, track="traced-3")
    assert len(search([stood[0], moved]).stays) == 2


def test_another_train_in_the_same_place_is_not_its_stay():
    one, two = (
        rake(LONG + LONG, KINDS + KINDS),
        rake(["light_blue"] * 14 + ["light_grey"] * 14, ["flat"] * 28),
    )
    found = search([seen("a", 3, "yard", sure(one)), seen("a", 4, "yard", sure(two))])
    assert len(found.stays) == 2
    assert found.stays[0].before.other


def test_no_later_date_that_shows_the_place_is_not_gone():
    found = search([seen("a", 3, "yard", rake(LONG))], days=6, unseen={(4, "yard"), (5, "yard")})
    (stay,) = found.stays
    assert (stay.before, stay.unseen_since) == (None, 0)
    dark = [date._replace(tracks={"a": ()}) for date in dates_of([seen("a", 4, "yard", rake(LONG))])]
    first = seen("a", 3, "yard", rake(LONG))
    again = find_trains([first], [*dates_of([first]), *dark], PLAIN, ALIKE)
    assert (again.stays[0].before, again.stays[0].unseen_since) == (None, 1)


def test_a_coarse_date_without_it_does_not_say_that_it_is_gone():
    first = seen("a", 3, "yard", rake(LONG))
    coarse = dates_of([seen("a", 4, "yard", rake(LONG))])[0]._replace(gsd_m=3.0)
    found = find_trains([first], [*dates_of([first]), coarse], PLAIN, ALIKE)
    assert found.stays[0].before is None


@pytest.mark.parametrize("seed", [1])
def test_a_planted_train_is_found_among_sixty_random_ones_and_no_other(seed):
    rakes = random_rakes(58, seed)
    planted = [
        seen("p1", 4, "khasan", rake(LONG, KINDS)),
        seen("p2", 6, "yard", rake(LONG[::-1], KINDS[::-1])),
    ]
    found = search([*rakes, *planted])
    assert journeys_of(found) == [["p1", "p2"]]
    (match,) = found.matches()
    assert (match.direction, match.verdict, match.null) == ("reversed", "same train", "record")
    assert match.aligned[0] == (0, 13)
    assert match.e_value == pytest.approx(match.p_value * found.comparisons)
    assert found.comparisons > 1000
    assert not found.all_scored


def test_wagons_set_out_stay_without_a_partner():
    first, second = seen("a", 1, "khasan", rake(LONG, KINDS)), seen("b", 2, "yard", rake(LONG[4:], KINDS[4:]))
    (match,) = search([first, second]).matches()
    assert match.only_first == (0, 1, 2, 3)
    assert match.only_second == ()


@pytest.mark.parametrize("cars", [12, 40])
def test_coal_rakes_of_one_colour_are_never_called_one_train(cars):
    coal = [seen(f"c{k}", k, ("khasan", "yard")[k % 2], rake(["grey"] * cars)) for k in range(6)]
    found = search([*coal, *random_rakes(8, 3)])
    assert not [m for m in found.matches() if m.first < 6]
    nearly = ["grey"] * (cars // 2) + ["brown"] + ["grey"] * (cars // 2)
    found = search([seen(f"c{k}", k, ("khasan", "yard")[k % 2], rake(nearly)) for k in range(6)])
    assert not found.matches()


def test_trains_made_up_alike_are_not_told_apart_when_two_stand_there_at_once():
    """One make-up for all: where two at one time agree, agreement says nothing."""
    colours, kinds = ["brown"] * 5 + ["grey"] * 5 + ["black"] * 5, ["box"] * 5 + ["open"] * 5 + ["tank"] * 5
    fleet = [
        seen(f"f{k}", k // 2, "yard", rake(colours, kinds, 20.0 + 300 * (k % 2)), track=f"t{k}")
        for k in range(8)
    ]
    found = search(fleet)
    assert found.too_fast == 4
    assert len(found.look_alikes) == 4
    assert not [m for m in found.matches() if m.verdict == "same train"]
    assert not found.journeys


def test_two_that_agree_like_one_at_one_time_are_listed_and_nothing_is_made_of_either():
    here = [
        seen("a", 1, "khasan", rake(LONG, KINDS)),
        seen("b", 3, "khasan", rake(LONG, KINDS)),
        seen("c", 3, "yard", rake(LONG, KINDS)),
    ]
    found = search(here)
    assert found.too_fast == 1
    assert [c.kind for c in found.conflicts] == ["look-alikes"]
    assert not found.journeys


def test_one_train_is_never_at_two_places_at_once():
    """Two trains at one time, each with the same ten wagons of a third."""
    third = rake(LONG + MORE, (*KINDS, *KINDS))
    here = [
        seen("a", 1, "khasan", third),
        seen("b", 3, "khasan", third[:16]),
        seen("c", 3, "yard", third[6:]),
    ]
    found = search(here)
    assert found.conflicts
    for journey in found.journeys:
        assert len(journey.steps) == 2


def test_parts_of_a_divided_train_are_no_conflict():
    both, kinds = LONG + MORE, (*KINDS, *KINDS)
    whole = seen("w", 1, "khasan", rake(both, kinds))
    parts = [seen("p", 2, "yard", rake(LONG, KINDS)), seen("q", 2, "yard", rake(MORE, KINDS))]
    found = search([whole, *parts])
    assert not found.conflicts
    (journey,) = found.journeys
    assert [step.part for step in journey.steps] == [False, True, True]


def stays_in(found):
    return [[x.key for x in stay.sightings] for stay in found.stays]


def test_a_train_surely_seen_elsewhere_did_not_stand_in_between():
    stood = [seen("a", day, "yard", rake(LONG, KINDS)) for day in (1, 2, 9)]
    away = seen("b", 5, "khasan", rake(LONG, KINDS))
    assert stays_in(search(stood)) == [[s.key for s in stood]]
    found = search([*stood, away])
    assert stays_in(found) == [[stood[0].key, stood[1].key], [away.key], [stood[2].key]]
    assert not found.conflicts
    assert journeys_of(found) == [["a", "b", "a"]]
    assert (found.stays[0].before.acquired, found.stays[2].after.acquired) == (
        stood[2].acquired,
        stood[1].acquired,
    )
    assert found.comparisons == 3


def test_a_look_alike_that_came_meanwhile_hides_no_journey():
    """It is read better than the train that left, and speaks for their stay as long as that is one."""
    blurred = ("unknown",) * 4 + LONG[4:]
    left = seen("a", 1, "yard", rake(blurred, KINDS))
    came = seen("c", 9, "yard", rake(LONG[:4] + ("white", "black") * 5, KINDS), track="a")
    away = seen("b", 5, "khasan", rake(blurred, KINDS))
    alike = replace(PLAIN, different_bits=-99.0)
    assert len(search([left, came], options=alike).stays) == 1
    found = search([left, away, came], options=alike)
    assert stays_in(found) == [[left.key], [away.key], [came.key]]
    assert journeys_of(found) == [["a", "b"]]


def test_a_doubtful_match_and_other_trains_elsewhere_split_no_stay():
    stood = [seen("a", day, "yard", rake(LONG, KINDS)) for day in (1, 9)]
    others = [seen(f"n{k}", 3 + k, "khasan", rake(MORE[k:][::-1] + LONG[:k])) for k in range(4)]
    assert [s.key for s in search([*stood, *others]).stays[0].sightings] == [s.key for s in stood]
    found = search(
        [*stood, seen("b", 5, "khasan", rake(LONG, KINDS))], options=replace(PLAIN, sure_share=0.0)
    )
    (conflict,) = found.conflicts
    assert (conflict.kind, len(found.stays), found.journeys) == ("stood elsewhere", 2, ())


def test_nothing_is_faster_than_a_train():
    quick = [seen("a", 1, "khasan", rake(LONG, KINDS)), seen("b", 1, "yard", rake(LONG, KINDS))]
    assert search(quick).comparisons == 0
    later = replace(quick[1], acquired="2022-11-02T02:05:00Z", folder="later", key="later/b")
    assert len(search([quick[0], later]).journeys) == 1


def test_what_is_only_possible_is_only_possible():
    found = search(
        [seen("a", 1, "khasan", rake(LONG, KINDS)), seen("b", 2, "yard", rake(LONG, KINDS), grade="possible")]
    )
    (journey,) = found.journeys
    assert (journey.verdict, journey.possible) == ("could be", True)


def test_more_comparisons_make_a_match_less_sure():
    pair = [seen("a", 1, "khasan", rake(LONG[:12])), seen("b", 2, "yard", rake(LONG[:12]))]
    alone = search(pair).matches()[0].e_value
    among = next(m for m in search([*pair, *random_rakes(8, 5)]).pairs if {m.first, m.second} and m.bits > 0)
    assert among.e_value > 10 * alone or among.null == "record"


cuts = st.tuples(st.integers(0, 6), st.sampled_from(list(PLACES)), st.integers(0, 4), st.integers(10, 14))


@given(st.lists(cuts, min_size=2, max_size=6, unique_by=lambda c: c[:2]))
@settings(max_examples=12, deadline=None)
def test_a_journey_never_holds_two_places_at_one_time_but_for_parts(drawn):
    trains = [
        seen(f"t{k}", day, place, rake(LONG[start:stop], KINDS[start:stop]))
        for k, (day, place, start, stop) in enumerate(drawn)
    ]
    found = search(trains, options=replace(PLAIN, max_speed_kmh=0.02))
    for journey in found.journeys:
        whole = [found.stays[s.stay] for s in journey.steps if not s.part]
        assert len(journey.steps) == len({s.stay for s in journey.steps}) >= 2
        for one, two in combinations(whole, 2):
            assert feasible(one, two, replace(PLAIN, max_speed_kmh=0.02))
        assert [s.stay for s in journey.steps] == sorted(s.stay for s in journey.steps)
    members = [s.stay for j in found.journeys for s in j.steps]
    assert len(members) == len(set(members))


@given(st.permutations(range(5)))
@settings(max_examples=3, deadline=None)
def test_the_order_of_the_input_does_not_matter(order):
    trains = [
        *random_rakes(3, 7),
        seen("a", 4, "khasan", rake(LONG, KINDS)),
        seen("b", 6, "yard", rake(LONG, KINDS)),
    ]
    assert search([trains[k] for k in order]) == search(trains)


def test_swapped_dates_mirror_the_match():
    def found(days):
        return search(
            [
                seen("a", days[0], "khasan", rake(LONG, KINDS)),
                seen("b", days[1], "yard", rake(LONG[3:], KINDS[3:])),
            ]
        ).matches()[0]

    one, two = found((1, 2)), found((2, 1))
    assert one.bits == pytest.approx(two.bits, abs=1e-6)
    assert one.aligned == tuple((a, b) for b, a in two.aligned)
    assert one.only_first == two.only_second


@given(
    st.lists(st.sampled_from(LONG), min_size=5, max_size=12),
    st.lists(st.sampled_from(LONG), min_size=5, max_size=9),
)
@settings(max_examples=15, deadline=None)
def test_the_quick_alignment_is_that_of_its_definition(one, two):
    trains = [likelihoods(rake(c), ALIKE) for c in (one, two)]
    mix = record_mix(trains)
    flat = [t.reshape(len(t), -1) for t in trains]
    odds = np.log2((flat[0] * mix) @ flat[1].T / np.outer(flat[0] @ mix, flat[1] @ mix))

    def best(cells):
        score = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1))
        for i, j in np.ndindex(cells.shape):
            skip = max(score[i, j + 1], score[i + 1, j]) - 3.0
            score[i + 1, j + 1] = max(0.0, score[i, j] + cells[i, j], skip)
        return score.max()

    quick = quick_bits([trains[0]], [trains[1]], mix, 3.0)[0]
    assert quick == pytest.approx(max(best(odds), best(odds[:, ::-1])))


@given(st.floats(0, 40), st.floats(0, 12))
def test_a_lower_offset_is_never_surer(bits, offset):
    p = [float(p_value(np.array(bits), ALIKE, o)) for o in (offset, offset + 1.0)]
    assert 1.0 >= p[0] >= p[1] > 0.0
