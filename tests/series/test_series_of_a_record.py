"""From the archive to tables and pictures: both ways of reading agree, and cells stay what they were."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import issued_reports as make
from support.record_of_trains import twice_seen

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.export import safe_text, write_csv
from tumangang_watch.archive.record import Issued, add_report
from tumangang_watch.commands.options.record import series
from tumangang_watch.errors import OutputFailed
from tumangang_watch.model.series import STATUSES
from tumangang_watch.reidentify.run import RecordPart, coverages
from tumangang_watch.reidentify.run import trains_of as trains_seen
from tumangang_watch.reidentify.stays import train_stays
from tumangang_watch.report.stacked import HEAD_PX, ROW_PX, write_stacked
from tumangang_watch.series.build import area_dates, columns_of, record_of, track_dates, trains_of
from tumangang_watch.series.page import Panel, plot
from tumangang_watch.series.words import document, series_rows, stay_words, summary
from tumangang_watch.series.write import stays_table, write_series
from tumangang_watch.settings.records import SeriesSettings
from tumangang_watch.settings.reidentify import JourneySettings


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with open_archive(twice_seen(tmp_path_factory.mktemp("record") / "record.sqlite")) as opened:
        yield opened


@pytest.fixture(scope="module")
def record(archive):
    return record_of(archive, "toy", SeriesSettings())


def test_dates_are_read_in_columns_by_time(archive):
    rows = sorted(area_dates(archive, "toy"), key=lambda d: d.acquired)
    columns = columns_of(rows)
    assert columns.acquired.tolist() == [row.acquired for row in rows]
    assert [STATUSES[k] for k in columns.status] == [row.status for row in rows]
    cars = np.array([np.nan if row.cars is None else row.cars for row in rows])
    np.testing.assert_array_equal(columns.measures["cars"], cars)
    assert [s.from_m for s in trains_of(archive, "toy")] == [20.0, 21.0, 120.0]
    assert len(track_dates(archive, "toy")) == 6


def test_a_stay_reads_alike_in_words_and_tables(record):
    columns, rows = stays_table(record)
    first = dict(zip(columns, rows[0], strict=True))
    assert (first["dates"], first["shortest_days"], first["longest_days"]) == (2, 1.0, 3.0)
    words = stay_words(record.stays[0], "yard")
    assert "came after 2022-01-01, seen on 2 dates from 2022-01-02 to 2022-01-03, gone by 2022-01-04" in words
    assert words in summary(record, series_rows(record))
    content = document(record, series_rows(record), "0", "0" * 64, 0.02)
    assert words in content["stays"]
    assert content["areas"][0]["days_observed"] == 5


def test_a_train_that_came_in_the_place_of_a_look_alike_is_a_stay_of_its_own(tmp_path):
    """Place and length are alike on all dates; the report of the second says that the first one is gone."""
    for change, grade, dates in (
        ("appeared", "detected", [1, 2]),
        ("appeared", "possible", [3]),
        ("unchanged", "detected", [3]),
    ):
        file = tmp_path / f"{change}_{grade}.sqlite"
        with open_archive(file, write=True, create=True) as archive:
            for day in range(3):
                said = [make.finding("f1", change, grade=grade)] if day == 1 else []
                report = make.report(day, found=[make.train()], findings=said)
                add_report(archive, Issued(report, f"r{day}", make.sha(day)))
            assert [len(s.sightings) for s in record_of(archive, "toy", SeriesSettings()).stays] == dates
            found, covered = trains_seen(archive, RecordPart("toy")), coverages(archive, RecordPart("toy"))
        stays = train_stays(found, covered, lambda *_: False, JourneySettings())
        assert [len(s.sightings) for s in stays] == dates


def test_a_train_is_a_stay_of_each_area_it_stands_in_and_of_no_other(tmp_path):
    bridge, both = (320.0, 432.0, {"bridge": 112.0}), (230.0, 370.0, {"yard": 70.0, "bridge": 70.0})
    with open_archive(tmp_path / "a.sqlite", write=True, create=True) as archive:
        for day, trains in enumerate([(), (bridge,), (), (both,), (both,), ()]):
            add_report(archive, Issued(make.through(day, *trains), f"r{day}", make.sha(day)))
        record = record_of(archive, "toy", SeriesSettings())
    columns, rows = stays_table(record)
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    assert [(r["area"], r["what"], r["first_seen"][8:10], r["dates"], r["longest_days"]) for r in found] == [
        ("bridge", "crossing", "02", 1, 2.0),
        ("bridge", "crossing", "04", 2, 3.0),
        ("yard", "stay", "04", 2, 3.0),
    ]
    counts = {s.area: s.columns.measures["cars"].tolist() for s in record.series}
    assert counts == {"yard": [0, 0, 0, 5, 5, 0], "bridge": [0, 8, 0, 5, 5, 0]}
    write_stacked(record, tmp_path, tmp_path, 9)
    with Image.open(next((tmp_path / "tracks").glob("*.png"))) as picture:
        assert picture.height == HEAD_PX + (ROW_PX + 6) * 6 + 6, "a row a date, not one an area"


def test_cells_are_harmless_and_gaps_stay_empty(tmp_path):
    write_csv(tmp_path / "t.csv", ("text", "number"), [("=1+1", 0.0), ("plain", None)])
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["text", "number"], ["'=1+1", "0.0"], ["plain", ""]]


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize(
    "cell", ["=1", '=1,"2"', "-1", "+1", "@a", "\t1", "\r1", "a\nb", "a\x1b[1m", "\u202e1", -1.5]
)
def test_one_harmful_cell_among_harmless_ones_is_found(tmp_path, cell, place):
    """Wherever it stands in a row, and whatever stands beside it."""
    row = {"first": (cell, "b", 1), "middle": ("a", cell, None), "last": (0.5, 'say "a, b"', cell)}[place]
    write_csv(tmp_path / "t.csv", ("x", "y", "z"), [("p", 0, '{"k":1}')] * 1500 + [row, ("q", 1e30, "r")])
    with (tmp_path / "t.csv").open(newline="") as file:
        written = list(csv.reader(file))
    cells = ["" if c is None else str(safe_text(c)) for c in row]
    assert written[1:] == [["p", "0", '{"k":1}']] * 1500 + [cells, ["q", "1e+30", "r"]]


def test_the_same_panels_give_the_same_bytes(tmp_path):
    times = ["2022-01-01T02:00:00Z", "2022-01-02T02:00:00Z"]
    panel = Panel(
        label="cars",
        times=times,
        values=[3.0, 4.0],
        low=[2.0, 4.0],
        high=[4.0, 5.0],
        partial=[False, True],
        alarms=[1],
        levels=[(times[0], times[1], 3.5)],
    )
    for name in ("one", "two"):
        plot(tmp_path / name, "yard", [panel], [(times[0], times[0])], "note")
    for kind in ("png", "svg"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_a_folder_that_is_no_series_is_left_alone(record, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputFailed):
        write_series(record, {}, tmp_path, SeriesSettings(), None, overwrite=True)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_the_page_of_series_names_each_of_its_options():
    text = (Path(__file__).resolve().parents[2] / "docs" / "series.md").read_text(encoding="utf-8")
    assert [o.opts[0] for o in series.params if o.opts[0] not in text] == []


def test_the_page_opens_on_what_changed_most_and_ranks_are_in_words(record):
    content = document(record, series_rows(record), "1", "s", 0.02)
    shown = record.series[content["opens_on"]]
    steps = {
        place: max((abs(m.values[-1] - m.values[-2]) for m in one.measures if len(m.values) > 1), default=0)
        for place, one in enumerate(record.series)
    }
    assert shown.measures or not any(steps.values())
    for row in content["series"]:
        for latest in row["latest"]:
            assert f"rank {latest['rank']} of {latest['of']}" in latest["statement"]
            if latest["rank"] == 1:
                assert latest["statement"].endswith(("highest.", "as on every date."))
