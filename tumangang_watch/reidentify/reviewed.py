"""Trains of a record with their reviews: rejected ones left out, what is in doubt only possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tumangang_watch.archive import Archive
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.review.apply import judged_scenes, state_of


def with_review(
    archive: Archive, site: str, sightings: Sequence[Sighting]
) -> tuple[list[Sighting], dict[str, int]]:
    """Return the trains as their readers leave them, and how many were accepted, rejected and so on.

    Trains that only readers saw have no vehicles to compare and are left out.
    """
    judged = {
        f"{one.subject.folder}/{one.subject.id}": one
        for group in judged_scenes(archive, site).values()
        for one in group
        if one.kind == "train" and one.subject is not None and one.says != "open"
    }
    taken, counts = [], Counter[str]()
    for sighting in sightings:
        one = judged.get(sighting.key)
        if one is None:
            taken.append(sighting)
            continue
        counts[state_of(one)] += 1
        if one.says == "doubtful":
            taken.append(replace(sighting, grade="possible"))
        elif one.says == "there":
            taken.append(_as_read(sighting, one.thing, one.given))
    return taken, dict(sorted(counts.items()))


def _as_read(sighting: Sighting, thing: Mapping[str, Any], given: frozenset[str]) -> Sighting:
    """Return a train that is surely there, with what its readers said of it."""
    place = {name: thing[name] for name in ("track", "from_m", "to_m") if thing.get(name) is not None}
    if "from_m" in place and "to_m" in place:
        place["length_m"] = place["to_m"] - place["from_m"]
    if thing.get("cars"):
        place["cars"] = float(thing["cars"]["estimate"])
    vehicles = sighting.vehicles
    for name, names in (("colour", "colours"), ("type", "types")):
        given_words = list(thing.get(names) or [])
        if names in given and len(given_words) == len(vehicles):
            vehicles = tuple(
                _named(v, name, names, word) for v, word in zip(vehicles, given_words, strict=True)
            )
    return replace(sighting, grade="detected", confidence=1.0, vehicles=vehicles, **place)


def _named(vehicle: Vehicle, name: str, names: str, word: str) -> Vehicle:
    """Return a vehicle with the colour or type a reader gave it."""
    sure: dict[str, Any] = {name: word, names: ((word, 1.0),)}
    return replace(vehicle, **sure)
