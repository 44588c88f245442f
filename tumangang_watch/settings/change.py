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
    dark_quantile: float = 0.01
    """Share of a scene's clear ground that is darker than what path light is judged by (dark-object
    subtraction, Chavez 1988)."""
    dark_share: float = 0.9
    """Part of the darkest ground that is taken for path light: nothing is quite black."""
    tone_lift: float = 0.5
    """Share of usual ground added before logs are taken. Calibrated as `consist_colour_step`."""
    bare_share_min: float = 0.1
    """Least share of ground free of snow for it to say what is usual."""
    consist_colour_step: float = 0.25
    """Distance of two wagons' tones, in log units of `Light`, at which they are as likely one wagon as two.
    Calibrated by ``python benchmarks/change.py --split train``."""
    consist_colour_sd: float = 0.05
    """Distance over which those log-odds change by one. Calibrated as `consist_colour_step`."""
    cut_for_max: float = 1.5
    """Most that one cut of like wagons can say for a train: every fifth unrelated cut looks the same."""
    cut_against_max: float = 3.0
    """Most that one cut can say against it: one in twenty is misjudged (shade, snow, a changed load)."""
    half_wagon_m: float = 6.5
    """Length of the pieces in which looks are compared: half a wagon, so that couplings fall out."""
    common_light_max: float = 0.15
    """Greatest difference of light common to a whole train, in log reflectance, that is taken out: what
    normalisation leaves (methods.md 2.2)."""
    end_play_m: float = 3.0
    """Play for the ends of two trains that are laid on one another: the length error of both."""
    in_place_odds: float = 2.0
    """Log-odds, before any wagon is looked at, that a train of the same length in the same place is the
    same one: most stand for days."""
    moved_odds: float = 0.0
    """The same for a train elsewhere on the same track."""
    turned_odds: float = -2.5
    """Added for a train that would have been turned round."""
    other_track_odds: float = -3.5
    """The same for a train on another track: three cuts of wagons must agree before it is named."""
    part_odds: float = 0.0
    """The same for a longer or shorter train of which a part stands in the same place."""
    part_moved_odds: float = -3.0
    """Added for such a part that moved."""
    sure_consist: float = 0.9
    """Probability of one consist below which a change says that it could be another train."""
    same_wagons_odds: float = 2.5
    """Log-odds from which wagons seen in place on a date without a detection are there: two cuts agree."""
    observed_min: float = 0.6
    """Least clear share of a place on the other date for saying that something is new or gone."""
    cargo_overlap_min: float = 0.2
    """Two outlines are the same object when they share this part of the smaller one."""
    cargo_change_sure: float = 0.7
    """Least confidence in goods for saying that they appeared or went: on quiet validation pairs at 0.5 m
    every false one lay below 0.6 (``python benchmarks/accuracy.py --pairs 8 --gsd 0.5``)."""
    unmatched_confidence: float = 0.9
    """Factor on the confidence of a finding that rests on the absence of a match."""
    piece_m: float = 20.0
    """Length of track compared as one piece: a long wagon."""
    growth_low_min_m2: float = 60.0
    """Least lower bound of new ground for the grade ``detected``: a unit of 100 m2 (methods.md 2.7)
    less its edge of half a metre all round."""
