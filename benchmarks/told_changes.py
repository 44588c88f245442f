"""Are changes true beside which the ground differs in light as well (cloud, haze, shade, snow)?

``python -m benchmarks.told_changes --split train --first 600 --pairs 40`` compares painted pairs in exact
registration, each in one of `KINDS` of light, half of them with trains and goods that came and went and half
without any change, and sets each change of a train or of goods that is told beside what was painted:
whether it is true, and the share of the ground beside it that differs in light. It prints how many are true
below and above `ChangeSettings.beside_share_max`, and with ``--calibrate`` the weights that fit best.
``--rows FILE`` keeps what was measured, a JSON line each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.clouds import compared, observed, under_cloud
from benchmarks.trains import LEAST, matches
from tumangang_watch.change.beside import light_of, share_beside
from tumangang_watch.change.cargo import compare_cargo
from tumangang_watch.change.possible import terms_of
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.errors import NotComparable
from tumangang_watch.grid import pixel_size_for
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.observation import DatePair
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import Pair, make_pair, split_seeds
from tumangang_watch.simulate.world import footprint

KINDS = ("cloud", "snow", "season", "clear", "coarse")
"""Light of the later date beside that of the earlier one."""
COVERED_MIN = 0.3
"""Least share of the smaller of two outlines of goods in common for them to be one."""
LENGTH_M = 300.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """A change that was told, and whether it is true."""

    seed: int
    light: str
    quiet: bool
    kind: str
    change: str
    grade: str
    confidence: float
    share: float
    """Of the ground beside it that differs in light."""
    caveats: tuple[str, ...]
    terms: tuple[float, ...]
    """Of goods: `change.possible.terms_of`."""
    true: bool | None
    """None where a road vehicle came or went: it may be told or not."""


def told_of(seed: int, settings: Settings) -> Iterator[Told]:
    """Compare a pair and yield what is told of it."""
    light, quiet = KINDS[seed % len(KINDS)], seed // len(KINDS) % 2 == 1
    rng = np.random.default_rng([seed, 93])
    options = {
        "snow": {"snow": float(rng.uniform(0.2, 1.0))},
        "coarse": {"gsd_later_m": float(rng.choice([1.2, 2.0, 3.0]))},
    }.get(light, {})
    pair = make_pair(
        seed,
        float(rng.choice([0.3, 0.5, 0.7])),
        no_change=quiet,
        growth_m2=0.0,
        length_m=LENGTH_M,
        trains=(1, 4),
        season_change=light == "season",
        **options,
    )
    scenes = pair.earlier, under_cloud(pair.later, rng)[0] if light == "cloud" else pair.later
    run = RunContext(pair.world.site, settings)
    done = compared(observed(scenes, run.site, pixel_size_for(pair.sensors[0].gsd_m)), run)
    dates = DatePair(done.earlier, done.later)
    shade = light_of(dates, settings.change)
    things = [d.geometry for d in done.detections if d.kind == "train" or d.grade == "detected"]
    by_id = {d.id: d for d in done.detections}
    cargo = tuple(d for d in done.detections if d.kind == "cargo")
    # One by one, not all those together that lie beside a train.
    findings = (
        *(f for f in done.findings if f.kind == "train"),
        *compare_cargo(dates, cargo, settings.change),
    )
    for found in findings:
        if found.change in ("appeared", "disappeared"):
            yield Told(
                seed=seed,
                light=light,
                quiet=quiet,
                kind=found.kind,
                change=found.change,
                grade=found.grade,
                confidence=found.confidence,
                share=share_beside(shade, dates, found.geometry, things, settings.change),
                caveats=found.caveats,
                terms=terms_of(by_id[found.later or found.earlier or ""], settings.change),
                true=is_true(found, done, pair),
            )


def is_true(found: Finding, done: Comparison, pair: Pair) -> bool | None:
    """Tell whether what came or went was painted so; None of road vehicles."""
    own, other = pair.days if found.change == "disappeared" else pair.days[::-1]
    if found.kind == "cargo":
        there = [footprint(b) for b in own.cargo if b not in other.cargo]
        if any(found.geometry.intersects(footprint(v)) for day in pair.days for v in day.vehicles):
            return None
        least = (COVERED_MIN * min(found.geometry.area, shape.area) for shape in there)
        return any(found.geometry.intersection(s).area >= a for s, a in zip(there, least, strict=True))
    train = next(d for d in done.detections if d.id in (found.earlier, found.later))
    painted = [(t.track, t.from_m, t.to_m) for t in own.trains if t not in other.trains]
    return bool(matches([(train.track, train.from_m, train.to_m)], painted, LEAST))


def report(rows: list[Told], share_max: float) -> str:
    """Return how many of what is told are true, by kind, light and what lies beside it."""
    lines = []
    for kind in ("train", "cargo"):
        for light in (*KINDS, "all"):
            for beside in (False, True):
                for grade in ("detected", "possible"):
                    own = [r for r in rows if r.kind == kind and r.grade == grade and r.true is not None]
                    own = [r for r in own if light in (r.light, "all") and (r.share > share_max) == beside]
                    if own:
                        where = "differs beside" if beside else "alike beside"
                        stated = float(np.mean([r.confidence for r in own]))
                        true = sum(bool(r.true) for r in own)
                        lines.append(
                            f"{kind:6} {light:7} {where:15} {grade:9} {true:4} of {len(own):4} true, "
                            f"stated {stated:.2f}"
                        )
    return "\n".join(lines)


def calibrated(rows: list[Told]) -> str:
    """Return the weights of `ChangeSettings.cargo_possible` that fit best, with a weak prior."""
    own = [r for r in rows if r.kind == "cargo" and r.grade == "possible" and r.true is not None]
    x, y = np.array([r.terms for r in own]), np.array([float(bool(r.true)) for r in own])
    w, _ = fit_logistic(x, y, np.zeros(x.shape[1]), np.array([10.0, *np.full(x.shape[1] - 1, 3.0)]))
    p = 1 / (1 + np.exp(-x @ w))
    lines = [
        f"cargo_possible {tuple(round(float(v), 2) for v in w)} from {len(y)} objects, {int(y.sum())} true"
    ]
    for least in (0.0, 0.05, 0.1, 0.25, 0.5):
        lines.append(f"  from {least}: {int(y[p >= least].sum())} true of {int((p >= least).sum())}")
    return "\n".join(lines)


def main() -> None:
    """Compare pairs and print what of the told changes is true."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=600)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--calibrate", action="store_true", help="as if every possible change were worth it")
    arguments = parser.parse_args()
    settings = Settings()
    share_max = settings.change.beside_share_max
    change = replace(settings.change, beside_share_max=1.0)
    if arguments.calibrate:
        change = replace(change, cargo_possible=(9.0, 0.0, 0.0, 0.0, 0.0))
    settings = replace(settings, change=change).with_trials(False)
    rows: list[Told] = []
    seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]
    for seed in seeds:
        try:
            own = list(told_of(seed, settings))
        except NotComparable as refusal:
            print(f"{seed}: {refusal}", flush=True)
            continue
        rows += own
        if arguments.rows:
            with arguments.rows.open("a") as out:
                out.writelines(json.dumps(asdict(r)) + "\n" for r in own)
    print(report(rows, share_max))
    if arguments.calibrate:
        print(calibrated(rows))


if __name__ == "__main__":
    main()
