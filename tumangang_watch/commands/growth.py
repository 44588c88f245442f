"""``growth``: the area of new ground, corrected by what people see at points drawn for them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
from pyproj import Transformer
from shapely import Point, transform
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.commands.evaluate import load_json, load_report
from tumangang_watch.commands.terminal.tell import tell
from tumangang_watch.errors import InputRefused
from tumangang_watch.evaluate.area import Tally, adjusted_area, draw_points
from tumangang_watch.files import write_whole
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.report.geography import geojson
from tumangang_watch.sites import load_site
from tumangang_watch.text import PAINTED_NOTICE, json_text

NEW, OTHER = "new", "other"
LABELS = ("new", "not new", "unsure")
HOW_TO = "Set every point's label to new, not new or unsure after looking at both dates"


def points(report: Path, out: Path, site: Path | None, new_count: int, other_count: int) -> int:
    """Draw the points to label for the growth that REPORT maps (the same every time)."""
    data, strata, crs = _strata(report, site)
    seed = int(data["scenes"]["later"]["sha256"][:8] or "0", 16)
    drawn: list[tuple[float, float, str]] = []
    for k, (name, polygon) in enumerate(strata.items()):
        rng = np.random.default_rng([seed, k])
        count = new_count if name == NEW else other_count
        drawn += [(x, y, name) for x, y in draw_points(polygon, count, rng)]
    # In order of place, so that neither order nor id tells an analyst what the map says of a point.
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"point-{n}", "label": "", "stratum": name},
            "geometry": geojson(Point(x, y), crs),
        }
        for n, (x, y, name) in enumerate(sorted(drawn), 1)
    ]
    painted = any(scene.get("painted") for scene in data["scenes"].values())
    mark = {"notice": PAINTED_NOTICE} if painted else {}
    text = json_text({"type": "FeatureCollection", **mark, "features": features}, indent=1)
    write_whole(out, text, what="cannot write the points", replace=False)
    tell(f"{len(features)} points in {out}. {HOW_TO}.")
    return 0


def area(report: Path, labelled: Path, site: Path | None, as_json: bool) -> int:
    """Print the error-adjusted area of new ground from REPORT and the LABELLED points."""
    _, strata, _ = _strata(report, site)
    labels = _labelled_points(labelled, set(strata))
    tallies = tuple(
        Tally(name, polygon.area, len(labels[name]), sum(labels[name])) for name, polygon in strata.items()
    )
    try:
        found = adjusted_area(tallies, NEW)
    except ValueError as error:
        raise InputRefused("too few labels", labelled, str(error), HOW_TO) from error
    numbers = found.area_m2
    result = {
        "area_m2": {"estimate": numbers.estimate, "low": numbers.low, "high": numbers.high},
        "mapped_m2": found.mapped_m2,
        "users_accuracy": found.users_accuracy,
        "producers_accuracy": found.producers_accuracy,
        "points": {t.stratum: t.points for t in tallies},
        "caveats": list(found.caveats),
    }
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return 0
    click.echo(
        f"New ground, error-adjusted: {numbers.estimate:.0f} m2 "
        f"({numbers.low:.0f}-{numbers.high:.0f}, 90 %); "
        f"mapped {found.mapped_m2:.0f} m2, of it right {found.users_accuracy:.0%}."
    )
    for caveat in found.caveats:
        click.echo(f"  {caveat}")
    return 0


def _strata(report: Path, site_file: Path | None) -> tuple[ReportDocument, dict[str, BaseGeometry], str]:
    """Return a report, its strata in the site's metres (new ground first), and the site's system."""
    data, site = load_report(report), load_site(site_file)
    if data.get("site", {}).get("sha256") != site.sha256:
        raise InputRefused(
            "another site",
            report,
            f"the report was not made with this file of site {site.id}",
            "Give the report's site with --site",
        )
    into = Transformer.from_crs("EPSG:4326", site.crs, always_xy=True)
    grown = [
        transform(shape(f["geometry"]), lambda xy: np.column_stack(into.transform(xy[:, 0], xy[:, 1])))
        for f in data["findings"]
        if f["kind"] == "handling_area" and f["change"] == "grown" and f["geometry"]
    ]
    if not grown:
        raise InputRefused("no growth", report, "the report maps no new ground", "Nothing is to be checked")
    whole = unary_union([a.polygon for a in site.having("handling")])
    new = unary_union([g.buffer(0) for g in grown]).intersection(whole)
    return data, {NEW: new, OTHER: whole.difference(new)}, site.crs


def _labelled_points(file: Path, strata: set[str]) -> dict[str, list[bool]]:
    """Return for each stratum whether each labelled point is new ground; unsure ones are left out."""
    labels: dict[str, list[bool]] = {name: [] for name in strata}
    features = load_json(file, "points").get("features")
    for feature in features if isinstance(features, list) else [None]:
        own = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(own, dict) or own.get("stratum") not in strata:
            raise InputRefused("not points", file, "a stratum is missing", "Give the file that points wrote")
        label = str(own.get("label") or "").strip().lower()
        if label and label not in LABELS:
            raise InputRefused("unknown label", file, f"{label!r} at {own.get('id')}", HOW_TO)
        if label and label != "unsure":
            labels[own["stratum"]].append(label == "new")
    return labels
