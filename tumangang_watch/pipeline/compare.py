"""The main jobs: compare two scenes, measure one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tumangang_watch.affine import about
from tumangang_watch.grid import Grid
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.background import gather
from tumangang_watch.pipeline.common import in_common
from tumangang_watch.pipeline.fit import PlacedPair, laid_together, place_on_site, place_pair
from tumangang_watch.pipeline.measure import assemble
from tumangang_watch.pipeline.prepare import (
    framed,
    in_light_of,
    judge_areas,
    judged,
    observe,
    read_image,
    working_grid,
)
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.pipeline.tracks import beyond_models, instead_of_models, with_tracks


def compare(
    earlier: Scene, later: Scene, run: RunContext, background: Sequence[Scene] | None = None
) -> Comparison:
    """Run the main job on two opened scenes.

    Parameters
    ----------
    earlier, later : Scene
        The two dates.
    run : RunContext
        Site, settings, progress.
    background : sequence of Scene, optional
        Further dates before ``later`` that say what is usual here, the best first.

    Raises
    ------
    NotComparable
        The scenes do not show the site or contradict what was stated of them, or nothing can be seen.
    """
    run, pair = _in_one_frame(earlier, later, run)
    areas = judge_areas(run, pair.later, pair.earlier)
    gathered = gather(background, (pair.earlier, pair.later), run)
    return assemble(run, (pair.earlier, pair.later), pair.registration, areas, gathered, pair.caveats)


@dataclass(frozen=True, kw_only=True)
class _FramedPair:
    """Two dates in the site's frame and in one light."""

    earlier: Observation
    later: Observation
    registration: Registration
    caveats: tuple[str, ...]


def _in_one_frame(earlier: Scene, later: Scene, run: RunContext) -> tuple[RunContext, _FramedPair]:
    """Return two scenes as observations, and the run with the tracks that they lie on.

    What was read and is not asked for again does not outlive this: it is half of what a pair takes.
    """
    grid = working_grid((earlier, later), run)
    run.progress("reading both scenes")
    read = read_image(earlier, grid, run), read_image(later, grid, run)
    first, second, common_caveats = in_common(read, (earlier, later))
    placed = place_pair((first, second), (earlier, later), grid, run)
    run, grid, placed = _on_seen_tracks((first, second), placed, (earlier, later), grid, run)
    run, traced = with_tracks(placed.images, (earlier, later), run)

    run.progress("judging what can be seen")
    one = framed("earlier", earlier, placed.images[0], grid, placed.fits[0])
    two = framed("later", later, placed.images[1], grid, placed.fits[1])
    one, two = judged(one, run, two), judged(two, run, one)
    two, light = in_light_of(one, two, run)
    caveats = (*common_caveats, *placed.caveats, *traced)
    if light.status != "ok":
        caveats += (f"radiometry of the pair is {light.status}: {light.reason}",)
    return run, _FramedPair(earlier=one, later=two, registration=placed.registration, caveats=caveats)


def _on_seen_tracks(
    delivered: tuple[NativeImage, NativeImage],
    placed: PlacedPair,
    scenes: tuple[Scene, Scene],
    grid: Grid,
    run: RunContext,
) -> tuple[RunContext, Grid, PlacedPair]:
    """Return a pair on the tracks that it shows, where the site's are a model that it does not show."""
    search = None
    if not placed.registration.by_itself:
        search = beyond_models(scenes, placed.fits[0], grid, run)
    if search is None:
        return run, grid, placed
    read = read_image(scenes[0], search.grid, run), read_image(scenes[1], search.grid, run)
    one, two, _ = in_common(read, scenes)
    # A registration is about the middle of the window that was read.
    middles = [(image.to_pixel.x0, image.to_pixel.y0) for image in (delivered[1], two)]
    moved = replace(placed.registration, affine=about(placed.registration.affine, *middles))
    found = instead_of_models((one, two.registered(moved.affine)), scenes, placed.fits[0], search)
    if found is None:
        return run, grid, placed
    caveats = (*placed.caveats, found.fit.reason)
    if found.site is None:
        return run, grid, laid_together(delivered, placed.registration, found.fit, caveats)
    run = replace(run, site=found.site)
    return run, search.grid, laid_together((one, two), moved, found.fit, caveats)


def detect(scene: Scene, run: RunContext, background: Sequence[Scene] | None = None) -> Comparison:
    """Measure one date: what stands on the tracks and on the ground; see `compare` for ``background``."""
    grid = working_grid((scene,), run)
    run.progress("reading the scene")
    image = read_image(scene, grid, run)
    run.progress("fitting it to the site")
    fit, fit_caveats = place_on_site((image,), (scene,), grid, run)
    search = beyond_models((scene,), fit, grid, run)
    if search is not None:
        wide = read_image(scene, search.grid, run)
        found = instead_of_models((wide,), (scene,), fit, search)
        if found is not None:
            fit, fit_caveats = found.fit, (*fit_caveats, found.fit.reason)
            if found.site is not None:
                run, grid, image = replace(run, site=found.site), search.grid, wide
    image = image.registered(fit.affine)
    run, traced = with_tracks((image,), (scene,), run)
    run.progress("judging what can be seen")
    observation = observe("later", scene, image, grid, fit, run)
    areas = judge_areas(run, observation, None)
    gathered = gather(background, (observation,), run)
    return assemble(run, (observation,), fit, areas, gathered, (*fit_caveats, *traced))
