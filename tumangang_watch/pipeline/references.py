"""Keep scenes with a site, as small images where they lie on it: later scenes are registered to them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tumangang_watch.errors import NotComparable
from tumangang_watch.files import check_file, whole_files
from tumangang_watch.grid import Grid
from tumangang_watch.model.image import NativeImage, Raster
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.pipeline.fit import place_on_site
from tumangang_watch.pipeline.prepare import read_image, working_grid
from tumangang_watch.pipeline.run import Progress, RunContext
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.preprocess.coregister import SEEN_MIN
from tumangang_watch.scenes import unchanged
from tumangang_watch.scenes.reference import write_reference
from tumangang_watch.settings import Settings
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.sites.collection import FIRST_REFERENCE, MORE_REFERENCES, reference_records
from tumangang_watch.sites.file import checked_site, load_site, put_site, read_collection
from tumangang_watch.text import utc_text

Document = dict[str, object]
"""An object of a site file."""
CANNOT_KEEP = "cannot keep the scene"
AS_DRAWN = "where it says it lies: the site was drawn on it"


@dataclass(frozen=True)
class KeptScene:
    """A scene as a site keeps it."""

    scene: Scene
    picture: Raster
    placed: str
    """How it came to lie on the site, in words."""


@dataclass(frozen=True)
class CarriedReference:
    """A reference scene of another site file: its record, and the image beside that file."""

    record: Document
    image: Path


def keep(scene: Scene, image: NativeImage, grid: Grid, placed: str, settings: TraceSettings) -> KeptScene:
    """Return what is kept of a scene whose pixels lie on the site.

    Raises
    ------
    NotComparable
        Nothing could be registered to it.
    """
    small = grid.at(max(settings.reference_pixel_m, grid.pixel_m))
    if small.rows * small.cols > settings.reference_pixels_max:
        small = grid.at(max(1.0, grid.pixel_m))
    picture = image.on_grid(small)
    light = picture.luminance()[picture.valid]
    if picture.valid.sum() < SEEN_MIN * small.pixels or np.quantile(light, 0.99) <= np.quantile(light, 0.01):
        raise NotComparable(
            CANNOT_KEEP,
            scene.image.name,
            "it shows almost nothing of the site: later scenes could not be registered to it",
            "Give a clear scene that covers the site",
        )
    return KeptScene(scene, picture, placed)


def keep_drawn_on(
    collection: Document, scene: Scene, settings: Settings, out: Path, progress: Progress
) -> KeptScene:
    """Return what a site file keeps of the scene it was drawn on, which therefore lies where it says.

    Raises
    ------
    NotComparable
        The scene does not show the site.
    InputRefused
        The collection has a fault.
    """
    run = RunContext(checked_site(collection, out), settings, progress)
    with unchanged([scene]):
        grid = working_grid((scene,), run)
        run.progress("reading the scene")
        return keep(scene, read_image(scene, grid, run), grid, AS_DRAWN, run.settings.trace)


def keep_another(scene: Scene, run: RunContext, *, as_it_lies: bool) -> KeptScene:
    """Return what a site keeps of one more scene.

    Parameters
    ----------
    as_it_lies : bool
        The site was drawn on the scene: nothing is fitted.

    Raises
    ------
    NotComparable
        The scene does not show the site, or it is open where it lies on it.
    """
    others = tuple(r for r in run.site.references if r.sha256 != scene.sha256)
    run = replace(run, site=replace(run.site, references=others))
    with unchanged([scene]):
        grid = working_grid((scene,), run)
        run.progress("reading the scene")
        image, placed = read_image(scene, grid, run), AS_DRAWN
        if not as_it_lies:
            run.progress("laying it on the site")
            image, placed = _laid(image, scene, grid, run)
        return keep(scene, image, grid, placed, run.settings.trace)


def add_reference(kept: KeptScene, file: Path) -> Site:
    """Write one more scene into a site file; return the site as it reads back.

    Raises
    ------
    OutputFailed
        It could not be written; the site file is as it was.
    """
    collection, _ = read_collection(file)
    records = reference_records(collection)
    same = next((r for r in records if r["sha256"] == kept.scene.sha256), None)
    path = _image_name(file, records, same)
    with whole_files(path, file, what="cannot write the site file") as (part, site_part):
        record = _record(kept, path.name, write_reference(kept.picture, part))
        records = [record if r is same else r for r in records] if same else [*records, record]
        put_site({**collection, **_named(records)}, site_part, file)
    return load_site(file)


def _laid(image: NativeImage, scene: Scene, grid: Grid, run: RunContext) -> tuple[NativeImage, str]:
    """Lay a scene on a site; refuse one of which it is open where it lies."""
    fit, caveats = place_on_site((image,), (scene,), grid, run)
    if fit.rivals_m:
        raise NotComparable(
            CANNOT_KEEP,
            scene.image.name,
            f"it is open where it lies on the site ({fit.reason.split(';')[0]})",
            "Say how it lies with --site-shift EAST,NORTH, or --as-it-lies where the site was drawn on it",
        )
    words = f"moved by ({fit.shift_m[0]:.1f}, {fit.shift_m[1]:.1f}) m onto the site"
    words += f" by its reference {fit.reference}" if fit.reference else " by its geometry"
    return image.registered(fit.affine), "; ".join((words, *caveats, *([fit.reason] if fit.reason else [])))


def _image_name(file: Path, records: list[Document], same: Document | None) -> Path:
    """Return where a scene's image goes: over that of the same scene, else to a name that is free."""
    taken = {str(r["image"]) for r in records}
    own = re.compile(re.escape(f"{file.stem}.reference") + r"(-\d+)?\.tif")
    if same is not None and own.fullmatch(str(same["image"])):
        return file.with_name(str(same["image"]))
    number = 1
    while True:
        path = image_path(file, number)
        if path.name not in taken and not path.exists():
            return path
        number += 1


def image_path(file: Path, number: int) -> Path:
    """Return where a site file's n-th reference image lies."""
    return file.with_name(f"{file.stem}.reference{f'-{number}' if number > 1 else ''}.tif")


def check_references(out: Path, count: int, *, overwrite: bool) -> None:
    """Refuse before any work where reference images could not be written.

    Raises
    ------
    OutputFailed
        One is there and is not to be replaced.
    """
    for number in range(1, count + 1):
        path = image_path(out, number)
        check_file(path, overwrite=overwrite, what="cannot write the reference image", links=True)


def carried_references(site: Site, collection: Document | None, scene: Scene) -> tuple[CarriedReference, ...]:
    """Return a site's references of other scenes whose images are what the site file says."""
    records = [] if collection is None else reference_records(collection)
    return tuple(
        CarriedReference(record, known.image)
        for record, known in zip(records, site.references, strict=True)
        if known.sha256 != scene.sha256
        and known.image.is_file()
        and sha256_of(known.image) == known.image_sha256
    )


def write_with_references(
    made: Document, kept: KeptScene, carried: tuple[CarriedReference, ...], out: Path, *, overwrite: bool
) -> Site:
    """Write the reference images, then the site file that names them; return it as it reads back."""
    paths = [image_path(out, 1 + number) for number in range(1 + len(carried))]
    with whole_files(*paths, out, what="cannot write the site file", replace=overwrite) as parts:
        records = [_record(kept, paths[0].name, write_reference(kept.picture, parts[0]))]
        for other, path, part in zip(carried, paths[1:], parts[1:-1], strict=True):
            shutil.copyfile(other.image, part)
            records.append({**other.record, "image": path.name})
        put_site({**made, **_named(records)}, parts[-1], out)
    return load_site(out)


def _named(records: list[Document]) -> Document:
    """Return the members of a site file that name its references."""
    return {FIRST_REFERENCE: records[0], **({MORE_REFERENCES: records[1:]} if records[1:] else {})}


def _record(kept: KeptScene, image: str, digest: str) -> Document:
    return {
        "name": kept.scene.id,
        "sha256": kept.scene.sha256,
        "acquired": utc_text(kept.scene.acquired, fractions=False),
        "image": image,
        "image_sha256": digest,
        "placed": kept.placed,
    }
