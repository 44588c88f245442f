"""Print how often painted cloud, snow and light are judged right: ``python -m benchmarks.quality``.

Each scene is painted three times: as it is, with snow and with cloud on the later date.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tumangang_watch.grid import grid_over
from tumangang_watch.preprocess.quality import assess_quality
from tumangang_watch.scenes import SceneOptions, open_scene, read_native
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds


def judge(seed: int, **options: object) -> tuple[str, float, float, str]:
    """Return (snow state, share called cloud, share called cloud shadow, season) of the later date."""
    pair = make_pair(seed, 0.5, **options)
    settings = Settings()
    with TemporaryDirectory() as folder:
        path = pair.write(Path(folder))[1]
        scene = open_scene(path, SceneOptions(), settings.read)
        west, south, east, north = pair.world.site.bounds
        grid = grid_over((west - 120, south - 120, east + 120, north + 120), 0.5, pair.world.site.crs)
        image = read_native(scene, grid.bounds, grid.crs, settings.read)
        quality = assess_quality(image.on_grid(grid), image, scene, settings.quality)
    valid = max(int((quality.clear | quality.cloud | quality.cloud_shadow).sum()), 1)
    return (
        quality.snow_state,
        float(quality.cloud.sum() / valid),
        float(quality.cloud_shadow.sum() / valid),
        pair.days[1].season,
    )


def main() -> None:
    """Print one line a scene and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=6)
    arguments = parser.parse_args()
    false_cloud, right = [], []
    for seed in split_seeds(arguments.split)[: arguments.pairs]:
        plain = judge(seed)
        snowy = judge(seed, snow=0.9)
        cloudy = judge(seed, clouds=True)
        false_cloud.append(plain[1] + plain[2])
        right += [plain[0] in ("none", "unknown"), snowy[0] in ("full", "partial")]
        print(
            f"{seed} {plain[3]:7} plain: {plain[0]}, cloud {plain[1]:.1%}, shadow {plain[2]:.1%}; "
            f"snow 0.9: {snowy[0]}; clouds: cloud {cloudy[1]:.1%}, shadow {cloudy[2]:.1%}"
        )
    share = np.mean(np.array(false_cloud) > 0)
    print(f"scenes with a false cloud {share:.2f}; snow state right {np.mean(right):.2f}")


if __name__ == "__main__":
    main()
