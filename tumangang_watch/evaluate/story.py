"""Whether the findings of a report tell what was painted, no less and no more."""

from __future__ import annotations

from collections.abc import Sequence

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
    explained: set[int] = set()
    faults = []
    for needed, change in [*((True, c) for c in must), *((False, c) for c in may)]:
        fit = [k for k, finding in enumerate(changed) if _tells(finding, change, crs)]
        explained |= set(fit)
        if needed and not fit:
            faults.append(f"not told: {_words(change)}")
        if len(fit) > 1:
            faults.append(f"told {len(fit)} times: {_words(change)}")
    faults += [f"told: {f['statement']}" for k, f in enumerate(changed) if k not in explained]
    return faults


def _tells(finding: FindingDocument, change: PaintedChange, crs: str) -> bool:
    if (finding["kind"], finding["change"]) != (change.kind, change.change) or finding["geometry"] is None:
        return False
    if change.kind == "train" and finding["track"] != change.track:
        return False
    near = lonlat(change.place.buffer(PLACE_SLACK_M), crs)
    stated = shape(finding["geometry"])
    parts = [part for part in getattr(stated, "geoms", [stated]) if part.intersects(near)]
    stated = unary_union(parts)
    smaller = min(stated.area, lonlat(change.place, crs).area)
    return bool(parts) and bool(stated.intersection(near).area >= COVERED_MIN * smaller)


def _words(change: PaintedChange) -> str:
    where = f" on {change.track}" if change.track else ""
    return f"{change.kind} of {change.amount:.0f} {change.change}{where}"
