"""What of a comparison is told in a record: each place by the last date that showed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tumangang_watch.affine import IDENTITY, compose
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.common import with_bands_of
from tumangang_watch.pipeline.prepare import observe, read_image
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.preprocess.coregister import register_pair

Since = Mapping[str, Sequence[Scene]]
"""Areas whose changes are told, and the dates that showed something of each since the earlier date."""


def only_since(comparison: Comparison, since: Since, run: RunContext, *, main: bool) -> Comparison:
    """Return a comparison with the findings that no later look tells.

    A finding in one of the areas stays where its place was seen on none of the dates since. What lies in no
    area is told by the main comparison.
    """
    shown: dict[str, Observation | None] = {}

    def shows_place(finding: Finding, scene: Scene) -> bool:
        if scene.sha256 not in shown:
            shown[scene.sha256] = shown_on(scene, comparison.later, run)
        seen = shown[scene.sha256]
        return (
            seen is not None and seen.observed_fraction(finding.geometry) >= run.settings.change.observed_min
        )

    known = {area.id for area in comparison.areas}
    kept = []
    for finding in comparison.findings:
        inside = finding.area in known
        own = finding.area in since if inside else main
        looks = since.get(finding.area or "", ()) if inside else ()
        if own and not any(shows_place(finding, scene) for scene in looks):
            kept.append(finding)
    return replace(comparison, findings=tuple(kept))


def shown_on(scene: Scene, later: Observation, run: RunContext) -> Observation | None:
    """Return another date in the frame of a measured one, as it was lit; None where it does not register."""
    grid = later.raster.grid
    image = with_bands_of(read_image(scene, grid, run), later.image)
    if image is None:
        return None
    registered = later.image.registered(IDENTITY)
    fit = register_pair(registered, image, run.site, grid, run.settings.registration)
    if fit.status == "failed":
        return None
    placed = image.registered(compose(fit.affine, later.image.registration))
    return observe("earlier", scene, placed, grid, fit, run)
