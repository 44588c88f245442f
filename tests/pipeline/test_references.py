"""What is kept of a scene with a site, on values."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.values import observation, straight_site

from tumangang_watch.affine import shift
from tumangang_watch.errors import NotComparable
from tumangang_watch.model.site import ReferenceScene
from tumangang_watch.pipeline.fit import place_on_site
from tumangang_watch.pipeline.references import image_path, keep
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.scenes.reference import write_reference
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


def test_a_pair_is_laid_by_the_date_that_is_like_the_reference(tmp_path):
    """The first date resembles nothing: the second, which was moved onto it, says where both lie."""
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.normal(size=(440, 640)).astype(np.float32), (0, 0), 1.5)
    ground = 0.3 + 0.05 * ground / ground.std()

    def shown(east_px, north_px, noise=0.0):
        """A scene whose content lies so many pixels off."""
        cut = ground[20 + north_px : 420 + north_px, 20 - east_px : 620 - east_px]
        return observation(np.stack([cut + noise * rng.normal(size=cut.shape)] * 4).astype(np.float32))

    known, one, two = shown(0, 0), shown(8, -6, noise=0.5), shown(-10, 4)
    path = tmp_path / "r.tif"
    digest = write_reference(known.raster, path)
    reference = ReferenceScene(name="known", sha256="0" * 64, image=path, image_sha256=digest)
    run = RunContext(replace(straight_site(300.0, 200.0), references=(reference,)))
    moved = two.image.registered(shift(-9.0, 5.0))  # From where the first shows the ground.
    fit, _ = place_on_site((one.image, moved), (one.scene, two.scene), known.raster.grid, run)
    assert fit.reference == "known"
    assert fit.shift_m == pytest.approx((-4.0, 3.0), abs=0.15)
    assert (fit.affine[2], fit.affine[5]) == pytest.approx((4.0, -3.0), abs=0.15)
