"""What stood in a scene once its reviews are taken into account. Doubt stays doubt: nobody is outvoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tumangang_watch.model.review import Correction, Review, Subject, thing_of
from tumangang_watch.review.matching import alike, least_overlap, overlap
from tumangang_watch.review.values import corrected_thing, taken_as_sure, values_agree, with_values
from tumangang_watch.settings.records import REASONS, ReviewSettings

Document = dict[str, Any]
Said = Literal["accepted", "rejected", "corrected", "added", "silent"]
_SAID: dict[str, Said] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "corrected": "corrected",
    "added": "added",
}


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What one review says of one thing in one scene."""

    scene: str
    thing: Document
    """The detection that was judged, as it stood then."""
    said: Said
    correction: Correction
    review: Review

    @property
    def place(self) -> Document:
        """Where the reader says that it is."""
        return corrected_thing(self.thing, self.correction)

    @property
    def lasting(self) -> bool:
        """It brings its own values, so it holds whatever the report says now."""
        return self.said in ("corrected", "added")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A thing in a scene, with what its readers make of it together."""

    scene: str
    kind: str
    subject: Subject | None
    """The standing detection; None when no standing report holds it."""
    says: Literal["there", "not_there", "doubtful", "open"]
    """``open``: nobody has judged it. ``doubtful``: readers disagree whether it is there, or what was judged
    has changed since."""
    thing: Document
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
    subject: Subject | None
    places: list[Document]
    opinions: list[Opinion] = field(default_factory=list)


def opinions_of(review: Review) -> list[Opinion]:
    """Return what a review says of each thing it is about; a change rests on one, two or several."""
    about, answer = review.about, review.answer
    if about.word == "area":
        return []
    verdict = answer.verdict
    if about.word != "finding":
        said = _SAID.get(verdict, "silent")
        return _split(
            Opinion(
                scene=about.scene,
                thing=about.evidence,
                said=said,
                correction=answer.correction,
                review=review,
            )
        )
    if about.kind == "handling_area":
        return []
    found = []
    scenes = {"earlier": about.earlier, "later": about.scene}
    things = [(date, about.evidence.get(date)) for date in scenes]
    things += [(str(m["date"]), m) for m in about.evidence.get("members", ())]
    for date, thing in things:
        scene = scenes[date]
        if thing and scene:
            found += _split(_of_change(review, scene, thing))
    return found


def _of_change(review: Review, scene: str, thing: Document) -> Opinion:
    """Return what the review of a change says of one of its things.

    A rejection says that the thing is not there only where its reason does, and only where the change has
    one thing, or both dates show the same.
    """
    answer, evidence = review.answer, review.about.evidence
    if answer.verdict == "accepted":
        return Opinion(scene=scene, thing=thing, said="accepted", correction=Correction(), review=review)
    if answer.verdict == "corrected":
        if thing is thing_of(evidence):
            return Opinion(
                scene=scene, thing=thing, said="corrected", correction=answer.correction, review=review
            )
        return Opinion(scene=scene, thing=thing, said="accepted", correction=Correction(), review=review)
    denied = answer.verdict == "rejected" and REASONS[answer.reason or "other"].denies == "thing"
    one_thing = evidence["change"] in ("appeared", "disappeared", "unchanged")
    return Opinion(
        scene=scene,
        thing=thing,
        said="rejected" if denied and one_thing else "silent",
        correction=Correction(),
        review=review,
    )


def _split(opinion: Opinion) -> list[Opinion]:
    """Return a corrected kind as what it denies and what it claims."""
    kind = opinion.correction.kind
    if kind is None or kind == opinion.thing["kind"] or opinion.said != "corrected":
        return [opinion]
    claimed = {**opinion.thing, "kind": kind}
    return [
        Opinion(
            scene=opinion.scene,
            thing=opinion.thing,
            said="rejected",
            correction=Correction(),
            review=opinion.review,
        ),
        Opinion(
            scene=opinion.scene,
            thing=claimed,
            said="added",
            correction=opinion.correction,
            review=opinion.review,
        ),
    ]


def judge(
    subjects: Iterable[Subject], reviews: Iterable[Review], settings: ReviewSettings, *, as_seen: bool = False
) -> dict[str, list[Judged]]:
    """Return, by scene (sha256), every standing detection and whatever else its reviews say was there.

    Parameters
    ----------
    subjects : iterable of Subject
        Standing detections. Findings are passed over.
    reviews : iterable of Review
        All reviews of the site.
    settings : ReviewSettings
        When two places are one thing, and when a report still says what was judged.
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
            _assign(opinion, clusters[opinion.scene, opinion.thing["kind"]], settings)
    found: dict[str, list[Judged]] = defaultdict(list)
    for (scene, _), group in clusters.items():
        found[scene] += [j for c in group if (j := _judged(scene, c, settings, as_seen)) is not None]
    return dict(found)


def _assign(opinion: Opinion, group: list[_Cluster], settings: ReviewSettings) -> None:
    """Give an opinion to the thing in its place, or begin a new one."""
    best, least = None, least_overlap(opinion.thing["kind"], settings)
    for cluster in group:
        shared = max(overlap(a, b) for a in (opinion.thing, opinion.place) for b in cluster.places)
        if shared >= least:
            best, least = cluster, shared + 1e-9
    if best is not None:
        best.opinions.append(opinion)
    elif opinion.said != "silent":
        group.append(_Cluster(opinion.thing["kind"], None, [opinion.thing, opinion.place], [opinion]))


def _final(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return the one opinion of each reader that counts.

    Of one subject the reader's last review counts; what says nothing of this thing drops out; of what is
    left the last one counts.
    """
    by_subject: dict[tuple[Any, ...], Opinion] = {}
    for opinion in opinions:
        about = opinion.review.about
        by_subject[opinion.review.reader, about.word, about.scene, about.earlier] = opinion
    last: dict[str, Opinion] = {}
    for opinion in sorted(by_subject.values(), key=lambda o: o.review.number):
        if opinion.said != "silent":
            last[opinion.review.reader] = opinion
    return [last[name] for name in sorted(last)]


def _judged(scene: str, cluster: _Cluster, settings: ReviewSettings, as_seen: bool) -> Judged | None:
    final, subject = _final(cluster.opinions), cluster.subject
    now = subject.about.evidence if subject is not None else None
    if not final:
        return (
            None
            if now is None
            else Judged(
                scene=scene,
                kind=cluster.kind,
                subject=subject,
                says="open",
                thing=with_values(now, [], settings),
                basis=None,
                readers=(),
                disputed=False,
                stale=False,
            )
        )
    fresh = [o for o in final if as_seen or o.lasting or (now is not None and alike(o.thing, now, settings))]
    counted = fresh or final
    base = now if now is not None else counted[-1].place
    yes = [o for o in counted if o.said != "rejected"]
    values = [(o.thing, o.correction) for o in yes]
    thing = with_values(base, values, settings, reported=now is not None)
    readers = tuple(o.review.reader for o in counted)
    stale = len(fresh) < len(final)
    if not fresh or 0 < len(yes) < len(counted):
        if now is None and not yes:
            return None
        return Judged(
            scene=scene,
            kind=cluster.kind,
            subject=subject,
            says="doubtful",
            thing=thing,
            basis=None,
            readers=readers,
            disputed=bool(fresh),
            stale=stale,
        )
    if not yes:
        return Judged(
            scene=scene,
            kind=cluster.kind,
            subject=subject,
            says="not_there",
            thing=thing,
            basis=None,
            readers=readers,
            disputed=False,
            stale=stale,
        )
    said = {o.said for o in yes}
    basis = next(name for name in ("corrected", "added", "accepted") if name in said)
    differ = not values_agree(values, settings)
    return Judged(
        scene=scene,
        kind=cluster.kind,
        subject=subject,
        says="there",
        thing=taken_as_sure(thing),
        basis=basis,
        readers=readers,
        disputed=differ,
        stale=stale,
        given=frozenset(name for o in yes for name in o.correction.as_dict()),
    )
