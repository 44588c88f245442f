"""What pictures point at: the objects of each finding on each date, numbered, and the ground around them."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.report.answer.order import by_importance, is_remote
from tumangang_watch.report.names import chip_name
from tumangang_watch.report.pictures import Bounds

CHIP_MIN_M = 50.0
"""Ground shown by the smallest chip: enough around a wagon to know the place."""
CHIP_PADDING = 0.25
"""Ground shown around a finding, as a share of its longer side."""
COVERED = 0.9
"""A cargo object of which this much lies in a finding's place belongs to it."""


@dataclass(frozen=True, kw_only=True)
class ChipSubject:
    """What a chip shows: a finding or a detection, with its objects on each date."""

    id: str
    number: int
    """As the report lists it, from 1."""
    change: str
    possible: bool
    remote: bool = False
    """A change that is hardly likely: shown with what stayed."""
    objects: dict[str, tuple[BaseGeometry, ...]]
    """Geometries on ``earlier`` and ``later`` (site metres), west to east; empty where it was not there."""

    @property
    def outlines(self) -> dict[str, BaseGeometry | None]:
        """Return all objects of a date as one geometry; None where there are none."""
        return {date: unary_union(shapes) if shapes else None for date, shapes in self.objects.items()}

    @property
    def file_name(self) -> str:
        """Return the name of its chip."""
        return chip_name(self.id)

    def labels(self, date: str) -> list[str]:
        """Return the number of each object of a date: ``3``, or ``3.1`` and ``3.2`` of several."""
        count = len(self.objects.get(date, ()))
        return [str(self.number)] if count == 1 else [f"{self.number}.{k + 1}" for k in range(count)]


def subjects(comparison: Comparison) -> dict[str, ChipSubject]:
    """Return what is shown in chips, by id: the findings, or for one scene the detections."""
    if comparison.earlier is None:
        return {
            d.id: ChipSubject(
                id=d.id,
                number=n,
                change="unchanged",
                possible=d.grade == "possible",
                objects={"later": (d.geometry,)},
            )
            for n, d in enumerate(comparison.detections, start=1)
        }
    return {
        f.id: ChipSubject(
            id=f.id,
            number=n,
            change=f.change,
            possible=f.grade == "possible",
            remote=is_remote(f),
            objects=objects_of(f, comparison.detections),
        )
        for n, f in enumerate(by_importance(comparison.findings), start=1)
    }


def objects_of(finding: Finding, detections: tuple[Detection, ...]) -> dict[str, tuple[BaseGeometry, ...]]:
    """Return the geometries that a finding speaks of on each date, west to east.

    Of ground that grew or shrank it is what came or went, on the date that has it.
    """
    if finding.kind == "handling_area" and finding.change in ("grown", "shrunk"):
        grown = finding.change == "grown"
        return {
            "earlier": () if grown else (finding.geometry,),
            "later": (finding.geometry,) if grown else (),
        }
    made: dict[str, tuple[BaseGeometry, ...]] = {}
    for date, name in (("earlier", finding.earlier), ("later", finding.later)):
        here = [d for d in detections if d.date == date]
        own = [d for d in here if d.id == name or d.id in finding.members]
        if finding.kind == "cargo" and name is not None and not finding.members:
            own += [d for d in here if d not in own and d.kind == "cargo" and _lies_in(d, finding.geometry)]
        shapes = (d.geometry for d in own if not d.geometry.is_empty)
        made[date] = tuple(sorted(shapes, key=lambda shape: shape.centroid.x))
    return made if any(made.values()) else {"earlier": (), "later": (finding.geometry,)}


def _lies_in(found: Detection, place: BaseGeometry) -> bool:
    return bool(found.geometry.intersection(place).area >= COVERED * found.geometry.area)


def chip_bounds(subject: ChipSubject) -> Bounds | None:
    """Return the square of ground a chip shows, or None when there is no geometry."""
    shapes = [g for shapes in subject.objects.values() for g in shapes if not g.is_empty]
    if not shapes:
        return None
    west, south, east, north = map(float, shapely.total_bounds(shapes))
    side = max((1 + 2 * CHIP_PADDING) * max(east - west, north - south), CHIP_MIN_M)
    x, y = (west + east) / 2, (south + north) / 2
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2
