"""Colours and locomotives of a detected train against what was published of it."""

from __future__ import annotations

from typing import NamedTuple

from tumangang_watch.model.detection import Detection, Vehicle
from tumangang_watch.model.words import named_alike
from tumangang_watch.reproduce.observations import Claim, Verdict
from tumangang_watch.settings.records import PublishedSettings


class Ruling(NamedTuple):
    """A verdict and what it rests on, in words."""

    verdict: Verdict
    why: str


def without_locomotives(train: Detection, limits: PublishedSettings) -> tuple[Vehicle, ...]:
    """Return a train's vehicles without its locomotives, as far as those are known."""
    trust, sure = limits.type_name_trust, limits.locomotive_sure
    return tuple(v for v in train.rolling_stock if v.locomotive_chance(trust) < sure)


def locomotive_verdict(train: Detection, claimed: bool, limits: PublishedSettings) -> tuple[Verdict, str]:
    """Judge whether a train has a locomotive at one of its ends."""
    stock = train.rolling_stock
    if not stock:
        return "not observable", "its vehicles cannot be told apart"
    ends = (*stock[:2], *stock[-2:])
    best = max(vehicle.locomotive_chance(limits.type_name_trust) for vehicle in ends)
    if best >= limits.locomotive_sure:
        return ("reproduced" if claimed else "contradicted"), f"a locomotive at an end ({best:.0%})"
    if best > limits.locomotive_none or not all(v.types for v in ends):
        return (
            "not observable",
            f"the types of the end vehicles are not sure enough ({best:.0%} a locomotive)",
        )
    return ("contradicted" if claimed else "reproduced"), "no locomotive at either end"


def colour_verdict(
    train: Detection, claim: Claim, eastward: bool | None, limits: PublishedSettings
) -> tuple[Verdict, str]:
    """Judge the order of colours of a train.

    ``eastward`` tells whether metres along its track count from west to east; None where that is
    not known.
    """
    cars = without_locomotives(train, limits)
    if len(cars) == len(claim.colours) + 1 and claim.locomotive:
        return _best([_one_order(cars[1:], claim, limits), _one_order(cars[:-1], claim, limits)])
    if len(cars) != len(claim.colours):
        return (
            "contradicted",
            f"{len(cars)} cars, not {len(claim.colours)}: the order cannot be the published one",
        )
    return _one_order(cars, claim, limits, eastward=eastward)


def _one_order(
    cars: tuple[Vehicle, ...], claim: Claim, limits: PublishedSettings, eastward: bool | None = None
) -> Ruling:
    orders = [claim.colours, claim.colours[::-1]]
    if claim.order == "east_to_west" and eastward is not None:
        orders = [claim.colours[::-1] if eastward else claim.colours]
    return _best([_against(cars, order, limits) for order in orders])


def _best(verdicts: list[Ruling]) -> Ruling:
    rank = {"reproduced": 0, "not observable": 1, "contradicted": 2}
    return min(verdicts, key=lambda v: rank[v[0]])


def _against(cars: tuple[Vehicle, ...], claimed: tuple[str, ...], limits: PublishedSettings) -> Ruling:
    """Compare car by car, in one direction."""
    looks = [_colours(vehicle, limits) for vehicle in cars]
    read = [k for k, look in enumerate(looks) if look and max(look.values()) >= limits.sure]
    seen = ", ".join(max(look, key=lambda c: look[c]) if k in read else "?" for k, look in enumerate(looks))
    wrong = [k for k in read if _probability(looks[k], claimed[k], limits) < limits.against]
    if wrong:
        k = wrong[0]
        return Ruling(
            "contradicted",
            f"car {k + 1} is {max(looks[k], key=lambda c: looks[k][c])}, not {claimed[k]} ({seen})",
        )
    if len(read) < limits.read_share * len(cars):
        return Ruling("not observable", f"colours could be read on {len(read)} of {len(cars)} cars ({seen})")
    fitting = sum(_probability(looks[k], claimed[k], limits) >= limits.sure * limits.near_share for k in read)
    if fitting >= limits.support_share * len(read):
        return Ruling(
            "reproduced", f"{fitting} of {len(cars)} cars show the published colour or its neighbour ({seen})"
        )
    return Ruling("not observable", f"only {fitting} of {len(cars)} cars show the published colour ({seen})")


def other_colours(
    first: tuple[Vehicle, ...], second: tuple[Vehicle, ...], limits: PublishedSettings
) -> str | None:
    """Return what tells two trains of as many wagons apart by colour, or None.

    In either direction some cars must be read on both and each exclude the other's colour: one such car
    can be a wrong reading, and a car that was not read says nothing.
    """
    differing: list[int] | None = None
    for turned in (first, first[::-1]):
        pairs = [(_colours(a, limits), _colours(b, limits)) for a, b in zip(turned, second, strict=True)]
        apart = [k for k, (a, b) in enumerate(pairs) if _exclude(a, b, limits) and _exclude(b, a, limits)]
        if differing is None or len(apart) < len(differing):
            differing = apart
    if differing is None or len(differing) < limits.other_cars:
        return None
    return f"{len(differing)} of {len(second)} cars are surely of other colours, whichever way round"


def _exclude(own: dict[str, float], other: dict[str, float], limits: PublishedSettings) -> bool:
    """Return whether a car's reading is sure of a colour that another car's reading excludes."""
    if not own or max(own.values()) < limits.sure or not other or max(other.values()) < limits.sure:
        return False
    return _probability(other, max(own, key=lambda c: own[c]), limits) < limits.against


def _colours(vehicle: Vehicle, limits: PublishedSettings) -> dict[str, float]:
    """Return the probability of each colour of a car; empty where nothing was read."""
    if vehicle.colours:
        return {name: p for name, p in vehicle.colours if name != "unknown"}
    return {} if vehicle.colour == "unknown" else {vehicle.colour: limits.colour_name_trust}


def _probability(look: dict[str, float], claimed: str, limits: PublishedSettings) -> float:
    near = sum(look.get(other, 0.0) for other in named_alike(claimed))
    return look.get(claimed, 0.0) + limits.near_share * near
