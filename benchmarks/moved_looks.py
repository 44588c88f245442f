"""Are vehicles that look alike on two dates the same ones? On painted yards and on a real one.

``python -m benchmarks.moved_looks --seeds 60`` paints pairs of the second painter in which trains moved,
lays runs of one to three of their vehicles on themselves and on others of about their length, and does the
same with the vehicles of the labelled real yard beside the checkout in other lights (`real_pairs`). It
prints how many of the same and of others are taken for the same; ``--calibrate`` prints the weights of
`ChangeSettings.moved_looks` that fit both, either half. With ``--standing`` the play is that of trains
that stand, and the weights are those of `ChangeSettings.stands_looks`. ``--yard`` names another labelled
yard to judge by.
The real yard shows its vehicles under one sun; on painted dates the sun and the view differ.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.displaced import IMAGERY, YARDS, yard_of
from benchmarks.fates import in_one_light
from benchmarks.real_pairs import LOOKS, compared, seen_again
from benchmarks.yard_pairs import yard_pair
from tumangang_watch.change.consist_match import best_agreement, profiles_at
from tumangang_watch.change.looks import looks_of
from tumangang_watch.change.other_date import TrainMatcher
from tumangang_watch.change.profiles import pair_scale
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import split_seeds

SETTINGS = Settings().with_trials(False)
FATES = ("moves", "moves", "other track", "moves")
GSD_M = (0.3, 0.5, 0.7, 0.9)
RUNS, OTHERS = 20, 4
"""Runs drawn of a pair, and how many others each is laid on."""
END_SD_M = 0.5
"""Error with which ends are read on painted dates."""


@dataclass(frozen=True)
class Run:
    """Some vehicles of one train: where they stand on either date, and how many they are."""

    tracks: tuple[str, str]
    spans: tuple[tuple[float, float], tuple[float, float]]
    vehicles: int

    def length_m(self, date: int) -> float:
        """Return the length read on a date."""
        return self.spans[date][1] - self.spans[date][0]


@dataclass(frozen=True)
class Row:
    """Two runs, laid on one another."""

    same: bool
    vehicles: int
    odds: float
    """By pieces alone (`profiles.agreement`)."""
    terms: tuple[float, ...]


def painted(seed: int, play_m: float) -> Iterator[Row]:
    """Yield the runs of a painted pair whose trains moved."""
    pair = yard_pair(seed, GSD_M[seed % len(GSD_M)], FATES)
    rng = np.random.default_rng([seed, 98])
    runs = []
    for _, earlier, later in pair.cases:
        if earlier is None or later is None:
            continue
        for count in (1, 2, 3):
            for k in range(len(earlier.cars) - count + 1):
                ends = [
                    tuple(
                        np.add(
                            (t.cars[k]["from_m"], t.cars[k + count - 1]["to_m"]), rng.normal(0, END_SD_M, 2)
                        )
                    )
                    for t in (earlier, later)
                ]
                runs.append(Run((earlier.track, later.track), (ends[0], ends[1]), count))
    yield from laid(DatePair(*in_one_light(pair, SETTINGS)), pair.site, runs, rng, play_m)


def real(name: str, look: str, play_m: float) -> Iterator[Row]:
    """Yield the runs of a labelled yard beside itself in another light: as they are read there."""
    folder, stem = YARDS[name]
    yard, rng = yard_of(IMAGERY / folder), np.random.default_rng([5, list(LOOKS).index(look)])
    with tempfile.TemporaryDirectory() as space:
        source = IMAGERY / folder / f"{stem}.tif"
        later = seen_again(source, Path(space), look, rng)
        done = compared((source, later), yard.site)
        runs = []
        for train in done.detections:
            stock = train.rolling_stock if train.kind == "train" and train.date == "earlier" else ()
            for count in (1, 2, 3):
                for k in range(len(stock) - count + 1):
                    ends = (stock[k].from_m, stock[k + count - 1].to_m)
                    runs.append(Run((train.track or "", train.track or ""), (ends, ends), count))
        yield from laid(DatePair(done.earlier, done.later), yard.site, runs, rng, play_m)


def laid(
    pair: DatePair, site: Site, runs: list[Run], rng: np.random.Generator, play_m: float
) -> Iterator[Row]:
    """Lay each run on itself and on some others of about its length."""
    settings = SETTINGS.change
    matcher = TrainMatcher(pair=pair, scale=pair_scale(pair.earlier, pair.later, settings), settings=settings)
    tracks = {t.id: t for t in site.tracks}
    for k in sorted(rng.choice(len(runs), min(RUNS, len(runs)), replace=False).tolist()):
        run = runs[k]
        others = [
            j
            for j, other in enumerate(runs)
            if j != k
            and other.vehicles == run.vehicles
            and abs(other.length_m(1) - run.length_m(0))
            <= settings.same_place_m + settings.length_tolerance * run.length_m(0)
            and not (other.tracks == run.tracks and _meet(other.spans[0], run.spans[0]))
        ]
        drawn = rng.choice(others, min(OTHERS, len(others)), replace=False) if others else []
        for j in (k, *(int(j) for j in drawn)):
            row = _row(matcher, (tracks[run.tracks[0]], tracks[runs[j].tracks[1]]), run, runs[j], play_m)
            if row is not None:
                yield Row(j == k, run.vehicles, *row)


def _meet(one: tuple[float, float], two: tuple[float, float]) -> bool:
    return min(one[1], two[1]) - max(one[0], two[0]) > -1


def _row(
    matcher: TrainMatcher, tracks: Any, one: Run, two: Run, play_m: float
) -> tuple[float, tuple[float, ...]] | None:
    spans = one.spans[0], two.spans[1]
    length = min(b - a for a, b in spans)
    where = (sum(spans[0]) / 2, sum(spans[1]) / 2, length)
    dates = (matcher.pair.earlier, matcher.pair.later)
    best = best_agreement(profiles_at(matcher, tracks, where), False, matcher.settings)
    looks = looks_of(dates, (tracks[0].line, tracks[1].line), where, matcher.scale, play_m=play_m)
    return None if best is None or looks is None else (best, looks.terms(best))


def weights(rows: list[Row]) -> np.ndarray:
    """Return what each row counts: the same and others alike, for each number of vehicles."""
    keys = [(r.same, r.vehicles) for r in rows]
    many = {key: keys.count(key) for key in set(keys)}
    return np.array([1 / many[key] for key in keys]) / len(many)


def calibrated(groups: list[list[Row]]) -> np.ndarray:
    """Return the weights that fit painted and real rows best, each group half; rows by drawing."""
    rng = np.random.default_rng(9)
    drawn = [g[k] for g in groups if g for k in rng.choice(len(g), 6000, p=weights(g))]
    x, y = np.array([r.terms for r in drawn]), np.array([float(r.same) for r in drawn])
    prior = np.array([10.0, *np.full(x.shape[1] - 1, 30.0)])
    return np.asarray(fit_logistic(x, y, np.zeros(x.shape[1]), prior)[0])


def report(rows: list[Row], fitted: np.ndarray) -> str:
    """Return how many are taken for the same, by pieces alone and by looks."""
    lines, sure = [], SETTINGS.change.moved_sure
    for count in (1, 2, 3):
        for same in (True, False):
            own = [r for r in rows if r.vehicles == count and r.same == same]
            if own:
                pieces = np.array([r.odds for r in own])
                looks = np.where(pieces > 0, np.array([r.terms for r in own]) @ fitted, pieces)
                lines.append(
                    f"  {count} vehicles, {'the same' if same else 'others  '} ({len(own)}): by pieces "
                    f"{np.mean(pieces > 0):.2f} above 0 and {np.mean(pieces > sure):.2f} above {sure}; "
                    f"with their looks {np.mean(looks > 0):.2f} and {np.mean(looks > sure):.2f}"
                )
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--yard", choices=YARDS, default="muttenz")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--standing", action="store_true")
    arguments = parser.parse_args()
    seeds = split_seeds(arguments.split)
    chosen = [seeds[k % len(seeds)] for k in range(arguments.first, arguments.first + arguments.seeds)]
    change, standing = SETTINGS.change, arguments.standing
    play_m = change.stands_play_m if standing else change.end_play_m
    groups = [
        [row for seed in chosen for row in painted(seed, play_m)],
        [row for look in LOOKS for row in real(arguments.yard, look, play_m)],
    ]
    fitted = np.array(change.stands_looks if standing else change.moved_looks)
    if arguments.calibrate:
        fitted = calibrated(groups)
        print("stands_looks:" if standing else "moved_looks:", tuple(fitted.round(2).tolist()))
    for name, rows in zip(("painted", arguments.yard), groups, strict=True):
        print(name, report(rows, fitted), sep="\n")


if __name__ == "__main__":
    main()
