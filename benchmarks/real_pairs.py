"""Say what ``compare`` tells of real yards beside themselves, seen a few metres elsewhere in another light.

``python -m benchmarks.real_pairs --yard muttenz --seeds 2`` writes the scene of a labelled yard again as
three days later, moved by up to 4 pixels, with noise and one of `LOOKS`, compares the two, and prints how far
off they were laid across the tracks, the labelled trains told on both dates, and every change: none is true.
Seed 0 was looked at while the fit of pairs was mended.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import rasterio

from benchmarks.displaced import IMAGERY, WRONG_M, YARDS, Yard, told, yard_of
from tumangang_watch.errors import WatchError
from tumangang_watch.grid import Float32
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext, compare, open_pair
from tumangang_watch.report.answer.headline import NAMED_FROM
from tumangang_watch.scenes import SceneOptions
from tumangang_watch.settings import Settings

NOISE = 2.0
"""Standard deviation of the noise that is added, digital numbers."""
MOVED_MAX_PX = 4.0


def _sharper(values: Float32) -> Float32:
    return np.asarray(values + 1.2 * (values - _each(values, lambda b: cv2.GaussianBlur(b, (0, 0), 1.0))))


def _coarser(values: Float32) -> Float32:
    small = cv2.INTER_AREA
    return _each(
        values,
        lambda b: cv2.resize(
            cv2.resize(b, None, fx=0.7, fy=0.7, interpolation=small),
            b.shape[::-1],
            interpolation=cv2.INTER_CUBIC,
        ),
    )


def _compressed(values: Float32) -> Float32:
    picture = np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8).transpose(1, 2, 0))
    _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR).transpose(2, 0, 1), np.float32)


def _each(values: Float32, of_band: Callable[[Float32], Float32]) -> Float32:
    return np.stack([of_band(band) for band in values])


LOOKS: dict[str, Callable[[Float32], Float32]] = {
    "as it is": lambda v: v,
    "darker": lambda v: 255 * (np.clip(v, 0, 255) / 255) ** np.float32(1.25),
    "brighter": lambda v: 1.3 * v,
    "haze": lambda v: 0.65 * v + 46,
    "sharpened": _sharper,
    "coarser": _coarser,
    "JPEG": _compressed,
}
"""Another light or another camera, on digital numbers of 8 bits."""


def seen_again(source: Path, out: Path, look: str, rng: np.random.Generator) -> Path:
    """Write a scene as three days later, elsewhere by some pixels and in another light."""
    with rasterio.open(source) as scene:
        values, profile = scene.read().astype(np.float32), scene.profile
    move = np.array([[1, 0, rng.uniform(-1, 1)], [0, 1, rng.uniform(-1, 1)]], np.float32)
    move[:, 2] *= MOVED_MAX_PX
    wide = values.shape[:0:-1]
    values = _each(
        values, lambda b: cv2.warpAffine(b, move, wide, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )
    values = LOOKS[look](values + rng.normal(0, NOISE, values.shape).astype(np.float32))
    out.mkdir(exist_ok=True)
    with rasterio.open(out / source.name, "w", **profile) as scene:
        scene.write(np.clip(np.round(values), 1, 255).astype(np.uint8))
    stated = source.with_name(f"{source.stem}_metadata.json").read_text()
    later = re.sub(r"(\d{4}-\d\d-)(\d\d)T", lambda m: f"{m[1]}{int(m[2]) + 3:02d}T", stated, count=1)
    (out / f"{source.stem}_metadata.json").write_text(later)
    return out / source.name


def compared(pair: tuple[Path, Path], site: Site) -> Comparison:
    """Compare two scenes as ``compare --no-detectability`` does."""
    settings = Settings().with_trials(False)
    return compare(*open_pair(pair, (SceneOptions(), SceneOptions()), settings), RunContext(site, settings))


def untrue_of(done: Comparison) -> tuple[list[Finding], dict[str, int]]:
    """Return the sure and the named changes told of a place that did not change, and counts of all."""
    changes = [f for f in done.findings if f.change != "unchanged"]
    sure = [f for f in changes if f.grade == "detected"]
    named = [f for f in changes if f.grade == "possible" and f.confidence >= NAMED_FROM]
    rest = len(changes) - len(sure) - len(named)
    return sure + named, {
        "untrue sure": len(sure),
        "untrue, possible and named": len(named),
        "other possible": rest,
    }


def judged(yard: Yard, done: Comparison) -> tuple[str, dict[str, int]]:
    """Return what is told of a yard that did not change, in words and in numbers."""
    fit = done.later.site_fit
    across, _ = yard.split(fit.shift_m)
    dates = [[d for d in done.detections if d.date == date] for date in ("earlier", "later")]
    own = min(told(yard, SimpleNamespace(detections=found))[0]["own"] for found in dates)
    untrue, counts = untrue_of(done)
    words = f"laid {across:+.1f} m across, {fit.status}; {own} of {len(yard.truth)} trains"
    for found in untrue:
        words += f"\n    {found.grade} {found.confidence:.2f}: {found.statement}"
    return words, {
        "wrong in silence": int(fit.status == "ok" and abs(across) > WRONG_M),
        "trains on both": own,
        **counts,
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yard", choices=YARDS, required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    folder, name = YARDS[arguments.yard]
    source, yard = IMAGERY / folder / f"{name}.tif", yard_of(IMAGERY / folder)
    total: Counter[str] = Counter()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for number, look in enumerate(LOOKS):
            rng = np.random.default_rng([41, list(YARDS).index(arguments.yard), number, seed])
            with tempfile.TemporaryDirectory() as space:
                later = seen_again(source, Path(space), look, rng)
                try:
                    done = compared((source, later), yard.site)
                except WatchError as error:
                    print(f"{look} {seed}: refused: {error}")
                    total["refused"] += 1
                    continue
            words, counts = judged(yard, done)
            total.update({"pairs": 1, **counts})
            print(f"{look} {seed}: {words}", flush=True)
    print(f"{arguments.yard}:", dict(total))


if __name__ == "__main__":
    main()
