"""One object on an apron: outline, area, height, colour, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, radians, sqrt, tan

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from tumangang_watch.detect.blobs import as_multi, colour_name, outline
from tumangang_watch.detect.cargo.deblend import deblend
from tumangang_watch.detect.cargo.loose import may_be_reported
from tumangang_watch.detect.cargo.texture import TexturedGround, Textures, p_value
from tumangang_watch.detect.cargo.view import ApronView, Place
from tumangang_watch.detect.shadows import Shadow, shadow_of
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import Interval, log_odds
from tumangang_watch.model.observation import Observation
from tumangang_watch.settings.cargo import CargoSettings


@dataclass(frozen=True, kw_only=True)
class ApronSearch:
    """All that is known while the objects of one place are measured."""

    view: ApronView
    place: Place
    observation: Observation
    labels: NDArray[np.int32]
    """Objects from 1, on the view's grid."""
    cuts: tuple[tuple[slice, slice], ...]
    """(rows, cols) of each label with a pixel of room around it; nothing where a label is not used."""
    textures: Textures
    edge: BaseGeometry
    """Ground along the edge of the place."""
    settings: CargoSettings

    @property
    def alone(self) -> bool:
        """Tell whether what is not reported changes nothing: no other date and no doubt what is shadow."""
        return not self.place.compared and self.observation.scene.sun_azimuth_deg is not None


def search(
    view: ApronView,
    place: Place,
    observation: Observation,
    settings: CargoSettings,
    ground: TexturedGround | None = None,
) -> ApronSearch:
    """Part the objects of a place; the texture of the ground between them is measured as they ask for it.

    ``ground`` is that of `ground_of`, where a view is searched several times.
    """
    labels = deblend(view, settings)
    taken = (labels > 0) | (view.shadow > 0.5)
    places = [cut or (slice(1, 0), slice(1, 0)) for cut in find_objects(labels)]
    cuts = ([slice(max(s.start - 1, 0), s.stop + 1) for s in place] for place in places)
    return ApronSearch(
        view=view,
        place=place,
        observation=observation,
        labels=labels,
        cuts=tuple((rows, cols) for rows, cols in cuts),
        textures=Textures(ground=ground or ground_of(view), taken=taken),
        edge=place.polygon.boundary.buffer(settings.edge_within_m),
        settings=settings,
    )


def ground_of(view: ApronView) -> TexturedGround:
    """Return the ground of a view, whose texture can be asked for."""
    log_values = np.stack([np.log(np.maximum(v, 1e-4)) for v in view.values.values()])
    return TexturedGround(log_values=log_values, usable=view.usable, pixel_m=view.grid.pixel_m)


def measure(work: ApronSearch, number: int) -> Detection | None:
    """Measure the object of a label; None where it is too small or too doubtful to be reported."""
    view, settings, cut = work.view, work.settings, work.cuts[number - 1]
    own, body = work.labels[cut] == number, view.body[cut]
    if not own.any():
        return None
    sure = float(np.quantile(body[own], settings.peak_quantile))
    if sure < settings.confidence_min:
        return None
    membership = np.where(own, np.clip(body / max(sure, 0.5), 0, 1), 0)
    inner = own & (membership > 0.5)
    if not inner.any():
        return None
    shadow = _shadow(inner, cut, work)
    planes = view.item.planes[(slice(0, 3), *cut)]
    cues = {
        "network": sure,
        "shadow": float(shadow is not None),
        # The log of its brightness over the pavement's, mean of the visible bands.
        "tone": float(np.median(planes[:, inner], axis=1).mean()),
    }
    hopeful = may_be_reported(cues, work.place, settings)
    if not hopeful and work.alone:
        return None
    turned = outline(membership, view.grid, cut[0].start, cut[1].start)
    bias_m = settings.outline_bias_m + settings.outline_bias_unsure * (1 - sure)
    shape = as_multi(view.turn.back(turned).buffer(bias_m, join_style="mitre"))
    if shape.is_empty or shape.area < settings.dropped_below_m2:
        return None
    cues["box_fill"] = _box_fill(shape)
    cues["vehicle"] = float(view.vehicle[cut][inner].mean()) / max(float(body[inner].mean()), 1e-6)
    # The part of its outline that the edge of the searched place cuts off.
    cues["edge"] = float(shape.boundary.intersection(work.edge).length / max(shape.length, 1e-6))
    # The texture of a place takes long to measure: it is asked for by what can come to anything.
    p = p_value(inner, work.textures, cut) if hopeful else None
    if p is not None:
        cues["texture_p"] = p
    terms = np.array([1.0, log_odds(sure), cues["shadow"]])
    score = float(terms @ np.array(settings.confidence_terms))
    confidence = float(1 / (1 + np.exp(-score)))
    if confidence < settings.confidence_min:
        return None
    return replace(_detection(shape, shadow, confidence, cues, work), colour=_colour(inner, cut, work))


def _box_fill(shape: BaseGeometry) -> float:
    """Return the part of its smallest rectangle that an outline fills."""
    return float(shape.area / max(shape.minimum_rotated_rectangle.area, 1e-6))


def without_shadows(cargo: list[Detection], settings: CargoSettings) -> list[Detection]:
    """Leave out, of a scene whose sun is not known, what may be the shadow of what it touches.

    Where the sun is known the network tells them apart by the direction in which shadows fall.
    """

    def shadows(item: Detection) -> bool:
        brightness = dict(item.evidence)["tone"]
        if brightness > settings.shadow_log_brightness_max:
            return False
        near = (d for d in cargo if d is not item and d.geometry.distance(item.geometry) < settings.touch_m)
        return any(dict(d.evidence)["tone"] > brightness for d in near)

    return [item for item in cargo if not shadows(item)]


def _colour(inner: NDArray[np.bool_], cut: tuple[slice, slice], work: ApronSearch) -> str:
    """Name the colour of an object's inner part, away from its edges and its shadow."""
    core = work.view.core[cut]
    middle = inner & (core >= np.quantile(core[inner], 0.5))
    values = np.array([np.median(v[cut][middle]) for v in work.view.values.values()])
    return colour_name(values, tuple(work.view.values), work.place.white)


def _shadow(inner: NDArray[np.bool_], cut: tuple[slice, slice], work: ApronSearch) -> Shadow | None:
    """Return the shadow an object throws, None where none is seen or the sun is not known."""
    view, settings = work.view, work.settings
    if work.observation.scene.sun_azimuth_deg is None:
        return None
    rows = np.flatnonzero(inner.any(axis=1))
    room = int(settings.shadow_length_m[1] / view.grid.pixel_m) + 2
    r0 = max(cut[0].start + int(rows.min()) - 4, 0)
    wide = (slice(r0, min(cut[0].start + int(rows.max()) + room, view.grid.rows)), cut[1])
    canvas = np.zeros((wide[0].stop - wide[0].start, inner.shape[1]), bool)
    shift = cut[0].start - r0
    low = max(0, -shift)
    canvas[low + shift : shift + inner.shape[0]] = inner[low:][: canvas.shape[0] - shift - low]
    found = shadow_of(canvas, view.shadow[wide], view.grid.pixel_m, settings)
    return found if found is not None and found.share >= settings.shadow_share else None


def _detection(
    shape: MultiPolygon, shadow: Shadow | None, confidence: float, cues: dict[str, float], work: ApronSearch
) -> Detection:
    settings, scene = work.settings, work.observation.scene
    label, caveats, sure = _named(shape, shadow, cues, settings)
    height = None
    if shadow is not None and scene.sun_elevation_deg is not None:
        height = height_of(shadow, shape, scene.sun_elevation_deg, settings)
    min_m2 = max(settings.min_area_m2, settings.pixels_min * scene.gsd_m**2)
    sure &= confidence >= settings.detected_confidence and shape.area >= min_m2
    distances = [line.distance(shape) for line in work.place.tracks]
    # Where its outline lies.
    registration_m = work.observation.site_fit.residual_median_m or settings.registration_m
    edge_m = sqrt((0.3 * scene.gsd_m) ** 2 + (0.3 * registration_m) ** 2 + settings.outline_spread_m**2)
    return Detection(
        id="",
        date=work.observation.date,
        kind="cargo",
        area=work.place.area,
        geometry=shape.simplify(0.15),
        confidence=round(confidence, 3),
        grade="detected" if sure else "possible",
        observed_fraction=work.place.observed_fraction,
        area_m2=Interval.around(shape.area, float(settings.edge_factor * shape.length * edge_m)),
        height_m=height,
        label=label,
        track_distance_m=round(min(distances), 2) if distances else None,
        evidence=tuple(sorted((k, round(v, 3)) for k, v in cues.items())),
        caveats=tuple(caveats),
    )


def _named(
    shape: MultiPolygon, shadow: Shadow | None, cues: dict[str, float], settings: CargoSettings
) -> tuple[str, list[str], bool]:
    """Return what an object is called, what limits that, and whether it may be `detected`."""
    caveats, sure = [], True
    if shadow is None:
        caveats.append("no shadow was seen: may be flat (a patch, a stain) rather than goods")
        if cues.get("texture_p", 0.0) > settings.texture_p_max:
            caveats.append("the ground around is as uneven: may be part of it")
            sure = False
    if cues["edge"] > settings.edge_share_max:
        caveats.append("cut by the edge of its apron: may stand beside it, or be a part of what does")
        sure = False
    if cues["vehicle"] > settings.vehicle_share and is_vehicle_sized(shape):
        return "truck or car", [*caveats, "looks like a parked truck or car"], False
    if cues["vehicle"] > settings.vehicle_doubt:
        caveats.append("may be a truck or a car")
    elif is_vehicle_sized(shape) and cues["box_fill"] > settings.vehicle_fill:
        caveats.append("has the size of a road vehicle: possibly a truck or a car")
    return "surface change" if shadow is None else "pile or stacked goods", caveats, sure


def height_of(shadow: Shadow, shape: BaseGeometry, elevation_deg: float, settings: CargoSettings) -> Interval:
    """Return the height from the shadow's length on level ground.

    A box throws its shadow from its edge, a heap from its middle; which it is the outline tells in part,
    and what it does not tell stays in the interval.
    """
    slope = tan(radians(elevation_deg))
    from_edge = shadow.length_m * slope
    # A parabolic heap of half width R throws its tip s beyond the edge when its height over the
    # slope is H = ((s + R) + sqrt((s + R)^2 - R^2)) / 2 (tangent ray to the parabola).
    reach = shadow.length_m + shadow.reach_m
    from_middle = 0.5 * (reach + sqrt(max(reach**2 - shadow.reach_m**2, 0.0))) * slope
    heap = 1 / (1 + exp((_box_fill(shape) - settings.heap_fill) / settings.heap_fill_spread))
    estimate = from_edge + heap * (from_middle - from_edge)
    error = slope * sqrt(settings.height_error_m**2 + shadow.spread_m**2)
    return Interval(
        estimate,
        max(from_edge - error, min(0.1, estimate)),
        max(estimate + heap * (from_middle - estimate) + error, estimate),
    )


def is_vehicle_sized(shape: BaseGeometry) -> bool:
    """Tell whether an outline has the size and form of a car or lorry."""
    corners = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)
    sides = sorted(np.linalg.norm(np.diff(corners, axis=0), axis=1)[:2])
    return bool(1.3 <= sides[0] <= 3.2 and 3.4 <= sides[1] <= 18.0 and sides[1] / sides[0] > 1.6)
