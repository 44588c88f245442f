"""Settings for deciding what changed between two dates, and for earlier dates as background."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ChangeSettings:
    """Named numbers for matching the detections of two dates."""

    same_place_m: float = 4.0
    """Ends of a train that differ by less are the same place: length error at 0.5-1 m GSD is
    about 1-2 m at each end (docs/sources.md, trains)."""
    moved_min_m: float = 6.0
    """A train has moved when it shifted by more than this: twice the end error plus the largest
    registration error that still counts as degraded."""
    length_tolerance: float = 0.06
    """Two lengths of one train may differ by this share besides `same_place_m`."""
    same_pixels_min: float = 0.40
    """Correlation of the pixels in one place on two dates from which it shows the same thing.
    Calibrated by ``python -m benchmarks.change --split train``."""
    stands_alike_min: float = 0.6
    """The same from which a train that seems to have moved along its track stands where it stood: its ends
    were misread. Calibrated by ``python -m benchmarks.fates --second --split train``."""
    dark_quantile: float = 0.01
    """Share of clear ground that is darker than what path light is judged by (dark objects, Chavez 1988)."""
    dark_share: float = 0.9
    """Part of the darkest ground that is taken for path light: nothing is quite black."""
    brightness_lift: float = 0.5
    """Share of typical ground added before logs are taken. Assumed, not calibrated."""
    beside_light_min: float = 0.25
    """Change of log brightness, beyond the dates' typical one, from which ground differs in light. Calibrated
    with `beside_share_max` by ``python -m benchmarks.clouds pairs --split train --first 500 --pairs 8``: 13
    of 15 false changes under cloud and across snow pass both, 1 in 20 places of 12 clear pairs."""
    beside_share_max: float = 0.12
    """Share of the ground beside a change that differs in light from which the change is only possible."""
    beside_shade_min: float = 0.7
    """Loss of log brightness, half of it, from which ground may lie in an object's shade: skylight gives
    10-30 % of full light."""
    beside_shade_bluer_min: float = 0.1
    """Log of blue over red that shade gains by the sky alone. With the painted sequence and the same pairs:
    beside its true changes 0.00 to 0.09 of the ground differ then, beside false ones 0.19 and more."""
    beside_shade_max_m: float = 30.0
    """Anything wider is no object's shade (docs/sources.md, masks)."""
    looks_changed_max: float = 0.9
    """Most that light or snow is believed to have changed looks: vehicles that agree under it are still one
    train's more likely than not. Assumed."""
    beside_from_m: float = 5.0
    """Ground nearer than this to a change is its own: outlines' errors, and its shade where not found."""
    beside_to_m: float = 12.0
    """How far beside a change the ground is looked at. Assumed: three times a train's width."""
    beside_area_min_m2: float = 50.0
    """Least ground beside a change by which it is judged. Assumed."""
    bare_share_min: float = 0.1
    """Least share of ground free of snow for it to show what is typical."""
    consist_colour_step: float = 0.25
    """Distance of two vehicles' log brightness (`PairScale`) at which they are as likely one vehicle as two.
    Assumed; ``python -m benchmarks.change --split train`` prints the distances it can be judged by."""
    consist_colour_sd: float = 0.05
    """Distance over which those log-odds change by one. Assumed, as `consist_colour_step`."""
    cut_for_max: float = 1.5
    """Most that one cut of like vehicles can say for a train: every fifth unrelated cut looks the same."""
    cut_against_max: float = 3.0
    """Most that one cut can say against it: one in twenty is misjudged (shade, snow, a changed load)."""
    half_vehicle_m: float = 6.5
    """Length of the pieces in which looks are compared: half a vehicle, so that couplings fall out."""
    common_light_max: float = 0.15
    """Greatest difference of light common to a whole train, in log reflectance, that is taken out: what
    normalisation leaves (docs/sources.md, normalisation)."""
    end_play_m: float = 3.0
    """Play for the ends of two trains that are laid on one another: the length error of both."""
    in_place_odds: float = 2.0
    """Log-odds, before any vehicle is looked at, that a train of the same length in the same place is the
    same one: most stand for days."""
    moved_odds: float = 0.0
    """The same for a train elsewhere on the same track."""
    moved_looks: tuple[float, float, float, float, float, float] = (-1.35, 0.57, 3.8, 1.11, -0.84, -22.7)
    """Weights of `Looks.terms` in the log-odds that vehicles elsewhere are the same ones
    (``python -m benchmarks.moved_looks --seeds 40 --calibrate``)."""
    stands_looks: tuple[float, float, float, float, float, float] = (-0.69, 0.58, 3.68, 0.71, -0.72, -23.33)
    """The same of vehicles that stand where some stood (``--standing``)."""
    stands_clear_m: float = 39.0
    """Length from which pixels alike in place (`stands_alike_min`) say enough: shorter trains of one length,
    three vehicles at most, lie alike on the ground beside them. Assumed."""
    stands_play_m: float = 1.0
    """Play of the same for a train that stands: what registration leaves."""
    stands_sure: float = 2.2
    """Log-odds below which a train that stands where one stood is only possibly the same: nine in ten."""
    moved_sure: float = 1.1
    """Log-odds from which a train elsewhere is told as one that moved: three in four. Below it one that went
    and one that came are told, which the pixels show whichever it was."""
    turned_odds: float = -2.5
    """Added for a train that would have been turned round."""
    other_track_odds: float = -3.0
    """The same for a train on another track: more than two cuts of vehicles must agree before it is named.
    Of 237 pairs of unrelated trains of the second painter (``python -m benchmarks.fates --second``) the
    vehicles of none agreed by more than 2.5."""
    part_odds: float = 0.0
    """The same for a longer or shorter train of which a part stands in the same place."""
    part_both_ends_odds: float = -2.0
    """Added where vehicles would have come, or gone, at both ends of such a part: two movements, not one.
    Assumed."""
    part_common_min: float = 0.75
    """Share of the shorter train that both dates must cover for its vehicles to be compared where they
    stand: an end misread by two vehicles of eight leaves as much."""
    part_moved_odds: float = -3.0
    """Added for such a part that moved."""
    sure_consist: float = 0.9
    """Probability of one consist below which a change says that it could be another train."""
    same_vehicles_odds: float = 2.5
    """Log-odds from which a train without a partner shows the same vehicles on both dates: two cuts."""
    same_vehicles_max: float = 2.0
    """Most that vehicles that look the same say against a strip that reads as bare: less than
    `strip_odds_max` less `there_doubt`, so that they alone overrule no detection."""
    place_pattern_min: float = 0.8
    """Correlation of the pixels along a train from which both dates show the same there, train or bare track:
    of 84 places whose train came or went the likest has 0.71, of 46 real trains that stand in one light 95 %
    have 0.86 and more, of 20 painted ones under two suns 4 reach it
    (``python -m benchmarks.place_pattern --seeds 20``)."""
    place_pattern_odds: float = 2.8
    """What it says, log-odds: by the painted ones, which say less (4 of 20 against at most one of 85)."""
    strip_odds_max: float = 5.0
    """Most that the other date's strip says of a place being occupied or bare: one in 150 is misread."""
    there_doubt: float = -2.0
    """Log-odds that a train stands on the other date too from which a change is only ``possible``: one in
    eight. Bare track reads as -5 (20 of 20 on train seeds of ``benchmarks.fates``), a train that stands as
    2 and more (22 of 22)."""
    bare_gsd_max_m: float = 1.2
    """A coarser date that shows no train where a finer one counts its wagons does not surely show bare
    track: at 3 m 11 of 32 trains are missed (``python -m benchmarks.limits --groups --split test``)."""
    train_change_sure: float = 0.75
    """Least confidence in a train for saying that it, or a part of it, came, went or moved. Of the second
    painter's quiet pairs (train seeds 1000-1021, 2000-2079) all below it that one date alone showed were
    misread."""
    bare_difference_min: float = 0.02
    """Least log brightness by which bare track is taken to differ between dates: a smooth picture's noise."""
    seen_times_min: float = 1.5
    """A train read on one date alone came or went for sure only where the dates differ in its place by so
    many times what they differ by along bare track: of 36 painted trains that came or went all differ by 1.75
    and more, of 15 misread ones nine by less than 1.5 (second painter, train seeds)."""
    looks_against_max: float = 5.2
    """Most that looks say against a train that stands where another date shows one of its length: light and
    shade change all vehicles at once. Ends, couplings and pattern of 16 others in such a place say 0.8 at
    most, of the three that shade changed so much 1.8 and more (second painter, train seeds)."""
    same_pixels_odds: float = 0.5
    """Most that pixels that look the same, or do not, say of half a vehicle standing in its place."""
    same_pattern_max: float = 4.0
    """Most that the pattern of all pixels along a train says for its standing there, where both dates show a
    train: of 47 others in its place one correlates by more than 0.5 (0.53), of 426 that stand 68 % (second
    painter, train seeds)."""
    turned_gain_min: float = 1.5
    """A train is turned round only where its vehicles in reverse agree by so much more than straight on: more
    than one cut must speak."""
    coupling_sd_m: float = 0.7
    """Error of a coupling's place on two dates, in proportion to the GSD from 0.5 m: 0.65 m of 78 trains of
    which half came or went, on which the couplings of 80 others lie 3.2 m apart (second painter, train seeds
    200-244, both fates of ``python -m benchmarks.fates --second``), and what registration leaves."""
    coupling_against_max: float = 5.0
    """Most that couplings out of place say against a train that stands: one train in 150 is misdivided."""
    observed_min: float = 0.6
    """Least clear share of a place on the other date for saying that something is new or gone."""
    cargo_overlap_min: float = 0.2
    """Two outlines are the same object when they share this part of the smaller one."""
    cargo_same_min: float = 0.2
    """Two single outlines that share less of their union are one that went and one that came."""
    cargo_change_sure: float = 0.7
    """Least confidence in goods for saying that they appeared or went. Chosen on quiet validation pairs
    (``python -m benchmarks.ground --split validation``)."""
    cargo_present_min: float = 0.5
    """Share of a place that the other date shows as goods from which they stood there too."""
    cargo_absent_max: float = 0.12
    """Share up to which the other date shows bare ground. Chosen like `cargo_change_sure`."""
    cargo_same_pixels: float = 0.55
    """Correlation of the pixels of a place, with a metre around it, from which both dates show the same
    goods there. Ground with its own marks correlates by 0.4 with and without goods on it."""
    cargo_shadow_max: float = 0.5
    """Part of a place in shadow on the other date from which nothing is said of it."""
    cargo_bare_contrast: float = 0.5
    """Share of an object's contrast up to which the other date shows bare ground in its place, in light or
    shadow. Of 30 bare places in a train's shadow all lie below it (to 0.47), of 10 with the same goods none
    (from 0.70), on train seeds 3000-3016; ``python -m benchmarks.shaded --split train`` paints the like."""
    cargo_bare_surely: float = 0.25
    """The same up to which the ground is bare though half a sign of goods was read there: of 57 places with
    the same goods on those seeds one lies below it (0.19), and the next at 0.30."""
    cargo_other_sure: float = 0.35
    """Difference in log brightness (`appearance_difference`) from which overlapping outlines of two dates are
    surely other goods. Of 145 painted objects that stand on both dates one lies above it, of 92 replaced in
    their place by any goods 68; most others are like goods (train seeds 400-408, 600-615 and 650-659,
    validation seeds 0-11 and 30-43; ``python -m benchmarks.ground``, and ``--replaced``)."""
    cargo_other_within: float = 0.45
    """The same where one outline lies within the other and is much smaller: the edge of goods mixes with
    ground. Of 35 painted objects that shrank or grew (train seeds 650-659, ``--resized``) five lie above
    0.35, two above it."""
    cargo_within_share: float = 0.85
    """Part of the smaller outline that the larger covers, at least, for that; areas differ by its square."""
    cargo_other_possible: float = 0.24
    """Difference from which goods of the same size are possibly others: five of the 145."""
    cargo_alike: float = 0.15
    """Difference up to which goods as bright as their ground and without a shadow may lie on the other date
    unseen: of the 145 four fifths lie below it."""
    part_possible: tuple[float, float, float] = (-0.44, -2.81, -1.54)
    """Weights of `Rest.terms` in the log-odds that wagons came or went which one date may have missed: of 18
    told so on 260 train pairs two did, neither where the lengths may be one
    (``python -m benchmarks.part_changes --split train --pairs 260 --calibrate``)."""
    cargo_possible: tuple[float, float, float, float, float] = (-3.96, 0.72, 0.57, -5.94, 2.85)
    """Weights of `possible.terms_of` in the log-odds that goods came or went where that is only possible.
    From 361 objects, 28 of them true, of pairs of train seeds 600 to 691 in mixed light, some seeds in two;
    ``python -m benchmarks.told_changes --split train --first 600 --pairs 64 --calibrate`` prints those from
    196 of them, seven true: few."""
    cargo_rest_bare: float = 0.3
    """Share of its contrast up to which what the larger outline alone covers is bare on the other date."""
    cargo_size_bare: float = 0.5
    """Half widths of the difference of two areas from which goods have surely grown or shrunk where that is
    bare: 11 of 21 of the 35 whose areas differ by so much, none of the 145 (from 0.41; ten of the 21 are dark
    or not known: a shadow read as goods comes and goes as well)."""
    cargo_size_errors: float = 1.2
    """Goods have surely grown or shrunk when their areas differ by so many 90 % half widths of the
    difference: of 54 painted objects that stand on both dates (train seeds 400-408, validation seeds 0-11;
    ``python -m benchmarks.ground``) all differ by less than 1.1, as outlines err alike on both."""
    cargo_size_possible: float = 0.7
    """The same from which they possibly have: one of the 54 does, and 95 % lie below 0.45."""
    cargo_size_min_m2: float = 4.0
    """Least difference that is told: the least goods that are."""
    cargo_size_share: float = 0.15
    """The same as a share of the earlier area: light and view change outlines by as much."""
    beside_train_m: float = 15.0
    """Goods so near to a train's body were set down from it or wait for it: an apron's width."""
    unmatched_confidence: float = 0.9
    """Factor on the confidence of a finding that rests on the absence of a match."""
    piece_m: float = 20.0
    """Length of track compared as one piece: a long vehicle."""
    regrown_days: int = 300
    """Least time in which worked ground is given back to nature: a summer of growth, and a like season."""
    growth_low_min_m2: float = 60.0
    """Least lower bound of new ground for the grade ``detected``: a unit of 100 m2 (docs/sources.md, growth)
    less its edge of half a metre all round."""


@dataclass(frozen=True, kw_only=True)
class HistorySettings:
    """Named numbers for what earlier dates say of goods, ground and tracks.

    How many dates, and which are alike enough, is in `WatchSettings` (``background_dates``,
    ``background_distance``, ``same_class_ratio``).
    """

    tries: int = 16
    """Candidates read until enough are found to be usable: twice as many as are wanted."""
    track_dates: int = 5
    """Dates whose tracks are read, the nearest in look: the median of five is steady against two odd ones,
    and each costs another reading of every track."""
    memory_bytes: int = 512 * 2**20
    """Most memory that the dates kept for tracks, aprons and ground take together."""
    max_files: int = 20_000
    """Most files of a folder that are looked at."""
    window_margin_m: float = 6.0
    """Ground kept around an apron: an object at its edge needs ground on the other side."""
    spread_floor: float = 0.06
    """Least spread of a pixel between dates, as a share of its tone: normalisation residual and the
    resampling of an edge by a tenth of a pixel."""
    anomaly: float = 3.0
    """Robust spreads from the median from which a pixel is unusual (hysteresis 5/3, sources.md, cargo)."""
    dates_min: int = 2
    """Dates that must have seen a place before the record speaks for or against what stands there."""
    ring_m: tuple[float, float] = (0.8, 3.5)
    """Ground beside an object that its tone is told against: beyond blur, within the same pavement."""
    seen_min: float = 0.6
    """Part of an object's ground that another date must have seen, in light."""
    contrast_min: float = 0.08
    """Contrast with the ground beside it below which nothing is said of other dates: pavement's own."""
    same_from: float = 0.6
    """Share of an object's contrast that another date shows in its place from which it stood there too."""
    same_misfit: float = 0.5
    """Most of the contrast that may differ in colour for it to be the same."""
    empty_up_to: float = 0.35
    """Share of an object's contrast up to which another date shows bare ground in its place."""
    mostly: float = 0.75
    """Part of the dates from which something stood there all the time."""
    new_odds: float = 0.8
    """Log-odds gained by goods whose ground was bare on every earlier date, with many dates; a third of it
    with one. Assumed: shadows, puddles and vehicles are new as well."""
    mark_odds: float = -1.5
    """Log-odds lost by what is flat and lay there on most earlier dates: a patch, paint, a kerb. Assumed."""
    typical_odds: float = -0.8
    """Log-odds lost by something flat that lies within the usual spread of its ground, where no date shows
    the same or other goods. Assumed."""
    possible_below: float = 0.5
    """Confidence below which goods that the record speaks against are ``possible``."""
    alike_log_brightness: float = 0.25
    """Difference in log tone up to which ground looks as on an earlier date: a quarter, about what
    wetness does to bare ground (docs/sources.md, growth)."""
    deny_share: float = 0.25
    """Part of the dates that must show ground looking so (at least one) for it to be season, not work."""
    flicker: tuple[float, float] = (0.2, 0.8)
    """Share of the dates on which ground looks worked between which its class is not settled."""
    flicker_min: int = 2
    """Dates that must show it each way: one odd date is an error of that date."""
    track_occupied: float = 0.7
    """Part of a train's place that must have been read as occupied on another date for saying so."""
