"""What became of cargo on the ground between two dates.

What came or went beside a standing train is one finding that names the train.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.change.possible import chance_of
from tumangang_watch.change.profiles import pixel_similarity
from tumangang_watch.change.record import bare_before
from tumangang_watch.change.words import area_of, cargo_words, grade_of, not_there, span, train_words, when
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.words import ChangeWord
from tumangang_watch.settings.change import ChangeSettings


def compare_cargo(
    pair: DatePair, cargo: tuple[Detection, ...], settings: ChangeSettings, trains: tuple[Detection, ...] = ()
) -> tuple[Finding, ...]:
    """Follow cargo objects between dates by the overlap of their outlines.

    Outlines that overlap, directly or through others, form one group; a group seen on both dates
    has grown, shrunk or stayed as its areas say. Goods that lie where other goods lay have come, and those
    have gone. Goods that came beside one train are one finding, be it sure of all of them or not.
    """
    findings: list[Finding] = []
    for group in _groups(cargo, settings.cargo_overlap_min):
        for part, replaced in _parted(pair, group, settings):
            finding = _judge(pair, part, replaced, settings)
            if finding is not None:
                findings.append(finding)
    return beside_trains(pair, tuple(findings), trains, settings)


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


def _parted(
    pair: DatePair, group: list[Detection], settings: ChangeSettings
) -> list[tuple[list[Detection], bool]]:
    """Part goods that lie where other goods lay, and two objects that merely overlap: one went, one came.

    Each part comes with whether the other date shows other goods in its place.
    """
    if len({d.date for d in group}) < 2:
        return [(group, _replaced(pair, group, settings.cargo_other_sure, settings))]
    areas = [unary_union([d.geometry for d in group if d.date == date]) for date in ("earlier", "later")]
    limit = settings.cargo_other_within if _within(areas, settings) else settings.cargo_other_sure
    others = [d for d in group if _replaced(pair, [d], limit, settings)]
    rest = [d for d in group if d not in others]
    if others:
        return [*(([d], True) for d in others), *(_parted(pair, rest, settings) if rest else [])]
    if len(group) == 2 and not any(d.loose for d in group):
        a, b = (d.geometry for d in group)
        if a.intersection(b).area / max(a.union(b).area, 1e-6) < settings.cargo_same_min:
            return [([d], False) for d in group]
    return [(group, False)]


def _within(areas: list[BaseGeometry], settings: ChangeSettings) -> bool:
    """Tell whether one outline lies within the other and is much smaller, as goods that grew or shrank do."""
    small, large = sorted(areas, key=lambda shape: shape.area)
    share = settings.cargo_within_share
    return bool(small.intersection(large).area >= share * small.area and small.area <= share**2 * large.area)


def _replaced(pair: DatePair, items: list[Detection], limit: float, settings: ChangeSettings) -> bool:
    """Tell whether the other date shows other goods in the place of some; under snow nothing is told.

    Nor on ground that nobody mapped: a bush or a hut looks different in another light.
    """
    if any(d.loose for d in items):
        return False
    difference, present = (_elsewhere(items, name) for name in ("other_difference", "other_goods"))
    if difference is None or present is None or pair.earlier.quality.snowy or pair.later.quality.snowy:
        return False
    return present >= settings.cargo_absent_max and difference >= limit


def _judge(
    pair: DatePair, group: list[Detection], replaced: bool, settings: ChangeSettings
) -> Finding | None:
    """Return what became of a group; ``replaced`` where the other date shows other goods in its place."""
    earlier, later = (
        sorted((d for d in group if d.date == date), key=lambda d: d.id) for date in ("earlier", "later")
    )
    place = unary_union([d.geometry for d in group])
    seen = min(pair.earlier.observed_fraction(place), pair.later.observed_fraction(place))
    if seen < settings.observed_min:
        return None
    caveats = [c for d in group for c in d.caveats]
    grade = grade_of(*group)
    change: ChangeWord
    base = ""
    if earlier and later:
        change, amount, certain = _size_change(earlier, later, settings)
        difference = _elsewhere(group, "other_difference") or 0.0
        limit = settings.cargo_other_possible if change == "unchanged" else settings.cargo_other_sure
        if difference >= limit:
            caveats.append("the two dates show it in other brightness or colour: may be other goods")
            certain = False
        grade = grade if certain else "possible"
    else:
        amount = area_of(later or earlier)
        change, doubts, base = _came_or_went(pair, later or earlier, replaced, settings)
        caveats += doubts
        if replaced:
            caveats.append(f"on {when(pair.other(group[0].date), pair)} other goods lie in this place")
        contrast = _elsewhere(group, "other_contrast")
        bare = contrast is not None and contrast <= settings.cargo_bare_contrast
        if doubts or (min(d.confidence for d in group) < settings.cargo_change_sure and not bare):
            grade = "possible"
    sure = min(d.confidence for d in group)
    if grade == "possible" and change in ("appeared", "disappeared") and not any(d.loose for d in group):
        sure = min(sure, chance_of(group, settings))
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
        confidence=sure,
        grade=grade,
        statement=cargo_words(pair, [*earlier, *later], change, amount, base),
        base=base,
        geometry=place,
        observed_fraction=seen,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _came_or_went(
    pair: DatePair, items: list[Detection], replaced: bool, settings: ChangeSettings
) -> tuple[ChangeWord, list[str], str]:
    """Judge what cargo seen on one date only means, what speaks against it, and on which date it rests.

    That the other date shows bare ground, or other goods, must be seen on it as well: a place under snow or
    with half a sign of goods decides nothing. A place in shadow decides where skylight shows bare ground,
    else the last date before it that does; the base is in words, empty where it is the other date.
    """
    date = items[0].date
    change: ChangeWord = "appeared" if date == "later" else "disappeared"
    other = pair.other(date)
    place = unary_union([d.geometry for d in items])
    names = ("other_goods", "other_shadow", "other_contrast")
    present, shade, contrast = (_elsewhere(items, name) for name in names)
    alike = pixel_similarity(pair.earlier, pair.later, place.buffer(1.0))
    same = settings.same_pixels_min if present is None else settings.cargo_same_pixels
    there_too = present is not None and present >= settings.cargo_present_min
    if not replaced and (there_too or (alike is not None and alike >= same)):
        return "unchanged", ["detected on one date only, but both dates show the same in this place"], ""
    doubts, base = [], ""
    some = present is not None and present >= settings.cargo_absent_max
    if some and not replaced and (contrast is None or contrast > settings.cargo_bare_surely):
        doubts.append(f"{when(other, pair)} may show goods here too")
    difference = _elsewhere(items, "other_difference")
    low = all(d.height_m is None for d in items)
    if low and contrast is None and difference is not None and difference <= settings.cargo_alike:
        doubts.append(f"as bright as its ground, without a shadow: {when(other, pair)} may hide it")
    shaded = shade is not None and shade > settings.cargo_shadow_max
    if shaded and (contrast is None or contrast > settings.cargo_bare_contrast):
        base = bare_before(pair, items) if change == "appeared" else ""
        doubts += [] if base else [f"on {when(other, pair)} the place lies in shadow"]
    if other.quality.snowy:
        doubts.append(f"snow on {when(other, pair)} may hide goods here")
    elif low and pair.other(other.date).quality.snowy:
        doubts.append("without a shadow: it may be bare ground that the snow left")
    return change, doubts, base


def _elsewhere(items: list[Detection], name: str) -> float | None:
    """Return the mean of what the other date shows in the place of some objects, by area."""
    known = [(dict(d.evidence)[name], d.geometry.area) for d in items if name in dict(d.evidence)]
    if len(known) < len(items) or not known:
        return None
    return sum(v * a for v, a in known) / max(sum(a for _, a in known), 1e-6)


def _size_change(
    earlier: list[Detection], later: list[Detection], settings: ChangeSettings
) -> tuple[ChangeWord, Interval, bool]:
    """Return grown or shrunk where the areas differ by more than the same goods do, and whether surely so.

    It is sure as well where the ground that only the larger outline covers is bare on the other date; of
    goods on ground that nobody mapped nothing else is told: outlines of roofs and bushes differ.
    """
    before, after = area_of(earlier), area_of(later)
    half = 0.5 * sqrt(before.width**2 + after.width**2)
    difference = abs(after.estimate - before.estimate)
    floor = max(settings.cargo_size_min_m2, settings.cargo_size_share * before.estimate)
    grown = after.estimate > before.estimate
    left = [v for d in (later if grown else earlier) if (v := dict(d.evidence).get("other_rest")) is not None]
    bare = bool(left) and max(left) <= settings.cargo_rest_bare
    limit = settings.cargo_size_bare if bare else settings.cargo_size_possible
    untold = not bare and any(d.loose for d in (*earlier, *later))
    if untold or difference <= max(limit * half, floor):
        return "unchanged", after, True
    sure = bare or difference > settings.cargo_size_errors * half
    return "grown" if grown else "shrunk", Interval.around(difference, half), sure


def beside_trains(
    pair: DatePair, findings: tuple[Finding, ...], trains: tuple[Detection, ...], settings: ChangeSettings
) -> tuple[Finding, ...]:
    """Put goods that came (or went) beside one train together.

    A train belongs to goods that came when it stands within ``beside_train_m`` of them on the later
    date, whether or not it stood there before; to goods that went, likewise: they may have been
    loaded. The finding is as sure as its surest goods; those that are only possible are counted apart, and
    in the upper bound of its amount.
    """
    present = [t for t in trains if t.date == "later" and t.grade == "detected"]
    kept: list[Finding] = []
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        train = _nearest(finding, present, settings.beside_train_m)
        if train is None or finding.change not in ("appeared", "disappeared"):
            kept.append(finding)
        else:
            groups.setdefault((train.id, finding.change), []).append(finding)
    by_id = {t.id: t for t in present}
    for (train_id, _), members in sorted(groups.items()):
        kept.append(_joined(pair, by_id[train_id], members))
    return tuple(kept)


def _nearest(finding: Finding, trains: list[Detection], reach_m: float) -> Detection | None:
    near = [(t.geometry.distance(finding.geometry), t.id, t) for t in trains]
    near = [n for n in near if n[0] <= reach_m]
    return min(near)[2] if near else None


def _joined(pair: DatePair, train: Detection, members: list[Finding]) -> Finding:
    """Join goods that came or went beside a train; where none is sure, they are as sure as the surest."""
    sure = [f for f in members if f.grade == "detected"]
    surest = max(members, key=lambda f: (f.confidence, f.id))
    largest = max(sure or members, key=lambda f: (f.amount.estimate, f.id))
    parts = [Summand(value=f.amount, sure=not sure or f in sure, confidence=f.confidence) for f in members]
    amount = total(parts, SHARED_AREA)
    if not sure:
        amount = replace(amount, low=min(amount.low, surest.amount.low))
    date = "later" if largest.change == "appeared" else "earlier"
    caveats = [c for f in sure or members for c in f.caveats]
    doubts = dict.fromkeys(c for f in members if f not in sure for c in f.caveats) if sure else {}
    if doubts:
        caveats.append(f"{len(members) - len(sure)} of {len(members)} only possibly: {'; '.join(doubts)}")
    base = min((f.base for f in sure or members if f.base), default="")
    return replace(
        largest,
        id=f"finding-{train.id}-{largest.change}-{largest.id.removeprefix('finding-')}",
        track=train.track,
        amount=amount,
        confidence=min(f.confidence for f in sure) if sure else surest.confidence,
        statement=_beside_words(pair, train, (len(sure), len(members)), largest.change, amount, base),
        base=base,
        geometry=unary_union([f.geometry for f in members]),
        observed_fraction=min(f.observed_fraction for f in members),
        caveats=tuple(dict.fromkeys(caveats)),
        train=train.id,
        members=tuple(sorted(i for f in members if (i := getattr(f, date)) is not None)),
        sure_members=len(sure),
    )


def _beside_words(
    pair: DatePair, train: Detection, counts: tuple[int, int], change: str, amount: Interval, base: str
) -> str:
    """Return the statement on goods beside a train; ``counts``: how many are sure, and how many in all."""
    sure, every = counts
    things = "1 object" if (sure or every) == 1 else f"{sure or every} objects"
    if 0 < sure < every:
        things += f" and {every - sure} more possible"
    body = train_words(train).rstrip(",")
    body = body[0].lower() + body[1:]
    beside = f"beside {body} on {pair.track(train.track)}"
    if change == "appeared":
        return f"Goods set down {beside}: {things}, {span(amount)} m², {base or not_there(pair)}."
    return f"Goods gone {beside}: {things}, {span(amount)} m², there on {when(pair.earlier, pair)}."
