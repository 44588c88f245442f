"""What providers do to a picture: clipped mosaics, sharpening, pan-sharpening and lossy coding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from tumangang_watch.model.image import NativeImage

Rng = np.random.Generator


def processed(image: NativeImage, rng: Rng) -> NativeImage:
    """Return a picture as a provider may deliver it: any of these steps, in the order they are done."""
    values = image.values.astype(np.float32)
    if rng.random() < 0.5:
        values = pansharpened(values, rng)
    if rng.random() < 0.4:
        values = sharpened(values, rng)
    if len(values) == 3:
        if rng.random() < 0.5:
            values = clipped(values, image.valid, rng)
        if rng.random() < 0.6:
            values = coded(values, rng)
        values = np.rint(np.clip(values, 0, 1) * 254 + 1) / 255
    values = np.maximum(values, 1e-4) * image.valid
    return replace(image, values=values.astype(np.float32))


def pansharpened(values: Any, rng: Rng) -> Any:
    """Return bands (bands, rows, cols) whose colour is coarser than their brightness, and lies beside it."""
    step, reach = float(rng.choice([2.0, 3.0, 4.0])), float(rng.uniform(0.3, 0.6))
    pan = values[:3].mean(axis=0)
    low = cv2.GaussianBlur(pan, (0, 0), step * reach)
    move = np.array([[1, 0, rng.normal(0, 0.5)], [0, 1, rng.normal(0, 0.5)]])
    out = []
    for band in values:
        own = move + np.array([[0, 0, rng.normal(0, 0.25)], [0, 0, rng.normal(0, 0.25)]])
        coarse = cv2.GaussianBlur(band, (0, 0), step * reach)
        out.append(cv2.warpAffine(coarse, own, band.shape[::-1], borderMode=cv2.BORDER_REPLICATE))
    if rng.random() < 0.5:
        return np.stack(out) * (pan / np.maximum(low, 1e-3))
    return np.stack(out) + (pan - low)


def sharpened(values: Any, rng: Rng) -> Any:
    """Return bands with halos beside edges."""
    size, much = float(rng.uniform(0.6, 2.2)), float(rng.uniform(0.3, 2.0))
    return np.stack([b + much * (b - cv2.GaussianBlur(b, (0, 0), size)) for b in values])


def clipped(values: Any, valid: Any, rng: Rng) -> Any:
    """Return bands stretched until their brightest ground is white and, at times, their darkest black."""
    seen = values[:, valid]
    top = np.percentile(seen, rng.uniform(85, 99.5))
    low = np.percentile(seen, rng.uniform(0.1, 4)) if rng.random() < 0.5 else 0.0
    return np.clip((values - low) / max(float(top - low), 1e-3), 0, 1)


def coded(values: Any, rng: Rng) -> Any:
    """Return three bands as JPEG keeps them: blocks of 8 pixels, colour at half their resolution."""
    pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.choice([25, 40, 55, 70, 85]))]
    kept = cv2.imdecode(cv2.imencode(".jpg", np.ascontiguousarray(pixels), quality)[1], cv2.IMREAD_COLOR)
    return kept.transpose(2, 0, 1).astype(np.float32) / 255
