"""Templates, styles and scripts that lie beside the code of a page."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def asset(name: str, package: str = "tumangang_watch.report") -> str:
    """Return the text of a file that ships inside a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Return the published JSON Schema of ``report.json``."""
    loaded: dict[str, Any] = json.loads(asset("report.schema.json"))
    return loaded
