"""A real yard beside itself in another light is found unchanged, with all of its trains on their tracks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy.ndimage import gaussian_filter, shift
from support.command import run


def seen_again(folder: Path, out: Path, look: str, moved_px: tuple[float, float]) -> Path:
    """Write the yard as three days later: elsewhere by some pixels, and in another light."""
    with rasterio.open(folder / "scene_050.tif") as scene:
        values, profile = scene.read().astype(np.float32), scene.profile
    values = np.stack([shift(band, moved_px, order=3, mode="reflect") for band in values])
    if look == "haze":
        values = 0.65 * values + 46
    elif look == "gamma":
        values = 255 * (np.clip(values, 0, 255) / 255) ** 0.8
    else:
        values = np.stack([2 * band - gaussian_filter(band, 1.0) for band in values])
    values += np.random.default_rng(7).normal(0, 2, values.shape)
    with rasterio.open(out / "later.tif", "w", **profile) as later:
        later.write(np.clip(np.round(values), 1, 255).astype(np.uint8))
    stated = (folder / "scene_050_metadata.json").read_text().replace("2018-07-01", "2018-07-04")
    (out / "later_metadata.json").write_text(stated)
    return out / "later.tif"


@pytest.mark.parametrize(
    ("look", "moved_px"), [("haze", (2.05, -3.0)), ("gamma", (-2.05, 3.0)), ("sharpened", (-2.05, -3.0))]
)
def test_a_real_yard_in_another_light_has_not_changed(shared, tmp_path, look, moved_px) -> None:
    folder = shared / "imagery" / "muttenz_yard_2018"
    if not folder.is_dir():
        pytest.skip("the real yard is not beside the checkout")
    scenes = folder / "scene_050.tif", seen_again(folder, tmp_path, look, moved_px)
    options = ("--site", folder / "site.geojson", "--no-detectability", "--json")
    done = run("compare", *scenes, *options, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not [f for f in report["findings"] if f["change"] != "unchanged" and f["grade"] == "detected"]
    trains = Counter(d["date"] for d in report["detections"] if d["kind"] == "train")
    assert min(trains["earlier"], trains["later"]) >= 10
    for fit in report["registration"]["site_fit"].values():
        assert max(map(abs, fit["shift_m"])) < 2.25  # half a gap between two tracks
