"""Places, values and files of reviews: the same is the same, and what is written is read back."""

from __future__ import annotations

import pytest
import shapely

from tumangang_watch.errors import UsageError
from tumangang_watch.model.review import REASONS, Correction
from tumangang_watch.review.gpkg_read import read_rows
from tumangang_watch.review.gpkg_write import DOMAINS, LAYERS, LayerRow, write_review_gpkg
from tumangang_watch.review.matching import Reading, alike, length_of, overlap, values_agree, with_values
from tumangang_watch.review.outlines import outline_of, read_outline, shift_m


def train(from_m, to_m, cars=8):
    span = {"estimate": float(cars), "low": float(cars - 1), "high": float(cars + 1)}
    return {"kind": "train", "track": "1", "from_m": from_m, "to_m": to_m, "cars": span, "area_m2": None}


def test_overlap_is_a_share_of_the_union_and_of_one_track():
    assert overlap(train(0, 100), train(50, 150)) == pytest.approx(1 / 3)
    assert overlap(train(0, 100), {**train(0, 100), "track": "2"}) == 0
    assert alike(train(0, 100), train(1, 101))
    assert not alike(train(0, 100), train(0, 100, cars=9))


def test_a_value_nobody_gives_stays_the_detectors():
    base = train(0, 112)
    assert with_values(base, [])["cars"] == base["cars"]
    wider = with_values(base, [Reading(base, Correction(to_m=120.0))])
    assert (wider["from_m"], wider["to_m"], wider["cars"]) == (0, 120, base["cars"])
    assert wider["length_m"] == length_of(0, 120, [120])
    assert values_agree([Reading(base, Correction()), Reading(base, Correction(cars=(9, 9)))])
    assert not values_agree([Reading(base, Correction()), Reading(base, Correction(cars=(10, 10)))])


def test_an_outline_that_was_not_moved_has_no_shift():
    outline = read_outline("POLYGON((129.5 42.4, 129.501 42.4, 129.501 42.401, 129.5 42.4))")
    shape = shapely.from_geojson(str(outline).replace("'", '"'))
    assert shift_m(outline, shape) == 0
    assert outline_of(shape) == outline
    with pytest.raises(UsageError, match="no polygon"):
        outline_of(shapely.Point(129.5, 42.4))


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "look.gpkg"
    outline = read_outline("POLYGON((129.5 42.4, 129.501 42.4, 129.501 42.401, 129.5 42.4))")
    cells = {"key": "k", "report": "r", "confidence": 0.25, "acquired": "2022-01-04T02:00:00Z"}
    write_review_gpkg(path, {"detections": [LayerRow(cells, outline)]})
    (row,) = read_rows(path)
    assert (row.layer, row.text("key"), row.values["confidence"]) == ("detections", "k", 0.25)
    assert (row.values["acquired"], row.text("verdict")) == ("2022-01-04T02:00:00", None)
    assert shift_m(outline, row.outline) == 0
    assert set(row.values) == set(LAYERS["detections"])
    assert set(DOMAINS["reason"]) == set(REASONS)
