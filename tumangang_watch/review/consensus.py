"""What stood in a scene once its reviews are taken into account. Doubt stays doubt: nobody is outvoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tumangang_watch.model.review import REASONS, Correction, Review, ReviewSubject, Thing, thing_of
from tumangang_watch.review.matching import (
    Reading,
    alike,
    min_overlap,
    overlap,
    taken_as_sure,
    values_agree,
    with_values,
)

Stance = Literal["accepted", "rejected", "corrected", "added", "silent"]
_BASES = ("corrected", "added", "accepted")


@dataclass(frozen=True)
class Opinion:
    """What one review says of one thing in one scene."""

    scene: str
    stance: Stance
    reading: Reading
    """The detection that was judged, as it stood then, and what the reader put in its place."""
    review: Review

    @property
    def lasting(self) -> bool:
        """It brings its own values, so it holds whatever the report says now."""
        return self.stance in ("corrected", "added")


@dataclass(frozen=True, kw_only=True)
class JudgedThing:
    """A thing in a scene, with what its readers make of it together."""

    scene: str
    kind: str
    subject: ReviewSubject | None
    """The detection as a current report has it; None when none holds it."""
    says: Literal["there", "not_there", "doubtful", "open"]
    """``open``: nobody has judged it. ``doubtful``: readers disagree whether it is there, or what was judged
    has changed since."""
    thing: Thing
    """Kind, place and measures as they are to be taken."""
    basis: str | None
    """``accepted``, ``corrected`` or ``added``: how it is known to be there."""
    readers: tuple[str, ...]
    disputed: bool
    """Readers disagree, on whether it is there or on a value."""
    stale: bool
    """What was judged has changed since."""
    given: frozenset[str] = frozenset()
    """Names of the values that a reader gave; the others are the detector's."""


@dataclass
class _Cluster:
    kind: str
    subject: ReviewSubject | None
    places: list[Thing]
    opinions: list[Opinion] = field(default_factory=list)


def opinions_of(review: Review) -> list[Opinion]:
    """Return what a review says of each thing it is about; a change rests on one, two or several."""
    about, answer = review.about, review.answer
    if about.word == "area" or (about.word == "finding" and about.kind == "handling_area"):
        return []
    if about.word != "finding":
        stance: Stance = "silent"
        if answer.verdict != "complete" and answer.verdict != "withdrawn":
            stance = answer.verdict
        return _split(Opinion(about.scene, stance, Reading(about.evidence, answer.correction), review))
    scenes, evidence = {"earlier": about.earlier, "later": about.scene}, about.evidence
    things = [("earlier", evidence.get("earlier")), ("later", evidence.get("later"))]
    things += [(member["date"], member) for member in evidence.get("members", ())]
    found = []
    for date, thing in things:
        scene = scenes[date]
        if thing and scene:
            found += _split(_of_change(review, scene, thing))
    return found


def _of_change(review: Review, scene: str, thing: Thing) -> Opinion:
    """Return what the review of a change says of one of its things.

    A rejection says that the thing is not there only where its reason does, and only where the change has
    one thing, or both dates show the same.
    """
    answer, evidence = review.answer, review.about.evidence
    if answer.verdict == "corrected" and thing is thing_of(evidence):
        return Opinion(scene, "corrected", Reading(thing, answer.correction), review)
    stance: Stance = "silent"
    if answer.verdict in ("accepted", "corrected"):
        stance = "accepted"
    elif answer.verdict == "rejected" and REASONS[answer.reason or "other"].denies == "thing":
        stance = "rejected" if evidence["change"] in ("appeared", "disappeared", "unchanged") else "silent"
    return Opinion(scene, stance, Reading(thing, Correction()), review)


def _split(opinion: Opinion) -> list[Opinion]:
    """Return a corrected kind as what it denies and what it claims."""
    thing, correction = opinion.reading.thing, opinion.reading.correction
    if correction.kind in (None, thing["kind"]) or opinion.stance != "corrected":
        return [opinion]
    claimed: Thing = {**thing, "kind": correction.kind or ""}
    return [
        replace(opinion, stance="rejected", reading=Reading(thing, Correction())),
        replace(opinion, stance="added", reading=Reading(claimed, correction)),
    ]


def judge(
    subjects: Iterable[ReviewSubject], reviews: Iterable[Review], *, as_seen: bool = False
) -> dict[str, list[JudgedThing]]:
    """Return, by scene (sha256), every current detection and whatever else its reviews say was there.

    Parameters
    ----------
    subjects : iterable of ReviewSubject
        Current detections. Findings are passed over.
    reviews : iterable of Review
        All reviews of the site.
    as_seen : bool
        Take every review for what its reader saw in the scene, whatever a report says now: for a truth that
        does not depend on the report held against it.
    """
    clusters: dict[tuple[str, str], list[_Cluster]] = defaultdict(list)
    for subject in subjects:
        if subject.about.word == "detection":
            place = subject.about.evidence
            clusters[subject.about.scene, place["kind"]].append(_Cluster(place["kind"], subject, [place]))
    for review in sorted(reviews, key=lambda r: r.number):
        for opinion in opinions_of(review):
            _assign(opinion, clusters[opinion.scene, opinion.reading.thing["kind"]])
    found: dict[str, list[JudgedThing]] = defaultdict(list)
    for (scene, _), group in clusters.items():
        found[scene] += [j for c in group if (j := _judged(scene, c, as_seen)) is not None]
    return dict(found)


def _assign(opinion: Opinion, group: list[_Cluster]) -> None:
    """Give an opinion to the thing in its place, or begin a new one."""
    thing, place = opinion.reading.thing, opinion.reading.place
    best, needed = None, min_overlap(thing["kind"])
    for cluster in group:
        shared = max(overlap(a, b) for a in (thing, place) for b in cluster.places)
        if shared >= needed:
            best, needed = cluster, shared + 1e-9
    if best is not None:
        best.opinions.append(opinion)
    elif opinion.stance != "silent":
        group.append(_Cluster(thing["kind"], None, [thing, place], [opinion]))


def _final(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return the one opinion of each reader that counts.

    Of one subject the reader's last review counts; what says nothing of this thing drops out; of what is
    left the last one counts.
    """
    by_subject = {}
    for opinion in opinions:
        about = opinion.review.about
        by_subject[opinion.review.reader, about.word, about.scene, about.earlier] = opinion
    last = {
        opinion.review.reader: opinion
        for opinion in sorted(by_subject.values(), key=lambda o: o.review.number)
        if opinion.stance != "silent"
    }
    return [last[name] for name in sorted(last)]


def _judged(scene: str, cluster: _Cluster, as_seen: bool) -> JudgedThing | None:
    final, subject = _final(cluster.opinions), cluster.subject
    now = subject.about.evidence if subject is not None else None
    fresh = [o for o in final if as_seen or o.lasting or (now is not None and alike(o.reading.thing, now))]
    counted = fresh or final
    yes = [o for o in counted if o.stance != "rejected"]
    doubtful = bool(final) and (not fresh or 0 < len(yes) < len(counted))
    if now is None and (not final or (doubtful and not yes)):
        return None
    there = bool(yes) and not doubtful
    readings = [o.reading for o in yes]
    base = now if now is not None else counted[-1].reading.place
    thing = with_values(base, readings, reported=now is not None)
    stances = {o.stance for o in yes}
    return JudgedThing(
        scene=scene,
        kind=cluster.kind,
        subject=subject,
        says="doubtful" if doubtful else "there" if there else "not_there" if final else "open",
        thing=taken_as_sure(thing) if there else thing,
        basis=next(name for name in _BASES if name in stances) if there else None,
        readers=tuple(o.review.reader for o in counted),
        disputed=bool(fresh) if doubtful else there and not values_agree(readings),
        stale=len(fresh) < len(final),
        given=frozenset(n for o in yes for n in o.reading.correction.as_dict()) if there else frozenset(),
    )
