"""What a path stands for: an image, or the images that a metadata file, a folder or an order speaks of."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from shapely.errors import GEOSException
from shapely.ops import unary_union

from tumangang_watch.errors import InputRefused, NotComparable, scene_refused
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.scenes.checks import RADAR, not_ortho
from tumangang_watch.scenes.container import UNPACK
from tumangang_watch.scenes.parts import one_an_image, tiles_of
from tumangang_watch.scenes.read import footprint
from tumangang_watch.scenes.vendors.beside import (
    IMAGE_ENDS,
    ORDER_FILE,
    SIDECAR_ENDS,
    core,
    is_spare,
    match,
    read_file,
    texts_in,
)
from tumangang_watch.scenes.vendors.facts import Metadata
from tumangang_watch.settings.scenes import ReadSettings

MAX_FILES = 20_000
MAX_DEPTH = 5
"""An order's folders: order, product, image, masks or lineage."""
SIDECAR_DEPTH, STORE_DEPTH = 2, 12
"""How deep an image lies below its metadata, and below a store of many scenes."""
MAX_IMAGES = 24
"""More images are a store of many scenes, not one."""
SIDE_FOLDERS = ("lineage", "library", "masks", "gis_files", "additional_info")
CARS_M, TRACKS_M = 1.0, 2.0
"""Up to these grains cars are counted, and tracks told apart (docs/scenes.md)."""
UNITS = ("reflectance", "radiance", "dn", "unknown", "visual")


@dataclass(frozen=True)
class Entry:
    """An image that a path stands for, and the file the user named to mean it."""

    image: Path
    given: Path | None = None


def reason(error: Exception) -> str:
    """Return why reading failed, in a line."""
    if isinstance(error, UnicodeEncodeError):
        return "its name is not UTF-8: rename it"
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return words[:200] or type(error).__name__


def resolve(path: Path, settings: ReadSettings) -> list[Entry]:
    """Return the images that a path stands for.

    Raises
    ------
    InputRefused
        There is no such file, nothing of it is an image, or it holds more images than one scene has.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        todo = "Give the path of an existing image, metadata file or folder"
        raise InputRefused("scene not found", path, reason(error), todo) from error
    if stat.S_ISDIR(status.st_mode):
        return _of_folder(path, settings)
    if not stat.S_ISREG(status.st_mode):
        raise scene_refused(path, "it is not a regular file", "Give an image")
    if ORDER_FILE.search(path.name):
        return _of_folder(path.parent, settings)
    if path.suffix.lower() in SIDECAR_ENDS:
        return _of_sidecar(path, settings)
    return [Entry(tiles_of(path)[0])]


def _of_folder(path: Path, settings: ReadSettings) -> list[Entry]:
    images = images_under(path)
    parts = [part for folder in {p.parent for p in images} for part in parts_in(folder, settings)]
    found = one_an_image(images, parts)
    if not found:
        known = sorted({p.suffix.lower() for p in path.iterdir() if p.is_file() and p.suffix})[:6]
        why = "it holds no images" + (f" (only {', '.join(known)})" if known else "")
        zips = [p.name for p in sorted(path.iterdir()) if p.suffix.lower() == ".zip"]
        todo = "Give the folder that holds the .tif, .jp2 or .ntf files"
        raise scene_refused(path, why, UNPACK.format(quote(zips[0])) if zips else todo)
    if len(found) > MAX_IMAGES:
        why = f"it holds {len(found)} images"
        raise scene_refused(path, why, "Name one of them, or give the folder to watch or --history")
    return [Entry(image) for image in found]


def parts_in(folder: Path, settings: ReadSettings) -> list[Metadata]:
    """Return what the metadata files of a folder say, those that can be read."""
    found: list[Metadata] = []
    for text in texts_in(folder)[:64]:
        try:
            found += read_file(text, settings)
        except InputRefused:
            continue
    return found


def _raise(error: OSError) -> None:
    raise error


def images_under(folder: Path, max_files: int = MAX_FILES, max_depth: int = MAX_DEPTH) -> list[Path]:
    """Return the image files under a folder; links, hidden names and side folders are passed over."""
    found: list[Path] = []
    count = 0
    for place, folders, names in os.walk(folder, onerror=_raise):
        deep = len(Path(place).relative_to(folder).parts) >= max_depth
        folders[:] = (
            []
            if deep
            else sorted(n for n in folders if not n.startswith(".") and n.lower() not in SIDE_FOLDERS)
        )
        count += len(names)
        if count > max_files:
            raise InputRefused(
                "folder refused", folder, f"it holds more than {max_files} files", "Give a smaller folder"
            )
        paths = [Path(place) / n for n in sorted(names) if not n.startswith(".")]
        found += [p for p in paths if p.suffix.lower() in IMAGE_ENDS and not p.is_symlink() and p.is_file()]
    return found


def _of_sidecar(path: Path, settings: ReadSettings) -> list[Entry]:
    """Return the images a metadata file speaks of: named by it, named like it, or alone beside it."""
    parts = read_file(path, settings)
    refused = next((p.properties["not_ortho"] for p in parts if p.properties.get("not_ortho")), None)
    images = images_under(path.parent, max_depth=SIDECAR_DEPTH)
    scored = [(max((match(p, image) for p in parts), default=0), image) for image in images]
    best = max((score for score, _ in scored), default=0)
    found = [image for score, image in scored if score == best and best]
    if not found:
        stem = core(path).lower()
        found = [i for i in images if i.stem.lower() == stem or i.stem.lower().startswith(f"{stem}_")]
    if not found and parts and not parts[0].source.startswith("STAC"):
        found = [i for i in images if i.parent == path.parent and not is_spare(i.name)]
        found = found if len({t.name for i in found for t in tiles_of(i)[:1]}) == 1 else []
    found = one_an_image(found, parts)
    if found:
        return [Entry(image, path) for image in found[:MAX_IMAGES]]
    if not parts and RADAR.search(path.name.upper()):
        raise scene_refused(path.name, "it is a radar image's metadata", "Only optical images are compared")
    if not parts:
        kind = (
            "not a STAC Item, nor metadata that is known"
            if path.suffix.lower() in (".json", ".geojson")
            else ("not a GeoTIFF, nor a product's metadata that is known")
        )
        raise scene_refused(path.name, f"it is {kind}", "Give the image itself")
    if refused:
        raise not_ortho(path.name, str(refused))
    named = sorted({name for part in parts for name in part.images})[:3]
    why = "none of the images it names lies in its own folder" + (f" ({', '.join(named)})" if named else "")
    raise scene_refused(path.name, why, "Put the image beside it, or name the image itself")


def scenes_in(folder: Path, max_files: int) -> list[Path]:
    """Return what can be opened as a scene under a folder, by path.

    Vendors' folders are looked into; masks, previews, hidden names and links are passed over, and of an
    image's tiles the first stands for all.

    Raises
    ------
    InputRefused
        There is no such folder, it cannot be read, or it holds more than ``max_files`` files.
    """
    try:
        if not folder.is_dir():
            raise InputRefused("no such folder", folder, "it is not a folder", "Give a folder of scenes")
        return sorted(one_an_image(images_under(folder, max_files, STORE_DEPTH)))
    except OSError as error:
        why = error.strerror or str(error)
        raise InputRefused("folder refused", folder, why, "Give a folder that can be read") from error


def best_first(scenes: Iterable[Scene], site: Site | None = None) -> list[Scene]:
    """Return scenes by what they show of trains: grain that bears cars, colour, near infrared, units.

    Before all of it comes whether a scene shows the site at all; of alike ones the one that shows most of it
    comes first.
    """

    def rank(scene: Scene) -> tuple[object, ...]:
        grain = 0 if scene.gsd_m <= CARS_M else 1 if scene.gsd_m <= TRACKS_M else 2
        share = 1.0 if site is None else _share_inside(scene, site)
        return (
            share == 0,
            grain,
            not {"red", "green"} <= scene.bands.keys(),
            "nir" not in scene.bands,
            UNITS.index(scene.radiometry),
            scene.gsd_m,
            -share,
            scene.image.name,
        )

    return sorted(scenes, key=rank)


def _share_inside(scene: Scene, site: Site) -> float:
    """Return the share of the site's areas that lies inside a scene's raster, to a hundredth."""
    places = unary_union([area.polygon for area in site.areas if area.role != "ignore"])
    try:
        inside = footprint(scene, site.crs).intersection(places).area
    except (NotComparable, GEOSException):
        return 0.0
    return round(inside / places.area, 2) if places.area else 1.0
