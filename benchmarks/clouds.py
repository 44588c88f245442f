"""Print how cloud, thin cloud and shadow are found, and what is told of quiet pairs under them.

``python -m training.cloud_net paint --split validation --folder DIR`` paints clear pairs; then
``python -m benchmarks.clouds area --folder DIR`` lays cloud of all kinds and ground that is none over them
and counts what of either is masked, with and without the other date. ``pairs --split S --pairs N`` compares
pairs on which nothing changed, each with cloud on one date, and counts what is told; ``--folder`` keeps the
paintings, ``--unclouded`` compares the same without cloud.
"""

from __future__ import annotations

import argparse
import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.cloud_net import Covered, as_product, bgrn_of, covered, decoys, white_of
from tumangang_watch.errors import NotComparable
from tumangang_watch.grid import Grid, grid_over
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.image import frozen
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.site import Site
from tumangang_watch.model.words import DateLabel
from tumangang_watch.pipeline.background import GatheredDates
from tumangang_watch.pipeline.measure import assemble
from tumangang_watch.pipeline.prepare import in_light_of, judge_areas, judged
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.cloud import cloud_over
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.paint import PaintedScene

KINDS = ("opaque", "thin", "veil", "shadow", "clear", "clear, snow")
"""Opacity of 0.85 and more, of 0.4 to 0.85, of 0.25 to 0.4; half of the sun lost; none of them."""
LABELS: tuple[DateLabel, DateLabel] = ("earlier", "later")


def parts(now: Covered, snowy: bool) -> dict[str, np.ndarray]:
    """Return where each of `KINDS` lies."""
    opacity, shade = now.opacity, now.shade
    clear = (opacity < 0.02) & (shade < 0.02)
    return {
        "opaque": opacity >= 0.85,
        "thin": (opacity >= 0.4) & (opacity < 0.85),
        "veil": (opacity >= 0.25) & (opacity < 0.4),
        "shadow": (shade >= 0.5) & (opacity < 0.1),
        "clear, snow" if snowy else "clear": clear,
    }


def area(folder: Path, draws: int) -> None:
    """Print what is masked of every kind, by area."""
    settings, rng = Settings().quality.cloud, np.random.default_rng(3)
    counts = {(kind, beside): np.zeros(2) for kind in KINDS for beside in (False, True)}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            dates, names = bgrn_of(data)
            ok = data["ok0"] & data["ok1"]
        snowy = max(float(np.median(d[2][ok])) for d in dates) > 0.16 and "nir" in names
        grid = Grid(crs="EPSG:32652", west=0, north=0, pixel_m=1.0, rows=ok.shape[0], cols=ok.shape[1])
        for draw in range(draws):
            white = white_of(dates, ok, rng)
            own = int(rng.integers(2**31))
            one, two = (decoys(d, white, np.random.default_rng(own)) for d in dates[:: 1 - 2 * (draw % 2)])
            now, kind = covered(one, white, rng), float(rng.uniform(0, 0.9)) * (1 if "nir" in names else 0.5)
            raster, other = (as_product(v, ok, grid, rng, kind) for v in (now.values, two))
            for with_other in (False, True):
                masks = cloud_over(raster, settings, other if with_other else None)
                for name, place in parts(now, snowy).items():
                    counts[name, with_other] += (place & ok).sum(), (place & ok & (masks[0] | masks[1])).sum()
    for kind in KINDS:
        shares = [counts[kind, w][1] / max(counts[kind, w][0], 1) for w in (False, True)]
        print(f"{kind:12} masked: one date {shares[0]:.3f}, with the other {shares[1]:.3f}")


def under_cloud(painted: PaintedScene, rng: np.random.Generator) -> tuple[PaintedScene, float]:
    """Return a painted scene with cloud over 5 to 60 % of it, and that share."""
    whole = float(np.iinfo(painted.values.dtype).max if painted.values.dtype == np.uint8 else 10000)
    values = painted.values.astype(np.float32) / np.float32(whole)
    valid = (painted.values > 0).any(axis=0)
    order, names = [painted.bands.index(b) for b in ("blue", "green", "red")], painted.bands
    full = values[[*order, names.index("nir") if "nir" in names else names.index("red")]]
    white = white_of([full], valid, rng)
    for _ in range(20):
        now = covered(full, white, rng)
        share = float((now.opacity[valid] > 0.3).mean())
        if 0.05 <= share <= 0.6:
            break
    back = {b: now.values[k] for k, b in enumerate(("blue", "green", "red", "nir"))}
    out = np.stack([back[b] for b in names]) * whole
    digital = np.where(valid, np.clip(np.rint(out), 1, np.iinfo(painted.values.dtype).max), 0)
    return replace(painted, values=frozen(digital.astype(painted.values.dtype))), share


@dataclass(frozen=True, kw_only=True)
class QuietPair:
    """Two dates on which nothing changed, one of them under cloud."""

    scenes: tuple[PaintedScene, PaintedScene]
    site: Site
    clouded: int
    """Which of both is under cloud."""
    share: float
    """Of that date, under cloud."""
    without: PaintedScene
    """The same date without cloud."""


def quiet_pair(seed: int, folder: Path | None) -> QuietPair:
    """Paint a quiet pair, or take it from a folder of paintings. Every fifth lies under snow on one date."""
    kept = None if folder is None else folder / f"quiet-{seed}.pickle"
    if kept is not None and kept.exists():
        return QuietPair(**pickle.loads(kept.read_bytes()))
    rng = np.random.default_rng([seed, 92])
    snow = {"snow": 0.9} if seed % 5 == 0 else {}
    pair = make_pair(seed, 0.5, no_change=True, growth_m2=0.0, length_m=240.0, **snow)
    scenes = [pair.earlier, pair.later]
    which = int(rng.integers(2))
    without = scenes[which]
    scenes[which], share = under_cloud(without, rng)
    parts = {"scenes": tuple(scenes), "site": pair.world.site, "clouded": which, "share": share}
    parts["without"] = without
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(parts))
    return QuietPair(**parts)


def told_of(pair: QuietPair, masked: bool, clouded: bool) -> tuple[list[Finding], tuple[float, float]]:
    """Return the changes told of a quiet pair, and the share of either date that is hidden."""
    scenes = list(pair.scenes)
    if not clouded:
        scenes[pair.clouded] = pair.without
    one, two = observed(scenes, pair.site, 0.5)
    done = compared((one, two), RunContext(pair.site, Settings().with_trials(False)), masked)
    hidden = tuple(_hidden(date) for date in done.dates)
    return [f for f in done.findings if f.change != "unchanged"], (hidden[0], hidden[1])


def observed(scenes: Sequence[PaintedScene], site: Site, pixel_m: float) -> tuple[Observation, Observation]:
    """Return both dates of a site in exact registration, all of their ground clear."""
    west, south, east, north = site.bounds
    grid = grid_over((west - 40, south - 40, east + 40, north + 40), pixel_m, site.crs)
    one, two = (exact_observation(p, d, grid) for p, d in zip(scenes, LABELS, strict=True))
    return one, two


def compared(dates: tuple[Observation, Observation], run: RunContext, masked: bool = True) -> Comparison:
    """Compare two dates that lie where they are painted; not ``masked``: as if nothing knew of cloud."""
    one, two = dates
    one, two = (judged(one, run, two), judged(two, run, one)) if masked else (one, two)
    two, _ = in_light_of(one, two, run)
    areas = judge_areas(run, two, one)
    return assemble(run, (one, two), Registration(status="ok"), areas, GatheredDates(), ())


def pairs(seeds: Sequence[int], folder: Path | None, masked: bool, clouded: bool) -> None:
    """Compare quiet pairs, and print what is told of each and of all, by kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    total: Counter[str] = Counter()
    for seed in seeds:
        pair = quiet_pair(seed, folder)
        ground = "snow on one date" if seed % 5 == 0 else "no snow asked for"
        total[ground] += 1
        try:
            told, hidden = told_of(pair, masked, clouded)
        except NotComparable as refusal:
            print(f"{seed} cloud {pair.share:.0%}: {refusal}", flush=True)
            continue
        counts.update((ground, f.kind, f.grade) for f in told)
        sure = "; ".join(f"{f.kind} {f.change} {f.confidence:.2f}" for f in told if f.grade == "detected")
        over = f"cloud {pair.share:.0%} on {LABELS[pair.clouded]}, hidden {hidden[0]:.0%} and {hidden[1]:.0%}"
        print(f"{seed} {over}: {sure}", flush=True)
    for ground, many in sorted(total.items()):
        for kind in ("train", "cargo", "handling_area"):
            sure, doubtful = counts[ground, kind, "detected"], counts[ground, kind, "possible"]
            print(f"{ground:18} {many:3} pairs, {kind:13}: told surely {sure}, as possible {doubtful}")


def _hidden(seen: Observation) -> float:
    return 1 - float(seen.quality.clear[seen.raster.valid].mean())


def main() -> None:
    """Measure masks, or pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("area", "pairs"))
    parser.add_argument("--folder", type=Path, help="of pairs: where paintings are kept")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--unmasked", action="store_true", help="as if nothing knew of cloud")
    parser.add_argument("--unclouded", action="store_true", help="the same pairs without cloud")
    arguments = parser.parse_args()
    if arguments.what == "area":
        area(arguments.folder, arguments.draws)
        return
    seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]
    pairs(seeds, arguments.folder, not arguments.unmasked, not arguments.unclouded)


if __name__ == "__main__":
    main()
