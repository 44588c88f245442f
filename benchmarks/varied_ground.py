"""False trains and recall of the reader of strips on ground of every kind (``training/varied_yard.py``).

``python -m training.varied_yard --first 1000000 --count 12 --kind dam --empty --folder E`` paints empty
yards of a kind, without ``--kind`` and ``--empty`` yards of any. ``python -m benchmarks.varied_ground
--banks E`` then prints by kind how many trains are told that are none, and what is found of those that
stand there.
``--weights FILE`` reads with other weights, ``--list`` names every false train. ``--null`` fits the null of
stretches of which the network is not sure, on banks of train seeds, for several bounds of sureness.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.trains import LEAST, matches, read_with
from training.strip_bank import BankScene, load
from tumangang_watch.detect.trains.find import FoundTrain, read_trains
from tumangang_watch.detect.trains.segments import WEAK
from tumangang_watch.settings.trains import TrainSettings

COUNTS = ("scenes", "km", "false", "possible", "found", "missed", "vehicles found", "false", "missed")


def false_trains(scene: BankScene, found: list[FoundTrain]) -> list[FoundTrain]:
    """Return the trains of a scene that lie on no true one by half of their length."""

    def covered(one: FoundTrain) -> float:
        spans = [
            (c["from_m"], c["to_m"])
            for t in scene.trains
            if t["track"] == one.track.id
            for c in [{"from_m": t["cars"][0]["from_m"], "to_m": t["cars"][-1]["to_m"]}]
        ]
        return sum(max(0.0, min(one.run.to_m, b) - max(one.run.from_m, a)) for a, b in spans)

    return [one for one in found if covered(one) < 0.5 * (one.run.to_m - one.run.from_m)]


def scored(scene: BankScene, settings: TrainSettings) -> tuple[np.ndarray, list[FoundTrain]]:
    """Return `COUNTS` of one scene, and its false trains."""
    every = [f for one in read_trains(list(scene.strips), scene.scene, settings) for f in one]
    sure = [f for f in every if f.false_alarms <= settings.false_alarms_detected]
    false = false_trains(scene, sure)
    doubtful = false_trains(scene, [f for f in every if f not in sure])
    km = sum(s.track.line.length for s in scene.strips) / 1000
    true = [(t["track"], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in scene.trains if t["cars"]]
    hits = len(matches([(f.track.id, f.run.from_m, f.run.to_m) for f in sure], true, LEAST))
    cars = [(t["track"], c["from_m"], c["to_m"]) for t in scene.trains for c in t["cars"]]
    seen = [(f.track.id, v.from_m, v.to_m) for f in sure for v in f.vehicles]
    right = len(matches(seen, cars, LEAST))
    row = (
        1,
        km,
        len(false),
        len(doubtful),
        hits,
        len(true) - hits,
        right,
        len(seen) - right,
        len(cars) - right,
    )
    return np.array(row, float), false


def null(folders: list[Path]) -> None:
    """Print the null of unsure stretches by what counts as unsure, and what it takes of true trains."""
    settings, rows, km = replace(TrainSettings(), unsure_log_odds=-np.inf), [], 0.0
    for path in (p for folder in folders for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            own_km = sum(s.track.line.length for s in scene.strips) / 1000
            found = [f for one in read_trains(list(scene.strips), scene.scene, settings) for f in one]
            false = {id(f) for f in false_trains(scene, found)}
            rows += [(f.run.log_odds, f.run.score, id(f) in false, own_km, f.false_alarms) for f in found]
            km += own_km
    odds, score, wrong, own_km, alarms = (np.array(v, float) for v in zip(*rows, strict=True))
    for least in (0.25, 0.5, 0.7, 1.0, 1.5):
        tail = score[(wrong > 0) & (odds < least) & (score >= WEAK[1])]
        scale = float(tail.mean()) - WEAK[1]
        rate = tail.size / km * float(np.exp(WEAK[1] / scale))
        expected = np.where(odds < least, own_km * rate * np.exp(-score / scale), 0.0)
        lost = (alarms <= settings.false_alarms_detected) & (expected > settings.false_alarms_detected)
        gone = [f"{int((lost & (wrong == k)).sum())} of {int((wrong == k).sum())}" for k in (1, 0)]
        print(
            f"unsure below {least}: {km:.0f} km, {tail.size} stretches, null_unsure_rate_km {rate:.2f}, "
            f"null_unsure_scale {scale:.1f}; no longer detected: {gone[0]} false, {gone[1]} true"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=Path, help="other weights of the reader of strips")
    parser.add_argument("--list", action="store_true", help="name every false train")
    parser.add_argument("--null", action="store_true", help="fit the null of unsure stretches")
    arguments = parser.parse_args()
    if arguments.weights:
        read_with(arguments.weights)
    if arguments.null:
        null(arguments.banks)
        return
    settings, total = TrainSettings(), defaultdict(lambda: np.zeros(len(COUNTS)))
    for path in (p for folder in arguments.banks for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            row, false = scored(scene, settings)
            classes = "finer than 0.55 m" if scene.scene.gsd_m < 0.55 else "coarser"
            for name in ("all", classes, *scene.facts.get("kinds", ())):
                total[name] += row
            for one in false if arguments.list else ():
                where = f"{one.track.id} {one.run.from_m:.0f}-{one.run.to_m:.0f} m, score {one.run.score:.0f}"
                print(f"{path.stem}: {where}, {scene.scene.gsd_m} m, {scene.facts.get('kinds')}")
    for name, row in total.items():
        scenes, km, false, doubtful, found, missed, *vehicles = row
        recall = [
            f"{a / max(a + b, 1):.3f} of {a + b:.0f}"
            for a, b in ((found, missed), (vehicles[0], vehicles[2]))
        ]
        precision = vehicles[0] / max(vehicles[0] + vehicles[1], 1)
        print(
            f"{name}: {scenes:.0f} scenes, {km:.1f} km; false trains {false:.0f} "
            f"({false / scenes:.3f} a scene), {doubtful:.0f} more possible; trains found {recall[0]}; "
            f"vehicles {recall[1]}, precision {precision:.3f}"
        )


if __name__ == "__main__":
    main()
