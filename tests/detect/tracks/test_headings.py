"""Lines are told in the direction they run, and ground without lines shows none."""

import numpy as np
import pytest
from shapely import box
from support.values import EAST0, NORTH0, native_image

from tumangang_watch.detect.tracks.headings import BINS, lines_in
from tumangang_watch.grid import Grid
from tumangang_watch.settings.tracks import TraceSettings

PIXEL_M, SIZE = 0.5, 256
SETTINGS = TraceSettings()


def seen(heading_deg, depth, valid=None):
    """Ground with grain and stripes 4 m apart that run at an angle from east to the left."""
    rng = np.random.default_rng(3)
    row, col = np.mgrid[:SIZE, :SIZE] * PIXEL_M
    angle = np.radians(heading_deg)
    across = -row * np.cos(angle) - col * np.sin(angle)
    values = 0.2 * np.exp(rng.normal(0, 0.1, (SIZE, SIZE)) + depth * np.cos(2 * np.pi * across / 4))
    image = native_image(np.stack([values] * 4).astype(np.float32), PIXEL_M)
    grid = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=PIXEL_M, rows=SIZE, cols=SIZE)
    return lines_in(image, box(*grid.bounds), grid, SETTINGS)


@pytest.mark.parametrize("heading_deg", [0, 20, 77, 90, 135, 178])
def test_a_line_stands_out_in_its_own_direction_alone(heading_deg):
    lines = seen(heading_deg, 0.1)
    told = np.degrees(np.pi * lines.strength.argmax(axis=1) / BINS)
    away = np.abs((told - heading_deg + 90) % 180 - 90)
    assert np.median(away) <= 2
    along = lines.along(np.radians(heading_deg), np.radians(6))
    crossing = lines.along(np.radians(heading_deg + 90), np.radians(6))
    assert np.mean(along >= SETTINGS.line_strength) > 0.95
    assert np.mean(crossing >= SETTINGS.line_strength) < 0.2


def test_ground_without_lines_is_spared():
    lines = seen(0, 0.0)
    headings = np.pi * np.arange(SETTINGS.guide_frames) / SETTINGS.guide_frames
    half = np.pi / 2 / SETTINGS.guide_frames
    kept = [np.mean(lines.along(h, half) >= SETTINGS.line_strength) for h in headings]
    assert np.mean(kept) < 0.2


def test_only_cells_on_the_ground_asked_for_are_told():
    image = native_image(np.full((4, SIZE, SIZE), 0.2, np.float32), PIXEL_M)
    grid = Grid(crs="EPSG:32652", west=EAST0, north=NORTH0, pixel_m=PIXEL_M, rows=SIZE, cols=SIZE)
    part = box(EAST0, NORTH0 - 20, EAST0 + 20, NORTH0)
    lines = lines_in(image, part, grid, SETTINGS)
    assert 0 < len(lines.places) <= 4
    assert np.isfinite(lines.strength).all()
