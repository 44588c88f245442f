"""One object on an apron: outline, area, height, colour, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, radians, sin, sqrt, tan
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.detect.blobs import disk, outline
from tumangang_watch.detect.shadows import Shadow, shadow_of
from tumangang_watch.detect.tone import colour_name
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import LineString, MultiPolygon
    from shapely.geometry.base import BaseGeometry

    from tumangang_watch.detect.pavement import Pavement
    from tumangang_watch.grid import Grid
    from tumangang_watch.model.detection import Grade
    from tumangang_watch.model.observation import Observation
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.settings.cargo import CargoSettings

PILE = "pile or stacked goods"
CHANGE = "surface change"
BOX_FILL = 0.82
"""Share of its smallest rectangle that a box's outline fills at least; an ellipse fills 0.785."""


@dataclass(frozen=True)
class Apron:
    """What is known of the ground an object stands on; arrays share one window."""

    id: str
    firm: bool
    """A mapped apron, not merely ground beside tracks."""
    grid: Grid
    values: NDArray[np.float32]
    usable: NDArray[np.bool_]
    ground: Pavement
    darkness: NDArray[np.float32]
    bodies: NDArray[np.bool_]
    """All raised things of the apron."""
    changed: NDArray[np.float32] | None
    """Relative difference to the other date; NaN where unknown."""
    white: float
    tracks: tuple[LineString, ...]
    observed_fraction: float


def measure(
    body: NDArray[np.bool_], apron: Apron, observation: Observation, settings: CargoSettings
) -> Detection | None:
    """Measure one object; None where it is too small, too thin or too doubtful to be told.

    Parameters
    ----------
    body : (rows, cols) bool
        Its pixels in the apron's window.
    """
    pixel_m = apron.grid.pixel_m
    rows, cols = np.nonzero(body)
    room = int(np.ceil(settings.shadow_length_m[1] / pixel_m)) + 4
    r0, c0 = max(rows.min() - room, 0), max(cols.min() - room, 0)
    cut = (slice(r0, rows.max() + room + 1), slice(c0, cols.max() + room + 1))
    membership, contrast = _membership(body[cut], apron, cut)
    shape = outline(membership, apron.grid, int(r0), int(c0))
    least_m2 = max(settings.min_area_m2, settings.min_pixels * pixel_m**2 * 0.6)
    if shape.is_empty or shape.area < least_m2:
        return None
    shadow = None
    scene = observation.scene
    if scene.sun_azimuth_deg is not None:
        shadow = shadow_of(membership > 0.5, apron.darkness[cut], scene.sun_azimuth_deg, pixel_m, settings)
    raised = shadow is not None and _is_cast(shadow, settings)
    changed = _changed_share(membership > 0.5, apron, cut, settings)
    confidence, cues = _confidence(shape, contrast, raised, changed, apron, settings)
    if scene.sun_azimuth_deg is None:
        cues["sun_unknown"] = 1.0
    if confidence < settings.least_confidence:
        return None
    return _detection(
        shape, body, apron, observation, settings, (shadow if raised else None, confidence, cues)
    )


def _membership(
    body: NDArray[np.bool_], apron: Apron, cut: tuple[slice, slice]
) -> tuple[NDArray[np.float32], float]:
    """Return how far each pixel is the object's and not the pavement's (0 to 1), and the contrast.

    The half level of this mixture is the object's edge whatever the blur.
    """
    from scipy.ndimage import binary_dilation, binary_erosion

    difference = apron.ground.sharp[(slice(None), *cut)]
    core = np.asarray(binary_erosion(body, disk(1.0)))
    if core.sum() < 4:
        core = body
    sigma = apron.ground.sigma[:, None]
    typical = np.median(difference[:, core], axis=1)[:, None] / sigma
    strength = float((typical**2).sum())
    mixture = np.tensordot((typical / sigma)[:, 0], difference, axes=1) / max(strength, 1e-9)
    near = np.asarray(binary_dilation(body, disk(1.0))) & apron.usable[cut]
    near &= ~(apron.bodies[cut] & ~body)
    mixture = np.clip(mixture, 0, 1)
    shade = (apron.darkness[cut] > 0.5) & ~np.asarray(binary_dilation(body, disk(1.5)))
    if shade.sum() >= 4:
        # A dark object is as unlike the pavement as its shadow: there the edge lies half-way
        # between the object's tone and the shadow's.
        dark = np.median(difference[:, shade], axis=1)[:, None] / sigma
        axis = typical - dark
        from_dark = np.tensordot((axis / sigma)[:, 0], difference, axes=1) - float((axis * dark).sum())
        mixture = np.minimum(mixture, np.clip(from_dark / max(float((axis**2).sum()), 1e-9), 0, 1))
    core = np.asarray(binary_erosion(body, disk(1.0)))
    membership = np.where(near, mixture, 0)
    return np.where(core, 1, membership).astype(np.float32), sqrt(strength / len(sigma))


def _is_cast(shadow: Shadow, settings: CargoSettings) -> bool:
    """Tell a cast shadow from dark surroundings: it lies on the far side only."""
    return shadow.share >= settings.shadow_share and shadow.share - shadow.opposite_share >= 0.3


def _changed_share(
    body: NDArray[np.bool_], apron: Apron, cut: tuple[slice, slice], settings: CargoSettings
) -> float | None:
    """Return the part of the object that differs from the other date, or None if that is unknown."""
    if apron.changed is None:
        return None
    there = apron.changed[cut][body]
    known = np.isfinite(there)
    if known.mean() < 0.5:
        return None
    return float((there[known] > settings.changed_relative).mean())


def _confidence(
    shape: MultiPolygon,
    contrast: float,
    raised: bool,
    changed: float | None,
    apron: Apron,
    settings: CargoSettings,
) -> tuple[float, dict[str, float]]:
    """Return the probability that goods stand here, and the cues it rests on."""
    box = shape.minimum_rotated_rectangle
    filled = shape.area / max(box.area, 1e-6)
    score = -1.2 + 0.12 * min(contrast - settings.strong_contrast, 12.0)
    score += 2.4 if raised else -0.8
    score += 1.0 if filled > 0.7 else -0.6 if filled < 0.5 else 0.3
    if changed is not None:
        # Goods may well stand on both dates, but stains and patches always do.
        score += 1.6 * changed - 0.6 * (1 - changed)
    if shape.area < settings.full_grade_area_m2:
        score -= 0.8
    if not apron.firm:
        score -= 1.5
    cues = {"contrast": contrast, "shadow": float(raised), "box_fill": filled}
    if changed is not None:
        cues["changed"] = changed
    return 1 / (1 + exp(-score)), cues


def _detection(
    shape: MultiPolygon,
    body: NDArray[np.bool_],
    apron: Apron,
    observation: Observation,
    settings: CargoSettings,
    judged: tuple[Shadow | None, float, dict[str, float]],
) -> Detection:
    shadow, confidence, cues = judged
    pixel_m = apron.grid.pixel_m
    caveats = []
    if shadow is None:
        caveats.append("no shadow was seen: may be flat (a patch, a stain) rather than goods")
    if _vehicle_like(shape):
        caveats.append("has the size of a road vehicle: may be a truck")
    height = None
    if shadow is not None and observation.scene.sun_elevation_deg is not None:
        height = _height(shadow, shape, observation.scene.sun_elevation_deg, pixel_m)
    colour = colour_name(np.median(apron.values[:, body], axis=1), observation.raster.bands, apron.white)
    grade: Grade = "detected" if confidence >= settings.detected_confidence else "possible"
    if shape.area < settings.min_area_m2:
        grade = "possible"
    registration_m = observation.site_fit.residual_median_m or settings.registration_m
    edge_m = sqrt((0.5 * pixel_m) ** 2 + registration_m**2)
    shape, lean_m = _upright(shape, height, observation.scene)
    half = sqrt((settings.edge_factor * shape.length * edge_m) ** 2 + (0.25 * shape.length * lean_m) ** 2)
    distances = [line.distance(shape) for line in apron.tracks]
    return Detection(
        id="",
        date=observation.date,
        kind="cargo",
        area=apron.id,
        geometry=shape.simplify(0.4 * pixel_m),
        confidence=round(confidence, 3),
        grade=grade,
        observed_fraction=apron.observed_fraction,
        area_m2=Interval.around(shape.area, half),
        height_m=height,
        colour=colour,
        label=PILE if shadow is not None else CHANGE,
        track_distance_m=round(min(distances), 2) if distances else None,
        evidence=tuple(sorted((k, round(v, 3)) for k, v in cues.items())),
        caveats=tuple(caveats),
    )


def _height(shadow: Shadow, shape: BaseGeometry, elevation_deg: float, pixel_m: float) -> Interval:
    """Return the height from the shadow's length on level ground.

    A box throws its shadow from its edge, a heap from its middle; what the outline does not
    decide stays in the interval.
    """
    slope = tan(radians(elevation_deg))
    filled = shape.area / max(shape.minimum_rotated_rectangle.area, 1e-6)
    from_edge = shadow.length_m * slope
    # A parabolic heap of half width R throws its tip s beyond the edge when its height over the
    # slope is H = ((s + R) + sqrt((s + R)^2 - R^2)) / 2 (tangent ray to the parabola).
    reach = shadow.length_m + shadow.reach_m
    from_middle = 0.5 * (reach + sqrt(max(reach**2 - shadow.reach_m**2, 0.0))) * slope
    boxy = filled > BOX_FILL
    estimate = from_edge if boxy else from_middle
    error = slope * sqrt(pixel_m**2 + shadow.spread_m**2)
    unsure = abs(filled - BOX_FILL) < 0.5 * (1 - BOX_FILL)
    low = min(from_edge, estimate) if unsure or not boxy else estimate
    high = max(from_middle, estimate) if unsure else estimate
    return Interval(estimate, max(low - error, min(0.1, estimate)), high + error)


def _upright(shape: MultiPolygon, height: Interval | None, scene: Scene) -> tuple[BaseGeometry, float]:
    """Return where an object stands, from its leaning image, and how far its top leans (metres).

    The top is shown ``height * tan(off nadir)`` away from the satellite. Where the sun shines on
    the wall that faces the satellite the outline holds wall and top, and the ground it stands on
    is what the outline and its image moved back share; else the outline is the top alone.
    """
    from shapely.affinity import translate

    if height is None or scene.off_nadir_deg is None or scene.view_azimuth_deg is None:
        return shape, 0.0
    lean_m = height.estimate * tan(radians(scene.off_nadir_deg))
    azimuth = radians(scene.view_azimuth_deg)
    back = translate(shape, lean_m * sin(azimuth), lean_m * cos(azimuth))
    lit = scene.sun_azimuth_deg is not None and cos(azimuth - radians(scene.sun_azimuth_deg)) > 0
    stands = shape.intersection(back) if lit else back
    return (stands if stands.area > 0.5 * shape.area else shape), lean_m


def _vehicle_like(shape: BaseGeometry) -> bool:
    """Tell whether an outline has the size and form of a car or lorry."""
    corners = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)
    sides = sorted(np.linalg.norm(np.diff(corners, axis=0), axis=1)[:2])
    filled = shape.area / max(shape.minimum_rotated_rectangle.area, 1e-6)
    return bool(
        1.5 <= sides[0] <= 3.3 and 3.8 <= sides[1] <= 18.0 and sides[1] / sides[0] > 1.6 and filled > 0.75
    )
