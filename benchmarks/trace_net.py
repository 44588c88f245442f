"""Calibrate the network of ``detect.trace_net`` on drawn strips and painted train seeds.

``python benchmarks/trace_net.py draw --folder DIR`` draws strips of tracks of any look and ``paint`` paints
whole scenes; both keep cross-sections of known tracks and of everything else. ``fit`` fits the network to
them and writes its weights into the package. Painted pictures are roughened as for the network of strips,
so that the painter's own look is not what is learnt.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from change import native
from strip_net import roughened
from trace_drawn import drawn

from tumangang_watch.detect.trace_net import features, read_sections
from tumangang_watch.detect.trace_rails import Flat, Frame, sections_along
from tumangang_watch.grid import grid_over
from tumangang_watch.settings.trace import TraceSettings
from tumangang_watch.simulate import make_pair, split_seeds

FIRST, LAST = 600, 690
"""Train seeds used, counted from the first of the split; the last tenth chooses when to stop."""
GSDS = (0.25, 0.3, 0.4, 0.5, 0.5, 0.5, 0.6, 0.7)
NEAR_M, FAR_M = 0.2, 0.6
"""A section within the first of a track is the track's, beyond the second it is not."""
LIKE_SLOPE, OTHER_SLOPE = 0.025, 0.07
HIDDEN = (32, 16)


def scene_samples(seed: int, rng: np.random.Generator, hard: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, f) and labels (n,) of one painted scene."""
    settings = TraceSettings()
    options: dict[str, Any] = {"trains": (0, int(rng.integers(1, 7)))}
    if rng.random() < 0.1:
        options["snow"] = float(rng.uniform(0.1, 0.5))
    pair = make_pair(seed, float(rng.choice(GSDS)), **options)
    which = 1 if "snow" in options else 0
    west, south, east, north = pair.world.bounds
    shown = pair.later if which else pair.earlier
    image = native(shown, pair.sensors[which].geolocation_error_m, ((west + east) / 2, (south + north) / 2))
    if rng.random() < 0.7:
        image = roughened(image, rng)
    if rng.random() < 0.3:
        keep = [image.bands.index("green")]
        image = replace(image, values=image.values[keep], bands=("pan",))
    flat = Flat.of(image, settings)
    world = pair.world
    grid = grid_over(world.bounds, 1.0, world.site.crs)
    area = np.ones(grid.shape, bool)
    rails = [np.array(t.line.coords) for t in world.rails]
    xs, ys = [], []
    for k in range(4):
        if k < 2:
            guide = rails[int(rng.integers(len(world.site.tracks)))]
            guide = shapely.get_coordinates(
                shapely.LineString(guide).offset_curve(float(rng.uniform(-20, 20)))
            )
            pixel_m = settings.pixel_m
        else:
            centre = np.array([rng.uniform(west + 60, east - 60), rng.uniform(south + 60, north - 60)])
            angle = rng.uniform(0, np.pi)
            along = np.array([np.cos(angle), np.sin(angle)])
            guide = np.stack([centre - along * 120, centre + along * 120])
            pixel_m = settings.guide_pixel_m
        if len(guide) < 2 or shapely.LineString(guide).length < 60:
            continue
        frame = Frame.along(guide, 45.0, pixel_m)
        sampled = frame.sample(flat, area, grid)
        where = _rails_in(frame, rails)
        for slope in ([0.0, 0.0] if k < 2 else []) + list(rng.uniform(-0.25, 0.25, 3)):
            slope = float(slope + rng.uniform(-0.02, 0.02))
            x, y = _labelled(frame, sampled, where, slope, image.gsd_m, settings, rng, hard)
            xs.append(x)
            ys.append(y)
    return np.concatenate(xs), np.concatenate(ys)


def strip_samples(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, f) and labels (n,) of one drawn strip."""
    settings = TraceSettings()
    image, tracks_m = drawn(rng, float(rng.choice(GSDS)))
    flat = Flat.of(image, settings)
    grid = grid_over((-75.0, -36.0, 75.0, 36.0), 1.0, "EPSG:32652")
    lean = float(rng.uniform(-0.02, 0.02))
    guide = np.array([(-70.0, -70 * lean), (70.0, 70 * lean)])
    frame = Frame.along(guide, 31.0, float(rng.choice([settings.pixel_m, settings.guide_pixel_m])))
    sampled = frame.sample(flat, np.ones(grid.shape, bool), grid)
    where = _rails_in(frame, [np.array([(-74.0, y), (74.0, y)]) for y in tracks_m])
    xs, ys = [], []
    for slope in (-lean, -lean + float(rng.uniform(-0.02, 0.02)), float(rng.uniform(-0.2, 0.2))):
        x, y = _labelled(frame, sampled, where, slope, image.gsd_m, settings, rng, False)
        xs.append(x)
        ys.append(y)
    return np.concatenate(xs), np.concatenate(ys)


def draw(folder: Path, count: int) -> None:
    """Draw strips and keep their samples, twenty to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count // 20):
        rng = np.random.default_rng([number, 78])
        parts = [strip_samples(rng) for _ in range(20)]
        x, y = (np.concatenate(p) for p in zip(*parts, strict=True))
        np.savez_compressed(folder / f"{100_000 + number}.npz", x=x, y=y)
        print(number, x.shape, f"{y.mean():.3f}", flush=True)


def _rails_in(frame: Frame, rails: list[np.ndarray]) -> np.ndarray:
    """Return (n, 3) s, y and slope of dense points of all rails in a frame."""
    guide = shapely.LineString(frame.points)
    out = []
    for xy in rails:
        line = shapely.LineString(xy)
        at = np.arange(0, line.length, 1.0)
        points = shapely.line_interpolate_point(line, at)
        s = shapely.line_locate_point(guide, points)
        index = np.clip((s / frame.pixel_m).astype(int), 0, len(frame.points) - 1)
        away = shapely.get_coordinates(points) - frame.points[index]
        y = (away * frame.left[index]).sum(axis=1)
        if len(s) < 3:
            continue
        ds = np.gradient(s)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(np.abs(ds) > 0.3, np.gradient(y) / ds, 99.0)
        inside = (np.abs(y) < frame.half_m) & (s > 0) & (s < guide.length)
        out.append(np.stack([s, y, slope], axis=1)[inside])
    return np.concatenate(out) if out else np.zeros((0, 3))


def _labelled(
    frame: Frame, sampled: Any, where: np.ndarray, slope: float, gsd_m: float,
    settings: TraceSettings, rng: np.random.Generator, hard: bool,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    sections = sections_along(sampled, slope, frame, gsd_m, settings)
    y = frame.lattice_m(settings.across_m)
    s = (np.arange(sections.tone.shape[1]) + 0.5) * settings.step_m
    label = np.zeros(sections.tone.shape, np.int8)
    for step, at in enumerate(s):
        here = where[np.abs(where[:, 0] - at) <= 0.6]
        if not len(here):
            continue
        away = np.abs(y[:, None] - here[None, :, 1])
        turn = np.abs(slope - here[None, :, 2])
        label[((away < FAR_M) & (turn < OTHER_SLOPE)).any(axis=1), step] = -1
        label[((away <= NEAR_M) & (turn < LIKE_SLOPE)).any(axis=1), step] = 1
        near = ((away < 5) & (turn < 0.3)).any(axis=1) & (label[:, step] == 0)
        label[near, step] = 2
    seen = sections.share > 0.6
    groups = []
    for kind, most in ((1, 250), (2, 450), (0, 350)):
        at = np.flatnonzero(((label == kind) & seen).ravel())
        picked = rng.choice(at, min(most, len(at)), replace=False)
        if kind != 1 and hard:
            # Half of what is no track is what the last network took for one.
            wide = rng.choice(at, min(12 * most, len(at)), replace=False)
            odds = read_sections(features(sections, wide, settings)) if len(wide) else np.zeros(0)
            picked = np.unique(np.r_[picked[: most // 2], wide[np.argsort(-odds)[: most // 2]]])
        groups.append(picked)
    chosen = np.concatenate(groups)
    values = features(sections, chosen, settings).T
    return values.astype(np.float16), (label.ravel()[chosen] == 1).astype(np.int8)


def paint(folder: Path, first: int, last: int, hard: bool) -> None:
    """Paint scenes and keep their samples."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, last):
        path = folder / f"{number}.npz"
        if path.exists():
            continue
        seed = split_seeds("train")[number]
        x, y = scene_samples(seed, np.random.default_rng([seed, 77]), hard)
        np.savez_compressed(path, x=x, y=y)
        print(number, x.shape, f"{y.mean():.3f}", flush=True)


def fit(folder: Path, epochs: int) -> None:
    """Fit the network by Adam (Kingma and Ba, 2015) and write its weights into the package."""
    import tumangang_watch.detect as package

    paths = sorted(folder.glob("*.npz"), key=lambda p: int(p.stem))
    held = set(paths[:: max(len(paths) // 6, 2)])
    data = {}
    for kind, chosen in (("fit", [p for p in paths if p not in held]), ("held", list(held))):
        parts = [np.load(p) for p in chosen]
        data[kind] = (
            np.concatenate([p["x"] for p in parts]).astype(np.float32),
            np.concatenate([p["y"] for p in parts]).astype(np.float32),
        )
    x, y = data["fit"]
    rng = np.random.default_rng(7)
    w: dict[str, np.ndarray] = {"mean": x.mean(axis=0), "scale": x.std(axis=0) + 0.05}
    sizes = (x.shape[1], *HIDDEN, 1)
    for name, a, b in zip("abc", sizes[:-1], sizes[1:], strict=True):
        w[f"{name}.weight"] = rng.normal(0, (2 / a) ** 0.5, (b, a)).astype(np.float32)
        w[f"{name}.bias"] = np.zeros(b, np.float32)
    moving = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in w.items() if "." in k}
    best, kept, count, batch = np.inf, dict(w), 0, 1024
    for epoch in range(epochs):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = rng.permutation(len(x))
        for start in range(0, len(x) - batch + 1, batch):
            take = order[start : start + batch]
            count += 1
            slopes = _gradient(
                w, x[take] + rng.normal(0, 0.08, (batch, x.shape[1])).astype(np.float32), y[take]
            )
            for key, slope in slopes.items():
                one, two = moving[key]
                slope = slope + (1e-4 * w[key] if key.endswith("weight") else 0)
                one += 0.1 * (slope - one)
                two += 0.001 * (slope**2 - two)
                step = (one / (1 - 0.9**count)) / (np.sqrt(two / (1 - 0.999**count)) + 1e-8)
                w[key] = (w[key] - rate * step).astype(np.float32)
        odds = read_sections(data["held"][0].T, w)
        loss = float(np.logaddexp(0, -odds * (2 * data["held"][1] - 1)).mean())
        if loss < best:
            best, kept = loss, {k: v.copy() for k, v in w.items()}
    odds = read_sections(data["held"][0].T, kept)
    truth = data["held"][1] > 0
    print(f"samples {len(x)}, held-out log loss {best:.4f}")
    for cut in (-2, 0, 2, 4):
        print(
            f"  odds > {cut}: {np.mean(odds[truth] > cut):.3f} of tracks,",
            f"{np.mean(odds[~truth] > cut):.4f} of the rest",
        )
    target = Path(package.__file__).parent / "trace_net.npz"
    np.savez_compressed(target, **{k: v.astype(np.float16) for k, v in kept.items()})
    print("written", target.name, target.stat().st_size, "bytes")


def _gradient(w: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradient of the mean log loss."""
    x = (x - w["mean"]) / w["scale"]
    a = np.maximum(x @ w["a.weight"].T + w["a.bias"], 0)
    b = np.maximum(a @ w["b.weight"].T + w["b.bias"], 0)
    odds = (b @ w["c.weight"].T + w["c.bias"])[:, 0]
    off = ((1 / (1 + np.exp(-np.clip(odds, -30, 30))) - y) / len(y))[:, None]
    to_b = (off @ w["c.weight"]) * (b > 0)
    to_a = (to_b @ w["b.weight"]) * (a > 0)
    return {
        "c.weight": off.T @ b, "c.bias": off.sum(axis=0), "b.weight": to_b.T @ a, "b.bias": to_b.sum(axis=0),
        "a.weight": to_a.T @ x, "a.bias": to_a.sum(axis=0),
    }  # fmt: skip


def main() -> None:
    """Paint or fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("draw", "paint", "fit"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--strips", type=int, default=600)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--last", type=int, default=LAST)
    parser.add_argument(
        "--hard", action="store_true", help="prefer what the present network takes for tracks"
    )
    parser.add_argument("--epochs", type=int, default=24)
    arguments = parser.parse_args()
    if arguments.what == "draw":
        draw(arguments.folder, arguments.strips)
    elif arguments.what == "paint":
        paint(arguments.folder, arguments.first, arguments.last, arguments.hard)
    else:
        fit(arguments.folder, arguments.epochs)


if __name__ == "__main__":
    main()
