"""Calibrate the network of ``detect.strip_net`` on painted train seeds.

``python benchmarks/strip_net.py paint --folder DIR`` paints strips with truth (about four seconds a seed);
``python benchmarks/strip_net.py fit --folder DIR`` fits the network to them and writes its weights into the
package; it needs torch, which the program itself does not.

Beyond what the painter varies, each picture is roughened: texture at several scales, gamma, mixed bands, a
lost infrared band, 8-bit steps, more blur, and a site misplaced as a fit leaves it. The painter's own look
must not be what the network learns.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from change import native

from tumangang_watch.detect.occupancy import measure_occupancy
from tumangang_watch.detect.strip_net import DILATIONS, STEP_M, TYPES, net_input
from tumangang_watch.detect.strips import sample_strip
from tumangang_watch.detect.train_cues import to_metres
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.simulate import make_pair, split_seeds

FIRST, LAST = 200, 520
"""Train seeds used, counted from the first of the split; the last tenth chooses when to stop."""
GSDS = (0.3, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7, 0.7, 0.85, 1.0)
CHANNELS = (12, 16)
WIDTH = 32
IGNORED = 255


def roughened(image: Any, rng: np.random.Generator) -> Any:
    """Return a picture with texture, another gamma, mixed bands and coarser steps."""
    from scipy.ndimage import gaussian_filter, zoom

    values = image.values.astype(np.float32)
    shape = values.shape[1:]
    size = float(rng.uniform(0, 0.12))
    texture = np.zeros(shape, np.float32)
    for scale_m in (0.0, 1.0, 3.0, 10.0):
        scale = scale_m / image.pixel_m
        small = max(scale, 1.0)
        coarse = rng.normal(size=(int(shape[0] / small) + 2, int(shape[1] / small) + 2)).astype(np.float32)
        layer = zoom(coarse, small, order=1)[: shape[0], : shape[1]] if small > 1 else coarse
        texture += rng.uniform(0, 1) * layer[: shape[0], : shape[1]]
    values = values * np.exp(size * texture / 1.2)
    if rng.random() < 0.3:
        values = np.stack([gaussian_filter(v, rng.uniform(0.3, 0.9)) for v in values])
    top = float(np.quantile(values, 0.999))
    values = top * np.clip(values / top, 0, None) ** float(rng.uniform(0.75, 1.3))
    mix = np.eye(len(values)) + rng.normal(0, 0.06, (len(values), len(values)))
    values = np.einsum("ab,bmn->amn", mix, values)
    bands = image.bands
    if rng.random() < 0.5:
        keep = [k for k, b in enumerate(bands) if b != "nir"]
        values, bands = values[keep], tuple(bands[k] for k in keep)
    if rng.random() < 0.4:
        values = np.round(np.clip(values / top, 0, 1.1) * 230) / 230 * top
    values = np.maximum(values, 1e-4) * image.valid
    return replace(image, values=values.astype(np.float32), bands=bands)


def options_of(seed: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw what a pair is forced to be."""
    options: dict[str, Any] = {"trains": (0, int(rng.integers(2, 8)))}
    if rng.random() < 0.2:
        options["season_change"] = True
    if rng.random() < 0.15:
        options["snow"] = float(rng.uniform(0.15, 1.0))
    if rng.random() < 0.1:
        options["clouds"] = True
    if rng.random() < 0.15:
        options["tracks"] = int(rng.integers(1, 4))
    return options


def paint(folder: Path, first: int, last: int) -> None:
    """Paint both dates of each seed and keep every track's strip with its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = TrainSettings()
    for seed in split_seeds("train")[first:last]:
        target = folder / f"{seed}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([seed, 77])
        gsd_m = float(rng.choice(GSDS))
        pair = make_pair(seed, gsd_m, **options_of(seed, rng))
        kept: dict[str, Any] = {}
        for which in range(2):
            for number, arrays in enumerate(_strips(pair, which, gsd_m, rng, settings)):
                kept |= {f"{which}_{number}_{name}": value for name, value in arrays.items()}
        np.savez_compressed(target, **kept)


def _strips(
    pair: Any, which: int, gsd_m: float, rng: np.random.Generator, settings: TrainSettings
) -> list[dict[str, Any]]:
    west, south, east, north = pair.world.site.bounds
    sensor, day = pair.sensors[which], pair.days[which]
    spread = 0.25 if rng.random() < 0.8 else 0.7
    error = np.array(sensor.geolocation_error_m) + rng.normal(0, spread, 2)
    painted = (pair.earlier, pair.later)[which]
    image = native(painted, (float(error[0]), float(error[1])), ((west + east) / 2, (south + north) / 2))
    image = roughened(image, rng)
    known = rng.random() < 0.8
    scene: Any = SimpleNamespace(
        gsd_m=gsd_m, off_nadir_deg=sensor.off_nadir_deg if known else None,
        view_azimuth_deg=sensor.view_azimuth_deg if known else None,
        sun_azimuth_deg=day.sun_azimuth_deg if known else None,
        sun_elevation_deg=day.sun_elevation_deg if known else None,
    )  # fmt: skip
    metres, dark = to_metres(
        [sample_strip(image, t, settings) for t in pair.world.site.tracks], scene, settings
    )
    if not metres:
        return []
    return [_arrays(o, day, gsd_m) for o in measure_occupancy(metres, dark, scene, settings)]


def _arrays(occupancy: Any, day: Any, gsd_m: float) -> dict[str, Any]:
    item = net_input(occupancy, gsd_m)
    n = item.lines.shape[1]
    at = (np.arange(n) + 0.5) * STEP_M
    trains = [t for t in day.trains if t.track == occupancy.metres.strip.track.id]
    occupied, coupling = np.zeros(n, np.uint8), np.zeros(n, np.float32)
    kind = np.full(n, IGNORED, np.uint8)
    for train in trains:
        occupied[(at > train.from_m) & (at < train.to_m)] = 1
        for car in train.cars:
            kind[(at > car.from_m) & (at < car.to_m)] = TYPES.index(car.type)
        for a, b in zip(train.cars[:-1], train.cars[1:], strict=True):
            middle = (a.to_m + b.from_m) / 2
            coupling = np.maximum(coupling, np.exp(-0.5 * ((at - middle) / 0.5) ** 2))
    seen = np.repeat(occupancy.metres.seen, round(1 / STEP_M))[:n].astype(np.uint8)
    labels = np.stack([occupied, (coupling * 200).astype(np.uint8), kind, seen])
    if item.turned:
        labels = labels[:, ::-1]
    return {"patch": item.patch.astype(np.float16), "lines": item.lines.astype(np.float16), "labels": labels}


def fit(folder: Path, target: Path, steps: int) -> None:
    """Fit the network by Adam with a falling rate and write the weights as half floats."""
    import torch
    from torch import nn

    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    items = _load(folder)
    files = sorted({f for f, *_ in items})
    held = set(files[-max(len(files) // 10, 1) :])
    learn = [i[1:] for i in items if i[0] not in held]
    check = [i[1:] for i in items if i[0] in held]
    net = _network(learn[0][1].shape[0])
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    best = np.inf
    for step in range(steps):
        net.train()
        batch = [_augmented(*_window(*learn[k], rng), rng) for k in rng.integers(0, len(learn), 24)]
        loss = _loss(net, batch)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        rate.step()
        if step % 500 == 499 or step == steps - 1:
            net.eval()
            with torch.no_grad():
                parts = np.array([_parts(net, [c]) for c in check])
            value = float(np.nanmean(parts[:, 0]))
            print(step + 1, "loss", float(loss), "held out", np.nanmean(parts, axis=0).round(4), flush=True)
            if value < best:
                best = value
                _save(net, target)


def _load(folder: Path) -> list[tuple[Any, ...]]:
    out = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            for name in sorted({n.rsplit("_", 1)[0] for n in data.files}):
                out.append((path.name, data[f"{name}_patch"], data[f"{name}_lines"], data[f"{name}_labels"]))
    return out


def _window(patch: Any, lines: Any, labels: Any, rng: np.random.Generator, n: int = 384) -> tuple[Any, ...]:
    """Cut a stretch of a strip, filled up with unseen ground where it is short."""
    short = max(n - patch.shape[2], 0)
    if short:
        patch = np.pad(patch, ((0, 0), (0, 0), (0, short)))
        lines = np.pad(lines, ((0, 0), (0, short)), mode="edge")
        labels = np.pad(labels, ((0, 0), (0, short)))
    start = int(rng.integers(0, patch.shape[2] - n + 1))
    cut = slice(start, start + n)
    return patch[:, :, cut].astype(np.float32), lines[:, cut].astype(np.float32), labels[:, cut]


def _augmented(patch: Any, lines: Any, labels: Any, rng: np.random.Generator) -> tuple[Any, ...]:
    """Vary contrast, tone and noise, shift across, lose channels or cues."""
    gain = np.exp(rng.normal(0, 0.25, 3))[:, None, None]
    patch = patch * gain + rng.normal(0, 0.15, 3)[:, None, None] * (patch != 0)
    patch = patch + rng.uniform(0, 0.25) * rng.normal(size=patch.shape)
    patch = np.roll(patch, int(rng.integers(-1, 2)), axis=1)
    if rng.random() < 0.25:
        patch[2] = 0
    draw = rng.random()
    lines = lines.copy()
    if draw < 0.2:
        lines[:10] = 0
    elif draw < 0.3:
        patch[:] = 0
    lines[:10] = lines[:10] * np.exp(rng.normal(0, 0.15, (10, 1))) + rng.normal(0, 0.1, (10, 1))
    if lines[10].max() == 0 and rng.random() < 0.5:
        patch = patch[:, ::-1].copy()
    if rng.random() < 0.15:
        # Any look of a body: its tone is drawn anew, its shadow stays.
        inside = labels[0] > 0
        patch[0][12:19, inside] += rng.normal(0, 0.7)
    return patch.astype(np.float32), lines.astype(np.float32), labels


def _network(lines: int) -> Any:
    from torch import nn

    rows = 8  # 31 rows, halved twice
    parts = {
        "a": nn.Conv2d(3, CHANNELS[0], (5, 5), stride=(2, 1), padding=2),
        "b": nn.Conv2d(CHANNELS[0], CHANNELS[1], (3, 5), stride=(2, 1), padding=(1, 2)),
        "c": nn.Conv1d(CHANNELS[1] * rows + lines, WIDTH, 1),
        "d": nn.ModuleList([nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * d, dilation=d) for d in DILATIONS]),
        "e": nn.Conv1d(WIDTH, 2 + len(TYPES), 1),
    }
    return nn.ModuleDict(parts)


def _run(net: Any, patch: Any, lines: Any) -> Any:
    import torch

    x = torch.relu(net["a"](patch))
    x = torch.relu(net["b"](x))
    x = torch.cat([x.flatten(1, 2), lines], 1)
    if net.training:
        x = torch.nn.functional.dropout1d(x, 0.05)
    h = torch.relu(net["c"](x))
    for layer in net["d"]:
        h = h + torch.relu(layer(h))
    return net["e"](h)


def _terms(net: Any, batch: list[tuple[Any, ...]]) -> tuple[Any, Any, Any]:
    import torch
    from torch.nn import functional

    patch = torch.from_numpy(np.stack([b[0] for b in batch]).astype(np.float32))
    lines = torch.from_numpy(np.stack([b[1] for b in batch]).astype(np.float32))
    labels = torch.from_numpy(np.stack([b[2] for b in batch]).astype(np.int64))
    out = _run(net, patch, lines)
    seen = (labels[:, 3] > 0).float()
    occupied = functional.binary_cross_entropy_with_logits(out[:, 0], labels[:, 0].float(), reduction="none")
    occupied = (occupied * seen).sum() / seen.sum().clamp(min=1)
    within = seen * (labels[:, 0] > 0)
    wanted = labels[:, 1].float() / 200
    coupling = functional.binary_cross_entropy_with_logits(out[:, 1], wanted, reduction="none")
    coupling = (coupling * within).sum() / within.sum().clamp(min=1)
    known = (labels[:, 2] != IGNORED) & (seen > 0)
    kind = functional.cross_entropy(out[:, 2:], labels[:, 2].clamp(max=len(TYPES) - 1), reduction="none")
    kind = (kind * known).sum() / known.sum().clamp(min=1)
    return occupied, coupling, kind


def _loss(net: Any, batch: list[tuple[Any, ...]]) -> Any:
    occupied, coupling, kind = _terms(net, batch)
    return occupied + 0.7 * coupling + 0.1 * kind


def _parts(net: Any, batch: list[tuple[Any, ...]]) -> list[float]:
    return [float(v) for v in _terms(net, batch)]


def _save(net: Any, target: Path) -> None:
    np.savez_compressed(target, **{k: v.numpy().astype(np.float16) for k, v in net.state_dict().items()})


def main() -> None:
    """Paint or fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=("paint", "fit"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--last", type=int, default=LAST)
    parser.add_argument("--steps", type=int, default=7000)
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "detect" / "strip_net.npz")
    arguments = parser.parse_args()
    if arguments.job == "paint":
        paint(arguments.folder, arguments.first, arguments.last)
    else:
        fit(arguments.folder, arguments.target, arguments.steps)


if __name__ == "__main__":
    main()
