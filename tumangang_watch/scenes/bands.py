"""Which band of a file is which: told by the file, its metadata or the user, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tumangang_watch.errors import InputRefused, UsageError

ROLES = ("blue", "green", "red", "nir", "pan")
NAMES = {
    "b": "blue", "blue": "blue", "g": "green", "green": "green", "green ii": "green",
    "r": "red", "red": "red",
    "n": "nir", "nir": "nir", "nir1": "nir", "n1": "nir", "near infrared": "nir", "near-infrared": "nir",
    "nearinfrared": "nir", "pan": "pan", "panchromatic": "pan",
}  # fmt: skip
OTHER = ("coastal", "coastal_blue", "coastal blue", "green_i", "green i", "yellow", "red edge", "rededge",
         "red_edge", "re", "nir2", "n2", "alpha", "mask", "udm")  # fmt: skip
PRODUCTS = {
    ("analytic_8b", 8): (None, "blue", None, "green", None, "red", None, "nir"),
    ("analyticms_8b", 8): (None, "blue", None, "green", None, "red", None, "nir"),
    ("analyticms_sr_8b", 8): (None, "blue", None, "green", None, "red", None, "nir"),
    ("analytic_sr", 4): ("blue", "green", "red", "nir"),
    ("analyticms", 4): ("blue", "green", "red", "nir"),
    ("analytic", 4): ("blue", "green", "red", "nir"),
    ("pansharpened", 4): ("blue", "green", "red", "nir"),
    ("visual", 3): ("red", "green", "blue"),
    ("visual", 4): ("red", "green", "blue", None),
}
"""Band order by asset word in the file name and number of bands (formats.md 1.3, 1.5)."""


@dataclass(frozen=True)
class Bands:
    """Role of each band, what decided it, and where sources disagreed."""

    index: dict[str, int]
    """Role to 1-based band number."""
    source: str
    warnings: tuple[str, ...] = ()


def decide_bands(dataset: Any, name: str, wish: str | None, item_type: str | None) -> Bands:
    """Return the roles of a dataset's bands.

    In order of trust: ``--bands``, band descriptions, the product's documented order, colour
    interpretation that declares red, green and blue once each, a single panchromatic band.

    Raises
    ------
    InputRefused
        Nothing says which band is which, or too few are known.
    UsageError
        ``--bands`` does not fit the file.
    """
    if wish:
        return Bands(_wished(wish, dataset.count, name), "user")
    described = _described(dataset.descriptions)
    product = _by_product(name, dataset.count)
    coloured = _coloured(dataset)
    ranked = [(described, "description"), (product, "product name"), (coloured, "colour interpretation")]
    known = [(index, source) for index, source in ranked if index]
    if known:
        index, source = known[0]
        warnings = tuple(
            f"{other} says another band order than the {source}; the {source} was used"
            for roles, other in known[1:]
            if any(roles.get(role, band) != band for role, band in index.items())
        )
        return Bands(index, source, warnings)
    if dataset.count == 1:
        return Bands({"pan": 1}, "single band")
    del item_type
    raise InputRefused(
        "band order unknown",
        name,
        f"nothing in its {dataset.count} bands or its metadata says which is which",
        "Say it with --bands, e.g. --bands blue,green,red,nir",
    )


def _wished(wish: str, count: int, name: str) -> dict[str, int]:
    words = [w.strip().lower() for w in wish.split(",")]
    roles = [NAMES.get(w) if w not in ("-", "x", "") else None for w in words]
    bad = [w for w, r in zip(words, roles, strict=True) if r is None and w not in ("-", "x", "")]
    index = {role: k + 1 for k, role in enumerate(roles) if role}
    if bad or len(words) > count or not index or len(index) != sum(r is not None for r in roles):
        why = f"unknown role {bad[0]!r}" if bad else f"{len(words)} roles for {count} bands, or a role twice"
        raise UsageError("--bands does not fit", name, why, f"Use roles of {', '.join(ROLES)}, '-' to skip")
    return index


def _described(descriptions: Any) -> dict[str, int]:
    words = [(text or "").strip().lower() for text in descriptions]
    index: dict[str, int] = {}
    for k, word in enumerate(words):
        role = NAMES.get(word)
        if role is None or word in OTHER:
            continue
        if role in index:
            return {}
        index[role] = k + 1
    return index if {"red", "green", "blue"} <= index.keys() or "pan" in index else {}


def _by_product(name: str, count: int) -> dict[str, int]:
    lower = name.lower()
    for (word, bands), roles in PRODUCTS.items():
        if bands == count and f"_{word}" in lower:
            return {role: k + 1 for k, role in enumerate(roles) if role}
    return {}


def _coloured(dataset: Any) -> dict[str, int]:
    colours = [c.name for c in dataset.colorinterp]
    if any(colours.count(c) != 1 for c in ("red", "green", "blue")):
        return {}
    index = {c: colours.index(c) + 1 for c in ("blue", "green", "red")}
    if colours.count("nir") == 1:
        index["nir"] = colours.index("nir") + 1
    return index
