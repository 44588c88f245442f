"""A record over time in words and tables: every sentence names its dates, and what was not seen."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tumangang_watch.model.series import STATUSES, AreaDate, Record, Series, Stay, days_between

Row = dict[str, Any]
LABELS = {
    "trains": ("trains", ""),
    "cars": ("cars", ""),
    "length_m": ("train length", " m"),
    "fill": ("occupied share of track", ""),
    "cargo": ("goods", ""),
    "cargo_m2": ("area of goods", " m2"),
    "worked_m2": ("worked surface", " m2"),
}
TIMES = ("acquired", "after", "first_seen", "last_seen", "before")


def series_table(record: Record) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return one row an area and date; empty cells are gaps, never zero."""
    names = tuple(n for n in AreaDate._fields if n != "types")
    kinds = ("box", "open", "tank", "flat", "container", "locomotive", "passenger", "unknown")
    end = len(AreaDate._fields) - 1
    blank: dict[str, tuple[Any, ...]] = {"{}": (None,) * len(kinds)}
    taken, reviewed = review_word(record), record.review.dates
    rows = []
    for series in record.series:
        for date in series.dates:
            cars = blank.get(date.types)
            if cars is None:
                counts = json.loads(date.types)
                cars = blank.setdefault(date.types, tuple(counts.get(kind, 0) for kind in kinds))
            told = reviewed.get((date.folder, date.area), "") if reviewed else ""
            rows.append((record.site, series.sensor, *date[:end], *cars, taken, told))
    columns = ("site", "sensor", *names, *(f"cars_{kind}" for kind in kinds), "review", "reviewed")
    return columns, rows


def review_word(record: Record) -> str:
    """Return whether a record is taken with its readers' reviews or without."""
    return "with" if record.review.taken else "without"


def review_words(record: Record) -> str:
    """Return in a sentence how reviews are taken in."""
    if not record.review.taken:
        return "Taken without readers' reviews: as the detector reports."
    counts = record.review.counts
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "none so far"
    return (
        f"Taken with readers' reviews ({told}): rejected things are left out, corrected ones replaced, "
        "missed ones added; what readers dispute, or what changed since they judged it, is in the intervals."
    )


def stays_table(record: Record) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return one row a stay; on a bridge it is a crossing."""
    columns = (
        "area",
        "role",
        "what",
        "track",
        "from_m",
        "to_m",
        "cars",
        "dates",
        "after",
        "first_seen",
        "last_seen",
        "before",
        "shortest_days",
        "longest_days",
    )
    rows = []
    for stay in record.stays:
        role = record.roles.get(stay.area, "")
        longest = stay.longest_days
        rows.append(
            (
                stay.area,
                role,
                "crossing" if role == "bridge" else "stay",
                stay.track,
                stay.from_m,
                stay.to_m,
                stay.cars,
                stay.dates,
                stay.after,
                stay.first_seen,
                stay.last_seen,
                stay.before,
                round(stay.shortest_days, 3),
                None if longest is None else round(longest, 3),
            )
        )
    return columns, rows


def occupancy_table(record: Record) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return one row a piece of track: on how many dates it was seen, and on how many a train stood there."""
    rows = []
    for track, found in sorted(record.occupancy.items()):
        edges = found["edges_m"]
        for k, (seen, taken) in enumerate(zip(found["observed"], found["occupied"], strict=True)):
            share = round(int(taken) / int(seen), 4) if seen else None
            row = (
                track,
                round(float(edges[k]), 2),
                round(float(edges[k + 1]), 2),
                int(seen),
                int(taken),
                share,
            )
            rows.append(row)
    return ("track", "from_m", "to_m", "dates_observed", "dates_occupied", "share"), rows


def unusual_rows(series: Series) -> list[Row]:
    """Return what stood out from the dates before it, by time."""
    found = []
    columns = series.columns
    for measured in series.measures:
        label, unit = LABELS[measured.measure]
        most, least = (f.accumulate(measured.values) for f in (np.maximum, np.minimum))
        first = columns.acquired[measured.dates[0]]
        for k in measured.tests.alarms():
            test, index = measured.tests[k], measured.dates[k]
            acquired, value = columns.acquired[index], float(measured.values[k])
            limit = float((most if test.high else least)[k - 1])
            since = days_between(first, acquired) / 365.25
            side = ("more", "most") if test.high else ("less", "least")
            beyond = value > limit if test.high else value < limit
            words = (
                f"{side[0]} than on any of the {test.before} earlier dates"
                if beyond
                else f"among the {side[1]} of {test.before + 1} dates"
            )
            found.append(
                {
                    "area": series.area,
                    "sensor": series.sensor,
                    "acquired": acquired,
                    "folder": columns.folder[index],
                    "measure": measured.measure,
                    "value": value,
                    "high": test.high,
                    "p_value": round(test.p_high if test.high else test.p_low, 5),
                    "rank": int(measured.ranks[k]),
                    "of": len(measured.values),
                    "false_alarm_rate": round(test.false_rate, 5),
                    "statement": f"{series.area}, {acquired[:10]}: {label} {value:g}{unit}, {words} "
                    f"in {since:.1f} years "
                    f"({'at most' if test.high else 'at least'} {limit:g}{unit} before).",
                }
            )
    return sorted(found, key=lambda r: (r["acquired"], r["measure"]))


def change_rows(series: Series) -> list[Row]:
    """Return when a level changed for good."""
    found = []
    for measured in series.measures:
        label, unit = LABELS[measured.measure]
        for change in measured.changes:
            last, first = (series.columns.acquired[measured.dates[change.index - back]] for back in (1, 0))
            found.append(
                {
                    "area": series.area,
                    "sensor": series.sensor,
                    "measure": measured.measure,
                    "after": last,
                    "first_seen": first,
                    "mean_before": round(change.before, 3),
                    "mean_after": round(change.after, 3),
                    "p_value": change.p_value,
                    "statement": f"{series.area}: mean {label} changed from {change.before:.3g}{unit} to "
                    f"{change.after:.3g}{unit} between {last[:10]} and {first[:10]}.",
                }
            )
    return sorted(found, key=lambda r: (r["first_seen"], r["measure"]))


def stay_words(stay: Stay, role: str) -> str:
    """Return a stay in a sentence, its bounds named."""
    cars = "A train" if stay.cars is None else f"A train of {stay.cars:g} cars"
    came = "already there on the first date seen" if stay.after is None else f"came after {stay.after[:10]}"
    gone = "not seen to go" if stay.before is None else f"gone by {stay.before[:10]}"
    seen = (
        f"seen on {stay.first_seen[:10]}"
        if stay.dates == 1
        else f"seen on {stay.dates} dates from {stay.first_seen[:10]} to {stay.last_seen[:10]}"
    )
    place = f"on {stay.area}" if role == "bridge" else f"in {stay.area}"
    return f"{cars} {place}, track {stay.track}: {came}, {seen}, {gone}."


def document(record: Record, tool_version: str, settings_sha256: str, alarm_rate: float) -> Row:
    """Return the contents of ``series.json``."""
    return {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": tool_version},
        "settings_sha256": settings_sha256,
        "site": record.site,
        "alarm_rate_at_most": alarm_rate,
        "review": {
            "taken": review_word(record),
            "counts": record.review.counts,
            "statement": review_words(record),
        },
        "areas": [
            {"area": area, "role": record.roles[area], **_exposure(record.exposure.get(area))}
            for area in sorted(record.roles)
        ],
        "series": [
            {
                "area": s.area,
                "role": s.role,
                "sensor": s.sensor,
                "dates": len(s.columns),
                "dates_observed": int((s.columns.status == STATUSES.index("observed")).sum()),
                "dates_not_observable": int((s.columns.status == STATUSES.index("not_observable")).sum()),
                **_exposure(s.exposure),
                "latest": _latest(s),
                "expected_false_alarms": {m.measure: round(m.expected_false, 4) for m in s.measures},
                "unusual": unusual_rows(s),
                "change_points": change_rows(s),
            }
            for s in record.series
        ],
        "stays": [stay_words(s, record.roles.get(s.area, "")) for s in record.stays],
    }


def _latest(series: Series) -> list[Row]:
    """Return the last value of each measure and its rank among all dates."""
    found = []
    for m in series.measures:
        acquired, value, rank = series.columns.acquired[m.dates[-1]], float(m.values[-1]), int(m.ranks[-1])
        found.append(
            {
                "measure": m.measure,
                "acquired": acquired,
                "value": value,
                "rank": rank,
                "of": len(m.values),
                "statement": f"{LABELS[m.measure][0]} {value:g}{LABELS[m.measure][1]} on {acquired[:10]}: "
                f"rank {rank} of {len(m.values)} observed dates.",
            }
        )
    return found


def _exposure(exposure: Any) -> Row:
    if exposure is None:
        return {"days_observed": 0, "days_passed": 0, "longest_gap_days": None, "unseen_stays": {}}
    return {
        "days_observed": exposure.days_observed,
        "days_passed": exposure.days_passed,
        "longest_gap_days": round(exposure.longest_gap_days, 3),
        "unseen_stays": {f"{d:g} days": round(p, 4) for d, p in exposure.unseen.items()},
    }


def summary(content: Row) -> str:
    """Return what a person reads in ten seconds."""
    lines = [f"site {content['site']}", f"  {content['review']['statement']}"]
    for series in content["series"]:
        lines.append(
            f"  {series['area']}, {series['sensor']}: {series['dates']} dates, {series['dates_observed']} "
            f"observed on {series['days_observed']} of {series['days_passed']} days; longest gap "
            f"{series['longest_gap_days']:.0f} days"
        )
        lines += [f"    {row['statement']}" for row in series["latest"]]
        lines += [f"    unusual: {row['statement']}" for row in series["unusual"][-3:]]
        lines += [f"    {row['statement']}" for row in series["change_points"][-3:]]
    lines += [f"  {words}" for words in content["stays"][-5:]]
    return "\n".join(lines)
