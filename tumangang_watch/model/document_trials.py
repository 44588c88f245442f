"""What ``report.json`` states of tracks, fill and trials, as types; see `tumangang_watch.model.document`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tumangang_watch.model.words import AreaState, DateLabel


class IntervalDocument(TypedDict):
    """An estimate and the bounds of its 90 % interval."""

    estimate: float
    low: float
    high: float


class AmountDocument(IntervalDocument):
    """How much a finding comes to."""

    unit: str
    """``cars``, ``m`` or ``m2``."""


class RowDocument(TypedDict):
    """A stretch of a track beside which cargo stands in a row."""

    track: str
    from_m: float
    to_m: float


class TrackDocument(TypedDict):
    """Which metres of a track could be seen on each date."""

    id: str
    area: str | None
    """The area that holds most of it."""
    areas: NotRequired[dict[str, list[list[float]]]]
    """Its stretches in each area."""
    length_m: float
    observed: dict[str, list[list[float]]]


# Keys that are no names in the code (`docs/vocabulary.md`) stand as text.
CargoTrialDocument = TypedDict(  # noqa: UP013
    "CargoTrialDocument", {"size_m2": float, "tone": str, "trials": int, "found": int}
)
"""Boxes painted on the empty ground of one apron."""


class FillDocument(TypedDict):
    """How full an apron is on one date."""

    date: DateLabel
    area: str
    ground_m2: float
    covered_m2: IntervalDocument
    share: IntervalDocument
    row_length_m: IntervalDocument
    rows: list[RowDocument]
    trials: list[CargoTrialDocument]
    observed_fraction: float
    caveats: list[str]


class CargoRateDocument(CargoTrialDocument):
    """How often boxes inserted into empty ground were found; no area is over all aprons."""

    area: str | None
    rate: IntervalDocument


class TrackTrialsDocument(TypedDict):
    """How much of a track could be judged."""

    track: str
    status: AreaState
    observed_fraction: float
    empty_m: float
    trials: int
    found: int
    reasons: list[str]


VehicleTrialDocument = TypedDict(  # noqa: UP013
    "VehicleTrialDocument",
    {
        "track": str | None,
        "type": str,
        "load": Literal["empty", "loaded"] | None,
        "tone": str,
        "cars": int,
        "what": str,
        "found": int,
        "trials": int,
        "rate": IntervalDocument,
    },
)
"""How often a kind of vehicle would be found on a track; no track is over all of them."""

QuantityDocument = TypedDict("QuantityDocument", {"told": str, "why": list[str]})  # noqa: UP013
"""Whether a quantity can be measured on a date (``yes``, ``limited``, ``no``), and what limits it."""

DetectabilityDocument = TypedDict(  # noqa: UP013
    "DetectabilityDocument",
    {
        "date": DateLabel,
        "quantities": dict[str, QuantityDocument],
        "train_presence": str,
        "train_length": str,
        "cars_counted": bool,
        "car_colours": bool,
        "cargo_objects": bool,
        "limits": list[str],
        "tracks": list[TrackTrialsDocument],
        "trials": list[VehicleTrialDocument],
        "trials_note": str,
        "statements": list[str],
        "goods": list[CargoRateDocument],
    },
    total=False,
)
"""What one date can show, and what of it could have been missed."""
