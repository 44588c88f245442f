"""How often a vehicle would be found: rates shrunk over types, tones and tracks, with their intervals.

A yard has few trials of each type on each track. A logistic model with normal priors (a hierarchical model
whose spreads are settings) lets cells borrow from their type, tone and track; its posterior is taken as
normal about its mode (Laplace). How far cells differ at all is learned from the scene: the spreads are scaled
by several factors, each weighed by how well it explains the trials (its evidence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.detectability.model import Placement, Specimen
from tumangang_watch.detectability.plan import SPECIMENS
from tumangang_watch.model.interval import Z90, Interval
from tumangang_watch.settings.detectability import DetectabilitySettings


@dataclass(frozen=True)
class TrialOutcome:
    """One trial and whether the detector found it."""

    placement: Placement
    found: bool


@dataclass(frozen=True, kw_only=True)
class FoundRate:
    """How often one kind of vehicle would be found on one track, or anywhere (``track`` None)."""

    track: str | None
    specimen: Specimen
    found: int
    trials: int
    """Own ones; the rate rests on those of like vehicles and other tracks as well."""
    rate: Interval
    """0 to 1."""


def found_rates(
    outcomes: tuple[TrialOutcome, ...], weights: dict[str, float], settings: DetectabilitySettings
) -> tuple[FoundRate, ...]:
    """Return the rates of every kind of vehicle, over all tracks and on each.

    Parameters
    ----------
    weights : dict of track id to its seen and empty metres
        Tracks that a rate is given for, and their share in the mean over all of them.
    """
    tracks = list(weights)
    if not outcomes or not tracks:
        return ()
    design = Design(tracks, settings)
    x = np.array([design.row(o.placement.specimen, o.placement.track) for o in outcomes])
    y = np.array([o.found for o in outcomes], float)
    fits = _fits(x, y, design, settings)
    share = np.array([weights[t] for t in tracks]) + 1e-9
    share /= share.sum()
    out = []
    for track in (None, *tracks):
        for specimen in SPECIMENS:
            rows = [design.row(specimen, t) for t in (tracks if track is None else [track])]
            row = share @ np.array(rows) if track is None else rows[0]
            own = [o for o in outcomes if o.placement.specimen == specimen]
            own = [o for o in own if track in (None, o.placement.track)]
            found, rate = sum(o.found for o in own), _rate(*_mixed(row, fits), settings)
            out.append(FoundRate(track=track, specimen=specimen, found=found, trials=len(own), rate=rate))
    return tuple(out)


Fit = tuple[float, "NDArray[np.float64]", "NDArray[np.float64]"]
"""Weight, mode and covariance of one scale of the spreads."""


def _fits(
    x: NDArray[np.float64], y: NDArray[np.float64], design: Design, settings: DetectabilitySettings
) -> list[Fit]:
    """Return the model's fit for each scale of the spreads between cells, with its share of belief."""
    fits, evidence = [], []
    for scale in settings.spread_scales:
        sd = np.where(design.varies, design.sd * scale, design.sd)
        mode, covariance = fit_logistic(x, y, design.mean, sd)
        p = np.clip(expit(x @ mode), 1e-12, 1 - 1e-12)
        fitted = float((y * np.log(p) + (1 - y) * np.log(1 - p)).sum())
        prior = float(-0.5 * (((mode - design.mean) / sd) ** 2).sum() - np.log(sd).sum())
        evidence.append(fitted + prior + 0.5 * float(np.linalg.slogdet(covariance)[1]))
        fits.append((mode, covariance))
    weights = np.exp(np.array(evidence) - max(evidence))
    weights /= weights.sum()
    return [(float(w), mode, covariance) for w, (mode, covariance) in zip(weights, fits, strict=True)]


def _mixed(row: NDArray[np.float64], fits: list[Fit]) -> tuple[float, float]:
    """Return mean and standard deviation of a cell's log-odds over all scales."""
    means = [float(row @ mode) for _, mode, _ in fits]
    variances = [float(row @ covariance @ row) for _, _, covariance in fits]
    weights = [w for w, _, _ in fits]
    mean = float(np.dot(weights, means))
    spread = float(np.dot(weights, np.array(variances) + (np.array(means) - mean) ** 2))
    return mean, spread**0.5


def _rate(odds: float, sd: float, settings: DetectabilitySettings) -> Interval:
    """Return the mean and the 90 % interval of a rate whose log-odds are normal, calibrated."""
    a, b = settings.calibration
    odds, sd = a + b * odds, abs(b) * sd
    low, high = expit(odds - Z90 * sd), expit(odds + Z90 * sd)
    mean = expit(odds / (1 + np.pi * sd**2 / 8) ** 0.5)
    return Interval(float(np.clip(mean, low, high)), float(low), float(high))


def expit(odds: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of log-odds."""
    return 1 / (1 + np.exp(-np.clip(odds, -40, 40)))


class Design:
    """Columns of the model: intercept, type, tone, both, cut, track, track and tone."""

    def __init__(self, tracks: list[str], settings: DetectabilitySettings) -> None:
        names: dict[tuple[str, ...], tuple[float, float]] = {
            ("all",): (float(np.log(settings.prior_rate / (1 - settings.prior_rate))), settings.prior_sd)
        }
        names["cut",] = settings.cut_more, settings.cut_sd
        for s in SPECIMENS:
            kind = f"{s.kind}-{s.load}"
            names["kind", kind] = 0.0, settings.kind_sd
            names["tone", s.brightness] = 0.0, settings.brightness_sd
            names["mix", kind, s.brightness] = 0.0, settings.mix_sd
            for track in tracks:
                names["track", track] = 0.0, settings.track_sd
                names["track", track, s.brightness] = 0.0, settings.track_brightness_sd
        self.index = {name: k for k, name in enumerate(names)}
        self.mean = np.array([m for m, _ in names.values()])
        self.sd = np.array([sd for _, sd in names.values()])
        self.varies = np.array([name[0] not in ("all", "cut") for name in names])

    def row(self, specimen: Specimen, track: str) -> NDArray[np.float64]:
        """Return one trial's row."""
        kind = f"{specimen.kind}-{specimen.load}"
        row = np.zeros(len(self.index))
        paint = specimen.brightness
        own = [("all",), ("kind", kind), ("tone", paint), ("mix", kind, paint)]
        own += [("track", track), ("track", track, paint)]
        row[[self.index[name] for name in own if name in self.index]] = 1.0
        row[self.index["cut",]] = float(specimen.cars > 1)
        return row


def fit_logistic(
    x: NDArray[np.float64], y: NDArray[np.float64], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mode and the covariance (Laplace) of a logistic model with normal priors.

    Parameters
    ----------
    x : (n, k) float
    y : (n,) float
        0 or 1.
    mean, sd : (k,) float
        Prior of each weight.
    """
    weights = mean.copy()
    precision = np.diag(1 / sd**2)
    for _ in range(50):
        p = expit(x @ weights)
        slope = x.T @ (p - y) + precision @ (weights - mean)
        curve = (x * (p * (1 - p))[:, None]).T @ x + precision
        step = np.linalg.solve(curve, slope)
        weights = weights - np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    p = expit(x @ weights)
    return weights, np.asarray(np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x + precision), float)
