"""Which files of a folder are scenes: images, and STAC Items that name one of them."""

from __future__ import annotations

import os
from pathlib import Path

from tumangang_watch.errors import InputRefused, WatchError
from tumangang_watch.scenes.open import IMAGE_ENDS
from tumangang_watch.scenes.sidecar import METADATA_END, is_item, load_json, read_item
from tumangang_watch.settings.scenes import ReadSettings

OTHER_ENDS = (".jp2", ".ntf", ".nitf")
"""Scenes of other formats: named, so that they are refused aloud and not passed over."""


def scenes_in(folder: Path, settings: ReadSettings, max_files: int) -> list[Path]:
    """Return what can be opened as a scene under a folder, by path.

    Vendors' folders are looked into; masks, hidden names and links are passed over. Where a STAC Item names
    an image, the item stands for it.

    Raises
    ------
    InputRefused
        There is no such folder, it cannot be read, or it holds more than ``max_files`` files.
    """
    found: dict[Path, Path] = {}
    count = 0
    try:
        if not folder.is_dir():
            raise InputRefused("no such folder", folder, "it is not a folder", "Give a folder of scenes")
        for place, folders, names in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            count += len(names)
            if count > max_files:
                why = f"it holds more than {max_files} files"
                raise InputRefused("folder refused", folder, why, "Give a smaller folder")
            for name in sorted(names):
                path = Path(place) / name
                if not name.startswith(".") and not path.is_symlink():
                    _add(found, path, settings)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputRefused("folder refused", folder, why, "Give a folder that can be read") from error
    return [found[image] for image in sorted(found)]


def _raise(error: OSError) -> None:
    raise error


def _add(found: dict[Path, Path], path: Path, settings: ReadSettings) -> None:
    end = path.suffix.lower()
    if end in (*IMAGE_ENDS, *OTHER_ENDS):
        if "udm" not in path.stem.lower():
            found.setdefault(path, path)
    elif end in (".json", ".geojson") and not path.name.endswith(METADATA_END):
        try:
            data = load_json(path, settings.max_metadata_bytes, settings.max_json_depth)
            if is_item(data):
                found[read_item(path, data)[0]] = path
        except (WatchError, ValueError, TypeError, AttributeError):
            # Not an item that can be used: the images beside it speak for themselves.
            return
