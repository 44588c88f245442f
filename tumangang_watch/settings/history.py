"""Settings for earlier dates as background."""

from __future__ import annotations

from dataclasses import dataclass


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
