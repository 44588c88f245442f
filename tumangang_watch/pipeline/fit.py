"""Bring scenes onto the site: by its reference scenes where one is alike, else by its geometry.

Lay a scene onto a site for looking: fitted where it can be, and said where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import hypot

from tumangang_watch.affine import IDENTITY, Affine6, compose, inverse, shift
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import ReferenceScene
from tumangang_watch.pipeline.prepare import read_image, working_grid
from tumangang_watch.pipeline.run import RunContext, refuse_failed
from tumangang_watch.preprocess.coregister import WholePlace, edge_fields, place_whole, register_pair
from tumangang_watch.preprocess.quality import snow_on_all
from tumangang_watch.preprocess.site_fit.fit import fit_to_site
from tumangang_watch.preprocess.site_fit.georeferencing import (
    Geolocation,
    SharedPlace,
    both_together,
    geolocation_of,
)
from tumangang_watch.scenes.reference import read_reference

OTHERWISE = "the scene was fitted to the site's geometry instead"
ADD = "site add-reference SITE SCENE"
NAMED_MAX = 4
"""References named at most in one sentence."""


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
    return _within(one, two, tuple(geolocation_of(s, run.settings.registration) for s in scenes), grid, run)


def _within(
    one: NativeImage, two: NativeImage, known: tuple[Geolocation, ...], grid: Grid, run: RunContext
) -> Registration:
    """Register two images within what their georeferencing is worth, else as far as any may be off."""
    settings = run.settings.registration
    both_m = hypot(*(place.ce90_m for place in known))
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
    fit, caveats = _laid(images, scenes, grid, run)
    refuse_failed(fit, scenes[0], "the scene cannot be fitted to the site")
    return fit, caveats


def _laid(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, run: RunContext
) -> tuple[Registration, tuple[str, ...]]:
    """Return how the first of mutually registered images lies on the site, ``failed`` where nothing says."""
    scene, settings = scenes[0], run.settings.registration
    stated_m, known = scene.site_shift_m, geolocation_of(scene, settings)
    if stated_m is not None and scene.geolocation_m is None:
        return Registration(status="degraded", shift_m=stated_m, reason=_stated_words(stated_m)), ()
    fit, caveats = _by_references(images, scenes, grid, run)
    if fit is None:
        run.progress("fitting to the site's geometry")
        fit = _by_geometry(images, scenes, known, grid, run)
    if stated_m is None:
        return fit, caveats
    total = fit.shift_m[0] + stated_m[0], fit.shift_m[1] + stated_m[1]
    reason = "; ".join(filter(None, (_stated_words(stated_m), fit.reason)))
    return replace(fit, shift_m=total, reason=reason), caveats


def _by_geometry(
    images: tuple[NativeImage, ...],
    scenes: tuple[Scene, ...],
    known: Geolocation,
    grid: Grid,
    run: RunContext,
) -> Registration:
    """Fit mutually registered images to the site's geometry, about where both together say they lie."""
    settings = run.settings.registration
    place = SharedPlace(0.0, 0.0, known)
    if len(images) > 1:
        moved = images[1].registration
        place = both_together(known, geolocation_of(scenes[1], settings), (-moved[2], -moved[5]), settings)
    about = shift(place.east_m, place.north_m)
    shown = tuple(image.registered(compose(image.registration, about)) for image in images)
    snowy = partial(snow_on_all, shown, scenes, grid, run.settings.quality)
    fit = fit_to_site(shown, run.site, grid, settings, place.known, snowy)
    shift_m = fit.shift_m[0] - place.east_m, fit.shift_m[1] - place.north_m
    return replace(fit, shift_m=shift_m, affine=compose(about, fit.affine))


def _stated_words(shift_m: tuple[float, float]) -> str:
    return f"moved by ({shift_m[0]:g}, {shift_m[1]:g}) m onto the site, as was stated with --site-shift"


@dataclass(frozen=True, kw_only=True)
class _Likeness:
    """How a scene resembles a reference scene as a whole."""

    reference: ReferenceScene
    picture: NativeImage
    image: NativeImage
    """As delivered."""
    onto_first: Affine6
    """How the image lies on the first of the mutually registered ones."""
    known: Geolocation
    whole: WholePlace


def _by_references(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, run: RunContext
) -> tuple[Registration | None, tuple[str, ...]]:
    """Register the first of mutually registered images to the site's reference scene most alike.

    Any of the images may be the one that is registered: a pair of summer and winter finds a reference of
    either.

    Returns
    -------
    Registration, tuple of str
        None where the site has no reference scene or the images register to none; and what limits it.
    """
    if not run.site.references:
        return None, ()
    run.progress("registering to the site's reference scenes")
    alike, faults = _most_alike(images, scenes, grid, run)
    failed: dict[str, str] = {}
    for like in alike:
        fit = _within(like.picture, like.image, (like.known,), grid, run)
        if fit.status != "failed":
            caveats = (*(f"{fault}; another was used" for fault in faults), *_odds(alike, grid, run))
            affine = compose(inverse(like.onto_first), fit.affine)
            first_m = -affine[2], -affine[5]
            caveats += _against_stated(fit, like.known, run)
            return replace(fit, reference=like.reference.name, affine=affine, shift_m=first_m), caveats
        failed.setdefault(like.reference.name, fit.reason)
    words = [f"{fault}: {OTHERWISE}" for fault in faults]
    if failed:
        named = [f"{name} ({why})" for name, why in list(failed.items())[:NAMED_MAX]]
        more = f" and {len(failed) - NAMED_MAX} more" if len(failed) > NAMED_MAX else ""
        words.append(
            f"the scene does not register to the site's reference {', '.join(named)}{more}: {OTHERWISE}; "
            f"a clear scene of this season would help ({ADD})"
        )
    return None, tuple(words)


def _against_stated(fit: Registration, known: Geolocation, run: RunContext) -> tuple[str, ...]:
    """Return in words where a reference lays a scene farther off than was stated of it."""
    off_m = hypot(*fit.shift_m)
    if not known.stated or off_m <= run.settings.registration.reach_per_ce90 * known.ce90_m:
        return ()
    return (f"its reference lays the scene {off_m:.0f} m off, though it was stated to {known.ce90_m:g} m",)


def _most_alike(
    images: tuple[NativeImage, ...], scenes: tuple[Scene, ...], grid: Grid, run: RunContext
) -> tuple[list[_Likeness], list[str]]:
    """Return the site's references with the image that resembles each, the most alike first, and faults."""
    settings, found, faults = run.settings.registration, [], []
    shown = [(moved, scene, moved.registered(IDENTITY)) for moved, scene in zip(images, scenes, strict=False)]
    grounds = [image.on_grid(grid) for _, _, image in shown]
    for reference in run.site.references:
        picture = read_reference(reference, images[0], run.site.crs)
        if isinstance(picture, str):
            faults.append(f"{picture} (put it back beside the site file, or keep it anew with {ADD})")
            continue
        laid = picture.on_grid(grid)
        for (moved, scene, image), ground in zip(shown, grounds, strict=True):
            fields = edge_fields((laid, ground), run.site, settings)
            if fields is None:
                whole = WholePlace(0.0, 0.0, ratio=0.0, agreement=0.0)
            else:
                whole = place_whole(fields, grid, settings)
            known = geolocation_of(scene, settings)
            found.append(
                _Likeness(
                    reference=reference,
                    picture=picture,
                    image=image,
                    onto_first=moved.registration,
                    known=known,
                    whole=whole,
                )
            )
    return sorted(found, key=lambda like: -like.whole.agreement), faults


def _odds(alike: list[_Likeness], grid: Grid, run: RunContext) -> tuple[str, ...]:
    """Return in words where references that surely show this ground do not agree on where it lies."""
    settings, first = run.settings.registration, alike[0]
    words = []
    for like in alike[1:]:
        same = like.onto_first == first.onto_first and like.reference is not first.reference
        if same and like.whole.ratio >= settings.direction_ratio_min:
            apart = like.whole.east_m - first.whole.east_m, like.whole.north_m - first.whole.north_m
            if hypot(*apart) > max(settings.whole_agrees_m, grid.pixel_m):
                words.append(
                    f"the site's references {first.reference.name} and {like.reference.name} lie "
                    f"{hypot(*apart):.1f} m apart on the ground: one of them was not laid on the site "
                    f"rightly; keep it anew ({ADD})"
                )
    return tuple(words)


def place_scene(scene: Scene, run: RunContext) -> tuple[Raster, Registration, tuple[str, ...]]:
    """Return a scene on the site's grid, in the site's frame, how it was fitted, and what limits that.

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
    fit, caveats = _laid((image,), (scene,), grid, run)
    seen = image if fit.status == "failed" else image.registered(fit.affine)
    return seen.on_grid(grid), fit, caveats
