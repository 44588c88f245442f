"""A small convolutional network that reads straightened strips, alone and against other dates.

It sees what an analyst sees: the strip freed of the scene's light (`detect.trains.view`), turned so that
shadows fall to one side, and which way sun and view stand. The same strip on another date, where it was
empty, is the background of this one. Its weights come from strips of two painters that draw differently
(``python -m training.strip_net``); no real picture is among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from tumangang_watch.detect.trains.strips import Strip
from tumangang_watch.detect.trains.view import CHANNELS, CONSTANTS, HALF_ROWS, STEP_M, StripView
from tumangang_watch.grid import Float32, Float64, Floats, Mask
from tumangang_watch.model.scene import Scene
from tumangang_watch.nets import NetworkLayout, Runner, in_pieces, weights
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.track_frame import stretches

TYPES = ("box", "open", "tank", "flat", "container", "locomotive", "passenger")
"""Types that the network tells apart, in the order of its outputs."""
DILATIONS = (1, 2, 4, 8, 16, 32)
"""Of the layers along the track: together they see 126 m."""
REACH = 2 * sum(DILATIONS) + 4
"""Steps on either side that a step's reading depends on."""
PIECE = 1200
"""Steps computed at a time: bounds the memory of the convolutions to some 60 MB."""
LIGHT, UNLIKE, UNLIKE_BED, SEEN = (
    CHANNELS.index(name) for name in ("light", "unlike_row", "unlike_bed", "seen")
)


@dataclass(frozen=True)
class NetReading:
    """What the network says of one track, on steps of `detect.trains.view.STEP_M`."""

    occupied: Float64
    """(n,) log-odds that a vehicle or a coupling of a train lies there."""
    coupling: Float64
    """(n,) log-odds that the middle of a coupling lies there."""
    types: Float64
    """(types, n) log-probabilities of `TYPES`, where a vehicle stands."""


def read_strip(view: StripView) -> NetReading:
    """Let the network read one strip; on and about bridges the bridges' own network reads as well.

    Returns
    -------
    NetReading
        In the strip's own direction, whichever way the view is turned.
    """
    out = _read(view, view.patch[-len(CHANNELS) :], "strip_net")
    if len(view.patch) > len(CHANNELS):
        out = np.where(_on_bridge(view), _of_bridge(view, out[0]), out)
    if view.turned:
        out = out[:, ::-1]
    kinds = out[2:] - out[2:].max(axis=0)
    return NetReading(out[0], out[1], kinds - np.log(np.exp(kinds).sum(axis=0)))


def read_again(view: StripView, parts: Sequence[slice]) -> list[Float64]:
    """Return the log-odds (n,) that a second reader, fitted on ground of every kind, gives some steps each.

    It has the first one's layout and other weights. NaN on and about bridges that the site knows: it knows
    none. Steps are counted in the strip's own direction. What several parts rest on is read once.
    """
    n = view.patch.shape[2]
    ends = [(n - part.stop, n - part.start) if view.turned else (part.start, part.stop) for part in parts]
    asked = np.zeros(n, bool)
    for low, high in ends:
        asked[max(low - REACH, 0) : high + REACH] = True
    odds = np.full(n, np.nan)
    for first, last in stretches(asked):
        odds[first:last] = _read(view, view.patch[-len(CHANNELS) :, :, first:last], "second_net")[0]
    odds[_on_bridge(view)] = np.nan
    return [odds[low:high][:: -1 if view.turned else 1] for low, high in ends]


def _read(view: StripView, patch: Float32, name: str) -> Float64:
    """Return (outputs, n) of a network, in the direction of the view."""
    n = patch.shape[2]
    pieces = in_pieces(lambda part: _outputs(patch[:, :, part], view.constants, name), n, PIECE, REACH)
    return np.asarray(pieces, np.float64)


def _of_bridge(view: StripView, with_bridge: Float64) -> Float64:
    """Return (outputs, n) on a bridge, in the direction of the view.

    Whether a train stands there is the mean of two readers' log-odds: the network that knows bridges is
    sensitive and unsure of a bridge that looks unlike those it learnt; the other, which knows none, says yes
    only where it sees a train both with the bridge, (n,) ``with_bridge``, and freed of it.
    """
    freed = _read(view, view.patch[: len(CHANNELS)], "strip_net")[0]
    agreed = np.where(with_bridge > 0, freed, np.minimum(freed, with_bridge))
    out = _read(view, view.patch, "bridge_net")
    out[0] = (out[0] + agreed) / 2
    return out


def _on_bridge(view: StripView) -> Mask:
    """Return the steps (n,) on a bridge or so close to one that it shows in what they are read by."""
    at = (np.arange(view.patch.shape[2]) + 0.5) * STEP_M
    near = np.zeros(at.size, bool)
    for low, high in view.strip.bridges_m:
        near |= (at > low - REACH * STEP_M) & (at < high + REACH * STEP_M)
    return near[::-1] if view.turned else near


def _outputs(patch: Float32, constants: Float32, name: str) -> Float32:
    """Return (outputs, n) of one piece; what lies beyond it counts as not seen."""
    lines = np.repeat(constants[:, None], patch.shape[2], axis=1)
    return _network(name)(patch[None], lines[None, :, None])[0, :, 0]


@cache
def _network(name: str) -> Runner:
    """Return a network that reads a patch and the constants along it."""
    arrays = weights(name)
    known = len(CONSTANTS)
    net = NetworkLayout(arrays, patch=arrays["a.weight"].shape[1], constants=known)
    x = "patch"
    for layer in "ab":
        x = net.conv(x, layer, stride=(2, 1))
    h = net.conv(net.join(net.flat(x, arrays["c.weight"].shape[1] - known), "constants"), "c")
    for k, dilation in enumerate(DILATIONS):
        h = net.add(h, net.conv(h, f"d.{k}", dilation=(1, dilation)))
    return net.runner(net.conv(h, "e", relu=False))


@dataclass(frozen=True)
class TrackReading:
    """The tracks on another date, as they were read in that date's own light."""

    scene: Scene
    strips: tuple[Strip, ...]
    readings: tuple[NetReading, ...]
    """One a strip; empty where the date shows too little to be read."""

    def of_tracks(self, names: list[str]) -> TrackReading:
        """Return the same with these tracks alone, in this order; nothing read where one is missing."""
        at = {strip.track.id: k for k, strip in enumerate(self.strips)}
        if not self.readings or any(name not in at for name in names):
            return TrackReading(self.scene, (), ())
        chosen = [at[name] for name in names]
        return TrackReading(
            self.scene, tuple(self.strips[k] for k in chosen), tuple(self.readings[k] for k in chosen)
        )


@dataclass(frozen=True)
class OtherView:
    """One track on another date."""

    view: StripView
    """Expressed in this date's radiometric scale."""
    reading: NetReading
    """Of that date in its own light."""


def against(view: StripView, others: list[OtherView], settings: TrainSettings) -> StripView:
    """Return a view whose brightness is compared with what other dates show there.

    Without another date a row's brightness is compared with its typical one along the track; where another
    date shows the same cell empty and plainly sunlit, that cell is the better background; of several dates,
    the median of what they show.

    ``others`` show the same track in the same frame, in this date's radiometric scale.
    """
    patch = view.patch
    differences: list[Floats] = []
    for other in others:
        mirrored = (other.view.geometry.shadow_side < 0) != (view.geometry.shadow_side < 0)
        turned = other.view.turned != view.turned
        theirs = other.view.patch[:, :: -1 if mirrored else 1, :: -1 if turned else 1]
        if theirs.shape != patch.shape:
            continue
        occupied = other.reading.occupied
        empty = occupied[::-1] if view.turned else occupied
        plain = (theirs[SEEN] > 0) & (patch[SEEN] > 0) & (empty < settings.background_odds)[None]
        plain &= np.abs(theirs[UNLIKE]) < settings.background_plain
        # A long train beside it shades a whole row: typical of the row, not of a bed in the sun.
        plain &= theirs[UNLIKE_BED] > -settings.background_plain
        difference = patch[LIGHT] - theirs[LIGHT]
        aside = plain.copy()
        aside[HALF_ROWS - round(3 / STEP_M) : HALF_ROWS + round(3 / STEP_M) + 1] = False
        if aside.sum() < 200:
            continue
        difference -= np.median(difference[aside])
        differences.append(np.where(plain, difference, np.nan))
    if not differences:
        return view
    stack = np.stack(differences)
    known = np.isfinite(stack).any(axis=0)
    changed = patch.copy()
    changed[UNLIKE][known] = np.nanmedian(stack[:, known], axis=0)
    return replace(view, patch=changed)
