"""Calibrate the network of ``detect.trains.reading`` on banks of painted strips.

The banks: ``python -m training.strip_bank --split train --folder A`` and
``python -m training.yard_painter --folder B``, two painters with different looks. Then
``python -m training.strip_net --banks A B`` fits the network and writes its weights into the
package; it needs torch, which the program itself does not.
Every tenth seed is held out and chooses when to stop. With ``--keep FOLDER`` what the ``--teacher`` says
of these banks is learnt beside their truth, so that what it knows is not lost on new ground.

Bridges have weights of their own, which go on from these. Paint them with ``python -m training.strip_bank
--bridges --first 3000 --count 160 --folder C`` and ``python -m training.bridge_painter --count 700
--folder D``, then ``python -m training.strip_net --bridges --banks C D`` writes ``bridge_net.npz``.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.strip_bank import BankScene, load
from tumangang_watch.detect.trains.reading import DILATIONS, TYPES
from tumangang_watch.detect.trains.structure import view_on_bridge
from tumangang_watch.detect.trains.view import CHANNELS, HALF_ROWS, STEP_M, StripView, scale_of
from tumangang_watch.nets import read_weights, write_weights
from tumangang_watch.settings.trains import TrainSettings

CONV = (20, 28)
WIDTH = 64
IGNORED = 255
TONES = ("light", "unlike_row", "unlike_bed")
"""Channels that move together with a body's tone."""
WINDOW = 384
"""Steps of a training window: 192 m."""
SHORT_M = (35.0, 130.0)
"""Lengths of pieces of track that are read as well."""
EDGE_UNSURE_M = 0.25
"""Steps whose middle lies this close to a body's end belong to neither side."""


def views_of(scene: BankScene) -> list[StripView]:
    """Return what the network sees of each strip of a scene."""
    settings = TrainSettings()
    light = scale_of(list(scene.strips))
    return [] if light is None else [view_on_bridge(s, scene.scene, light, settings) for s in scene.strips]


def labels_of(view: StripView, trains: tuple[dict[str, Any], ...]) -> np.ndarray:
    """Return (4, n) uint8: occupied (2 = unsure), coupling x 200, type, seen."""
    n = view.patch.shape[2]
    at = (np.arange(n) + 0.5) * STEP_M
    occupied, coupling = np.zeros(n, np.uint8), np.zeros(n, np.float32)
    kind = np.full(n, IGNORED, np.uint8)
    for train in trains:
        if train["track"] != view.strip.track.id or not train["cars"]:
            continue
        cars = train["cars"]
        low, high = cars[0]["from_m"], cars[-1]["to_m"]
        occupied[(at > low) & (at < high)] = 1
        occupied[(np.abs(at - low) < EDGE_UNSURE_M) | (np.abs(at - high) < EDGE_UNSURE_M)] = 2
        for car in cars:
            if car["type"] is not None:
                kind[(at > car["from_m"]) & (at < car["to_m"])] = TYPES.index(car["type"])
        for a, b in itertools.pairwise(cars):
            middle = (a["to_m"] + b["from_m"]) / 2
            coupling = np.maximum(coupling, np.exp(-0.5 * ((at - middle) / 0.5) ** 2))
    if view.turned:
        occupied, coupling, kind = occupied[::-1], coupling[::-1], kind[::-1]
    middle = view.patch.shape[1] // 2
    seen = view.patch[CHANNELS.index("seen"), middle - 2 : middle + 3].min(axis=0) > 0
    return np.stack([occupied, (coupling * 200).astype(np.uint8), kind, seen.astype(np.uint8)])


@dataclass(frozen=True)
class Item:
    """One strip to learn from or to check by."""

    held: bool
    """Left out of the fit, to choose when to stop."""
    kept: bool
    """What the teacher says of it is learnt as well."""
    weight: float
    """Chance of being drawn, in proportion."""
    patch: np.ndarray
    constants: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Bank:
    """A folder of painted strips."""

    folder: Path
    share: float | None = None
    """Share of what is shown; without one, by its length of track."""
    kept: bool = False


def read_banks(banks: list[Bank]) -> list[Item]:
    """Return every strip of some banks."""
    out: list[Item] = []
    for bank in banks:
        own: list[Item] = []
        for path in sorted(bank.folder.glob("*.npz")):
            if ".part" in path.name:
                continue
            held = int("".join(c for c in path.stem if c.isdigit())) % 10 == 0
            rng = np.random.default_rng([len(out) + len(own), 81])
            for whole in load(path):
                for scene in (whole, cut_short(whole, rng)):
                    for v in views_of(scene):
                        patch, labels = v.patch.astype(np.float16), labels_of(v, scene.trains)
                        own.append(Item(held, bank.kept, patch.shape[2], patch, v.constants, labels))
        if bank.share is not None:
            whole_length = sum(i.weight for i in own if not i.held)
            own = [replace(i, weight=i.weight * bank.share / whole_length) for i in own]
        out += own
    return out


def cut_short(scene: BankScene, rng: np.random.Generator) -> BankScene:
    """Return a scene of which only a piece of each track is known, 35 to 130 m: often all of it occupied."""
    strips, trains = [], []
    for strip in scene.strips:
        step = strip.step_m
        count = min(int(rng.uniform(*SHORT_M) / step), strip.s_m.size)
        first = int(rng.integers(0, strip.s_m.size - count + 1))
        part = slice(first, first + count)
        strips.append(
            replace(
                strip,
                s_m=strip.s_m[:count],
                values=strip.values[:, :, part],
                valid=strip.valid[:, part],
                frame=strip.frame.part(part),
                bridges_m=tuple((a - first * step, b - first * step) for a, b in strip.bridges_m),
            )
        )
        for train in scene.trains:
            if train["track"] == strip.track.id:
                cars = [
                    {**c, "from_m": c["from_m"] - first * step, "to_m": c["to_m"] - first * step}
                    for c in train["cars"]
                ]
                trains.append({**train, "cars": cars})
    return replace(scene, strips=tuple(strips), trains=tuple(trains))


def _window(patch: Any, labels: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Cut a stretch of a strip, filled up with unseen ground where it is short."""
    short = max(WINDOW - patch.shape[2], 0)
    if short:
        patch = np.pad(patch, ((0, 0), (0, 0), (0, short)))
        labels = np.pad(labels, ((0, 0), (0, short)))
    start = int(rng.integers(0, patch.shape[2] - WINDOW + 1))
    cut = slice(start, start + WINDOW)
    return patch[:, :, cut].astype(np.float32), labels[:, cut]


def augmented(patch: Any, constants: Any, labels: Any, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Vary tone, contrast and noise; draw bodies' paint anew; shift across; lose what a product lacks."""
    row = rows_of(len(patch))
    constants = constants.copy()
    tone = np.exp(rng.normal(-0.15, 0.35)), rng.normal(0, 0.12)
    for name in TONES:
        patch[row[name]] = patch[row[name]] * tone[0] + (tone[1] if name == "light" else 0)
    if rng.random() < 0.2:
        patch[row["unlike_bed"]] += rng.normal(0, 0.2)
    hue = np.exp(rng.normal(-0.3, 0.5))
    for name in ("red_blue", "green", "nir"):
        patch[row[name]] = patch[row[name]] * hue + rng.normal(0, 0.05)
    patch[row["fine"]] += rng.normal(0, 0.2)
    for name in CHANNELS[:-1]:
        patch[row[name]] += rng.uniform(0, 0.08) * rng.normal(size=patch.shape[1:])
    draw = rng.random()
    if draw < 0.15:
        patch[[*row["red_blue"], *row["green"], *row["nir"]]] = 0
    if draw < 0.45 and constants[6] > 0:
        patch[row["nir"]], constants[6] = 0, 0
    if rng.random() < 0.15:
        patch[row["fine"]] = 0
    if rng.random() < 0.35:
        _repaint(patch, labels, rng, row)
    if rng.random() < 0.15:
        constants[:] = constants * (np.arange(7) > 4)
        if rng.random() < 0.5:
            patch = patch[:, ::-1].copy()
    if constants[0] == 0 and rng.random() < 0.5:
        patch, labels = patch[:, :, ::-1].copy(), labels[:, ::-1]
    patch = np.roll(patch, int(rng.integers(-1, 2)), axis=1) if rng.random() < 0.4 else patch
    seen = patch[CHANNELS.index("seen")] > 0
    patch[[k for name in CHANNELS[:-1] for k in row[name]]] *= seen
    return patch.astype(np.float32), constants.astype(np.float32), labels


def rows_of(channels: int) -> dict[str, list[int]]:
    """Return where each channel lies in a patch; in one of a bridge all come twice."""
    return {name: list(range(k, channels, len(CHANNELS))) for k, name in enumerate(CHANNELS)}


def _repaint(patch: Any, labels: Any, rng: np.random.Generator, row: dict[str, list[int]]) -> None:
    """Draw the tone and hue of whole vehicles anew, or make them like the bed: shadow and structure stay."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (labels[2] != IGNORED).astype(np.int8), [0]])))
    bare = (labels[0] == 0) & (labels[3] > 0)
    body = slice(HALF_ROWS - 3, HALF_ROWS + 4)
    alike = rng.random() < 0.5 and bare.sum() > 20
    share = rng.uniform(0.4, 1.1)
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        for name, spread in (("light", 0.5), ("red_blue", 0.25), ("green", 0.15), ("nir", 0.25)):
            part = patch[row[name][0]][body]
            shift = rng.normal(0, spread)
            if alike:
                shift = share * (float(np.median(part[:, bare])) - float(np.median(part[:, a:b])))
            for other in TONES if name == "light" else (name,):
                for k in row[other]:
                    patch[k][body, a:b] += shift


def network(constants: int, channels: int = len(CHANNELS)) -> Any:
    """Return the layers that ``detect.trains.reading`` computes with numpy."""
    from torch import nn

    rows = 8
    return nn.ModuleDict(
        {
            "a": nn.Conv2d(channels, CONV[0], (5, 5), stride=(2, 1), padding=2),
            "b": nn.Conv2d(CONV[0], CONV[1], (3, 5), stride=(2, 1), padding=(1, 2)),
            "c": nn.Conv1d(CONV[1] * rows + constants, WIDTH, 1),
            "d": nn.ModuleList([nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * d, dilation=d) for d in DILATIONS]),
            "e": nn.Conv1d(WIDTH, 2 + len(TYPES), 1),
        }
    )


def run(net: Any, patch: Any, constants: Any) -> Any:
    """Return (batch, outputs, n)."""
    import torch

    x = torch.relu(net["a"](patch))
    x = torch.relu(net["b"](x)).flatten(1, 2)
    if net.training:
        x = torch.nn.functional.dropout1d(x, 0.05)
    x = torch.cat([x, constants[:, :, None].expand(-1, -1, x.shape[2])], 1)
    h = torch.relu(net["c"](x))
    for layer in net["d"]:
        h = h + torch.relu(layer(h))
    return net["e"](h)


def terms(net: Any, patch: Any, constants: Any, labels: Any) -> tuple[Any, Any, Any]:
    """Return the losses of occupancy, couplings and types."""
    from torch.nn import functional

    out = run(net, patch, constants)
    sure = ((labels[:, 3] > 0) & (labels[:, 0] < 2)).float()
    occupied = functional.binary_cross_entropy_with_logits(
        out[:, 0], (labels[:, 0] > 0).float(), reduction="none"
    )
    occupied = (occupied * sure).sum() / sure.sum().clamp(min=1)
    within = (labels[:, 3] > 0).float() * (labels[:, 0] > 0)
    coupling = functional.binary_cross_entropy_with_logits(
        out[:, 1], labels[:, 1].float() / 200, reduction="none"
    )
    coupling = (coupling * within).sum() / within.sum().clamp(min=1)
    known = ((labels[:, 2] != IGNORED) & (labels[:, 3] > 0)).float()
    kind = functional.cross_entropy(out[:, 2:], labels[:, 2].clamp(max=len(TYPES) - 1), reduction="none")
    return occupied, coupling, (kind * known).sum() / known.sum().clamp(min=1)


def unlike(net: Any, teacher: Any, patch: Any, constants: Any, labels: Any) -> Any:
    """Return how far what is said of kept strips lies from what the teacher says of them.

    The cross-entropy of occupancy and couplings where the ground was seen, less its least.
    """
    import torch
    from torch.nn import functional

    out = run(net, patch, constants)[:, :2]
    with torch.no_grad():
        said = run(teacher, patch, constants)[:, :2]
    true = torch.sigmoid(said)
    away = functional.binary_cross_entropy_with_logits(out, true, reduction="none")
    away = away - functional.binary_cross_entropy_with_logits(said, true, reduction="none")
    seen = (labels[:, 3:4] > 0).float()
    return (away * seen).sum() / seen.sum().clamp(min=1)


def _tensors(items: list[tuple[Any, Any, Any]]) -> tuple[Any, Any, Any]:
    import torch

    patch, constants, labels = zip(*items, strict=True)
    return (
        torch.from_numpy(np.stack(patch).astype(np.float32)),
        torch.from_numpy(np.stack(constants).astype(np.float32)),
        torch.from_numpy(np.stack(labels).astype(np.int64)),
    )


@dataclass(frozen=True)
class Plan:
    """How long to fit, at what rate, and from which weights."""

    steps: int
    minutes: float
    rate: float
    start: Path | None = None
    batch: int = 16
    hold: float = 0.0
    """Weight of the difference to the weights that teach on kept banks."""
    teacher: Path | None = None
    to_the_end: bool = False
    """Keep the last weights, whatever the held-out seeds say of them."""


def _check(items: list[Item]) -> list[tuple[float, Any]]:
    """Return a window of every strip that is held out, in batches with their weights."""
    rng = np.random.default_rng(2)
    held, cut = [i for i in items if i.held], []
    for item in held:
        patch, labels = _window(item.patch, item.labels, rng)
        cut.append((patch, item.constants, labels))
    return [
        (sum(i.weight for i in held[k : k + 32]), _tensors(cut[k : k + 32])) for k in range(0, len(cut), 32)
    ]


def _begun(item: Item, start: Path | None) -> Any:
    """Return a network for such strips, with the weights of a file where one is given."""
    import torch

    channels = len(item.patch)
    net = network(item.constants.size, channels)
    if start is not None:
        weights = read_weights(start)
        times = channels // weights["a.weight"].shape[1]
        weights["a.weight"] = np.tile(weights["a.weight"], (1, times, 1, 1)) / times
        net.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return net


def fit(items: list[Item], target: Path, plan: Plan) -> None:
    """Fit by Adam with one rise and fall of the rate; keep a running mean of the weights."""
    import torch

    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    learn, check = [i for i in items if not i.held], _check(items)
    weight = np.array([i.weight for i in learn])
    weight /= weight.sum()
    net = _begun(learn[0], plan.start)
    teacher = _begun(learn[0], plan.teacher or plan.start).eval()
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=2e-3)
    start, best, done, sums = time.time(), np.inf, 0.0, np.zeros(3)
    step = 0
    while done < 1:
        done = max(step / plan.steps, (time.time() - start) / 60 / plan.minutes)
        rate = plan.rate * min(step / 200, 1.0) * (0.5 + 0.5 * np.cos(np.pi * min(done, 1.0))) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        net.train()
        chosen = [learn[k] for k in rng.choice(len(learn), plan.batch, p=weight)]
        drawn = []
        for item in chosen:
            patch, labels = _window(item.patch, item.labels, rng)
            drawn.append(augmented(patch, item.constants, labels, rng))
        parts = terms(net, *_tensors(drawn))
        loss = parts[0] + 0.7 * parts[1] + 0.25 * parts[2]
        kept = [d for d, item in zip(drawn, chosen, strict=True) if item.kept]
        if kept and plan.hold:
            loss = loss + plan.hold * len(kept) / plan.batch * unlike(net, teacher, *_tensors(kept))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for a, b in zip(mean.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 0.01 if step > 100 else 1.0)
        sums += [float(p.detach()) for p in parts]
        step += 1
        if step % 300 == 0 or done >= 1:
            with torch.no_grad():
                told = [[float(v) for v in terms(mean, *c)] for _, c in check]
            held = np.average(told, axis=0, weights=[w for w, _ in check])
            print(step, f"{done:.2f}", "learn", (sums / 300).round(4), "held out", held.round(4), flush=True)
            sums[:] = 0
            # Types are learnt by heart sooner than where trains and couplings are: these choose.
            value = held[:2] @ (1, 0.7)
            if value < best or (plan.to_the_end and done >= 1):
                best = value
                write_weights(target, {k: v.numpy() for k, v in mean.state_dict().items()})


def main() -> None:
    """Read the banks and fit."""
    weights = Path(__file__).resolve().parents[1] / "tumangang_watch" / "weights"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    parser.add_argument("--shares", type=float, nargs="+", help="of each bank; without, by length of track")
    parser.add_argument("--keep", type=Path, nargs="+", default=[], help="banks on which not to forget")
    parser.add_argument("--hold", type=float, default=1.0, help="weight of what is not to be forgotten")
    parser.add_argument("--to-the-end", action="store_true", help="keep the last weights")
    parser.add_argument("--teacher", type=Path, help="weights that know these banks; else those of --start")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--bridges", action="store_true", help="fit the weights for bridges")
    parser.add_argument("--target", type=Path)
    arguments = parser.parse_args()
    shares = arguments.shares or [None] * len(arguments.banks)
    items = read_banks(
        [Bank(f, share, f in arguments.keep) for f, share in zip(arguments.banks, shares, strict=True)]
    )
    print(len(items), "strips,", sum(i.held for i in items), "held out")
    start = arguments.start or (weights / "strip_net.npz" if arguments.bridges else None)
    plan = Plan(arguments.steps, arguments.minutes, arguments.rate, start)
    plan = replace(plan, hold=arguments.hold, teacher=arguments.teacher, to_the_end=arguments.to_the_end)
    target = arguments.target or weights / ("bridge_net.npz" if arguments.bridges else "strip_net.npz")
    fit(items, target, plan)


if __name__ == "__main__":
    main()
