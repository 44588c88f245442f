"""How often some of a train's wagons came or went where that is said to be only possible.

``python -m benchmarks.part_changes --split train --pairs 60`` draws pairs of both painters in exact frames,
half of them with trains whose fate was forced (`benchmarks.fates`), half without any change, and sets each
train told to have lost or gained wagons, possibly, beside what was painted. ``--calibrate`` prints the
weights of `ChangeSettings.part_possible` that fit best. A train that gave place to another counts neither
way.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.clouds import compared, observed
from benchmarks.fates import Case, compare_yards, fates_of, forced, said
from benchmarks.yard_pairs import yard_pair
from tumangang_watch.change.other_date import TrainMatcher, length_of
from tumangang_watch.change.rest import rest_of
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.errors import WatchError
from tumangang_watch.grid import pixel_size_for
from tumangang_watch.model.interval import logistic
from tumangang_watch.model.observation import DatePair
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds

GSD_M = (0.3, 0.5, 0.7, 0.9)
PARTS = {"half goes": "shrunk", "half comes": "grown"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A train possibly told to have lost or gained wagons."""

    seed: int
    quiet: bool
    confidence: float
    terms: tuple[float, ...]
    true: bool


def told_of(seed: int, settings: Settings, *, second: bool) -> Iterator[Told]:
    """Compare a pair and yield what is told of parts of trains."""
    quiet, rng = seed % 2 == 1, np.random.default_rng([seed, 97])
    gsd_m, fates = float(rng.choice(GSD_M)), () if quiet else fates_of(seed)
    if second:
        yard = yard_pair(seed, gsd_m, fates) if fates else yard_pair(seed, gsd_m)
        done: Any = compare_yards(yard)
        cases, site = [Case(*case) for case in yard.cases], yard.site
    else:
        pair = make_pair(seed, gsd_m, tracks=5, length_m=420.0, no_change=quiet, trains=(2, 5))
        pair, cases = (pair, []) if quiet else forced(pair, fates)
        site = pair.world.site
        run = RunContext(site, settings)
        done = compared(observed((pair.earlier, pair.later), site, pixel_size_for(gsd_m)), run)
    trains = tuple(d for d in done.detections if d.kind == "train")
    by_id, tracks = {t.id: t for t in trains}, {t.id: t for t in site.tracks}
    matcher = TrainMatcher.of(DatePair(done.earlier, done.later), site, trains, settings.change)
    about = {f.id: case for case in cases for f in said(done, case)}
    for found in done.findings:
        if found.kind != "train" or found.change not in PARTS.values() or found.grade != "possible":
            continue
        case = about.get(found.id)
        if case is not None and case.fate not in (*PARTS, "stays"):
            continue
        both = [by_id[i] for i in (found.earlier, found.later) if i]
        short, long = sorted(both, key=length_of)
        rest = rest_of(matcher, tracks[found.track or ""], long, short)
        if rest.doubtful(settings.change):
            true = case is not None and PARTS.get(case.fate) == found.change
            yield Told(seed=seed, quiet=quiet, confidence=found.confidence, terms=rest.terms, true=true)


def main() -> None:
    """Compare pairs and print how many of the told parts are true."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--calibrate", action="store_true")
    arguments = parser.parse_args()
    settings, rows = Settings().with_trials(False), []
    seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]
    for k, seed in enumerate(seeds):
        try:
            rows += list(told_of(seed, settings, second=k // 2 % 2 == 0))
        except WatchError as refusal:
            print(f"{seed}: {refusal}", flush=True)
    for row in rows:
        words = " ".join(f"{v:6.2f}" for v in row.terms)
        print(f"{row.seed} {'quiet' if row.quiet else 'fated'} {row.confidence:.2f} {words} {row.true}")
    true = sum(r.true for r in rows)
    stated = float(np.mean([r.confidence for r in rows])) if rows else 0.0
    print(f"{true} of {len(rows)} true, stated {stated:.2f}")
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.8), (0.8, 1.01)):
        own = [r for r in rows if low <= r.confidence < high]
        if own:
            print(f"  stated {low:g} to {min(high, 1):g}: {sum(r.true for r in own)} true of {len(own)}")
    if arguments.calibrate and rows:
        x, y = np.array([r.terms for r in rows]), np.array([float(r.true) for r in rows])
        w, _ = fit_logistic(x, y, np.zeros(x.shape[1]), np.array([10.0, 3.0, 3.0]))
        weights = tuple(round(float(v), 2) for v in w)
        print(f"part_possible {weights}")
        print("  brier", round(float(np.mean([(logistic(weights, r.terms) - r.true) ** 2 for r in rows])), 3))


if __name__ == "__main__":
    main()
