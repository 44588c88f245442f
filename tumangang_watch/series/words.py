"""A record over time in words: every sentence names its dates, and what was not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from tumangang_watch.model.document import Json
from tumangang_watch.model.series import STATUSES, Exposure, Record, Series
from tumangang_watch.model.sightings import Stay, hours_between
from tumangang_watch.series.crossings import crossing_words, train_words
from tumangang_watch.text import PAINTED_WORDS, day_text

Document = Mapping[str, Json]
LABELS = {
    "trains": ("trains", ""),
    "cars": ("cars", ""),
    "length_m": ("train length", " m"),
    "fill": ("occupied share of track", ""),
    "cargo": ("goods", ""),
    "cargo_m2": ("area of goods", " m2"),
    "worked_m2": ("worked surface", " m2"),
}


def review_word(record: Record) -> str:
    """Return whether a record is taken with its readers' reviews or without."""
    return "with" if record.review.taken else "without"


def review_words(record: Record) -> str:
    """Return in a sentence how reviews are taken in."""
    if not record.review.taken:
        return "Taken without readers' reviews: as the detector reports."
    counts = record.review.counts
    states = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "none so far"
    return (
        f"Taken with readers' reviews ({states}): rejected things are left out, corrected ones replaced, "
        "missed ones added; what readers dispute, or what changed since they judged it, is in the intervals."
    )


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """What ``series.json`` says of one series."""

    area: str
    role: str
    sensor: str
    dates: int
    dates_observed: int
    dates_not_observable: int
    days_observed: int
    days_passed: int
    longest_gap_days: float
    unseen_stays: dict[str, float]
    latest: list[Document]
    expected_false_alarms: dict[str, float]
    unusual: list[Document]
    change_points: list[Document]


def unusual_values(series: Series) -> list[Document]:
    """Return what stood out from the dates before it, by time."""
    found: list[Document] = []
    columns = series.columns
    for measured in series.measures:
        label, unit = LABELS[measured.measure]
        tests = measured.tests
        highest, lowest = (f.accumulate(measured.values) for f in (np.maximum, np.minimum))
        first = columns.acquired[measured.dates[0]]
        for k in tests.alarms():
            index, high, earlier = measured.dates[k], bool(tests.high[k]), int(tests.before[k])
            acquired, value = columns.acquired[index], float(measured.values[k])
            limit = float((highest if high else lowest)[k - 1])
            years = hours_between(first, acquired) / 24.0 / 365.25
            side = ("more", "most", "at most") if high else ("less", "least", "at least")
            beyond = value > limit if high else value < limit
            words = (
                f"{side[0]} than on any of the {earlier} earlier dates"
                if beyond
                else f"among the {side[1]} of {earlier + 1} dates"
            )
            found.append(
                {
                    "area": series.area,
                    "sensor": series.sensor,
                    "acquired": acquired,
                    "folder": columns.folder[index],
                    "measure": measured.measure,
                    "value": value,
                    "high": high,
                    "p_value": round(float((tests.p_high if high else tests.p_low)[k]), 5),
                    "rank": int(measured.ranks[k]),
                    "of": len(measured.values),
                    "false_alarm_rate": round(float(tests.false_rate[k]), 5),
                    "statement": f"{series.area}, {acquired[:10]}: {label} {value:g}{unit}, {words} "
                    f"in {years:.1f} years ({side[2]} {limit:g}{unit} before).",
                }
            )
    return sorted(found, key=lambda r: (str(r["acquired"]), str(r["measure"])))


def level_changes(series: Series) -> list[Document]:
    """Return when a level changed for good."""
    found: list[Document] = []
    for measured in series.measures:
        label, unit = LABELS[measured.measure]
        for change in measured.changes:
            last, first = (series.columns.acquired[measured.dates[change.index - back]] for back in (1, 0))
            between = f"{day_text(last, first)} and {day_text(first, last)}"
            words = f"{label} changed from {change.before:.3g}{unit} to {change.after:.3g}{unit}"
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
                    "statement": f"{series.area}: mean {words} between {between}.",
                }
            )
    return sorted(found, key=lambda r: (str(r["first_seen"]), str(r["measure"])))


def latest_values(series: Series) -> list[Document]:
    """Return the last value of each measure and its rank among all dates."""
    found: list[Document] = []
    for m in series.measures:
        acquired, value, rank = series.columns.acquired[m.dates[-1]], float(m.values[-1]), int(m.ranks[-1])
        label, unit = LABELS[m.measure]
        place = "highest" if value == m.values.max() else "lowest" if value == m.values.min() else ""
        place = "as on every date" if m.values.max() == m.values.min() else place
        words = f"{label} {value:g}{unit} on {acquired[:10]}: rank {rank} of {len(m.values)}"
        words += f", {place}." if place else "."
        found.append(
            {
                "measure": m.measure,
                "acquired": acquired,
                "value": value,
                "rank": rank,
                "of": len(m.values),
                "statement": words,
            }
        )
    return found


def most_changed(record: Record) -> int:
    """Return the series that changed most on its last date, by its place: the page opens on it.

    A change is measured in the range of what the series showed before; one that stands out counts first.
    """
    scores = [(0.0, 0)]
    for place, series in enumerate(record.series):
        for measured in series.measures:
            values = measured.values
            if len(values) < 2:
                continue
            reach = max(float(np.ptp(values)), 1e-9)
            unusual = len(values) - 1 in measured.tests.alarms()
            scores.append((abs(float(values[-1] - values[-2])) / reach + unusual, -place))
    return -max(scores)[1]


def series_rows(record: Record) -> list[SeriesRow]:
    """Return what ``series.json`` says of each series."""
    return [
        SeriesRow(
            area=s.area,
            role=s.role,
            sensor=s.sensor,
            dates=len(s.columns),
            dates_observed=int((s.columns.status == STATUSES.index("observed")).sum()),
            dates_not_observable=int((s.columns.status == STATUSES.index("not_observable")).sum()),
            days_observed=s.exposure.days_observed,
            days_passed=s.exposure.days_passed,
            longest_gap_days=round(s.exposure.longest_gap_days, 3),
            unseen_stays=_unseen(s.exposure),
            latest=latest_values(s),
            expected_false_alarms={m.measure: round(m.expected_false, 4) for m in s.measures},
            unusual=unusual_values(s),
            change_points=level_changes(s),
        )
        for s in record.series
    ]


def _unseen(exposure: Exposure) -> dict[str, float]:
    return {f"{d:g} days": round(p, 4) for d, p in exposure.unseen.items()}


def stay_words(stay: Stay, role: str) -> str:
    """Return a stay in a sentence, its bounds named."""
    first, last = stay.first, stay.last
    times = [t.acquired for t in (stay.after, first, last, stay.before) if t is not None]
    came = (
        "already there on the first date seen"
        if stay.after is None
        else f"came after {day_text(stay.after.acquired, *times)}"
    )
    gone = "not seen to go" if stay.before is None else f"gone by {day_text(stay.before.acquired, *times)}"
    seen = (
        f"seen on {day_text(first.acquired, *times)}"
        if len(stay.sightings) == 1
        else f"seen on {len(stay.sightings)} dates from {day_text(first.acquired, *times)} to "
        f"{day_text(last.acquired, *times)}"
    )
    place = f"on {first.area}" if role == "bridge" else f"in {first.area}"
    return f"{train_words(last)} {place}, track {first.track}: {came}, {seen}, {gone}."


def in_words(record: Record, stay: Stay) -> str:
    """Return a stay in a sentence; a train that one date shows on a bridge as what it is, a crossing."""
    role = record.roles.get(stay.first.area, "")
    passing = role == "bridge" and len(stay.sightings) == 1
    return crossing_words(record, stay) if passing else stay_words(stay, role)


def document(
    record: Record, rows: list[SeriesRow], tool_version: str, settings_sha256: str, alarm_rate: float
) -> Document:
    """Return the contents of ``series.json``."""
    return {
        "schema_version": 1,
        "tool": {"name": "tumangang-watch", "version": tool_version},
        "settings_sha256": settings_sha256,
        "site": record.site,
        **({"painted": len(record.painted), "notice": PAINTED_WORDS} if record.painted else {}),
        "alarm_rate_at_most": alarm_rate,
        "review": {
            "taken": review_word(record),
            "counts": record.review.counts,
            "statement": review_words(record),
        },
        "areas": [_area_row(record, area) for area in sorted(record.roles)],
        "series": [asdict(row) for row in rows],
        "opens_on": most_changed(record),
        "stays": [in_words(record, s) for s in record.stays],
    }


def _area_row(record: Record, area: str) -> Document:
    seen = record.exposure.get(area, Exposure(0, 0, 0.0, {}))
    return {
        "area": area,
        "role": record.roles[area],
        "days_observed": seen.days_observed,
        "days_passed": seen.days_passed,
        "longest_gap_days": round(seen.longest_gap_days, 3) if area in record.exposure else None,
        "unseen_stays": _unseen(seen),
    }


def summary(record: Record, rows: list[SeriesRow]) -> str:
    """Return what a person reads in ten seconds."""
    lines = [PAINTED_WORDS] if record.painted else []
    lines += [f"site {record.site}", f"  {review_words(record)}"]
    for row in rows:
        lines.append(
            f"  {row.area}, {row.sensor}: {row.dates} dates, {row.dates_observed} observed on "
            f"{row.days_observed} of {row.days_passed} days; longest gap {row.longest_gap_days:.0f} days"
        )
        lines += [f"    {latest['statement']}" for latest in row.latest]
        lines += [f"    unusual: {unusual['statement']}" for unusual in row.unusual[-3:]]
        lines += [f"    {change['statement']}" for change in row.change_points[-3:]]
    lines += [f"  {in_words(record, stay)}" for stay in record.stays[-5:]]
    return "\n".join(lines)
