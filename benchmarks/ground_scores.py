"""Scores of cargo and growth against painted truth: what ``benchmarks/ground.py`` prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.ops import unary_union

from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.model.interval import log_odds
from tumangang_watch.simulate.world import footprint

if TYPE_CHECKING:
    from tumangang_watch.detect.cargo.find import CargoResult
    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.finding import Finding
    from tumangang_watch.simulate import Pair

SIZES_M2 = ((4.0, 8.0), (8.0, 1e6))
HIT_SHARE = 0.3
"""Intersection over union from which an outline is the painted object."""
LEAST_JUDGED_M2 = 8.0
"""Painted objects whose fate is judged have at least this size."""


@dataclass
class Score:
    """Counts over all pairs; ``detected`` goods only unless told otherwise."""

    there: dict[Any, int] = field(default_factory=dict)
    found: dict[Any, int] = field(default_factory=dict)
    false: dict[Any, int] = field(default_factory=dict)
    possible_hits: int = 0
    possible_false: int = 0
    vehicles: list[bool] = field(default_factory=list)
    """For each parked or driving vehicle that was told: was it kept out of `detected` goods?"""
    areas: list[tuple[float, bool]] = field(default_factory=list)
    apron_areas: list[tuple[float, bool]] = field(default_factory=list)
    heights: list[tuple[float, bool]] = field(default_factory=list)
    fills: list[float] = field(default_factory=list)
    fates: list[bool] = field(default_factory=list)
    instead: list[tuple[bool, bool]] = field(default_factory=list)
    """Of each object in another's place: was its fate said, and has the other its colour?"""
    colours: list[bool] = field(default_factory=list)
    empty_aprons: int = 0
    false_on_empty: int = 0
    quiet_pairs: int = 0
    quiet_false: int = 0
    growth_there: int = 0
    growth_found: int = 0
    growths: list[tuple[float, bool]] = field(default_factory=list)
    no_growth: int = 0
    false_growth: int = 0
    evidence: list[tuple[list[float], bool]] = field(default_factory=list)
    edges: list[tuple[float, float, float]] = field(default_factory=list)
    """How far a true outline lies outside the one said, the half width said (m), and the network's doubt."""
    alike: list[tuple[int, int, str]] = field(default_factory=list)
    """Pair, date and form of the same objects: like goods of one scene."""
    notes: list[str] = field(default_factory=list)


def size_of(area_m2: float) -> Any:
    """Return the size class of an area, None below the least."""
    return next((s for s in SIZES_M2 if s[0] <= area_m2 < s[1]), None)


def _add(counts: dict[Any, int], key: Any) -> None:
    if key is not None:
        counts[key] = counts.get(key, 0) + 1


def matched(blocks: list[Any], cargo: tuple[Detection, ...]) -> dict[int, Detection]:
    """Match painted objects with outlines, best overlap first."""
    links = []
    for i, shape in enumerate(blocks):
        for item in cargo:
            both = shape.intersection(item.geometry).area
            links.append((both / shape.union(item.geometry).area, i, item.id, item))
    out: dict[int, Detection] = {}
    used: set[str] = set()
    for share, i, name, item in sorted(links, key=lambda link: (-link[0], link[1], link[2])):
        if share >= HIT_SHARE and i not in out and name not in used:
            out[i] = item
            used.add(name)
    return out


def score_cargo(pair: Pair, index: int, result: CargoResult, score: Score) -> None:
    """Judge the goods and the fill of one date."""
    date = ("earlier", "later")[index]
    cargo = tuple(d for d in result.detections if d.date == date)
    painted = pair.days[index].cargo
    shapes = [footprint(b) for b in painted]
    hits = matched(shapes, cargo)
    vehicles = unary_union([footprint(v) for v in pair.days[index].vehicles])
    for i, (block, shape) in enumerate(zip(painted, shapes, strict=True)):
        _add(score.there, size_of(shape.area))
        item = hits.get(i)
        if item is None or item.grade != "detected":
            score.possible_hits += item is not None
            score.notes.append(
                f"{pair.seed}/{index} missed {block.shape} {block.paint} {shape.area:.0f} m2"
                f" h {block.height_m:.1f} {_said(item)}"
            )
        else:
            _add(score.found, size_of(shape.area))
        if item is not None and item.area_m2 is not None:
            low, high = item.area_m2.low, item.area_m2.high
            score.areas.append((item.area_m2.estimate / shape.area - 1, low <= shape.area <= high))
            around = item.geometry.length
            gap, doubt = (shape.area - item.area_m2.estimate) / around, 1 - dict(item.evidence)["network"]
            score.edges.append((gap, (high - low) / 2 / around, doubt))
            score.alike.append((pair.seed, index, block.shape))
            score.colours.append(item.colour == block.paint)
            if item.height_m is not None:
                error = item.height_m.estimate - block.height_m
                score.heights.append((error, item.height_m.low <= block.height_m <= item.height_m.high))
    good = {d.id for d in hits.values()}
    for item in cargo:
        score.evidence.append((_evidence(item), item.id in good))
        if item.id in good:
            continue
        if vehicles.intersects(item.geometry):
            score.vehicles.append(item.grade != "detected")
            continue
        if item.grade == "detected":
            _add(score.false, size_of(item.geometry.area))
        score.possible_false += item.grade == "possible"
        score.notes.append(f"{pair.seed}/{index} false {_said(item)}")
    _score_aprons(pair, date, shapes, cargo, result, score)


def _said(item: Detection | None) -> str:
    if item is None:
        return ""
    cues = {k: round(v, 2) for k, v in item.evidence}
    c = item.geometry.centroid
    return (
        f"[{item.grade} {item.label} {item.geometry.area:.0f} m2 {item.colour} at {c.x:.0f} {c.y:.0f} {cues}]"
    )


def _evidence(item: Detection) -> list[float]:
    cues = dict(item.evidence)
    return [1.0, log_odds(cues["network"]), cues["shadow"]]


def _score_aprons(
    pair: Pair, date: str, shapes: list[Any], cargo: tuple[Detection, ...], result: CargoResult, score: Score
) -> None:
    fills = {f.area: f for f in result.fill if f.date == date}
    for area in pair.world.site.having("apron"):
        here = [s for s in shapes if s.intersects(area.polygon)]
        fill = fills.get(area.id)
        if not here:
            score.empty_aprons += 1
            score.false_on_empty += sum(d.area == area.id and d.grade == "detected" for d in cargo)
        if fill is None:
            continue
        true = unary_union(here).intersection(area.polygon).area if here else 0.0
        score.fills.append(fill.share.estimate - true / max(fill.ground_m2, 1.0))
        if here:
            inside = fill.covered_m2.low <= true <= fill.covered_m2.high
            score.apron_areas.append((fill.covered_m2.estimate / true - 1, inside))


def fate_of(block: Any, before: dict[Any, Any], after: dict[Any, Any]) -> str:
    """Return what became of a painted object; one of another size in its place is it at two times."""
    here, there = (before, after) if block in before else (after, before)
    if block in there:
        return "unchanged"
    like = next((b for b in there if (b.x, b.y, b.paint) == (block.x, block.y, block.paint)), None)
    if like is None:
        return "disappeared" if block in before else "appeared"
    return "grown" if (here[block].area < there[like].area) == (block in before) else "shrunk"


def score_fates(pair: Pair, findings: tuple[Finding, ...], score: Score) -> None:
    """Judge whether what happened to every painted object is what the findings say, and nothing else.

    Of what lies where another object lay, that object's fate may be said as well.
    """
    before, after = ({b: footprint(b) for b in day.cargo} for day in pair.days)
    for block, shape in {**before, **after}.items():
        if shape.area < LEAST_JUDGED_M2:
            continue
        fate = fate_of(block, before, after)
        about = [f for f in findings if f.geometry.intersection(shape).area > 0.3 * shape.area]
        said = {f.change for f in about if f.grade == "detected" or f.change == "unchanged"}
        over = [b for b, s in {**before, **after}.items() if b != block and s.intersection(shape).area > 0]
        may = {fate_of(b, before, after) for b in over} - {"unchanged"}
        right = fate in said and said <= {fate, *may}
        score.fates.append(right)
        if fate in ("appeared", "disappeared"):
            score.instead += [(right, b.paint == block.paint) for b in over if may]
        if not right:
            score.notes.append(
                f"{pair.seed} {fate} {block.paint} {shape.area:.0f} m2 over {[b.paint for b in over]} said "
                f"{[(f.change, f.grade) for f in about]}"
            )
    if pair.options.no_change:
        score.quiet_pairs += 1
        changed = [f for f in findings if f.change != "unchanged" and f.grade == "detected"]
        score.quiet_false += len(changed)
        score.notes += [f"{pair.seed} quiet pair: {f.statement} {f.confidence}" for f in changed]


def score_growth(pair: Pair, result: Any, score: Score) -> None:
    """Compare grown ground with what was painted."""
    truth = unary_union([s.polygon for s in pair.days[1].growth])
    for change in result.growth:
        said = change.grown_m2
        seasons = f"{pair.days[0].season}>{pair.days[1].season}"
        if truth.area > 0:
            score.growth_there += 1
            hit = change.grown.intersection(truth).area > 0.5 * truth.area
            score.growth_found += hit and change.grade == "detected"
            if hit:
                score.growths.append((said.estimate / truth.area - 1, said.low <= truth.area <= said.high))
            kinds = [s.material for s in pair.days[1].growth]
            score.notes.append(
                f"{pair.seed} growth {kinds} {seasons} true {truth.area:.0f} said "
                f"{said.estimate:.0f} {change.grade} hit {hit}"
            )
        else:
            score.no_growth += 1
            larger = said if said.estimate >= change.lost_m2.estimate else change.lost_m2
            score.false_growth += larger.low > 0 and change.grade == "detected"
            if larger.estimate > 0:
                score.notes.append(
                    f"{pair.seed} false growth {seasons} {said} lost {change.lost_m2} {change.grade}"
                )


def _errors(name: str, unit: str, pairs: list[tuple[float, bool]]) -> str:
    if not pairs:
        return f"{name}: none"
    errors = np.array([e for e, _ in pairs])
    scale, word = (100, " %") if unit == "%" else (1, f" {unit}")
    return (
        f"{name}: median size of error {scale * np.median(np.abs(errors)):.2f}{word}, median error "
        f"{scale * np.median(errors):+.2f}{word}, interval covers "
        f"{100 * np.mean([inside for _, inside in pairs]):.0f} % of {len(pairs)}"
    )


def report(score: Score) -> str:
    """Return the table as text."""
    lines = []
    for size in SIZES_M2:
        there, found, false = (c.get(size, 0) for c in (score.there, score.found, score.false))
        f1 = 2 * found / max(there + found + false, 1)
        top = "" if size[1] > 1e5 else f"-{size[1]:.0f}"
        lines.append(f"cargo {size[0]:.0f}{top} m2: F1 {f1:.2f} (found {found} of {there}, {false} false)")
    lines.append(f"graded possible: {score.possible_hits} right, {score.possible_false} wrong")
    lines.append(_errors("area of an object", "%", score.areas))
    lines.append(_errors("area of all cargo on an apron", "%", score.apron_areas))
    lines.append(_errors("height", "m", score.heights))
    if score.fills:
        lines.append(
            f"fill: median size of error {100 * np.median(np.abs(score.fills)):.2f} points, "
            f"90th percentile {100 * np.quantile(np.abs(score.fills), 0.9):.2f}"
        )
    lines.append(f"appeared, removed, unchanged right: {sum(score.fates)} of {len(score.fates)}")
    for like, words in ((False, "another"), (True, "the same")):
        told = [right for right, same in score.instead if same == like]
        lines.append(f"  of what lies in the place of goods of {words} colour: {sum(told)} of {len(told)}")
    lines.append(
        f"false cargo on empty aprons: {score.false_on_empty} on {score.empty_aprons} aprons and dates"
    )
    lines.append(f"false changes of cargo: {score.quiet_false} on {score.quiet_pairs} quiet pairs")
    lines.append(f"vehicles kept out of goods: {sum(score.vehicles)} of {len(score.vehicles)}")
    if score.colours:
        lines.append(f"colour named right: {100 * np.mean(score.colours):.0f} %")
    lines.append(f"growth found: {score.growth_found} of {score.growth_there}")
    lines.append(_errors("growth area", "%", score.growths))
    lines.append(f"false growth: {score.false_growth} on {score.no_growth} pairs")
    return "\n".join(lines)


def calibrated(score: Score) -> str:
    """Return the settings of `CargoSettings` that fit best.

    Weights of the confidence by logistic regression with a weak prior; what is to be added to
    ``outline_bias_m`` and ``outline_bias_unsure``; the factor by which ``edge_factor`` must grow for
    intervals that hold 90 %; the share of the error that like goods of a scene have in common
    (``SHARED_AREA``); and the F1 score that each ``detected_confidence`` would have.
    """
    x = np.array([e for e, _ in score.evidence])
    y = np.array([float(good) for _, good in score.evidence])
    precision = np.array([1e-3, *np.full(x.shape[1] - 1, 0.3)])
    w, _ = fit_logistic(x, y, np.zeros(x.shape[1]), precision**-0.5)
    p = 1 / (1 + np.exp(-x @ w))
    lines = [f"confidence_terms {tuple(round(float(v), 3) for v in w)} from {len(y)} objects"]
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        chosen = (p >= low) & (p < high)
        if chosen.any():
            lines.append(f"  said {low}-{min(high, 1.0)}: right {y[chosen].mean():.2f} of {chosen.sum()}")
    there = sum(score.there.values())
    for least in (0.4, 0.5, 0.6, 0.7, 0.8):
        said = p >= least
        f1 = 2 * y[said].sum() / max(there + said.sum(), 1)
        lines.append(f"  detected_confidence {least}: F1 {f1:.3f}, {int((1 - y[said]).sum())} wrong")
    return "\n".join([*lines, *_outlines(score)])


def _outlines(score: Score) -> list[str]:
    """Return what the settings of outlines lack, by least squares with less weight on far values (Huber)."""
    if not score.edges:
        return []
    gap, half, doubt = np.array(score.edges).T
    terms, weight = np.column_stack([np.ones(len(gap)), doubt]), np.ones(len(gap))
    for _ in range(20):
        scaled = terms * weight[:, None]
        base, rise = np.linalg.solve(scaled.T @ terms + 1e-9 * np.eye(2), scaled.T @ gap)
        rest = gap - base - rise * doubt
        limit = 1.345 * 1.4826 * max(float(np.median(np.abs(rest))), 1e-6)
        weight = 1 / np.maximum(1.0, np.abs(rest) / limit)
    needed = float(np.quantile(np.abs(rest) / np.maximum(half, 1e-6), 0.9))
    lines = [
        f"outline_bias_m: add {base:+.3f}; outline_bias_unsure: add {rise:+.3f}; "
        f"edge_factor: times {needed:.2f}"
    ]
    groups: dict[tuple[int, int, str], list[float]] = {}
    for key, value in zip(score.alike, rest, strict=True):
        groups.setdefault(key, []).append(float(value))
    number = sum(len(g) * (len(g) - 1) for g in groups.values())
    if number:
        common = sum(sum(g) ** 2 - sum(v * v for v in g) for g in groups.values()) / number
        lines.append(f"SHARED_AREA: {common / float(np.mean(rest**2)):.2f} of like goods, {number // 2} twos")
    return lines
