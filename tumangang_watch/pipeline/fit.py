"""Bring scenes onto the site: by its reference image where it has one, else by its geometry.

Lay a scene onto a site for looking: fitted where it can be, and said where it cannot.
"""

from __future__ import annotations

from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.prepare import read_image, working_grid
from tumangang_watch.pipeline.run import RunContext, refuse_failed
from tumangang_watch.preprocess.coregister import register_pair
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.scenes.reference import read_reference


def place_on_site(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, run: RunContext
) -> tuple[Registration, tuple[str, ...]]:
    """Return how the first of mutually registered images lies on the site, and what limits it.

    Raises
    ------
    NotComparable
        Neither the reference image nor the site's own geometry says where the scene lies.
    """
    by_image, caveats = _by_reference(images[0], grid, run)
    if by_image is not None:
        return by_image, caveats
    fit = fit_to_site(images, run.site, grid, run.settings.registration)
    what = (
        "the scene cannot be fitted to the site"
        if len(images) == 1
        else "the scenes cannot be fitted to the site"
    )
    refuse_failed(fit, scenes[-1], what)
    return fit, caveats


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
    fit = fit_to_site((image,), run.site, grid, run.settings.registration)
    seen = image if fit.status == "failed" else image.registered(fit.affine)
    return seen.on_grid(grid), fit
