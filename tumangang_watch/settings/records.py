"""Settings for keeping a record: which earlier date a scene is compared with, and how scenes are taken in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """Named numbers for `watch` and `backfill`.

    The weights add up to a distance between two dates: those of least distance say what is usual. They are
    judgements, not measurements: each states the difference that weighs one.
    """

    settle_s: float = 10.0
    """A file is whole when nothing of it changed for so long: copies over a network write at least once a
    second (methods of other ingest programs: same size and times on two scans)."""
    scene_limit_s: float = 900.0
    """Longest time one scene may take before it is given up; the largest take about a minute."""
    attempts: int = 2
    """How often a scene is tried whose process dies: once more, by itself."""
    same_class_ratio: float = 1.5
    """Two resolutions that differ by less are one sensor class: 0.5 m and 0.7 m are, 0.7 m and 3 m not."""
    other_class: float = 4.0
    """Weight of another sensor class."""
    season_days: float = 90.0
    """Difference of the day of the year that weighs one: a season."""
    snow: float = 1.5
    """Weight of another state of snow on the ground."""
    view_deg: float = 40.0
    """Angle between the lines of sight that weighs one: objects then lean over each other's ground."""
    sun_deg: float = 60.0
    """Angle between the sun's directions that weighs one: shadows fall elsewhere."""
    unknown_angle: float = 0.3
    """Weight of a direction that is not known."""
    age_days: float = 14.0
    """Age doubles its weight from here: weight is ``log2(1 + age / age_days) / 2``."""
    candidate_days: float = 800.0
    """Dates that say what is usual are looked for so far back: two years and the same season before."""
    candidates: int = 400
    """At most so many of them are weighed against each other, the latest."""
    looks: int = 3
    """At most so many looks at an area are followed back for places that the later ones hide: each costs a
    comparison, and a place hidden on all of them is rare where most scenes are clear."""
    pair_tries: int = 8
    """After so many earlier dates that cannot be compared a scene is shown alone: each costs a fit."""
    background_dates: int = 8
    """At most so many further earlier dates say what is usual: a median that three odd ones do not move; each
    costs about a registration."""
    background_distance: float = 3.0
    """Largest difference in season, line of sight and sun of a date that says what is usual."""
    notify_limit_s: float = 60.0
    """Longest time a notify command may take."""
    notify_failures: int = 3
    """After so many findings in a row that could not be told the command is taken to be down."""
    feed_entries: int = 200
    """Entries of the feed, the latest."""
    index_rows: int = 1000
    """Rows of the index page, the latest."""


@dataclass(frozen=True, kw_only=True)
class SeriesSettings:
    """Named numbers for `series`."""

    class_edges_m: tuple[float, ...] = (0.4, 0.85, 1.5, 2.5)
    """Resolutions between the classes of sensors: what can be seen differs, so each class is a series of its
    own (docs/sources.md, significance: 3 m and 0.5 m sensors are separate series)."""
    alarm_rate: float = 0.02
    """Largest share of quiet dates called unusually high, and as many low: one in fifty. With fewer than
    49 earlier dates nothing can be: the highest of n dates is the highest by chance once in n."""
    change_point_p: float = 0.01
    """Largest p-value of a change point (Pettitt's rank test), divided by the number of tests."""
    change_point_dates: int = 8
    """Fewest dates on either side of a change point: Pettitt's approximation holds from about there."""
    same_place_m: float = 15.0
    """A train at most so far from where one stood on the date before may be the same: longer than a wagon,
    shorter than a locomotive and a wagon."""
    same_length: float = 0.1
    """Two lengths of one train differ at most by this share and a wagon's half: errors of 1-2 m an end."""
    shown_share: float = 0.5
    """A date bounds a stay when it shows at least this part of the train's place."""
    missed_days: tuple[float, ...] = (1.0, 3.0, 7.0)
    """Lengths of a stay for which the chance of going unseen is stated."""
    compared_max: int = 150
    """Up to so many trains are compared to learn which had left in between, as `trains` does: about 10 s."""
    strip_dates: int = 200
    """At most so many dates in the picture of a track, the latest."""
    plot_spans: int = 1000
    """Series of more than twice so many dates are drawn by spans of time: more points than a plot is wide."""


@dataclass(frozen=True, kw_only=True)
class PublishedSettings:
    """Limits of `published.judge`."""

    colour_name_trust: float = 0.4
    """Probability given to a colour named without a posterior: below ``sure``, so that it decides nothing.
    Of the painted sequence 7 of 18 such names were the painted colour (benchmarks/reproduce.py)."""
    type_name_trust: float = 0.8
    """Probability given to a locomotive named without a posterior."""
    near_share: float = 0.5
    """Of a colour's probability, what counts for a neighbouring word: grey and light grey, red and brown
    are told apart by the light as much as by the paint."""
    sure: float = 0.5
    """A colour is read when its best name has this probability, and a car speaks against a claim when
    the claimed colour has less than ``against``."""
    against: float = 0.1
    support_share: float = 0.7
    """Of the cars whose colour was read, how many must show the claimed one."""
    read_share: float = 0.5
    """Of all cars, how many must be read for a word on their order."""
    locomotive_sure: float = 0.6
    locomotive_none: float = 0.05
    """Probability of being a locomotive, of the two vehicles at each end, that affirms or excludes one."""
    smaller_share: float = 0.8
    """Piles are smaller when they cover at most this share of the ground they covered."""
    count_slack: int = 1
    """The interval of a count may reach this far beyond the claim and still reproduce it."""
    other_cars: int = 2
    """Cars of surely other colours, in either direction, from which two trains are not one. Assumed: one
    colour in forty is wrong where it is named."""
