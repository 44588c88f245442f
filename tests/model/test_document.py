"""The types of ``report.json`` and its schema name the same keys."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import NotRequired, get_origin, get_type_hints

import pytest

from tumangang_watch.model import document, document_trials

SCHEMA = json.loads((files("tumangang_watch") / "report" / "report.schema.json").read_text(encoding="utf-8"))
PARTS = SCHEMA["$defs"]


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (document.ReportDocument, SCHEMA),
        (document.SceneDocument, PARTS["scene"]),
        (document.DetectionDocument, PARTS["detection"]),
        (document.FindingDocument, PARTS["finding"]),
        (document.VehicleDocument, PARTS["vehicle"]),
        (document.AreaDocument, PARTS["area"]),
        (document.FitDocument, PARTS["registration"]),
        (document_trials.IntervalDocument, PARTS["interval"]),
        (document_trials.FillDocument, PARTS["fill"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_type_has_the_keys_of_the_schema(kind, part):
    # Annotations are text until they are read: only read ones say which keys may be missing.
    keys = get_type_hints(kind, include_extras=True)
    assert {k for k, of in keys.items() if get_origin(of) is not NotRequired} == set(part["required"])
    assert set(keys) == set(part["properties"])


def test_what_the_schema_says_of_detectability_is_in_its_type():
    kind = document_trials.DetectabilityDocument
    assert set(PARTS["detectability"]["properties"]) <= set(get_type_hints(kind))
