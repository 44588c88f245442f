"""What a scene can tell of a train, and why not more: each quantity has limits of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.document_trials import DetectabilityDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.detectability import Limit, LimitSettings

Quantity = Literal["presence", "track", "length", "count", "type", "colours", "load"]
Verdict = Literal["yes", "limited", "no"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
WORSE: dict[str, int] = {"yes": 0, "limited": 1, "no": 2}


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
    """Return for each of `QUANTITIES`, in that order, whether it can be told, and why not."""
    return tuple(_ability(name, conditions, settings) for name in QUANTITIES)


def _ability(name: Quantity, conditions: Conditions, settings: LimitSettings) -> Ability:
    """Judge one quantity: the worst of its limits decides."""
    limit: Limit = getattr(settings, name)
    c, slack, sun = conditions, settings.gsd_slack, conditions.sun_elevation_deg
    judged: list[tuple[Verdict, str]] = [
        (_above(c.gsd_m / slack, limit.gsd_m), f"pixels of {c.gsd_m:.2g} m"),
        (_above(c.off_nadir_deg, limit.off_nadir_deg), f"seen {c.off_nadir_deg or 0:.0f} degrees off nadir"),
        (_above(c.haze, limit.haze), f"haze ({c.haze or 0:.1f} of 1)"),
        (_above(c.cloud_fraction, limit.cloud), f"cloud over {c.cloud_fraction or 0:.0%} of the scene"),
        (_snow(c.snow_state, limit), f"snow on the ground ({c.snow_state})"),
        (
            _above(None if sun is None else -sun, (-limit.sun_deg[0], -limit.sun_deg[1])),
            f"the sun stands only {sun or 0:.0f} degrees high",
        ),
    ]
    if name == "colours" and not {"red", "green", "blue"} <= c.bands:
        judged.append(("no", "no red, green and blue band"))
    if name == "track" and c.gsd_m / slack > limit.gsd_m[1]:
        judged[0] = ("no", f"pixels of {c.gsd_m:.2g} m: neighbouring tracks cannot be told apart")
    if name == "load":
        if sun is None:
            judged.append(("no", "the sun's position is not known"))
        judged.append(("limited", "a hint, never more"))
    verdict = max((v for v, _ in judged), key=lambda v: WORSE[v])
    return Ability(name, verdict, tuple(words for v, words in judged if v != "yes"))


def _above(value: float | None, bounds: tuple[float, float]) -> Verdict:
    """Return how a value stands to what is well and what is at all; the unknown limits nothing."""
    if value is None or value <= bounds[0]:
        return "yes"
    return "limited" if value <= bounds[1] else "no"


def _snow(state: str, limit: Limit) -> Verdict:
    verdict = limit.snow[0] if state == "partial" else limit.snow[1] if state == "full" else "yes"
    return "no" if verdict == "no" else "limited" if verdict == "limited" else "yes"


def within_limits(detection: Detection, known: tuple[Ability, ...]) -> Detection:
    """Take from a train what its scene cannot show, with a caveat that says so.

    A presence that is only limited is never more than ``possible``; a count, colours and types that
    cannot be told are null or ``unknown``, never a guess. Detections of other kinds come back as given.
    """
    if detection.kind != "train":
        return detection
    by = {a.quantity: a for a in known}
    caveats, stock = list(detection.caveats), detection.rolling_stock
    grade, cars = detection.grade, detection.cars
    if by["presence"].verdict != "yes" and grade == "detected":
        grade = "possible"
        caveats.append(_words(by["presence"], "presence"))
    if by["count"].verdict == "no" and (cars is not None or stock):
        cars, stock = None, ()
        caveats.append(_words(by["count"], "a count of cars"))
    if stock and by["type"].verdict == "no" and any(v.type != "unknown" or v.types for v in stock):
        stock = tuple(replace(v, type="unknown", types=()) for v in stock)
        caveats.append(_words(by["type"], "types"))
    if stock and by["colours"].verdict == "no" and any(v.colour != "unknown" or v.colours for v in stock):
        stock = tuple(replace(v, colour="unknown", colours=()) for v in stock)
        caveats.append(_words(by["colours"], "colours"))
    if stock and by["load"].verdict == "no" and any(v.load for v in stock):
        stock = tuple(replace(v, load=None, load_evidence=None) for v in stock)
    measures: tuple[Quantity, ...] = ("length", "count", "type", "colours")
    limited = [q for q in measures if by[q].verdict == "limited"]
    why = tuple(dict.fromkeys(r for q in limited if q != "count" or stock for r in by[q].reasons))
    if stock and why:
        names = limited[0] if len(limited) == 1 else f"{', '.join(limited[:-1])} and {limited[-1]}"
        caveats.append(f"{names} only limited: {'; '.join(why)}")
    return replace(
        detection, grade=grade, cars=cars, rolling_stock=stock, caveats=tuple(dict.fromkeys(caveats))
    )


def _words(ability: Ability, what: str) -> str:
    how = "cannot be told" if ability.verdict == "no" else "can be told only to a limited degree"
    return f"{what} {how}: {'; '.join(ability.reasons)}"


def can_show(conditions: Conditions, settings: LimitSettings) -> DetectabilityDocument:
    """Return what a scene can and cannot show as plain values: for ``inspect`` and the report."""
    by = {a.quantity: a for a in abilities(conditions, settings)}
    counted = by["count"].verdict != "no"
    limited = [a for a in by.values() if a.verdict != "yes" and a.quantity != "load"]
    notes = list(dict.fromkeys(_note(a) for a in limited))
    if conditions.sun_elevation_deg is None:
        notes.append("sun position unknown: heights from shadows and hints of the load cannot be given")
    if "nir" not in conditions.bands:
        notes.append("no near infrared: vegetation and water are told from colour alone")
    return {
        "train_presence": "track" if by["track"].verdict != "no" else "track group",
        "train_length": "measured" if by["length"].verdict == "yes" else "interval",
        "cars_counted": counted,
        "car_colours": by["colours"].verdict != "no",
        "cargo_objects": counted,
        "quantities": {q: {"told": a.verdict, "why": list(a.reasons)} for q, a in by.items()},
        "limits": notes,
    }


def _note(ability: Ability) -> str:
    what = {"count": "count of cars", "type": "types of cars", "colours": "colours of cars"}
    name = what.get(ability.quantity, ability.quantity)
    how = "not told" if ability.verdict == "no" else "limited"
    return f"{name} {how}: {'; '.join(ability.reasons)}"
