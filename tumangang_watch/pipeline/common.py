"""What two scenes of different makers have in common: the bands and grain that both can be compared in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tumangang_watch.errors import NotComparable
from tumangang_watch.model.image import VISIBLE, NativeImage, frozen
from tumangang_watch.model.scene import Scene


def with_bands_of(image: NativeImage, other: NativeImage) -> NativeImage | None:
    """Return an image in the bands it shares with another: as they are, or as brightness; None where neither.

    Brightness is the mean of blue, green and red, for an image that stands beside a panchromatic one.
    """
    shared = tuple(band for band in image.bands if band in other.bands)
    if shared:
        return image if shared == image.bands else _only(image, shared)
    visible = tuple(band for band in VISIBLE if band in image.bands)
    if other.bands == ("pan",) and visible:
        mean = image.zeros(np.float32, 1)
        for rows, cols in image.windows:
            own = image.values[[image.bands.index(b) for b in visible], rows, cols]
            mean[:, rows, cols] = own.mean(axis=0, keepdims=True, dtype=np.float32)
        return replace(image, values=frozen(mean), bands=("pan",))
    return None


def in_common(
    images: tuple[NativeImage, NativeImage], scenes: tuple[Scene, Scene]
) -> tuple[NativeImage, NativeImage, tuple[str, ...]]:
    """Return two images in the bands that both can be compared in, and what that limits, in words.

    Raises
    ------
    NotComparable
        They share no band and neither is panchromatic.
    """
    first, second = images
    if first.bands == second.bands:
        return first, second, ()
    one, two = with_bands_of(first, second), with_bands_of(second, first)
    one, two = one or (first if two else None), two or (second if one else None)
    if one is None or two is None or set(one.bands) != set(two.bands):
        names = " and ".join(f"{', '.join(i.bands)} ({s.id})" for i, s in zip(images, scenes, strict=True))
        raise NotComparable(
            "the scenes have no band in common",
            scenes[-1].image.name,
            f"their bands are {names}",
            "Give scenes that share a band",
        )
    two = _only(two, one.bands)
    if one.bands == ("pan",):
        words = "by brightness alone: one scene is panchromatic, so colours are not compared"
    else:
        left = sorted({*first.bands, *second.bands} - set(one.bands))
        words = f"in the bands both have ({', '.join(one.bands)}); not in {', '.join(left)}"
    return one, two, (f"the scenes were compared {words}",)


def _only(image: NativeImage, bands: tuple[str, ...]) -> NativeImage:
    values = image.zeros(np.float32, len(bands))
    for rows, cols in image.windows:
        values[:, rows, cols] = image.values[[image.bands.index(band) for band in bands], rows, cols]
    return replace(image, values=frozen(values), bands=bands)
