"""Print how well goods are told at sites that map no apron: ``python -m benchmarks.loose_ground``.

Painted pairs in exact frames as in `benchmarks.ground`, with the painted trains; the site keeps its tracks
and its yard, and loses its aprons and its handling area. ``--runs 0.5:400:24`` are 24 pairs at 0.5 m from the
400th seed of ``--split`` on. ``--calibrate`` prints the weights of `CargoSettings.loose_terms` and
`loose_changed_terms` that fit best; only train seeds are for that.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from shapely.ops import unary_union

from benchmarks.ground import normalised, observed, options_of, painted_trains, with_small_goods
from benchmarks.ground_scores import matched
from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.detect.cargo.find import detect_cargo
from tumangang_watch.detect.cargo.loose import came_or_went, terms_of
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.model.observation import DatePair as Two
from tumangang_watch.settings import Settings
from tumangang_watch.settings.cargo import CargoSettings
from tumangang_watch.simulate import Pair, make_pair, split_seeds
from tumangang_watch.simulate.world import footprint


@dataclass
class LooseScore:
    """Counts over all pairs."""

    dates: int = 0
    there: int = 0
    found: dict[str, int] = field(default_factory=lambda: {"detected": 0, "possible": 0})
    false: dict[str, int] = field(default_factory=lambda: {"detected": 0, "possible": 0})
    """Vehicles are counted neither here nor there."""
    came_or_went: int = 0
    told: dict[str, int] = field(default_factory=lambda: {"detected": 0, "possible": 0})
    untrue: dict[str, int] = field(default_factory=lambda: {"detected": 0, "possible": 0})
    terms: list[tuple[tuple[float, ...], bool, bool]] = field(default_factory=list)
    """Of each object: its terms, whether another date shows its place bare, and whether it is goods."""


def run_pair(pair: Pair, settings: Settings, score: LooseScore) -> None:
    """Look for goods beside the tracks of one pair and add to the score."""
    site = pair.world.site
    bare = replace(site, areas=tuple(a for a in site.areas if a.role not in ("apron", "handling")))
    grid = grid_over(site.bounds, pixel_size_for(pair.sensors[0].gsd_m), site.crs)
    one, two = observed(pair, 0, grid), observed(pair, 1, grid)
    dates = (one, normalised(one, two))
    trains = painted_trains(pair, 0) + painted_trains(pair, 1)
    cargo = detect_cargo(dates, bare, trains, settings.cargo).detections
    near = unary_union([t.line.buffer(settings.cargo.beside_track_m) for t in bare.tracks])
    near = near.intersection(unary_union([a.polygon for a in bare.having("yard")]))
    blocks = [{b: footprint(b) for b in day.cargo} for day in pair.days]
    for k, name in enumerate(("earlier", "later")):
        shapes = [s for s in blocks[k].values() if near.contains(s.centroid)]
        here = tuple(d for d in cargo if d.date == name)
        good = {d.id: d for d in matched(shapes, here).values()}
        vehicles = unary_union([footprint(v) for v in pair.days[k].vehicles])
        score.dates += 1
        score.there += len(shapes)
        for item in here:
            if item.id not in good and vehicles.intersects(item.geometry):
                continue
            counts = score.found if item.id in good else score.false
            counts[item.grade] += 1
            changed = came_or_went(item, settings.cargo)
            score.terms.append((terms_of(item, settings.cargo), changed, item.id in good))
    _score_changes(pair, compare_cargo(Two(*dates), cargo, settings.change, trains), near, score)


def _score_changes(pair: Pair, findings: tuple[Any, ...], near: Any, score: LooseScore) -> None:
    """Count goods that came or went and were told so, and what was told that did neither."""
    before, after = ({b: footprint(b) for b in day.cargo} for day in pair.days)
    vehicles = unary_union([footprint(v) for day in pair.days for v in day.vehicles])
    said = {w: [f for f in findings if f.change == w] for w in ("appeared", "disappeared", "grown", "shrunk")}
    right: set[str] = set()
    for word, own, other in (("appeared", after, before), ("disappeared", before, after)):
        for block, shape in own.items():
            if block in other or not near.contains(shape.centroid):
                continue
            score.came_or_went += 1
            hits = [f for f in said[word] if f.geometry.intersection(shape).area > 0.3 * shape.area]
            right |= {f.id for f in hits}
            if hits:
                score.told[min(f.grade for f in hits)] += 1
    for found in (f for each in said.values() for f in each):
        if found.id not in right and not vehicles.intersects(found.geometry):
            score.untrue[found.grade] += 1


def report(score: LooseScore) -> str:
    """Return the counts as text."""
    per = max(score.dates, 1)
    lines = [
        f"goods beside tracks: {score.found['detected']} detected and {score.found['possible']} possible of "
        f"{score.there} on {score.dates} dates",
        f"no goods: {score.false['detected']} detected ({score.false['detected'] / per:.2f} a date), "
        f"{score.false['possible']} possible ({score.false['possible'] / per:.2f})",
        f"came or went: {score.told['detected']} told surely and {score.told['possible']} possibly of "
        f"{score.came_or_went}; untrue changes: {score.untrue['detected']} and {score.untrue['possible']} on "
        f"{score.dates // 2} pairs",
    ]
    return "\n".join(lines)


def calibrated(score: LooseScore) -> str:
    """Return the weights that fit best, by logistic regression with a weak prior."""
    lines = []
    for name, changed in (("loose_terms", False), ("loose_changed_terms", True)):
        chosen = [(t, good) for t, came, good in score.terms if came == changed]
        x, y = np.array([t for t, _ in chosen]), np.array([float(good) for _, good in chosen])
        w, _ = fit_logistic(x, y, np.zeros(x.shape[1]), np.full(x.shape[1], 10.0))
        p = 1 / (1 + np.exp(-x @ w))
        lines.append(
            f"{name} {tuple(round(float(v), 2) for v in w)} from {len(y)} objects, {int(y.sum())} goods"
        )
        for least in (0.25, 0.4, 0.55, 0.7):
            lines.append(
                f"  from {least}: {int(y[p >= least].sum())} goods, {int((1 - y)[p >= least].sum())} other"
            )
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--runs", nargs="+", default=["0.5:0:8"], metavar="GSD:FIRST:PAIRS")
    parser.add_argument("--calibrate", action="store_true", help="also fit the weights")
    chosen = parser.parse_args()
    settings = Settings()
    if chosen.calibrate:
        # Not 0: at that every track would be in doubt.
        every: CargoSettings = replace(settings.cargo, confidence_min=1e-9)
        settings = replace(settings, cargo=every)
    score = LooseScore()
    for run in chosen.runs:
        gsd, first, pairs = run.split(":")
        for seed in split_seeds(chosen.split)[int(first) : int(first) + int(pairs)]:
            run_pair(with_small_goods(make_pair(seed, float(gsd), **options_of(seed))), settings, score)
    print(calibrated(score) if chosen.calibrate else report(score))


if __name__ == "__main__":
    main()
