from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import box
from support.values import EAST0, NORTH0, observation, straight_site, thing, train_detection

from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings

SETTINGS = ChangeSettings()


def values(goods=(), seed=0) -> np.ndarray:
    """Concrete with boxes (west, south, width, height) of dark goods, other noise each date."""
    rng = np.random.default_rng(seed)
    out = np.full((4, 120, 400), 0.25) + rng.normal(0, 0.01, (4, 120, 400))
    for west, south, width, height in goods:
        rows = slice(int((60 - south - height) / 0.5), int((60 - south) / 0.5))
        out[:, rows, int(west / 0.5) : int((west + width) / 0.5)] = 0.06
    return out


def cargo(date: str, place, area=None, half=3.0, confidence=0.9, elsewhere=0.0, number=1) -> Detection:
    west, south, width, height = place
    shape = box(EAST0 + west, NORTH0 - 60 + south, EAST0 + west + width, NORTH0 - 60 + south + height)
    return thing(
        "cargo",
        date,
        shape,
        f"{date}-cargo-{number}",
        area="apron",
        confidence=confidence,
        area_m2=Interval.around(area or shape.area, half),
        label="pile or stacked goods",
        evidence=(("other_goods", elsewhere), ("other_shadow", 0.0)),
    )


def pair(before=(), after=(), **later) -> DatePair:
    return DatePair(
        observation(values(before, 1), "earlier"), observation(values(after, 2), "later", **later)
    )


PLACE = (60.0, 10.0, 8.0, 5.0)


def test_goods_that_came_have_appeared() -> None:
    found = compare_cargo(pair(after=[PLACE]), (cargo("later", PLACE),), SETTINGS)
    assert [(f.change, f.grade, f.amount.estimate) for f in found] == [("appeared", "detected", 40.0)]


def test_goods_that_went_have_disappeared() -> None:
    found = compare_cargo(pair(before=[PLACE]), (cargo("earlier", PLACE),), SETTINGS)
    assert [(f.change, f.grade) for f in found] == [("disappeared", "detected")]


@pytest.mark.parametrize(
    ("elsewhere", "change", "grade"), [(0.3, "appeared", "possible"), (0.8, "unchanged", "possible")]
)
def test_half_a_sign_on_the_other_date_makes_a_change_doubtful(elsewhere, change, grade) -> None:
    found = compare_cargo(pair(after=[PLACE]), (cargo("later", PLACE, elsewhere=elsewhere),), SETTINGS)
    assert [(f.change, f.grade) for f in found] == [(change, grade)]


def test_goods_under_snow_are_not_removed() -> None:
    two = pair(before=[PLACE])
    snow = replace(two.later, quality=replace(two.later.quality, snow_state="full"))
    found = compare_cargo(DatePair(two.earlier, snow), (cargo("earlier", PLACE),), SETTINGS)
    assert [f.grade for f in found] == ["possible"]
    assert any("snow" in c for c in found[0].caveats)


def test_unseen_place_says_nothing() -> None:
    two = pair(before=[PLACE])
    blind = replace(two.later.quality, clear=np.zeros_like(two.later.quality.clear))
    assert (
        compare_cargo(
            DatePair(two.earlier, replace(two.later, quality=blind)), (cargo("earlier", PLACE),), SETTINGS
        )
        == ()
    )


@pytest.mark.parametrize(("after", "word"), [(80.0, "grown"), (20.0, "shrunk"), (43.0, "unchanged")])
def test_size_changes_only_beyond_its_errors(after: float, word: str) -> None:
    items = (cargo("earlier", PLACE), cargo("later", PLACE, area=after))
    found = compare_cargo(pair([PLACE], [PLACE]), items, SETTINGS)
    assert [f.change for f in found] == [word]
    if word != "unchanged":
        assert found[0].amount.estimate == pytest.approx(abs(after - 40))


def test_another_object_in_the_place_is_one_gone_and_one_new() -> None:
    other = (66.0, 14.0, 8.0, 5.0)
    items = (cargo("earlier", PLACE), cargo("later", other))
    found = compare_cargo(pair([PLACE], [other]), items, replace(SETTINGS, cargo_overlap_min=0.04))
    assert sorted(f.change for f in found) == ["appeared", "disappeared"]


def unlike(date: str, difference: float, **fields) -> Detection:
    item = cargo(date, PLACE, elsewhere=0.9, **fields)
    return replace(item, evidence=tuple(sorted((*item.evidence, ("other_difference", difference)))))


def test_goods_that_look_other_than_those_in_their_place_are_one_gone_and_one_new() -> None:
    items = (unlike("earlier", 0.6), unlike("later", 0.6))
    found = compare_cargo(pair([PLACE], [PLACE]), items, SETTINGS)
    assert sorted((f.change, f.grade) for f in found) == [
        ("appeared", "detected"),
        ("disappeared", "detected"),
    ]
    assert all("other goods lie in this place" in f.caveats[-1] for f in found)
    (alone,) = compare_cargo(pair([PLACE], [PLACE]), (unlike("later", 0.6),), SETTINGS)
    assert (alone.change, alone.grade) == ("appeared", "detected")


def test_goods_that_look_nearly_alike_are_the_same_unless_their_size_changed_too() -> None:
    same = compare_cargo(pair([PLACE], [PLACE]), (unlike("earlier", 0.1), unlike("later", 0.1)), SETTINGS)
    assert [(f.change, f.grade) for f in same] == [("unchanged", "detected")]
    like = compare_cargo(pair([PLACE], [PLACE]), (unlike("earlier", 0.3), unlike("later", 0.3)), SETTINGS)
    assert [(f.change, f.grade) for f in like] == [("unchanged", "possible")]
    assert {*like[0].caveats} == {"the two dates show it in other brightness or colour: may be other goods"}


def test_goods_like_their_ground_may_lie_unseen_where_the_other_date_is_as_bright() -> None:
    for difference, grade in ((0.03, "possible"), (0.3, "detected")):
        item = replace(cargo("later", PLACE), height_m=None)
        item = replace(item, evidence=tuple(sorted((*item.evidence, ("other_difference", difference)))))
        assert told(item).grade == grade
        contrast = replace(item, evidence=(*item.evidence, ("other_contrast", 0.1)))
        assert told(contrast).grade == "detected"


INNER = (62.0, 11.0, 4.0, 3.0)


@pytest.mark.parametrize(("difference", "number"), [(0.3, 1), (0.4, 1), (0.6, 2)])
def test_goods_that_shrank_may_look_less_alike_than_those_that_stood(difference, number) -> None:
    small = replace(unlike("later", difference), geometry=cargo("later", INNER).geometry)
    assert (
        len(compare_cargo(pair([PLACE], [INNER]), (unlike("earlier", difference), small), SETTINGS)) == number
    )


@pytest.mark.parametrize(("rest", "grade"), [(0.9, "possible"), (0.1, "detected")])
@pytest.mark.parametrize("change", ["shrunk", "grown"])
def test_ground_that_came_free_or_was_covered_makes_another_size_sure(rest, grade, change) -> None:
    dates = ("earlier", "later") if change == "shrunk" else ("later", "earlier")
    large, small = (
        cargo(d, p, area=a, half=9.0) for d, p, a in zip(dates, (PLACE, INNER), (40, 28), strict=True)
    )
    large = replace(large, evidence=(*large.evidence, ("other_rest", rest)))
    (found,) = compare_cargo(pair([PLACE], [PLACE]), (large, small), SETTINGS)
    assert (found.change, found.grade) == (change, grade)


def test_snow_on_goods_makes_them_no_others() -> None:
    two = pair([PLACE], [PLACE])
    snow = replace(two.later, quality=replace(two.later.quality, snow_state="full"))
    items = (unlike("earlier", 0.9), unlike("later", 0.9))
    found = compare_cargo(DatePair(two.earlier, snow), items, SETTINGS)
    assert [(f.change, f.grade) for f in found] == [("unchanged", "possible")]


def test_unloading_beside_a_train_is_one_finding_that_names_it() -> None:
    site = straight_site()
    train = train_detection(site, "later", 40, 100)
    places = [(50.0, 20.0, 4.0, 4.0), (60.0, 20.0, 5.0, 4.0), (70.0, 20.0, 6.0, 4.0)]
    far = (150.0, 2.0, 6.0, 4.0)
    items = tuple(cargo("later", p, number=k) for k, p in enumerate([*places, far]))
    found = compare_cargo(pair(after=[*places, far]), items, SETTINGS, (train,))
    beside = [f for f in found if f.train is not None]
    assert len(found) == 2
    assert len(beside) == 1
    assert beside[0].train == train.id
    assert beside[0].track == "T1"
    assert beside[0].change == "appeared"
    assert beside[0].amount.estimate == pytest.approx(60)
    assert len(beside[0].members) == 3
    assert "3 objects" in beside[0].statement
    assert "4 (3-5) cars" in beside[0].statement


# A place that lay in shadow on the other date


def shaded(date="later", days=None, contrast=None, other_shadow=0.9, **fields) -> Detection:
    item = cargo(date, PLACE, **fields)
    extra = {"other_shadow": other_shadow, "other_contrast": contrast, "bare_days_before": days}
    known = {**dict(item.evidence), **{k: v for k, v in extra.items() if v is not None}}
    return replace(item, evidence=tuple(sorted(known.items())))


def told(item: Detection):
    before, after = ([], [PLACE]) if item.date == "later" else ([PLACE], [])
    (found,) = compare_cargo(pair(before, after), (item,), SETTINGS)
    return found


@pytest.mark.parametrize(("date", "change"), [("later", "appeared"), ("earlier", "disappeared")])
def test_a_place_in_shadow_decides_where_skylight_shows_bare_ground(date, change) -> None:
    assert (told(shaded(date, contrast=0.1)).change, told(shaded(date, contrast=0.1)).grade) == (
        change,
        "detected",
    )
    for doubtful in (shaded(date), shaded(date, contrast=0.8)):
        assert told(doubtful).grade == "possible"
        assert any("shadow" in c for c in told(doubtful).caveats)


def test_bare_ground_on_the_other_date_makes_up_for_half_a_sign_and_for_less_sure_goods() -> None:
    bare = {"days": None, "contrast": 0.1, "other_shadow": 0.0}
    for fields in ({"elsewhere": 0.3}, {"confidence": 0.65}):
        assert told(cargo("later", PLACE, **fields)).grade == "possible"
        assert told(shaded(**fields, **bare)).grade == "detected"
    assert told(shaded(elsewhere=0.3, contrast=0.4)).grade == "possible"


def test_a_place_in_shadow_is_told_by_the_date_before() -> None:
    found = told(shaded(days=12.0))
    assert found.grade == "detected"
    assert "not there on 2022-11-19; on 2022-11-30 the place lay in shadow" in found.statement
    assert told(shaded("earlier", days=12.0)).grade == "possible"


def test_goods_beside_a_train_name_the_base_of_what_lay_in_shadow() -> None:
    train = train_detection(straight_site(), "later", 40, 100)
    (found,) = compare_cargo(pair([], [PLACE]), (shaded(days=12.0),), SETTINGS, (train,))
    assert (found.train, found.grade) == (train.id, "detected")
    assert "not there on 2022-11-19" in found.statement
