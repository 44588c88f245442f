"""Published observations: what was claimed, of which place and date, which scene shows it, what that says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.site import Site
from tumangang_watch.settings.records import PublishedSettings
from tumangang_watch.text import KOREA, whole

Verdict = Literal["reproduced", "contradicted", "not observable", "no scene"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LOCAL = KOREA
"""Published dates are Korean; Khasan's own clock is an hour ahead, and no claim turns on it."""
SAME_TIME = timedelta(minutes=30)
"""A scene this near to a published time is the published one, or its neighbour of the same pass."""
Kind = Literal["train", "trains", "vehicles", "no_train", "crossing", "piles", "piles_smaller"]
Range = tuple[int, int | None]
PLACES: dict[str, tuple[str, ...]] = {
    "secure_yard": ("secure_yard",),
    "khasan_station": ("khasan_station",),
    "bridge": ("friendship_bridge",),
    "bridge_ru_end": ("bridge_ru_end",),
    "bridge_kp_side": ("bridge_kp_side",),
    "tumangang": ("tumangang_station", "secure_yard"),
}
"""Ids of a site's areas that a published place means."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that can be judged."""

    kind: Kind
    cars: Range | None = None
    """Wagons, without locomotives."""
    count: Range | None = None
    """Trains, vehicles or piles."""
    length_m: Range | None = None
    locomotive: bool | None = None
    colours: tuple[str, ...] = ()
    order: str = "either"
    """``east_to_west``, ``from_locomotive`` or ``either`` end first."""
    same_as: str | None = None
    """Id of the observation that shows the same train."""
    since: str | None = None
    """Id of the observation it is compared with."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One published observation."""

    id: str
    publisher: str
    published: str
    url: str
    place: str
    first: date
    """First and last local date on which it may have been seen."""
    last: date
    facts: str
    """What was published, in our own words."""
    claims: tuple[Claim, ...]
    time: datetime | None = None
    not_before: datetime | None = None
    """Where given, it happened at any moment from then up to `time`."""
    part: str | None = None
    """``morning`` or ``afternoon``, local."""
    caveat: str | None = None

    def fits(self, acquired: datetime) -> bool:
        """Tell whether a scene of this time can be the published one."""
        if self.time is not None and self.not_before is not None:
            return self.not_before <= acquired <= self.time
        if self.time is not None:
            return abs(acquired - self.time) <= SAME_TIME
        local = acquired.astimezone(LOCAL)
        if self.part is not None and (local.hour < 12) != (self.part == "morning"):
            return False
        return self.first <= local.date() <= self.last


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the program says of the scene that shows an observation."""

    scene: str
    acquired: datetime
    painted: bool
    site: Site
    seen: Mapping[str, tuple[str, tuple[str, ...]]]
    """Status of each area (``observed``, ``partial``, ``not_observable``) and its reasons."""
    detections: tuple[Detection, ...]
    """Of this scene's date."""
    since: str | None = None
    """The observation whose scene it was compared with."""
    earlier: tuple[Detection, ...] = ()
    """Of that scene, in the same comparison."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One line of the table."""

    observation: str
    claim: str
    """The claim in words."""
    verdict: Verdict
    why: str
    scene: str | None
    painted: bool


@cache
def load_observations() -> tuple[Observed, ...]:
    """Return the observations that come with the program, in the order of their dates."""
    text = resources.files(__package__).joinpath("observations.json").read_text(encoding="utf-8")
    return tuple(_observed(item) for item in json.loads(text)["observations"])


def _observed(item: dict[str, Any]) -> Observed:
    if "between" in item:  # The days after the first and before the second.
        first, last = (date.fromisoformat(day) for day in item["between"])
        first, last = first + timedelta(days=1), last - timedelta(days=1)
    else:
        first = last = date.fromisoformat(item["date"])
    time, not_before = (
        None if item.get(name) is None else datetime.fromisoformat(item[name])
        for name in ("time_utc", "not_before_utc")
    )
    return Observed(
        **{name: item[name] for name in ("id", "publisher", "published", "url", "place", "facts")},
        first=first,
        last=last,
        claims=tuple(_claim(claim) for claim in item["claims"]),
        time=time,
        not_before=not_before,
        part=item.get("part"),
        caveat=item.get("caveat"),
    )


def _claim(item: dict[str, Any]) -> Claim:
    listed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    return Claim(**listed)


def match_scenes(
    observations: Sequence[Observed], acquired: Sequence[datetime], areas: Sequence[frozenset[str]]
) -> dict[str, int]:
    """Return, by observation id, the index of the scene that shows its place at its time.

    Parameters
    ----------
    observations : sequence of Observed
        What was published.
    acquired : sequence of datetime
        When each scene was taken.
    areas : sequence of frozenset of str
        Ids of the areas of the site that each shows.

    Returns
    -------
    dict
        Of scenes that fit, the one nearest to the published time, else the earliest.
    """
    found = {}
    for observed in observations:
        wanted = set(PLACES[observed.place])
        fitting = [
            (abs(moment - observed.time) if observed.time else moment - datetime.min.replace(tzinfo=UTC), k)
            for k, (moment, shown) in enumerate(zip(acquired, areas, strict=True))
            if observed.fits(moment) and shown & wanted
        ]
        if fitting:
            found[observed.id] = min(fitting)[1]
    return found


def judged(
    found: Interval | None, claimed: Range, unit: str, limits: PublishedSettings
) -> tuple[Verdict, str]:
    """Judge a number with its 90 % interval against a published range."""
    if found is None:
        return "not observable", f"it cannot be measured in this scene ({unit})"
    found_words = f"{whole(found.estimate)} {unit} ({whole(found.low)} to {whole(found.high)})"
    high = float("inf") if claimed[1] is None else claimed[1]
    if found.high < claimed[0] or found.low > high:
        return "contradicted", found_words
    if not claimed[0] <= round(found.estimate) <= high:
        return (
            "not observable",
            f"{found_words}: nearer to another number, and the published one not excluded",
        )
    slack = limits.count_slack if unit != "m long" else 0.1 * claimed[0]
    if found.low < claimed[0] - slack or found.high > high + slack:
        return "not observable", f"{found_words}: too uncertain to tell"
    return "reproduced", found_words


def distance(value: float, claimed: Range) -> float:
    """Return how far a number lies outside a range."""
    high = float("inf") if claimed[1] is None else claimed[1]
    return max(claimed[0] - value, value - high, 0.0)


def range_words(claimed: Range) -> str:
    """Return a range in words."""
    low, high = claimed
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"
