"""Fit how likely a train stands on a bridge that the site knows, and say how well that holds.

The reader of strips alone speaks there; the second reader met no such view. ``python -m training.strip_bank
--bridges --split validation --first 200 --count 140 --folder C`` and ``python -m training.bridge_painter
--first 5000 --count 280 --folder D`` paint bridges of both painters, empty and with a train. ``python -m
benchmarks.bridge_confidence fit --banks C D`` prints `TrainSettings.confidence_on_bridges`; ``table --banks
C D`` says how often trains of each confidence were there, with the settings as they are.
"""

from __future__ import annotations

import argparse
import itertools
from math import inf, isinf
from pathlib import Path

import numpy as np

from benchmarks.reliability import calibration_error, chance_error
from benchmarks.varied_ground import fit, stretches
from tumangang_watch.detect.trains.find import FoundTrain
from tumangang_watch.detect.trains.segments import WEAK, cues_of
from tumangang_watch.settings.trains import TrainSettings

BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Bounds of the table's rows of stated confidence."""


def on_bridges(folders: list[Path]) -> list[tuple[FoundTrain, bool]]:
    """Return the stretches that the second reader says nothing of, and whether each is a train."""
    return [(f, true) for f, true in stretches(folders) if isinf(f.run.second_log_odds)]


def table(found: list[tuple[FoundTrain, bool]], settings: TrainSettings) -> None:
    """Print how often trains of each confidence were there, of all that a report would tell."""
    told = [(f, true) for f, true in found if f.false_alarms <= settings.false_alarms_possible]
    said = np.array([f.confidence for f, _ in told])
    true = np.array([true for _, true in told], bool)
    sure = np.array([f.detected(settings) for f, _ in told], bool)
    print(
        f"{said.size} trains told on bridges, {true.sum()} there; calibration error "
        f"{calibration_error(said, true):.3f} ({chance_error(said):.3f} by chance); detected "
        f"{(sure & true).sum()} and {(sure & ~true).sum()} that are none"
    )
    for low, high in itertools.pairwise(BINS):
        part = (said >= low) & (said < (high if high < 1 else inf))
        if part.any():
            print(
                f"  {low} to {high}: said {said[part].mean():.2f}, "
                f"true {true[part].mean():.2f} of {part.sum()}"
            )


def main() -> None:
    """Fit or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit", "table"))
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    found = on_bridges(arguments.banks)
    if arguments.what == "table":
        table(found, TrainSettings())
        return
    cues = np.array([cues_of(f.run)[:2] for f, _ in found])
    true = np.array([true for _, true in found], float)
    print(f"{true.size} stretches of score {WEAK[0]} and more, {true.sum():.0f} of them trains")
    fit(cues, true, "confidence_on_bridges")


if __name__ == "__main__":
    main()
