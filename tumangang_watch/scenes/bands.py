"""Which band of a file is which: told by the file, its metadata or the user, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rasterio.io import DatasetReader
from rasterio.windows import Window

from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.scenes.vendors.facts import Metadata

Roles = tuple[str | None, ...]
ROLES = ("blue", "green", "red", "nir", "pan")
NAMES = {
    word: role
    for role, words in (
        ("blue", ("b", "blue", "band b")),
        ("green", ("g", "green", "green ii", "green 2", "band g")),
        ("red", ("r", "red", "band r")),
        (
            "nir",
            (
                "n",
                "nir",
                "nir1",
                "nir 1",
                "n1",
                "near infrared",
                "nearinfrared",
                "nir08",
                "band n",
                "band nir",
                "band n1",
            ),
        ),
        ("pan", ("pan", "panchromatic", "band p")),
    )
    for word in words
}
SKIP = ("-", "x", "")
BGRN: Roles = ("blue", "green", "red", "nir")
RGB: Roles = ("red", "green", "blue")
FIVE: Roles = ("blue", "green", "red", None, "nir")
EIGHT: Roles = (None, "blue", None, "green", None, "red", None, "nir")
PRODUCTS: tuple[tuple[str, int, Roles], ...] = (
    ("analytic", 8, EIGHT),
    ("analytic", 4, BGRN),
    ("3a_analytic", 5, FIVE),
    ("bgren_analytic", 5, FIVE),
    ("3b_analytic", 3, RGB),
    ("pansharpened", 4, BGRN),
    ("visual", 3, RGB),
    ("visual", 4, (*RGB, None)),
)
"""Band order by asset word in the file name and number of bands (docs/sources.md, vendor formats)."""
ITEM_TYPES: tuple[tuple[str, str, int, Roles], ...] = (
    ("skysat", "uint16", 4, BGRN),
    ("skysat", "uint8", 3, RGB),
    ("skysat", "uint8", 4, (*RGB, None)),
    ("psscene", "uint16", 8, EIGHT),
    ("psscene", "uint16", 4, BGRN),
    ("psscene", "uint16", 3, RGB),
    ("psscene", "uint8", 3, RGB),
    ("psscene", "uint8", 4, (*RGB, None)),
    ("psorthotile", "uint16", 4, BGRN),
    ("psorthotile", "uint16", 5, FIVE),
    ("reorthotile", "uint16", 5, FIVE),
)
"""Band order by item type (Planet), pixel type and bands (docs/sources.md, vendor formats)."""
ALPHA_SAMPLE_PX = 256
REAL_ALPHA = 0.98
"""An alpha band is fully clear or fully opaque nearly everywhere; an image band is neither."""


@dataclass(frozen=True)
class Bands:
    """Role of each band, what decided it, and where sources disagreed."""

    index: dict[str, int]
    """Role to 1-based band number."""
    source: str
    warnings: tuple[str, ...] = ()


def decide_bands(dataset: DatasetReader, name: str, wish: str | None, metadata: Metadata) -> Bands:
    """Return the roles of a dataset's bands.

    In order of trust: ``--bands``, the metadata's band list, band descriptions, the product's
    documented order by file name, then by item type, colour interpretation that declares red, green
    and blue once each, a single panchromatic band. Colours of an image of four and more bands of 16 bits
    prove nothing: writers declare red, green, blue whatever lies there.

    Raises
    ------
    InputRefused
        Nothing says which band is which, or too few are known.
    UsageError
        ``--bands`` does not fit the file.
    """
    item_type = str(metadata.properties.get("item_type") or "").lower()
    ranked = [
        (
            _described(metadata.bands) if len(metadata.bands) == dataset.count else {},
            metadata.source_of("bands") if metadata.source != "metadata" else "metadata",
        ),
        (_described(dataset.descriptions), "description"),
        (_by_product(name, dataset.count), "product name"),
        (_by_item_type(item_type, dataset.dtypes[0], dataset.count), "item type"),
    ]
    coloured = _coloured(dataset)
    proves = dataset.count <= 3 or dataset.dtypes[0] == "uint8"
    if wish:
        ranked.insert(0, (_wished(wish, dataset.count, name), "user"))
    known = [(index, source) for index, source in ranked if index]
    if coloured and (known or proves):
        known.append((coloured, "colour interpretation"))
    if not known and item_type == "blacksky" and dataset.count == 3:
        known.append((_numbered(("blue", "green", "red")), "item type"))
    if known:
        index, source = known[0]
        warnings = tuple(
            f"the {other} says another band order than the {source}; the {source} was used"
            for roles, other in known[1:]
            if any(roles.get(role, band) != band for role, band in index.items())
        )
        return Bands(index, source, warnings)
    if dataset.count == 1 or (dataset.count == 2 and "alpha" in _colours(dataset)):
        return Bands({"pan": 1}, "single band")
    why = f"nothing in its {dataset.count} bands or its metadata says which is which"
    if coloured:
        why = (
            f"only colour tags say what its {dataset.count} bands are; in 16-bit images they are often wrong"
        )
    orders = {3: "red,green,blue", 4: "blue,green,red,nir", 8: "x,blue,x,green,x,red,x,nir"}
    example = orders.get(dataset.count, "blue,green,red,nir" + ",x" * max(dataset.count - 4, 0))
    raise InputRefused("band order unknown", name, why, f"Say it with --bands, e.g. --bands {example}")


def band_index(names: Iterable[str | None]) -> dict[str, int]:
    """Return the number of each band whose name tells its role; nothing where they make no image."""
    return _described(names)


def _wished(wish: str, count: int, name: str) -> dict[str, int]:
    words = [w.strip().lower() for w in wish.split(",")]
    roles = [None if w in SKIP else NAMES.get(w, w) for w in words]
    index = _numbered(roles)
    bad = [role for role in index if role not in ROLES]
    if bad or len(words) > count or not index or len(index) != sum(r is not None for r in roles):
        why = (
            f"unknown role {bad[0][:40]!r}" if bad else f"{len(words)} roles for {count} bands, or one twice"
        )
        raise UsageError("--bands does not fit", name, why, f"Use roles of {', '.join(ROLES)}, '-' to skip")
    return index


def _described(names: Iterable[str | None]) -> dict[str, int]:
    """Return the roles that names give, or nothing where they do not make a colour or pan image."""
    words = [re.sub(r"[\s_-]+", " ", (text or "").strip().lower()) for text in names]
    roles = [NAMES.get(word) for word in words]
    index = _numbered(roles)
    twice = len(index) != sum(role is not None for role in roles)
    return index if not twice and ({"red", "green"} <= index.keys() or "pan" in index) else {}


def _numbered(roles: Iterable[str | None]) -> dict[str, int]:
    return {role: k + 1 for k, role in enumerate(roles) if role}


def _by_product(name: str, count: int) -> dict[str, int]:
    orders = (roles for word, bands, roles in PRODUCTS if bands == count and f"_{word}" in name.lower())
    return _numbered(next(orders, ()))


def _by_item_type(item_type: str, dtype: str, count: int) -> dict[str, int]:
    known = (
        roles for word, *kind, roles in ITEM_TYPES if item_type.startswith(word) and kind == [dtype, count]
    )
    return _numbered(next(known, ()))


def _colours(dataset: DatasetReader) -> list[str]:
    return [c.name for c in dataset.colorinterp]


def _coloured(dataset: DatasetReader) -> dict[str, int]:
    """Return the declared colours, unless an "alpha" that is plainly an image band belies them.

    GDAL labels every undeclared 8-bit four-band TIFF red, green, blue, alpha, whatever it holds.
    """
    colours = _colours(dataset)
    if any(colours.count(c) != 1 for c in ("red", "green", "blue")):
        return {}
    if "alpha" in colours and not _is_alpha(dataset, colours.index("alpha") + 1):
        return {}
    index = {c: colours.index(c) + 1 for c in ("blue", "green", "red")}
    if colours.count("nir") == 1:
        index["nir"] = colours.index("nir") + 1
    return index


def _is_alpha(dataset: DatasetReader, band: int) -> bool:
    rows, cols = min(dataset.height, ALPHA_SAMPLE_PX), min(dataset.width, ALPHA_SAMPLE_PX)
    part = Window((dataset.width - cols) // 2, (dataset.height - rows) // 2, cols, rows)
    sample = dataset.read(band, window=part)
    top = np.iinfo(sample.dtype).max if np.issubdtype(sample.dtype, np.integer) else sample.max()
    return bool(np.mean((sample == 0) | (sample == top)) >= REAL_ALPHA)
