"""Calibrate the names of vehicles' colours on banks of painted strips (see ``strip_net.py``).

``python -m training.colour_net --banks A B`` fits the network of ``detect.colour`` to what is seen of each
painted vehicle and writes its weights into the package; it needs torch. Every tenth seed is held out; on it
the temperature is set and the share right, unknown and wrong is printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from training.strip_bank import BankScene, load
from tumangang_watch.detect.trains.colour import COLOURS, bed_of, body_features, ground_of
from tumangang_watch.detect.trains.view import geometry_of, scale_of
from tumangang_watch.nets import write_weights
from tumangang_watch.settings.trains import TrainSettings

HIDDEN = (32, 24)
NOISE = 0.05
"""Spread of the noise on standardised features while fitting."""


def rows_of(scene: BankScene) -> list[tuple[np.ndarray, int]]:
    """Return (features, colour) of every vehicle of one seen colour."""
    settings = TrainSettings()
    strips = list(scene.strips)
    light = scale_of(strips)
    if light is None:
        return []
    ground = ground_of(strips, light)
    out = []
    for strip in strips:
        cars = [c for t in scene.trains if t["track"] == strip.track.id for c in t["cars"]]
        empty = np.ones(strip.s_m.size, bool)
        for car in cars:
            empty &= (strip.s_m < car["from_m"] - 6) | (strip.s_m > car["to_m"] + 6)
        bed = bed_of(strip, light, empty)
        aside = settings.roof_lean * geometry_of(strip, scene.scene, settings).lean_m
        for car in cars:
            if car["seen"] not in COLOURS:
                continue
            middle, half = (car["from_m"] + car["to_m"]) / 2, 0.36 * (car["to_m"] - car["from_m"])
            columns = slice(*np.searchsorted(strip.s_m, (middle - half, middle + half)))
            rows = strip.rows(aside - settings.roof_half_m, aside + settings.roof_half_m)
            if strip.valid[rows, columns].mean() < 0.9:
                continue
            features = body_features(strip, light, bed, (rows, columns), ground)
            if features is not None:
                out.append((features, COLOURS.index(car["seen"])))
    return out


def read(folders: list[Path]) -> tuple[Any, Any, Any, Any]:
    """Return features (n, 13), colours (n,), held out (n,) and the bank (n,)."""
    x, y, held, bank = [], [], [], []
    for number, folder in enumerate(folders):
        for path in sorted(folder.glob("*.npz")):
            if ".part" in path.name:
                continue
            out = int("".join(c for c in path.stem if c.isdigit())) % 10 == 0
            for scene in load(path):
                for features, colour in rows_of(scene):
                    x.append(features)
                    y.append(colour)
                    held.append(out)
                    bank.append(number)
    return np.array(x), np.array(y), np.array(held), np.array(bank)


def fit(data: tuple[Any, Any, Any, Any], target: Path, steps: int = 3000) -> None:
    """Fit, set the temperature on what was held out, print and write."""
    import torch
    from torch import nn

    x, y, held, bank = data
    torch.manual_seed(1)
    mean, spread = x[~held].mean(axis=0), x[~held].std(axis=0) + 1e-3
    z = torch.from_numpy(((x - mean) / spread).astype(np.float32))
    names = torch.from_numpy(y.astype(np.int64))
    parts = [
        nn.Linear(x.shape[1], HIDDEN[0]),
        nn.Linear(HIDDEN[0], HIDDEN[1]),
        nn.Linear(HIDDEN[1], len(COLOURS)),
    ]
    net = nn.Sequential(parts[0], nn.ReLU(), parts[1], nn.ReLU(), parts[2])
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
    learn = np.flatnonzero(~held)
    count = np.bincount(y[learn], minlength=len(COLOURS))
    weight = torch.from_numpy((np.median(count) / np.maximum(count, 1)).astype(np.float32) ** 0.5)
    # Every bank counts the same, however many vehicles it holds.
    share = 1 / np.bincount(bank[learn])[bank[learn]]
    share /= share.sum()
    rng = np.random.default_rng(1)
    for _ in range(steps):
        chosen = rng.choice(learn, 256, p=share)
        noise = NOISE * torch.randn(256, x.shape[1])
        loss = nn.functional.cross_entropy(net(z[chosen] + noise), names[chosen], weight=weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
    with torch.no_grad():
        logits = net(z[held]).numpy()
    temperature = min(np.arange(0.5, 3.0, 0.05), key=lambda t: _loss(logits / t, y[held]))
    for number in sorted(set(bank)):
        print(f"bank {number}")
        own = bank[held] == number
        _tell(logits[own] / temperature, y[held][own])
    arrays = {
        f"{n}.{k}": v.detach().numpy()
        for n, p in zip("abc", parts, strict=True)
        for k, v in p.named_parameters()
    }
    scaled = {"mean": mean, "spread": spread, "temperature": np.float64(temperature)}
    write_weights(target, {**scaled, **arrays})


def _softmax(logits: Any) -> Any:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _loss(logits: Any, y: Any) -> float:
    return float(-np.log(_softmax(logits)[np.arange(len(y)), y] + 1e-9).mean())


def _tell(logits: Any, y: Any) -> None:
    p = _softmax(logits)
    best = p.argmax(axis=1)
    for sure in (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        named = p.max(axis=1) >= sure
        right = (best == y) & named
        wrong = (named & ~right).mean()
        print(f"sure {sure}: right {right.mean():.3f}, unknown {1 - named.mean():.3f}, wrong {wrong:.3f}")
    for k, name in enumerate(COLOURS):
        own = y == k
        if own.any():
            taken = np.bincount(best[own], minlength=len(COLOURS)) / own.sum()
            print(
                f"{name:12} {own.sum():5}",
                {COLOURS[j]: round(float(v), 2) for j, v in enumerate(taken) if v > 0.03},
            )


def main() -> None:
    """Read the banks and fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "weights" / "colour_net.npz")
    arguments = parser.parse_args()
    fit(read(arguments.banks), arguments.target)


if __name__ == "__main__":
    main()
