"""The networks' convolution is a correlation, however added up; weights keep what a half float holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate

from tumangang_watch.nets import convolve, in_pieces, layer_of, read_weights, weights, write_weights

NETWORKS = ("apron_net", "bridge_net", "centre_net", "colour_net", "strip_net", "trace_net", "vehicle_net")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_packages_weights_are_finite(name):
    assert all(np.isfinite(array).all() for array in weights(name).values())


@pytest.mark.parametrize("order", ["taps", "channels", "sum", "sum_on_bias"])
def test_a_convolution_is_a_correlation_with_zeros_beyond_the_edges(order):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2, 9, 12)).astype(np.float32)
    kernel, bias = rng.normal(size=(3, 2, 3, 5)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    expected = np.stack(
        [
            sum(correlate(v, k, mode="constant") for v, k in zip(values, own, strict=True)) + b
            for own, b in zip(kernel, bias, strict=True)
        ]
    )
    plain = convolve(values, (kernel, bias), order=order, relu=False)
    np.testing.assert_allclose(plain, expected, atol=1e-4)
    strided = convolve(values, (kernel, bias), order=order, stride=(2, 1))
    np.testing.assert_allclose(strided, np.maximum(expected, 0)[:, ::2], atol=1e-4)


def test_a_dilated_kernel_skips():
    values = np.zeros((1, 1, 11), np.float32)
    values[0, 0, 5] = 1
    layer = layer_of({"a.weight": np.ones((1, 1, 3), np.float32), "a.bias": np.zeros(1, np.float32)}, "a")
    np.testing.assert_array_equal(np.flatnonzero(convolve(values, layer, dilation=(1, 4))), [1, 5, 9])


def test_pieces_make_the_whole():
    values = np.random.default_rng(2).normal(size=(1, 1, 103)).astype(np.float32)
    layer = np.ones((1, 1, 1, 5), np.float32), np.zeros(1, np.float32)
    pieces = in_pieces(lambda part: convolve(values[:, :, part], layer), 103, 20, 2)
    np.testing.assert_array_equal(pieces, convolve(values, layer))


def test_weights_are_kept_as_half_floats(tmp_path):
    arrays = {"a.weight": np.array([1.0, 1e-3], np.float32), "temperature": np.float64(1.1)}
    write_weights(tmp_path / "net.npz", arrays)
    kept = read_weights(tmp_path / "net.npz")
    np.testing.assert_allclose(kept["a.weight"], arrays["a.weight"], rtol=1e-3)
    assert kept["a.weight"].dtype == np.float32
    assert kept["temperature"] == 1.1
