"""Settings for recognising a train again at another date or place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SameTrainSettings:
    """Named numbers for comparing two consists as sequences."""

    colour_wrong: float = 0.10
    """Share of vehicles whose colour reading says nothing of their colour, kept apart from the reading's
    own probabilities: shade, a changed load, snow.
    Assumed, not measured on detections; `tail_offset_bits` is calibrated with it."""
    colour_near: float = 0.12
    """Probability that a named colour stands for a neighbour (grey for light grey, red for brown), where
    the reading gives a name without probabilities. Assumed, as `colour_wrong`."""
    type_wrong: float = 0.12
    """Share of vehicles whose type reading says nothing. Assumed, as `colour_wrong`."""
    type_named: float = 0.85
    """Probability that a named type is right, where the reading gives no probabilities.
    Assumed, as `colour_wrong`."""
    length_sd_m: float = 0.7
    """Spread of a measured vehicle's length about the true one at 0.5 m GSD: 0.5-1 m (methods.md 2.5)."""
    length_wrong: float = 0.15
    """Share of vehicles whose measured length says nothing: a coupling missed or seen in a body."""
    length_range_m: tuple[float, float] = (8.0, 30.0)
    """A vehicle measured outside of it has no usable length."""
    stay_prior: tuple[float, float] = (3.0, 1.5)
    """Weights of a wagon like / unlike the one before it, before a train is looked at: cuts of about
    three, with room for the stay of .5 to .92 of methods.md 2.5."""
    hue_prior: tuple[float, float] = (2.0, 1.0)
    """The same for the colour within a cut of one type."""
    mix_weight: float = 3.0
    """Wagon looks counted as seen before, spread over all looks. A small number learns a train's own
    mixture of wagons quickly. Assumed; `tail_offset_bits` is calibrated with it."""
    learn_rounds: int = 4
    """Rounds of expectation-maximisation for a pair's own mixture and cuts."""
    gap_open: float = 0.03
    """Probability after each matched vehicle that one was added, dropped or hidden on one date."""
    gap_more: float = 0.4
    """Probability that such a gap goes on by another vehicle."""
    ends_whole: float = 0.5
    """Prior that the common part starts (or ends) with both trains; the rest is spread over
    cuts taken from one of them."""
    ends_one: float = 0.4
    """Prior that it starts (or ends) with one of them, anywhere in the other."""
    reversed_prior: float = 0.5
    """Prior that the train runs the other way round."""
    tail_offset_bits: float = 7.0
    """``-log2 p = offset + bits`` bounds unrelated trains; it lies below the worst of 36 kinds of them (stay
    .5 to .92, four mixtures of colours, three qualities of reading; 43 200 pairs).
    Calibrated by ``python benchmarks/same_train.py tail --split train --pairs 1200``."""
    tail_from_bits: float = 3.0
    """From here on the tail holds; from 0 bits, where p is 1, to here p falls evenly: trains of one colour
    reach 0 bits in every comparison."""
    likely_e: float = 0.01
    """Greatest E-value for "likely the same" (methods.md 2.5)."""
    likely_p: float = 0.001
    """Greatest false-match probability of one comparison for it: the figure the product is held to."""
    likely_cars: int = 12
    """Least number of aligned vehicles for it: the train whose recognition is promised."""
    likely_changes: int = 4
    """Least number of colour changes among them."""
    consistent_e: float = 0.1
    """Greatest E-value for "consistent with"."""
    consistent_cars: int = 5
    """Least number of aligned vehicles for it."""
    consistent_changes: int = 2
    """Least number of colour changes among them: trains of one colour never qualify."""
