"""What became of goods on the ground between two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapely.ops import unary_union

from tumangang_watch.change.evidence import pixel_similarity
from tumangang_watch.change.trains import Pair
from tumangang_watch.change.words import grade_of, span, when
from tumangang_watch.model.finding import ChangeWord, Finding
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.settings.change import ChangeSettings


def compare_cargo(pair: Pair, cargo: tuple[Detection, ...], settings: ChangeSettings) -> tuple[Finding, ...]:
    """Follow cargo objects between dates by the overlap of their outlines.

    Outlines that overlap, directly or through others, form one group; a group seen on both dates
    has grown, shrunk or stayed as the intervals of its areas say.
    """
    findings = []
    for group in _groups(cargo, settings.cargo_overlap_min):
        finding = _judge(pair, group, settings)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _groups(cargo: tuple[Detection, ...], overlap_min: float) -> list[list[Detection]]:
    groups: list[list[Detection]] = []
    for item in cargo:
        touching = [g for g in groups if any(_overlap(item, other) >= overlap_min for other in g)]
        merged = [item, *(other for g in touching for other in g)]
        groups = [g for g in groups if g not in touching]
        groups.append(merged)
    return sorted(groups, key=lambda g: min(d.id for d in g))


def _overlap(a: Detection, b: Detection) -> float:
    if a.date == b.date or not a.geometry.intersects(b.geometry):
        return 0.0
    smaller = min(a.geometry.area, b.geometry.area)
    return float(a.geometry.intersection(b.geometry).area / smaller) if smaller > 0 else 0.0


def _total(items: list[Detection]) -> Interval:
    areas = [d.area_m2 or Interval(d.geometry.area, d.geometry.area, d.geometry.area) for d in items]
    return Interval(sum(a.estimate for a in areas), sum(a.low for a in areas), sum(a.high for a in areas))


def _judge(pair: Pair, group: list[Detection], settings: ChangeSettings) -> Finding | None:
    earlier = sorted((d for d in group if d.date == "earlier"), key=lambda d: d.id)
    later = sorted((d for d in group if d.date == "later"), key=lambda d: d.id)
    place = unary_union([d.geometry for d in group])
    seen = min(pair.earlier.observed_fraction(place), pair.later.observed_fraction(place))
    if seen < settings.observed_min:
        return None
    caveats = [c for d in group for c in d.caveats]
    grade = grade_of(*group)
    change: ChangeWord
    if earlier and later:
        before, after = _total(earlier), _total(later)
        change, amount = _size_change(before, after)
    else:
        change, amount = ("appeared", _total(later)) if later else ("disappeared", _total(earlier))
        alike = pixel_similarity(pair.earlier, pair.later, place.buffer(1.0))
        if alike is not None and alike >= settings.same_pixels_min:
            change, grade = "unchanged", "possible"
            caveats.append("detected on one date only, but both dates show the same in this place")
        elif min(d.confidence for d in group) < settings.cargo_change_sure:
            grade = "possible"
    first = (later or earlier)[0]
    return Finding(
        id=f"finding-{first.id}",
        kind="cargo",
        change=change,
        area=first.area,
        track=None,
        earlier=earlier[0].id if earlier else None,
        later=later[0].id if later else None,
        amount=amount,
        unit="m2",
        confidence=min(d.confidence for d in group),
        grade=grade,
        statement=_words(pair, group, change, amount),
        geometry=place,
        observed_fraction=seen,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _size_change(before: Interval, after: Interval) -> tuple[ChangeWord, Interval]:
    """Grown or shrunk only when the intervals of the two areas do not meet."""
    if after.low > before.high or after.high < before.low:
        difference = abs(after.estimate - before.estimate)
        half = 0.5 * (before.width**2 + after.width**2) ** 0.5
        word: ChangeWord = "grown" if after.estimate > before.estimate else "shrunk"
        return word, Interval.around(difference, half)
    return "unchanged", after


def _words(pair: Pair, group: list[Detection], change: ChangeWord, amount: Interval) -> str:
    label = group[0].label or "surface change"
    where = group[0].area or "the ground"
    many = f"{len(group)} outlines, " if len(group) > 2 else ""
    text = {
        "appeared": f"{label}, {span(amount)} m2, on {where}; not there on {when(pair.earlier)}.",
        "disappeared": f"{label}, {span(amount)} m2, on {where} is gone on {when(pair.later)}.",
        "grown": f"{label} on {where} has grown by {span(amount)} m2.",
        "shrunk": f"{label} on {where} has shrunk by {span(amount)} m2.",
        "unchanged": f"{label} on {where}, {span(amount)} m2, is as before within the errors.",
    }[change]
    return many + text if many else text[0].upper() + text[1:]
