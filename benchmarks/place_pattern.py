"""How alike are the pixels of two dates in the place of a train that stands, and of one that came or went?

``python -m benchmarks.place_pattern --seeds 20`` paints pairs of the second painter (train seeds, from 3000)
in which trains stay, leave and arrive, takes trains of one to four vehicles out of the labelled real yard
beside the checkout with bare track of the same picture (as `benchmarks.real_changes` does) in each of its
lights, and prints quantiles of the correlation (`profiles.pixel_similarity`) over each whole train.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.displaced import IMAGERY, YARDS, yard_of
from benchmarks.fates import in_one_light
from benchmarks.moved_looks import GSD_M, SETTINGS
from benchmarks.real_changes import canvas_of, joined, written
from benchmarks.real_pairs import LOOKS, compared, seen_again
from benchmarks.yard_pairs import yard_pair
from tumangang_watch.change.profiles import body_place, pixel_similarity
from tumangang_watch.simulate import split_seeds

FATES = ("stays", "leaves", "arrives", "leaves")
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
Found = dict[str, list[float]]


def painted(seed: int, found: Found) -> None:
    """Add the trains of one painted pair."""
    pair = yard_pair(seed, GSD_M[seed % len(GSD_M)], FATES)
    tracks = {t.id: t.line for t in pair.site.tracks}
    earlier, later = in_one_light(pair, SETTINGS)
    for fate, before, after in pair.cases:
        train = before or after
        if train is not None:
            place = body_place(tracks[train.track], train.cars[0]["from_m"], train.cars[-1]["to_m"])
            alike = pixel_similarity(earlier, later, place)
            found["painted: " + ("stands" if fate == "stays" else "came or went")] += [alike] if alike else []


def real(name: str, look: str, number: int, found: Found) -> None:
    """Add the trains of a real yard, every second one of the short ones taken out on the later date."""
    folder, stem = YARDS[name]
    site, canvas = yard_of(IMAGERY / folder).site, canvas_of(name)
    lines, values, gone = {t.id: t.line for t in site.tracks}, canvas.values, set()
    for k in range(number % 2, len(canvas.trains), 2):
        by = None
        if 0 < len(canvas.trains[k]) <= 4:
            run = joined(canvas.trains[k])
            by = canvas.bare(run)
        if by is not None:
            values = canvas.copied(values, canvas.place(canvas.line(run)), by)
            gone.add(k)
    source = IMAGERY / folder / f"{stem}.tif"
    with tempfile.TemporaryDirectory() as space:
        other = written(source, values, Path(space))
        later = seen_again(other, Path(space) / "again", look, np.random.default_rng([6, number]))
        done = compared((source, later), site)
    for k, train in enumerate(canvas.trains):
        if train:
            run = joined(train)
            place = body_place(lines[run.track], *canvas.span_m(run))
            alike = pixel_similarity(done.earlier, done.later, place)
            found[f"{name}: " + ("came or went" if k in gone else "stands")] += [alike] if alike else []


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--yard", choices=YARDS, default="muttenz")
    arguments = parser.parse_args()
    seeds, found = split_seeds("train"), defaultdict(list)
    for k in range(arguments.first, arguments.first + arguments.seeds):
        painted(seeds[k % len(seeds)], found)
    for number, look in enumerate(LOOKS):
        real(arguments.yard, look, number, found)
    least = SETTINGS.change.place_pattern_min
    print("quantiles", QUANTILES, f"and how many reach {least}")
    for name, values in sorted(found.items()):
        reach = int(np.sum(np.array(values) >= least))
        print(f"{name} ({len(values)}):", np.quantile(values, QUANTILES).round(2).tolist(), reach)


if __name__ == "__main__":
    main()
