"""The published JSON Schema of ``report.json``."""

from __future__ import annotations

import json
from typing import Any

from tumangang_watch.report.assets import asset


def schema() -> dict[str, Any]:
    """Return the schema that ships beside the report's code."""
    loaded: dict[str, Any] = json.loads(asset("report.schema.json"))
    return loaded
