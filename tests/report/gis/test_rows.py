"""Rows of maps: a few words that name a thing."""

from __future__ import annotations

import pytest
from support.report_scene import painted_comparison

from tumangang_watch.report.gis.rows import (
    DETECTION_FIELDS,
    FINDING_FIELDS,
    detection_row,
    detection_title,
    finding_properties,
    finding_title,
)
from tumangang_watch.report.json_report import report_dict


@pytest.fixture(scope="module")
def report():
    return report_dict(painted_comparison(), "1")


def test_titles_say_what_and_how_sure(report):
    assert {finding_title(f) for f in report["findings"]} >= {"Train appeared", "Goods appeared, possible"}
    assert {detection_title(d) for d in report["detections"]} >= {"Train, 7 cars", "Train"}


def test_rows_hold_every_field(report):
    assert set(finding_properties(report["findings"][0], report)) == set(FINDING_FIELDS)
    assert set(detection_row(report["detections"][0], report)) >= set(DETECTION_FIELDS)
