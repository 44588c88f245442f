"""Centre a bundle of tracks on its ballast: where does the bed end on either side?

Between two tracks one gap looks like the next, but the outer edges of the ballast do not repeat.
Half the difference of the two shoulders is the lateral error of a fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.preprocess.template import frame_along

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import LineString

    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.model.site import Site
    from tumangang_watch.settings.registration import RegistrationSettings

PIECE_M = 12.0
"""Length of track whose cross-section is averaged."""
OUTWARD_M = (-1.75, 7.5)
"""Cross-section looked at, from the outermost centreline outward."""
STEP_M = 0.25
REACH_M = 1.8
"""Farthest a fit is moved: less than half a gap."""
SPACING_MAX_M = 7.0
"""Neighbouring tracks are nearer than this."""


def lateral_error(
    images: tuple[NativeImage, ...], site: Site, shift_m: tuple[float, float], settings: RegistrationSettings
) -> tuple[float, float, float] | None:
    """Return the correction (east, north) that centres the tracks on their ballast and its support.

    Parameters
    ----------
    images : tuple of NativeImage
        In one frame.
    shift_m : tuple
        (east, north) at which the content is believed to lie off the site.

    Returns
    -------
    tuple or None
        East and north to be added to ``shift_m``, and the number of pieces that show an edge on the
        poorer side, less where they scatter; None where they are fewer than `bundle_pieces_min` or
        disagree.
    """
    lines = [t.line for t in site.tracks]
    sides: dict[int, list[float]] = {1: [], -1: []}
    normals: list[NDArray[np.float64]] = []
    for line in lines:
        for side in (1, -1):
            for points, normal in _open_pieces(line, lines, side):
                normals.append(normal.mean(axis=0) * side)
                reference = normals[0]
                sign = 1 if normals[-1] @ reference > 0 else -1
                for image in images:
                    edge = _edge_m(image, points, normal * side, shift_m, settings.bundle_edge_eta2)
                    if edge is not None:
                        sides[sign].append(edge)
    if any(len(v) < settings.bundle_pieces_min for v in sides.values()):
        return None
    spread = [float(np.subtract(*np.quantile(v, (0.75, 0.25)))) for v in sides.values()]
    if max(spread) > settings.bundle_spread_m:
        return None
    move = 0.5 * (float(np.median(sides[1])) - float(np.median(sides[-1])))
    direction = np.mean([n if n @ normals[0] > 0 else -n for n in normals], axis=0)
    direction /= np.linalg.norm(direction)
    support = min(len(v) for v in sides.values()) / (0.5 + max(spread))
    return float(move * direction[0]), float(move * direction[1]), support


def centred(
    images: tuple[NativeImage, ...],
    site: Site,
    shift_m: tuple[float, float],
    across: NDArray[np.float64],
    settings: RegistrationSettings,
) -> tuple[float, float] | None:
    """Return the shift, moved across the tracks to where the bundle sits on its ballast, or None.

    Started from a few places within a bed's width; the place that most edges support is taken.
    """
    best: tuple[float, tuple[float, float]] | None = None
    for start_m in (-0.7, 0.0, 0.7):
        here = (shift_m[0] + start_m * across[0], shift_m[1] + start_m * across[1])
        for _ in range(4):
            move = lateral_error(images, site, here, settings)
            if move is None:
                break
            here = (here[0] + move[0], here[1] + move[1])
            if np.hypot(move[0], move[1]) < STEP_M / 2:
                break
        moved_m = np.hypot(here[0] - shift_m[0], here[1] - shift_m[1])
        if move is not None and moved_m < REACH_M and (best is None or move[2] > best[0]):
            best = move[2], here
    return None if best is None else best[1]


def _open_pieces(
    line: LineString, lines: list[LineString], side: int
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return (points, left normals) of a track's pieces that have no other track on this side."""
    import shapely

    points, normals = frame_along(line, 1.0)
    others = [other for other in lines if other is not line]
    per = round(PIECE_M)
    out = []
    for start in range(0, len(points) - per + 1, per):
        part = slice(start, start + per)
        probes = (
            points[part][::3, None] + side * normals[part][::3, None] * np.array([3.0, 5.0, 7.0])[:, None]
        )
        flat = shapely.points(probes.reshape(-1, 2))
        near = [float(shapely.distance(flat, other).min()) for other in others]
        if not near or min(near) > 0.5 * SPACING_MAX_M - 1.0:
            out.append((points[part], normals[part]))
    return out


def _edge_m(
    image: NativeImage,
    points: NDArray[np.float64],
    outward: NDArray[np.float64],
    shift_m: tuple[float, float],
    eta2_min: float,
) -> float | None:
    """Return how far outward the bed ends, by the best two-level step of the mean cross-section."""
    offsets = np.arange(OUTWARD_M[0], OUTWARD_M[1] + STEP_M / 2, STEP_M)
    x = points[:, 0, None] + outward[:, 0, None] * offsets + shift_m[0]
    y = points[:, 1, None] + outward[:, 1, None] * offsets + shift_m[1]
    values, valid = image.sample(x, y)
    if valid.mean() < 0.95:
        return None
    profile = np.log(np.maximum(values, 1e-3)).mean(axis=1)
    profile = profile - profile.mean(axis=1, keepdims=True)
    total = float((profile**2).sum())
    if total <= 0:
        return None
    n = profile.shape[1]
    k = np.arange(6, n - 5)
    left = np.cumsum(profile, axis=1)[:, k - 1]
    between = (left**2 * (1 / k + 1 / (n - k))).sum(axis=0)
    best = int(between.argmax())
    if between[best] / total < eta2_min or best in (0, len(k) - 1):
        return None
    return float(offsets[k[best]] - STEP_M / 2)
