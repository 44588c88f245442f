"""Count which painted trains the reader of track groups misses, and how far each came.

``python -m benchmarks.group_misses --split validation --first 400 --pairs 20 --gsd 2.5 3`` paints the scenes
of ``benchmarks.limits --groups`` and prints, by pixel size and kind of train, how many are `detected`, only
`possible`, proposed with less confidence still, or not proposed at all. A train is of several kinds.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.group_confidence import Proposed
from benchmarks.limits import JITTER, matches, painted_at, pair_of, seen
from tumangang_watch.detect.coarse.find import confidence_of, runs_of
from tumangang_watch.detect.coarse.infer import read_groups
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.simulate import split_seeds

if TYPE_CHECKING:
    from tumangang_watch.simulate.world import Train

CAME = ("detected", "possible", "below possible", "not proposed")
DARK = {"black", "brown", "grey", "green", "red", "blue"}
"""Paints no brighter than ballast."""
LOW = {"flat"}
BESIDE_M = 7.0
"""Trains whose tracks lie this near stand side by side."""


def kinds_of(train: Train, day: Any, site: Any) -> list[str]:
    """Return the kinds a painted train is of."""
    lines = {t.id: t.line for t in site.tracks}
    cars, number = train.cars, len(train.cars)
    own = lines[train.track]
    beside = any(
        other is not train
        and lines[other.track].distance(own.interpolate((train.from_m + train.to_m) / 2)) < BESIDE_M
        and min(other.to_m, train.to_m) > max(other.from_m, train.from_m)
        for other in day.trains
    )
    end = min(train.from_m, own.length - train.to_m) < 10
    vehicles = "1 vehicle" if number == 1 else "2 vehicles" if number == 2 else "3 and more"
    return [
        "all",
        vehicles,
        "snow" if day.snow_cover > 0 else "no snow",
        "beside another" if beside else "alone",
        "at a track's end" if end else "amid its track",
        "dark" if all(c.colour in DARK for c in cars) else "with bright vehicles",
        *(["flats"] if all(c.type in LOW for c in cars) else []),
    ]


def came(date: Any, day: Any, site: Any, settings: GroupSettings) -> list[str]:
    """Return for every train of a day how far the reader came."""
    judged = read_groups(date, list(site.tracks), settings)
    found = [run for part in judged for run in runs_of(part, settings)]
    sure = [confidence_of(run.cues, True, settings) for run in found]
    spans = [Proposed(run.track.id, run.from_m, run.to_m) for run in found]
    of = {j: i for i, j in matches(spans, day, site, settings.apart_px * date.image.gsd_m)}
    out = []
    for j in range(len(day.trains)):
        stated = sure[of[j]] if j in of else -1.0
        bounds = (settings.confidence_detected, settings.confidence_possible, 0.0)
        out.append(CAME[next((k for k, bound in enumerate(bounds) if stated >= bound), 3)])
    return out


def main() -> None:
    """Paint, read and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=400, help="first seed of the split")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--gsd", type=float, nargs="+", default=[2.5, 3.0])
    arguments = parser.parse_args()
    settings, counts = GroupSettings(), defaultdict[tuple[float, str], Counter[str]](Counter)
    for seed in split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]:
        pair = pair_of(seed, arguments.gsd[0], False)
        for gsd_m, views in zip(arguments.gsd, painted_at(pair, arguments.gsd), strict=True):
            for which, view in enumerate(views):
                day = pair.days[which]
                date = seen(pair, which, view, JITTER * gsd_m)
                for train, how in zip(day.trains, came(date, day, pair.world.site, settings), strict=True):
                    for kind in kinds_of(train, day, pair.world.site):
                        counts[gsd_m, kind][how] += 1
    for (gsd_m, kind), row in sorted(counts.items()):
        told = ", ".join(f"{row[how]} {how}" for how in CAME)
        print(f"{gsd_m} m, {kind}: {row.total()} trains; {told}")


if __name__ == "__main__":
    main()
