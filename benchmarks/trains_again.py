"""False matches against the stated number, and power, of `trains` on drawn records.

``python -m benchmarks.trains_again records --split validation`` draws records of rakes seen once and of some
seen twice (turned, cut, with wagons added), read with the errors of `same_train.py`, and counts matches of
unrelated rakes at several accepted expected numbers of false ones, and planted trains found.
``python -m benchmarks.trains_again stays`` draws records of two places seen by turns, where rakes stand for
days and some go to the other place and back: stays split that were one, and those rightly split.
``python -m benchmarks.trains_again different`` measures how few bits trains seen twice have.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.same_train import MIXES, READINGS, SETTINGS, Reading, altered, draw_train, misread, seen_again
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.sightings import Sighting
from tumangang_watch.reidentify.journeys import find_trains
from tumangang_watch.reidentify.model import Coverage, TrainSearch
from tumangang_watch.settings.reidentify import JourneySettings
from tumangang_watch.simulate import split_seeds

PLACES = (("khasan", 130.645, 42.43), ("yard", 130.628, 42.41))
START = datetime(2022, 11, 1, 2, tzinfo=UTC)
DAYS = 15
"""Days of a record: about two rakes a scene."""


@dataclass(frozen=True)
class Kind:
    """What rakes a record holds."""

    name: str
    mix: Any
    """Colours shared by all rakes; None draws them for each."""
    stay: float
    pattern: bool = False
    """Half of the rakes are made up of the same three cuts, in one of the few orders there are."""
    plain: float = 0.0
    """Share of rakes of one colour and type."""


KINDS = (
    Kind("mixed", MIXES["ten colours"], 0.8),
    Kind("brown and grey", MIXES["brown and grey"], 0.8),
    Kind("own colours", None, 0.8),
    Kind("long cuts", MIXES["ten colours"], 0.92),
    Kind("coal rakes", MIXES["brown and grey"], 0.8, plain=0.5),
    Kind("alike", MIXES["brown and grey"], 0.8, pattern=True),
)


def read_vehicles(wagons: list[Any], how: Reading, rng: Any) -> tuple[Vehicle, ...]:
    """Return wagons as a detector would read them, with its errors (as `same_train.read`)."""
    at, out = 0.0, []
    for (_, _, length), (seen, colour, measured) in zip(wagons, misread(wagons, how, rng), strict=True):
        body = max(measured - 1.1, 0.0)
        out.append(Vehicle(from_m=at, to_m=at + body, type=seen, colour=colour, confidence=0.9))
        at += length
    return tuple(out)


def sighting(number: int, day: int, place: int, vehicles: tuple[Vehicle, ...]) -> Sighting:
    """Return a train as a scene shows it, each on a track of its own; every day has a scene of each place."""
    area, lon, lat = PLACES[place]
    acquired = (START + timedelta(days=day, hours=2 * place)).strftime("%Y-%m-%dT%H:%M:%SZ")
    length, scene = 14.0 * len(vehicles), f"{day}-{area}"
    return Sighting(
        key=f"{scene}/{number}",
        area=area,
        track=f"t{number}",
        acquired=acquired,
        scene=scene,
        gsd_m=0.5,
        folder=scene,
        from_m=0.0,
        to_m=length,
        length_m=length,
        cars=float(len(vehicles)),
        confidence=0.97,
        lon=lon,
        lat=lat,
        vehicles=vehicles,
    )


def make_rake(kind: Kind, size: int, rng: Any) -> list[Any]:
    """Draw a rake of a record."""
    if rng.random() < kind.plain:
        return [("open", "brown" if rng.random() < 0.5 else "grey", 13.92)] * size
    if kind.pattern and rng.random() < 0.5:
        cuts = [("box", "brown", 14.73), ("open", "grey", 13.92), ("tank", "black", 12.02)]
        order = [cuts[k] for k in rng.permutation(3)]
        return [order[min(3 * k // size, 2)] for k in range(size)]
    return draw_train(size, kind.stay, kind.mix, rng)


def record(
    kind: Kind, how: Reading, rakes: int, twice: int, sizes: tuple[int, int], rng: Any
) -> tuple[list[Sighting], list[Coverage]]:
    """Return the sightings of a record: rakes seen once, and the last ``twice`` of them again."""
    found = []
    for k in range(rakes):
        size = int(rng.integers(sizes[0], sizes[1] + 1))
        wagons = make_rake(kind, size, rng)
        day = int(rng.integers(DAYS))
        found.append(sighting(k, day, int(rng.integers(2)), read_vehicles(wagons, how, rng)))
        if k >= rakes - twice:
            again = altered(wagons, kind.stay, kind.mix, rng)
            found.append(
                sighting(
                    1000 + k,
                    day + int(rng.integers(1, 6)),
                    int(rng.integers(2)),
                    read_vehicles(again, how, rng),
                )
            )
    seen = {(s.area, s.acquired, s.folder): {str(t.track): ((0.0, 1000.0),) for t in found} for s in found}
    return found, [
        Coverage(area=area, acquired=acquired, folder=folder, gsd_m=0.5, observed=1.0, tracks=tracks)
        for (area, acquired, folder), tracks in sorted(seen.items())
    ]


def judged(search: TrainSearch) -> tuple[list[tuple[float, bool, bool]], int]:
    """Return E-value, truth and sureness of every match; and the number of comparisons."""
    out = []
    for match in search.matches():
        names = [int(search.stays[k].first.key.rpartition("/")[2]) for k in (match.first, match.second)]
        out.append((match.e_value, abs(names[0] - names[1]) == 1000, match.verdict == "same train"))
    return out, search.comparisons


def records(arguments: argparse.Namespace) -> None:
    """Print false matches and power, a row a kind of record and reading."""
    settings = replace(JourneySettings(), max_expected_false=1.0)
    print(
        f"{arguments.records} records a row of {arguments.rakes} rakes of 8-30, {arguments.twice} of them "
        f"seen twice; {arguments.split} seeds"
    )
    print(
        f"{'record':16}{'reading':14}{'compared':>9}{'false, E <= 1':>14}{'<= 0.1':>8}{'same':>6}"
        f"{'found, E <= 1':>15}{'<= 0.1':>8}{'same':>6}{'s':>6}"
    )
    for kind in KINDS:
        for how in READINGS:
            if arguments.only and arguments.only not in (kind.name, how.name):
                continue
            false, true, pairs, start = np.zeros(3), np.zeros(3), 0, time.perf_counter()
            for n in range(arguments.records):
                key = [split_seeds(arguments.split)[0] + n, *map(ord, kind.name + how.name)]
                found, covered = record(
                    kind, how, arguments.rakes, arguments.twice, (8, 30), np.random.default_rng(key)
                )
                matches, compared = judged(find_trains(found, covered, settings, SETTINGS))
                pairs += compared
                for e, right, sure in matches:
                    counts = true if right else false
                    counts += (e <= 1, e <= 0.1, sure and e <= 0.01)
            shares = true / max(arguments.twice * arguments.records, 1)
            rate = false / arguments.records
            seconds = (time.perf_counter() - start) / arguments.records
            numbers = [pairs / arguments.records, *rate, *shares, seconds]
            row = zip((9.0, 14.2, 8.2, 6.2, 15.2, 8.2, 6.2, 6.1), numbers, strict=True)
            print(f"{kind.name:16}{how.name:14}" + "".join(f"{n:{w}f}" for w, n in row), flush=True)


def standing(kind: Kind, how: Reading, rakes: int, away: int, rng: Any) -> tuple[list[Sighting], set[int]]:
    """Return a record of two places seen on alternate days, and the rakes that went away and came back.

    Each rake stands for some days where it came; the last ``away`` are at the other place for one of them.
    """
    found, went = [], set[int]()
    for k in range(rakes):
        wagons = make_rake(kind, int(rng.integers(8, 31)), rng)
        place, start = int(rng.integers(2)), int(rng.integers(DAYS - 4))
        for day in range(start, start + int(rng.integers(3, 7))):
            if day % 2 == place:
                found.append(sighting(k, day, place, read_vehicles(wagons, how, rng)))
            elif k >= rakes - away and k not in went and any(s.track == f"t{k}" for s in found):
                found.append(sighting(1000 + k, day, 1 - place, read_vehicles(wagons, how, rng)))
                went.add(k)
    back = {k for k in went if sum(s.track == f"t{k}" for s in found) > 1}
    return found, back


def stays(arguments: argparse.Namespace) -> None:
    """Print how many stays were split that were one, and how many of those that were two."""
    for kind in KINDS:
        for how in READINGS:
            if arguments.only and arguments.only not in (kind.name, how.name):
                continue
            whole = falsely = two = rightly = 0
            for n in range(arguments.records):
                key = [split_seeds(arguments.split)[0] + n, 71, *map(ord, kind.name + how.name)]
                found, back = standing(
                    kind, how, arguments.rakes, arguments.twice, np.random.default_rng(key)
                )
                tracks = {s.track: ((0.0, 1000.0),) for s in found}
                seen = {(s.area, s.acquired, s.folder) for s in found}
                covered = [
                    Coverage(area=a, acquired=t, folder=f, gsd_m=0.5, observed=1.0, tracks=tracks)
                    for a, t, f in sorted(seen)
                ]
                search = find_trains(found, covered, JourneySettings(), SETTINGS)
                parts = Counter(stay.first.track for stay in search.stays)
                wide = {t for t, count in Counter(s.track for s in found).items() if count > 1}
                gone = {f"t{k}" for k in back}
                whole, two = whole + len(wide - gone), two + len(gone)
                falsely += sum(parts[t] > 1 for t in wide - gone)
                rightly += sum(parts[t] > 1 for t in gone)
            print(
                f"{kind.name:16}{how.name:14}split: {falsely} of {whole} that were one, "
                f"{rightly} of {two} that were two",
                flush=True,
            )


def different(arguments: argparse.Namespace) -> None:
    """Print how few bits trains seen twice have: `JourneySettings.different_bits` lies below."""
    least, count = [], 0
    for how in READINGS:
        for name, mix in MIXES.items():
            for n in (6, 12, 20):
                key = [split_seeds(arguments.split)[0], 53, n, *map(ord, how.name + name)]
                bits = seen_again(arguments.same, n, 0.8, mix, how, np.random.default_rng(key), 0)
                least.append((float(np.quantile(bits, 0.01)), float(bits.min()), how.name, name, n))
                count += int((bits <= JourneySettings().different_bits).sum())
    for row in sorted(least)[:8]:
        print("1 % {:6.1f}   least {:6.1f}   {}, {}, {} wagons".format(*row))
    total = arguments.same * len(least)
    print(f"at or below {JourneySettings().different_bits:g} bits: {count} of {total} trains seen twice")


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("records", "stays", "different"))
    parser.add_argument("--split", default="train", choices=("train", "validation", "test"))
    parser.add_argument("--records", type=int, default=10, help="records a row")
    parser.add_argument("--rakes", type=int, default=60)
    parser.add_argument("--twice", type=int, default=6)
    parser.add_argument("--only", help="one kind of record or reading")
    parser.add_argument("--same", type=int, default=100, help="trains seen twice a kind")
    arguments = parser.parse_args()
    {"records": records, "stays": stays, "different": different}[arguments.what](arguments)


if __name__ == "__main__":
    main()
