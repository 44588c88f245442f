"""What an area showed on every date."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.sightings import Sighting, Stay, Stretches

STATUSES = ("observed", "partial", "not_observable")


class AreaDate(NamedTuple):
    """One area on one date. Measures are None where nothing could be observed: a gap, never zero."""

    area: str
    role: str
    gsd_m: float
    acquired: str
    folder: str
    scene: str
    status: str
    observed: float | None
    trains: float | None
    trains_low: float | None
    trains_high: float | None
    cars: float | None
    cars_low: float | None
    cars_high: float | None
    uncounted: int | None
    length_m: float | None
    length_low_m: float | None
    length_high_m: float | None
    fill: float | None
    fill_low: float | None
    fill_high: float | None
    cargo: float | None
    cargo_low: float | None
    cargo_high: float | None
    cargo_m2: float | None
    cargo_low_m2: float | None
    cargo_high_m2: float | None
    worked_m2: float | None
    worked_low_m2: float | None
    worked_high_m2: float | None
    types: str


@dataclass(frozen=True, kw_only=True)
class DateColumns:
    """The dates of an area by time, as columns: what is needed to test and to tell of them."""

    acquired: NDArray[np.object_]
    """ISO 8601 text."""
    times: NDArray[np.datetime64]
    """The same in seconds."""
    folder: NDArray[np.object_]
    status: NDArray[np.int8]
    """Places in `STATUSES`."""
    measures: dict[str, NDArray[np.float64]]
    """Estimates; NaN where not taken."""

    def __len__(self) -> int:
        return len(self.status)


class TrackDate(NamedTuple):
    """Which metres of a track could be seen on one date."""

    track: str
    area: str | None
    length_m: float
    acquired: str
    folder: str
    observed: Stretches


@dataclass(frozen=True, kw_only=True)
class SeriesTests:
    """Every value of a series held against those before it, as columns."""

    high: NDArray[np.bool_]
    low: NDArray[np.bool_]
    p_high: NDArray[np.float64]
    """Share of dates as high as this one or higher, this one included: its p-value."""
    p_low: NDArray[np.float64]
    false_rate: NDArray[np.float64]
    """Chance that a quiet date would have been called unusual here."""
    before: NDArray[np.int64]
    """Number of earlier dates it was held against."""

    def alarms(self) -> list[int]:
        """Return the places of the unusual values."""
        return [int(k) for k in (self.high | self.low).nonzero()[0]]


@dataclass(frozen=True)
class ChangePoint:
    """Where the level of a series changed."""

    index: int
    """The first value of the new level."""
    p_value: float
    before: float
    """Mean of the values since the change before."""
    after: float


@dataclass(frozen=True)
class Exposure:
    """How much of the time was seen."""

    days_passed: int
    days_observed: int
    longest_gap_days: float
    """Longest time between two observed dates: a stay may have been so long unseen."""
    unseen: dict[float, float]
    """For stays of so many days, the chance that one at a random time of the record was not seen."""


@dataclass(frozen=True, kw_only=True)
class MeasureSeries:
    """One measure of a series, held against itself. Indices count the series' dates."""

    measure: str
    dates: NDArray[np.int64]
    """Dates that are tested: the area was wholly observed and the measure taken."""
    values: NDArray[np.float64]
    tests: SeriesTests
    ranks: NDArray[np.int64]
    changes: tuple[ChangePoint, ...]

    @property
    def expected_false(self) -> float:
        """Number of dates that would be called unusual if nothing ever was."""
        return float(self.tests.false_rate.sum())


@dataclass(frozen=True, kw_only=True)
class Series:
    """One area seen by one class of sensor, by time."""

    area: str
    role: str
    sensor: str
    """Range of resolutions, e.g. ``0.4-0.85 m``."""
    columns: DateColumns
    exposure: Exposure
    measures: tuple[MeasureSeries, ...]
    dates: tuple[AreaDate, ...]
    """Every measure of every date with its interval."""


@dataclass(frozen=True)
class ReviewTaken:
    """Whether, and how, readers' reviews are taken into a record."""

    taken: bool
    counts: dict[str, int] = field(default_factory=dict)
    """How many things on reviewed dates were accepted, corrected, added, rejected, disputed, stale, open."""
    dates: dict[tuple[str, str], str] = field(default_factory=dict)
    """The same in words, by report's folder and area."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """All there is to say of a site over time."""

    site: str
    series: tuple[Series, ...]
    exposure: dict[str, Exposure]
    """By area, over all classes of sensor."""
    stays: tuple[Stay, ...]
    sightings: tuple[Sighting, ...]
    track_dates: tuple[TrackDate, ...]
    roles: dict[str, str]
    review: ReviewTaken = ReviewTaken(False)
    painted: frozenset[str] = frozenset()
    """Folders of the reports that rest on scenes which the program painted."""
    korean: bool = False
    """Whether times are told by Korea's clock too."""
