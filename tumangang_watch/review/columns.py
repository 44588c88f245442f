"""Columns of the GeoPackage that a reader answers: what each holds, is called, and takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tumangang_watch.model.detection import COLOURS, VEHICLE_TYPES
from tumangang_watch.model.review import REASONS

ColumnKind = Literal["text", "number", "time"]


@dataclass(frozen=True)
class Column:
    """One column of a layer."""

    kind: ColumnKind = "text"
    title: str | None = None
    """What a person fills in, in a form."""
    domain: str | None = None
    """Which values it takes; see `DOMAINS`."""


Columns = dict[str, Column]
TEXT, NUMBER, TIME = Column(), Column("number"), Column("time")
DOMAINS: dict[str, dict[str, str]] = {
    "verdict": {
        "accepted": "it is so",
        "rejected": "it is not so",
        "corrected": "it is so, but as given here",
    },
    "reason": {name: reason.words for name, reason in REASONS.items()},
    "kind": {"train": "a train", "cargo": "goods", "handling_area": "worked surface"},
    "complete": {"yes": "I looked over the whole area: nothing else is there"},
}
"""Values with their meaning; ``report`` is filled with the reports of the export."""
_REASON = Column(title="why; a rejection needs one", domain="reason")
_REMARK = Column(title="in your own words; needed where the reason is other")
_BEGINS = "where it begins along its track, metres; or move the outline"
_ENDS = "where it ends along its track, metres; or move the outline"
_VALUES: Columns = {
    "cars": Column(title="how many vehicles: 7 or 6-7"),
    "from_m": Column("number", _BEGINS),
    "to_m": Column("number", _ENDS),
    "track": Column(title="the track it stands on"),
    "kind": Column(title="what it is", domain="kind"),
    "colours": Column(title=f"one a vehicle, by commas; red*3 stands for three. Known: {', '.join(COLOURS)}"),
    "types": Column(
        title=f"one a vehicle, by commas; box*3 stands for three. Known: {', '.join(VEHICLE_TYPES)}"
    ),
    "area_m2": Column(title="square metres: 120 or 100-140"),
}
_KEY = Column(title="names what is judged; leave it, and leave it empty in what you add")
_BEFORE = Column(title="your answer when this was exported; leave it")
_EXPORT = Column(title="names this export; leave it")
ANSWER: Columns = {
    "verdict": Column(title="accepted, rejected or corrected; empty: no answer", domain="verdict"),
    "reason": _REASON,
    "remark": _REMARK,
    **{f"new_{name}": column for name, column in _VALUES.items()},
}
"""What a reader fills in."""
_COMMON: Columns = {
    **dict.fromkeys(("acquired", "earlier_acquired"), TIME),
    **dict.fromkeys(("kind", "grade"), TEXT),
    "confidence": NUMBER,
    **dict.fromkeys(("statement", "area", "track"), TEXT),
}
_END: Columns = {
    **dict.fromkeys(("caveats", "report", "id"), TEXT),
    "key": _KEY,
    "answer_before": _BEFORE,
    "export": _EXPORT,
}
_MEASURES = [f"{m}{s}" for m in ("length_m", "cars", "area_m2") for s in ("", "_low", "_high")]
EVIDENCE: dict[str, Columns] = {
    "findings": {
        **_COMMON,
        "change": TEXT,
        **dict.fromkeys(("amount", "amount_low", "amount_high"), NUMBER),
        "unit": TEXT,
        **_END,
    },
    "detections": {
        **_COMMON,
        **dict.fromkeys(("from_m", "to_m", *_MEASURES), NUMBER),
        **dict.fromkeys(("colours", "types"), TEXT),
        **_END,
    },
}
"""What a reader looks at."""
LAYERS: dict[str, Columns] = {
    # What is looked at first and what is filled in stand beside each other in a table of attributes.
    **{name: {**_COMMON, **ANSWER, **columns} for name, columns in EVIDENCE.items()},
    "missed": {
        "report": Column(domain="report"),
        "kind": _VALUES["kind"],
        "area": TEXT,
        **{n: _VALUES[n] for n in ("track", "from_m", "to_m", "cars", "colours", "types", "area_m2")},
        "reason": _REASON,
        "remark": _REMARK,
    },
    "areas": {
        "key": _KEY,
        "report": TEXT,
        "acquired": TIME,
        **dict.fromkeys(("area", "role", "status"), TEXT),
        "complete": Column(
            title="yes where you looked over the whole area and nothing else is there", domain="complete"
        ),
        "remark": _REMARK,
        "answer_before": _BEFORE,
        "export": _EXPORT,
    },
}
"""Layers of the file with their columns, in order; ``missed`` is empty, to draw in."""
