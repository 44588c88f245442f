"""Where the trains of a report stand and its tracks run, area by area, and what an area's sums take of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from tumangang_watch.model.document import DetectionDocument, IntervalDocument, TrackDocument

Ends = Sequence[Sequence[float]]
"""Pieces of a track: from and to, metres."""


def areas_of(found: DetectionDocument) -> dict[str, float | None]:
    """Return the areas of a detection and, for a train, its metres in each; older reports name one."""
    areas, one = found.get("areas"), found["area"]
    if areas:
        return dict(areas)
    ends = found["from_m"], found["to_m"]
    whole = None if ends[0] is None or ends[1] is None else ends[1] - ends[0]
    return {} if one is None else {one: whole}


def stretches_of(track: TrackDocument) -> dict[str, Ends]:
    """Return the stretches of a track in each area; older reports name one area for all of it."""
    areas = track.get("areas")
    if areas is not None:
        return dict(areas)
    return {} if track["area"] is None else {track["area"]: [[0.0, track["length_m"]]]}


def shared_m(one: Ends, two: Ends) -> float:
    """Return how many metres two sets of stretches have in common."""
    return sum(max(0.0, min(b, d) - max(a, c)) for a, b in one for c, d in two)


def part_in(found: DetectionDocument, area: str, inside: Mapping[str, Ends]) -> DetectionDocument:
    """Return what an area has of a detection: of a train in two areas its share of length and vehicles.

    ``inside`` gives the stretches of each track in the area: a vehicle belongs where its middle stands.
    """
    areas = areas_of(found)
    if len(areas) < 2:
        return found
    share = (areas[area] or 0.0) / max(sum(metres or 0.0 for metres in areas.values()), 1e-9)
    ends = inside.get(found["track"] or "", ())
    stock = [
        v for v in found["rolling_stock"] if any(a <= (v["from_m"] + v["to_m"]) / 2 < b for a, b in ends)
    ]
    count = float(len(stock)) if found["rolling_stock"] else None
    part = {**found, "rolling_stock": stock, "length_m": _share(found["length_m"], share)}
    return cast(DetectionDocument, part | {"cars": _share(found["cars"], share, count)})


def _share(
    whole: IntervalDocument | None, share: float, count: float | None = None
) -> IntervalDocument | None:
    """Return a share of a measure, errors likewise; of vehicles whole ones, ``count`` where they are read."""
    if whole is None:
        return None
    estimate, low, high = whole["estimate"] * share, whole["low"] * share, whole["high"] * share
    if count is not None:
        low, high = max(0.0, count - (estimate - low)), count + (high - estimate)
        estimate = count
    return {"estimate": estimate, "low": low, "high": high}
