"""Paint the fixtures: three dates at the built-in site as 38 North described them.

    python -m scripts.make_fixtures [--out fixtures]

The pictures are PAINTED, NOT EVIDENCE. What stands where follows the published descriptions (see
``SOURCES``); everything that they leave open is our choice and is named in ``fixtures/README.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Transformer
from shapely import LineString, Point
from shapely.ops import unary_union

from tumangang_watch.model.site import Site, Track
from tumangang_watch.simulate import (
    NOTICE,
    Block,
    DayState,
    Sensor,
    Train,
    World,
    paint,
    sun_position,
    truth,
    world_from_site,
    write_scene,
)
from tumangang_watch.simulate.places.yard import track_looks
from tumangang_watch.simulate.traffic import make_train
from tumangang_watch.simulate.world import footprint, shifted
from tumangang_watch.simulate.write import day_truth
from tumangang_watch.sites import load_site

SEED = 38
MARGIN_M = 120.0
DATES = ("2022-11-04T01:24:00Z", "2022-11-30T02:10:00Z", "2022-12-01T01:30:00Z")
SOURCES = (
    "https://www.38north.org/2022/11/first-traffic-observed-on-north-korea-russia-railway-link-in-several-years/",
    "https://www.38north.org/2022/12/a-north-korean-rail-yard-near-russia-springs-to-life/",
)
EAST_TO_WEST_4_NOV = ("light_blue", "blue", "brown")
FROM_LOCOMOTIVE_30_NOV = ("grey", "grey", "red", "red", "grey", "grey", "light_grey", "brown")
CARS = {"4_nov": 16.0, "30_nov": 14.73}
PILES = (
    # Along the apron from its middle eastward, across it southward, length, width, height; metres.
    (-34.0, -2.0, 8.5, 3.4, 1.9, "timber", "pile"),
    (-18.0, -2.3, 7.0, 3.6, 1.6, "blue", "tarp"),
    (-3.0, -2.1, 9.0, 3.8, 2.2, "timber", "pile"),
    (14.0, -2.4, 6.5, 3.2, 1.5, "green", "tarp"),
    (30.0, -2.2, 8.0, 3.6, 2.0, "white", "tarp"),
)
SENSORS = (
    Sensor(
        gsd_m=0.5,
        off_nadir_deg=11.0,
        view_azimuth_deg=98.0,
        blur_px=0.55,
        noise=0.0035,
        gain=(0.46, 0.47, 0.45, 0.48),
        offset=(0.002, 0.0, 0.001, 0.0),
        haze=0.04,
        geolocation_error_m=(5.2, -3.6),
        band_shift_px=((0.05, -0.02), (0.0, 0.0), (-0.06, 0.04), (0.08, 0.05)),
        product="analytic4",
        phase_px=(0.31, 0.62),
    ),
    Sensor(
        gsd_m=0.5,
        off_nadir_deg=17.0,
        view_azimuth_deg=262.0,
        blur_px=0.60,
        noise=0.0040,
        gain=(0.42, 0.41, 0.42, 0.40),
        offset=(0.0, 0.001, 0.0, 0.002),
        haze=0.08,
        geolocation_error_m=(-4.1, 6.3),
        band_shift_px=((-0.04, 0.07), (0.0, 0.0), (0.05, 0.02), (-0.07, 0.1)),
        product="analytic4",
        phase_px=(0.77, 0.15),
    ),
    Sensor(
        gsd_m=0.5,
        off_nadir_deg=7.0,
        view_azimuth_deg=141.0,
        blur_px=0.52,
        noise=0.0035,
        gain=(0.49, 0.50, 0.50, 0.47),
        offset=(0.001, 0.0, 0.0, 0.001),
        haze=0.02,
        geolocation_error_m=(3.4, 7.9),
        band_shift_px=((0.03, 0.03), (0.0, 0.0), (0.02, -0.08), (0.04, -0.05)),
        product="analytic4",
        phase_px=(0.08, 0.44),
    ),
)


def beside_the_goods(site: Site) -> tuple[Track, LineString]:
    """Return the track nearest to an apron, and the apron's middle line, both running west to east."""
    aprons = [area.polygon for area in site.having("apron")]
    pairs = [
        (track.line.distance(apron.centroid), k, j)
        for k, track in enumerate(site.tracks)
        for j, apron in enumerate(aprons)
        if track.line.distance(apron) < 15 and track.line.length > 150
    ]
    _, k, j = min(pairs)
    corners = np.asarray(aprons[j].minimum_rotated_rectangle.exterior.coords)
    sides = np.hypot(*np.diff(corners, axis=0).T)
    i = int(np.argmax(sides[:2]))
    ends = [(corners[i] + corners[(i + 3) % 4]) / 2, (corners[i + 1] + corners[i + 2]) / 2]
    return site.tracks[k], LineString(sorted(ends, key=lambda p: p[0]))


def consist(track: Track, colours_west_to_east: tuple[str, ...], length_m: float, at: Point) -> Train:
    """Return box cars of these colours with their middle abreast of a point."""
    eastward = track.line.coords[-1][0] > track.line.coords[0][0]
    colours = colours_west_to_east if eastward else colours_west_to_east[::-1]
    train = make_train(track.id, 0.0, [("box", colour) for colour in colours], np.random.default_rng(SEED))
    step = length_m - 1.1
    cars = [
        replace(car, from_m=k * length_m + 0.55, to_m=k * length_m + 0.55 + step, dirt=0.25)
        for k, car in enumerate(train.cars)
    ]
    whole = replace(train, cars=tuple(cars))
    start = float(np.clip(track.line.project(at) - whole.to_m / 2, 5, track.line.length - whole.to_m - 5))
    return shifted(whole, start)


def piles(middle: LineString, apron: Any) -> tuple[Block, ...]:
    """Return five piles of goods along an apron, moved towards its middle line until they fit."""
    (x0, y0), (x1, y1) = middle.coords
    ux, uy = (x1 - x0) / middle.length, (y1 - y0) / middle.length
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    heading = float(np.degrees(np.arctan2(ux, uy)))
    out = []
    for u, v, length, width, height, colour, shape in PILES:
        for share in np.linspace(1, -1, 21):
            x, y = cx + u * ux + share * v * uy, cy + u * uy - share * v * ux
            pile = Block.at((x, y), heading, (length, width, height), colour, shape)
            if apron.contains(footprint(pile).buffer(0.3)):
                out.append(pile)
                break
    assert len(out) == len(PILES), "a pile leaves its apron"
    return tuple(out)


def days(world: World) -> tuple[DayState, ...]:
    """Return what stood there on each date, with the sun where it was."""
    track, middle = beside_the_goods(world.site)
    centre = middle.interpolate(0.5, normalized=True)
    to_lonlat = Transformer.from_crs(world.site.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(centre.x, centre.y)
    shunted = middle.interpolate(min(middle.length / 2 + 45, middle.length))
    first = consist(track, EAST_TO_WEST_4_NOV[::-1], CARS["4_nov"], shunted)
    second = consist(track, FROM_LOCOMOTIVE_30_NOV, CARS["30_nov"], centre)
    aprons = unary_union([area.polygon for area in world.site.having("apron")])
    goods = piles(middle, aprons)
    content: tuple[dict[str, Any], ...] = (
        {"trains": (first,)},
        {"trains": (second,)},
        {"trains": (second,), "cargo": goods},
    )
    seasons = ("autumn", "winter", "winter")
    out = []
    for text, season, standing in zip(DATES, seasons, content, strict=True):
        when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        azimuth, elevation = sun_position(when, lon, lat)
        out.append(
            DayState(
                acquired=when, sun_azimuth_deg=azimuth, sun_elevation_deg=elevation, season=season, **standing
            )
        )
    return tuple(out)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(value, indent=1) + "\n")


def main() -> None:
    """Paint and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "fixtures")
    parser.add_argument("--site", type=Path, default=None, help="another site file than the built-in one")
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    site = load_site(arguments.site)
    world = world_from_site(site, SEED, margin_m=MARGIN_M)
    looks = track_looks(len(world.rails), np.random.default_rng(SEED))
    world = replace(world, looks=tuple(replace(look, weeds=min(look.weeds, 0.15)) for look in looks))
    states = days(world)
    for text, day, sensor in zip(DATES, states, SENSORS, strict=True):
        name = f"tumangang_{text[:10]}_painted"
        write_scene(paint(world, day, sensor, int(text[:10].replace("-", ""))), out, name)
        trains, cargo = day_truth(world, day, "later")
        write_json(
            out / f"{name}_truth.json",
            {
                "notice": NOTICE,
                "acquired": text,
                "trains": trains,
                "cargo": cargo,
                "new_ground": [],
                "geolocation_error_m": list(sensor.geolocation_error_m),
            },
        )
    for a, b in ((0, 1), (1, 2)):
        told = truth(world, states[a], states[b], (SENSORS[a], SENSORS[b]))
        write_json(out / f"truth_{DATES[a][:10]}_{DATES[b][:10]}.json", told)
    write_readme(out)


def write_readme(out: Path) -> None:
    """Write ``SHA256SUMS`` and put its lines into ``README.md``."""
    files = sorted(path for path in out.iterdir() if path.suffix in (".tif", ".json"))
    sums = [(hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in files]
    (out / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for digest, name in sums))
    table = "\n".join(f"| `{name}` | {(out / name).stat().st_size} | `{digest}` |" for digest, name in sums)
    (out / "README.md").write_text(README.replace("@TABLE@", table))


README = f"""# Fixtures: {NOTICE}

Three scenes at the built-in site, painted by `tumangang_watch.simulate` so that the demo and the tests
run on something whose truth is exactly known. They are no satellite pictures and show nothing that was
ever observed. Each file says so in its tags (`NOTICE`) and metadata (`"provider": "painted"`).

- **2022-11-04T01:24:00Z**: three box cars, light blue, blue and red-brown from east to west, on one
  track beside the freight-handling area (38 North, November 2022).
- **2022-11-30T02:10:00Z**: eight cars: grey, grey, red, red, grey, grey, light grey, brown; the
  locomotive has gone (38 North, December 2022).
- **2022-12-01T01:30:00Z**: the same eight cars, and five piles of goods beside them (38 North, December
  2022; the number five from Dong-A Ilbo).

Sources:
{SOURCES[0]}
{SOURCES[1]}

**Ours, not theirs:** the tracks inside the yard (a model, see `aois`), which track and where along it,
the cars' type and lengths (box cars of 16.0 m and 14.73 m over couplers), which end of the eight cars
the locomotive had been at (west), sizes, places and colours of the piles, the hour on 30 November and
1 December, that the eight cars still stand there unchanged on 1 December, and all of the ground.

Each scene: 4 bands (blue, green, red, nir), uint16, 0.5 m, with its own geolocation error of 6 to 9 m,
gain, haze, noise, blur, band-to-band offsets and view; the sun stands where it stood.
`NAME_metadata.json` is in the style of Planet; `NAME_truth.json` holds one date (as `later`), and
`truth_EARLIER_LATER.json` a pair, for `tumangang-watch evaluate`.

Made by `python -m scripts.make_fixtures` (seed {SEED}); the same command gives the same pixels.

| file | bytes | sha256 |
|---|---|---|
@TABLE@
"""


if __name__ == "__main__":
    main()
