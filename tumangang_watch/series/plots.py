"""A series as a picture: values with their intervals, gaps marked, what is unusual ringed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

INK, BAR, GAP, ALARM, LEVEL = "#1f4e79", "#9db7d1", "#e3e5e8", "#c62828", "#6b7280"
MANY_ALARMS = 60
"""From here on smaller rings: larger ones hide one another."""


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
