"""Text from outside cannot steer a terminal or a page, and a time is written one way."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tumangang_watch.change.words import span
from tumangang_watch.model.interval import Interval
from tumangang_watch.report.answer.phrases import certainty, chance_percent, chance_words, size_words
from tumangang_watch.report.json_report import interval, number
from tumangang_watch.text import (
    clean_document,
    clean_text,
    count_text,
    is_painted,
    json_line,
    json_text,
    marked,
    provider_text,
    utc_text,
    whole,
    whole_percent,
    xml_text,
)


def test_control_and_direction_characters_are_shown_not_obeyed():
    assert clean_text("a\x1b[31m\u202eb\n") == r"a\x1b[31m\u202eb\n"
    assert clean_text(clean_text("a\x07")) == clean_text("a\x07")
    assert clean_text("Хасан 1–2 m²") == "Хасан 1–2 m²"


def test_a_document_is_cleaned_all_the_way_down_but_for_markup():
    svg = Markup("<svg>\n</svg>")
    dirty = {"a\x07": [{"b": ("\u202e", 1, None)}], "svg": svg}
    assert clean_document(dirty) == {r"a\x07": [{"b": [r"\u202e", 1, None]}], "svg": svg}


def test_what_xml_cannot_hold_is_replaced():
    assert xml_text("a\x0bb\ud800\tc") == "a\ufffdb\ufffd\tc"


def test_what_turns_text_about_is_replaced_where_pages_are_made_of_xml():
    assert xml_text("a\u202eb\x9bc\u2066") == "a\ufffdb\ufffdc\ufffd"


def test_a_json_document_is_harmless_on_a_terminal_and_says_the_same():
    value = {"Хасан": ["\x1b[2J", "\u202e", "\x9b", "\U000e0001", "\ud800", "–", 1.5, None]}
    text = json_text(value)
    assert json.loads(text) == value
    assert text.replace("\n", "").isprintable()
    assert "Хасан" in text


def test_times_are_utc_and_name_fractions_only_where_there_are_any():
    moment = datetime(2022, 11, 30, 2, 10, tzinfo=UTC)
    assert utc_text(moment) == utc_text(moment.replace(tzinfo=None)) == "2022-11-30T02:10:00Z"
    assert utc_text(moment.astimezone(timezone(timedelta(hours=9)))) == "2022-11-30T02:10:00Z"
    broken = moment.replace(microsecond=123456)
    assert utc_text(broken) == "2022-11-30T02:10:00.123Z"
    assert utc_text(broken, fractions=False) == "2022-11-30T02:10:00Z"


def test_one_is_singular():
    assert (count_text(1, "track"), count_text(3, "track")) == ("1 track", "3 tracks")


@pytest.mark.parametrize("providers", [("painted",), ("SkySat", "painted"), ("painted", None)])
def test_one_painted_scene_marks_what_rests_on_it(providers):
    assert is_painted(*providers)
    assert marked("A train has come.", *providers) == "PAINTED: A train has come."


@pytest.mark.parametrize("providers", [(), ("SkySat",), (None, "PlanetScope"), ("painted by hand",)])
def test_other_scenes_are_not_marked(providers):
    assert not is_painted(*providers)
    assert marked("A train has come.", *providers) == "A train has come."


def test_the_mark_stands_in_place_of_a_provider():
    assert provider_text("painted") == "PAINTED, NOT EVIDENCE"
    assert provider_text("SkySat") == "SkySat"


def test_the_same_value_is_the_same_text():
    assert json_line({"b": 1, "a": [2022]}) == '{"a":[2022],"b":1}'
    assert json_text({"a": "ü"}) == '{\n  "a": "ü"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(float("nan"))


@given(st.floats(0, 1e6))
def test_a_measure_and_its_tenths_in_the_document_are_the_same_whole_number(value):
    assert whole(number(value, 1)) == whole(value)
    assert abs(whole(value) - value) <= 0.55 + 1e-9


def test_a_sentence_and_the_page_round_an_area_alike():
    area = Interval(95.46, 62.51, 128.04)
    stated = interval(area, 1)
    assert size_words(area, " m²") == size_words(Interval(**stated), " m²") == "about 96 m² (62–128)"
    assert span(area) == span(Interval(**stated)) == "96 (62-128)"


@given(st.floats(0, 1))
def test_a_share_and_its_thousandths_in_the_document_are_the_same_percentage(share):
    assert whole_percent(number(share, 3)) == whole_percent(share)
    assert chance_words(number(share, 3)) == chance_words(share)
    assert certainty(chance_percent(share) / 100) == certainty(share)
    assert 1 <= chance_percent(share) <= 99
