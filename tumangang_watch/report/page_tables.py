"""Words and tables of the page, from a report's plain values."""

from __future__ import annotations

from typing import Any

TRIED = ("tracks", "trials", "trials_note", "statements", "goods")
"""Fields of a date's detectability that come from trials; the others are facts of its scene."""


def verdict(report: dict[str, Any]) -> dict[str, str]:
    """Return the one line a reader must not miss, and what limits it."""
    unseen = [a["name"] for a in report["areas"] if a["status"] == "not_observable"]
    partly = [a["name"] for a in report["areas"] if a["status"] == "partial"]
    limits = [f"Not observable: {', '.join(unseen)}."] if unseen else []
    limits += [f"Partly observed: {', '.join(partly)}."] if partly else []
    fit = report["registration"]
    residual = fit["residual_median_m"]
    known = "" if residual is None else f", median residual {residual:.2f} m"
    limits.append(f"Registration {fit['status']}{known}.")
    changes = [f for f in report["findings"] if f["change"] != "unchanged"]
    sure = sum(f["grade"] == "detected" for f in changes)
    if "earlier" not in report["scenes"]:
        trains = sum(d["kind"] == "train" for d in report["detections"])
        line = f"{trains or 'No'} train{'' if trains == 1 else 's'} found in what could be seen."
    elif not changes:
        line = "No change found in what could be seen."
    else:
        possible = len(changes) - sure
        line = f"{sure or 'No'} change{'' if sure == 1 else 's'} detected"
        line += f", {possible} more possible." if possible else "."
    return {"verdict": line, "verdict_more": " ".join(limits)}


def dates(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the dates in order, each with what was detected on it."""
    order = {"train": 0, "handling_area": 1, "cargo": 2}
    made = []
    for date in ("earlier", "later"):
        if date not in report["scenes"]:
            continue
        scene = report["scenes"][date]
        found = [d for d in report["detections"] if d["date"] == date]
        found.sort(key=lambda d: (order.get(d["kind"], 9), d["track"] or "", d["from_m"] or 0.0, d["id"]))
        day, time = scene["acquired"][:10], scene["acquired"][11:16]
        made.append(
            {
                "date": date,
                "day": day,
                "shown": f"{day} {time} UTC",
                "found": found,
                "file": scene["file"],
                "sha256": scene["sha256"],
            }
        )
    return made


def fits(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the registrations, a row each."""
    fit = report["registration"]
    pair = [{"what": "later to earlier", **fit}] if "earlier" in report["scenes"] else []
    return pair + [{"what": f"{date} to the site", **f} for date, f in fit["site_fit"].items()]


def scene_rows(report: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Return what is known of the scenes: a name and a cell for each date."""
    scenes = list(report["scenes"].values())

    def degrees(scene: dict[str, Any], elevation: str, azimuth: str) -> str | None:
        if scene[elevation] is None:
            return None
        toward = "" if scene[azimuth] is None else f", azimuth {scene[azimuth]:.0f}°"
        return f"{scene[elevation]:.1f}°{toward}"

    def cloud(scene: dict[str, Any]) -> str | None:
        return None if scene["cloud_fraction"] is None else f"{100 * scene['cloud_fraction']:.0f} %"

    rows = [
        ("Id", [s["id"] for s in scenes]),
        ("Acquired", [s["acquired"].replace("T", " ").replace("Z", " UTC") for s in scenes]),
        ("Provider", [s["provider"] for s in scenes]),
        ("Resolution (GSD)", [f"{s['gsd_m']} m (pixel {s['pixel_m']} m)" for s in scenes]),
        ("Sun elevation", [degrees(s, "sun_elevation_deg", "sun_azimuth_deg") for s in scenes]),
        ("Off nadir", [degrees(s, "off_nadir_deg", "view_azimuth_deg") for s in scenes]),
        ("Cloud, as stated", [cloud(s) for s in scenes]),
        ("Snow", [s["snow_state"] for s in scenes]),
        ("Bands", [f"{', '.join(s['bands'])} (from {s['band_source']})" for s in scenes]),
        ("Radiometry", [s["radiometry"] for s in scenes]),
        ("Licence", [s["licence"] for s in scenes]),
        ("Digest", [s["sha256"][:16] for s in scenes]),
        ("Remarks", ["; ".join([*s["notes"], *s["warnings"]]) or "none" for s in scenes]),
    ]
    return [(name, list(cells)) for name, cells in rows]


def abilities(report: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return what each scene can show, a row a question."""
    entries = report["detectability"]
    names = [k for e in entries for k in e if k not in TRIED and k != "date"]
    return [
        (
            name,
            [
                "; ".join(_words(e[name]) for e in entries if e.get("date") == date and name in e) or "–"
                for date in report["scenes"]
            ],
        )
        for name in dict.fromkeys(names)
    ]


def trials(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return for each date what could have been missed: sentences, rates by kind of vehicle, and by track."""
    made = []
    for entry in report["detectability"]:
        date = entry.get("date")
        if date not in report["scenes"] or TRIED[2] not in entry:
            continue
        anywhere = [r for r in entry["trials"] if r["track"] is None]
        kinds: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        for row in anywhere:
            name = f"{row['load'] or ''} {row['type']}".strip()
            kinds.setdefault((name, row["tone"]), {})[1 if row["cars"] == 1 else 3] = row
        made.append(
            {
                "day": report["scenes"][date]["acquired"][:10],
                "statements": entry["statements"],
                "note": entry["trials_note"],
                "kinds": [(*name, pair.get(1), pair.get(3)) for name, pair in kinds.items()],
                "tracks": [_track_row(t, entry["trials"]) for t in entry["tracks"]],
            }
        )
    return made


def _track_row(track: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one track with the mean rate of single vehicles and the kind that is missed most there."""
    own = [r for r in rows if r["track"] == track["track"] and r["cars"] == 1]
    worst = min(own, key=lambda r: r["rate"]["estimate"], default=None)
    mean = sum(r["rate"]["estimate"] for r in own) / len(own) if own else None
    return {**track, "mean": mean, "worst": worst}


def _words(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "unknown"}[value]
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{k.replace('_', ' ')} {_words(v)}" for k, v in value.items())
    return str(value)
