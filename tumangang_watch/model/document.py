"""The contents of ``report.json`` as types. Keys of some reports are ``NotRequired``; unknown is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

from tumangang_watch.model.document_trials import (
    AmountDocument,
    DetectabilityDocument,
    FillDocument,
    IntervalDocument,
    TrackDocument,
)
from tumangang_watch.model.words import (
    AreaState,
    ChangeWord,
    DateLabel,
    Grade,
    Kind,
    RegistrationStatus,
    SnowState,
)

Number = float | int | None
Json = str | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""A value that JSON carries."""


class GeometryDocument(TypedDict):
    """A GeoJSON geometry in lon/lat."""

    type: str
    coordinates: NotRequired[list[object]]
    geometries: NotRequired[list[GeometryDocument]]
    """Of a collection, instead of coordinates."""


class VehicleDocument(TypedDict):
    """One vehicle of a train; distances count along its track."""

    from_m: float
    to_m: float
    type: str
    colour: str
    confidence: float
    types: dict[str, float]
    colours: dict[str, float]
    load: Literal["loaded", "empty"] | None
    load_evidence: str | None


class DetectionDocument(TypedDict):
    """A train, a cargo object or the worked surface, on one date."""

    id: str
    date: DateLabel
    kind: Kind
    label: str | None
    area: str | None
    """The area that holds it, or most of it."""
    areas: NotRequired[dict[str, float]]
    track: str | None
    tracks: NotRequired[list[str]]
    track_grade: NotRequired[Grade]
    track_distance_m: Number
    from_m: Number
    to_m: Number
    length_m: IntervalDocument | None
    cars: IntervalDocument | None
    rolling_stock: list[VehicleDocument]
    area_m2: IntervalDocument | None
    height_m: IntervalDocument | None
    colour: str | None
    confidence: float
    grade: Grade
    observed_fraction: float
    evidence: dict[str, Number]
    geometry: GeometryDocument | None
    caveats: list[str]


class CrossingDocument(TypedDict):
    """A train on a bridge at the minute of one date."""

    detection: str
    date: DateLabel
    area: str
    track: str | None
    acquired: str
    on_bridge_m: Number
    heading_deg: Number
    """Compass bearing it moves to; null where that is not known."""
    towards: str | None
    speed_kmh: IntervalDocument | None
    """Null where the scene does not show that it moves."""
    confidence: float
    grade: Grade
    statement: str


class FindingDocument(TypedDict):
    """One change (or its absence) in one place."""

    id: str
    kind: Kind
    change: ChangeWord
    area: str | None
    track: str | None
    earlier: str | None
    """Id of the detection on the earlier date."""
    later: str | None
    amount: AmountDocument
    confidence: float
    grade: Grade
    statement: str
    train: NotRequired[str | None]
    members: NotRequired[list[str]]
    with_finding: NotRequired[str | None]
    """Id of the other half of one event: a train that went and the one that came in its place."""
    crossing: NotRequired[bool]
    """True of a train that one date shows on a bridge."""
    observed_fraction: float
    caveats: list[str]
    geometry: GeometryDocument | None


class SceneDocument(TypedDict):
    """A scene as the report names it."""

    id: str
    file: str
    sha256: str
    acquired: str
    provider: str
    painted: NotRequired[bool]
    gsd_m: float
    pixel_m: float
    sun_elevation_deg: Number
    sun_azimuth_deg: Number
    off_nadir_deg: Number
    view_azimuth_deg: Number
    cloud_fraction: Number
    bands: dict[str, int]
    band_source: str
    radiometry: str
    licence: str | None
    snow_state: SnowState
    haze: Number
    sources: dict[str, str]
    warnings: list[str]
    notes: list[str]


class FitDocument(TypedDict):
    """How one image was laid on another."""

    status: RegistrationStatus
    shift_m: list[float]
    residual_median_px: Number
    residual_p90_px: Number
    residual_median_m: Number
    residual_p90_m: Number
    tie_points: int
    held_out: int
    affine: list[float]
    rivals_m: NotRequired[list[list[float]]]
    reference: NotRequired[str]
    reason: str


class RegistrationDocument(FitDocument):
    """The later date onto the earlier, and each onto the site."""

    site_fit: dict[str, FitDocument]


class SiteDocument(TypedDict):
    """The site as the report names it."""

    id: str
    name: str
    sha256: str
    crs: str
    pixel_m: float


class ObservedDocument(TypedDict):
    """The share of an area that could be seen on each date."""

    earlier: Number
    later: float


class AreaDocument(TypedDict):
    """How much of an area could be seen."""

    id: str
    name: str
    role: str
    status: AreaState
    observed_fraction: ObservedDocument
    reasons: list[str]


class BackgroundDocument(TypedDict):
    """An earlier date that decided what is typical here."""

    id: str
    sha256: str
    acquired: str


class HistorySceneDocument(BackgroundDocument):
    """An earlier date that was used, and for what."""

    tracks: bool
    aprons: bool
    ground: bool
    residual_median_m: Number


class LeftOutDocument(TypedDict):
    """An earlier date that was not used."""

    name: str
    acquired: str | None
    why: str
    faulty: bool


HistoryDocument = TypedDict(
    "HistoryDocument",
    {
        "offered": int,
        "used": int,
        "for": dict[str, int],
        "scenes": list[HistorySceneDocument],
        "left_out": list[LeftOutDocument],
        "left_out_count": int,
    },
)
"""What was used of the dates before."""


class AppearanceDocument(TypedDict):
    """What a record keeps of a date, for the choice of what later dates are compared with."""

    observed: dict[str, float]
    snow_state: str | None


class SupersededDocument(TypedDict):
    """A report that this one takes the place of."""

    folder: str
    manifest_sha256: str
    why: str


class NotComparableDocument(TypedDict):
    """An earlier scene that could not be compared with."""

    sha256: str
    why: str


class IssueDocument(TypedDict):
    """Where the report stands among those of a record."""

    part: int
    revision: int
    speaks_for: list[str]
    """Ids of the areas whose detections are taken from it."""
    tells: NotRequired[dict[str, list[str]]]
    """Areas whose changes it tells, and the scenes (sha256) that showed each since its earlier date."""
    inputs_sha256: str
    supersedes: list[SupersededDocument]
    not_comparable_with: NotRequired[list[NotComparableDocument]]
    look: NotRequired[AppearanceDocument]


class ToolDocument(TypedDict):
    """What made the report."""

    name: str
    version: str
    libraries: NotRequired[dict[str, str]]
    """Versions of the libraries that read and place pixels."""


class ReportDocument(TypedDict):
    """A whole ``report.json``."""

    schema_version: int
    tool: ToolDocument
    settings_sha256: str
    headline: NotRequired[list[str]]
    """Two sentences that can be quoted."""
    site: SiteDocument
    scenes: dict[DateLabel, SceneDocument]
    """The dates; one date stands under ``later``."""
    registration: RegistrationDocument
    background: list[BackgroundDocument]
    tracks: list[TrackDocument]
    areas: list[AreaDocument]
    detections: list[DetectionDocument]
    findings: list[FindingDocument]
    crossings: NotRequired[list[CrossingDocument]]
    """Trains on bridges, by time."""
    fill: NotRequired[list[FillDocument]]
    detectability: list[DetectabilityDocument]
    caveats: list[str]
    changed: bool
    history: NotRequired[HistoryDocument]
    issue: NotRequired[IssueDocument]
