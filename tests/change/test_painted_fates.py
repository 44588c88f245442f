"""What became of trains in a small painted yard: told from the strips of both dates, whatever the light.

One track a fate: a train arrives, one leaves, one stays, another stops in the place of one, three of five
wagons of one go. Neighbouring trains shade one another's tracks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumangang_watch.change.trains import compare_trains
from tumangang_watch.detect.occupancy import add_other_date
from tumangang_watch.detect.trains.find import detect_and_read
from tumangang_watch.grid import grid_over
from tumangang_watch.model.observation import DatePair
from tumangang_watch.preprocess.normalise import apply, normalise_pair
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.exact import exact_observation
from tumangang_watch.simulate.traffic import make_train

SETTINGS = Settings()
COLOURED = ("red", "white", "grey", "green", "blue")
PLAIN = ("grey", "brown", "light_grey")
FATES = {
    "arrives": {"appeared"},
    "leaves": {"disappeared"},
    "stays": {"unchanged"},
    "replaced": {"appeared", "disappeared"},
    "part goes": {"shrunk"},
}
MIRROR = {"appeared": "disappeared", "disappeared": "appeared", "unchanged": "unchanged"}
MIRROR |= {"shrunk": "grown", "grown": "shrunk"}
LIGHTS = {
    "other light": {},
    "low contrast": {"colours": PLAIN},
    "low sun": {"sun": 18.0},
    "haze": {"haze": 0.05},
    "0.3 m": {"gsd": 0.3},
    "1 m": {"gsd": 1.0},
}


def consist(colours, rng, but=()):
    """Five box cars in cuts of like ones, unlike any of ``but`` in most of its places."""
    while True:
        drawn = tuple(np.repeat(rng.choice(colours, 3, replace=False), rng.permutation((2, 2, 1))))
        if all(sum(a == b for a, b in zip(drawn, other, strict=True)) < 2 for other in but):
            return drawn


def trains_of(tracks, colours, rng):
    """The trains of both dates, a track a fate, in the order of `FATES`."""
    days = ([], [])
    for track, fate in zip(tracks, FATES, strict=False):
        start, first = float(rng.uniform(25, track.line.length - 100)), consist(colours, rng)
        second = consist(colours, rng, (first, first[::-1]))
        one, two = (
            make_train(track.id, at, [("box", str(c)) for c in cars], rng)
            for at, cars in ((start, first), (start + 2.0, second))
        )
        later = {"leaves": None, "replaced": two, "part goes": replace(one, cars=one.cars[:2])}.get(fate, one)
        days[0].extend([] if fate == "arrives" else [one])
        days[1].extend([] if later is None else [later])
    return days


def painted(seed, colours=COLOURED, sun=None, haze=0.0, gsd=0.5):
    pair = make_pair(seed, gsd, tracks=5, length_m=260.0, season="summer", growth_m2=0.0)
    tracks = sorted(pair.world.site.tracks, key=lambda t: t.id)
    trains = trains_of(tracks, colours, np.random.default_rng(seed))
    days = [
        replace(day, trains=tuple(t), cargo=(), vehicles=(), puddles=(), wetness=0.0)
        for day, t in zip(pair.days, trains, strict=True)
    ]
    days[1] = replace(days[1], sun_elevation_deg=sun or days[1].sun_elevation_deg)
    sensors = (pair.sensors[0], replace(pair.sensors[1], haze=haze))
    return replace(pair, days=tuple(days), sensors=sensors), tracks


def observed(pair):
    """Both dates in one frame and one radiometry, as a comparison prepares them."""
    bounds, crs = pair.world.site.bounds, pair.world.site.crs
    grid = grid_over(bounds, min(pair.sensors[0].gsd_m, 0.5), crs)
    one, two = exact_observation(pair.earlier, "earlier", grid), exact_observation(pair.later, "later", grid)
    clear = one.quality.clear & two.quality.clear
    image = apply(normalise_pair(one.raster, two.raster, clear, None, SETTINGS.normalise), two.image)
    return one, replace(two, image=image, raster=image.on_grid(grid))


def read(dates, site):
    """The trains of both dates, each with what the other date's strip shows in its place."""
    found, tracks = zip(
        *(detect_and_read(d, site, SETTINGS.trains, dates[1 - k]) for k, d in enumerate(dates)), strict=True
    )
    return tuple(t for k in (0, 1) for t in add_other_date(found[k], tracks[1 - k], SETTINGS.history))


@pytest.mark.parametrize("light", LIGHTS)
def test_every_fate_is_told_and_swapped_dates_mirror_it(light):
    pair, tracks = painted(split_seeds("train")[2], **LIGHTS[light])
    site, dates = pair.world.site, observed(pair)
    trains = read(dates, site)
    found = compare_trains(DatePair(*dates), site, trains, SETTINGS.change)
    told = zip(FATES, ({f.change for f in found if f.track == t.id} for t in tracks), strict=False)
    assert dict(told) == FATES
    swap = {"earlier": "later", "later": "earlier"}
    turned = DatePair(replace(dates[1], date="earlier"), replace(dates[0], date="later"))
    back = compare_trains(turned, site, tuple(replace(t, date=swap[t.date]) for t in trains), SETTINGS.change)
    assert sorted((f.track, MIRROR[f.change]) for f in back) == sorted((f.track, f.change) for f in found)
    replaced = [f for f in found if f.with_finding]
    assert {f.with_finding for f in replaced} == {f.id for f in replaced}
    assert [f.track for f in replaced] == [tracks[3].id] * 2
