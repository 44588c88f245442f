"""The earlier date is the one most alike, area by area, whatever the order things come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tumangang_watch.archive.read import KnownScene
from tumangang_watch.pipeline.choose import choose, distance
from tumangang_watch.settings import Settings

START = datetime(2022, 1, 10, 2, tzinfo=UTC)
QUALITY, WATCH = Settings().quality, Settings().watch


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
    return choose(scene, earlier, QUALITY, WATCH)[0].earlier


def test_all_else_equal_the_last_date_is_taken():
    assert main_of(known(30), [known(0), known(20), known(27)]) == known(27)


def test_a_date_of_the_same_kind_is_taken_before_a_nearer_one():
    scene = known(30, snow="full")
    alike = known(20, snow="full")
    assert main_of(scene, [alike, known(28)]) == alike
    assert main_of(known(30), [known(20), known(28, gsd_m=3.0)]) == known(20)
    assert main_of(known(30), [known(22), known(28, view=(30.0, 270.0))]) == known(22)
    cloudy = known(28, seen={"yard": 0.35, "bridge": 0.35})
    assert main_of(known(30), [known(15), cloudy]) == known(15)


def test_the_same_season_of_last_year_is_nearer_than_another_season():
    summer = known(180)
    assert distance(known(365), known(0), WATCH) < distance(known(365), summer, WATCH) + 1.5
    assert main_of(known(365, snow="full"), [known(2, snow="full"), known(250)]) == known(2, snow="full")


def test_an_area_the_main_date_hides_is_compared_with_one_that_shows_it():
    half = known(28, seen={"yard": 1.0, "bridge": 0.0})
    parts = choose(known(30), [known(20, seen={"yard": 0.0, "bridge": 1.0}), half], QUALITY, WATCH)
    assert [(p.earlier.acquired[:10], p.areas) for p in parts] == [
        ("2022-02-07", ("yard",)),
        ("2022-01-30", ("bridge",)),
    ]


def test_nothing_before_it_gives_one_part_without_an_earlier_date():
    (part,) = choose(known(3), [], QUALITY, WATCH)
    assert part.earlier is None
    assert part.areas == ("yard", "bridge")
    (part,) = choose(known(3), [known(0, seen={"yard": 0.1, "bridge": 0.1})], QUALITY, WATCH)
    assert part.earlier is None


def test_what_is_usual_is_said_by_dates_of_the_same_look_however_old():
    scene = known(760)
    (part,) = choose(scene, [known(30), known(400), known(750)], QUALITY, WATCH)
    assert part.background == (known(400), known(30))
    for unlike in (
        known(748, gsd_m=3.0),
        known(748, snow="full"),
        known(748, view=(45.0, 270.0), azimuth=330.0),
    ):
        (part,) = choose(known(760, view=(45.0, 90.0)), [known(750), unlike], QUALITY, WATCH)
        assert unlike not in part.background
    assert (
        known(748, snow=None)
        in choose(scene, [known(750), known(748, snow=None)], QUALITY, WATCH)[0].background
    )


def test_no_more_dates_than_are_wanted_and_the_most_alike_ones():
    (part,) = choose(known(100), [known(d) for d in range(80)], QUALITY, WATCH)
    assert [b.acquired for b in part.background] == [known(d).acquired for d in range(78, 70, -1)]
    assert len(part.background) == WATCH.background_dates


share = st.sampled_from([0.0, 0.2, 0.5, 0.95, 1.0])
scenes = st.builds(
    known,
    st.integers(0, 900),
    gsd_m=st.sampled_from([0.5, 0.7, 3.0]),
    snow=st.sampled_from(["none", "full", None]),
    view=st.sampled_from([(5.0, 90.0), (25.0, 200.0), (None, None)]),
    seen=st.fixed_dictionaries({"yard": share, "bridge": share}),
)


@given(scenes, st.lists(scenes, max_size=12), st.randoms())
@settings(max_examples=150, deadline=None)
def test_every_area_stands_in_one_part_and_order_does_not_matter(scene, others, rng):
    earlier = list({e.sha256: e for e in others if e.acquired < scene.acquired}.values())
    parts = choose(scene, earlier, QUALITY, WATCH)
    assert sorted(a for p in parts for a in p.areas) == ["bridge", "yard"]
    assert len({p.earlier.sha256 for p in parts if p.earlier}) == len([p for p in parts if p.earlier])
    rng.shuffle(earlier)
    assert choose(scene, earlier, QUALITY, WATCH) == parts
    for part in parts:
        assert len(part.background) <= WATCH.background_dates
        assert part.earlier not in part.background
        chosen = {b.sha256 for b in (*part.background, part.earlier) if b}
        needed = [e for e in earlier if e.sha256 in chosen]
        if len(parts) == 1 and part.earlier is not None:
            assert choose(scene, needed, QUALITY, WATCH)[0].earlier == part.earlier


def test_weights_are_in_the_digest_of_settings():
    assert Settings().sha256 != replace(Settings(), watch=replace(WATCH, snow=9.0)).sha256
