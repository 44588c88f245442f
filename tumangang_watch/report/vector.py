"""Findings as maps: GeoJSON, GeoPackage and KMZ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tumangang_watch.model.finding import Comparison


def span_of(report: dict[str, Any]) -> tuple[str, str]:
    """Return the report's first and last acquisition time (ISO 8601, UTC)."""
    times = [scene["acquired"] for scene in report["scenes"].values()]
    return min(times), max(times)


def finding_properties(finding: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """Return a finding of ``report.json`` as one flat row."""
    begin, end = span_of(report)
    amount = finding["amount"]
    return {
        "id": finding["id"],
        "kind": finding["kind"],
        "change": finding["change"],
        "grade": finding["grade"],
        "confidence": finding["confidence"],
        "statement": finding["statement"],
        "area": finding["area"],
        "track": finding["track"],
        "earlier": finding["earlier"],
        "later": finding["later"],
        "amount": amount["estimate"],
        "amount_low": amount["low"],
        "amount_high": amount["high"],
        "unit": amount["unit"],
        "observed_fraction": finding["observed_fraction"],
        "begin": begin,
        "end": end,
        "caveats": "; ".join(finding["caveats"]),
    }


def write_geojson(_: Comparison, report: dict[str, Any], folder: Path) -> None:
    """Write ``findings.geojson`` (RFC 7946): one feature a finding, flat properties."""
    features = [
        {
            "type": "Feature",
            "id": finding["id"],
            "geometry": finding["geometry"],
            "properties": finding_properties(finding, report),
        }
        for finding in report["findings"]
    ]
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False, indent=1
    )
    (folder / "findings.geojson").write_text(text + "\n", encoding="utf-8", newline="\n")
