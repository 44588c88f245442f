"""Compare two scenes as one would in an evening's script: the measure that ``benchmarks.speed`` takes.

``python -m benchmarks.plain_change EARLIER LATER`` clips both to what they share, registers them by phase
correlation, matches histograms, smooths the difference, takes Otsu's threshold and prints the regions. It
knows no tracks, counts nothing and judges nothing.
"""

from __future__ import annotations

import sys

import numpy as np
import rasterio
from rasterio.windows import from_bounds
from scipy.ndimage import gaussian_filter, shift
from skimage.exposure import match_histograms
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.registration import phase_cross_correlation


def main() -> None:
    """Read, compare, print."""
    with rasterio.open(sys.argv[1]) as one, rasterio.open(sys.argv[2]) as two:
        west, south = (max(a, b) for a, b in zip(one.bounds[:2], two.bounds[:2], strict=True))
        east, north = (min(a, b) for a, b in zip(one.bounds[2:], two.bounds[2:], strict=True))
        earlier, later = (
            source.read(window=from_bounds(west, south, east, north, source.transform)).astype(np.float32)
            for source in (one, two)
        )
    rows, cols = (min(a, b) for a, b in zip(earlier.shape[1:], later.shape[1:], strict=True))
    earlier, later = earlier[:, :rows, :cols], later[:, :rows, :cols]
    offset, _, _ = phase_cross_correlation(earlier.mean(axis=0), later.mean(axis=0), upsample_factor=20)
    later = np.stack([shift(band, offset, order=1, mode="nearest") for band in later])
    later = match_histograms(later, earlier, channel_axis=0)
    difference = gaussian_filter(np.abs(later - earlier).mean(axis=0), 2.0)
    regions = regionprops(label(difference > threshold_otsu(difference)))
    changed = [region for region in regions if region.area >= 40]
    print(f"{len(changed)} regions changed, {sum(region.area for region in changed):.0f} pixels")


if __name__ == "__main__":
    main()
