"""Trains that stand elsewhere along their track, and trains in motion."""

from __future__ import annotations

from dataclasses import replace

from tumangang_watch.simulate.world import DayState, Train


def shifted(train: Train, by_m: float) -> Train:
    """Return a train moved along its track."""
    cars = (replace(c, from_m=c.from_m + by_m, to_m=c.to_m + by_m) for c in train.cars)
    return replace(train, cars=tuple(cars))


def set_in_motion(
    day: DayState, track: str, speed_m_s: float, band_times_s: tuple[float, float, float, float]
) -> DayState:
    """Return a date on which the trains of one track move, towards increasing distance where positive.

    Parameters
    ----------
    band_times_s : (blue, green, red, nir)
        When each band is taken: 0.1 to 0.5 s apart for SkySat, up to 2 s for PlanetScope.
    """
    blue, green, red, nir = (speed_m_s * t for t in band_times_s)
    trains = tuple(
        replace(t, band_offset_m=(blue, green, red, nir)) if t.track == track else t for t in day.trains
    )
    return replace(day, trains=trains)


def in_band(day: DayState, band: int) -> DayState:
    """Return a date as it stands when one band is taken."""
    trains = tuple(shifted(t, t.band_offset_m[band]) if t.in_motion else t for t in day.trains)
    return replace(day, trains=trains)
