"""Affine maps about a common origin, as `NativeImage.registered` takes them."""

from __future__ import annotations

from tumangang_watch.model.image import Affine6


def compose(outer: Affine6, inner: Affine6) -> Affine6:
    """Return the map ``p -> outer(inner(p))``; both are about the same origin.

    With ``outer`` = later scene seen from the earlier one's frame and ``inner`` = that frame seen
    from the site, the result is for ``later.registered``.
    """
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (a * g + b * j, a * h + b * k, a * i + b * m + c, d * g + e * j, d * h + e * k, d * i + e * m + f)


def shift(east_m: float, north_m: float) -> Affine6:
    """Return the map of content that lies (east, north) metres off."""
    return (1.0, 0.0, float(east_m), 0.0, 1.0, float(north_m))
