"""Score a report against labels: the arithmetic behind ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, radians
from statistics import median

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.evaluate.labels import Label, TruthDocument
from tumangang_watch.model.document import DetectionDocument, FindingDocument, ReportDocument
from tumangang_watch.model.interval import SHARED_AREA, Interval, Summand, total

Scores = dict[str, object]
"""Counts, shares and errors of one kind by name; null where undefined."""

TRAIN_IOU_MIN = 0.5
"""Least overlap of two stretches of track, as a share of their union, for a match."""
CARGO_IOU_MIN = 0.3
"""Least overlap of two outlines: a pile of 8 m2 at 0.5 m is off by a pixel all round at IoU 0.4."""
GROUND_FOUND_SHARE = 0.5
"""Share of a labelled patch of new ground that must be covered for it to count as found."""


@dataclass(frozen=True)
class Score:
    """Hits and misses of one kind."""

    true_positives: int
    false_positives: int
    false_negatives: int

    def as_dict(self) -> Scores:
        """Return counts with precision, recall and F1 (null where undefined)."""
        found, labelled = (
            self.true_positives + self.false_positives,
            self.true_positives + self.false_negatives,
        )
        precision = self.true_positives / found if found else None
        recall = self.true_positives / labelled if labelled else None
        both = 2 * self.true_positives + self.false_positives + self.false_negatives
        return {
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "precision": precision,
            "recall": recall,
            "f1": 2 * self.true_positives / both if both else None,
        }


def score_report(
    report: ReportDocument, truth: TruthDocument, *, possible: bool = False
) -> dict[str, Scores]:
    """Score a ``report.json`` against a truth file of the contract.

    Parameters
    ----------
    report, truth : dict
        Parsed files.
    possible : bool
        Also count detections of grade ``possible``.

    Returns
    -------
    dict
        ``trains``, ``vehicles`` (when cars are labelled), ``cargo`` and ``new_ground``, each with
        counts, precision, recall, F1; lengths, counts and areas with their errors and the share of
        90 % intervals that hold the truth. Where the truth says what it covers (``coverage``, as that of
        reviews does), what nobody judged is left out; see `_score_partly`.
    """
    wanted = ("detected", "possible") if possible else ("detected",)
    detections = [d for d in report["detections"] if d["grade"] in wanted]
    dates = {"later"} if "earlier" not in report["scenes"] else {"earlier", "later"}
    kinds = {
        "train": ([t for t in truth.get("trains", []) if t.get("date", "later") in dates], _score_trains),
        "cargo": ([c for c in truth.get("cargo", []) if c.get("date", "later") in dates], _score_cargo),
    }
    growth = [f for f in report["findings"] if f["kind"] == "handling_area" and f["grade"] in wanted]
    scores = {}
    for kind, (labelled, score) in kinds.items():
        found = [d for d in detections if d["kind"] == kind]
        name = "trains" if kind == "train" else kind
        scores[name] = (
            _score_partly(kind, found, labelled, truth, score)
            if "coverage" in truth
            else score(found, labelled)
        )
    new = truth.get("new_ground", [])
    if "coverage" not in truth:
        return {**scores, "new_ground": _score_ground(growth, new)}
    denied = [r for r in truth.get("rejected", []) if r["kind"] == "handling_area"]
    judged = [
        f
        for f in growth
        if any(shape(f["geometry"]).intersects(shape(t["geometry"])) for t in (*new, *denied))
    ]
    ground = {**_score_ground(judged, new), "recall": None, "f1": None, "false_negatives": None}
    return {**scores, "new_ground": {**ground, **_basis(len(judged), len(growth) - len(judged), [])}}


def _score_partly(
    kind: str,
    found: Sequence[DetectionDocument],
    labelled: Sequence[Label],
    truth: TruthDocument,
    score: Callable[[Sequence[DetectionDocument], Sequence[Label]], Scores],
) -> Scores:
    """Score one kind against labels that do not cover everything.

    Precision counts what was judged: what matches a label or a place where there was nothing, and all in the
    areas that the labels cover wholly. Recall counts those areas alone, and is null where there is none. What
    is disputed counts nowhere.
    """

    def matches(one: DetectionDocument, places: Sequence[Label]) -> bool:
        return any(_same_place(kind, one, other) for other in places)

    whole = {(c["date"], c["area"]) for c in truth["coverage"] if c["kind"] == kind}
    denied = [r for r in truth.get("rejected", []) if r["kind"] == kind]
    disputed = [r for r in truth.get("disputed", []) if r["kind"] == kind]
    clear = [d for d in found if matches(d, labelled) or not matches(d, disputed)]
    covered = [d for d in clear if (d["date"], d.get("area")) in whole]
    judged = [d for d in clear if d in covered or matches(d, labelled) or matches(d, denied)]
    on_judged = score(judged, labelled)
    on_whole = score(covered, [t for t in labelled if (t.get("date", "later"), t.get("area")) in whole])
    names = ("false_negatives", "recall", "f1", "misses")
    taken = {n: (on_whole[n] if whole else None) for n in names if n in on_whole}
    amounts = sorted(f"{area} ({date})" for date, area in whole)
    return {**on_judged, **taken, **_basis(len(judged), len(found) - len(judged), amounts)}


def _basis(judged: int, unjudged: int, whole: list[str]) -> Scores:
    """Return what a score against partial labels rests on."""
    words = f"recall over {', '.join(whole)}" if whole else "precision only: no area was wholly reviewed"
    return {"judged": judged, "unjudged": unjudged, "basis": words}


def _same_place(kind: str, found: DetectionDocument, label: Label) -> bool:
    if kind == "train":
        return label.get("to_m") is not None and _stretch_iou(found, label) >= TRAIN_IOU_MIN
    same_date = found["date"] == label.get("date", "later")
    return same_date and _iou(shape(found["geometry"]), shape(label["geometry"])) >= CARGO_IOU_MIN


def _measured(label: Label, name: str) -> bool:
    """Return whether a label's value was measured: labels of reviews say which were, others all are."""
    return name in label.get("measured", (name,))


def _stretch_iou(a: DetectionDocument, b: Label) -> float:
    if a["track"] != b["track"] or a["date"] != b.get("date", "later"):
        return 0.0
    start_m, stop_m = a["from_m"], a["to_m"]
    if start_m is None or stop_m is None:
        return 0.0
    overlap = min(stop_m, b["to_m"]) - max(start_m, b["from_m"])
    union = max(stop_m, b["to_m"]) - min(start_m, b["from_m"])
    return max(overlap, 0.0) / union if union > 0 else 0.0


def _pair_up(scores: dict[tuple[int, int], float], min_iou: float) -> list[tuple[int, int]]:
    """Match greedily, best overlap first, each side at most once."""
    pairs: list[tuple[int, int]] = []
    for (i, j), value in sorted(scores.items(), key=lambda s: (-s[1], s[0])):
        if value >= min_iou and all(i != p[0] and j != p[1] for p in pairs):
            pairs.append((i, j))
    return pairs


def _score_trains(found: Sequence[DetectionDocument], labelled: Sequence[Label]) -> Scores:
    overlaps = {(i, j): _stretch_iou(d, t) for i, d in enumerate(found) for j, t in enumerate(labelled)}
    pairs = _pair_up(overlaps, TRAIN_IOU_MIN)
    score = Score(len(pairs), len(found) - len(pairs), len(labelled) - len(pairs)).as_dict()
    lengths = [
        (length_m, labelled[j]["to_m"] - labelled[j]["from_m"])
        for i, j in pairs
        if (length_m := found[i].get("length_m")) and _measured(labelled[j], "length_m")
    ]
    counts = [
        (cars, labelled[j]["cars"])
        for i, j in pairs
        if (cars := found[i].get("cars"))
        and labelled[j].get("cars") is not None
        and _measured(labelled[j], "cars")
    ]
    score["length_error_median_m"] = _median([abs(m["estimate"] - t) for m, t in lengths])
    score["length_interval_covers"] = _share([m["low"] <= t <= m["high"] for m, t in lengths])
    score["cars_exact"] = _share([round(m["estimate"]) == t for m, t in counts])
    score["cars_within_1"] = _share([abs(m["estimate"] - t) <= 1.0 for m, t in counts])
    score["cars_interval_covers"] = _share([m["low"] <= t <= m["high"] for m, t in counts])
    score["misses"] = [labelled[j] for j in range(len(labelled)) if all(j != p[1] for p in pairs)]
    score["false"] = [found[i]["id"] for i in range(len(found)) if all(i != p[0] for p in pairs)]
    return score


def _score_cargo(found: Sequence[DetectionDocument], labelled: Sequence[Label]) -> Scores:
    shapes = [shape(d["geometry"]) for d in found]
    truths = [shape(c["geometry"]) for c in labelled]
    overlaps = {
        (i, j): _iou(a, b) if found[i]["date"] == labelled[j].get("date", "later") else 0.0
        for i, a in enumerate(shapes)
        for j, b in enumerate(truths)
    }
    pairs = _pair_up(overlaps, CARGO_IOU_MIN)
    score = Score(len(pairs), len(found) - len(pairs), len(labelled) - len(pairs)).as_dict()
    areas = [
        (area_m2, _area_m2(truths[j]))
        for i, j in pairs
        if (area_m2 := found[i].get("area_m2")) and _measured(labelled[j], "area_m2")
    ]
    score["area_error_median"] = _median([abs(m["estimate"] - t) / t for m, t in areas if t > 0])
    score["area_interval_covers"] = _share([m["low"] <= t <= m["high"] for m, t in areas])
    return score


def _score_ground(findings: Sequence[FindingDocument], labelled: Sequence[Label]) -> Scores:
    grown = [f for f in findings if f["change"] == "grown"]
    covered = unary_union([shape(f["geometry"]) for f in grown]) if grown else None
    truths = [shape(g["geometry"]) for g in labelled]
    hits = [
        covered is not None and covered.intersection(t).area >= GROUND_FOUND_SHARE * t.area for t in truths
    ]
    false = sum(1 for f in grown if not any(shape(f["geometry"]).intersects(t) for t in truths))
    score = Score(sum(hits), false, len(hits) - sum(hits)).as_dict()
    true_m2 = sum(_area_m2(t) for t in truths)
    amounts = [f["amount"] for f in grown]
    if true_m2 > 0 and amounts:
        parts = [Summand(value=Interval(a["estimate"], a["low"], a["high"])) for a in amounts]
        found = total(parts, SHARED_AREA)
        score["area_error"] = abs(found.estimate - true_m2) / true_m2
        score["area_interval_covers"] = found.low <= true_m2 <= found.high
    return score


def _iou(a: BaseGeometry, b: BaseGeometry) -> float:
    if not a.intersects(b):
        return 0.0
    return float(a.intersection(b).area / a.union(b).area)


def _area_m2(geometry: BaseGeometry) -> float:
    """Return the area of a lon/lat geometry in m2 (local equirectangular, 0.1 % over a yard)."""
    lat = geometry.centroid.y
    ky = 111_132.95 - 559.85 * cos(2 * radians(lat)) + 1.18 * cos(4 * radians(lat))
    kx = 111_412.88 * cos(radians(lat)) - 93.5 * cos(3 * radians(lat))
    return float(shapely.transform(geometry, lambda lonlat: lonlat * np.array([kx, ky])).area)


def _median(values: list[float]) -> float | None:
    return float(median(values)) if values else None


def _share(flags: list[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
