"""The only orchestration: open, prepare, detect, compare. No pixels are touched here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tumangang_watch.errors import NotComparable, UsageError
from tumangang_watch.grid import Grid, grid_over, pixel_size_for
from tumangang_watch.model.finding import Comparison, Finding
from tumangang_watch.model.observation import Observation, Registration
from tumangang_watch.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tumangang_watch.model.detection import Detection
    from tumangang_watch.model.image import NativeImage
    from tumangang_watch.model.scene import Scene
    from tumangang_watch.model.site import Site
    from tumangang_watch.scenes import SceneOptions

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class Run:
    """What a run needs besides its scenes."""

    site: Site
    settings: Settings = field(default_factory=Settings)
    progress: Progress = _silent


def open_pair(
    paths: tuple[Path, Path], options: tuple[SceneOptions, SceneOptions], settings: Settings
) -> tuple[Scene, Scene]:
    """Open two scenes and see that they are two dates in the right order.

    Raises
    ------
    UsageError
        The later scene was acquired before the earlier one.
    NotComparable
        Both are the same image or were acquired at the same time.
    """
    from tumangang_watch.scenes import open_scene

    earlier, later = (open_scene(p, o, settings.read) for p, o in zip(paths, options, strict=True))
    if earlier.sha256 == later.sha256:
        raise NotComparable(
            "cannot compare", later.image.name, "both scenes are the same image", "Give two dates"
        )
    if earlier.acquired == later.acquired:
        raise NotComparable(
            "cannot compare",
            later.image.name,
            f"both scenes were acquired at {_utc(later)}",
            "Give two dates, or correct one with --acquired",
        )
    if earlier.acquired > later.acquired:
        raise UsageError(
            "dates are reversed",
            later.image.name,
            f"it was acquired at {_utc(later)}, before {earlier.image.name} at {_utc(earlier)}",
            "Swap the two scenes",
        )
    return earlier, later


def compare(earlier: Scene, later: Scene, run: Run) -> Comparison:
    """Run the main job on two opened scenes.

    Raises
    ------
    NotComparable
        The scenes do not show the site, cannot be registered, or nothing of it can be seen.
    """
    from tumangang_watch.preprocess.affine import compose
    from tumangang_watch.preprocess.coregister import register_pair
    from tumangang_watch.preprocess.normalise import apply, normalise_pair
    from tumangang_watch.preprocess.site_fit import fit_to_site

    settings, grid = run.settings, working_grid((earlier, later), run)
    run.progress("reading both scenes")
    first, second = (_read(scene, grid, run) for scene in (earlier, later))
    run.progress("registering the scenes to each other")
    registration = register_pair(first, second, run.site, grid, settings.registration)
    _refuse_failed(registration, later, "the scenes cannot be registered to each other")
    run.progress("fitting both to the site")
    second = second.registered(registration.affine)
    fit = fit_to_site((first, second), run.site, grid, settings.registration)
    _refuse_failed(fit, later, "the scenes cannot be fitted to the site")
    first = first.registered(fit.affine)
    second = second.registered(compose(registration.affine, fit.affine))

    run.progress("judging what can be seen")
    one = _observe("earlier", earlier, first, grid, fit, run)
    two = _observe("later", later, second, grid, fit, run)
    stable = grid.mask([a.polygon for a in run.site.having("stable")]) if run.site.having("stable") else None
    usable = one.quality.clear & two.quality.clear & ~one.quality.saturated & ~two.quality.saturated
    light = normalise_pair(one.raster, two.raster, usable, stable, settings.normalise)
    image = apply(light, second)
    two = replace(two, image=image, raster=image.on_grid(grid))
    pair_caveats = (
        () if light.status == "ok" else (f"radiometry of the pair is {light.status}: {light.reason}",)
    )
    areas = _areas(run, two, one)
    return _assemble(run, one, two, registration, areas, pair_caveats)


def detect(scene: Scene, run: Run) -> Comparison:
    """Measure one date: what stands on the tracks and on the ground."""
    from tumangang_watch.preprocess.site_fit import fit_to_site

    grid = working_grid((scene,), run)
    run.progress("reading the scene")
    image = _read(scene, grid, run)
    run.progress("fitting it to the site")
    fit = fit_to_site((image,), run.site, grid, run.settings.registration)
    _refuse_failed(fit, scene, "the scene cannot be fitted to the site")
    run.progress("judging what can be seen")
    observation = _observe("later", scene, image.registered(fit.affine), grid, fit, run)
    areas = _areas(run, observation, None)
    return _assemble(run, None, observation, fit, areas, ())


def working_grid(scenes: tuple[Scene, ...], run: Run) -> Grid:
    """Return the site grid over the areas that every scene's footprint touches, plus a margin.

    The pixel size is that of the coarsest scene: nothing is compared at a resolution that one of
    the dates does not have.
    """
    from shapely import box
    from shapely.ops import unary_union

    from tumangang_watch.scenes.footprint import footprint

    common = footprint(scenes[0], run.site.crs)
    for scene in scenes[1:]:
        common = common.intersection(footprint(scene, run.site.crs))
    places = [
        a.polygon for a in run.site.areas if a.role in ("yard", "bridge", "station", "handling", "apron")
    ]
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
    west, south, east, north = unary_union([box(*p.intersection(common).bounds) for p in touched]).bounds
    margin = run.settings.frame.margin_m + run.settings.frame.reach_m
    pixel_m = pixel_size_for(max(scene.gsd_m for scene in scenes))
    return grid_over((west - margin, south - margin, east + margin, north + margin), pixel_m, run.site.crs)


def _read(scene: Scene, grid: Grid, run: Run) -> NativeImage:
    from tumangang_watch.scenes import read_native

    return read_native(scene, grid.bounds, grid.crs, run.settings.read)


def _observe(
    date: Any, scene: Scene, image: NativeImage, grid: Grid, fit: Registration, run: Run
) -> Observation:
    from tumangang_watch.preprocess.quality import assess_quality

    raster = image.on_grid(grid)
    quality = assess_quality(raster, image, scene, run.settings.quality)
    return Observation(date, scene, image, raster, quality, fit, quality.notes)


def _areas(run: Run, later: Observation, earlier: Observation | None) -> Any:
    from tumangang_watch.preprocess.areas import area_statuses

    areas = area_statuses(run.site, later, earlier, run.settings.quality)
    if areas and all(area.status == "not_observable" for area in areas):
        reasons = "; ".join(dict.fromkeys(r for area in areas for r in area.reasons)) or "nothing is clear"
        raise NotComparable(
            "nothing of the site can be seen", later.scene.image.name, reasons, "Use clearer scenes"
        )
    return areas


def _assemble(
    run: Run,
    earlier: Observation | None,
    later: Observation,
    registration: Registration,
    areas: Any,
    caveats: tuple[str, ...],
) -> Comparison:
    run.progress("looking for trains")
    dates = (later,) if earlier is None else (earlier, later)
    trains = _trains(run, dates)
    run.progress("looking at the ground")
    ground, changes = _ground(run, dates, trains)
    findings: tuple[Finding, ...] = ()
    if earlier is not None:
        run.progress("deciding what changed")
        findings = _findings(run, (earlier, later), trains, ground, changes)
    return Comparison(
        site=run.site,
        earlier=earlier,
        later=later,
        registration=registration,
        areas=areas,
        detections=(*trains, *ground),
        findings=findings,
        detectability=_detectability(dates),
        settings_sha256=run.settings.sha256,
        caveats=(*_site_caveats(run.site), *caveats),
    )


def _trains(run: Run, dates: tuple[Observation, ...]) -> tuple[Detection, ...]:
    from tumangang_watch.detect.trains import detect_trains

    found: list[Detection] = []
    for date in dates:
        others = [d for d in dates if d is not date]
        found += detect_trains(date, run.site, run.settings.trains, others[0] if others else None)
    return tuple(found)


def _ground(
    run: Run, dates: tuple[Observation, ...], trains: tuple[Detection, ...]
) -> tuple[tuple[Detection, ...], tuple[Any, ...]]:
    from tumangang_watch.detect.cargo import detect_cargo
    from tumangang_watch.detect.handling import measure_handling

    found: list[Detection] = []
    for date in dates:
        others = [d for d in dates if d is not date]
        here = tuple(t for t in trains if t.date == date.date)
        found += detect_cargo(date, run.site, here, run.settings.cargo, others[0] if others else None)
    handling = measure_handling(dates, run.site, trains, run.settings.handling)
    return (*found, *handling.detections), handling.growth


def _findings(
    run: Run,
    dates: tuple[Observation, Observation],
    trains: tuple[Detection, ...],
    ground: tuple[Detection, ...],
    changes: tuple[Any, ...],
) -> tuple[Finding, ...]:
    from tumangang_watch.change.cargo import compare_cargo
    from tumangang_watch.change.ground import growth_findings
    from tumangang_watch.change.trains import Pair, compare_trains

    pair = Pair(*dates)
    cargo = tuple(d for d in ground if d.kind == "cargo")
    surfaces = tuple(d for d in ground if d.kind == "handling_area")
    return (
        *compare_trains(pair, run.site, trains, run.settings.change),
        *compare_cargo(pair, cargo, run.settings.change),
        *growth_findings(pair, surfaces, changes, run.settings.change),
    )


def _detectability(dates: tuple[Observation, ...]) -> tuple[dict[str, Any], ...]:
    from tumangang_watch.scenes import describe

    return tuple({"date": d.date, **describe(d.scene).get("can_show", {})} for d in dates)


def _site_caveats(site: Site) -> tuple[str, ...]:
    caveats = []
    if not site.tracks:
        caveats.append("the site has no tracks: trains were not looked for")
    provisional = [t.id for t in site.tracks if t.provisional]
    if provisional:
        caveats.append(
            f"tracks {', '.join(provisional)} are a model, not a measurement: positions are provisional"
        )
    return tuple(caveats)


def _refuse_failed(registration: Registration, scene: Scene, what: str) -> None:
    if registration.status == "failed":
        raise NotComparable(
            what,
            scene.image.name,
            registration.reason or "no reliable fit",
            "Use scenes with more clear ground in common, or check the site's geometry",
        )


def _utc(scene: Scene) -> str:
    return scene.acquired.strftime("%Y-%m-%dT%H:%M:%SZ")
