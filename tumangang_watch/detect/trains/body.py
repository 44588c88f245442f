"""A train straightened for its motion: the rows over its body, without what stands still about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.structure import free_of_structure
from tumangang_watch.detect.trains.view import scale_of
from tumangang_watch.grid import Float32
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.image import NativeImage
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.trains import MotionSettings, TrainSettings
from tumangang_watch.track_frame import TrackFrame, frame_along


@dataclass(frozen=True, kw_only=True)
class TrainBody:
    """A train and the track at both its ends, straightened."""

    values: Float32
    """(bands, rows, n) rows across the body, columns along the track."""
    step_m: float
    frame: TrackFrame


def sample_body(
    image: NativeImage, train: Detection, track: Track, settings: MotionSettings
) -> TrainBody | None:
    """Straighten a train; None where it is too short or too little of it is seen."""
    ends = _looked_at(image, train, track, settings)
    if ends is None:
        return None
    step = min(image.gsd_m / 2, 0.5)
    frame = frame_along(track.line, np.arange(*ends, step), 3.0)
    values, valid = image.sample(*frame.mesh(np.linspace(-settings.body_half_m, settings.body_half_m, 5)))
    return None if valid.mean() < 0.9 else TrainBody(values=values, step_m=step, frame=frame)


def _looked_at(
    image: NativeImage, train: Detection, track: Track, settings: MotionSettings
) -> tuple[float, float] | None:
    """Return from where to where motion is looked for, metres along the track; None for a short train."""
    least = max(settings.length_min_m, settings.length_min_px * image.gsd_m)
    if train.from_m is None or train.to_m is None or train.to_m - train.from_m < least:
        return None
    return max(train.from_m - settings.margin_m, 0.0), min(train.to_m + settings.margin_m, track.line.length)


def body_on_bridge(
    image: NativeImage,
    train: Detection,
    strip: Strip,
    bridge_m: tuple[float, float],
    motion: MotionSettings,
    trains: TrainSettings,
) -> TrainBody | None:
    """Straighten a train on a bridge, freed of beams and chords: these stand still in every band."""
    ends, light = _looked_at(image, train, strip.track, motion), scale_of([strip])
    if ends is None or light is None:
        return None
    bare = (strip.s_m < ends[0]) | (strip.s_m > ends[1])
    freed = free_of_structure(strip, bridge_m, bare, light, trains.structure)
    part = slice(*np.searchsorted(strip.s_m, ends))
    rows = strip.rows(-motion.body_half_m, motion.body_half_m)
    if strip.valid[rows, part].mean() < 0.9:
        return None
    return TrainBody(values=freed.values[:, rows, part], step_m=strip.step_m, frame=strip.frame.part(part))


def bridge_under(train: Detection, track: Track, site: Site) -> tuple[float, float] | None:
    """Return from where to where a train's track runs on the bridge it stands on; None where on none."""
    under = {area for area, _ in train.areas}
    stretches = (s for area, own in site.track_on_bridges(track).items() if area in under for s in own)
    return max(stretches, key=lambda s: s[1] - s[0], default=None)
