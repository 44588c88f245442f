"""Score what coarse, moving and loaded trains are told by, on painted scenes in nearly exact registration.

``python -m benchmarks.limits --split test --pairs 20`` prints the table for 3 m or each ``--gsd``
(``--groups``), the rates of the flag for trains in motion (``--motion``) and the precision of hints of the
load (``--load``); all three where none is named. It measures what comes of the settings; it fits none of
them. ``--empty`` paints yards without a train alone, to count what is false on them. ``--no-sun``
leaves the sun's position out, as a scene without metadata does, and counts trains that are only ``possible``
as well.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.change import detection
from tumangang_watch.affine import compose, shift
from tumangang_watch.detect.coarse.find import detect_group_trains
from tumangang_watch.detect.coarse.groups import group_tracks
from tumangang_watch.detect.trains.body import sample_body
from tumangang_watch.detect.trains.load import darkest, hint_flat, hint_open, read_inside
from tumangang_watch.detect.trains.motion import band_offsets, measure_motion
from tumangang_watch.grid import grid_over
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, paint, set_in_motion, split_seeds
from tumangang_watch.simulate.exact import exact_image
from tumangang_watch.simulate.paint import paint_views
from tumangang_watch.simulate.traffic import make_train

JITTER = 0.2
"""Spread of the misplacement a site fit leaves, in pixels, per axis."""
IOU_MIN = 0.3
"""Least overlap along the group of a train and its detection."""


@dataclass(frozen=True, kw_only=True)
class PaintedDate:
    """What the readers of groups, motion and loads ask of an observation."""

    image: Any
    scene: Any
    raster: Any
    quality: Any
    date: str

    def observed_fraction(self, _place: Any) -> float:
        """Return the share of a place that was seen: all."""
        return 1.0


def seen(pair: Any, which: int, painted: Any, jitter_m: float, sun: bool = True) -> Any:
    """Return a painted date as an observation, misplaced as a fit would leave it."""
    rng = np.random.default_rng([pair.seed, which])
    west, south, east, north = pair.world.site.bounds
    sensor, day = painted.sensor, painted.day
    off_m = rng.normal(0, jitter_m, 2)
    exact = exact_image(painted, ((west + east) / 2, (south + north) / 2))
    image = exact.registered(compose(shift(*off_m), exact.registration))
    scene = SimpleNamespace(
        gsd_m=sensor.gsd_m,
        off_nadir_deg=sensor.off_nadir_deg,
        view_azimuth_deg=sensor.view_azimuth_deg,
        sun_azimuth_deg=day.sun_azimuth_deg if sun else None,
        sun_elevation_deg=day.sun_elevation_deg if sun else None,
    )
    raster = image.on_grid(grid_over(pair.world.site.bounds, max(sensor.gsd_m, 0.5), pair.world.site.crs))
    return PaintedDate(
        image=image,
        scene=scene,
        raster=raster,
        quality=SimpleNamespace(clear=raster.valid),
        date=("earlier", "later")[which],
    )


def matches(found: list[Any], day: Any, site: Any, apart_m: float) -> list[tuple[int, int]]:
    """Match detections to trains of the same track group, one to one, by overlap along the group."""
    groups = group_tracks(site.tracks, apart_m)
    of = {t.id: k for k, g in enumerate(groups) for t in g}
    lead = [max(g, key=lambda t: t.line.length).line for g in groups]
    lines = {t.id: t.line for t in site.tracks}

    def along(track: str, from_m: float, to_m: float) -> list[float]:
        return sorted(lead[of[track]].project(lines[track].interpolate(m)) for m in (from_m, to_m))

    candidates = []
    for i, d in enumerate(found):
        for j, t in enumerate(day.trains):
            if of[d.track] == of[t.track]:
                a, b = along(d.track, d.from_m, d.to_m), along(t.track, t.from_m, t.to_m)
                overlap = max(0.0, min(a[1], b[1]) - max(a[0], b[0])) / (max(a[1], b[1]) - min(a[0], b[0]))
                candidates.append((overlap + 0.2 * (d.track == t.track), overlap, i, j))
    pairs: list[tuple[int, int]] = []
    for _, overlap, i, j in sorted(candidates, reverse=True):
        if overlap >= IOU_MIN and all(i != p[0] and j != p[1] for p in pairs):
            pairs.append((i, j))
    return pairs


@dataclass
class GroupTally:
    """What was found at one pixel size."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    right: int = 0
    empty: int = 0
    on_empty: int = 0
    errors: list[float] = field(default_factory=list)
    covers: list[bool] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, found: list[Any], day: Any, pairs: list[tuple[int, int]]) -> None:
        """Count one scene."""
        self.hit, self.false = self.hit + len(pairs), self.false + len(found) - len(pairs)
        self.missed += len(day.trains) - len(pairs)
        if not day.trains:
            self.empty, self.on_empty = self.empty + 1, self.on_empty + len(found)
        for i, j in pairs:
            train, length = day.trains[j], found[i].length_m
            self.right += found[i].track == train.track
            true = train.to_m - train.from_m
            self.errors.append(abs(length.estimate - true))
            self.covers.append(length.low <= true <= length.high)
            self.widths.append(length.width / true)

    def print(self, gsd_m: float, asked: str) -> None:
        """Say it."""
        f1 = 2 * self.hit / max(2 * self.hit + self.false + self.missed, 1)
        print(f"{gsd_m} m, {asked}: F1 by track group {f1:.2f}")
        print(
            f"  {self.hit} found, {self.missed} missed, {self.false} false;"
            f" {self.on_empty} false on {self.empty} empty scenes"
        )
        if self.hit:
            print(
                f"  likeliest track right {self.right / self.hit:.2f};"
                f" length error, median {np.median(self.errors):.0f} m"
            )
            print(
                f"  90 % interval covers {np.mean(self.covers):.2f};"
                f" width, median {np.median(self.widths):.2f} of the length"
            )


def painted_at(pair: Any, gsds_m: list[float]) -> list[tuple[Any, ...]]:
    """Return both dates of a pair as the same camera paints them at every pixel size."""
    out = []
    for which, (day, sensor) in enumerate(zip(pair.days, pair.sensors, strict=True), 1):
        out.append(paint_views(pair.world, day, [replace(sensor, gsd_m=g) for g in gsds_m], which))
    return list(zip(*out, strict=True))


def pair_of(seed: int, gsd_m: float, empty: bool) -> Any:
    """Return the pair of a seed that groups are measured on: every fourth in snow, every fifth empty."""
    options: dict[str, Any] = {"trains": (0, 0)} if seed % 5 == 0 or empty else {}
    if seed % 4 == 0:
        options["snow"] = (0.4, 0.9)[(seed // 4) % 2]
    return make_pair(seed, gsd_m, season_change=seed % 4 == 1, **options)


def groups(
    seeds: range, gsds_m: list[float], with_other: bool, *, sun: bool = True, empty: bool = False
) -> None:
    """Print presence by track group and the cover of the length's interval at coarse resolutions."""
    settings = Settings().trains.groups
    tallies = [GroupTally() for _ in gsds_m]
    for seed in seeds:
        pair = pair_of(seed, gsds_m[0], empty)
        site = pair.world.site
        for gsd_m, painted, tally in zip(gsds_m, painted_at(pair, gsds_m), tallies, strict=True):
            dates = [seen(pair, k, p, JITTER * gsd_m, sun) for k, p in enumerate(painted)]
            for k, date in enumerate(dates):
                other = dates[1 - k] if with_other else None
                found = detect_group_trains(date, site, list(site.tracks), settings, other)
                sure = [d for d in found if d.grade == "detected" or not sun]
                pairs = matches(sure, pair.days[k], site, settings.apart_px * gsd_m)
                tally.add(sure, pair.days[k], pairs)
    asked = f"{'with' if with_other else 'without'} the other date, sun {'' if sun else 'not '}stated"
    for gsd_m, tally in zip(gsds_m, tallies, strict=True):
        tally.print(gsd_m, asked)


def motion(seeds: range) -> None:
    """Print how often moving trains are flagged, and standing ones."""
    settings = Settings().motion
    counts: dict[tuple[float, bool], list[bool]] = {}
    errors = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 60])
        gsd_m = (0.5, 0.8, 3.0)[seed % 3]
        pair = make_pair(seed, gsd_m, trains=(1, 3), tracks=3, length_m=200)
        day = pair.days[0]
        speed = float(rng.choice([-1, 1]) * rng.uniform(4, 15))
        step_s = float(rng.uniform(0.1, 0.5) if gsd_m < 2 else rng.uniform(0.4, 0.8))
        times = rng.permutation(4) * step_s
        blue, green, red, nir = (times - times.mean()).tolist()
        if day.trains and seed % 2:
            day = set_in_motion(day, day.trains[0].track, speed, (blue, green, red, nir))
        shift = tuple((float(a), float(b)) for a, b in rng.uniform(-0.45, 0.45, (4, 2)))
        painted = paint(pair.world, day, replace(pair.sensors[0], band_shift_px=shift), 1)
        date = seen(pair, 0, painted, 0.3)
        static = band_offsets(date.image)
        for train in day.trains:
            track = pair.world.track(train.track)
            body = sample_body(date.image, detection(train, "later", track.line), track, settings)
            if body is None:
                continue
            measured = measure_motion(date.image, body, static, settings)
            counts.setdefault((gsd_m, train.in_motion), []).append(measured.moving)
            if train.in_motion and measured.moving:
                true = np.array(train.band_offset_m)
                errors.append(float(np.abs(measured.offset_m - (true - true.mean())).max()))
    for (gsd_m, moves), flags in sorted(counts.items()):
        print(f"{gsd_m} m, {'moving' if moves else 'standing'}: {sum(flags)} of {len(flags)} flagged")
    if errors:
        print(f"  error of a band's place, median {np.median(errors):.2f} m")


def loads(seeds: range) -> None:
    """Print how often hints of the load are given and right, for wagons whose type is known."""
    settings = Settings().load
    tally: dict[tuple[str, str], list[bool]] = {}
    told = asked = 0
    for seed in seeds:
        rng = np.random.default_rng([seed, 61])
        pair = make_pair(seed, (0.5, 0.35)[seed % 2], trains=(0, 0), tracks=2, length_m=150)
        trains = []
        for track in pair.world.site.tracks[:2]:
            kinds = [
                (
                    str(rng.choice(["open", "open", "flat"])),
                    str(rng.choice(["brown", "grey", "red", "green"])),
                )
                for _ in range(8)
            ]
            trains.append(make_train(track.id, float(rng.uniform(6, 12)), kinds, rng))
        day = replace(pair.days[0], trains=tuple(trains), snow_cover=0.0)
        date = seen(pair, 0, paint(pair.world, day, pair.sensors[0], 1), 0.3)
        sun, lean = day.sun_elevation_deg, pair.sensors[0].off_nadir_deg
        usable = settings.sun_deg[0] <= sun <= settings.sun_deg[1] and lean <= settings.off_nadir_max_deg
        for train in trains:
            for car in train.cars:
                asked += 1
                vehicle = Vehicle(
                    from_m=car.from_m, to_m=car.to_m, type=car.type, colour="unknown", confidence=1.0
                )
                track = pair.world.track(train.track)
                inside = read_inside(date, track, vehicle, darkest(date), settings) if usable else None
                hint = None
                if inside is not None:
                    hint = (hint_open if car.type == "open" else hint_flat)(inside, settings)
                if hint:
                    told += 1
                    true = "empty" if car.load == "none" else "loaded"
                    tally.setdefault((car.type, hint[0]), []).append(hint[0] == true)
    print(f"hints of the load for {told} of {asked} open wagons and flats")
    for (kind, said), flags in sorted(tally.items()):
        print(f"  {kind} called {said}: {sum(flags)} of {len(flags)} right")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--gsd", type=float, nargs="+", default=[3.0])
    parser.add_argument("--first", type=int, default=400, help="first seed of the split")
    parser.add_argument("--empty", action="store_true", help="yards without a train alone")
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--other", action="store_true", help="3 m with the other date as background")
    parser.add_argument("--no-sun", action="store_true", help="3 m with the sun's position not stated")
    parser.add_argument("--motion", action="store_true")
    parser.add_argument("--load", action="store_true")
    arguments = parser.parse_args()
    seeds = split_seeds(arguments.split)[arguments.first : arguments.first + arguments.pairs]
    every = not (arguments.groups or arguments.motion or arguments.load)
    if arguments.groups or every:
        asked = {"sun": not arguments.no_sun, "empty": arguments.empty}
        groups(seeds, arguments.gsd, arguments.other, **asked)
    if arguments.motion or every:
        motion(seeds)
    if arguments.load or every:
        loads(seeds)


if __name__ == "__main__":
    main()
