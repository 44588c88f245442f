"""Every date so far: series by area and class of sensor, with what is unusual, how long and how often."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tumangang_watch.archive import history
from tumangang_watch.confidence.series import change_points, exposure, ranks, unusual
from tumangang_watch.confidence.stays import occupancy, stays
from tumangang_watch.errors import UsageError
from tumangang_watch.model.series import MEASURES, AreaDate, MeasureSeries, Record, Series

if TYPE_CHECKING:
    from tumangang_watch.archive import Archive
    from tumangang_watch.settings.series import SeriesSettings

OBSERVED = "observed"


def sensor_class(gsd_m: float, settings: SeriesSettings) -> str:
    """Return the range of resolutions a sensor belongs to."""
    edges = settings.class_edges_m
    place = sum(gsd_m >= edge for edge in edges)
    if place == 0:
        return f"under {edges[0]:g} m"
    return f"{edges[-1]:g} m and more" if place == len(edges) else f"{edges[place - 1]:g}-{edges[place]:g} m"


def series_of(rows: list[AreaDate], settings: SeriesSettings) -> tuple[Series, ...]:
    """Split dates into series and hold each measure against its own past."""
    groups: dict[tuple[str, str], list[AreaDate]] = defaultdict(list)
    classes: dict[float, str] = {}
    for row in rows:
        name = classes.get(row.gsd_m) or classes.setdefault(row.gsd_m, sensor_class(row.gsd_m, settings))
        groups[row.area, name].append(row)
    found = []
    for (area, sensor), dates in sorted(groups.items()):
        dates.sort(key=lambda d: (d.acquired, d.folder))
        seen = [d.acquired for d in dates if d.status == OBSERVED]
        measures = tuple(m for m in (_measure(name, dates, settings) for name in MEASURES) if m is not None)
        found.append(
            Series(area, dates[-1].role, sensor, tuple(dates), exposure(seen, settings.missed_days), measures)
        )
    return tuple(found)


def _measure(name: str, dates: list[AreaDate], settings: SeriesSettings) -> MeasureSeries | None:
    """Return a measure's tests; None where it was never taken, or nothing of it ever stood there."""
    place = AreaDate._fields.index(name)
    taken = [
        (k, float(d[place]))  # type: ignore[arg-type]
        for k, d in enumerate(dates)
        if d.status == OBSERVED and d[place] is not None
    ]
    if not any(value for _, value in taken):
        return None
    indices, values = zip(*taken, strict=True)
    return MeasureSeries(
        name, indices, values,
        tuple(unusual(values, settings.alarm_rate)),
        tuple(ranks(values)),
        tuple(change_points(values, settings.change_point_p, settings.change_point_dates)),
    )  # fmt: skip


def record_of(archive: Archive, site: str, settings: SeriesSettings) -> Record:
    """Return everything the archive says of a site over time."""
    rows = history.area_dates(archive, site)
    sights = history.sights(archive, site)
    dates = history.track_dates(archive, site)
    seen: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.status == OBSERVED:
            seen[row.area].append(row.acquired)
    return Record(
        site,
        series_of(rows, settings),
        {area: exposure(sorted(times), settings.missed_days) for area, times in sorted(seen.items())},
        tuple(stays(sights, dates, settings)),
        tuple(sights),
        tuple(dates),
        occupancy(sights, dates, settings.bin_m),
        {row.area: row.role for row in rows},
    )


def site_of(archive: Archive, wanted: str | None) -> str:
    """Return the site that is meant.

    Raises
    ------
    UsageError
        There is no such site, or several and none was named.
    """
    names = history.site_names(archive)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    why = f"no site {wanted!r}" if wanted else f"it holds {len(names)} sites"
    known = ", ".join(names) or "none"
    raise UsageError("which site", archive.path, f"{why} (known: {known})", "Name one with --site")
