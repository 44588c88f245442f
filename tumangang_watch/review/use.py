"""What reviews are good for: agreement of readers, whether confidence holds, labels for `evaluate`, marks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.archive.read import site_names
from tumangang_watch.archive.reviews import all_reviews
from tumangang_watch.archive.subjects import subjects
from tumangang_watch.model.review import Review
from tumangang_watch.review.agreement import agreement, as_dict, share
from tumangang_watch.review.apply import judged_scenes
from tumangang_watch.review.calibration import Outcome, recalibrate
from tumangang_watch.review.session import Wanted, reviewed_scenes, under_review
from tumangang_watch.review.status import Standing, standings
from tumangang_watch.review.truth import (
    new_ground_of,
    outcomes_by_kind,
    rejected_ground_of,
    truth_of,
    wholly_reviewed,
)
from tumangang_watch.settings.records import ReviewSettings

Document = dict[str, Any]
HOLDS = "holds"


def holds(one: Standing) -> bool | None:
    """Return whether what is reported holds, by its readers; None where they leave it open."""
    said = {_word(r) for r in one.latest}
    return said == {HOLDS} if len(said) == 1 else None


def _another_kind(review: Review) -> bool:
    kind = review.answer.correction.kind
    return kind is not None and kind != review.about.kind


def _word(review: Review) -> str:
    if review.answer.verdict == "rejected" or _another_kind(review):
        return "does not hold"
    return HOLDS


def summary(archive: Archive, site: str) -> Document:
    """Return how much is reviewed, how far readers agree and whether the stated confidence holds."""
    everything = under_review(archive, site, Wanted(each_detection=True))
    shown = [one for one in everything if one.subject is None or not one.subject.covered or one.reviews]
    reviews = all_reviews(archive, site)
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for one in everything:
        for a, b in combinations((r for r in one.latest if r.about.word != "area"), 2):
            pairs[a.reader, b.reader].append((_word(a), _word(b)))
    last = {(r.reader, r.about.key): r for r in reviews}
    return {
        "site": site,
        "states": dict(sorted(Counter(one.state for one in shown).items())),
        "readers": {
            name: dict(sorted(Counter(r.answer.verdict for r in last.values() if r.reader == name).items()))
            for name in sorted({r.reader for r in reviews})
        },
        "reasons": dict(
            sorted(Counter(r.answer.reason for r in last.values() if r.answer.reason is not None).items())
        ),
        "agreement": [
            {"readers": list(names), **agreement(said).as_dict()} for names, said in sorted(pairs.items())
        ],
        "precision": _precision(everything),
    }


def _precision(everything: Sequence[Standing]) -> list[Document]:
    """Return, by what is claimed and its grade, the share that holds against the confidence stated."""
    groups: dict[tuple[str, str, str], list[tuple[float, bool]]] = defaultdict(list)
    for one in everything:
        real = holds(one)
        if one.subject is not None and real is not None:
            place = (one.about.word, one.about.kind, one.subject.grade)
            groups[place].append((one.subject.confidence, real))
    rows = []
    for (word, kind, grade), judged in sorted(groups.items()):
        stated = sum(p for p, _ in judged) / len(judged)
        found = share(sum(real for _, real in judged), len(judged))
        rows.append(
            {
                "of": word,
                "kind": kind,
                "grade": grade,
                "judged": len(judged),
                "stated": round(stated, 4),
                "holds": as_dict(found),
                "calibrated": bool(found and found.low <= stated <= found.high),
            }
        )
    return rows


def truth_for(archive: Archive, report: Document) -> Document:
    """Return the contract's truth file for a report's scenes, from everything that was reviewed in them."""
    site = str(report["site"]["id"])
    scenes = {date: str(scene["sha256"]) for date, scene in report["scenes"].items()}
    reviews, settings = all_reviews(archive, site), ReviewSettings()
    whole, but = wholly_reviewed(reviews, judged_scenes(archive, site, settings))
    out = truth_of(scenes, judged_scenes(archive, site, settings, as_seen=True), whole)
    if scenes.get("earlier"):
        later, earlier = scenes["later"], scenes["earlier"]
        every = subjects(archive, site, scenes=[later], superseded=True)
        known = {s.key: s for s in sorted(every, key=lambda s: s.standing)}
        here = [r for r in reviews if r.about.scene == later]
        growth = standings(list(known.values()), here, settings)
        out["new_ground"] = new_ground_of(growth, later, earlier)
        out["rejected"] += rejected_ground_of(growth, later, earlier)
    labels = {scene: date for date, scene in scenes.items()}
    out["not_whole"] = [
        {"date": labels[b["scene"]], "area": b["area"], "kind": b["kind"], "open": b["open"]}
        for b in but
        if b["scene"] in labels
    ]
    out["source"] = {"reviews_of": site, "scenes": scenes, "readers": sorted({r.reader for r in reviews})}
    return out


def labels_in(truth: Document) -> int:
    """Return how many labels a truth file of reviews holds."""
    return sum(len(truth[name]) for name in ("trains", "cargo", "new_ground", "rejected"))


def calibration(archive: Archive, site: str) -> Document:
    """Return, by kind, how reliable the stated confidence is on what was reviewed, and a curve if one is due.

    Only standing detections that were judged beyond doubt take part.
    """
    settings = ReviewSettings()
    now = judged_scenes(archive, site, settings)
    kinds = {}
    for kind, judged in sorted(outcomes_by_kind(now).items()):
        outcomes = [
            Outcome(j.subject.confidence, real, j.scene) for j, real in judged if j.subject is not None
        ]
        kinds[kind] = recalibrate(outcomes, settings)
    open_count = sum(j.says in ("open", "doubtful") for group in now.values() for j in group)
    return {"site": site, "kinds": kinds, "left_out_open_or_disputed": open_count, "applied": False}


def marks(archive: Archive, *, reviewed: bool = False) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what became of each detection and finding of the standing reports: state and readers.

    With ``reviewed`` only of scenes of which anything was reviewed.
    """
    found = {}
    for site in site_names(archive):
        scenes = reviewed_scenes(archive, site) if reviewed else None
        for one in under_review(archive, site, Wanted(each_detection=True), scenes=scenes):
            if one.subject is not None:
                readers = sorted({r.reader for r in (*one.latest, *one.stale)})
                found[one.subject.folder, one.subject.id] = (one.state, ", ".join(readers))
    return found


def review_notes(archive: Archive) -> list[str]:
    """Return which reviews are of nothing that a standing report says now: no fault, but worth a look."""
    notes = []
    for site in site_names(archive):
        scenes = reviewed_scenes(archive, site)
        for one in under_review(archive, site, Wanted(each_detection=True), scenes=scenes):
            readers = ", ".join(sorted({r.reader for r in one.stale}))
            if one.state == "stale" or (one.state == "gone" and readers):
                why = "has changed since" if one.state == "stale" else "stands in no report any more"
                notes.append(f"review {one.about.key[:8]} by {readers}: what was reviewed {why}")
    known = {row[0] for row in archive.connection.execute("SELECT site FROM sites")}
    lost = [r for r in all_reviews(archive) if r.about.site not in known]
    return notes + ([f"{len(lost)} reviews are of sites without a report"] if lost else [])


def marked(rows: Sequence[Document], findings: Sequence[Document], archive: Archive, site: str) -> None:
    """Add to the rows of index page and feed what readers said; the reports themselves stay as they are."""
    told = {
        place: f"{state} by {readers}"
        for place, (state, readers) in marks(archive, reviewed=True).items()
        if readers
    }
    words = folder_words(archive, site)
    for row in rows:
        row["review"] = words.get(row["folder"], "")
        row["marks"] = [told.get((row["folder"], name), "") for name in row["findings"]]
    for found in findings:
        mark = told.get((found["folder"], found["finding"]))
        if mark is not None:
            found["caveats"] = [*found["caveats"], f"Review: {mark}."]


def folder_words(archive: Archive, site: str) -> dict[str, str]:
    """Return, for each report of which anything was reviewed, what became of it in words."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in under_review(archive, site, scenes=reviewed_scenes(archive, site)):
        folder = one.subject.folder if one.subject else str(one.about.evidence.get("report"))
        if one.state != "withdrawn":
            counts[folder][one.state] += 1
    return {
        folder: ", ".join(f"{number} {state}" for state, number in sorted(group.items()))
        for folder, group in counts.items()
        if set(group) - {"unreviewed"}
    }
