"""A network is what its layers say, whatever is read with a picture; weights keep what a half float holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from scipy.ndimage import correlate

from tumangang_watch.nets import NetworkLayout, in_pieces, read_weights, weights, write_weights

NETWORKS = (
    "apron_net",
    "bridge_net",
    "centre_net",
    "colour_net",
    "group_net",
    "second_net",
    "strip_net",
    "trace_net",
    "vehicle_net",
)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_packages_weights_are_finite(name):
    assert all(np.isfinite(array).all() for array in weights(name).values())


def arrays(rng, **shapes):
    """Layers of a network, each with its kernels' shape, with weights by chance."""
    out = {}
    for name, shape in shapes.items():
        out[f"{name}.weight"] = rng.normal(size=shape).astype(np.float32)
        out[f"{name}.bias"] = rng.normal(size=shape[0]).astype(np.float32)
    return out


def correlated(values, layer, own, dilation=(1, 1)):
    """A layer as scipy correlates, one pixel at a time."""
    kernel = own[f"{layer}.weight"]
    wide = np.zeros(
        (*kernel.shape[:2], *((k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation, strict=True)))
    )
    wide[:, :, :: dilation[0], :: dilation[1]] = kernel
    sums = [sum(correlate(v, k, mode="constant") for v, k in zip(values, one, strict=True)) for one in wide]
    return np.stack(sums) + own[f"{layer}.bias"][:, None, None]


@pytest.mark.parametrize("dilation", [(1, 1), (1, 3), (2, 4)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 2)])
def test_a_convolution_is_a_correlation_with_zeros_beyond_the_edges(stride, dilation):
    rng = np.random.default_rng(1)
    own = arrays(rng, a=(3, 2, 3, 5))
    values = rng.normal(size=(2, 9, 12)).astype(np.float32)
    expected = correlated(values, "a", own, dilation)[:, :: stride[0], :: stride[1]]
    for relu in (False, True):
        net = NetworkLayout(own, values=2)
        read = net.runner(net.conv("values", "a", stride=stride, dilation=dilation, relu=relu))
        wanted = np.maximum(expected, 0) if relu else expected
        np.testing.assert_allclose(read(values[None])[0], wanted, atol=1e-4)


def test_a_kernel_of_even_width_covers_whole_strides():
    own = {"a.weight": np.ones((1, 1, 1, 4), np.float32), "a.bias": np.zeros(1, np.float32)}
    net = NetworkLayout(own, values=1)
    read = net.runner(net.conv("values", "a", stride=(1, 2)))
    values = 2.0 ** np.arange(8, dtype=np.float32)[None, None, None]
    np.testing.assert_array_equal(read(values)[0, 0, 0], [7, 30, 120, 224])


def test_layers_are_joined_added_halved_and_doubled():
    rng = np.random.default_rng(3)
    own = arrays(rng, c=(2, 24, 1))
    values, more = (rng.normal(size=(2, 3, 4, 6)).astype(np.float32) for _ in range(2))
    both = np.concatenate([values, more], axis=1)

    def read(layers):
        net = NetworkLayout(own, values=3, more=3)
        return net.runner(layers(net))(values, more)

    pooled = both.reshape(2, 6, 2, 2, 3, 2).max(axis=(3, 5))
    twice = read(lambda net: net.twice(net.half(net.join("values", "more"))))
    np.testing.assert_array_equal(twice, pooled.repeat(2, axis=2).repeat(2, axis=3))
    np.testing.assert_array_equal(read(lambda net: net.add("values", "more")), values + more)
    flat = read(lambda net: net.conv(net.flat(net.join("values", "more"), 24), "c", relu=False))
    wanted = np.einsum("oc,bcn->bon", own["c.weight"][:, :, 0], both.reshape(2, 24, 6))
    assert flat.shape == (2, 2, 1, 6)
    np.testing.assert_allclose(flat[:, :, 0], wanted + own["c.bias"][:, None], atol=1e-4)


def test_a_picture_is_read_alike_whatever_is_read_with_it():
    rng = np.random.default_rng(4)
    net = NetworkLayout(arrays(rng, a=(8, 3, 3, 3)), values=3)
    read = net.runner(net.conv("values", "a"))
    values = rng.normal(size=(4, 3, 31, 57)).astype(np.float32)
    together = read(values)
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            alone = np.concatenate([read(one[None]) for one in values])
            np.testing.assert_array_equal(alone, together)
    finally:
        cv2.setNumThreads(threads)


def test_threads_that_read_at_a_time_read_what_each_would_alone():
    rng = np.random.default_rng(5)
    net = NetworkLayout(arrays(rng, a=(8, 3, 3, 3), b=(8, 8, 3, 3)), values=3)
    read = net.runner(net.conv(net.conv("values", "a"), "b"))
    pictures = [rng.normal(size=(1, 3, 20 + k, 60 - k)).astype(np.float32) for k in range(16)]
    alone = [read(one) for one in pictures]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(read, pictures), strict=True):
            np.testing.assert_array_equal(one, other)


def test_pieces_make_the_whole():
    values = np.random.default_rng(2).normal(size=(1, 1, 1, 103)).astype(np.float32)
    own = {"a.weight": np.ones((1, 1, 5), np.float32), "a.bias": np.zeros(1, np.float32)}
    net = NetworkLayout(own, values=1)
    read = net.runner(net.conv("values", "a"))
    pieces = in_pieces(lambda part: read(values[..., part]), 103, 20, 2)
    np.testing.assert_allclose(pieces, read(values), atol=1e-6)


def test_weights_are_kept_as_half_floats(tmp_path):
    arrays = {"a.weight": np.array([1.0, 1e-3], np.float32), "temperature": np.float64(1.1)}
    write_weights(tmp_path / "net.npz", arrays)
    kept = read_weights(tmp_path / "net.npz")
    np.testing.assert_allclose(kept["a.weight"], arrays["a.weight"], rtol=1e-3)
    assert kept["a.weight"].dtype == np.float32
    assert kept["temperature"] == 1.1
