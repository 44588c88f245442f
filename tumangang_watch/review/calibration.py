"""Does a stated confidence hold on what readers have judged, and which curve would mend it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from tumangang_watch.review.agreement import as_dict, share
from tumangang_watch.settings.records import ReviewSettings

_EDGE = 1e-4
"""Confidences are kept this far from 0 and 1 before their log-odds are taken."""


@dataclass(frozen=True)
class Outcome:
    """One judged detection."""

    confidence: float
    real: bool
    scene: str
    """Its scene: curves are judged on scenes that they were not fitted to."""


@dataclass(frozen=True)
class Curve:
    """From stated to mended confidence; it never turns round."""

    method: str
    """``logistic`` or ``isotonic``."""
    slope: float = 1.0
    offset: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    """Of an isotonic curve: stated and mended confidence, linear between."""

    def __call__(self, stated: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mended confidences."""
        values = np.asarray(stated, dtype=np.float64)
        if self.method == "isotonic":
            xs, ys = zip(*self.knots, strict=True)
            return np.interp(values, xs, ys)
        return 1.0 / (1.0 + np.exp(-(self.slope * _log_odds(values) + self.offset)))


def reliability(outcomes: Sequence[Outcome], settings: ReviewSettings) -> dict[str, Any]:
    """Return the table of reliability, the calibration error and the Brier score.

    The error is the mean over classes of |share that is real - mean confidence|, weighted by their sizes
    (Naeini et al., AAAI 2015).
    """
    stated = np.array([o.confidence for o in outcomes], dtype=np.float64)
    real = np.array([o.real for o in outcomes], dtype=np.float64)
    edges = settings.bins
    place = np.clip(np.searchsorted(edges, stated, side="right") - 1, 0, len(edges) - 2)
    rows, error = [], 0.0
    for k in range(len(edges) - 1):
        inside = place == k
        count = int(inside.sum())
        if not count:
            continue
        found = share(int(real[inside].sum()), count)
        said = float(stated[inside].mean())
        error += count / len(stated) * abs(float(real[inside].mean()) - said)
        rows.append(
            {
                "from": edges[k],
                "to": edges[k + 1],
                "judged": count,
                "stated": round(said, 4),
                "real": as_dict(found),
                "holds": bool(found and found.low <= said <= found.high),
            }
        )
    judged = len(outcomes)
    return {
        "judged": judged,
        "real": int(real.sum()),
        "scenes": len({o.scene for o in outcomes}),
        "classes": rows,
        "calibration_error": round(error, 4) if judged else None,
        "brier": round(float(np.mean((stated - real) ** 2)), 4) if judged else None,
    }


def recalibrate(outcomes: Sequence[Outcome], settings: ReviewSettings) -> dict[str, Any]:
    """Return the reliability and, where enough was judged, a curve with what it is worth on other scenes."""
    found = reliability(outcomes, settings)
    right = found["real"]
    wrong = found["judged"] - right
    found["curve"] = None
    if found["judged"] < settings.few or min(right, wrong) < settings.few_each or found["scenes"] < 2:
        found["note"] = (
            f"too few: {found['judged']} judged ({right} real, {wrong} not) in {found['scenes']} scenes; "
            f"a curve needs {settings.few}, {settings.few_each} of each, in two scenes or more"
        )
        return found
    curve = fit(outcomes, settings)
    mended = _held_out(outcomes, settings)
    real = np.array([o.real for o in outcomes], dtype=np.float64)
    brier = float(np.mean((mended - real) ** 2))
    found["curve"] = {
        "method": curve.method,
        "slope": round(curve.slope, 6),
        "offset": round(curve.offset, 6),
        "knots": [[round(x, 6), round(y, 6)] for x, y in curve.knots],
    }
    found["held_out"] = {
        "brier": round(brier, 4),
        "calibration_error": reliability(
            [Outcome(float(p), o.real, o.scene) for p, o in zip(mended, outcomes, strict=True)], settings
        )["calibration_error"],
    }
    better = brier < found["brier"]
    found["note"] = (
        "on scenes it was not fitted to, the curve is better than the stated confidence"
        if better
        else "on scenes it was not fitted to, the curve is no better than the stated confidence: keep that"
    )
    return found


def fit(outcomes: Sequence[Outcome], settings: ReviewSettings) -> Curve:
    """Return the curve: isotonic from many outcomes on, else logistic in the log-odds.

    The logistic one is Platt's (1999), its targets drawn in by one outcome of each kind; its slope is kept
    at 0 or above, so that what was called surer never comes out less sure.
    """
    stated = np.array([o.confidence for o in outcomes], dtype=np.float64)
    real = np.array([o.real for o in outcomes], dtype=np.float64)
    if len(outcomes) >= settings.isotonic_from:
        return _isotonic(stated, real)

    right, wrong = float(real.sum()), float(len(real) - real.sum())
    target = np.where(real > 0, (right + 1) / (right + 2), 1 / (wrong + 2))
    odds = _log_odds(stated)

    def loss(values: NDArray[np.float64]) -> float:
        score = values[0] * odds + values[1]
        return float(np.sum(np.logaddexp(0.0, score) - target * score))

    best = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
    return Curve("logistic", float(best.x[0]), float(best.x[1]))


def _isotonic(stated: NDArray[np.float64], real: NDArray[np.float64]) -> Curve:
    """Return the pooled-adjacent-violators curve, equal confidences taken together."""
    levels, place, counts = np.unique(stated, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=real) / counts
    fitted = isotonic_regression(means, weights=counts.astype(np.float64)).x
    keep = np.ones(len(levels), dtype=bool)
    keep[1:-1] = (fitted[1:-1] != fitted[:-2]) | (fitted[1:-1] != fitted[2:])
    return Curve(
        "isotonic", knots=tuple((float(x), float(y)) for x, y in zip(levels[keep], fitted[keep], strict=True))
    )


def _held_out(outcomes: Sequence[Outcome], settings: ReviewSettings) -> NDArray[np.float64]:
    """Return each outcome's mended confidence by curves that did not see its scene (ten parts at most)."""
    scenes = sorted({o.scene for o in outcomes})
    part = {scene: k % min(len(scenes), 10) for k, scene in enumerate(scenes)}
    mended = np.empty(len(outcomes), dtype=np.float64)
    for k in sorted(set(part.values())):
        inside = [n for n, o in enumerate(outcomes) if part[o.scene] == k]
        rest = [o for o in outcomes if part[o.scene] != k]
        mended[inside] = fit(rest, settings)([outcomes[n].confidence for n in inside])
    return mended


def _log_odds(stated: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(stated, _EDGE, 1 - _EDGE)
    return np.log(inside) - np.log1p(-inside)
