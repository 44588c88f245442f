"""Tracks that nobody drew and whose rails are not seen: where vehicles stand in a row, a track lies."""

from __future__ import annotations

from dataclasses import replace

import shapely
from shapely.affinity import translate

from tumangang_watch.detect.shadows import lean_fall
from tumangang_watch.detect.tracks.trace import TracedTrack
from tumangang_watch.detect.tracks.view import TraceScene
from tumangang_watch.detect.vehicles.chain import VehicleRow, find_chains
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.track_frame import lengthened

ROOF_M = 3.6
"""Height of roofs, low wagons and high ones: where the network marks a vehicle."""


def tracks_under_trains(
    scenes: tuple[TraceScene, ...], traced: tuple[TracedTrack, ...], settings: TraceSettings
) -> tuple[TracedTrack, ...]:
    """Return the tracks on which rows of vehicles stand in any scene, less what was traced before.

    Scenes whose plain picture was not read show none; what a row is: `TraceSettings.rows`.
    """
    out: list[TracedTrack] = []
    for scene in scenes:
        if scene.plain is None:
            continue
        chains = [_on_the_ground(c, scene.scene) for c in find_chains(scene.plain, settings.rows)]
        for chain in sorted(chains, key=lambda c: -c.line.length):
            known = shapely.unary_union([t.line.buffer(settings.apart_m * 0.8) for t in (*traced, *out)])
            if chain.line.difference(known).length > 0.5 * chain.line.length:
                out.append(_track(chain, settings))
    return tuple(out)


def _on_the_ground(chain: VehicleRow, scene: Scene | None) -> VehicleRow:
    """Return a row where it stands: roofs lean away from the satellite."""
    if scene is None:
        return chain
    east_m, north_m = lean_fall(scene, ROOF_M)
    return replace(chain, line=translate(chain.line, -east_m, -north_m))


def _track(chain: VehicleRow, settings: TraceSettings) -> TracedTrack:
    return TracedTrack(
        line=lengthened(chain.line, settings.row_beyond_m),
        accuracy_m=settings.row_accuracy_m,
        confidence=settings.row_confidence,
        evidence=chain.odds,
    )
