"""Each place is compared with the last date that showed it, whatever the order things come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.archive.choose import choose, distance, moment, taken
from tumangang_watch.archive.read import KnownScene
from tumangang_watch.settings import Settings

START = datetime(2022, 1, 10, 2, tzinfo=UTC)
SETTINGS = Settings()
WATCH = SETTINGS.watch


def known(day, *, gsd_m=0.5, snow="none", view=(10.0, 90.0), seen=None, azimuth=150.0):
    acquired = (START + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen = {"yard": 1.0, "bridge": 1.0} if seen is None else seen
    name = f"{day}-{gsd_m}-{snow}-{view}-{seen}"
    return KnownScene(
        sha256=name,
        scene_id=name,
        acquired=acquired,
        gsd_m=gsd_m,
        off_nadir_deg=view[0],
        view_azimuth_deg=view[1],
        sun_elevation_deg=30.0,
        sun_azimuth_deg=azimuth,
        snow_state=snow,
        radiometry="dn",
        observed=seen,
    )


def main_of(scene, earlier):
    return choose(scene, earlier, SETTINGS)[0].earlier


def test_all_else_equal_the_last_date_is_taken():
    assert main_of(known(30), [known(0), known(20), known(27)]) == known(27)


def test_the_last_date_is_taken_whatever_its_light_view_snow_and_sensor():
    scene = known(30, snow="full")
    assert main_of(scene, [known(20, snow="full"), known(28)]) == known(28)
    assert main_of(known(30), [known(20), known(28, gsd_m=3.0)]) == known(28, gsd_m=3.0)
    assert main_of(known(30), [known(22), known(29.9, view=(30.0, 270.0))]) == known(29.9, view=(30.0, 270.0))
    assert main_of(known(365), [known(0), known(364, azimuth=330.0)]) == known(364, azimuth=330.0)


def test_a_date_most_alike_stands_behind_the_last_one():
    scene, alike, last = known(30), known(0), known(29, view=(30.0, 270.0), azimuth=330.0)
    (part,) = choose(scene, [alike, last], SETTINGS)
    assert (part.earlier, part.background) == (last, (alike,))


def test_the_same_season_of_another_year_is_more_alike_than_another_season():
    assert distance(known(365), known(0), WATCH) < distance(known(365), known(180), WATCH) + 1.5
    (part,) = choose(known(365, snow="full"), [known(2, snow="full"), known(250), known(364)], SETTINGS)
    assert part.background == (known(2, snow="full"),)


def test_a_date_too_coarse_for_cargo_is_no_look_at_an_apron():
    seen = {"yard": 1.0, "apron": 1.0}
    fine, coarse, scene = (known(d, gsd_m=g, seen=seen) for d, g in ((20, 0.5), (28, 3.0), (30, 0.5)))
    parts = choose(scene, [fine, coarse], SETTINGS, ["apron"])
    assert {a: p.earlier for p in parts for a in p.areas} == {"yard": coarse, "apron": fine}
    (part,) = choose(replace(scene, gsd_m=3.0), [fine, coarse], SETTINGS, ["apron"])
    assert part.earlier == coarse


def test_what_two_scenes_of_one_instant_show_is_told_once():
    first, second = sorted((known(30), known(30, gsd_m=0.6)), key=taken)
    (one,), (two,) = (choose(s, e, SETTINGS) for s, e in ((first, [known(20)]), (second, [known(20), first])))
    assert one.earlier == two.earlier == known(20)
    assert one.tells == {"yard": (), "bridge": ()}
    assert two.tells == {"yard": (first,), "bridge": (first,)}
    assert first not in two.background


def test_a_place_hidden_on_the_last_date_is_told_by_the_one_before():
    whole, half = known(20), known(28, seen={"yard": 0.5, "bridge": 1.0})
    last, before = choose(known(30), [whole, half], SETTINGS)
    assert (last.earlier, last.areas, last.tells) == (half, ("yard", "bridge"), {"yard": (), "bridge": ()})
    assert (before.earlier, before.areas, before.tells) == (whole, (), {"yard": (half,)})


def test_an_area_the_main_date_hides_is_compared_with_one_that_shows_it():
    half = known(28, seen={"yard": 1.0, "bridge": 0.0})
    parts = choose(known(30), [known(20, seen={"yard": 0.0, "bridge": 1.0}), half], SETTINGS)
    assert [(p.earlier.acquired[:10], p.areas) for p in parts] == [
        ("2022-02-07", ("yard",)),
        ("2022-01-30", ("bridge",)),
    ]


def test_nothing_before_it_gives_one_part_without_an_earlier_date():
    (part,) = choose(known(3), [], SETTINGS)
    assert part.earlier is None
    assert part.areas == ("yard", "bridge")
    (part,) = choose(known(3), [known(0, seen={"yard": 0.1, "bridge": 0.1})], SETTINGS)
    assert part.earlier is None


def test_what_is_usual_is_said_by_dates_of_the_same_look_however_old():
    scene = known(760)
    (part,) = choose(scene, [known(30), known(400), known(750)], SETTINGS)
    assert part.background == (known(400), known(30))
    for unlike in (
        known(748, gsd_m=3.0),
        known(748, snow="full"),
        known(748, view=(45.0, 270.0), azimuth=330.0),
    ):
        (part,) = choose(known(760, view=(45.0, 90.0)), [known(750), unlike], SETTINGS)
        assert unlike not in part.background
    assert known(748, snow=None) in choose(scene, [known(750), known(748, snow=None)], SETTINGS)[0].background


def test_no_more_dates_than_are_wanted_and_the_most_alike_ones():
    (part,) = choose(known(100), [known(d) for d in range(80)], SETTINGS)
    assert [b.acquired for b in part.background] == [known(d).acquired for d in range(78, 70, -1)]
    assert len(part.background) == WATCH.background_dates


PLACES = {area: tuple((area, k) for k in range(4)) for area in ("yard", "bridge", "apron")}


@st.composite
def seen_places(draw):
    """A scene of a drawn hour, and the places that it shows."""
    shown = frozenset(draw(st.sets(st.sampled_from([p for places in PLACES.values() for p in places]))))
    seen = {area: len(shown & set(places)) / len(places) for area, places in PLACES.items()}
    hour, gsd_m = draw(st.integers(0, 12)), draw(st.sampled_from([0.5, 0.7, 3.0]))
    view, snow = (
        draw(st.sampled_from([(5.0, 90.0), (None, None)])),
        draw(st.sampled_from(["none", "full", None])),
    )
    scene = known(hour / 24, gsd_m=gsd_m, view=view, snow=snow, seen=seen)
    return replace(scene, sha256=f"{scene.sha256}-{sorted(shown)}"), shown


def looks_at(place, scene, timeline):
    """Return the dates before a scene that show a place well enough to tell of it, the last one first."""
    area = place[0]
    return [
        e
        for e, shown in sorted(timeline, key=lambda t: taken(t[0]), reverse=True)
        if taken(e) < taken(scene)
        and place in shown
        and e.observed[area] >= SETTINGS.quality.not_observable_below
        and not (area == "apron" and e.gsd_m > SETTINGS.cargo.objects_gsd_max_m >= scene.gsd_m)
    ]


@given(
    st.lists(seen_places(), max_size=9, unique_by=lambda t: t[0].sha256),
    st.randoms(),
    st.sampled_from([1, 3, 99]),
)
@settings(max_examples=300, deadline=None)
def test_nothing_is_told_twice_and_nothing_passed_over(timeline, rng, looks):
    """A change of a place is told once, against the last date that showed the place."""
    limits = replace(SETTINGS, watch=replace(WATCH, looks=looks))
    shown = {e.sha256: places for e, places in timeline}
    for scene, places in timeline:
        earlier = [e for e, _ in timeline if taken(e) < taken(scene)]
        parts = choose(scene, earlier, limits, ["apron"])
        rng.shuffle(earlier)
        assert choose(scene, earlier, limits, ["apron"]) == parts
        assert sorted(a for p in parts for a in p.areas) == sorted(PLACES)
        assert len({p.earlier.sha256 for p in parts if p.earlier}) == sum(
            p.earlier is not None for p in parts
        )
        for part in parts:
            assert len(part.background) <= WATCH.background_dates
            assert part.earlier not in part.background
            assert all(moment(e) < moment(scene) for e in (part.earlier, *part.background) if e)
        for place in (p for area in PLACES.values() for p in area):
            told_by = [
                part.earlier
                for part in parts
                if place in places
                and part.earlier is not None
                and place in shown[part.earlier.sha256]
                and place[0] in part.tells
                and not any(place in shown[e.sha256] for e in part.tells[place[0]])
            ]
            here = place in places and scene.observed[place[0]] >= limits.quality.not_observable_below
            last = looks_at(place, scene, timeline)[:1] if here else []
            expected = [e for e in last if moment(e) < moment(scene)]
            assert told_by == expected or (told_by == [] and looks < 99)


def test_weights_are_in_the_digest_of_settings():
    assert Settings().sha256 != replace(Settings(), watch=replace(WATCH, snow=9.0)).sha256
