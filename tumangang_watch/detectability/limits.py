"""What a scene can tell of a train, and why not more: each quantity has limits of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from tumangang_watch.model.detection import Detection, Vehicle
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.detectability import Limit, LimitSettings

Quantity = Literal["presence", "track", "length", "count", "type", "colours", "load"]
Verdict = Literal["yes", "limited", "no"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
WORSE: dict[str, int] = {"yes": 0, "limited": 1, "no": 2}
OF_COLOUR = ("colours", "type")


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What decides what a scene can show; None = not known."""

    gsd_m: float
    bands: frozenset[str]
    sun_elevation_deg: float | None = None
    off_nadir_deg: float | None = None
    haze: float | None = None
    snow_state: str = "unknown"
    cloud_fraction: float | None = None
    """As stated for the whole scene; left out where the ground itself was looked at."""


@dataclass(frozen=True)
class Ability:
    """Whether one quantity can be told."""

    quantity: Quantity
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    """Why not ``yes``, in words."""


def of_scene(scene: Scene) -> Conditions:
    """Return what is known before any pixel is read."""
    return Conditions(
        gsd_m=scene.gsd_m,
        bands=frozenset(scene.bands),
        sun_elevation_deg=scene.sun_elevation_deg,
        off_nadir_deg=scene.off_nadir_deg,
        cloud_fraction=scene.cloud_fraction,
    )


def of_observation(observation: Observation) -> Conditions:
    """Return what is known of a date whose ground was looked at: cloud is told place by place."""
    scene, quality = observation.scene, observation.quality
    return Conditions(
        gsd_m=observation.image.gsd_m,
        bands=frozenset(observation.image.bands),
        sun_elevation_deg=scene.sun_elevation_deg,
        off_nadir_deg=scene.off_nadir_deg,
        haze=quality.haze,
        snow_state=quality.snow_state,
    )


def abilities(conditions: Conditions, settings: LimitSettings) -> tuple[Ability, ...]:
    """Return for each quantity whether it can be told, and why not.

    Parameters
    ----------
    conditions : Conditions
    settings : LimitSettings

    Returns
    -------
    tuple of Ability
        One for each of `QUANTITIES`, in that order.
    """
    return tuple(_ability(name, conditions, settings) for name in QUANTITIES)


def _ability(name: Quantity, conditions: Conditions, settings: LimitSettings) -> Ability:
    """Judge one quantity: the worst of its limits decides."""
    limit: Limit = getattr(settings, name)
    c, slack = conditions, settings.gsd_slack
    told = [
        (_above(c.gsd_m / slack, limit.gsd_m), f"pixels of {c.gsd_m:.2g} m"),
        (_above(c.off_nadir_deg, limit.off_nadir_deg), f"seen {c.off_nadir_deg or 0:.0f} degrees off nadir"),
        (_above(c.haze, limit.haze), f"haze ({c.haze or 0:.1f} of 1)"),
        (_above(c.cloud_fraction, limit.cloud), f"cloud over {c.cloud_fraction or 0:.0%} of the scene"),
        (_snow(c.snow_state, limit), f"snow on the ground ({c.snow_state})"),
        (_sun(c.sun_elevation_deg, limit), _sun_words(c.sun_elevation_deg)),
    ]
    if name == "colours" and not {"red", "green", "blue"} <= c.bands:
        told.append(("no", "no red, green and blue band"))
    if name == "track" and c.gsd_m / slack > limit.gsd_m[1]:
        told[0] = ("no", f"pixels of {c.gsd_m:.2g} m: neighbouring tracks cannot be told apart")
    if name == "load":
        if c.sun_elevation_deg is None:
            told.append(("no", "the sun's position is not known"))
        told.append(("limited", "a hint, never more"))
    verdict = max((v for v, _ in told), key=lambda v: WORSE[v])
    return Ability(name, verdict, tuple(words for v, words in told if v != "yes"))


def _above(value: float | None, bounds: tuple[float, float]) -> Verdict:
    """Return how a value stands to what is well and what is at all; the unknown limits nothing."""
    if value is None or value <= bounds[0]:
        return "yes"
    return "limited" if value <= bounds[1] else "no"


def _sun(elevation_deg: float | None, limit: Limit) -> Verdict:
    if elevation_deg is None or elevation_deg >= limit.sun_deg[0]:
        return "yes"
    return "limited" if elevation_deg >= limit.sun_deg[1] else "no"


def _sun_words(elevation_deg: float | None) -> str:
    return f"the sun stands only {elevation_deg or 0:.0f} degrees high"


def _snow(state: str, limit: Limit) -> Verdict:
    verdict = limit.snow[0] if state == "partial" else limit.snow[1] if state == "full" else "yes"
    return "no" if verdict == "no" else "limited" if verdict == "limited" else "yes"


def verdict_of(told: tuple[Ability, ...], quantity: Quantity) -> Verdict:
    """Return one quantity's verdict."""
    return next(a.verdict for a in told if a.quantity == quantity)


def within_limits(detection: Detection, told: tuple[Ability, ...]) -> Detection:
    """Take from a train what its scene cannot tell, and say so.

    A presence that is only limited is never more than ``possible``; a count, colours and types that
    cannot be told are null or ``unknown``, never a guess. Detections of other kinds come back as given.
    """
    if detection.kind != "train":
        return detection
    by = {a.quantity: a for a in told}
    said = list(detection.caveats)
    changes: dict[str, Any] = {}
    if by["presence"].verdict != "yes" and detection.grade == "detected":
        changes["grade"] = "possible"
        said.append(_words(by["presence"], "presence"))
    stock = detection.rolling_stock
    if by["count"].verdict == "no" and (detection.cars is not None or stock):
        changes["cars"], stock = None, ()
        said.append(_words(by["count"], "a count of cars"))
    if stock and by["type"].verdict == "no" and any(v.type != "unknown" or v.types for v in stock):
        stock = tuple(replace(v, type="unknown", types=()) for v in stock)
        said.append(_words(by["type"], "types"))
    if stock and by["colours"].verdict == "no" and any(v.colour != "unknown" or v.colours for v in stock):
        stock = tuple(without_colour(v) for v in stock)
        said.append(_words(by["colours"], "colours"))
    if stock and by["load"].verdict == "no" and any(v.load for v in stock):
        stock = tuple(replace(v, load=None, load_evidence=None) for v in stock)
    told_of: tuple[Quantity, ...] = ("length", "count", "type", "colours")
    limited = [q for q in told_of if by[q].verdict == "limited"]
    why = tuple(dict.fromkeys(r for q in limited if q != "count" or stock for r in by[q].reasons))
    if stock and why:
        said.append(f"{_list(limited)} only limited: {'; '.join(why)}")
    return replace(detection, rolling_stock=stock, caveats=tuple(dict.fromkeys(said)), **changes)


def without_colour(vehicle: Vehicle) -> Vehicle:
    """Return a vehicle whose colour is not told."""
    return replace(vehicle, colour="unknown", colours=())


def _words(ability: Ability, what: str) -> str:
    how = "cannot be told" if ability.verdict == "no" else "can be told only to a limited degree"
    return f"{what} {how}: {'; '.join(ability.reasons)}"


def _list(names: list[Quantity]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def can_show(conditions: Conditions, settings: LimitSettings) -> dict[str, Any]:
    """Return what a scene can and cannot show as plain values: for ``inspect`` and the report."""
    told = {a.quantity: a for a in abilities(conditions, settings)}
    counted = told["count"].verdict != "no"
    notes = list(
        dict.fromkeys(_note(a) for a in told.values() if a.verdict != "yes" and a.quantity != "load")
    )
    if conditions.sun_elevation_deg is None:
        notes.append("sun position unknown: heights from shadows and hints of the load cannot be given")
    if "nir" not in conditions.bands:
        notes.append("no near infrared: vegetation and water are told from colour alone")
    return {
        "train_presence": "track" if told["track"].verdict != "no" else "track group",
        "train_length": "measured" if told["length"].verdict == "yes" else "interval",
        "cars_counted": counted,
        "car_colours": told["colours"].verdict != "no",
        "cargo_objects": counted,
        "quantities": {q: {"told": a.verdict, "why": list(a.reasons)} for q, a in told.items()},
        "limits": notes,
    }


def _note(ability: Ability) -> str:
    what = {"count": "count of cars", "type": "types of cars", "colours": "colours of cars"}
    name = what.get(ability.quantity, ability.quantity)
    how = "not told" if ability.verdict == "no" else "limited"
    return f"{name} {how}: {'; '.join(ability.reasons)}"
