"""Calibrate the network of ``detect.tracks.view`` on a bank of painted yards.

Paint the bank with ``python -m training.trace_bank --folder DIR``, with ``--painter first``, ``second`` and
``third``; then ``python -m training.trace_net --bank DIR`` fits the network and writes its weights into the
package. It needs torch, which the program itself does not. Every tenth yard is held out and chooses when to
stop. What ships went on (``--start``) from weights fitted without the plain picture's reading, on 130 yards
of the third painter, 110 of the second and 40 of the first, in three fits: of 4 000 steps, of some 1 200,
and, since windows are cut by edges, of 4 975 that ended by the clock. A fit that goes on wants a lower
``--rate`` and writes weights only where what is held out is read better than by those it began from.
"""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tumangang_watch.detect.tracks.view import CHANNELS, DILATIONS, SHRINK
from tumangang_watch.nets import read_weights, write_weights

NARROW, WIDTH = 14, 24
ROWS, COLS = 72, 192
"""A training window: 36 m by 96 m."""
SPREAD_M = 0.4
"""Standard deviation of the target across a track."""


def read_bank(folder: Path, known: set[str]) -> list[tuple[bool, Any, Any]]:
    """Return (held out, patch, labels) of every view in files that are not known yet."""
    out = []
    for path in sorted(folder.glob("*.npz")):
        if ".part" in path.name or path.name in known:
            continue
        known.add(path.name)
        held = int(path.stem.split("-")[1]) % 10 == 0
        with np.load(path) as data:
            for k in range(len(data.files) // 2):
                out.append((held, data[f"patch_{k}"], data[f"labels_{k}"]))
    return out


def window(patch: Any, labels: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Cut a piece; half of them about a track."""
    short = max(COLS - patch.shape[2] // SHRINK * SHRINK, 0) // SHRINK
    if short:
        patch = np.pad(patch, ((0, 0), (0, 0), (0, short * SHRINK)))
        labels = np.pad(labels, ((0, 0), (0, 0), (0, short)))
    row = int(rng.integers(0, patch.shape[1] - ROWS + 1))
    for _ in range(4):
        col = int(rng.integers(0, labels.shape[2] - COLS // SHRINK + 1))
        cut = patch[:, row : row + ROWS, col * SHRINK : col * SHRINK + COLS]
        if (cut[6] > 0).mean() > 0.4:
            break
    return cut.astype(np.float32), labels[:, row : row + ROWS, col : col + COLS // SHRINK].astype(np.float32)


def augmented(patch: Any, labels: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Vary tone, hue, contrast and noise; turn and mirror; lose what a product lacks."""
    row = {name: k for k, name in enumerate(CHANNELS)}
    light = [row["right"], row["left"]]
    hues = [row["red_blue"], row["green"], row["nir"]]
    if rng.random() < 0.45:
        _soil(patch, labels, rng, row)
    if rng.random() < 0.5:
        patch, labels = patch[:, :, ::-1].copy(), labels[:, :, ::-1].copy()
    if rng.random() < 0.5:
        patch, labels = patch[:, ::-1].copy(), labels[:, ::-1].copy()
        patch[light] = patch[light[::-1]]
        patch[[row["shadow"], row["lean"]]] *= -1
    tone = np.exp(rng.normal(-0.1, 0.35))
    patch[light] = patch[light] * tone + rng.normal(0, 0.25)
    if rng.random() < 0.3:
        import cv2

        patch[light] += rng.uniform(0, 0.4) * cv2.resize(
            rng.standard_normal((3, 6)).astype(np.float32), (COLS, ROWS), interpolation=cv2.INTER_CUBIC
        )
    patch[hues] = patch[hues] * np.exp(rng.normal(-0.3, 0.5)) + rng.normal(0, 0.06, 3)[:, None, None]
    patch[row["fine"]] = patch[row["fine"]] * np.exp(rng.normal(0, 0.2)) + rng.normal(0, 0.25)
    if rng.random() < 0.3:
        import cv2

        sigma = float(rng.uniform(0.3, 0.7))
        for k in light:
            patch[k] = cv2.GaussianBlur(patch[k], (0, 0), sigma)
    if rng.random() < 0.6:
        for k in range(6):
            patch[k] += rng.uniform(0, 0.09) * rng.standard_normal(patch.shape[1:]).astype(np.float32)
    draw = rng.random()
    if draw < 0.12:
        patch[hues] = 0
    if draw < 0.45:
        patch[row["nir"]] = 0
    if rng.random() < 0.15:
        patch[row["fine"]] = 0
    if rng.random() < 0.2:
        patch[[row["shadow"], row["lean"], row["known"]]] = 0
    _doubted(patch, rng, [row[name] for name in ("track", "along", "body", "end")])
    for _ in range(int(rng.choice(3, p=(0.35, 0.4, 0.25)))):
        patch *= _edge(rng)
    patch *= patch[row["seen"]] > 0
    return patch, labels


def _edge(rng: np.random.Generator) -> Any:
    """Return a window (rows, cols) cut by the edge of a scene, or of the ground looked at, at any angle."""
    turn = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.choice([0.0, np.pi])
    row, col = np.mgrid[:ROWS, :COLS]
    away = np.cos(turn) * (col - COLS / 2) / COLS + np.sin(turn) * (row - ROWS / 2) / ROWS
    return away < np.quantile(away, rng.uniform(0.45, 0.97))


def _doubted(patch: Any, rng: np.random.Generator, plain: list[int]) -> None:
    """Make the plain picture's reading worse: on painted ground it is better than on real ground."""
    import cv2

    if rng.random() < 0.15:
        patch[plain] = 0
        return
    for k in plain:
        noise = cv2.resize(rng.standard_normal((9, 12)).astype(np.float32), (COLS, ROWS))
        patch[k] = patch[k] * rng.uniform(0.5, 1.1) + rng.normal(0, 0.08) + rng.uniform(0, 0.2) * noise
    if rng.random() < 0.2:
        patch[plain[int(rng.integers(0, 2)) :: 2]] = 0
    if rng.random() < 0.4:
        # Stretches that are not read at all.
        for _ in range(int(rng.integers(1, 5))):
            row, col = int(rng.integers(0, ROWS)), int(rng.integers(0, COLS))
            patch[
                plain[:2], row : row + int(rng.integers(3, 30)), col : col + int(rng.integers(10, 120))
            ] *= 0.3


def _soil(patch: Any, labels: Any, rng: np.random.Generator, row: dict[str, int]) -> None:
    """Darken (or pale) the bed between and beside the rails: rust, oil, brake dust, fresh ballast."""
    import cv2

    half = rng.uniform(0.8, 1.7)
    away = np.where(labels[0] < 0, 9, labels[0])
    shape = (1 - labels[1]) / (1 + np.exp((away - half) / rng.uniform(0.1, 0.3)))
    shape = cv2.blur(np.repeat(shape, SHRINK, axis=1).astype(np.float32), (SHRINK + 1, 1))
    if rng.random() < 0.7:
        noise = cv2.resize(rng.standard_normal((9, 6)).astype(np.float32), (COLS, ROWS))
        shape *= np.clip(1 + rng.uniform(0, 0.5) * noise, 0, 2)
    depth = rng.normal(-0.35, 0.3)
    patch[[row["right"], row["left"]]] += depth * shape
    patch[row["red_blue"]] += rng.normal(0.1, 0.15) * shape
    patch[row["green"]] += rng.normal(0, 0.04) * shape
    patch[row["nir"]] += rng.normal(0, 0.1) * shape


def network() -> Any:
    """Return the layers that ``detect.tracks.view`` computes with numpy."""
    from torch import nn

    return nn.ModuleDict(
        {
            "a": nn.Conv2d(len(CHANNELS), NARROW, (5, 4), stride=(1, 2), padding=(2, 1)),
            "b": nn.Conv2d(NARROW, WIDTH, (5, 4), stride=(1, 2), padding=(2, 1)),
            "d": nn.ModuleList([nn.Conv2d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS]),
            "e": nn.Conv2d(WIDTH, 2, 1),
        }
    )


def run(net: Any, x: Any) -> Any:
    """Return (batch, 2, rows, cols // 4)."""
    import torch

    x = torch.relu(net["a"](x))
    x = torch.relu(net["b"](x))
    for layer in net["d"]:
        x = x + torch.relu(layer(x))
    return net["e"](x)


def take_up(net: Any, before: Any) -> None:
    """Put weights into a network; channels and layers that they lack begin near nothing."""
    import torch

    with torch.no_grad():
        for name, own in net.state_dict().items():
            if name not in before:
                own.mul_(0.2)
                continue
            old = torch.from_numpy(before[name])
            if old.shape == own.shape:
                own.copy_(old)
            else:
                own.zero_()
                own[:, : old.shape[1]] = old


def terms(net: Any, patch: Any, labels: Any) -> tuple[Any, Any]:
    """Return the losses of tracks and of their occupancy."""
    import torch
    from torch.nn import functional

    out = run(net, patch)
    away, full = labels[:, 0], labels[:, 1]
    seen = patch[:, 6, :, 1::SHRINK] * (away >= 0)
    target = torch.exp(-0.5 * (away / SPREAD_M) ** 2)
    loss = functional.binary_cross_entropy_with_logits(out[:, 0], target, reduction="none")
    near = seen * (away >= 0) * (away < 1.3)
    loss = (loss * seen).sum() / seen.sum().clamp(min=1)
    other = functional.binary_cross_entropy_with_logits(out[:, 1], full, reduction="none")
    return loss, (other * near).sum() / near.sum().clamp(min=1)


def _tensors(items: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    import torch

    return tuple(torch.from_numpy(np.stack(part).astype(np.float32)) for part in zip(*items, strict=True))  # type: ignore[return-value]


def _held_out(net: Any, check: list[tuple[Any, Any]]) -> Any:
    """Return the mean losses on what is held out."""
    import torch

    with torch.no_grad():
        return np.mean([[float(v) for v in terms(net, *c)] for c in check], axis=0)


def _split(folder: Path, known: set[str]) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    """Return views to learn from, and batches of windows that are held out."""
    items = read_bank(folder, known)
    held = sum(i[0] for i in items)
    print(len(items), "views,", held, "held out", flush=True)
    if held in (0, len(items)):
        raise SystemExit(f"{folder}: needs painted yards, those of numbers that end in 0 held out of many")
    rng = np.random.default_rng(2)
    check = [window(p, l, rng) for h, p, l in items if h for _ in range(2)]
    return [i[1:] for i in items if not i[0]], [_tensors(check[k : k + 16]) for k in range(0, len(check), 16)]


@dataclass(frozen=True)
class Pace:
    """How long and how fast it is fitted."""

    steps: int
    minutes: float
    """Whichever is over first."""
    batch: int
    rate: float
    """Greatest rate of learning: a fit that goes on asks for less."""


def fit(folder: Path, target: Path, start: Path | None, pace: Pace) -> None:
    """Fit by Adam with one rise and fall of the rate; keep a running mean of the weights.

    What is painted meanwhile is read too; what is held out is that of the start.
    """
    import torch

    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    known: set[str] = set()
    learn, check = _split(folder, known)
    net = network()
    if start:
        take_up(net, read_weights(start))
    net = net.to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=2e-3)
    # What goes on from weights replaces them only where it does better on what is held out.
    best = _held_out(mean, check)[0] if start else np.inf
    print("held at the start", np.round(best, 4), flush=True)
    begun, done, sums, step = time.time(), 0.0, np.zeros(2), 0
    while done < 1:
        done = max(step / pace.steps, (time.time() - begun) / 60 / pace.minutes)
        rate = pace.rate * min((step + 1) / 100, 1.0) * (0.5 + 0.5 * np.cos(np.pi * min(done, 1.0))) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        if step % 150 == 0:
            learn += [i[1:] for i in read_bank(folder, known) if not i[0]]
            weight = np.array([p.shape[2] for p, _ in learn], float) ** 0.7
            weight /= weight.sum()
        drawn = []
        for k in rng.choice(len(learn), pace.batch, p=weight):
            drawn.append(augmented(*window(*learn[k], rng), rng))
        parts = terms(net, *_tensors(drawn))
        loss = 10 * parts[0] + 0.2 * parts[1]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for a, b in zip(mean.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 0.02 if step > 100 else 1.0)
        sums += [float(p.detach()) for p in parts]
        step += 1
        if step % 150 == 0 or done >= 1:
            held = _held_out(mean, check)
            spent = time.time() - begun
            print(step, f"{done:.2f} {spent:.0f} s", (sums / 150).round(4), "held", held.round(4), flush=True)
            sums[:] = 0
            if held[0] < best:
                best = held[0]
                write_weights(target, {k: v.numpy() for k, v in mean.state_dict().items()})


def main() -> None:
    """Read the bank and fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--start", type=Path, help="weights to go on from, of fewer channels or layers too")
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "weights" / "trace_net.npz")
    arguments = parser.parse_args()
    a = arguments
    fit(a.bank, a.target, a.start, Pace(a.steps, a.minutes, a.batch, a.rate))


if __name__ == "__main__":
    main()
