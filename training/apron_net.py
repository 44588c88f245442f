"""Calibrate the network of ``detect.cargo.network`` on painted pieces of apron.

``python -m training.apron_net paint --folder DIR`` paints them (a tenth of a second each);
``python -m training.apron_net fit --folder DIR`` fits the network and writes its weights into the package;
it needs torch, which the program itself does not. The yard painter takes no part: scores on its scenes
(``benchmarks/ground.py``) are scores on scenes of another painter.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from training.apron_patches import make_patch
from tumangang_watch.detect.cargo.network import OUTPUTS, apron_input
from tumangang_watch.nets import read_weights, write_weights
from tumangang_watch.simulate import split_seeds

CHUNK = 250
BATCH = 16
WIDTHS = (12, 24, 48, 64)
"""Channels at full, half, quarter and eighth resolution."""
TERM_WEIGHTS = (1.0, 0.6, 0.6, 0.4)


def paint(folder: Path, first: int, last: int) -> None:
    """Paint patches of train seeds and keep them in files of 250."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(first, last, CHUNK):
        target = folder / f"{start:05d}.npz"
        if target.exists():
            continue
        seeds = split_seeds("train")[start : min(start + CHUNK, last)]
        items = [make_patch(s) for s in seeds]
        kept = {name: np.stack([i[name] for i in items]) for name in items[0]}
        kept["values"] = kept["values"].astype(np.float16)
        kept["cover"] = np.round(kept["cover"] * 200).astype(np.uint8)
        with target.with_suffix(".part").open("wb") as file:
            np.savez(file, **kept)
        target.with_suffix(".part").rename(target)


def fit(folder: Path, target: Path, steps: int, start: Path | None) -> None:
    """Fit the network by Adam with a falling rate and write the weights as half floats.

    ``start`` goes on from weights already fitted.
    """
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    data = _load(folder)
    count = len(data["values"])
    check = np.arange(count - max(count // 50, 16), count)
    net = network()
    if start is not None:
        net.load_state_dict({k: torch.from_numpy(v) for k, v in read_weights(start).items()})
    net = net.to(memory_format=torch.channels_last)  # faster by two fifths on one core
    rate_top = 4e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate_top, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate_top, total_steps=steps, pct_start=0.05)
    trail: list[Any] = []
    for step in range(steps):
        net.train()
        chosen = rng.integers(0, check[0], BATCH)
        terms = _terms(net, [_example(data, k, rng, vary=True) for k in chosen])
        trail.append(terms.detach().numpy().copy())
        loss = (terms * torch.tensor(TERM_WEIGHTS)).sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        rate.step()
        if step % 200 == 199 or step == steps - 1:
            net.eval()
            still = np.random.default_rng(2)
            with torch.no_grad():
                held = [_terms(net, [_example(data, k, still, vary=False)]).numpy() for k in check]
            print(step + 1, np.mean(trail, axis=0).round(4), np.mean(held, axis=0).round(4), flush=True)
            trail = []
            write_weights(target, {k: v.numpy() for k, v in net.state_dict().items()})


def _load(folder: Path) -> dict[str, Any]:
    parts = [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))]
    return {name: np.concatenate([p.pop(name) for p in parts]) for name in list(parts[0])}


def _example(data: dict[str, Any], k: int, rng: np.random.Generator, vary: bool) -> tuple[Any, ...]:
    """Return planes, constants, wanted cover and the weight of each pixel of one patch."""
    values = data["values"][k].astype(np.float32)
    usable, train, clean = data["usable"][k], data["train"][k], data["clean"][k]
    known = data["known"][k].copy()
    cover = data["cover"][k].astype(np.float32) / 200
    sample = clean & usable if (clean & usable).sum() > 60 else usable if usable.any() else clean | True
    tone = np.median(values[:, sample], axis=1)
    bands = dict(zip(("blue", "green", "red", "nir"), values, strict=True))
    if vary:
        wide = 0.6 if rng.random() < 0.15 else 0.15
        tone = tone * np.exp(rng.normal(0, wide) + rng.normal(0, 0.05, 4))
        known[3] *= np.exp(rng.normal(0, 0.1))
        if rng.random() < 0.05:
            known[:3] = 0
        if rng.random() < 0.1:
            train = np.zeros_like(train)
    if (rng.random() < 0.4) if vary else (k % 3 == 0):
        bands.pop("nir")
    if vary and rng.random() < 0.04:
        bands = {"pan": values[:3].mean(axis=0)}
    level = dict(zip(("blue", "green", "red", "nir", "pan"), [*tone, tone[:3].mean()], strict=True))
    item = apron_input(bands, level, usable, train, tuple(float(v) for v in known))
    planes = item.planes.copy()
    if vary:
        shown = [0, 1, 2, 3] if "nir" in bands else [0, 1, 2]
        planes[shown] *= np.float32(rng.uniform(0.75, 1.35))
        if rng.random() < 0.3:
            planes[shown] += np.float32(rng.uniform(0, 0.1)) * rng.standard_normal(planes[shown].shape)
        if rng.random() < 0.5:
            planes, cover, usable = planes[:, :, ::-1], cover[:, :, ::-1], usable[:, ::-1]
            item.constants[2] *= -1
    weight = np.stack([usable, usable, usable, usable]).astype(np.float32)
    return planes.astype(np.float32), item.constants, cover, weight


def network() -> Any:
    """Return the network that `detect.cargo.network` runs."""
    from torch import nn

    a, b, c, d = WIDTHS

    def conv(i: int, o: int, stride: int = 1, dilation: int = 1) -> Any:
        return nn.Conv2d(i, o, 3, stride=stride, padding=dilation, dilation=dilation)

    return nn.ModuleDict(
        {
            "a": conv(11, a),
            "b": conv(a, b, 2),
            "c": conv(b, b),
            "d": conv(b, c, 2),
            "e": conv(c, c),
            "f": conv(c, d, 2),
            "g": conv(d, d, 1, 2),
            "h": conv(d + c, c),
            "i": conv(c + b, b),
            "j": conv(b + a, a),
            "k": nn.Conv2d(a, len(OUTPUTS), 1),
        }
    )


def _forward(net: Any, planes: Any, constants: Any) -> Any:
    import torch

    relu = torch.relu

    def twice(x: Any) -> Any:
        return torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")

    flat = constants[:, :, None, None].expand(-1, -1, *planes.shape[2:])
    full = relu(net["a"](torch.cat([planes, flat], 1)))
    half = relu(net["c"](relu(net["b"](full))))
    quarter = relu(net["e"](relu(net["d"](half))))
    deep = relu(net["f"](quarter))
    deep = deep + relu(net["g"](deep))
    quarter = relu(net["h"](torch.cat([twice(deep), quarter], 1)))
    half = relu(net["i"](torch.cat([twice(quarter), half], 1)))
    full = relu(net["j"](torch.cat([twice(half), full], 1)))
    return net["k"](full)


def _terms(net: Any, batch: list[tuple[Any, ...]]) -> Any:
    import torch
    from torch.nn import functional

    planes, constants, cover, weight = (
        torch.from_numpy(np.ascontiguousarray(np.stack(part))) for part in zip(*batch, strict=True)
    )
    out = _forward(net, planes, constants)
    loss = functional.binary_cross_entropy_with_logits(out, cover, reduction="none")
    return (loss * weight).sum(dim=(0, 2, 3)) / weight.sum(dim=(0, 2, 3)).clamp(min=1)


def main() -> None:
    """Paint or fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=("paint", "fit"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    package = Path(__file__).resolve().parents[1] / "tumangang_watch"
    parser.add_argument("--target", type=Path, default=package / "weights" / "apron_net.npz")
    arguments = parser.parse_args()
    if arguments.job == "paint":
        paint(arguments.folder, arguments.first, arguments.last)
    else:
        fit(arguments.folder, arguments.target, arguments.steps, arguments.start)


if __name__ == "__main__":
    main()
