"""Settings for deciding what changed between two dates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChangeSettings:
    """Named numbers for matching the detections of two dates."""

    same_place_m: float = 4.0
    """Ends of a train that differ by less are the same place: length error at 0.5-1 m GSD is
    about 1-2 m at each end (methods.md 2.4)."""
    moved_at_least_m: float = 6.0
    """A train has moved when it shifted by more than this: twice the end error plus the largest
    registration error that still counts as degraded."""
    length_tolerance: float = 0.06
    """Two lengths of one train may differ by this share besides `same_place_m`."""
    same_pixels_min: float = 0.40
    """Correlation of the pixels in one place on two dates from which it shows the same thing.
    Calibrated by ``python benchmarks/change.py --split train``."""
    consist_colour_step: float = 0.30
    """Distance of two cars' colours, in log reflectance, from which they are different cars.
    Calibrated by ``python benchmarks/change.py --split train``."""
    consist_different_share: float = 0.34
    """Share of cars that must differ for another consist: one car of three, three of eight."""
    observed_min: float = 0.6
    """Least clear share of a place on the other date for saying that something is new or gone."""
    cargo_overlap_min: float = 0.2
    """Two outlines are the same object when they share this part of the smaller one."""
    cargo_change_sure: float = 0.7
    """Least confidence in goods for saying that they appeared or went: on quiet validation pairs at 0.5 m
    every false one lay below 0.6 (``python benchmarks/accuracy.py --pairs 8 --gsd 0.5``)."""
    unmatched_confidence: float = 0.9
    """Factor on the confidence of a finding that rests on the absence of a match."""
    few_cars: int = 2
    """With so few cars one misjudged colour would make another train of it."""
    few_cars_step: float = 0.55
    """`consist_colour_step` for trains of few cars, where no common change of light can be taken out:
    90 % of unchanged cars lie below 0.68 unnormalised, half of other cars above 0.54
    (``python benchmarks/change.py --split train``)."""
    piece_m: float = 20.0
    """Length of track compared as one piece: a long wagon."""
    growth_low_min_m2: float = 60.0
    """Least lower bound of new ground for the grade ``detected``: a unit of 100 m2 (methods.md 2.7)
    less its edge of half a metre all round."""
