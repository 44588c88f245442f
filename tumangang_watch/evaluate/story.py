"""Whether the findings of a report tell what was painted, no less and no more."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from shapely.geometry import shape
from shapely.ops import unary_union

from tumangang_watch.model.document import FindingDocument
from tumangang_watch.simulate.weeks.changes import PaintedChange
from tumangang_watch.simulate.write import lonlat

COVERED_MIN = 0.5
"""Least share of the smaller of two places, a change's and a finding's parts there, that both have."""
PLACE_SLACK_M = 6.0
"""How far off a finding may lie: along straight tracks few outlines say where a scene lies on its site, and
the report says so."""


def story_faults(
    findings: Sequence[FindingDocument], must: Sequence[PaintedChange], may: Sequence[PaintedChange], crs: str
) -> list[str]:
    """Return what findings leave out, tell twice or tell without cause, in words; empty where all is right.

    Parameters
    ----------
    findings : sequence of FindingDocument
        Of one date. Only sure ones count; what is ``unchanged`` tells nothing.
    must, may : sequence of PaintedChange
        What has to be told, and what may be told or not.
    crs : str
        Of the changes' places.
    """
    changed = [f for f in findings if f["grade"] == "detected" and f["change"] != "unchanged"]
    fits = [
        (change, needed, sorted(_fit(k, finding, change, crs) for k, finding in enumerate(changed)))
        for needed, changes in ((True, must), (False, may))
        for change in changes
    ]
    best = {fit[0][1] for _, _, fit in fits if _any(fit)}
    faults = [f"not told: {_words(change)}" for change, needed, fit in fits if needed and not _any(fit)]
    for k in sorted(set(range(len(changed))) - best):
        again = next((change for change, _, fit in fits if any(d < inf and j == k for d, j in fit)), None)
        why = "told" if again is None else f"told again ({_words(again)})"
        faults.append(f"{why}: {changed[k]['statement']}")
    return faults


def _any(fit: list[tuple[float, int]]) -> bool:
    return bool(fit) and fit[0][0] < inf


def _fit(number: int, finding: FindingDocument, change: PaintedChange, crs: str) -> tuple[float, int]:
    """Return how far a finding lies from a change that it tells of, infinite where it does not, and which."""
    other = (finding["kind"], finding["change"]) != (change.kind, change.change)
    if other or finding["geometry"] is None:
        return inf, number
    if change.kind == "train" and finding["track"] != change.track:
        return inf, number
    painted, near = lonlat(change.place, crs), lonlat(change.place.buffer(PLACE_SLACK_M), crs)
    stated = shape(finding["geometry"])
    parts = [part for part in getattr(stated, "geoms", [stated]) if part.intersects(near)]
    there = unary_union(parts)
    common = there.intersection(near).area if parts else 0.0
    if not parts or common < COVERED_MIN * min(there.area, painted.area):
        return inf, number
    return float(min(part.centroid.distance(painted.centroid) for part in parts)), number


def _words(change: PaintedChange) -> str:
    where = f" on {change.track}" if change.track else ""
    return f"{change.kind} of {change.amount:.0f} {change.change}{where}"
