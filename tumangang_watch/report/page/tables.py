"""Words and tables of the page, from a report's plain values."""

from __future__ import annotations

from collections import defaultdict
from typing import TypedDict

from tumangang_watch.model.document import DetectionDocument, Number, ReportDocument, SceneDocument
from tumangang_watch.model.document_trials import TrackTrialsDocument, VehicleTrialDocument
from tumangang_watch.model.words import DateLabel
from tumangang_watch.report.answer.order import KIND_ORDER
from tumangang_watch.text import day_text, minute_text

TRIED = ("tracks", "trials", "trials_note", "statements", "goods")
"""Fields of a date's detectability that come from trials; the others are facts of its scene."""


IN_QUANTITIES = ("train_presence", "train_length", "cars_counted", "car_colours", "limits")
"""Fields of a date's detectability that its quantities state as well."""


class DateRow(TypedDict):
    """A date with what was detected on it."""

    date: DateLabel
    day: str
    shown: str
    found: list[DetectionDocument]
    file: str
    sha256: str


def day_of(report: ReportDocument, date: DateLabel) -> str:
    """Return the day of a date in UTC; with its time where both dates are of one day."""
    return day_text(*(report["scenes"][d]["acquired"] for d in (date, *report["scenes"])))


def dates(report: ReportDocument) -> list[DateRow]:
    """Return the dates in order, each with what was detected on it."""
    found = sorted(
        report["detections"],
        key=lambda d: (KIND_ORDER[d["kind"]], d["track"] or "", d["from_m"] or 0.0, d["id"]),
    )
    return [
        {
            "date": date,
            "day": day_of(report, date),
            "shown": minute_text(scene["acquired"]),
            "found": [d for d in found if d["date"] == date],
            "file": scene["file"],
            "sha256": scene["sha256"],
        }
        for date, scene in report["scenes"].items()
    ]


def fits(report: ReportDocument) -> list[dict[str, object]]:
    """Return the registrations, a row each."""
    fit = report["registration"]
    pair = [{"what": "later to earlier", **fit}] if "earlier" in report["scenes"] else []
    return pair + [{"what": f"{date} to the site", **f} for date, f in fit["site_fit"].items()]


def scene_rows(report: ReportDocument) -> list[tuple[str, list[str | None]]]:
    """Return what is known of the scenes: a name and a cell for each date."""
    scenes = [_scene_cells(scene) for scene in report["scenes"].values()]
    return [(name, [cells[name] for cells in scenes]) for name in scenes[0]]


def _scene_cells(scene: SceneDocument) -> dict[str, str | None]:
    cloud = scene["cloud_fraction"]
    return {
        "Id": scene["id"],
        "Acquired": scene["acquired"].replace("T", " ").replace("Z", " UTC"),
        "Provider": scene["provider"],
        "Resolution (GSD)": f"{scene['gsd_m']} m (pixel {scene['pixel_m']} m)",
        "Sun elevation": _degrees(scene["sun_elevation_deg"], scene["sun_azimuth_deg"]),
        "Off nadir": _degrees(scene["off_nadir_deg"], scene["view_azimuth_deg"]),
        "Cloud, as stated": None if cloud is None else f"{100 * cloud:.0f} %",
        "Snow": scene["snow_state"],
        "Bands": f"{', '.join(scene['bands'])} (from {scene['band_source']})",
        "Radiometry": scene["radiometry"],
        "Licence": scene["licence"],
        "Digest": scene["sha256"][:16],
        "Remarks": "; ".join([*scene["notes"], *scene["warnings"]]) or "none",
    }


def _degrees(angle: Number, azimuth: Number) -> str | None:
    toward = "" if azimuth is None else f", azimuth {azimuth:.0f}°"
    return None if angle is None else f"{angle:.1f}°{toward}"


def abilities(report: ReportDocument) -> list[tuple[str, list[str]]]:
    """Return what each scene can show, a row a question."""
    known: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry in report["detectability"]:
        quantities = entry.get("quantities", {})
        for name, quantity in quantities.items():
            why = f" ({'; '.join(quantity['why'])})" if quantity["why"] else ""
            known[name][entry["date"]].append(f"{quantity['told']}{why}")
        for name, value in entry.items():
            if name not in (*TRIED, "date", "quantities") and not (quantities and name in IN_QUANTITIES):
                known[name][entry["date"]].append(_words(value))
    return [
        (name, ["; ".join(cells[date]) or "–" for date in report["scenes"]]) for name, cells in known.items()
    ]


def trials(report: ReportDocument) -> list[dict[str, object]]:
    """Return for each date what could have been missed: sentences, rates by kind of vehicle, and by track."""
    made: list[dict[str, object]] = []
    for entry in report["detectability"]:
        if entry["date"] not in report["scenes"] or "trials_note" not in entry:
            continue
        kinds: dict[tuple[str, str], dict[int, VehicleTrialDocument]] = {}
        for row in entry["trials"]:
            if row["track"] is None:
                name = f"{row['load'] or ''} {row['type']}".strip()
                kinds.setdefault((name, row["tone"]), {})[1 if row["cars"] == 1 else 3] = row
        made.append(
            {
                "day": day_of(report, entry["date"]),
                "statements": entry["statements"],
                "note": entry["trials_note"],
                "kinds": [(*name, pair.get(1), pair.get(3)) for name, pair in kinds.items()],
                "tracks": [_track_row(t, entry["trials"]) for t in entry["tracks"]],
            }
        )
    return made


def _track_row(track: TrackTrialsDocument, rows: list[VehicleTrialDocument]) -> dict[str, object]:
    """Return one track with the mean rate of single vehicles and the kind that is missed most there."""
    own = [r for r in rows if r["track"] == track["track"] and r["cars"] == 1]
    worst = min(own, key=lambda r: r["rate"]["estimate"], default=None)
    mean = sum(r["rate"]["estimate"] for r in own) / len(own) if own else None
    return {**track, "mean": mean, "worst": worst}


def _words(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "unknown"}[value]
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{k.replace('_', ' ')} {_words(v)}" for k, v in value.items())
    return str(value)
