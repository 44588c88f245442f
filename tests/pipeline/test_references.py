"""What is kept of a scene with a site, on values."""

from __future__ import annotations

import numpy as np
import pytest
from support.values import observation

from tumangang_watch.errors import NotComparable
from tumangang_watch.pipeline.references import image_path, keep
from tumangang_watch.settings.tracks import TraceSettings


def test_what_is_kept_is_small_and_an_even_picture_is_no_reference(tmp_path):
    ground = 0.2 + 0.02 * np.random.default_rng(0).normal(size=(4, 80, 300)).astype(np.float32)
    seen = observation(ground, pixel_m=0.25)
    kept = keep(seen.scene, seen.image, seen.raster.grid, "here", TraceSettings())
    assert kept.picture.grid.pixel_m == TraceSettings().reference_pixel_m
    even = observation(np.full((4, 80, 300), 0.2, dtype=np.float32))
    with pytest.raises(NotComparable, match="almost nothing"):
        keep(even.scene, even.image, even.raster.grid, "here", TraceSettings())
    assert [image_path(tmp_path / "a.geojson", n).name for n in (1, 2)] == [
        "a.reference.tif",
        "a.reference-2.tif",
    ]
