"""Plots and the interactive page of a record over time; nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from tumangang_watch.model.series import AreaDate, Record, Series
from tumangang_watch.report.series_plots import Panel, plot
from tumangang_watch.report.series_words import LABELS
from tumangang_watch.report.summary import clean

Row = dict[str, Any]


def panels_of(series: Series) -> list[Panel]:
    """Return what is drawn of a series: every date on which a measure was taken."""
    tested = {m.measure: m for m in series.measures}
    panels = []
    for name, (label, unit) in LABELS.items():
        if name not in tested:
            continue
        stem, _, end = name.partition("_")
        low, high = ((f"{stem}_{b}_{end}" if end else f"{stem}_{b}") for b in ("low", "high"))
        columns = [AreaDate._fields.index(n) for n in (name, low, high)]
        taken = [k for k, d in enumerate(series.dates) if d[columns[0]] is not None]
        rows = [[float(v) for v in (series.dates[k][c] for c in columns)] for k in taken]  # type: ignore[arg-type]
        measured = tested[name]
        alarms = {i for i, t in zip(measured.dates, measured.tests, strict=True) if t.high or t.low}
        panels.append(
            Panel(
                label + (f", {unit.strip()}" if unit else ""),
                [series.dates[k].acquired for k in taken],
                [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows],
                [series.dates[k].status == "partial" for k in taken],
                [n for n, k in enumerate(taken) if k in alarms],
                _levels(series, name),
            )
        )  # fmt: skip
    return panels


def _levels(series: Series, name: str) -> list[tuple[str, str, float]]:
    measured = next(m for m in series.measures if m.measure == name)
    if not measured.changes:
        return []
    edges = [0, *(c.index for c in measured.changes), len(measured.values)]
    means = [measured.changes[0].before, *(c.after for c in measured.changes)]
    times = [series.dates[i].acquired for i in measured.dates]
    return [(times[a], times[b - 1], mean) for a, b, mean in zip(edges[:-1], edges[1:], means, strict=True)]


def gaps_of(series: Series) -> list[str]:
    """Return the dates on which the area could not be observed."""
    return [d.acquired for d in series.dates if d.status == "not_observable"]


def write_plots(record: Record, folder: Path) -> None:
    """Write one PNG and one SVG a series."""
    for series in record.series:
        panels = panels_of(series)
        if panels:
            name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{series.area} {series.sensor}")[:80]
            title = f"{record.site}: {series.area}, {series.sensor}"
            note = "bars: 90 % intervals; grey: not observable (not zero); triangles: in part; rings: unusual"
            plot(folder / name, clean(title), panels, gaps_of(series), note)


def page(record: Record, content: Row, reports: str | None) -> str:
    """Return the interactive page.

    Parameters
    ----------
    record, content : Record, dict
        The record and its ``series.json``.
    reports : str or None
        The path from the page to the folder of reports; points then open that day's report.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    script = _asset("series.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps([_drawn(s, reports) for s in record.series], separators=(",", ":"))
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_asset("series.html.j2")).render(
        content=_clean(content), policy=policy, css=Markup(_asset("page.css")), script=Markup(script),
        data=Markup(data.replace("<", "\\u003c").replace("&", "\\u0026")),
    ) + "\n"  # fmt: skip


def _drawn(series: Series, reports: str | None) -> Row:
    from urllib.parse import quote

    folders = {d.acquired: d.folder for d in series.dates}
    panels = []
    for panel in panels_of(series):
        alarms, points = set(panel.alarms), []
        for k, acquired in enumerate(panel.times):
            point: Row = {
                "t": _ms(acquired), "d": acquired[:16], "v": panel.values[k], "l": panel.low[k],
                "h": panel.high[k],
            }  # fmt: skip
            point |= {"p": 1} if panel.partial[k] else {}
            point |= {"u": 1} if k in alarms else {}
            point |= {"a": f"{reports}/{quote(folders[acquired])}/report.html"} if reports else {}
            points.append(point)
        panels.append({"label": clean(panel.label), "points": points})
    times = [_ms(d.acquired) for d in series.dates]
    return {
        "panels": panels, "gaps": [_ms(t) for t in gaps_of(series)], "start": min(times), "stop": max(times),
    }  # fmt: skip


def _ms(acquired: str) -> int:
    return int(datetime.fromisoformat(acquired.replace("Z", "+00:00")).timestamp() * 1000)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_clean(v) for v in value]
    return clean(value) if isinstance(value, str) else value


def _asset(name: str) -> str:
    return resources.files("tumangang_watch.report").joinpath(name).read_text(encoding="utf-8")
