"""Which text files beside an image speak of it, and what they say together.

Nothing in them is trusted: readers keep to text (`vendors`), and no file they name is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.acquired import PASS, parse_time
from tumangang_watch.scenes.vendors import dimap, keys, maxar, others, planet, stac
from tumangang_watch.scenes.vendors.facts import Metadata, together
from tumangang_watch.scenes.vendors.listing import KEPT, Listing, listing
from tumangang_watch.scenes.vendors.text import Node, load_json, parse_pvl, parse_xml, read_bytes
from tumangang_watch.settings.scenes import ReadSettings

METADATA_END = "_metadata.json"
JSON_ENDS = (".json", ".geojson")
PVL_ENDS = (".imd", ".til")
XML_ENDS = (".xml", ".dim")
SIDECAR_ENDS = (*JSON_ENDS, *PVL_ENDS, *XML_ENDS, *keys.TEXT_ENDS)
IMAGE_ENDS = (".tif", ".tiff", ".jp2", ".ntf", ".nitf")
NOT_METADATA = re.compile(
    r"\.aux\.xml$|^(?:rpc|vol|index|lineage)[_.]|^(?:manifest|delivery|catalog|collection)\.json$|_iso\.xml$"
    r"|(?:^|[_-])(?:manifest|readme|rpc|licen[cs]e)\.(?:xml|txt)$"
)
ORDER_FILE = re.compile(
    r"^vol[_.].*xml$|^(?:manifest|delivery|catalog|collection)\.json$|(?:^|[_-])(?:manifest|readme)\.(?:xml|txt)$",
    re.IGNORECASE,
)
"""Lists of an order's files, and letters that go with it: they stand for their folder."""
XML_READERS: tuple[Callable[[Path, Node], list[Metadata]], ...] = (
    planet.read_xml,
    maxar.read_imd,
    dimap.read_dimap,
    others.read_kompsat,
    others.read_kanopus,
    others.read_chinese,
)
TILE = re.compile(r"_R\d+C\d+", re.IGNORECASE)
CHUNK = re.compile(r"_\d+$")
ENDINGS = re.compile(r"(?:_metadata(?:_\w+)?|_aux|_toa_factors|_stac|_meta)$", re.IGNORECASE)
"""What vendors add to an image's name to name the metadata."""
FOLDERS_OF_IMAGES = ("rasters", "raster", "img", "image", "images", "imagery", "data", "imgdata")
"""Folders of images whose metadata lie one folder up."""
MANY = 64
"""From so many text files in a folder only those whose name begins like the image's are read."""
ALIKE = 8
"""Characters that then must be the same."""
NAMED, JOINED, BY_NAME, BY_TOKENS, ALONE = 5, 4, 3, 2, 1
SHARED_TOKENS = 3


def read_sidecars(image: Path, settings: ReadSettings, given: Path | None = None) -> Metadata:
    """Return what all files beside an image say of it, the nearest first.

    Parameters
    ----------
    given : Path, optional
        The file the user named: it is asked first, and speaks of the image even where it does not name it.

    Raises
    ------
    InputRefused
        The image's own ``_metadata.json``, or the file that was named, cannot be read.
    """
    ranked: list[tuple[int, int, Metadata]] = []
    warnings: list[str] = []
    for place, path in enumerate(_near(image, given)):
        try:
            parts = read_file(path, settings)
        except InputRefused as error:
            own = path.name.endswith(METADATA_END) and _begins(image.stem, core(path))
            if own or path == given:
                raise
            if _begins(image.stem, core(path)):
                warnings.append(f"{path.name} beside it could not be read ({error.why})")
            continue
        if path.parent == image.parent.parent and path != given and not _holds_images(image.parent):
            parts = tuple(p for p in parts if p.folder and path.parent / p.folder == image.parent)
        scored = [(match(part, image), part) for part in parts]
        best = max((score for score, _ in scored), default=0)
        if best == 0 and path == given and parts:
            scored, best = [(ALONE, _loose(parts[0]))], ALONE
        ranked += [(-score, place, part) for score, part in scored if score == best and score]
    if not ranked:
        ranked = [(-ALONE, k, part) for k, part in enumerate(_composite(image, settings))]
    # An item's own JSON is the source of Planet's XML, and rounds less.
    ranked.sort(key=lambda r: (not (r[2].source == "metadata" and -r[0] >= BY_NAME), r[0], r[1]))
    found = together(_loose(part) if -score < BY_NAME else part for score, _, part in ranked)
    return replace(found, warnings=(*found.warnings, *warnings))


def sidecar_files(image: Path, settings: ReadSettings) -> list[Path]:
    """Return the text files that speak of an image."""
    try:
        return list(read_sidecars(image, settings).files)
    except InputRefused:
        return [
            p for p in _near(image, None) if p.name.endswith(METADATA_END) and _begins(image.stem, core(p))
        ]


def core(path: Path) -> str:
    """Return the name of the image that a metadata file's name speaks of."""
    return ENDINGS.sub("", path.stem)


def match(part: Metadata, image: Path) -> int:
    """Return how surely a part speaks of an image: 0 not at all, `NAMED` where it names the file."""
    name, stem = image.name.lower(), image.stem.lower()
    bare = TILE.sub("", stem)
    for other in (*part.images, *part.joined):
        that = Path(other.lower())
        if that.name == name or TILE.sub("", that.stem) == bare:
            return NAMED if other in part.images else JOINED
        if that.suffix == ".vrt" and that.stem == CHUNK.sub("", stem):
            return NAMED
    file = part.file or Path("")
    for known in (core(file), part.id or ""):
        if _begins(bare, known) or _begins(bare.removeprefix("img_"), known):
            return BY_NAME if not part.images else BY_TOKENS
    return BY_TOKENS if len(_tokens(stem) & _tokens(file.stem)) >= SHARED_TOKENS and _dated(stem, file) else 0


def _loose(part: Metadata) -> Metadata:
    """Return a part without what holds only for files it names: their bands' factors."""
    names = {"reflectance_coefficients", "scale_offsets"}
    return replace(part, properties={k: v for k, v in part.properties.items() if k not in names}, joined=())


def _begins(stem: str, known: str) -> bool:
    """Whether a name is another one, or begins with it and goes on with something else."""
    stem, known = stem.lower(), known.lower()
    return bool(known) and stem.startswith(known) and not stem[len(known) : len(known) + 1].isalnum()


def _tokens(stem: str) -> set[str]:
    return {t for t in re.split(r"[^a-z0-9]+", stem.lower()) if any(c.isdigit() for c in t)}


def _dated(stem: str, file: Path) -> bool:
    """Whether two names share a number of five digits or more."""
    return any(len(t) >= 5 for t in _tokens(stem) & _tokens(file.stem))


def _near(image: Path, given: Path | None) -> Iterator[Path]:
    """Yield the text files that may speak of an image, the one that was given first."""
    start = image.stem.lower().removeprefix("img_")[:ALIKE]
    found = texts_in(image.parent)
    above = texts_in(image.parent.parent) if image.parent != image.parent.parent else []
    if not _holds_images(image.parent):
        # Of these only an item speaks of an image, by the whole of its address.
        above = [path for path in above if path.suffix.lower() in JSON_ENDS]
        above = above if len(above) <= MANY else []
    if len(found) + len(above) > MANY:
        found = [p for p in [*_texts_alike(image.parent, start), *above] if _named(p).startswith(start)]
    else:
        found = [*found, *above]
    first = [given] if given is not None and given.is_file() else []
    return iter(dict.fromkeys(chain(first, sorted(found, key=_order))))


def _holds_images(folder: Path) -> bool:
    return folder.name.lower() in FOLDERS_OF_IMAGES


def _order(path: Path) -> tuple[bool, int, str]:
    """Return the rank of a text file among those of one image: JSON, IMD, XML, TIL."""
    return (
        not path.name.endswith(METADATA_END),
        (*JSON_ENDS, ".imd", ".dim", ".xml", ".til", *keys.TEXT_ENDS).index(path.suffix.lower()),
        path.name,
    )


def texts_in(folder: Path) -> list[Path]:
    """Return the files of a folder that may be metadata, by their names."""
    try:
        return list(_texts(listing(folder)))
    except OSError:
        return []


@lru_cache(maxsize=KEPT)
def _texts(listed: Listing) -> tuple[Path, ...]:
    paths = [p for p in listed.ending(SIDECAR_ENDS) if not p.name.startswith(".")]
    return tuple(p for p in paths if not NOT_METADATA.search(p.name.lower()) and p.is_file())


def _texts_alike(folder: Path, start: str) -> list[Path]:
    """Return the files of a folder that may be metadata, where ``start`` is long enough of those alike."""
    try:
        listed = listing(folder)
        return list(_by_start(listed).get(start, ()) if len(start) == ALIKE else _texts(listed))
    except OSError:
        return []


@lru_cache(maxsize=KEPT)
def _by_start(listed: Listing) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in _texts(listed):
        found.setdefault(_named(path)[:ALIKE], []).append(path)
    return found


def _named(path: Path) -> str:
    """Return the name of a text file without what a vendor puts before the image's."""
    return path.name.lower().removeprefix("dim_")


def read_file(path: Path, settings: ReadSettings) -> tuple[Metadata, ...]:
    """Return what a metadata file says, one part an image; nothing where it is no product's.

    Raises
    ------
    InputRefused
        It is too large, damaged, nested too deeply, or a radar item.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputRefused(
            "metadata refused", path.name, error.strerror or str(error), "Copy it again"
        ) from error
    return _read(path, (status.st_size, status.st_mtime_ns), settings)


@lru_cache(maxsize=512)
def _read(path: Path, stamp: tuple[int, int], settings: ReadSettings) -> tuple[Metadata, ...]:
    end = path.suffix.lower()
    if end in JSON_ENDS:
        data = load_json(path, settings.max_metadata_bytes, settings.max_json_depth)
        items = stac.read_items(path, data)
        one = stac.read_toa_factors(path, data) or others.read_blacksky(path, data)
        if items or one:
            return tuple(items) or ((one,) if one else ())
        planets = path.name.endswith(METADATA_END) or "acquired" in str(data)[:100_000]
        return tuple(planet.read_items_json(path, data)) if planets else ()
    try:
        if end in keys.TEXT_ENDS:
            long = path.stat().st_size > keys.MAX_BYTES
            return () if long else tuple(keys.read_keys(path, read_bytes(path).decode("latin-1")))
        data_bytes = read_bytes(path)
        if end in PVL_ENDS:
            return tuple(maxar.read_imd(path, parse_pvl(data_bytes.decode("latin-1"))))
        root = parse_xml(data_bytes)
        return tuple(next((parts for reader in XML_READERS if (parts := reader(path, root))), ()))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(
            "metadata refused", path.name, f"{error}"[:200], "Deliver it again, or remove it"
        ) from error


def _composite(image: Path, settings: ReadSettings) -> list[Metadata]:
    """Return what the items say that one image was put together from: all in its folder, of one pass.

    Planet's composite tool names the image after nothing; then it must be the only one in the folder.
    """
    if _stems(listing(image.parent)) != {TILE.sub("", image.stem)}:
        return []
    parts: list[Metadata] = []
    for path in texts_in(image.parent):
        try:
            parts += read_file(path, settings)[:1]
        except InputRefused:
            continue
    times = [parsed[0] for p in parts if (parsed := parse_time(p.properties.get("acquired")))]
    if not parts or len(times) != len(parts) or max(times) - min(times) > PASS:
        return []
    first = parts[times.index(min(times))]
    note = f"put together from {len(parts)} items taken within {(max(times) - min(times)).seconds} s"
    if len(parts) == 1:
        name = first.file.name if first.file else "a file"
        note = f"{name}, the only metadata beside it, was taken for its own"
    notes = (note,)
    return [replace(first, images=(image.name,), warnings=notes), *(p for p in parts if p is not first)]


@lru_cache(maxsize=KEPT)
def _stems(listed: Listing) -> set[str]:
    """Return the names of the images of a folder, one for all tiles of an image."""
    return {TILE.sub("", p.stem) for p in listed.ending(IMAGE_ENDS) if not is_spare(p.name)}


SPARE = re.compile(
    r"(?:^|[_-])(?:udm2?|cloud|cloud_?mask|mask|data-?mask|browse|preview|thumb(?:nail)?|overview|icon|quicklook"
    r"|layout)(?=[_.-]|$)",
    re.IGNORECASE,
)


def is_spare(name: str) -> bool:
    """Whether a file's name says that it is a mask, a preview or a browse image."""
    return bool(SPARE.search(Path(name).stem))
