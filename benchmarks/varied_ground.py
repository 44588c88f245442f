"""False trains and recall of the reader of strips on ground of every kind (``training/varied_yard.py``).

``python -m training.varied_yard --first 1000000 --count 12 --kind dam --empty --folder E`` paints empty
yards of a kind, without ``--kind`` and ``--empty`` yards of any. ``python -m benchmarks.varied_ground
--banks E`` then prints by kind how many trains are told that are none, and what is found of those that
stand there.
``--weights FILE`` reads with other weights, ``--list`` names every false train. ``--calibrate`` fits the
probability of a train to banks of train seeds that neither reader was fitted on, and without it the tables
say how well that probability is calibrated.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu

from benchmarks.train_accuracy import calibration_error
from benchmarks.trains import LEAST, matches, read_with
from training.strip_bank import BankScene, load
from tumangang_watch.detect.trains.find import FoundTrain, read_trains
from tumangang_watch.detect.trains.segments import WEAK, cues_of
from tumangang_watch.detectability.rates import fit_logistic
from tumangang_watch.settings.trains import TrainSettings

PRIOR_SD = 10**0.5
"""Of each weight of a train's probability, about 0."""
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


@dataclass(frozen=True)
class Scored:
    """What was read of one scene."""

    counts: np.ndarray
    """By `COUNTS`."""
    false: list[FoundTrain]
    said: list[tuple[float, bool]]
    """Of every train told or possible: its probability, and whether one stands there."""


def scored(scene: BankScene, settings: TrainSettings) -> Scored:
    """Judge what is read of one scene."""
    every = [f for one in read_trains(list(scene.strips), scene.scene, settings) for f in one]
    sure = [f for f in every if f.detected(settings)]
    false = false_trains(scene, sure)
    doubtful = false_trains(scene, [f for f in every if not f.detected(settings)])
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
    wrong = {id(f) for f in (*false, *doubtful)}
    return Scored(np.array(row, float), false, [(f.confidence, id(f) not in wrong) for f in every])


def stretches(folders: list[Path]) -> list[tuple[FoundTrain, bool]]:
    """Return every stretch of banks that the reader finds, however doubtful, and whether it is a train."""
    settings, out = replace(TrainSettings(), false_alarms_possible=np.inf), []
    for path in (p for folder in folders for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            found = [f for one in read_trains(list(scene.strips), scene.scene, settings) for f in one]
            found = [f for f in found if f.run.score >= WEAK[0]]
            false = {id(f) for f in false_trains(scene, found)}
            out += [(f, id(f) not in false) for f in found]
    return out


def fit(cues: np.ndarray, true: np.ndarray, name: str) -> None:
    """Print the logistic fit of a train's probability to cues (stretches, k), and how well it parts them."""
    none = np.zeros(cues.shape[1])
    w, covariance = fit_logistic(cues, true, none, none + PRIOR_SD)
    odds = cues @ w
    area = mannwhitneyu(odds[true > 0], odds[true == 0]).statistic / (true.sum() * (1 - true).sum())
    print(f"{name}: {np.round(w, 2).tolist()}, area under the curve {area:.3f}")
    print(f"  standard errors {np.round(np.sqrt(np.diag(covariance)), 2).tolist()}")


def calibrate(folders: list[Path]) -> None:
    """Print the logistic fit of a train's probability, and that of the score alone beside it."""
    found = stretches(folders)
    x, y = np.array([cues_of(f.run) for f, _ in found]), np.array([true for _, true in found], float)
    print(f"{y.size} stretches of score {WEAK[0]} and more, {y.sum():.0f} of them trains")
    fit(x[:, :2], y, "score alone")
    fit(x, y, "confidence_weights")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=Path, help="other weights of the reader of strips")
    parser.add_argument("--list", action="store_true", help="name every false train")
    parser.add_argument("--calibrate", action="store_true", help="fit the probability of a train")
    arguments = parser.parse_args()
    if arguments.weights:
        read_with(arguments.weights)
    if arguments.calibrate:
        calibrate(arguments.banks)
        return
    settings, said = TrainSettings(), list[tuple[float, bool]]()
    total: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(COUNTS)))
    for path in (p for folder in arguments.banks for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            one_scene = scored(scene, settings)
            said += one_scene.said
            classes = "finer than 0.55 m" if scene.scene.gsd_m < 0.55 else "coarser"
            for name in ("all", classes, *scene.facts.get("kinds", ())):
                total[name] += one_scene.counts
            for one in one_scene.false if arguments.list else ():
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
    if said:
        off = calibration_error(said)
        print(f"calibration error of a train's probability {off:.3f}, {len(said)} trains and others")


if __name__ == "__main__":
    main()
