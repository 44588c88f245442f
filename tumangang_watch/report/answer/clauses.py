"""What each event came to, as a clause in the past tense: who, how much, where."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.report.answer.phrases import article, number_words, size_words
from tumangang_watch.text import compass_text, either_text, whole

PILE = "pile or stacked goods"


@dataclass(frozen=True)
class Names:
    """Names and detections of a comparison, by id."""

    tracks: dict[str, str]
    areas: dict[str, str]
    detections: dict[str, Detection]

    @classmethod
    def of(cls, comparison: Comparison) -> Names:
        """Return those of a comparison."""
        site = comparison.site
        return cls(
            {t.id: t.name for t in site.tracks},
            {a.id: a.name for a in site.areas},
            {d.id: d for d in comparison.detections},
        )

    def found(self, id_: str | None) -> Detection | None:
        """Return a detection; None where there is none."""
        return self.detections.get(id_ or "")

    def track(self, train: Detection | None, id_: str | None = None) -> str:
        """Return a train's track by its name: ``yard track 3``, ``track T1``, ``one of tracks A or B``."""
        if train is not None and train.tracks:
            return f"one of {either_text(tuple(self.tracks.get(t, t) for t in train.tracks))}"
        name = self.tracks.get((train.track if train else id_) or "", (train.track if train else id_) or "")
        if "track" in name.lower():
            return name
        return f"the {name}" if " " in name and name[:1].islower() else f"track {name}"

    def area(self, id_: str | None) -> str:
        """Return ``the unloading platform``; proper names stand without an article."""
        name = self.areas.get(id_ or "", "") or (id_ or "ground").replace("_", " ")
        return name if name[:1].isupper() else f"the {name}"


def train_noun(train: Detection | None) -> str:
    """Return a train without its article: ``eight-car train``, ``train of about 8 cars (7–9)``."""
    if train is None:
        return "train"
    if train.goes_on and train.cars is not None:
        least = max(whole(train.cars.low), 1)
        return f"train of at least {number_words(least)} car{'' if least == 1 else 's'}"
    if train.cars is not None and train.cars.high < 1.5:
        return "single vehicle"
    if train.cars is not None:
        low, high = whole(train.cars.low), whole(train.cars.high)
        if low == high:
            return f"{number_words(low)}-car train"
        if whole(train.cars.estimate) == 1:
            joined = "or" if high == 2 else "to"
            return f"train of one {joined} {number_words(high)} cars"
        return f"train of {size_words(train.cars, ' cars')}"
    return f"train {size_words(train.length_m, ' m')} long" if train.length_m else "train"


def event_clause(event: tuple[Finding, ...], names: Names) -> str:
    """Return what became of a thing: a clause that begins small and has no time in it."""
    finding = event[0]
    if finding.kind == "train":
        return _train(event, names)
    return _cargo(finding, names) if finding.kind == "cargo" else _ground(finding, names)


def _train(event: tuple[Finding, ...], names: Names) -> str:
    finding = event[0]
    before, after = names.found(finding.earlier), names.found(finding.later)
    if len(event) == 2:
        gone = names.found(next((f.earlier for f in event if f.change == "disappeared"), None))
        come = names.found(next((f.later for f in event if f.change == "appeared"), None))
        new = article(train_noun(come))
        return f"the {train_noun(gone)} on {names.track(gone)} left and {new} took its place"
    if finding.change == "appeared":
        return f"{article(train_noun(after))} came to stand on {names.track(after, finding.track)}"
    if finding.change == "disappeared":
        return f"the {train_noun(before)} on {names.track(before, finding.track)} left"
    if finding.change == "moved":
        return _moved(finding, before, after, names)
    return _partly(finding, before, after, names)


def _moved(finding: Finding, before: Detection | None, after: Detection | None, names: Names) -> str:
    who = f"the {train_noun(after)}"
    here, there = names.track(after, finding.track), names.track(before, finding.track)
    if here != there:
        return f"{who} moved from {there} to {here}"
    whole = None if after is None else (after.cars or after.length_m)
    if finding.unit == "cars" or finding.amount == whole:
        return f"{who} on {here} was turned round"
    way = "" if before is None or after is None else f" to the {_way(before, after)}"
    return f"{who} on {here} moved {size_words(finding.amount, ' m')} along it{way}"


def _way(before: Detection, after: Detection) -> str:
    a, b = before.geometry.centroid, after.geometry.centroid
    return compass_text(bearing(b.x - a.x, b.y - a.y))


def bearing(east: float, north: float) -> float:
    """Return the compass bearing of a direction, degrees clockwise from north."""
    return degrees(atan2(east, north)) % 360


def _partly(finding: Finding, before: Detection | None, after: Detection | None, names: Names) -> str:
    here = names.track(after or before, finding.track)
    if finding.change == "grown":
        now = f", now {article(train_noun(after))}," if after is not None else ""
        return f"{_part(finding)} joined the train on {here}{now}"
    left = _left(after)
    return f"{_part(finding)} of the {train_noun(before)} on {here} left{left}"


def _part(finding: Finding) -> str:
    if finding.unit != "cars":
        return f"{size_words(finding.amount, ' m')} of cars"
    low, high = whole(finding.amount.low), whole(finding.amount.high)
    if low == high:
        return f"{number_words(low)} car{'' if low == 1 else 's'}"
    if whole(finding.amount.estimate) == 1:
        return f"about one car ({low}–{high})"
    return size_words(finding.amount, " cars")


def _left(after: Detection | None) -> str:
    if after is None or after.cars is None:
        return ""
    if after.cars.high < 1.5:
        return ", leaving one,"
    low, high = whole(after.cars.low), whole(after.cars.high)
    return f", leaving {number_words(low) if low == high else size_words(after.cars, '')},"


def _cargo(finding: Finding, names: Names) -> str:
    size = size_words(finding.amount, " m²")
    where = names.area(finding.area)
    if finding.change in ("grown", "shrunk"):
        verb = "grew" if finding.change == "grown" else "shrank"
        return f"the goods on {where} {verb} by {size}"
    came = finding.change == "appeared"
    train = names.found(finding.train)
    if train is not None:
        where = f"beside the {train_noun(train)} on {names.track(train)}"
        where = where if came else f"the ground {where}"
    elif came:
        where = f"on {where}"
    what, many = _things(finding, names)
    verb = ("were" if many else "was") + (" set down " if came else " removed from ")
    return f"{what}, {size}, {verb}{where}"


def _things(finding: Finding, names: Names) -> tuple[str, bool]:
    """Return what goods are called, ``five piles of goods``, and whether they are many."""
    ids = finding.members or tuple(filter(None, (finding.later or finding.earlier,)))
    heaped = all(found is None or found.label in (PILE, None) for found in map(names.found, ids))
    sure = finding.sure_members or len(ids) or 1
    more = len(ids) - sure
    noun = ("pile" if heaped else "object") + ("" if sure == 1 else "s") + (" of goods" if heaped else "")
    text = article(noun) if sure == 1 else f"{number_words(sure)} {noun}"
    return (f"{text} (and possibly {number_words(more)} more)" if more > 0 else text), sure > 1


def _ground(finding: Finding, names: Names) -> str:
    verb = "grew" if finding.change == "grown" else "shrank"
    return f"{names.area(finding.area)} {verb} by {size_words(finding.amount, ' m²')}"


def stay_clauses(stayed: list[Finding], names: Names, about: str | None) -> list[str]:
    """Return what did not change: trains first; ``about`` is the train that was spoken of."""
    trains = [f for f in stayed if f.kind == "train" and f.grade == "detected"]
    perhaps = [f for f in stayed if f.kind == "train" and f.grade == "possible"]
    made = []
    if len(trains) == 1:
        train = names.found(trains[0].later or trains[0].earlier)
        known = train is not None and train.id == about
        made.append(
            "the train did not move"
            if known
            else f"the {train_noun(train)} on {names.track(train, trains[0].track)} did not move"
        )
    elif trains:
        made.append(f"{number_words(len(trains))} trains did not move")
    if len(perhaps) == 1:
        train = names.found(perhaps[0].later or perhaps[0].earlier)
        where = names.track(train, perhaps[0].track)
        made.append(f"the {train_noun(train)} on {where} possibly did not move")
    elif perhaps:
        other = "other " if trains else ""
        made.append(f"{number_words(len(perhaps))} {other}trains possibly did not move")
    cargo = sum(f.kind == "cargo" and f.grade == "detected" for f in stayed)
    if cargo:
        made.append("the goods that lay there did not change" if not made else "other goods lay as before")
    for finding in stayed:
        if finding.kind == "handling_area":
            made.append(f"{names.area(finding.area)} did not measurably grow")
    return made
