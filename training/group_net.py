"""Fit the network of ``detect.coarse.reading`` on banks of painted scenes of 1.4 to 3.2 m.

``python -m training.group_net --banks A B`` reads the banks of ``training/group_bank.py`` and writes
``group_net.npz`` into the package; it needs torch, which the program itself does not. Every tenth seed is
held out and chooses when to stop.
"""

from __future__ import annotations

import argparse
import copy
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.group_bank import GroupScene, load
from tumangang_watch.detect.coarse.ground import in_bed_units
from tumangang_watch.detect.coarse.groups import Corridor, sample_corridor, windows_in
from tumangang_watch.detect.coarse.reading import DILATIONS
from tumangang_watch.detect.coarse.states import displacements_of
from tumangang_watch.detect.coarse.view import CHANNELS, HALF_ROWS, view_of
from tumangang_watch.nets import read_weights, write_weights
from tumangang_watch.settings.groups import GroupSettings
from tumangang_watch.track_frame import nearest_on

CONV = (16, 24)
WIDTH = 56
WINDOW = 160
"""Steps of a training window: 240 m."""


@dataclass(frozen=True)
class Item:
    """One track of one scene."""

    patch: Any
    """(channels, rows, n) float16"""
    label: Any
    """(2, n) float16: share of each step that a train covers; whether the track was seen there."""
    held: bool


def items_of(scene: GroupScene, held: bool) -> list[Item]:
    """Return what the network sees of every track of a scene, with its truth."""
    settings = GroupSettings()
    windows = windows_in(scene.tracks, scene.image.gsd_m, settings)
    corridors = [sample_corridor(scene.image, w.tracks, settings) for w in windows]
    out = []
    for window, corridor, values in zip(windows, corridors, in_bed_units(corridors) or [], strict=False):
        lights = displacements_of(corridor, scene.scene, settings)
        for number, track in enumerate(corridor.tracks):
            if track not in window.own:
                continue
            view = view_of(corridor, values, number, lights, settings)
            occupied = _occupied(corridor, number, scene.trains)
            share = np.interp(view.column, np.arange(occupied.size), occupied)
            seen = view.patch[CHANNELS.index("seen"), HALF_ROWS - 2 : HALF_ROWS + 3].min(axis=0)
            label = np.stack([share, seen]).astype(np.float16)
            out.append(Item(view.patch.astype(np.float16), label, held))
    return out


def _occupied(corridor: Corridor, number: int, trains: tuple[tuple[str, float, float], ...]) -> Any:
    """Return (n,) the share of each column that a train covers."""
    track = corridor.tracks[number]
    offset = np.nan_to_num(corridor.offset_m[number])
    at = nearest_on(track.line, corridor.frame.points + offset * corridor.frame.left)[0]
    half = corridor.step_m / 2
    out = np.zeros(at.size)
    for name, low, high in trains:
        if name == track.id:
            out += np.clip(np.minimum(at + half, high) - np.maximum(at - half, low), 0, None) / (2 * half)
    return np.minimum(out, 1.0)


def read_banks(folders: list[Path]) -> list[Item]:
    """Read banks; every tenth seed of each is held out."""
    out = []
    for folder in folders:
        for path in sorted(folder.glob("*.npz")):
            number = re.findall(r"\d+", path.stem)[0]
            out += items_of(load(path), int(number) % 10 == 9)
    return out


def _window(item: Item, rng: np.random.Generator) -> tuple[Any, Any]:
    short = max(WINDOW - item.patch.shape[2], 0)
    patch = np.pad(item.patch, ((0, 0), (0, 0), (0, short))).astype(np.float32)
    label = np.pad(item.label, ((0, 0), (0, short))).astype(np.float32)
    start = int(rng.integers(0, patch.shape[2] - WINDOW + 1))
    cut = slice(start, start + WINDOW)
    return patch[:, :, cut], label[:, cut]


def augmented(patch: Any, label: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Turn to either side, vary tone, hue and noise; lose what a product or its metadata lack."""
    row = {name: k for k, name in enumerate(CHANNELS)}
    if rng.random() < 0.5:
        patch, label = patch[:, :, ::-1].copy(), label[:, ::-1].copy()
    if rng.random() < 0.5:
        patch = patch[:, ::-1].copy()
    tone, hue = np.exp(rng.normal(-0.1, 0.3)), np.exp(rng.normal(-0.2, 0.4))
    patch[[row["light"], row["unlike_row"]]] *= tone
    patch[row["light"]] += rng.normal(0, 0.1)
    patch[[row["warm"], row["green"]]] *= hue
    noise = rng.uniform(0, 0.06)
    patch[:4] += noise * rng.standard_normal(patch[:4].shape, dtype=np.float32)
    draw = rng.random()
    if draw < 0.12:
        patch[row["warm"]] = 0
    if draw < 0.35:
        patch[row["green"]] = 0
    if rng.random() < 0.08:
        patch[row["shade"]] = 0
    patch[:4] *= patch[row["seen"]] > 0
    return patch, label


def network() -> Any:
    """Return the layers that ``detect.coarse.reading`` lays out."""
    from torch import nn

    rows = HALF_ROWS // 2 + 1
    return nn.ModuleDict(
        {
            "a": nn.Conv2d(len(CHANNELS), CONV[0], (5, 5), stride=(2, 1), padding=2),
            "b": nn.Conv2d(CONV[0], CONV[1], (3, 5), stride=(2, 1), padding=(1, 2)),
            "c": nn.Conv1d(CONV[1] * rows, WIDTH, 1),
            "d": nn.ModuleList([nn.Conv1d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS]),
            "e": nn.Conv1d(WIDTH, 1, 1),
        }
    )


def loss_of(net: Any, patch: Any, label: Any) -> Any:
    """Return the cross-entropy where the track was seen."""
    import torch

    x = torch.relu(net["a"](patch))
    x = torch.relu(net["b"](x)).flatten(1, 2)
    if net.training:
        x = torch.nn.functional.dropout1d(x, 0.05)
    h = torch.relu(net["c"](x))
    for layer in net["d"]:
        h = h + torch.relu(layer(h))
    out = net["e"](h)[:, 0]
    each = torch.nn.functional.binary_cross_entropy_with_logits(out, label[:, 0], reduction="none")
    return (each * label[:, 1]).sum() / label[:, 1].sum().clamp(min=1)


def _tensors(drawn: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    import torch

    patch, label = zip(*drawn, strict=True)
    return torch.from_numpy(np.stack(patch)), torch.from_numpy(np.stack(label))


@dataclass(frozen=True)
class Plan:
    """How long to fit, at what rate, and from which weights."""

    steps: int
    minutes: float
    rate: float
    start: Path | None = None


def fit(items: list[Item], target: Path, plan: Plan) -> None:
    """Fit by Adam with one rise and fall of the rate; keep a running mean of the weights."""
    import torch

    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    learn, held = [i for i in items if not i.held], [i for i in items if i.held]
    cut = [_window(i, np.random.default_rng(2)) for i in held]
    check = [_tensors(cut[k : k + 32]) for k in range(0, len(cut), 32)]
    # A track without a train says little: it is drawn less often.
    weight = np.array([1.0 if i.label[0].any() else 0.35 for i in learn])
    weight /= weight.sum()
    net = network()
    if plan.start is not None:
        net.load_state_dict({k: torch.from_numpy(v) for k, v in read_weights(plan.start).items()})
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=2e-3)
    start, done, step, best, total = time.time(), 0.0, 0, np.inf, 0.0
    while done < 1:
        done = max(step / plan.steps, (time.time() - start) / 60 / plan.minutes)
        for group in optimiser.param_groups:
            fall = 0.5 + 0.5 * np.cos(np.pi * min(done, 1.0))
            group["lr"] = plan.rate * min(step / 100, 1.0) * fall + 1e-5
        net.train()
        chosen = rng.choice(len(learn), 16, p=weight)
        loss = loss_of(net, *_tensors([augmented(*_window(learn[k], rng), rng) for k in chosen]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for a, b in zip(mean.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 0.01 if step > 100 else 1.0)
        total += float(loss.detach())
        step += 1
        if step % 200 == 0 or done >= 1:
            with torch.no_grad():
                value = float(np.mean([float(loss_of(mean, *c)) for c in check]))
            print(step, f"{done:.2f}", f"learn {total / 200:.4f}", f"held out {value:.4f}", flush=True)
            total = 0.0
            if value < best:
                best = value
                write_weights(target, {k: v.numpy() for k, v in mean.state_dict().items()})


def main() -> None:
    """Read the banks and fit."""
    weights = Path(__file__).resolve().parents[1] / "tumangang_watch" / "weights"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--target", type=Path, default=weights / "group_net.npz")
    arguments = parser.parse_args()
    items = read_banks(arguments.banks)
    print(len(items), "tracks,", sum(i.held for i in items), "held out")
    plan = Plan(arguments.steps, arguments.minutes, arguments.rate, arguments.start)
    fit(items, arguments.target, plan)


if __name__ == "__main__":
    main()
