"""Settings for the series over all dates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SeriesSettings:
    """Named numbers for `series`."""

    class_edges_m: tuple[float, ...] = (0.4, 0.85, 1.5, 2.5)
    """Resolutions between the classes of sensors: what can be seen differs, so each class is a series of its
    own (methods.md 2.8: 3 m and 0.5 m sensors are separate series)."""
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
    missed_days: tuple[float, ...] = (1.0, 3.0, 7.0)
    """Lengths of a stay for which the chance of going unseen is stated."""
    bin_m: float = 10.0
    """Length of track for which occupancy is counted: shorter than a wagon."""
    strip_dates: int = 200
    """At most so many dates in the picture of a track, the latest."""
    plot_spans: int = 1000
    """Series of more than twice so many dates are drawn by spans of time: more points than a plot is wide."""
