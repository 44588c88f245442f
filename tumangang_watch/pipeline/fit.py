"""Bring scenes onto the site: by its reference image where it has one, else by its geometry.

Lay a scene onto a site for looking: fitted where it can be, and said where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, Raster, compose, shift
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.prepare import read_image, working_grid
from tumangang_watch.pipeline.run import RunContext, refuse_failed
from tumangang_watch.preprocess.coregister import register_pair
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.preprocess.site_fit.georeferencing import geolocation_of
from tumangang_watch.scenes.reference import read_reference


@dataclass(frozen=True, kw_only=True)
class PlacedPair:
    """Two images in the site's frame, and how they came there."""

    images: tuple[NativeImage, NativeImage]
    registration: Registration
    """Of the later to the earlier."""
    fits: tuple[Registration, Registration]
    """Of each to the site."""
    caveats: tuple[str, ...]


def place_pair(
    images: tuple[NativeImage, NativeImage], scenes: tuple[Scene, Scene], grid: Grid, run: RunContext
) -> PlacedPair:
    """Register two images to each other and lay them on the site; each by itself where they do not resemble.

    Raises
    ------
    NotComparable
        What a scene shows contradicts what was stated of it.
    """
    one, two = images
    run.progress("registering the scenes to each other")
    registration = _registered(one, two, scenes, grid, run)
    run.progress("fitting both to the site")
    if registration.status == "failed":
        return _each_by_itself(images, scenes, registration.reason, grid, run)
    moved = two.registered(registration.affine)
    fit, caveats = place_on_site((one, moved), scenes, grid, run)
    return laid_together(images, registration, fit, caveats)


def laid_together(
    images: tuple[NativeImage, NativeImage],
    registration: Registration,
    fit: Registration,
    caveats: tuple[str, ...],
) -> PlacedPair:
    """Return two images on the site by the fit of the first and the second's registration to it."""
    one, two = images
    placed = one.registered(fit.affine), two.registered(compose(registration.affine, fit.affine))
    return PlacedPair(images=placed, registration=registration, fits=(fit, fit), caveats=caveats)


def _registered(
    one: NativeImage, two: NativeImage, scenes: tuple[Scene, Scene], grid: Grid, run: RunContext
) -> Registration:
    """Register two images within what their georeferencing is worth, else as far as any may be off."""
    settings = run.settings.registration
    both_m = hypot(*(geolocation_of(scene, settings).ce90_m for scene in scenes))
    near_m = min(settings.reach_per_ce90 * both_m + settings.reach_more_m, settings.reach_m)
    fit = register_pair(one, two, run.site, grid, replace(settings, reach_m=near_m))
    if fit.status == "failed" and near_m < settings.reach_m:
        return register_pair(one, two, run.site, grid, settings)
    return fit


def _each_by_itself(
    images: tuple[NativeImage, NativeImage],
    scenes: tuple[Scene, Scene],
    why: str,
    grid: Grid,
    run: RunContext,
) -> PlacedPair:
    """Lay each image on the site by itself: things can then be compared, pixels cannot."""
    known_m = run.settings.registration.by_itself_m
    fits: list[Registration] = []
    caveats: list[str] = []
    for image, scene in zip(images, scenes, strict=True):
        fit, own = place_on_site((image,), (scene,), grid, run)
        fits.append(replace(fit, residual_median_m=known_m, residual_p90_m=2 * known_m))
        caveats += own
    east, north = (fits[1].affine[k] - fits[0].affine[k] for k in (2, 5))
    words = (
        f"the scenes could not be registered to each other ({why}): each was laid on the site by itself, "
        f"so that places on the two dates differ by {known_m:g} m and more"
    )
    registration = Registration(
        status="degraded", shift_m=(-east, -north), affine=shift(east, north), by_itself=True, reason=words
    )
    placed = images[0].registered(fits[0].affine), images[1].registered(fits[1].affine)
    return PlacedPair(
        images=placed,
        registration=registration,
        fits=(fits[0], fits[1]),
        caveats=(f"{words}; ground and worked surface were not compared", *dict.fromkeys(caveats)),
    )


def place_on_site(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, run: RunContext
) -> tuple[Registration, tuple[str, ...]]:
    """Return how the first of mutually registered images lies on the site, and what limits it.

    Raises
    ------
    NotComparable
        What the scene shows of the site contradicts what was stated of the scene.
    """
    stated, exact = scenes[0].site_shift_m, scenes[0].geolocation_m is None
    if stated is not None and exact:
        return _as_stated(stated), ()
    by_image, caveats = (None, ()) if stated else _by_reference(images[0], grid, run)
    if by_image is not None:
        return by_image, caveats
    fit = _by_geometry(images, scenes[0], grid, run)
    refuse_failed(fit, scenes[0], "the scene cannot be fitted to the site")
    return fit, caveats


def _as_stated(shift_m: tuple[float, float]) -> Registration:
    """Return the fit of a scene whose coordinates were moved as an analyst says, and are taken so."""
    return Registration(status="degraded", shift_m=shift_m, reason=_stated_words(shift_m))


def _stated_words(shift_m: tuple[float, float]) -> str:
    return f"moved by ({shift_m[0]:g}, {shift_m[1]:g}) m onto the site, as was stated with --site-shift"


def _by_geometry(images: tuple[NativeImage, ...], scene: Scene, grid: Grid, run: RunContext) -> Registration:
    """Fit images to the site's tracks and outlines, about where a stated shift has them."""
    settings = run.settings.registration
    fit = fit_to_site(images, run.site, grid, settings, geolocation_of(scene, settings))
    if scene.site_shift_m is None:
        return fit
    total = fit.shift_m[0] + scene.site_shift_m[0], fit.shift_m[1] + scene.site_shift_m[1]
    words = (_stated_words(scene.site_shift_m), fit.reason)
    return replace(fit, shift_m=total, reason="; ".join(filter(None, words)))


def _by_reference(
    image: NativeImage, grid: Grid, run: RunContext
) -> tuple[Registration | None, tuple[str, ...]]:
    """Register an image to the one the site was traced from; None, and why, where that cannot be done."""
    known = run.site.reference
    if known is None:
        return None, ()
    reference = read_reference(known, image, run.site.crs)
    otherwise = "the scene was fitted to the site's geometry instead"
    if isinstance(reference, str):
        return None, (f"{reference}: {otherwise}",)
    run.progress("registering to the scene the site was traced from")
    fit = register_pair(reference, image, run.site, grid, run.settings.registration)
    if fit.status == "failed":
        return None, (
            f"the scene does not register to {known.name}, from which the site was traced "
            f"({fit.reason}): {otherwise}",
        )
    return fit, ()


def place_scene(scene: Scene, run: RunContext) -> tuple[Raster, Registration]:
    """Return a scene on the site's grid, in the site's frame, and how it was fitted.

    Where the fit fails the scene lies where its own georeferencing puts it: looking at both is how
    one finds out why.

    Raises
    ------
    NotComparable
        The scene does not show the site.
    """
    grid = working_grid((scene,), run)
    run.progress("reading the scene")
    image = read_image(scene, grid, run)
    run.progress("fitting it to the site")
    stated = scene.site_shift_m if scene.geolocation_m is None else None
    fit = _as_stated(stated) if stated else _by_geometry((image,), scene, grid, run)
    seen = image if fit.status == "failed" else image.registered(fit.affine)
    return seen.on_grid(grid), fit
