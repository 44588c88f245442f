"""How many trains like this one a scene's empty track would show by chance.

A contrario (Desolneux, Moisan and Morel 2000): a train counts when the expected number of false ones at least
as strong, over all track that the scene shows, is small. The null is empirical: the scores of what was found
on empty track fall off exponentially, with a rate a kilometre and a scale that are calibrated. A scene whose
own weak stretches are more than the null expects is noisier than usual, and its null is raised by that.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tumangang_watch.detect.train_runs import Run
    from tumangang_watch.settings.trains import TrainSettings

WEAK = (1.0, 4.0)
"""Scores between which a stretch tells how noisy a scene is: too weak for nearly every train."""


def false_alarms(score: float, track_km: float, noise: float, settings: TrainSettings) -> float:
    """Return the expected number of false trains of at least this score in a scene.

    Parameters
    ----------
    score : float
        Of the train (`Run.score`).
    track_km : float
        Length of all track that the scene shows.
    noise : float
        The scene's factor on the null (`noise_of`).
    settings : TrainSettings
    """
    return noise * track_km * settings.null_rate_km * exp(-score / settings.null_scale)


def noise_of(runs: list[Run], track_km: float, settings: TrainSettings) -> float:
    """Return by what factor a scene has more weak stretches than empty track usually shows, at least 1."""
    weak = sum(WEAK[0] <= run.score < WEAK[1] for run in runs)
    expected = false_alarms(WEAK[0], track_km, 1.0, settings) - false_alarms(WEAK[1], track_km, 1.0, settings)
    return max(1.0, (weak + 1) / (expected + 1))
