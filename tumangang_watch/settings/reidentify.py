"""Settings for recognising a train again at another date or place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SameTrainSettings:
    """Named numbers for comparing two consists as sequences."""

    colour_wrong: float = 0.10
    """Share of vehicles whose colour reading says nothing of their colour, whatever its own probabilities:
    shade, a changed load, snow. Assumed; `tail_offset_bits` is calibrated with it."""
    colour_near: float = 0.12
    """Probability that a named colour stands for a neighbour (grey for light grey, red for brown), where
    the reading gives a name without probabilities. Assumed, as `colour_wrong`."""
    type_wrong: float = 0.12
    """Share of vehicles whose type reading says nothing. Assumed, as `colour_wrong`."""
    type_named: float = 0.85
    """Probability that a named type is right, where the reading gives none. Assumed, as `colour_wrong`."""
    length_sd_m: float = 0.7
    """Spread of a measured length at 0.5 m GSD: 0.5-1 m (docs/sources.md, the same train)."""
    length_wrong: float = 0.15
    """Share of vehicles whose measured length says nothing: a coupling missed or seen in a body."""
    length_range_m: tuple[float, float] = (8.0, 30.0)
    """A vehicle measured outside of it has no usable length."""
    stay_prior: tuple[float, float] = (3.0, 1.5)
    """Weights of a vehicle like / unlike the one before it, before a train is looked at: cuts of about
    three, with room for the stay of .5 to .92 (docs/sources.md, the same train)."""
    colour_prior: tuple[float, float] = (2.0, 1.0)
    """The same for the colour within a cut of one type."""
    mix_weight: float = 3.0
    """Vehicles counted as seen before, spread over all appearances: few, so that a train's own mixture is
    learnt quickly. Assumed; `tail_offset_bits` is calibrated with it."""
    learn_rounds: int = 4
    """Rounds of expectation-maximisation for a pair's own mixture and cuts."""
    gap_open: float = 0.03
    """Probability after each matched vehicle that one was added, dropped or hidden on one date."""
    gap_more: float = 0.4
    """Probability that such a gap goes on by another vehicle."""
    ends_whole: float = 0.5
    """Prior that the common part starts (or ends) with both trains; the rest is spread over cuts of one."""
    ends_one: float = 0.4
    """Prior that it starts (or ends) with one of them, anywhere in the other."""
    reversed_prior: float = 0.5
    """Prior that the train runs the other way round."""
    tail_offset_bits: float = 7.0
    """``-log2 p = offset + bits`` bounds unrelated trains; it lies below the worst of 36 kinds of them (stay
    .5 to .92, four mixtures of colours, three qualities of reading; 43 200 pairs).
    Calibrated by ``python -m benchmarks.same_train tail --split train --pairs 1200``."""
    tail_from_bits: float = 3.0
    """From here on the tail holds; from 0 bits, where p is 1, to here p falls evenly: trains of one colour
    reach 0 bits in every comparison."""
    likely_e: float = 0.01
    """Largest E-value for "likely the same" (docs/sources.md, the same train)."""
    likely_p: float = 0.001
    """Largest false-match probability of one comparison for it: the figure the product is held to."""
    likely_cars: int = 12
    """Smallest number of aligned vehicles for it: the train whose recognition is promised."""
    likely_changes: int = 4
    """Smallest number of colour changes among them."""
    consistent_e: float = 0.1
    """Largest E-value for "consistent with"."""
    consistent_cars: int = 5
    """Smallest number of aligned vehicles for it."""
    consistent_changes: int = 2
    """Smallest number of colour changes among them: trains of one colour never qualify."""


@dataclass(frozen=True, kw_only=True)
class JourneySettings:
    """Named numbers for `trains`."""

    max_expected_false: float = 0.1
    """Matches that unrelated trains may be expected to give over the whole record, all comparisons counted:
    one record in ten has a false one. As `SameTrainSettings.consistent_e`."""
    sure_share: float = 0.1
    """"Same train" needs an E-value this much smaller: 0.01 (docs/sources.md, the same train)."""
    within_days: float = 60.0
    """Trains further apart in time are not compared: wagons are marshalled anew, and each comparison makes
    every other match less sure. Assumed; a user may set it."""
    max_speed_kmh: float = 90.0
    """No goods train is faster on these lines; the straight line between two places is its shortest way."""
    same_place_m: float = 15.0
    """A train whose middle shifted at most so far may be the one that stood there (as in `series`)."""
    same_length: float = 0.1
    """Two lengths of one train differ at most by this share and 7.5 m (as in `series`)."""
    shown_share: float = 0.5
    """A date bounds a stay when it shows at least this part of the train's place (as in `series`)."""
    shown_area: float = 0.9
    """The same for a train on no known track: the share of the area that was seen."""
    coarse_m: float = 1.5
    """From this resolution on a date that shows no train does not end a stay: too many are missed there
    (F1 0.78 at 3 m, README), and the track may be its neighbour."""
    different_bits: float = -13.0
    """With fewer bits two consists are different trains. Calibrated: of trains seen twice at most one in a
    thousand falls below in any of 45 kinds (``python -m benchmarks.trains_again different``)."""
    score_all_up_to: int = 400
    """Up to so many comparisons each is scored in full; beyond, those that a quick alignment leaves hopeless
    are not: they can only be lost, never gained."""
    quick_more_bits: float = 6.0
    """The quick alignment gives at least so many bits more than the full one: of 274 trains seen twice with
    more than 1.5 bits, drawn as ``benchmarks/trains_again.py`` draws them, 6.2 at least."""
    quick_share: float = 0.3
    """And at least this share of what the train that says less gives against itself; there 0.35 at least.
    Nine in ten unrelated pairs stay below."""
    quick_gap_bits: float = 3.0
    """Cost of a vehicle left out in the quick alignment."""
    null_trains: int = 256
    """Trains drawn from the record's own cuts to learn how well unrelated ones match a train."""
    null_scored: int = 32
    """So many of them, those most alike by the quick alignment, are scored in full."""
    null_tail: float = 0.05
    """The offset rests on this share of them, the highest."""
    null_cut_vehicles: float = 6.0
    """Mean number of vehicles in a cut taken from the record: longer than the mean run of like ones."""
    null_pool_trains: int = 6
    """Fewer other trains than this say nothing of what is typical: then the bound of the two trains alone
    (`SameTrainSettings.tail_offset_bits`) stands."""
    null_pool_vehicles: int = 60
    """The same in vehicles."""
    null_others: int = 60
    """So many real trains of the record, evenly spread over it, are held against each train as well."""
    null_bulk: tuple[float, float] = (0.15, 0.4)
    """Real trains of the record speak by these quantiles of their bits, counted from above: some of them
    may be the same train, most are not."""
    null_offset_max: float = 11.0
    """``-log2 p = offset + bits``: the record never makes a match surer than this."""
    null_alike_offset: float = 4.0
    """With an offset below this among pairs that cannot be one train, trains of the record are made up
    alike: 3 bits below the worst of 45 kinds of unrelated trains (`SameTrainSettings.tail_offset_bits`)."""
    crowd: int = 3
    """From so many other stays on that agree with a train of few cuts (fewer changes of colour than
    `SameTrainSettings.likely_changes`) it may be one of many made up alike: its matches are withdrawn. Fewer
    are what one train seen again leaves."""
    conflict_ratio: float = 100.0
    """Of two matches that exclude each other the better is followed if its E-value is so much smaller."""
    shared_vehicles: int = 2
    """Two matches of one train that share more of its vehicles than this cannot be its parts."""
    pad_m: float = 0.6
    """Ground shown before and behind a vehicle cut from a strip: half a coupling."""
    max_drawn: int = 40
    """Journeys drawn in the page, surest first; the others stand in the tables."""
    max_rows: int = 12
    """Sightings drawn one above another."""
