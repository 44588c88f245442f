"""Open a scene without reading its pixels: what is it, when, where, and can it be used?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from pathlib import Path

from rasterio.io import DatasetReader

from tumangang_watch.errors import Busy, WatchError, scene_refused
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.scenes.acquired import PASS, StatedTime, decide_time, split_range
from tumangang_watch.scenes.bands import Bands, band_index, decide_bands
from tumangang_watch.scenes.checks import not_ortho, pixel_edge_m, refuse_coarse, refuse_unusable
from tumangang_watch.scenes.container import whole_image
from tumangang_watch.scenes.describe import (
    band_times,
    location_of,
    provider_of,
    sources_of,
    sun_view_and_cloud,
    warn_of_odds,
)
from tumangang_watch.scenes.entry import Entry, best_first, reason, resolve
from tumangang_watch.scenes.harden import open_image
from tumangang_watch.scenes.mask import choose_mask
from tumangang_watch.scenes.parts import Frame, band_files, digest_of, frame_of
from tumangang_watch.scenes.radiometry import Units, decide_radiometry
from tumangang_watch.scenes.vendors.beside import read_sidecars
from tumangang_watch.scenes.vendors.facts import Metadata, number
from tumangang_watch.scenes.vendors.manifest import warn_of_changes
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.text import utc_text

Stamp = tuple[int, int, int]
"""Size, modification time and number of a file."""


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """What the user says of a scene."""

    acquired: str | None = None
    """Acquisition time; wins over every other source."""
    bands: str | None = None
    """Roles in band order, ``-`` or ``x`` for a band to leave out; wins over every other source."""
    latest: datetime | None = None
    """The caller's clock: a scene acquired more than a day after it is refused."""
    digest: bool = True
    """Read the whole file for its digest; without, ``sha256`` is empty until `with_digest`."""
    site: Site | None = None
    """What the scene is wanted for: of several frames of a pass the one that shows most of it is taken."""


def open_scene(path: Path, options: SceneOptions, settings: ReadSettings) -> Scene:
    """Understand a scene.

    Parameters
    ----------
    path : Path
        An image, a metadata file beside it, a STAC Item, or a folder. Of several images of one pass the
        one that shows most of trains is taken, and the others are named in its warnings.

    Raises
    ------
    InputRefused
        The file cannot be used, or a folder holds several passes; the message says why and what to do.
    Busy
        The file changed while it was read.
    """
    first, *others = open_scenes(path, options, settings)
    times = sorted(s.acquired for s in (first, *others))
    if times[-1] - times[0] > PASS:
        dates = ", ".join(dict.fromkeys(utc_text(t, fractions=False)[:16] + "Z" for t in times[:6]))
        why = f"it holds images of several dates ({dates})"
        raise scene_refused(path, why, "Name one image; inspect lists them all")
    if others:
        named = ", ".join(f"{s.image.name} ({s.gsd_m:.2g} m, {'/'.join(s.bands)})" for s in others[:5])
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        note = f"{first.image.name} was taken; beside it lie {named}{more}: name one to use it"
        first = replace(first, warnings=(*first.warnings, note))
    return with_digest(first) if options.digest else first


def open_scenes(path: Path, options: SceneOptions, settings: ReadSettings) -> list[Scene]:
    """Return every image that a path stands for, the best for trains first, without digests.

    Raises
    ------
    InputRefused, Busy
        None of them can be used: why the first cannot.
    """
    found, errors = [], []
    try:
        entries = resolve(Path(path), settings)
    except WatchError:
        raise
    except Exception as error:
        why = f"it cannot be read ({reason(error)})"
        raise scene_refused(Path(path).name, why, "Copy or deliver it again") from error
    for entry in entries:
        try:
            found.append(_open_one(entry, options, settings))
        except WatchError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    notes = tuple(f"{e.file} beside it was passed over: {e.why}" for e in errors)
    first, *rest = best_first(found, options.site)
    return [replace(first, warnings=(*first.warnings, *notes)), *rest]


def _open_one(entry: Entry, options: SceneOptions, settings: ReadSettings) -> Scene:
    image = entry.image
    try:
        before = _stamp(image)
        metadata = read_sidecars(image, settings, entry.given)
        if metadata.properties.get("not_ortho"):
            raise not_ortho(image.name, str(metadata.properties["not_ortho"]))
        layout = whole_image(image)
        if layout.bands > settings.max_bands:
            raise scene_refused(image.name, f"it claims {layout.bands} bands", "Use an image, not a stack")
        with open_image(image) as dataset:
            refuse_unusable(dataset, layout, image.name, metadata.properties, settings)
            frame = frame_of(dataset, image, band_files(image, metadata), settings.max_bands)
            scene = _scene(dataset, frame, metadata, options, settings)
    except WatchError:
        raise
    except Exception as error:
        _check_settled({image: before})
        why = f"it cannot be read ({reason(error)})"
        raise scene_refused(image.name, why, "Copy or deliver it again") from error
    scene = _stamped(scene)
    _check_settled({image: before})
    return scene


def _stamped(scene: Scene) -> Scene:
    """Return a scene with the stamps of its files as they are now."""
    try:
        return replace(scene, stamps=tuple(_stamp(file) for file in _pixel_files(scene)))
    except OSError as error:
        raise _growing(scene.image) from error


def _check_settled(before: Mapping[Path, Stamp]) -> None:
    """See that files are as they were before they were read, as far as they are there.

    Raises
    ------
    Busy
        One is not.
    """
    for file, stamp in before.items():
        if file.exists() and _stamp(file) != stamp:
            raise _growing(file)


def _growing(file: Path) -> Busy:
    return Busy("scene is still growing", file.name, "it changed while it was read", "Try again later")


def with_digest(scene: Scene) -> Scene:
    """Return a scene with the digest of its image: of several files, that of their digests.

    Raises
    ------
    InputRefused
        The file cannot be read any more.
    Busy
        It changed while it was read.
    """
    files = _pixel_files(scene)
    try:
        digests = {file: sha256_of(file) for file in files}
        _check_settled(dict(zip(files, scene.stamps, strict=True)))
    except OSError as error:
        why = f"it cannot be read ({reason(error)})"
        raise scene_refused(scene.image.name, why, "Copy or deliver it again") from error
    notes = warn_of_changes(scene, digests, ReadSettings())
    return replace(
        scene, sha256=digest_of(digests.values()), warnings=tuple(dict.fromkeys((*scene.warnings, *notes)))
    )


def check_unchanged(scenes: Iterable[Scene]) -> None:
    """See that scenes that were measured are still those whose digests were taken, as far as they are there.

    Raises
    ------
    Busy
        One was replaced or rewritten meanwhile: its pixels may be of either.
    """
    for scene in scenes:
        for file, stamp in zip(_pixel_files(scene), scene.stamps, strict=False):
            if file.exists() and _stamp(file) != stamp:
                why = "it was replaced while it was measured"
                raise Busy("scene changed", scene.image.name, why, "Try again when it is settled")


@contextmanager
def unchanged(scenes: Iterable[Scene]) -> Iterator[None]:
    """See that scenes are, to the end of their measuring, those whose digests were taken.

    Raises
    ------
    Busy
        One was replaced, rewritten or cut short meanwhile, whatever the measuring made of that.
    """
    scenes = tuple(scenes)
    try:
        yield
    except Exception:
        check_unchanged(scenes)
        raise
    check_unchanged(scenes)


def _pixel_files(scene: Scene) -> list[Path]:
    return list(dict.fromkeys(part.image for part in scene.parts)) or [scene.image]


def _stamp(image: Path) -> Stamp:
    status = image.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _scene(
    dataset: DatasetReader, frame: Frame, metadata: Metadata, options: SceneOptions, settings: ReadSettings
) -> Scene:
    image, properties = frame.files[0], metadata.properties
    warnings: list[str] = list(metadata.warnings)
    pixel_m = pixel_edge_m(dataset, image.name, settings, warnings.append)
    # Never finer than a pixel, whatever is stated.
    gsd_m = max(number(properties.get("gsd"), settings.min_pixel_m, 100.0) or 0.0, pixel_m)
    if gsd_m > settings.max_gsd_m:
        refuse_coarse(image.name, gsd_m, settings)
    bands, units = _meaning(dataset, frame, metadata, options, settings)
    warnings += bands.warnings
    acquired, date_source = decide_time(
        options.acquired, _stated_time(metadata), dataset.tags(), image.stem, options.latest, warnings.append
    )
    warn_of_odds(image, metadata, frame, warnings.append)
    mask = choose_mask(dataset, frame, metadata, warnings.append)
    nodata = None if dataset.nodata is None or isnan(dataset.nodata) else float(dataset.nodata)
    if nodata is None:
        nodata = number(properties.get("nodata_value"), -1e6, 1e6)
    licence, (ce90_m, location_doubt) = properties.get("licence"), location_of(metadata)
    scene = Scene(
        id=re.sub(r"[^A-Za-z0-9._-]", "_", metadata.id or image.stem).lstrip(".")[:120] or "scene",
        image=image,
        files=(*frame.files, *metadata.files, *((mask,) if mask else ())),
        sha256="",
        acquired=acquired,
        provider=provider_of(properties, dataset.tags()),
        crs=":".join(dataset.crs.to_authority() or ()) or dataset.crs.to_wkt(),
        affine=frame.affine,
        width=frame.width,
        height=frame.height,
        dtype=dataset.dtypes[0],
        gsd_m=gsd_m,
        pixel_m=pixel_m,
        bands=bands.index,
        band_source=bands.source,
        radiometry=units.kind,
        scale=units.scale,
        offset=units.offset,
        parts=frame.parts,
        band_times_s=band_times(properties, bands.index),
        nodata=nodata,
        mask=mask,
        product_ce90_m=ce90_m,
        location_doubt=location_doubt,
        licence=str(licence)[:200] if licence else None,
        **sun_view_and_cloud(properties),  # type: ignore[arg-type]
        sources={"acquired": date_source, "bands": bands.source, "radiometry": units.source},
        warnings=tuple(warnings),
    )
    return replace(scene, sources=scene.sources | sources_of(scene, metadata, dataset))


def _stated_time(metadata: Metadata) -> StatedTime:
    properties = metadata.properties
    begin, end = split_range(properties.get("acquired") or properties.get("datetime"))
    exact = properties.get("datetime") is not None or "acquired_end" not in properties
    return StatedTime(
        begin,
        metadata.source_of("acquired", "datetime"),
        end or properties.get("acquired_end"),
        exact and end is None,
    )


def _meaning(
    dataset: DatasetReader, frame: Frame, metadata: Metadata, options: SceneOptions, settings: ReadSettings
) -> tuple[Bands, Units]:
    """Return which band is which and what their numbers are, over all files of one image."""
    image = frame.files[0]
    firsts = band_files(image, metadata)
    if len(firsts) == 1:
        bands = decide_bands(dataset, image.stem, options.bands, metadata)
        return bands, decide_radiometry(dataset, image.stem, metadata, bands.index)
    each = [read_sidecars(file, settings) for file in firsts]
    names = [name for one in each for name in one.bands]
    index = band_index(names)
    if len(names) != frame.count or not index:
        raise scene_refused(image.name, "its band files do not say their bands", "Name one band file itself")
    lists = {
        key: [v for one in each for v in (one.properties.get(key) or ()) if isinstance(v, float)]  # type: ignore[attr-defined]
        for key in ("reflectance_coefficients", "scale_offsets")
    }
    whole = replace(metadata, properties=metadata.properties | lists)
    return Bands(index, metadata.source), decide_radiometry(dataset, image.stem, whole, index)
