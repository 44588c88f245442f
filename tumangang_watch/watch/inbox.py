"""The inbox: which files are scenes, which of them have arrived whole, what is their content."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tumangang_watch.errors import InputRefused, WatchError
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.scenes.entry import parts_in
from tumangang_watch.scenes.mask import find_masks
from tumangang_watch.scenes.parts import digest_of, image_files, one_an_image
from tumangang_watch.scenes.vendors.beside import IMAGE_ENDS, SIDECAR_ENDS, read_sidecars, sidecar_files
from tumangang_watch.settings.scenes import ReadSettings
from tumangang_watch.text import count_text, is_utf8

SCENE_ENDS = IMAGE_ENDS
"""Names that are taken for scenes. What cannot be read of these is refused, and said to be."""
BESIDE_ENDS = """
    .done .jpg .jpeg .png .txt .pdf .kml .kmz .htm .html .gml .xsl .xsd .css .gif .db .csv .md .vrt .ovr .tfw
    .jgw .j2w .pgw .wld .rpb .rpc .att .eph .geo .ste .shp .shx .dbf .prj .cpg .gpkg .aux .lic
"""
"""What vendors put beside an image and nothing here reads."""
KNOWN_ENDS = frozenset((*IMAGE_ENDS, *SIDECAR_ENDS, *BESIDE_ENDS.split()))
DONE_END = ".done"
"""``NAME.tif.done`` beside ``NAME.tif`` says that it is whole."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A scene file in the inbox."""

    path: Path
    place: str
    """Its path from the inbox, ``/`` between folders."""
    stamp: tuple[int, int]
    """Size in bytes and modification time in nanoseconds."""
    changed_s: float
    """When the file itself changed last, seconds since 1970."""
    before_s: float
    """It is settled when nothing of it or beside it changed since."""
    done: bool = False
    """A ``.done`` file says that it is whole."""

    @property
    def settled(self) -> bool:
        """Whether nothing of it changed for a while; looks for what lies beside it."""
        if self.done or self.changed_s > self.before_s:
            return self.done
        try:
            return all(p.stat().st_ctime <= self.before_s for p in sidecars(self.path))
        except OSError:
            return False


def look_into(inbox: Path, now_s: float, settle_s: float) -> list[Arrival]:
    """Return every scene file under the inbox, by path.

    Parameters
    ----------
    inbox : Path
        A folder. Names that are hidden or not UTF-8, and vendors' masks, are passed over; links are not
        followed.
    now_s : float
        The caller's clock, seconds since 1970.
    settle_s : float
        A file is settled when nothing of it or beside it changed for so long (by the change time of
        the file system, which copying programs cannot set back), or when a ``.done`` file says so.
    """
    found = []
    settings = ReadSettings()
    for folder, folders, names in os.walk(inbox):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and is_utf8(name))
        present = set(names)
        paths = [Path(folder) / name for name in names if not name.startswith(".") and is_utf8(name)]
        parts = parts_in(Path(folder), settings) if paths else []
        for path in one_an_image(paths, parts):
            name = path.name
            arrival = _arrival(inbox, path, name + DONE_END in present, now_s - settle_s)
            if arrival is not None:
                found.append(arrival)
    return sorted(found, key=lambda a: a.place)


def given_scenes(paths: list[Path]) -> list[Arrival]:
    """Return the scene files that were named, and those under the folders that were named, as settled.

    Parameters
    ----------
    paths : list of Path
        Absolute paths; ``place`` is then the whole path.
    """
    found = {}
    for path in paths:
        here = look_into(path, float("inf"), 0.0) if path.is_dir() else [_arrival(path.parent, path, True, 0)]
        for arrival in here:
            if arrival is None:
                raise InputRefused("scene not found", path, "it is not a file", "Give scenes or folders")
            found[arrival.path] = replace(arrival, place=str(arrival.path))
    return [found[path] for path in sorted(found)]


def _arrival(inbox: Path, path: Path, done: bool, before_s: float) -> Arrival | None:
    try:
        status = path.lstat()  # Links are not followed.
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Arrival(
        path=path,
        place=path.relative_to(inbox).as_posix(),
        stamp=(status.st_size, status.st_mtime_ns),
        changed_s=status.st_ctime,
        before_s=before_s,
        done=done,
    )


def sidecars(image: Path) -> list[Path]:
    """Return the metadata and mask that belong to an image, and its other tiles."""
    others = [file for file in _files_of(image) if file != image]
    return [*sidecar_files(image, ReadSettings()), *find_masks(image)[:1], *others]


def content_of(image: Path) -> str:
    """Return the digest that an image's scene has: of its one file, or of all its tiles and band files."""
    return digest_of(map(sha256_of, _files_of(image)))


def _files_of(image: Path) -> list[Path]:
    try:
        return image_files(image, read_sidecars(image, ReadSettings()))
    except WatchError:
        return [image]


@dataclass(frozen=True)
class PassedOver:
    """What lies in the inbox and is no scene, nor belongs to one."""

    links: int
    others: tuple[str, ...]
    """Endings of the files of other kinds, one a file."""
    unnamed: int = 0
    """Files and folders whose names are not UTF-8."""
    special: int = 0
    """Pipes, sockets and devices."""

    def __str__(self) -> str:
        words = [f"{count_text(self.links, 'link')} (links are not followed)"] if self.links else []
        if self.others:
            ends = ", ".join(sorted({end or "without an ending" for end in self.others})[:6])
            words.append(f"{count_text(len(self.others), 'file')} of other kinds ({ends})")
        if self.unnamed:
            words.append(
                f"{count_text(self.unnamed, 'name')} that cannot be read (not UTF-8: rename the file)"
            )
        if self.special:
            words.append(f"{count_text(self.special, 'special file')} (pipes, sockets, devices)")
        return "Passed over: " + " and ".join(words) if words else ""


def passed_over(inbox: Path) -> PassedOver:
    """Return how many links, pipes, files of unknown kinds and unreadable names lie under the inbox."""
    links, unnamed, special, others, waiting = 0, 0, 0, [], [str(inbox)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    links += entry.name[0] != "." or os.path.isdir(entry.path)
                elif entry.name[0] == ".":
                    continue
                elif not is_utf8(entry.name):
                    unnamed += 1
                elif entry.is_dir():
                    waiting.append(entry.path)
                elif not entry.is_file():
                    special += 1
                elif (end := os.path.splitext(entry.name)[1].lower()) not in KNOWN_ENDS:
                    others.append(end)
    return PassedOver(links, tuple(others), unnamed, special)


def sidecars_digest(image: Path) -> str:
    """Return the digest of what lies beside an image."""
    digest = hashlib.sha256()
    for path in sidecars(image):
        digest.update(os.fsencode(path.name) + f"\0{sha256_of(path)}\0".encode())
    return digest.hexdigest()


def locate_scenes(inbox: Path) -> list[tuple[str, tuple[int, int], str]]:
    """Return place, stamp and content of every scene file under the inbox."""
    return [(a.place, a.stamp, content_of(a.path)) for a in look_into(inbox, float("inf"), 0.0)]
