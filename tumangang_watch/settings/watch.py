"""Settings for keeping a record: which earlier date a scene is compared with, and how scenes are taken in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WatchSettings:
    """Named numbers for `watch` and `backfill`.

    The weights add up to a distance between two dates; the earlier date of least distance is the one that is
    compared. They are judgements, not measurements: each states the difference that weighs one.
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
    """Weight of another sensor class: taken only where there is nothing else."""
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
    hidden: float = 4.0
    """Weight of an area that was wholly hidden; in proportion below that."""
    candidate_days: float = 800.0
    """Earlier dates are looked for so far back: two years and the same season before."""
    candidates: int = 400
    """At most so many earlier dates are weighed against each other, the latest."""
    parts: int = 3
    """At most so many earlier dates one scene is compared with, each for the areas it shows best."""
    background_dates: int = 8
    """At most so many further earlier dates say what is usual: a median that three odd ones do not move; each
    costs about a registration."""
    background_distance: float = 3.0
    """Largest difference in season, line of sight and sun of a date that says what is usual."""
    notify_limit_s: float = 60.0
    """Longest time a notify command may take."""
    feed_entries: int = 200
    """Entries of the feed, the latest."""
    index_rows: int = 1000
    """Rows of the index page, the latest."""
