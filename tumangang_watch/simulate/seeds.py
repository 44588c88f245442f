"""Which seeds are for training, which for validation and which for the final score, in one place."""

from __future__ import annotations

from typing import Literal

SplitName = Literal["train", "validation", "test"]
SPLITS: dict[SplitName, range] = {
    "train": range(10_000),
    "validation": range(10_000, 20_000),
    "test": range(20_000, 30_000),
}
"""Disjoint ranges. Thresholds are calibrated on ``train`` and chosen between on ``validation``;
``test`` only ever gives the figures that are published."""


def split_seeds(kind: SplitName) -> range:
    """Return the seeds of one split.

    Parameters
    ----------
    kind : {"train", "validation", "test"}
        Which split.

    Returns
    -------
    range
        Take as many as are needed from its start: ``split_seeds("train")[:20]``.
    """
    return SPLITS[kind]
