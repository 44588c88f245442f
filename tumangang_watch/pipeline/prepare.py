"""From scene files to observations in the site's frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shapely import box

from tumangang_watch.detectability.limits import abilities, of_observation
from tumangang_watch.errors import NotComparable, UsageError
from tumangang_watch.grid import Grid, grid_about, pixel_size_for
from tumangang_watch.model.finding import AreaStatus
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Observation, Quality, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import REPORTED_ROLES
from tumangang_watch.model.words import DateLabel
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.areas import area_statuses, hide_roofed
from tumangang_watch.preprocess.normalise import Normalisation, apply, normalise_pair
from tumangang_watch.preprocess.quality import assess_quality
from tumangang_watch.scenes import SceneOptions, footprint, open_scene, read_native
from tumangang_watch.settings import Settings
from tumangang_watch.text import utc_text


def open_pair(
    paths: tuple[Path, Path], options: tuple[SceneOptions, SceneOptions], settings: Settings
) -> tuple[Scene, Scene]:
    """Open two scenes that are two dates in the right order; see `check_pair`."""
    earlier, later = (open_scene(p, o, settings.read) for p, o in zip(paths, options, strict=True))
    check_pair(earlier, later)
    return earlier, later


def check_pair(earlier: Scene, later: Scene) -> None:
    """Refuse two scenes that are not two dates in the right order.

    Raises
    ------
    UsageError
        The later scene was acquired before the earlier one.
    NotComparable
        Both are the same image or were acquired at the same time.
    """
    if earlier.sha256 == later.sha256:
        raise NotComparable(
            "cannot compare", later.image.name, "both scenes are the same image", "Give two dates"
        )
    if earlier.acquired == later.acquired:
        raise NotComparable(
            "cannot compare",
            later.image.name,
            f"both scenes were acquired at {utc_text(later.acquired, fractions=False)}",
            "Give two dates, or correct one with --acquired",
        )
    if earlier.acquired > later.acquired:
        raise UsageError(
            "dates are reversed",
            later.image.name,
            f"it was acquired at {utc_text(later.acquired, fractions=False)}, "
            f"before {earlier.image.name} at {utc_text(earlier.acquired, fractions=False)}",
            "Swap the two scenes",
        )


def working_grid(scenes: tuple[Scene, ...], run: RunContext) -> Grid:
    """Return the site grid over the areas that every scene's footprint touches, plus a margin.

    Where they lie so far apart that a box about all of them is mostly other ground, only that about each is
    looked at.

    The pixel size is that of the coarsest scene: nothing is compared at a resolution that one of
    the dates does not have.
    """
    common = footprint(scenes[0], run.site.crs)
    for scene in scenes[1:]:
        common = common.intersection(footprint(scene, run.site.crs))
    places = [area.polygon for area in run.site.having(*REPORTED_ROLES)]
    places += [track.line for track in run.site.tracks]
    touched = [p for p in places if not common.is_empty and p.intersects(common)]
    if not touched:
        distance_m = min((p.distance(footprint(scenes[-1], run.site.crs)) for p in places), default=0.0)
        raise NotComparable(
            "outside the site",
            scenes[-1].image.name,
            f"no area of site {run.site.id} lies in "
            + ("the ground both scenes show" if len(scenes) > 1 else "the scene")
            + f" (nearest {distance_m / 1000:.1f} km away)",
            "Give scenes of this site, or another site with --site",
        )
    margin_m = run.settings.frame.margin_m + run.settings.frame.reach_m
    places = [box(*p.intersection(common).bounds).buffer(margin_m, join_style="mitre") for p in touched]
    pixel_m = pixel_size_for(max(scene.gsd_m for scene in scenes))
    return grid_about([place.bounds for place in places], pixel_m, run.site.crs)


def read_image(scene: Scene, grid: Grid, run: RunContext) -> NativeImage:
    """Return a scene's native pixels over a grid."""
    parts = [part.bounds for _, part in grid.pieces] if grid.looked_at else []
    return read_native(scene, grid.bounds, grid.crs, run.settings.read, parts)


def observe(
    date: DateLabel, scene: Scene, image: NativeImage, grid: Grid, fit: Registration, run: RunContext
) -> Observation:
    """Return one date in the site's frame, its quality judged by itself."""
    return judged(framed(date, scene, image, grid, fit), run)


def framed(date: DateLabel, scene: Scene, image: NativeImage, grid: Grid, fit: Registration) -> Observation:
    """Return one date in the site's frame, its quality not yet judged."""
    raster = image.on_grid(grid)
    quality = Quality.all_clear(raster.valid)
    return Observation(date=date, scene=scene, image=image, raster=raster, quality=quality, site_fit=fit)


def judged(seen: Observation, run: RunContext, other: Observation | None = None) -> Observation:
    """Return a date with its quality; another one on the same grid shows what cloud hides."""
    beside = None if other is None else other.raster
    quality = assess_quality(seen.raster, seen.image, seen.scene, run.settings.quality, beside)
    quality = hide_roofed(quality, seen.raster.grid, run.site, seen.scene.acquired.date())
    return replace(seen, quality=quality, caveats=quality.notes)


def in_light_of(
    reference: Observation, seen: Observation, run: RunContext
) -> tuple[Observation, Normalisation]:
    """Return a date in the radiometry of another on the same grid, and how well that could be told."""
    grid, stable = reference.raster.grid, run.site.having("stable")
    ground = grid.mask([a.polygon for a in stable]) if stable else None
    usable = reference.quality.clear & seen.quality.clear
    usable &= ~reference.quality.saturated & ~seen.quality.saturated
    kinds = {reference.scene.radiometry, seen.scene.radiometry}
    toned = "visual" in kinds and len(kinds) == 2
    light = normalise_pair(reference.raster, seen.raster, usable, ground, run.settings.normalise, toned=toned)
    image = apply(light, seen.image)
    return replace(seen, image=image, raster=image.on_grid(grid)), light


def judge_areas(run: RunContext, later: Observation, earlier: Observation | None) -> tuple[AreaStatus, ...]:
    """Return how much of each area was seen; refuse when it is nothing at all."""
    for date in (later,) if earlier is None else (earlier, later):
        presence = abilities(of_observation(date), run.settings.limits)[0]
        if presence.verdict == "no":
            why = "; ".join(presence.reasons)
            raise NotComparable(
                "nothing of the site can be told", date.scene.image.name, why, "Use another scene"
            )
    areas = area_statuses(run.site, later, earlier, run.settings.quality)
    if areas and all(area.status == "not_observable" for area in areas):
        reasons = "; ".join(dict.fromkeys(r for area in areas for r in area.reasons)) or "nothing is clear"
        raise NotComparable(
            "nothing of the site can be seen", later.scene.image.name, reasons, "Use clearer scenes"
        )
    return areas
