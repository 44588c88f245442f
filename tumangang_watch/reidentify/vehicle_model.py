"""How vehicles appear and how they follow one another: cuts of like vehicles, learnt from the trains.

A vehicle's appearance is a latent pair (body, colour). Along a train it stays, or the colour alone is
drawn anew, or both are: a Markov chain whose chances of staying and whose mixture of appearances are
learnt from the trains compared: a long cut of like vehicles says little and a rare vehicle much.
Arrays have a leading batch axis: (batch, vehicles, bodies, colours).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.words import COLOURS, neighbours
from tumangang_watch.settings.reidentify import SameTrainSettings

COLOUR_NAMES = tuple(c for c in COLOURS if c != "unknown")
KINDS = ("box", "open", "tank", "flat", "container", "passenger")
BODIES: tuple[tuple[str, float], ...] = (
    ("tank", 12.0),
    ("open", 13.9),
    ("box", 14.7),
    ("box", 17.0),
    ("box", 19.2),
    ("flat", 14.6),
    ("flat", 19.6),
    ("container", 14.6),
    ("container", 19.6),
    ("passenger", 24.5),
    ("", 0.0),
)
"""Type and length over couplers of the vehicles that are told apart (docs/sources.md, rolling stock);
the last is any other."""
COUPLING_M = 1.1
"""Between bodies: lengths are measured over bodies, `BODIES` over couplers."""


@dataclass(frozen=True)
class Chain:
    """How vehicles follow one another, one for each pair of a batch."""

    stay: NDArray[np.float64]
    """(batch,) probability that the next vehicle belongs to the same cut."""
    keep: NDArray[np.float64]
    """(batch,) probability that, within a cut, the colour stays too."""
    mix: NDArray[np.float64]
    """(batch, bodies, colours) appearances from which a new cut is drawn; sums to 1."""

    def repeated(self, times: int) -> Chain:
        """Return the chain of a batch that is repeated."""
        return Chain(np.tile(self.stay, times), np.tile(self.keep, times), np.tile(self.mix, (times, 1, 1)))

    def _lifted(self, axes: int) -> tuple[NDArray[np.float64], ...]:
        """Return stay, keep, mix and the colours of each body, with room for further axes of states."""
        lift = (slice(None),) + (None,) * (axes - 1)
        mix = self.mix.reshape(self.mix.shape[0], *(1,) * (axes - 3), *self.mix.shape[1:])
        return self.stay[lift], self.keep[lift], mix, mix / mix.sum(axis=-1, keepdims=True)

    def step(self, state: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the next vehicle's appearance, (batch, ..., bodies, colours). The chain is reversible."""
        stay, keep, mix, given = self._lifted(state.ndim)
        body = state.sum(axis=-1, keepdims=True)
        return (
            stay * keep * state
            + stay * (1 - keep) * given * body
            + (1 - stay) * mix * body.sum(axis=-2, keepdims=True)
        )

    def step_back(self, future: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance of what follows, given the appearance before it: the transpose of `step`."""
        stay, keep, mix, given = self._lifted(future.ndim)
        return (
            stay * keep * future
            + stay * (1 - keep) * (given * future).sum(axis=-1, keepdims=True)
            + (1 - stay) * (mix * future).sum(axis=(-2, -1), keepdims=True)
        )


def likelihoods(vehicles: tuple[Vehicle, ...], settings: SameTrainSettings) -> NDArray[np.float64]:
    """Return how likely each appearance would have been read so, (vehicles, bodies, colours).

    Readings are probabilities under a flat prior, so proportional to likelihoods.
    """
    colours = np.array([colour_likelihood(v, settings) for v in vehicles]).reshape(
        len(vehicles), 1, len(COLOUR_NAMES)
    )
    bodies = np.array([body_likelihood(v, settings) for v in vehicles]).reshape(len(vehicles), len(BODIES), 1)
    return colours * bodies


def colour_likelihood(vehicle: Vehicle, settings: SameTrainSettings) -> NDArray[np.float64]:
    """Return how likely each of `COLOUR_NAMES` would have been read so, mean 1; flat if unknown."""
    read = dict(vehicle.colours)
    if not read and vehicle.colour in COLOUR_NAMES:
        near = neighbours(vehicle.colour)
        read = {vehicle.colour: 1 - settings.colour_near}
        read |= {name: settings.colour_near / len(near) for name in near}
    return _mixed(np.array([read.get(name, 0.0) for name in COLOUR_NAMES]), settings.colour_wrong)


def body_likelihood(vehicle: Vehicle, settings: SameTrainSettings) -> NDArray[np.float64]:
    """Return how likely each of `BODIES` would have been read and measured so, up to a factor."""
    read = {name: p for name, p in vehicle.types if name in KINDS}
    if not read and not vehicle.types and vehicle.type in KINDS:
        rest = (1 - settings.type_named) / (len(KINDS) - 1)
        read = {name: settings.type_named if name == vehicle.type else rest for name in KINDS}
    shares = _mixed(np.array([read.get(k, 0.0) for k in KINDS]), settings.type_wrong)
    kinds = dict(zip(KINDS, shares, strict=True))
    kinds[""] = 1.0
    shortest, longest = settings.length_range_m
    over_m = vehicle.to_m - vehicle.from_m + COUPLING_M
    out = np.array([kinds[name] for name, _ in BODIES])
    if shortest <= over_m <= longest:
        flat, sd = 1 / (longest - shortest), settings.length_sd_m
        known = np.array([length for _, length in BODIES])
        peak = np.exp(-0.5 * ((over_m - known) / sd) ** 2) / (sd * 2.5066)
        density = settings.length_wrong * flat + (1 - settings.length_wrong) * peak
        out *= np.where(known > 0, density, flat) / flat
    return out


def _mixed(read: NDArray[np.float64], wrong: float) -> NDArray[np.float64]:
    """Return a reading as likelihoods with mean 1, allowing for a wrong reading; flat where none is."""
    total = read.sum()
    # What the reading leaves to "unknown" is spread evenly.
    whole = read + max(1 - total, 0.0) / read.size
    share = whole / whole.sum()
    return np.asarray(((1 - wrong) * share + wrong / read.size) * read.size)


def learn(sequences: tuple[NDArray[np.float64], ...], settings: SameTrainSettings) -> Chain:
    """Learn the chain of a pair's own cuts and mixture: expectation-maximisation with weak priors.

    Parameters
    ----------
    sequences : tuple of (batch, vehicles, bodies, colours)
        Likelihoods of each train.
    settings : SameTrainSettings
    """
    batch, _, bodies, colours = sequences[0].shape
    even = np.full((batch, bodies, colours), 1 / (bodies * colours))
    prior = settings.mix_weight * even
    start = prior + sum(_normalised(s * even[:, None]).sum(axis=1) for s in sequences)
    chain = Chain(
        np.full(batch, settings.stay_prior[0] / sum(settings.stay_prior)),
        np.full(batch, settings.colour_prior[0] / sum(settings.colour_prior)),
        _normalised(start),
    )
    for _ in range(settings.learn_rounds):
        counts = [_expected(s, chain) for s in sequences]
        same, tint, new, drawn = (sum(parts) for parts in zip(*counts, strict=True))
        (a, b), (c, d) = settings.stay_prior, settings.colour_prior
        chain = Chain(
            (same + tint + a) / (same + tint + new + a + b),
            (same + c) / (same + tint + c + d),
            _normalised(prior + drawn),
        )
    return chain


def predictive(sequence: NDArray[np.float64], chain: Chain) -> NDArray[np.float64]:
    """Return each vehicle's likelihood given those before it, (batch, vehicles)."""
    out = np.empty(sequence.shape[:2])
    state = chain.mix
    for k in range(sequence.shape[1]):
        seen = state * sequence[:, k]
        out[:, k] = seen.sum(axis=(1, 2))
        state = chain.step(seen / out[:, k, None, None])
    return out


def _expected(
    sequence: NDArray[np.float64], chain: Chain
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return expected counts: vehicles alike, colour alone anew, all anew; and what is drawn."""
    count = sequence.shape[1]
    filtered, state = [], chain.mix
    for k in range(count):
        seen = _normalised(state * sequence[:, k])
        filtered.append(seen)
        state = chain.step(seen)
    stay, keep = chain.stay[:, None, None], chain.keep[:, None, None]
    given = chain.mix / chain.mix.sum(axis=-1, keepdims=True)
    same = tint = new = np.zeros(len(chain.stay))
    anew = np.zeros_like(chain.mix)
    after = np.ones_like(chain.mix)
    for k in range(count - 1, 0, -1):
        ahead = sequence[:, k] * after
        before = filtered[k - 1]
        alike = stay * keep * before * ahead
        tinted = stay * (1 - keep) * before.sum(axis=-1, keepdims=True) * given * ahead
        drawn = (1 - stay) * chain.mix * ahead
        total = (alike + tinted + drawn).sum(axis=(1, 2))
        same = same + alike.sum(axis=(1, 2)) / total
        tint = tint + tinted.sum(axis=(1, 2)) / total
        new = new + drawn.sum(axis=(1, 2)) / total
        anew += (tinted + drawn) / total[:, None, None]
        after = chain.step_back(ahead)
        after /= after.max(axis=(1, 2), keepdims=True)
    anew += _normalised(chain.mix * sequence[:, 0] * after)
    return same, tint, new, anew


def _normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values / values.sum(axis=(-2, -1), keepdims=True)
