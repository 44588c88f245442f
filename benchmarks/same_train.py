"""Calibrate and judge the recognition of a train seen again.

``python -m benchmarks.same_train tail --split train`` measures how many bits unrelated trains reach, for
cuts of like wagons (stay .5, .8, .92), mixtures of colours and qualities of reading, and prints the tail
that `SameTrainSettings.tail_offset_bits` must bound. ``python -m benchmarks.same_train table --split test``
prints the false-match rate on unrelated trains and the power on trains seen twice: a quarter dropped at
an end, wagons added, one hidden, either direction.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.words import neighbours
from tumangang_watch.reidentify.compare import p_value, score_batch
from tumangang_watch.reidentify.vehicle_model import COLOUR_NAMES, body_likelihood, colour_likelihood
from tumangang_watch.settings.reidentify import SameTrainSettings
from tumangang_watch.simulate import split_seeds

SETTINGS = SameTrainSettings()
STOCK = {
    "box": (14.73, 17.0, 19.2),
    "open": (13.92, 12.8),
    "tank": (12.02, 10.8),
    "flat": (14.62, 19.6, 13.4),
    "container": (14.62, 19.6),
    "passenger": (24.5,),
}
TYPE_CHANCE = (0.34, 0.28, 0.18, 0.06, 0.12, 0.02)
MIXES: dict[str, tuple[float, ...] | None] = {
    "ten colours": (0.08, 0.16, 0.10, 0.06, 0.12, 0.20, 0.09, 0.06, 0.09, 0.04),
    "six colours": (1 / 6, 1 / 6, 0, 0, 1 / 6, 1 / 6, 1 / 6, 0, 1 / 6, 0),
    "brown and grey": (0.05, 0.38, 0.04, 0.0, 0.05, 0.44, 0.02, 0.0, 0.02, 0.0),
    "own mix a train": None,
    "nearly one": (0.0, 0.04, 0.0, 0.0, 0.0, 0.95, 0.01, 0.0, 0.0, 0.0),
}
"""Shares of `COLOUR_NAMES`; None draws a mixture for each train, most of it two or three colours."""
STAYS = (0.5, 0.8, 0.92)


@dataclass(frozen=True)
class Reading:
    """What a detector makes of wagons."""

    name: str
    wrong: float
    """Share of colours read as a neighbour or, one in three, as any."""
    unknown: float
    typed: float
    """Share of types read; of these `wrong` are wrong."""
    length_sd_m: float
    """0 = lengths are not measured."""
    tint: float
    """Chance that a scene's light makes all its greys one step lighter."""


READINGS = (
    Reading("clear", 0.05, 0.10, 0.90, 0.5, 0.0),
    Reading("poor", 0.15, 0.15, 0.70, 0.9, 0.2),
    Reading("colours only", 0.05, 0.10, 0.0, 0.0, 0.0),
)


def draw_train(n: int, stay: float, mix: tuple[float, ...] | None, rng: Any) -> list[tuple[str, str, float]]:
    """Draw wagons (type, colour, length over couplers) in cuts of like ones."""
    weight = np.array(mix if mix else rng.dirichlet(np.full(len(COLOUR_NAMES), 0.3)))
    wagons: list[tuple[str, str, float]] = []
    while len(wagons) < n:
        if wagons and rng.random() < stay:
            wagons.append(wagons[-1])
            continue
        colour = str(rng.choice(COLOUR_NAMES, p=weight / weight.sum()))
        if wagons and rng.random() < 0.4:
            wagons.append((wagons[-1][0], colour, wagons[-1][2]))
            continue
        kind = str(rng.choice(list(STOCK), p=TYPE_CHANCE))
        wagons.append((kind, colour, float(rng.choice(STOCK[kind]))))
    return wagons


def misread(wagons: list[tuple[str, str, float]], how: Reading, rng: Any) -> Iterator[tuple[str, str, float]]:
    """Yield the type, colour and length (over couplings, metres) that a detector would read of each wagon."""
    lighter = {"grey": "light_grey", "light_grey": "white", "black": "grey"}
    tinted = rng.random() < how.tint
    for kind, true_colour, length in wagons:
        colour = lighter.get(true_colour, true_colour) if tinted else true_colour
        if rng.random() < how.wrong:
            colour = str(rng.choice(COLOUR_NAMES if rng.random() < 1 / 3 else neighbours(colour)))
        if rng.random() < how.unknown:
            colour = "unknown"
        seen = kind if rng.random() >= how.wrong else str(rng.choice(list(STOCK)))
        if rng.random() >= how.typed:
            seen = "unknown"
        measured = length + rng.normal(0, how.length_sd_m) if how.length_sd_m else 0.0
        if rng.random() < 0.05:
            measured += rng.normal(0, 4)
        yield seen, colour, measured


def read(wagons: list[tuple[str, str, float]], how: Reading, rng: Any) -> np.ndarray:
    """Return likelihoods (vehicles, bodies, colours) of wagons as a detector would read them."""
    hues, bodies = [], []
    for kind, colour, measured in misread(wagons, how, rng):
        hues.append(_hue(colour))
        bodies.append(_body(kind, round(measured, 1) if how.length_sd_m else 0.0))
    return np.array(bodies)[:, :, None] * np.array(hues)[:, None, :]


@cache
def _hue(colour: str) -> np.ndarray:
    return colour_likelihood(
        Vehicle(from_m=0, to_m=0, type="unknown", colour=colour, confidence=1.0), SETTINGS
    )


@cache
def _body(kind: str, length_m: float) -> np.ndarray:
    return body_likelihood(
        Vehicle(from_m=0, to_m=max(length_m - 1.1, 0.0), type=kind, colour="unknown", confidence=1.0),
        SETTINGS,
    )


def unrelated(
    count: int, stay: float, mix: Any, how: Reading, rng: Any, sizes: tuple[int, int]
) -> np.ndarray:
    """Return the bits of unrelated pairs, lengths drawn for each batch of 100."""
    out = []
    for _ in range(max(count // 100, 1)):
        n, m = (int(v) for v in rng.integers(sizes[0], sizes[1] + 1, 2))
        a = np.stack([read(draw_train(n, stay, mix, rng), how, rng) for _ in range(100)])
        b = np.stack([read(draw_train(m, stay, mix, rng), how, rng) for _ in range(100)])
        out.append(score_batch(a, b, SETTINGS))
    return np.concatenate(out)


def seen_again(count: int, n: int, stay: float, mix: Any, how: Reading, rng: Any, least: int) -> np.ndarray:
    """Return the bits of trains seen twice that have at least some changes of colour."""
    out = []
    for _ in range(count):
        while True:
            train = draw_train(n, stay, mix, rng)
            changes = sum(p[1] != q[1] for p, q in pairwise(train))
            if changes >= least:
                break
        again = altered(train, stay, mix, rng)
        a, b = read(train, how, rng), read(again, how, rng)
        out.append(float(score_batch(a[None], b[None], SETTINGS)[0]))
    return np.array(out)


def altered(train: list[Any], stay: float, mix: Any, rng: Any) -> list[Any]:
    """Return a train as it stands later: a quarter less at an end, wagons added, one hidden."""
    again = list(train)
    fate = rng.random()
    if fate < 0.25:
        again = again[: len(again) - int(rng.integers(1, len(again) // 4 + 1))]
    elif fate < 0.5:
        again = again + draw_train(int(rng.integers(1, len(again) // 3 + 1)), stay, mix, rng)
    if rng.random() < 0.2:
        del again[int(rng.integers(len(again)))]
    return again[::-1] if rng.random() < 0.5 else again


def tail(arguments: argparse.Namespace) -> None:
    """Print upper quantiles of the bits of unrelated trains."""
    print(
        f"{'reading':14}{'mix':18}{'stay':>5}{'90 %':>8}{'99 %':>8}{'99.9 %':>8}{'max':>8}"
        "   -log2 p - bits at 1 %, 0.1 %"
    )
    worst: list[np.ndarray] = []
    for number, (how, name, stay) in enumerate((h, m, s) for h in READINGS for m in MIXES for s in STAYS):
        rng = np.random.default_rng([split_seeds(arguments.split)[0], 31, number])
        bits = unrelated(arguments.pairs, stay, MIXES[name], how, rng, (8, 29))
        q = np.quantile(bits, (0.9, 0.99, 0.999))
        over = [-np.log2(p) - v for p, v in zip((0.01, 0.001), q[1:], strict=True)]
        print(
            f"{how.name:14}{name:18}{stay:5}{q[0]:8.1f}{q[1]:8.1f}{q[2]:8.1f}{bits.max():8.1f}"
            f"   {over[0]:6.1f}{over[1]:6.1f}"
        )
        worst.append(bits)
    edges = np.arange(-2, 12, 1.0)
    share = np.array([[(b >= e).mean() for e in edges] for b in worst])
    print("bits, and -log2 of the largest and the mean share of unrelated pairs that reach them")
    for e, top, mean in zip(edges, share.max(axis=0), share.mean(axis=0), strict=True):
        print(f"{e:6.0f}{-np.log2(max(top, 1e-9)):8.2f}{-np.log2(max(mean, 1e-9)):8.2f}")


def table(arguments: argparse.Namespace) -> None:
    """Print false-match rates and power."""
    print("unrelated pairs: share with p <= 0.05, 0.01, 0.001")
    for how in READINGS:
        for name, mix in MIXES.items():
            for stay in STAYS:
                key = [split_seeds(arguments.split)[0], 37, *map(ord, how.name + name), round(stay * 100)]
                bits = unrelated(arguments.pairs, stay, mix, how, np.random.default_rng(key), (8, 29))
                p = p_value(bits, SETTINGS)
                shares = "".join(f"{(p <= level).mean():9.4f}" for level in (0.05, 0.01, 0.001))
                print(f"  {how.name:14}{name:18}{stay:5}{shares}")
    print("the same train, at least 4 changes of colour: share with p <= 0.001")
    print(f"  {'reading':14}{'mix':18}{'stay':>5}" + "".join(f"{n:>8}" for n in (12, 16, 20, 30)))
    for how in READINGS:
        for name, mix in MIXES.items():
            for stay in (0.5, 0.8):
                shares = []
                for n in (12, 16, 20, 30):
                    key = [
                        split_seeds(arguments.split)[0],
                        41,
                        n,
                        *map(ord, how.name + name),
                        round(stay * 100),
                    ]
                    bits = seen_again(arguments.same, n, stay, mix, how, np.random.default_rng(key), 4)
                    shares.append((p_value(bits, SETTINGS) <= 0.001).mean())
                print(f"  {how.name:14}{name:18}{stay:5}" + "".join(f"{s:8.2f}" for s in shares))


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("tail", "table"))
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=2000, help="unrelated pairs a row")
    parser.add_argument("--same", type=int, default=60, help="trains seen twice a cell")
    arguments = parser.parse_args()
    {"tail": tail, "table": table}[arguments.what](arguments)


if __name__ == "__main__":
    main()
