"""Judge what ``compare`` says became of trains whose fate was forced, on painted pairs.

``python -m benchmarks.fates --split test --pairs 10`` paints yards in which every train of eight wagons
stays, moves 40 m, is replaced in its place by eight others, or by fewer or more that stop at one of its ends,
loses or gains half of its wagons, is turned round, goes to another track, leaves or arrives; runs whole
``compare`` jobs on files, and prints the share of fates told right, with what was said instead. ``--quiet``
runs pairs without any change as well. ``--snow`` lets snow lie on the later date.
``--second`` judges pairs of the second painter instead (`yard_pairs`): strips and changes alone, without a
site fit, from seeds that no bank uses; a fourth of its trains are as bright as the bed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.yard_pairs import Stand, YardPair, yard_pair
from tumangang_watch.change.other_date import alike_in_place, overlap_m
from tumangang_watch.change.trains import compare_trains
from tumangang_watch.detect.occupancy import add_other_date
from tumangang_watch.detect.trains.find import detect_and_read
from tumangang_watch.errors import WatchError
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext, compare, open_pair
from tumangang_watch.preprocess.normalise import apply, normalise_pair
from tumangang_watch.scenes import SceneOptions
from tumangang_watch.settings import Settings
from tumangang_watch.settings.change import ChangeSettings
from tumangang_watch.simulate import Pair, Train, make_pair, split_seeds, truth
from tumangang_watch.simulate.traffic import COLOURS_OF, FREIGHT, FREIGHT_CHANCE, make_train
from tumangang_watch.simulate.world import shifted
from tumangang_watch.sites import load_site

FATES = (
    "stays",
    "moves",
    "replaced",
    "half goes",
    "half comes",
    "turned",
    "other track",
    "leaves",
    "arrives",
    "more replace fewer",
    "fewer replace more",
)
WANTED: dict[str, tuple[str, ...]] = {
    "stays": ("unchanged",),
    "moves": ("moved",),
    "replaced": ("appeared", "disappeared"),
    "half goes": ("shrunk",),
    "half comes": ("grown",),
    "turned": ("moved",),
    "other track": ("moved",),
    "leaves": ("disappeared",),
    "arrives": ("appeared",),
    "more replace fewer": ("appeared", "disappeared"),
    "fewer replace more": ("appeared", "disappeared"),
}
"""Changes, sorted, that a report should state for the trains of each fate."""

GROWS = ("half comes", "arrives", "more replace fewer")
"""Fates whose longer train stands on the later date."""


@dataclass(frozen=True)
class Case:
    """One train's fate on two dates."""

    fate: str
    earlier: Train | Stand | None
    later: Train | Stand | None


def cuts(rng: Any, wagons: int = 8) -> list[tuple[str, str]]:
    """Draw a consist of cuts of like wagons with at least two changes of look."""
    while True:
        kinds: list[tuple[str, str]] = []
        while len(kinds) < wagons:
            kind = str(rng.choice(FREIGHT, p=FREIGHT_CHANCE))
            colour = str(rng.choice(COLOURS_OF[kind]))
            kinds += [(kind, colour)] * int(rng.integers(1, 4))
        if sum(a != b for a, b in pairwise(kinds[:wagons])) >= 2:
            return kinds[:wagons]


def turned(train: Train) -> Train:
    """Return a train turned round in its place."""
    total = train.from_m + train.to_m
    cars = [replace(c, from_m=total - c.to_m, to_m=total - c.from_m) for c in reversed(train.cars)]
    return replace(train, cars=tuple(cars))


def forced(pair: Pair, fates: tuple[str, ...]) -> tuple[Pair, list[Case]]:
    """Return a pair whose trains have these fates, one a track, and the cases."""
    rng = np.random.default_rng([pair.seed, 71])
    tracks = sorted(pair.world.site.tracks, key=lambda t: t.line.length, reverse=True)
    cases: list[Case] = []
    for fate in fates:
        if not tracks:
            break
        track = tracks.pop(0)
        train = make_train(track.id, 0.0, cuts(rng), rng)
        room = track.line.length - 20 - train.to_m
        if room < 45:
            continue
        train = shifted(train, 10 + float(rng.uniform(0, room - 40)))
        other: Train | None = train
        if fate == "moves":
            other = shifted(train, 40.0)
        elif fate == "replaced":
            other = make_train(track.id, train.from_m - 0.55, cuts(rng), rng)
        elif fate in ("more replace fewer", "fewer replace more"):
            other = make_train(track.id, 0.0, cuts(rng)[: 3 + int(rng.integers(3))], rng)
            other = shifted(other, train.from_m - other.from_m)
        elif fate in ("half goes", "half comes"):
            half = len(train.cars) // 2
            other = replace(train, cars=train.cars[:half] if rng.random() < 0.5 else train.cars[half:])
        elif fate == "turned":
            other = turned(train)
        elif fate == "other track":
            if not tracks:
                break
            other = replace(train, track=tracks.pop(0).id)
        elif fate in ("leaves", "arrives"):
            other = None
        first, second = (other, train) if fate in GROWS else (train, other)
        cases.append(Case(fate, first, second))
    days = tuple(
        replace(day, trains=tuple(t for c in cases if (t := getattr(c, name)) is not None))
        for day, name in zip(pair.days, ("earlier", "later"), strict=True)
    )
    both = replace(pair, days=days, truth=truth(pair.world, *days, pair.sensors))
    return both, cases


def run(pair: Pair) -> Comparison:
    """Write a pair as files and compare them."""
    with tempfile.TemporaryDirectory() as folder:
        first, second, site, _ = pair.write(Path(folder))
        settings = Settings().with_trials(False)
        scenes = open_pair((first, second), (SceneOptions(), SceneOptions()), settings)
        return compare(*scenes, RunContext(load_site(site), settings))


def in_one_light(pair: YardPair, settings: Settings) -> tuple[Observation, Observation]:
    """Return the dates of a pair, the later one in the light of the earlier."""
    one, two = pair.dates
    clear = one.quality.clear & two.quality.clear
    light = normalise_pair(one.raster, two.raster, clear, None, settings.normalise)
    image = apply(light, two.image)
    return one, replace(two, image=image, raster=image.on_grid(two.raster.grid))


def compare_yards(pair: YardPair) -> Any:
    """Read the trains of two dates in one frame and light, and say what became of them."""
    settings = Settings()
    dates = in_one_light(pair, settings)
    found, tracks = zip(
        *(detect_and_read(d, pair.site, settings.trains, dates[1 - k]) for k, d in enumerate(dates)),
        strict=True,
    )
    trains = tuple(t for k in (0, 1) for t in add_other_date(found[k], tracks[1 - k], settings.history))
    findings = compare_trains(DatePair(*dates), pair.site, trains, settings.change)
    return SimpleNamespace(earlier=dates[0], later=dates[1], detections=trains, findings=findings)


def said(comparison: Comparison, case: Case) -> list[Finding]:
    """Return the train findings that concern a case: by track and place on either date."""
    detections = {d.id: d for d in comparison.detections}
    out = []
    for finding in comparison.findings:
        if finding.kind != "train":
            continue
        for key, train in ((finding.earlier, case.earlier), (finding.later, case.later)):
            d = detections.get(key) if key else None
            if d is None or train is None or d.track != train.track:
                continue
            if min(d.to_m, train.to_m) - max(d.from_m, train.from_m) > 6:
                out.append(finding)
                break
    return out


def alike_of(comparison: Any, case: Case, site: Site) -> float | None:
    """Return how alike the pixels are that a train of one track covers on both dates (`alike_in_place`)."""
    by_id = {d.id: d for d in comparison.detections}
    tracks = {t.id: t for t in site.tracks}
    for found in said(comparison, case):
        one, two = by_id.get(found.earlier or ""), by_id.get(found.later or "")
        if one and two and one.track == two.track and overlap_m(one, two) >= ChangeSettings().same_place_m:
            pair = DatePair(comparison.earlier, comparison.later)
            return alike_in_place(pair, tracks[one.track], (one, two))
    return None


def fates_of(seed: int) -> tuple[str, ...]:
    """Return four fates, in turn from seed to seed."""
    return tuple(FATES[(seed * 4 + k) % len(FATES)] for k in range(4))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--quiet", type=int, default=0, help="pairs without any change")
    parser.add_argument("--snow", action="store_true", help="snow of any depth lies on the later date")
    parser.add_argument("--second", action="store_true", help="pairs of the second painter")
    arguments = parser.parse_args()
    told: dict[str, Counter[str]] = defaultdict(Counter)
    alike: dict[str, list[float]] = {"moves": [], "stays": []}
    for seed in split_seeds(arguments.split)[: arguments.pairs]:
        try:
            if arguments.second:
                yard = yard_pair(seed, arguments.gsd, fates_of(seed))
                comparison, cases = compare_yards(yard), [Case(*case) for case in yard.cases]
            else:
                snow = 0.2 + 0.8 * (seed * 7 % 10) / 9 if arguments.snow else None
                made = make_pair(seed, arguments.gsd, tracks=5, length_m=420.0, snow=snow)
                pair, cases = forced(made, fates_of(seed))
                comparison = run(pair)
        except WatchError as error:
            print(f"{seed}: refused: {error}")
            continue
        for case in cases:
            if arguments.second and case.fate in alike:
                same = alike_of(comparison, case, yard.site)
                alike[case.fate] += [] if same is None else [same]
            words = sorted(
                f.change if f.grade == "detected" or f.change == "unchanged" else f"possibly {f.change}"
                for f in said(comparison, case)
            )
            right = tuple(words) == WANTED[case.fate]
            told[case.fate]["right" if right else ", ".join(words) or "nothing"] += 1
            if not right:
                print(f"{seed} {case.fate}:", *(f.statement for f in said(comparison, case)), sep="\n    ")
    for fate in FATES:
        total, right = sum(told[fate].values()), told[fate].pop("right", 0)
        print(f"{fate:14}{right:4} of {total:3}   {dict(told[fate])}")
    for fate, values in alike.items():
        if values:
            shown = ", ".join(f"{v:.2f}" for v in sorted(values))
            print(f"pixels of a train that {fate}, in the place of both dates: {shown}")
    false = []
    for seed in split_seeds(arguments.split)[1000 : 1000 + arguments.quiet]:
        options: dict[str, Any] = {"no_change": True, "season_change": seed % 3 == 0, "trains": (2, 5)}
        try:
            if arguments.second:
                found = compare_yards(yard_pair(seed, arguments.gsd)).findings
            else:
                found = run(make_pair(seed, arguments.gsd, tracks=5, length_m=420.0, **options)).findings
        except WatchError as error:
            print(f"{seed}: refused: {error}")
            continue
        wrong = [f for f in found if f.kind == "train" and f.change != "unchanged" and f.grade == "detected"]
        false.append(len(wrong))
        for f in wrong:
            print(f"{seed} quiet: {f.statement}")
    if false:
        print(f"quiet pairs: {sum(false)} false train findings in {len(false)}")


if __name__ == "__main__":
    main()
