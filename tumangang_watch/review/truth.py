"""Reviews as labels: the contract's truth file, with what it does and does not cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypedDict

from tumangang_watch.archive import Archive
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.model.review import ANY_KIND, Review
from tumangang_watch.review.apply import judged_scenes
from tumangang_watch.review.consensus import JudgedThing
from tumangang_watch.review.status import statuses

KINDS = ("train", "cargo")
_MEASURED_BY = {"cars": {"cars"}, "length_m": {"from_m", "to_m"}, "area_m2": {"outline"}}


Place = dict[str, object]
"""A thing or an area as JSON values."""


class ReviewedTruth(TypedDict):
    """The contract's truth file, with who judged and what was judged in part."""

    trains: list[Place]
    cargo: list[Place]
    new_ground: list[Place]
    rejected: list[Place]
    disputed: list[Place]
    coverage: list[Place]
    not_whole: list[Place]
    source: dict[str, object]


class TruthCoverage(NamedTuple):
    """A kind of things in an area of a scene."""

    scene: str
    area: str
    kind: str


def truth_for(archive: Archive, report: ReportDocument) -> ReviewedTruth:
    """Return the contract's truth file for a report's scenes, from everything that was reviewed in them."""
    site = str(report["site"]["id"])
    scenes: dict[str, str] = {date: scene["sha256"] for date, scene in report["scenes"].items()}
    labels = {scene: date for date, scene in scenes.items()}
    reviews = all_reviews(archive, site)
    whole, left_open = wholly_reviewed(reviews, judged_scenes(archive, site))
    truth = truth_of(scenes, judged_scenes(archive, site, as_seen=True), whole)
    if "earlier" in scenes:
        _add_growth(truth, archive, site, scenes, reviews)
    truth["not_whole"] = [
        {"date": labels[place.scene], "area": place.area, "kind": place.kind, "open": count}
        for place, count in left_open.items()
        if place.scene in labels
    ]
    truth["source"] = {"reviews_of": site, "scenes": scenes, "readers": sorted({r.reader for r in reviews})}
    return truth


def labels_in(truth: ReviewedTruth) -> int:
    """Return how many labels a truth file of reviews holds."""
    return sum(map(len, (truth["trains"], truth["cargo"], truth["new_ground"], truth["rejected"])))


def truth_of(
    scenes: Mapping[str, str], judged: Mapping[str, Sequence[JudgedThing]], whole: Collection[TruthCoverage]
) -> ReviewedTruth:
    """Return trains and cargo that readers say were there, and places where they say there was nothing.

    Parameters
    ----------
    scenes : mapping
        ``earlier`` and ``later`` (or only ``later``) to the scene (sha256).
    judged : mapping
        What was judged, by scene, taken as its readers saw it (`judged_scenes` with ``as_seen``).
    whole : collection of TruthCoverage
        Where a reader looked over everything: what is not labelled there is not there.
    """
    found: dict[str, list[Place]] = {"train": [], "cargo": [], "not_there": [], "doubtful": []}
    for date, scene in scenes.items():
        for one in judged.get(scene, ()):
            if one.kind not in KINDS:
                continue
            placed = one.kind != "train" or one.thing.get("to_m") is not None
            if one.says == "there" and placed:
                found[one.kind].append(_label(date, one))
            elif one.says != "open":
                found["not_there" if one.says == "not_there" else "doubtful"].append(_place(date, one))
    labels = {scene: date for date, scene in scenes.items()}
    covered = sorted((labels[c.scene], c.area, c.kind) for c in whole if c.scene in labels)
    return {
        "trains": found["train"],
        "cargo": found["cargo"],
        "new_ground": [],
        "rejected": found["not_there"],
        "disputed": found["doubtful"],
        "coverage": [{"date": date, "area": area, "kind": kind} for date, area, kind in covered],
        "not_whole": [],
        "source": {},
    }


def _add_growth(
    truth: ReviewedTruth, archive: Archive, site: str, scenes: Mapping[str, str], reviews: Sequence[Review]
) -> None:
    """Add the growth between two scenes that readers confirmed, and that they say is none."""
    later, earlier = scenes["later"], scenes["earlier"]
    every = subjects(archive, site, scenes=[later], superseded=True)
    known = {s.key: s for s in sorted(every, key=lambda s: s.current)}
    for one in statuses(list(known.values()), [r for r in reviews if r.about.scene == later]):
        about, evidence = one.about, one.about.evidence
        place = (about.word, about.scene, about.earlier, about.kind)
        if place != ("finding", later, earlier, "handling_area"):
            continue
        if one.state == "rejected":
            truth["rejected"].append(
                {"date": "later", "kind": "handling_area", "geometry": evidence["geometry"]}
            )
        elif evidence["change"] == "grown" and one.state in ("accepted", "corrected"):
            outlines = [r.answer.correction.outline for r in one.latest if r.answer.correction.outline]
            truth["new_ground"].append(
                {
                    "geometry": outlines[-1] if outlines else evidence["geometry"],
                    "area": about.area,
                    "basis": one.state,
                    "readers": [r.reader for r in one.latest],
                }
            )


def wholly_reviewed(
    reviews: Sequence[Review], judged: Mapping[str, Sequence[JudgedThing]]
) -> tuple[set[TruthCoverage], dict[TruthCoverage, int]]:
    """Return where everything is known, and where a reader said so but so many detections are open.

    Everything is known where a reader looked over the whole area and each current detection in it has been
    judged beyond doubt.

    Parameters
    ----------
    reviews : sequence of Review
        All reviews, in order.
    judged : mapping
        What was judged, by scene, against the current reports.
    """
    last = {
        (r.reader, r.about.scene, r.about.area, r.about.kind): r for r in reviews if r.about.word == "area"
    }
    left_open = Counter(
        TruthCoverage(scene, str(one.thing.get("area")), one.kind)
        for scene, group in judged.items()
        for one in group
        if one.says in ("open", "doubtful")
    )
    looked_over = {
        TruthCoverage(scene, area or "", kind)
        for (_, scene, area, asked), review in last.items()
        if review.answer.verdict == "complete"
        for kind in (KINDS if asked == ANY_KIND else (asked,))
    }
    whole = {place for place in looked_over if not left_open[place]}
    return whole, {place: left_open[place] for place in sorted(looked_over - whole)}


def _place(date: str, one: JudgedThing) -> dict[str, object]:
    thing = one.thing
    return {
        "date": date,
        "kind": one.kind,
        "area": thing.get("area"),
        "readers": list(one.readers),
        "track": thing.get("track"),
        "from_m": thing.get("from_m"),
        "to_m": thing.get("to_m"),
        "geometry": thing.get("geometry"),
    }


def _label(date: str, one: JudgedThing) -> dict[str, object]:
    """Return a label. ``measured`` names what a reader gave; the rest is the detector's own."""
    thing = one.thing
    place = _place(date, one)
    common = {name: place[name] for name in ("date", "area", "readers", "geometry")}
    common |= {
        "basis": one.basis,
        "measured": sorted(name for name, needed in _MEASURED_BY.items() if needed & one.given),
    }
    if one.kind != "train":
        return {**common, "reviewed_area_m2": thing.get("area_m2")}
    cars = thing.get("cars")
    return {
        **common,
        **{name: place[name] for name in ("track", "from_m", "to_m")},
        "cars": int(cars["estimate"]) if cars is not None and cars["low"] == cars["high"] else None,
        "cars_low": cars["low"] if cars else None,
        "cars_high": cars["high"] if cars else None,
        "colours": list(thing.get("colours") or []),
    }
