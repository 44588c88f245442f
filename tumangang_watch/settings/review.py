"""Settings of the review: the reasons a reader can give, and the numbers that decide what a review is about.

They are not among `Settings`: no report depends on them, so they do not change a report's digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Reason:
    """Why a reader decided so."""

    words: str
    """What it means, for people."""
    verdicts: tuple[str, ...]
    """Verdicts it can be given for."""
    denies: Literal["thing", "change", None] = None
    """What a rejection for this reason says is not so: that such a thing stood there, or only that it
    changed. It decides what the rejection of a change says of the things it rests on."""


_NO, _FIX, _YES = ("rejected",), ("corrected",), ("accepted", "added", "complete")
REASONS: dict[str, Reason] = {
    "seen_clearly": Reason("plain to see in the imagery", (*_YES, *_FIX)),
    "confirmed_by_other_source": Reason("another image or source shows it too", (*_YES, *_FIX)),
    "shadow": Reason("a shadow, not a thing", _NO, "thing"),
    "snow": Reason("snow, bare or dirty", _NO, "thing"),
    "cloud": Reason("cloud or its shadow", _NO, "thing"),
    "roof": Reason("a roof", _NO, "thing"),
    "building": Reason("a building or its wall", _NO, "thing"),
    "track_or_ballast": Reason("empty track: rails, sleepers, ballast, a crossing", _NO, "thing"),
    "vegetation": Reason("plants or bare soil", _NO, "thing"),
    "vehicle_not_rail": Reason("lorries or cars, not on rails", _NO, "thing"),
    "maintenance_stock": Reason("track machine or stored wagons that do not count here", _NO, "thing"),
    "artefact": Reason("noise, a seam, a saturated or missing pixel", _NO, "thing"),
    "duplicate": Reason("the same thing is reported elsewhere", _NO, "thing"),
    "wrong_type": Reason("something is there, but of another kind or type", (*_NO, *_FIX), "thing"),
    "misregistration": Reason("the scenes are shifted against each other", (*_NO, *_FIX), "change"),
    "parked_before": Reason("it stood there on the earlier date too", _NO, "change"),
    "light_or_season": Reason("light, season or angle changed, not the thing", _NO, "change"),
    "wrong_extent": Reason("its ends or outline are wrong", _FIX),
    "wrong_count": Reason("the number of vehicles is wrong", _FIX),
    "wrong_colour": Reason("colours are wrong", _FIX),
    "wrong_area": Reason("the area is wrong", _FIX),
    "wrong_track": Reason("it stands on another track", _FIX),
    "missed": Reason("the detector missed it", ("added",)),
    "other": Reason("none of these: a remark says what", (*_YES, *_NO, *_FIX, "withdrawn")),
}
"""Reasons by name. A rejection needs one; ``other`` needs a remark."""


@dataclass(frozen=True)
class ReviewSettings:
    """Named numbers of `review`."""

    train_overlap: float = 0.5
    """Least overlap (of the union) of two stretches of track that are about the same train: as `evaluate`."""
    outline_overlap: float = 0.3
    """Least overlap (of the union) of two outlines that are about the same goods: as `evaluate`."""
    alike_overlap: float = 0.9
    """From this overlap on, and with the same count, a report made again says what it said when it was
    reviewed: 14 m of 140 m is less than one wagon. Below, the review is stale. Assumed."""
    alike_change: float = 0.1
    """An amount or area that differs by at most this share says the same. Assumed: a third of the width of a
    usual 90 % interval."""
    end_m: float = 1.5
    """Half-width of the 90 % interval of an end that a reader set: three pixels at 0.5 m. Assumed; two
    readers of the same trains measure it."""
    moved_m: float = 0.15
    """An outline read back from a GIS that lies at most this far from the exported one was not moved: the
    files carry 7 decimals of a degree (11 mm), and editors snap."""
    import_limit_mb: int = 512
    """Largest GeoPackage that is read back."""
    reader_chars: int = 80
    """Longest name of a reader."""
    remark_chars: int = 2000
    """Longest remark."""
    few: int = 100
    """Fewest judged detections for a recalibration: below, the table of reliability is printed and no curve
    is fitted. Calibrated, `python benchmarks/review.py --scenes 0 --split validation`: a curve fitted on 30
    spoils a confidence that holds by 0.07 of calibration error, on 100 by 0.04; one that is too sure it mends
    on 100 from 0.19 to 0.05."""
    few_each: int = 10
    """Fewest right and fewest wrong ones: with fewer the slope rests on its prior alone. Assumed."""
    isotonic_from: int = 1000
    """From so many judged detections on, the curve is isotonic; below, logistic (Niculescu-Mizil and Caruana,
    ICML 2005: isotonic regression overfits below about a thousand)."""
    bins: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
    """Edges of the classes of confidence in the table of reliability."""
