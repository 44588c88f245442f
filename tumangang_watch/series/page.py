"""Plots and the interactive page of a record over time; nothing is loaded from anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from tumangang_watch.model.series import STATUSES, MeasureSeries, Record, Series
from tumangang_watch.report.assets import render
from tumangang_watch.series.words import LABELS, Document, review_word
from tumangang_watch.text import PAINTED, clean_text, marked
from tumangang_watch.track_frame import stretches

INK, BAR, GAP, ALARM, LEVEL = "#1f4e79", "#9db7d1", "#e3e5e8", "#c62828", "#6b7280"
MANY_ALARMS = 60
"""From here on smaller rings: larger ones hide one another."""
COUNTS = ("trains", "cars", "cargo")
"""Measures that are whole numbers."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One measure over time."""

    label: str
    times: list[str]
    """Dates on which it was taken, ISO 8601."""
    values: list[float]
    low: list[float]
    high: list[float]
    partial: list[bool]
    """The area was seen only in part: at least so much."""
    alarms: list[int]
    """Indices of unusual values."""
    levels: list[tuple[str, str, float]]
    """Stretches between change points: from, to, mean."""
    taken: int = 0
    """On how many dates it was taken; of a long series fewer are drawn."""
    whole: bool = False
    """It counts: only whole numbers are marked on the axis."""


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
            mark = PAINTED if record.painted else None
            title = marked(f"{record.site}: {series.area}, {series.sensor}", mark)
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


def plot(path: Path, title: str, panels: list[Panel], gaps: list[tuple[str, str]], note: str) -> None:
    """Write the same picture as ``path.png`` and ``path.svg``. The same panels give the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "tumangang-watch", "font.size": 8, "axes.titlesize": 8}):
        figure = Figure(figsize=(9, 0.9 + 1.7 * max(1, len(panels))), layout="constrained")
        axes = figure.subplots(max(1, len(panels)), 1, sharex=True, squeeze=False)[:, 0]
        for axis, panel in zip(axes, panels, strict=False):
            _draw(axis, panel, gaps)
        axes[0].set_title(title, loc="left", fontsize=10)
        figure.supxlabel(note, fontsize=7, color=LEVEL, x=0.01, ha="left")
        FigureCanvasAgg(figure).print_png(path.with_name(path.name + ".png"), metadata={"Software": None})
        FigureCanvasSVG(figure).print_svg(path.with_name(path.name + ".svg"), metadata={"Date": None})


def _draw(axis: Any, panel: Panel, gaps: list[tuple[str, str]]) -> None:
    from matplotlib.ticker import MaxNLocator

    def moments(times: list[str]) -> Any:
        return np.array([t.rstrip("Z") for t in times], dtype="datetime64[s]")

    when = moments(panel.times)
    for first, last in gaps:
        span = moments([first, last])
        axis.axvspan(*span, facecolor=GAP, edgecolor=GAP, linewidth=2.0, zorder=0)
    values = np.asarray(panel.values)
    below, above = values - np.asarray(panel.low), np.asarray(panel.high) - values
    axis.errorbar(when, values, [below, above], fmt="none", ecolor=BAR, elinewidth=1.2, zorder=1)
    whole = ~np.asarray(panel.partial, dtype=bool)
    axis.plot(when[whole], values[whole], "o", color=INK, markersize=3, zorder=3)
    axis.plot(when[~whole], values[~whole], "^", markerfacecolor="white", color=INK, markersize=4, zorder=3)
    for start, stop, mean in panel.levels:
        axis.plot(moments([start, stop]), [mean, mean], "-", color=LEVEL, linewidth=1, zorder=2)
    if panel.alarms:
        axis.plot(
            when[panel.alarms],
            values[panel.alarms],
            "o",
            markerfacecolor="none",
            color=ALARM,
            zorder=4,
            markersize=9 if len(panel.alarms) < MANY_ALARMS else 5,
        )
    axis.set_ylabel(panel.label)
    # A little below zero, so that marks at zero are whole.
    axis.set_ylim(bottom=min(0.0, float(values.min(initial=0.0))) - 0.04 * axis.get_ylim()[1])
    axis.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=panel.whole))
    axis.grid(axis="y", color=GAP, linewidth=0.5)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
