"""Plots and the interactive page of a record over time; nothing is loaded from anywhere."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from tumangang_watch.model.series import STATUSES, MeasureSeries, Record, Series
from tumangang_watch.report.assets import render
from tumangang_watch.series.plots import Panel, plot
from tumangang_watch.series.words import LABELS, Document, review_word
from tumangang_watch.text import clean_text
from tumangang_watch.track_frame import stretches

COUNTS = ("trains", "cars", "cargo")
"""Measures that are whole numbers."""


def panels_of(series: Series, spans: int) -> list[Panel]:
    """Return what is drawn of a series: the dates on which a measure was taken.

    Of a long series each of ``spans`` equal spans of time shows its highest and its lowest value, and all
    that is unusual is shown.
    """
    tested = {m.measure: m for m in series.measures}
    panels = []
    for name, (label, unit) in LABELS.items():
        if name not in tested:
            continue
        stem, _, end = name.partition("_")
        low, high = ((f"{stem}_{b}_{end}" if end else f"{stem}_{b}") for b in ("low", "high"))
        measured = tested[name]
        taken = np.flatnonzero(~np.isnan(series.columns.measures[name]))
        alarms = measured.dates[measured.tests.alarms()]
        shown = taken[_shown(series, taken, series.columns.measures[name][taken], alarms, spans)]
        rows = [[float(getattr(series.dates[k], n)) for n in (name, low, high)] for k in shown]
        panels.append(
            Panel(
                label=label + (f", {unit.strip()}" if unit else ""),
                times=list(series.columns.acquired[shown]),
                values=[r[0] for r in rows],
                low=[r[1] for r in rows],
                high=[r[2] for r in rows],
                partial=[bool(p) for p in series.columns.status[shown] == STATUSES.index("partial")],
                alarms=[int(k) for k in np.flatnonzero(np.isin(shown, alarms))],
                levels=_levels(series, measured),
                taken=len(taken),
                whole=name in COUNTS,
            )
        )
    return panels


def _shown(
    series: Series,
    taken: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    alarms: npt.NDArray[np.int64],
    spans: int,
) -> npt.NDArray[np.int64]:
    """Return which of the dates taken are drawn, by place."""
    if len(taken) <= 2 * spans:
        return np.arange(len(taken))
    span = _span(series.columns.times[taken], spans)
    order = np.lexsort((values, span))
    first = np.flatnonzero(np.diff(span[order], prepend=-1))
    ends = np.concatenate([first, np.append(first[1:], len(order)) - 1])
    unusual = np.flatnonzero(np.isin(taken, alarms))
    return np.unique(np.concatenate([order[ends], unusual]))


def _span(times: npt.NDArray[np.datetime64], spans: int) -> npt.NDArray[np.int64]:
    """Return in which of so many equal spans of time each date lies."""
    passed = (times - times[0]).astype(float)
    return np.minimum((passed / max(passed[-1], 1.0) * spans).astype(int), spans - 1)


def _levels(series: Series, measured: MeasureSeries) -> list[tuple[str, str, float]]:
    if not measured.changes:
        return []
    edges = [0, *(c.index for c in measured.changes), len(measured.values)]
    means = [measured.changes[0].before, *(c.after for c in measured.changes)]
    times = series.columns.acquired[measured.dates]
    return [(times[a], times[b - 1], mean) for a, b, mean in zip(edges[:-1], edges[1:], means, strict=True)]


def gaps_of(series: Series, spans: int) -> list[tuple[str, str]]:
    """Return the runs of dates on which the area could not be observed, each by its first and last.

    Of a long series a date counts as observed when any date of its span of time was.
    """
    columns = series.columns
    if not len(columns):
        return []
    hidden = columns.status == STATUSES.index("not_observable")
    if len(columns) > 2 * spans:
        span = _span(columns.times, spans)
        dark = np.bincount(span, minlength=spans) == np.bincount(span, hidden, minlength=spans)
        hidden = dark[span]
    return [(columns.acquired[a], columns.acquired[b - 1]) for a, b in stretches(hidden)]


def thinned(panels: list[Panel], spans: int) -> str:
    """Return in words how much of a long series is drawn; nothing where all is."""
    if all(len(p.values) == p.taken for p in panels):
        return ""
    shown, taken = max((len(p.values), p.taken) for p in panels)
    return (
        f"{shown} of {taken} dates drawn: of each of {spans} spans of time the highest and the lowest, and "
        "all that is unusual; grey where no date of a span showed the area"
    )


def write_plots(record: Record, folder: Path, spans: int) -> None:
    """Write one PNG and one SVG a series."""
    for series in record.series:
        panels = panels_of(series, spans)
        if panels:
            name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{series.area} {series.sensor}")[:80]
            title = f"{record.site}: {series.area}, {series.sensor}"
            note = f"{review_word(record)} review; "
            note += (
                "bars: 90 % intervals; grey: not observable (not zero); triangles: in part; rings: unusual"
            )
            more = thinned(panels, spans)
            note += f"\n{more}" if more else ""
            plot(folder / name, clean_text(title), panels, gaps_of(series, spans), note)


def page(record: Record, content: Document, reports: str | None, spans: int) -> str:
    """Return the interactive page.

    Parameters
    ----------
    record, content : Record, mapping
        The record and its ``series.json``.
    reports : str or None
        The path from the page to the folder of reports; points then open that day's report.
    spans : int
        Into how many spans of time a long series is cut.
    """
    data = json.dumps([_drawn(s, reports, spans) for s in record.series], separators=(",", ":"))
    return render(
        "series.html.j2",
        "tumangang_watch.series",
        script="series.js",
        content=content,
        data=Markup(data.replace("<", "\\u003c").replace("&", "\\u0026")),
    )


def _drawn(series: Series, reports: str | None, spans: int) -> dict[str, object]:
    columns = series.columns
    folders = dict(zip(columns.acquired, columns.folder, strict=True))
    drawn = panels_of(series, spans)
    panels = []
    for panel in drawn:
        alarms, points = set(panel.alarms), []
        for k, acquired in enumerate(panel.times):
            point: dict[str, object] = {
                "t": _ms(acquired),
                "d": acquired[:16],
                "v": panel.values[k],
                "l": panel.low[k],
                "h": panel.high[k],
            }
            point |= {"p": 1} if panel.partial[k] else {}
            point |= {"u": 1} if k in alarms else {}
            point |= {"a": f"{reports}/{quote(folders[acquired])}/report.html"} if reports else {}
            points.append(point)
        levels = [[_ms(a), _ms(b), mean] for a, b, mean in panel.levels]
        panels.append(
            {"label": clean_text(panel.label), "whole": panel.whole, "points": points, "levels": levels}
        )
    return {
        "panels": panels,
        "gaps": [[_ms(t) for t in run] for run in gaps_of(series, spans)],
        "note": thinned(drawn, spans),
        "start": _ms(columns.acquired[0]),
        "stop": _ms(columns.acquired[-1]),
    }


def _ms(acquired: str) -> int:
    return int(datetime.fromisoformat(acquired).timestamp() * 1000)
