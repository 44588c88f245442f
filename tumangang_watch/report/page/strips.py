"""A train's track straightened on each date: it runs as the map does, its vehicles numbered."""

from __future__ import annotations

from typing import TypedDict

from shapely import LineString

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import DetectionDocument, FindingDocument, VehicleDocument
from tumangang_watch.report import pictures
from tumangang_watch.report.answer.clauses import bearing
from tumangang_watch.report.pictures import DisplayStretch
from tumangang_watch.text import day_text, utc_text

STRIP_MARGIN_M = 12.0
STRIP_MIN_M = 100.0
"""Shortest track shown: a lone wagon is not blown up beyond its pixels."""
ENDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


class DrawnVehicle(TypedDict):
    """A vehicle as it is drawn: metres from the left end of its strip."""

    n: int
    """Counted from the left."""
    x: float
    wide: float
    type: str
    colour: str
    confidence: float
    title: str


class DatedStrip(TypedDict):
    """A track straightened on one date, as a data URI, and the vehicles read from it."""

    day: str
    uri: str
    stock: list[DrawnVehicle]


class DatedStrips(TypedDict):
    """One stretch of a track on each date, its left end first."""

    wide: float
    """Metres."""
    left: str
    """Where its left end lies: ``W``."""
    right: str
    rows: list[DatedStrip]


def runs_back(line: LineString) -> bool:
    """Return True for a track that counts against the map: from east to west, or from north to south."""
    (x0, y0), (x1, y1) = line.coords[0][:2], line.coords[-1][:2]
    east, north = x1 - x0, y1 - y0
    return bool(east < 0 if abs(east) >= 0.3 * abs(north) else north < 0)


def ends_of(line: LineString) -> tuple[str, str]:
    """Return where the left and the right end of a drawn track lie, as points of the compass."""
    (x0, y0), (x1, y1) = line.coords[0][:2], line.coords[-1][:2]
    ahead = round(bearing(x1 - x0, y1 - y0) / 45) % 8
    first, last = ENDS[(ahead + 4) % 8], ENDS[ahead]
    return (last, first) if runs_back(line) else (first, last)


def drawn(
    stock: list[VehicleDocument], span_m: tuple[float, float], line: LineString | None
) -> list[DrawnVehicle]:
    """Return vehicles as they are drawn over ``span_m`` of a track, numbered from the left."""
    back = line is not None and runs_back(line)
    made: list[DrawnVehicle] = []
    for n, v in enumerate(reversed(stock) if back else stock, start=1):
        x = span_m[1] - v["to_m"] if back else v["from_m"] - span_m[0]
        what = f"{n}: {v['colour']} {v['type']}".replace("_", " ")
        made.append(
            {
                "n": n,
                "x": round(x, 2),
                "wide": round(max(v["to_m"] - v["from_m"], 0.5), 2),
                "type": v["type"],
                "colour": v["colour"],
                "confidence": v["confidence"],
                "title": f"{what}, {v['from_m']:.0f}–{v['to_m']:.0f} m, confidence {v['confidence']:.2f}",
            }
        )
    return made


def spans_of(finding: FindingDocument, found: dict[str, DetectionDocument]) -> list[tuple[float, float]]:
    """Return from where to where along its track a finding lies on each date (metres)."""
    known = [found[id_] for id_ in (finding["earlier"], finding["later"]) if id_ in found]
    spans = [(d["from_m"], d["to_m"]) for d in known]
    return [(a, b) for a, b in spans if a is not None and b is not None]


def strips_of(
    comparison: Comparison,
    finding: FindingDocument,
    found: dict[str, DetectionDocument],
    stretch: DisplayStretch,
) -> DatedStrips | None:
    """Return the track straightened on each date with the vehicles read from it, for a train."""
    line = next((t.line for t in comparison.site.tracks if t.id == finding["track"]), None)
    spans = spans_of(finding, found)
    if finding["kind"] != "train" or line is None or not spans:
        return None
    lo, hi = min(a for a, _ in spans) - STRIP_MARGIN_M, max(b for _, b in spans) + STRIP_MARGIN_M
    wider = max(0.0, STRIP_MIN_M - (hi - lo)) / 2
    lo, hi = lo - wider, hi + wider
    times = [utc_text(o.scene.acquired) for o in comparison.dates]
    back, length = runs_back(line), line.length
    shown, span = (line.reverse(), (length - hi, length - lo)) if back else (line, (lo, hi))
    rows: list[DatedStrip] = []
    for observation in comparison.dates:
        train = found.get(finding[observation.date] or "")
        own = train is not None and train["track"] == finding["track"]
        picture = pictures.strip(observation, shown, span, stretch)
        rows.append(
            {
                "day": day_text(utc_text(observation.scene.acquired), *times),
                "uri": pictures.data_uri(picture, 85),
                "stock": drawn(train["rolling_stock"], (lo, hi), line) if train is not None and own else [],
            }
        )
    left, right = ends_of(line)
    return {"wide": round(hi - lo, 2), "left": left, "right": right, "rows": rows}
