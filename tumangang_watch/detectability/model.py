"""Vehicles that are painted into a scene on trial, to see whether they would be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Brightness = Literal["dark", "mid", "bright"]
TrialKind = Literal["box", "open", "tank", "flat", "container"]
ALSO_CALLED = {
    "box": "boxcar",
    "open": "open wagon",
    "tank": "tank car",
    "flat": "empty flat",
    "container": "container wagon",
}


@dataclass(frozen=True)
class Specimen:
    """What is inserted: one vehicle, or a short cut of like ones."""

    kind: TrialKind
    brightness: Brightness
    """Of what is seen from above: paint, or the load of a loaded open wagon."""
    load: Literal["empty", "loaded"] | None
    """Open wagons only."""
    cars: int

    @property
    def words(self) -> str:
        """What it is called in a sentence: ``one empty open wagon of medium tone``."""
        load = f"{self.load} " if self.load else ""
        name = f"{load}{ALSO_CALLED[self.kind]}" + ("" if self.cars == 1 else "s")
        toned = f"{name} of medium tone" if self.brightness == "mid" else f"{self.brightness} {name}"
        return f"one {toned}" if self.cars == 1 else f"a cut of {self.cars} {toned}"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a specimen is inserted; distances count along the track in metres, bodies only."""

    specimen: Specimen
    track: str
    from_m: float
    to_m: float
    seed: int
    """For its own paint, grime and snow."""
    aside_m: float = 0.0
    """How far to the left of the drawn centreline it stands: drawings and fits are off by that much."""
    hidden_m: tuple[tuple[float, float], ...] = ()
    """From where to where, along the track, beams of a bridge lie over it: there it does not show."""
