"""What became of each train between two dates, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp

from tumangang_watch.change.beside import LightOfPair
from tumangang_watch.change.consist_match import Match, match_trains
from tumangang_watch.change.other_date import (
    OCCUPIED,
    TrainMatcher,
    change_seen,
    end_m,
    length_of,
    overlap_m,
    start_m,
    strip_odds,
    there_too,
)
from tumangang_watch.change.words import (
    ENDS_APART,
    LENGTHS_DIFFER,
    ROOFS_DIFFER,
    UNLIKE,
    alone_words,
    cars_of,
    difference,
    grade_of,
    one_date_words,
    span,
    track_words,
    train_interval,
    train_words,
    when,
)
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.model.site import Site, Track
from tumangang_watch.model.words import ChangeWord, Grade
from tumangang_watch.settings.change import ChangeSettings


def compare_trains(
    pair: DatePair,
    site: Site,
    trains: tuple[Detection, ...],
    settings: ChangeSettings,
    light: Callable[[], LightOfPair] | None = None,
) -> tuple[Finding, ...]:
    """Decide what became of every train.

    ``unchanged``, ``moved`` (along its track, to another, or turned round), ``shrunk`` or ``grown``
    (some of its vehicles went or came), ``appeared`` or ``disappeared``. Two detections are one train when
    their vehicles, laid on one another in order, look the same on both dates: measured on pixels in one
    light, not on names. Other vehicles in the same place are one ``disappeared`` and one ``appeared`` that
    name each other. A train found on one date only stays ``unchanged`` where the other date's strip shows it
    too (evidence ``other_occupied``); that both dates look alike there does not overrule a detection.
    No finding is made of a train whose place was not seen on the other date: see `unseen_trains`.
    """
    tracks = {t.id: t for t in site.tracks}
    rank = {t.id: k for k, t in enumerate(site.tracks)}
    matcher = TrainMatcher.of(pair, site, trains, settings, light)
    matches = match_trains(matcher, site, trains)
    found: list[tuple[int, int, Finding]] = []
    for match in matches:
        found.append((rank[match.later.track or ""], 0, _same_train(pair, tracks, match, settings)))
    matched = {d.id for m in matches for d in (m.earlier, m.later)}
    stay = [m for m in matches if m.in_place or (m.part and not m.shift_m)]
    still = frozenset(d.id for m in stay for d in (m.earlier, m.later))
    for alone in trains:
        if alone.track in tracks and alone.id not in matched:
            lone = _alone(matcher, tracks[alone.track], alone, TrainsOfPair(trains, still))
            if lone is not None:
                found.append((rank[alone.track], 1, lone))
    return _paired(tuple(finding for _, _, finding in sorted(found, key=lambda f: f[:2])), trains)


def _paired(findings: tuple[Finding, ...], trains: tuple[Detection, ...]) -> tuple[Finding, ...]:
    """Let a train that went and the one that came in its place name each other: one event, two findings."""
    by_id = {t.id: t for t in trains}
    went = {f.earlier: f for f in findings if f.change == "disappeared" and f.earlier}
    came = {f.later: f for f in findings if f.change == "appeared" and f.later}
    partner: dict[str, str] = {}
    for name, finding in came.items():
        there = occupant_of(by_id[name], trains)
        back = None if there is None else occupant_of(there, trains)
        if there is not None and there.id in went and back is not None and back.id == name:
            partner[finding.id], partner[went[there.id].id] = went[there.id].id, finding.id
    return tuple(replace(f, with_finding=partner.get(f.id)) for f in findings)


def unseen_trains(
    pair: DatePair, site: Site, trains: tuple[Detection, ...], settings: ChangeSettings
) -> tuple[str, ...]:
    """Return a sentence for every train whose place was not seen on the other date."""
    names = {t.id: t.name for t in site.tracks}
    notes = []
    for train in trains:
        other = pair.other(train.date)
        seen = other.observed_fraction(train.geometry)
        if train.track in names and seen < settings.observed_min:
            notes.append(
                f"{train.id} on {names[train.track]}: {1 - seen:.0%} of its place was not seen on "
                f"{when(other, pair)}; whether it came, went or stayed is not observable"
            )
    return tuple(notes)


def _same_train(pair: DatePair, tracks: dict[str, Track], match: Match, settings: ChangeSettings) -> Finding:
    """Describe one train seen on both dates."""
    a, b = match.earlier, match.later
    change, amount, unit = _measure(match, settings)
    unsure = min(a.confidence, b.confidence) < settings.train_change_sure or not _left_behind(match, settings)
    rest = match.rest
    misread = rest if match.part and rest is not None and rest.doubtful(settings) else None
    doubtful = match.doubtful or (change != "unchanged" and unsure) or misread is not None
    stays = change == "unchanged" and not (match.unlike or match.doubted)
    sure = 1 / (1 + exp(-max(match.odds, 0.0)))
    if misread is not None:
        sure *= misread.chance(settings)
    known = change == "unchanged" or sure >= settings.sure_consist
    return Finding(
        id=f"finding-train-{b.track}-{a.id}",
        kind="train",
        change=change,
        area=b.area or a.area,
        track=b.track,
        earlier=a.id,
        later=b.id,
        amount=amount,
        unit=unit,
        confidence=min(a.confidence, b.confidence) * (1.0 if stays else sure),
        grade="possible" if doubtful else grade_of(a, b),
        statement=match_words(pair, tracks, match, change, amount),
        geometry=max(a, b, key=length_of).geometry if match.part else b.geometry,
        observed_fraction=min(a.observed_fraction, b.observed_fraction),
        caveats=_caveats(match, doubtful=doubtful, known=known),
    )


def _caveats(match: Match, *, doubtful: bool, known: bool) -> tuple[str, ...]:
    """Return what limits the saying that two detections are one train."""
    a, b, rest = match.earlier, match.later, match.rest
    caveats = list(dict.fromkeys((*a.caveats, *b.caveats)))
    if rest is not None and match.in_place and rest.unseen_m >= 1:
        caveats.append(
            f"{rest.unseen_m:.0f} m of the longer train's place were not seen on the other date: "
            "wagons may have come or gone there"
        )
    if not known:
        caveats.append("few or like wagons: it could be another train that looks the same")
    if match.ends_apart:
        caveats.append(ENDS_APART.format(abs(match.shift_m)))
    elif match.lengths_differ:
        caveats.append(LENGTHS_DIFFER.format(*(length_of(t) for t in (a, b))))
    elif match.unlike:
        caveats.append(UNLIKE)
    elif match.doubted:
        caveats.append(ROOFS_DIFFER)
    elif doubtful:
        caveats.append(
            "the other wagons are not sure: one date may not show them, or misread an end"
            if match.part
            else "not sure: on the other date its place is not plainly bare, or it is not surely read"
        )
    return tuple(caveats)


def _left_behind(match: Match, settings: ChangeSettings) -> bool:
    """Return False for a train that went to another track where both dates show both places occupied."""
    if match.earlier.track == match.later.track:
        return True
    read = [dict(t.evidence).get(OCCUPIED, 0.0) for t in (match.earlier, match.later)]
    return not all(strip_odds(r, settings) > settings.there_doubt for r in read)


def _measure(match: Match, settings: ChangeSettings) -> tuple[ChangeWord, Interval, str]:
    """Return the change, and by how much."""
    a, b = match.earlier, match.later
    if match.part:
        grew = length_of(b) > length_of(a)
        small, large = (a, b) if grew else (b, a)
        return ("grown" if grew else "shrunk"), *difference(small, large)
    if a.track != b.track or match.turned:
        return "moved", *train_interval(b)
    if match.in_place:
        return "unchanged", *train_interval(b)
    return "moved", Interval.around(abs(match.shift_m), settings.same_place_m / 2), "m"


@dataclass(frozen=True)
class TrainsOfPair:
    """The trains of two dates."""

    trains: tuple[Detection, ...]
    in_place: frozenset[str]
    """Ids of those that stand where they stood, whole or in part."""


def _alone(matcher: TrainMatcher, track: Track, train: Detection, others: TrainsOfPair) -> Finding | None:
    """Word a train without a partner on the other date; None when the other date cannot tell."""
    settings, other = matcher.settings, matcher.pair.other(train.date)
    seen, caveats = other.observed_fraction(train.geometry), list(train.caveats)
    if seen < settings.observed_min:
        return None
    change: ChangeWord = "disappeared" if train.date == "earlier" else "appeared"
    grade: Grade = train.grade
    occupant = occupant_of(train, others.trains)
    most = occupant is not None and overlap_m(train, occupant) > length_of(train) / 2
    day = when(other, matcher.pair)
    shared = most and occupant is not None and occupant.id in others.in_place
    odds = there_too(matcher, track, train, occupant if most else None, shared=shared)
    # Looks that leave it open make either story less sure.
    confidence = train.confidence / (1 + exp(-abs(odds)) * (odds > settings.there_doubt))
    if odds > 0:
        change, grade = "unchanged", "possible"
        caveats.append(one_date_words(day, occupied=dict(train.evidence).get(OCCUPIED, 0.0) >= 0.5))
    elif odds > settings.there_doubt:
        grade = "possible"
        caveats.append(_doubt(day, occupant))
    elif train.confidence < settings.train_change_sure:
        grade = "possible"
        caveats.append("read on one date only, and not surely")
    elif occupant is None and not change_seen(matcher, track, train, (start_m(train), end_m(train))):
        grade = "possible"
        caveats.append("both dates look alike here, as along bare track")
    if occupant is None:
        confidence *= settings.unmatched_confidence
        if train.cars is not None and other.image.gsd_m > settings.bare_gsd_max_m:
            grade = "possible"
            caveats.append(
                f"at {other.image.gsd_m:.1f} m a train can be missed: the track of {day} may not be bare"
            )
    elif (occupant.cars is None) != (train.cars is None):
        grade = "possible"
        caveats.append("one date is too coarse to count wagons: it may be the same train")
    amount, unit = train_interval(train)
    return Finding(
        id=f"finding-train-{track.id}-{train.id}",
        kind="train",
        change=change,
        area=train.area,
        track=track.id,
        earlier=train.id if train.date == "earlier" else None,
        later=train.id if train.date == "later" else None,
        amount=amount,
        unit=unit,
        confidence=confidence,
        grade=grade,
        statement=alone_words(matcher.pair, track, train, change, occupant),
        geometry=train.geometry,
        observed_fraction=min(seen, train.observed_fraction),
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _doubt(day: str, occupant: Detection | None) -> str:
    if occupant is None:
        return f"on {day} this place is not plainly bare: the train may stand there too"
    return f"the train of {day} may be the same one: where both stand they look alike"


def occupant_of(train: Detection, trains: tuple[Detection, ...]) -> Detection | None:
    """Return the train of the other date that takes most of a train's place; None where none does."""
    others = [t for t in trains if t.track == train.track and t.date != train.date]
    best = max(others, key=lambda t: overlap_m(train, t), default=None)
    return None if best is None or overlap_m(train, best) <= 0 else best


def match_words(
    pair: DatePair, tracks: dict[str, Track], match: Match, change: ChangeWord, amount: Interval
) -> str:
    """Return the sentence for a train seen on both dates."""
    a, b = match.earlier, match.later
    here = track_words(tracks[b.track or ""], b)
    if match.part:
        return _part_words(pair, match, here, change, amount)
    size = train_words(b)
    if a.track != b.track:
        before = track_words(tracks[a.track or ""], a)
        round_about = " in reverse order" if match.turned else ""
        return f"{size} moved from {before} to {here}: the wagons look the same one by one{round_about}."
    along = f"{abs(match.shift_m):.0f} m further along the track ({_towards(match)})"
    if match.turned:
        place = "in the same place" if abs(match.shift_m) < 6 else along
        return f"{size} on {here} is turned round, {place}: the same wagons in reverse order."
    if change == "moved":
        alike = "car colours agree" if match.lengths_differ else "length and car colours agree"
        return f"{size} on {here} stands {along}; {alike}."
    return f"{size} on {here} is in the same place."


def _towards(match: Match) -> str:
    return f"towards {'increasing' if match.shift_m > 0 else 'decreasing'} distance"


def _part_words(pair: DatePair, match: Match, here: str, change: ChangeWord, amount: Interval) -> str:
    """Return how many cars came or went, of how many, and where the rest stands."""
    a, b, day = match.earlier, match.later, when(pair.later, pair)
    counted = a.cars is not None and b.cars is not None
    one = counted and amount.high < 1.5
    how_much = span(amount) + ("" if counted else " m")
    moved = f", {abs(match.shift_m):.0f} m further along the track ({_towards(match)})"
    place = moved if match.shift_m else " in the same place"
    if change == "shrunk":
        stays = "remains" if b.cars is not None and b.cars.high < 1.5 else "remain"
        return (
            f"{how_much} of {cars_of(a)} on {here} {'is' if one else 'are'} gone on {day}; "
            f"{cars_of(b)} {stays}{place}."
        )
    unit = (" car" if one else " cars") if counted else ""
    return (
        f"{how_much}{unit} joined the {cars_of(a)} on {here}: on {day} they are "
        f"{cars_of(b)}, the former ones{place}."
    )
