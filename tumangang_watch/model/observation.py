"""One date, in the site's frame, ready to measure and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from shapely import box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tumangang_watch.affine import IDENTITY, Affine6
from tumangang_watch.grid import Cut
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.words import SNOWY, DateLabel, RegistrationStatus, SnowState


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What of the ground can be seen, as masks on the observation's grid.

    Every mask is (rows, cols). ``clear`` is True = valid (the rule for masks); the others name
    a condition and are True where it holds.
    """

    clear: NDArray[np.bool_]
    """True where the ground is visible: imaged, no cloud. Object shadow, haze and snow stay clear."""
    cloud: NDArray[np.bool_]
    cloud_shadow: NDArray[np.bool_]
    object_shadow: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    snow: NDArray[np.bool_]
    snow_state: SnowState
    haze: float
    """Path brightness above the darkest ground, as a fraction of the scene's median; 0 = clear."""
    notes: tuple[str, ...] = ()
    """What limits this scene, in words."""

    @classmethod
    def all_clear(cls, clear: NDArray[np.bool_], snow_state: SnowState = "none") -> Self:
        """Return the quality of a date on which nothing lies over the ground that is imaged."""
        no = np.zeros_like(clear)
        return cls(
            clear=clear,
            cloud=no,
            cloud_shadow=no,
            object_shadow=no,
            saturated=no,
            snow=no,
            snow_state=snow_state,
            haze=0.0,
        )

    @property
    def snowy(self) -> bool:
        """True where snow lies on the ground, all of it or in part."""
        return self.snow_state in SNOWY

    def part(self, cut: Cut) -> Quality:
        """Return some rows and columns of it."""
        return replace(
            self,
            clear=self.clear[cut],
            cloud=self.cloud[cut],
            cloud_shadow=self.cloud_shadow[cut],
            object_shadow=self.object_shadow[cut],
            saturated=self.saturated[cut],
            snow=self.snow[cut],
        )


@dataclass(frozen=True, kw_only=True)
class Registration:
    """How a scene's pixels were brought into a frame, and how well that is known.

    ``shift_m`` is the displacement (east, north) in metres that has to be applied to the moving
    scene's content to bring it onto the reference: the negative of the scene's geolocation error
    relative to the reference (the sign convention of scikit-image's phase_cross_correlation).
    """

    status: RegistrationStatus
    shift_m: tuple[float, float] = (0.0, 0.0)
    affine: Affine6 = IDENTITY
    """For `NativeImage.registered` of the moving image (site point -> where the scene shows it)."""
    residual_median_m: float | None = None
    """Median residual on tie points that were not used in the fit; None when nothing was held out."""
    residual_p90_m: float | None = None
    tie_points: int = 0
    held_out: int = 0
    rivals_m: tuple[tuple[float, float], ...] = ()
    """Of a fit to the site: where else its content may lie, (east, north) metres from here."""
    rails_odds: float | None = None
    """Of a fit to the site: mean log-odds of a piece of track that its rails are seen; else None."""
    unseen_tracks: tuple[str, ...] = ()
    """Of a fit to the site: ids of a model's tracks whose rails are seen neither where it has them nor
    elsewhere; that nothing is found there says nothing."""
    reference: str | None = None
    """Of a fit to the site: name of the site's reference scene it was registered to; None by its geometry."""
    by_itself: bool = False
    """Of a pair: each date was laid on the site without the other."""
    reason: str = ""
    """Why it is degraded or failed, in words a user can act on."""

    @classmethod
    def failed(cls, reason: str) -> Self:
        """Return one that brings nothing anywhere, for a reason."""
        return cls(status="failed", reason=reason)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One date in the site's frame."""

    date: DateLabel
    scene: Scene
    image: NativeImage
    """Native pixels, registered to the site's frame. Strips are sampled from these, once."""
    raster: Raster
    """The same pixels on the site's grid, resampled once."""
    quality: Quality
    """Masks on ``raster.grid``."""
    site_fit: Registration
    """How this scene was fitted to the site."""
    shown_sun_azimuth_deg: float | None = None
    """Of a scene that states no sun: where it stood by its trains' shadows, square to the tracks."""
    caveats: tuple[str, ...] = ()

    @property
    def sunlit_scene(self) -> Scene:
        """The scene's facts, with the sun that its trains' shadows show where it states none."""
        if self.shown_sun_azimuth_deg is None or self.scene.sun_azimuth_deg is not None:
            return self.scene
        return replace(self.scene, sun_azimuth_deg=self.shown_sun_azimuth_deg)

    def about(self, places: Sequence[BaseGeometry]) -> Observation:
        """Return the date on the least part of its grid whose windows hold places (site metres)."""
        grid, ground = self.raster.grid, unary_union(places)
        held = [cut for cut, part in grid.pieces if box(*part.bounds).intersects(ground)]
        if not grid.looked_at or not held:
            return self
        rows, cols = (
            slice(min(cut[k].start for cut in held), max(cut[k].stop for cut in held)) for k in (0, 1)
        )
        part = self.raster.part((rows, cols))
        return replace(self, raster=part, quality=self.quality.part((rows, cols)))

    def observed_fraction(self, place: BaseGeometry) -> float:
        """Return the share of a place (site metres) whose ground is clear on this date, 0 to 1.

        Ground outside the observation's grid counts as not seen; so does a place too small to
        hold a pixel centre on either side of which nothing was seen.
        """
        window = self.raster.grid.window(place) if place.area > 0 else None
        if window is None:
            return 0.0
        cut, part = window
        clear = self.quality.clear[cut]
        if clear.all() and box(*self.raster.grid.bounds).contains(place):
            return 1.0
        inside = part.mask([place], all_touched=True)
        whole_px = max(place.area / part.pixel_m**2, float(inside.sum()), 1.0)
        return float(min((inside & clear).sum() / whole_px, 1.0))


@dataclass(frozen=True)
class DatePair:
    """Two dates in one frame."""

    earlier: Observation
    later: Observation
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of the site's areas and tracks by id, for sentences; an id stands where there is none."""

    def place(self, id_: str | None) -> str:
        """Return ``the unloading platform`` for an area's id; proper names stand without an article."""
        name = self.names.get(id_ or "", "")
        return f"the {name}" if name[:1].islower() else name or id_ or "the ground"

    def track(self, id_: str | None) -> str:
        """Return ``yard track 3`` for a track's id, or ``track T1`` where its name says less."""
        name = self.names.get(id_ or "", id_ or "")
        return name if "track" in name.lower() else f"track {name}"

    def other(self, date: str) -> Observation:
        """Return the observation of the other date."""
        return self.later if date == "earlier" else self.earlier
