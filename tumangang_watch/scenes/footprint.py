"""Where a scene lies, in a site's metres, without reading a pixel."""

from __future__ import annotations

import numpy as np
from pyproj import Transformer
from shapely import Polygon

from tumangang_watch.errors import NotComparable
from tumangang_watch.model.scene import Scene


def footprint(scene: Scene, site_crs: str) -> Polygon:
    """Return the outline of a scene's raster (nodata included) in the site's reference system.

    Each edge carries nine points, so that a lon/lat or far-zone scene keeps its curved outline.

    Raises
    ------
    NotComparable
        The scene lies where the site's reference system does not reach.
    """
    a, b, c, d, e, f = scene.affine
    step = np.linspace(0.0, 1.0, 9)[:-1]
    col = scene.width * np.concatenate([step, np.ones(8), 1 - step, np.zeros(8)])
    row = scene.height * np.concatenate([np.zeros(8), step, np.ones(8), 1 - step])
    x, y = a * col + b * row + c, d * col + e * row + f
    if scene.crs != site_crs:
        try:
            x, y = Transformer.from_crs(scene.crs, site_crs, always_xy=True).transform(x, y)
        except Exception as error:
            raise out_of_reach(scene) from error
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise out_of_reach(scene)
    return Polygon(zip(x, y, strict=True))


def out_of_reach(scene: Scene) -> NotComparable:
    """Return the error for a scene that cannot be put into the site's reference system at all."""
    return NotComparable(
        "outside the site",
        scene.image.name,
        "its reference system does not reach the site",
        "Give a scene of this site, or another site with --site",
    )
