"""Where the sun stands."""

from __future__ import annotations

from datetime import datetime
from math import acos, asin, atan2, cos, degrees, pi, radians, sin


def sun_position(when: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Return the sun's (azimuth clockwise from north, elevation) in degrees, good to about 0.1.

    The general solar position equations of NOAA's Global Monitoring Laboratory (after Spencer 1971).

    Parameters
    ----------
    when : datetime
        UTC.
    lon, lat : float
        Degrees, WGS 84.
    """
    hours = when.hour + when.minute / 60 + when.second / 3600
    day = when.timetuple().tm_yday
    g = 2 * pi / 365.25 * (day - 1 + (hours - 12) / 24)
    equation_min = 229.18 * (
        0.000075 + 0.001868 * cos(g) - 0.032077 * sin(g) - 0.014615 * cos(2 * g) - 0.040849 * sin(2 * g)
    )
    declination = (
        0.006918 - 0.399912 * cos(g) + 0.070257 * sin(g) - 0.006758 * cos(2 * g)
        + 0.000907 * sin(2 * g) - 0.002697 * cos(3 * g) + 0.00148 * sin(3 * g)
    )  # fmt: skip
    hour_angle = radians((hours * 60 + equation_min + 4 * lon) / 4 - 180)
    phi = radians(lat)
    up = sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour_angle)
    east = -cos(declination) * sin(hour_angle)
    north = cos(phi) * sin(declination) - sin(phi) * cos(declination) * cos(hour_angle)
    elevation = degrees(asin(max(-1.0, min(1.0, up))))
    return degrees(atan2(east, north)) % 360, elevation


def day_length_hours(day_of_year: int, lat: float) -> float:
    """Return the length of the day in hours (sunrise equation, no refraction)."""
    declination = radians(-23.44 * cos(2 * pi / 365.25 * (day_of_year + 10)))
    x = -sin(radians(lat)) * sin(declination) / (cos(radians(lat)) * cos(declination))
    return 24 / pi * acos(max(-1.0, min(1.0, x)))
