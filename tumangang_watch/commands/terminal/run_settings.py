"""What a user says of a run."""

from __future__ import annotations

from tumangang_watch.settings import Settings


def run_settings(detectability: bool) -> Settings:
    """Return the settings of a run, with or without trials of what could have been missed."""
    return Settings().with_trials(detectability)


def time_limit_s(asked: int | None) -> float:
    """Return how long reading and measuring may take: as asked for, or as long as a scene may in `watch`."""
    return Settings().watch.scene_limit_s if asked is None else float(asked)
