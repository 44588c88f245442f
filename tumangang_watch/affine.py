"""Affine maps of the site's metres about a common origin, as `NativeImage.registered` takes them."""

from __future__ import annotations

Affine6 = tuple[float, float, float, float, float, float]
IDENTITY: Affine6 = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def compose(outer: Affine6, inner: Affine6) -> Affine6:
    """Return the map ``p -> outer(inner(p))``; both are about the same origin.

    With ``outer`` = later scene seen from the earlier one's frame and ``inner`` = that frame seen
    from the site, the result is for ``later.registered``.
    """
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (a * g + b * j, a * h + b * k, a * i + b * m + c, d * g + e * j, d * h + e * k, d * i + e * m + f)


def about(affine: Affine6, origin: tuple[float, float], other: tuple[float, float]) -> Affine6:
    """Return the same map, which is about one origin (east, north), about another."""
    a, b, c, d, e, f = affine
    east, north = other[0] - origin[0], other[1] - origin[1]
    return (a, b, c + (a - 1) * east + b * north, d, e, f + d * east + (e - 1) * north)


def inverse(affine: Affine6) -> Affine6:
    """Return the map that undoes one."""
    a, b, c, d, e, f = affine
    size = a * e - b * d
    return e / size, -b / size, (b * f - c * e) / size, -d / size, a / size, (c * d - a * f) / size


def shift(east_m: float, north_m: float) -> Affine6:
    """Return the map of content that lies (east, north) metres off."""
    return (1.0, 0.0, float(east_m), 0.0, 1.0, float(north_m))
