"""Paint scenes with exact truth: a world, a day in it, a sensor that looks at it.

::

    from tumangang_watch.simulate import make_pair, make_world, paint, split_seeds
    pair = make_pair(split_seeds("train")[3], 0.5, growth_m2=800, geolocation_error_max_m=8)
    earlier, later, site, truth = pair.write(folder)   # GeoTIFFs with metadata, site.geojson, truth.json
    scene = pair.later                                 # .values (bands, rows, cols), .grid as stated, .bands
    pair.truth["registration"]["shift_m"]              # (east, north) brings the later onto the earlier
    pair.world.site, pair.days[1].trains               # the model Site in metres; exact trains and cars

``make_pair(seed, gsd_m, no_change=True)`` changes only light, air, noise and geolocation; other options
are the fields of `PairOptions` (``snow``, ``clouds``, ``season_change``, ``gsd_later_m``, ``product``, ...).
The ground at ``(x, y)`` of the site is shown at ``(x, y) + sensor.geolocation_error_m``; the top of an
object of height h besides ``h * tan(off_nadir)`` away from the satellite. Truth is given at ground level.
Thin rims apart, ``colours`` are the paint; ``vehicles[].seen_colour`` is what a load shows instead.
"""

from __future__ import annotations

from tumangang_watch.simulate.light import sun_position
from tumangang_watch.simulate.paint import PaintedScene, paint
from tumangang_watch.simulate.pair import Pair, PairOptions, make_pair, split_seeds
from tumangang_watch.simulate.places.from_site import world_from_site
from tumangang_watch.simulate.places.yard import make_world
from tumangang_watch.simulate.world import (
    Block,
    Cloud,
    DayState,
    PaintedVehicle,
    Sensor,
    Surface,
    TrackAppearance,
    Train,
    Tree,
    World,
    set_in_motion,
)
from tumangang_watch.simulate.write import NOTICE, truth, write_scene, write_site

__all__ = [
    "NOTICE",
    "Block",
    "Cloud",
    "DayState",
    "PaintedScene",
    "PaintedVehicle",
    "Pair",
    "PairOptions",
    "Sensor",
    "Surface",
    "TrackAppearance",
    "Train",
    "Tree",
    "World",
    "make_pair",
    "make_world",
    "paint",
    "set_in_motion",
    "split_seeds",
    "sun_position",
    "truth",
    "world_from_site",
    "write_scene",
    "write_site",
]
