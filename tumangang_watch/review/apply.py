"""A record over time with its reviews: accepted and open kept, rejected left out, corrected replaced."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.archive.areas import shared_m
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.archive.summary import EMPTY, summarise, vehicle_types
from tumangang_watch.model.review import Thing
from tumangang_watch.model.series import AreaDate, ReviewTaken
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.review.consensus import JudgedThing, judge
from tumangang_watch.review.matching import taken_as_sure

_STATES = ("accepted", "corrected", "added", "rejected", "disputed", "stale", "open")


def judged_scenes(archive: Archive, site: str, *, as_seen: bool = False) -> dict[str, list[JudgedThing]]:
    """Return, for every scene that somebody reviewed, what is made of each thing in it; see `judge`."""
    reviews = all_reviews(archive, site)
    scenes = {r.about.scene for r in reviews} | {r.about.earlier for r in reviews if r.about.earlier}
    return judge([] if as_seen else subjects(archive, site, scenes=scenes), reviews, as_seen=as_seen)


def with_review(
    archive: Archive, site: str, rows: Sequence[AreaDate], sightings: Sequence[Sighting]
) -> tuple[list[AreaDate], list[Sighting], ReviewTaken]:
    """Return areas and trains of every date with the reviews taken in, and what they did.

    What is in doubt (readers disagree, or the finding changed since) stays in the estimate as reported;
    ``low`` is without it and ``high`` with it.
    """
    judged = judged_scenes(archive, site)
    reports = _reports(archive, site, set(judged))
    seen_m = _seen_track_m(archive, set(judged))
    by_date: dict[tuple[str, str], list[JudgedThing]] = defaultdict(list)
    for scene, group in judged.items():
        for one in group:
            area = one.thing.get("area")
            folder = one.subject.folder if one.subject else reports.get((scene, str(area)))
            if folder is not None and area is not None:
                by_date[folder, area].append(one)
    counts = {place: Counter(map(state_of, group)) for place, group in by_date.items()}
    changed = {place for place, states in counts.items() if set(states) - {"open"}}
    taken = [
        _row(row, by_date[row.folder, row.area], seen_m.get((row.folder, row.area)))
        if (row.folder, row.area) in changed and row.status != "not_observable"
        else row
        for row in rows
    ]
    totals = sum((counts[place] for place in changed), Counter[str]())
    states = {name: totals[name] for name in _STATES if totals[name]}
    notes = {place: _words(counts[place]) for place in changed}
    return taken, _sightings(archive, sightings, judged), ReviewTaken(True, states, notes)


def state_of(one: JudgedThing) -> str:
    """Return in a word what is made of a thing."""
    if one.says == "doubtful":
        return "disputed" if one.disputed else "stale"
    if one.says == "there":
        return "disputed" if one.disputed else str(one.basis)
    return "rejected" if one.says == "not_there" else "open"


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in _STATES if counts[name])


def _row(row: AreaDate, group: Sequence[JudgedThing], observed_m: float | None) -> AreaDate:
    """Return an area's sums over what its readers leave."""
    sure = [_document(j.thing) for j in group if j.says in ("there", "open")]
    doubtful = [j for j in group if j.says == "doubtful"]
    base = [*sure, *(_document(j.thing) for j in doubtful if j.subject is not None)]
    all_of_it = [*sure, *(_document(taken_as_sure(j.thing)) for j in doubtful)]
    middle, low, high = (summarise(found, observed_m) for found in (base, sure, all_of_it))
    merged = dict(middle)
    for name in EMPTY:
        values = [part[name] for part in (middle, low, high)]
        if "_low" in name:
            merged[name] = min((v for v in values if v is not None), default=None)
        elif "_high" in name:
            merged[name] = None if None in values else max(values)
    types = json.dumps(vehicle_types(base), sort_keys=True, separators=(",", ":"))
    return row._replace(**merged, types=types)


def _document(thing: Thing) -> dict[str, object]:
    """Return a thing as a detection of ``report.json``, as far as sums need it."""
    types, cars = list(thing.get("types") or []), thing.get("cars")
    if cars is not None and thing["kind"] == "train" and len(types) != round(cars["estimate"]):
        types = ["unknown"] * round(cars["estimate"])
    return {
        **{name: thing.get(name) for name in ("kind", "grade", "confidence", "cars", "length_m", "area_m2")},
        "rolling_stock": [{"type": name} for name in types],
    }


def _sightings(
    archive: Archive, sightings: Sequence[Sighting], judged: dict[str, list[JudgedThing]]
) -> list[Sighting]:
    """Return the trains of every date, rejected ones left out, corrected ones replaced, missed ones added."""
    times = dict(archive.connection.execute("SELECT sha256, acquired FROM scenes"))
    # A train that stands in two areas is seen in each.
    known: dict[tuple[object, ...], list[Sighting]] = defaultdict(list)
    for seen in sightings:
        known[seen.acquired, seen.track, seen.from_m, seen.to_m].append(seen)
    for scene, group in judged.items():
        for one in group:
            if one.kind != "train" or one.says not in ("there", "not_there"):
                continue
            thing, acquired = one.thing, times.get(scene)
            was = one.subject.about.evidence if one.subject is not None else thing
            old = known.pop((acquired, *(was.get(n) for n in ("track", "from_m", "to_m"))), [])
            area, track, cars = thing.get("area"), thing.get("track"), thing.get("cars")
            if one.says == "not_there" or not acquired or None in (area, track, thing.get("to_m")):
                continue
            place: dict[str, Any] = {"track": track, "acquired": acquired, "confidence": 1.0}
            place |= {"from_m": thing["from_m"], "to_m": thing["to_m"]}
            place["cars"] = cars["estimate"] if cars else None
            kept = old if area == was.get("area") else []
            news = [replace(s, **place) for s in kept] or [Sighting(area=str(area), **place)]
            known[acquired, track, thing["from_m"], thing["to_m"]] = news
    every = [s for group in known.values() for s in group]
    return sorted(every, key=lambda s: (s.acquired, s.track, s.from_m, s.area))


def _reports(archive: Archive, site: str, scenes: set[str]) -> dict[tuple[str, str], str]:
    """Return the folder of the current report that speaks for an area of a scene."""
    rows = archive.connection.execute(
        """SELECT r.scene_sha256, a.area, r.folder FROM current_reports AS r
           JOIN area_dates AS a ON a.report = r.id AND a.speaks
           WHERE r.site_id = ? AND r.scene_sha256 IN (SELECT value FROM json_each(?))""",
        (site, json.dumps(sorted(scenes))),
    )
    return {(scene, area): folder for scene, area, folder in rows}


def _seen_track_m(archive: Archive, scenes: set[str]) -> dict[tuple[str, str], float]:
    """Return how many metres of track of each area could be seen, by report."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    rows = archive.connection.execute(
        """SELECT r.folder, b.area, t.observed, b.stretches
           FROM track_dates AS t JOIN current_reports AS r ON r.id = t.report
           JOIN track_areas AS b ON b.report = t.report AND b.track = t.track
           WHERE r.scene_sha256 IN (SELECT value FROM json_each(?))""",
        (json.dumps(sorted(scenes)),),
    )
    for folder, area, observed, inside in rows:
        found[folder, area] += shared_m(json.loads(observed), json.loads(inside))
    return dict(found)
