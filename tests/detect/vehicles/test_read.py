"""Plain pictures are read alike whatever their gain and haze, and nothing is read where nothing is seen."""

import itertools

import numpy as np
from support.values import grid_of, native_image

from tumangang_watch.detect.vehicles.read import NOTHING, channels, outputs, read_vehicles, runner_of

WIDTHS = (4, 5, 6)


def network(rng):
    """A small network of the same make, with weights by chance."""
    shapes = {"stem": (WIDTHS[0], 9, 4, 4), "out": (20, WIDTHS[0], 1, 1)}
    for k, wide in enumerate(WIDTHS):
        shapes[f"down.{k}"] = (wide, WIDTHS[max(k - 1, 0)], 3, 3)
    for k, (wide, deep) in enumerate(itertools.pairwise(WIDTHS)):
        shapes |= {f"deep.{k}": (deep, deep, 3, 3), f"up.{k}": (wide, wide + deep, 3, 3)}
        shapes[f"last.{k}"] = (wide, wide, 3, 3)
    out = {}
    for name, shape in shapes.items():
        out[f"{name}.weight"] = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        out[f"{name}.bias"] = np.zeros(shape[0], np.float32)
    return out


def test_gain_and_haze_drop_out():
    rng = np.random.default_rng(1)
    values = rng.uniform(0.1, 0.5, (4, 64, 64)).astype(np.float32)
    image, known = native_image(values, 0.5), np.ones((64, 64), bool)
    gain = np.array([1.3, 0.8, 1.0, 2.0], np.float32)[:, None, None]
    np.testing.assert_allclose(
        channels(values, known, image), channels(values * gain + 0.05, known, image), atol=1e-4
    )


def test_a_map_lies_on_its_grid_and_ends_with_the_picture_and_the_area():
    rng = np.random.default_rng(2)
    values = rng.uniform(0.1, 0.5, (4, 200, 320)).astype(np.float32)
    image, grid = native_image(values, 0.5), grid_of(values, 0.5)
    area = np.ones(grid.shape, bool)
    area[:, 250:] = False
    found = read_vehicles(image, grid, area, network(rng))
    assert found.body.shape == found.heading.shape == grid.shape
    assert found.seen[10:190, 10:240].all()
    assert not found.seen[:, 250:].any()
    assert (found.body[~found.seen] == NOTHING).all()
    assert np.isfinite(found.track).all()
    assert (found.heading >= 0).all()
    assert (found.heading < np.pi + 1e-6).all()


def test_levels_and_quarters_go_back_to_the_cells_they_came_from():
    """A network that only passes on whether a cell is seen tells it of the same cell."""
    net = {name: np.zeros_like(a) for name, a in network(np.random.default_rng(3)).items()}
    net["stem.weight"][:, 7, 1:3, 1:3] = 0.25
    for name in ("down.0", "up.0", "last.0"):
        for k in range(WIDTHS[0]):
            net[f"{name}.weight"][k, k + (WIDTHS[1] if name == "up.0" else 0), 1, 1] = 1
    net["out.weight"][:, 0] = 1
    x = np.zeros((9, 32, 48), np.float32)
    x[7, 8:16, 20:30] = 1
    out = outputs(runner_of(net), x)
    assert out.shape == (5, 32, 48)
    np.testing.assert_allclose(out[0], x[7], atol=1e-5)
