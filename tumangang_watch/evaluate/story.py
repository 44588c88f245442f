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
    away = [[_distance(finding, change, crs) for finding in changed] for change in (*must, *may)]
    nearest = [_nearest(one) for one in away]
    faults = [
        f"not told: {_words(change)}"
        for change, k in zip(must, nearest[: len(must)], strict=True)
        if k is None
    ]
    for k in sorted(set(range(len(changed))) - set(nearest)):
        again = next((c for c, one in zip((*must, *may), away, strict=True) if one[k] < inf), None)
        why = "told" if again is None else f"told again ({_words(again)})"
        faults.append(f"{why}: {changed[k]['statement']}")
    return faults


def _nearest(away: list[float]) -> int | None:
    """Return which finding tells of a change; None where none does."""
    best = min(range(len(away)), key=lambda k: away[k], default=None)
    return best if best is not None and away[best] < inf else None


def _distance(finding: FindingDocument, change: PaintedChange, crs: str) -> float:
    """Return how far a finding lies from a change that it tells of, infinite where it does not."""
    other = (finding["kind"], finding["change"]) != (change.kind, change.change)
    if other or finding["geometry"] is None:
        return inf
    if change.kind == "train" and finding["track"] != change.track:
        return inf
    painted, near = lonlat(change.place, crs), lonlat(change.place.buffer(PLACE_SLACK_M), crs)
    stated = shape(finding["geometry"])
    parts = [part for part in getattr(stated, "geoms", [stated]) if part.intersects(near)]
    there = unary_union(parts)
    common = there.intersection(near).area if parts else 0.0
    if not parts or common < COVERED_MIN * min(there.area, painted.area):
        return inf
    return float(min(part.centroid.distance(painted.centroid) for part in parts))


def _words(change: PaintedChange) -> str:
    where = f" on {change.track}" if change.track else ""
    return f"{change.kind} of {change.amount:.0f} {change.change}{where}"
