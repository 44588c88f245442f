"""Words and numbers shared by the statements of findings."""

from __future__ import annotations

from collections.abc import Sequence

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.model.site import Track
from tumangang_watch.model.words import ChangeWord, Grade
from tumangang_watch.text import count_text, day_text, either_text, utc_text, whole

UNLIKE = (
    "its vehicles look unlike on the two dates, as under other light or snow the same ones may: "
    "it may be another train"
)
ENDS_APART = "its ends were read {:.0f} m apart on the two dates, but what lies between is the same there"
LENGTHS_DIFFER = (
    "it was read as {:.0f} m long on the earlier date and as {:.0f} m on the later one: an end was misread, "
    "or it is another train"
)
ROOFS_DIFFER = (
    "what its roofs show differs between the dates, as under another sun it may: "
    "it may be another train that stands alike"
)


def when(observation: Observation, pair: DatePair) -> str:
    """Return the date in UTC as statements write it; with the time where both dates are of one day."""
    return day_text(*(utc_text(o.scene.acquired) for o in (observation, pair.earlier, pair.later)))


def span(interval: Interval, digits: int = 0) -> str:
    """Return ``8 (7-9)``, or ``8`` when the interval has no width at this precision."""
    values = (interval.estimate, interval.low, interval.high)
    estimate, low, high = (f"{v:.{digits}f}" if digits else str(whole(v)) for v in values)
    return estimate if low == high else f"{estimate} ({low}-{high})"


def train_words(train: Detection) -> str:
    """Return ``A train of 8 (7-9) cars, 113 (111-115) m,``-like words for a train."""
    if train.goes_on and train.length_m:
        cars = f" of {cars_of(train)}" if train.cars else ""
        return f"A train{cars}, {whole(train.length_m.estimate)} m of it seen, one end not,"
    length = f"{span(train.length_m)} m" if train.length_m else "length unknown"
    if train.cars is None:
        return f"A train, {length} long (cars cannot be counted),"
    if train.cars.high < 1.5:
        return f"A single vehicle, {length} long,"
    return f"A train of {span(train.cars)} cars, {length} long,"


def track_words(track: Track, train: Detection) -> str:
    """Return the name of a train's track, or that it is one of several."""
    if not train.tracks:
        return track.name
    return f"one of tracks {either_text(train.tracks)}"


def former_words(train: Detection) -> str:
    """Return ``train of 3 (2-4) cars`` for a train that gave place to another."""
    if train.cars is None:
        return f"train of {span(train.length_m)} m" if train.length_m else "train"
    return "single vehicle" if train.cars.high < 1.5 else f"train of {cars_of(train)}"


def train_interval(train: Detection) -> tuple[Interval, str]:
    """Return a train's size: cars where they can be counted, else metres."""
    if train.cars is not None:
        return train.cars, "cars"
    return train.length_m or Interval(0.0, 0.0, 0.0), "m"


def area_of(items: Sequence[Detection]) -> Interval:
    """Return the area of some objects of one date, m2, their outlines' where it was not measured.

    What is only possible is in its upper bound; where all of it is, it is the area if they are there.
    """
    doubtful = all(d.grade == "possible" for d in items)
    parts = [
        Summand(
            value=d.area_m2 or Interval.around(d.geometry.area, 0.0),
            sure=doubtful or d.grade == "detected",
            confidence=d.confidence,
        )
        for d in items
    ]
    return total(parts, SHARED_AREA)


def grade_of(*detections: Detection) -> Grade:
    """Return ``detected`` only when every detection it rests on is."""
    return "detected" if all(d.grade == "detected" for d in detections) else "possible"


def cars_of(train: Detection) -> str:
    """Return ``8 (7-9) cars`` or, where they cannot be counted, the length in metres."""
    if train.goes_on and train.cars is not None:
        return f"at least {count_text(round(train.cars.low), 'car')}"
    if train.cars is None:
        return f"{span(train.length_m)} m of train" if train.length_m else "a train"
    return f"{span(train.cars)} car{'' if train.cars.high < 1.5 else 's'}"


def difference(small: Detection, large: Detection) -> tuple[Interval, str]:
    """Return by how much one train is longer: cars where both can be counted, else metres.

    The bounds are those of the two intervals' differences added in quadrature: their errors are
    independent.
    """
    if small.cars is not None and large.cars is not None:
        one, two, unit, floor = small.cars, large.cars, "cars", 1.0
    else:
        one, two, unit, floor = *(t.length_m or Interval(0.0, 0.0, 0.0) for t in (small, large)), "m", 0.0
    estimate = max(two.estimate - one.estimate, floor)
    down = ((two.estimate - two.low) ** 2 + (one.high - one.estimate) ** 2) ** 0.5
    up = ((two.high - two.estimate) ** 2 + (one.estimate - one.low) ** 2) ** 0.5
    if unit == "cars":
        down, up = round(down), round(up)
    return Interval(estimate, max(estimate - down, floor), estimate + up), unit


def alone_words(
    pair: DatePair, track: Track, train: Detection, change: ChangeWord, occupant: Detection | None
) -> str:
    """Return the sentence for a train without a partner; the other date may show another in its place."""
    size, date = train_words(train), when(pair.other(train.date), pair)
    here = track_words(track, train)
    if change == "unchanged":
        return f"{size} on {here}, detected on one date; on {date} it seems to stand there too."
    if occupant is not None and change == "appeared":
        came = size[0].lower() + size[1:].rstrip(",")
        return f"The {former_words(occupant)} that stood on {here} on {date} has gone; {came}, stands there."
    if occupant is not None:
        return f"{size} on {here} is gone: on {date} another ({cars_of(occupant)}) stands in its place."
    if change == "appeared":
        return f"{size} on {here}; on {date} the place was seen and no train was detected there."
    return f"{size} on {here} is gone: on {date} the place was seen and no train was detected."


def one_date_words(day: str, *, occupied: bool) -> str:
    """Return why a train detected on one date only stands on the other one too."""
    shown = f"the strip of {day} reads as occupied here too" if occupied else "both dates look the same here"
    return f"detected on one date only; {shown}"


def cargo_words(
    pair: DatePair, group: list[Detection], change: ChangeWord, amount: Interval, base: str
) -> str:
    """Return the sentence for goods that came, went, grew, shrank or stayed."""
    label = group[-1].label or "surface change"
    where = pair.place(group[0].area)
    many = f"{len(group)} outlines, " if len(group) > 2 else ""
    text = {
        "appeared": f"{label}, {span(amount)} m², on {where}; {base or not_there(pair)}.",
        "disappeared": f"{label}, {span(amount)} m², on {where} is gone on {when(pair.later, pair)}.",
        "grown": f"{label} on {where} has grown by {span(amount)} m².",
        "shrunk": f"{label} on {where} has shrunk by {span(amount)} m².",
        "unchanged": f"{label} on {where}, {span(amount)} m², is as before within the errors.",
    }[change]
    return many + text if many else text[0].upper() + text[1:]


def not_there(pair: DatePair) -> str:
    """Return ``not there on 2022-11-04``-like words."""
    return f"not there on {when(pair.earlier, pair)}"
