"""Where the sun stands."""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_position(when: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Return the sun's (azimuth clockwise from north, elevation) in degrees, good to 0.02 without refraction.

    The low-precision formulas for the sun of the Astronomical Almanac (page C5).

    Parameters
    ----------
    when : datetime
        UTC, time-zone aware.
    lon, lat : float
        Degrees, WGS 84.
    """
    days = (when - J2000).total_seconds() / 86400
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = radians(357.528 + 0.9856003 * days)
    longitude = radians(mean_longitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    obliquity = radians(23.439 - 4e-7 * days)
    right_ascension = atan2(cos(obliquity) * sin(longitude), cos(longitude))
    declination = asin(sin(obliquity) * sin(longitude))
    sidereal = radians(280.46062 + 360.985647366 * days + lon)
    hour_angle = sidereal - right_ascension
    phi = radians(lat)
    up = sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour_angle)
    east = -cos(declination) * sin(hour_angle)
    north = cos(phi) * sin(declination) - sin(phi) * cos(declination) * cos(hour_angle)
    return degrees(atan2(east, north)) % 360, degrees(asin(max(-1.0, min(1.0, up))))
