"""Lay a scene onto a site for looking: fitted where it can be, and said where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tumangang_watch.pipeline.prepare import read_image, working_grid

if TYPE_CHECKING:
    from tumangang_watch.model.image import Raster
    from tumangang_watch.model.observation import Registration
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.pipeline.run import Run


def place_scene(scene: Scene, run: Run) -> tuple[Raster, Registration]:
    """Return a scene on the site's grid, in the site's frame, and how it was fitted.

    Where the fit fails the scene lies where its own georeferencing puts it: looking at both is how
    one finds out why.

    Raises
    ------
    NotComparable
        The scene does not show the site.
    """
    from tumangang_watch.preprocess.site_fit import fit_to_site

    grid = working_grid((scene,), run)
    run.progress("reading the scene")
    image = read_image(scene, grid, run)
    run.progress("fitting it to the site")
    fit = fit_to_site((image,), run.site, grid, run.settings.registration)
    seen = image if fit.status == "failed" else image.registered(fit.affine)
    return seen.on_grid(grid), fit
