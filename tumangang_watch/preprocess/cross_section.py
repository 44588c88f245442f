"""How symmetric the ground is about the tracks, for every lateral shift.

Ballast, sleepers, rails and what stands on them lie alike on either side of a centreline; beside a
track, in a gap and at a bundle's end they do not lie alike for all tracks at once. So the tracks'
cross-sections tell a fit from one that is half a gap or a track off, whatever the tones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tumangang_watch.preprocess.template import frame_along

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tumangang_watch.model.site import Site
    from tumangang_watch.preprocess.site_score import Picture
    from tumangang_watch.settings.registration import RegistrationSettings

STEP_M = 0.25
"""Step across the track."""
DARKER = 0.85
"""Brightness against the lit ground further along, above which nothing is a shadow."""
LIT_SHARE = 0.75
"""Quantile along a track that is taken for its lit ground: trains and shadows cover less than 3/4."""


@dataclass(frozen=True)
class Sections:
    """Mean cross-sections of short pieces of the tracks."""

    offset_m: NDArray[np.float64]
    """(n,) distance to the left of the believed centreline."""
    values: NDArray[np.float32]
    """(pieces, n); NaN where too little is seen."""
    cosine: NDArray[np.float64]
    """(pieces,) what one metre across the yard is across this piece."""


def sections_of(
    picture: Picture,
    site: Site,
    shift_m: NDArray[np.float64],
    across: NDArray[np.float64],
    settings: RegistrationSettings,
) -> Sections:
    """Average tone and colour along each piece of track.

    Parameters
    ----------
    shift_m : (2,) float
        (east, north) of the content against the site.
    across : (2,) float
        Unit vector across the tracks.
    """
    import cv2

    reach = settings.site_reach_m + 1.5 + settings.section_half_m
    count = int(np.ceil(reach / STEP_M))
    offset = np.arange(-count, count + 1, dtype=np.float64) * STEP_M
    per = round(settings.section_piece_m)
    values, cosine = [], []
    seen, lit = picture.valid.astype(np.float32), picture.lit.astype(np.float32)
    for track in site.tracks:
        points, normals = frame_along(track.line, 1.0)
        pieces = len(points) // per
        if pieces == 0:
            continue
        x = points[:, 0, None] + offset * normals[:, 0, None] + shift_m[0]
        y = points[:, 1, None] + offset * normals[:, 1, None] + shift_m[1]
        row, col = picture.grid.to_pixel(x, y)
        maps = col.astype(np.float32), row.astype(np.float32)
        inside = cv2.remap(seen, *maps, cv2.INTER_LINEAR, borderValue=0.0) > 0.99
        shaded = cv2.remap(lit, *maps, cv2.INTER_LINEAR, borderValue=0.0) <= 0.99
        shaded &= _darker_than_rest(cv2.remap(picture.plain[0], *maps, cv2.INTER_LINEAR), inside)
        weight = (inside & ~shaded).astype(np.float32)
        total = weight[: pieces * per].reshape(pieces, per, -1).sum(axis=1)
        for layer in picture.plain:
            sampled = cv2.remap(layer, *maps, cv2.INTER_LINEAR) * weight
            summed = sampled[: pieces * per].reshape(pieces, per, -1).sum(axis=1)
            values.append(np.where(total > per / 2, summed / np.maximum(total, 1), np.nan))
            cosine.append(normals[: pieces * per].reshape(pieces, per, 2).mean(axis=1) @ across)
    if not values:
        return Sections(offset, np.empty((0, len(offset)), np.float32), np.empty(0))
    return Sections(offset, np.concatenate(values).astype(np.float32), np.concatenate(cosine))


def _darker_than_rest(light: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where it is darker than elsewhere along the same line: dark ballast is no shadow.

    Parameters
    ----------
    light : (along, across) float32
        Log tone.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        usual = np.nanquantile(np.where(seen, light, np.nan), LIT_SHARE, axis=0)
    return np.asarray(light < usual + np.log(DARKER))


def symmetry(
    sections: Sections, across_m: NDArray[np.float64], settings: RegistrationSettings
) -> NDArray[np.float64]:
    """Return, for each piece and lateral shift, how much likelier symmetric than not.

    The log ratio of the even to the odd part's variance about the shifted centreline, as of
    `section_samples` independent samples, bounded by `section_cap`: a shadow or a wall beside one
    piece must not outvote the others. Flat ground says nothing.

    Parameters
    ----------
    across_m : (k,) float
        Shifts to try along the yard's ``across`` vector.

    Returns
    -------
    (pieces, k) float
    """
    half = round(settings.section_half_m / STEP_M)
    values = sections.values.astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1, axis=1)
    left, right = windows[..., half + 1 :], windows[..., half - 1 :: -1]
    both = np.isfinite(left) & np.isfinite(right)
    count = np.maximum(both.sum(axis=-1), 1)
    even, odd = np.where(both, (left + right) / 2, 0.0), np.where(both, (left - right) / 2, 0.0)
    mean = even.sum(axis=-1) / count
    even = np.where(both, even - mean[..., None], 0.0)
    floor = settings.section_floor**2
    ratio = ((even**2).sum(axis=-1) / count + floor) / ((odd**2).sum(axis=-1) / count + floor)
    gain = 0.5 * settings.section_samples * np.log(ratio)
    gain = settings.section_cap * np.tanh(gain / settings.section_cap)
    gain[both.sum(axis=-1) < 0.6 * half] = 0.0
    centres = sections.offset_m[half:-half]
    out = np.zeros((len(values), len(across_m)))
    for k, (row, cosine) in enumerate(zip(gain, sections.cosine, strict=True)):
        out[k] = np.interp(across_m * cosine, centres, row, left=0.0, right=0.0)
    return out
