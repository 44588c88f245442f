"""Say what ``compare`` tells of a real yard whose trains came, went or gave place to others, in real pixels.

``python -m benchmarks.real_changes --kind replaced --first 10 --pairs 8`` takes the labelled yard beside the
checkout, copies bare track of the same picture over trains of one to four vehicles, and vehicles of
others as long into their place (``replaced``) or to bare track elsewhere (``mixed``), their shadows with
them. One date is the picture as it is, the other one that, up to 4 pixels elsewhere and in one of
the lights of `benchmarks.real_pairs`. It prints what is told of each train that changed and every sure change
that is untrue. ``--untracked`` leaves the yard's tracks out of its site: they are traced first. Seeds 0 to
10 were looked at. Sun and view are the same on both dates.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copy
from typing import Any

import cv2
import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from shapely.affinity import translate
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import substring

from benchmarks.displaced import IMAGERY, YARDS, yard_of
from benchmarks.real_pairs import LOOKS, compared, seen_again
from benchmarks.standing import labelled_vehicles
from tumangang_watch.errors import WatchError
from tumangang_watch.grid import Float32

SIDES_M = (4.3, 1.7)
"""What is copied to the right and left of a track: vehicles throw their shadows to the right there."""
END_M, CLEAR_M = 0.8, 1.2
BESIDE_M = 3.0
"""Ground beside a place that bare track must look like."""
AWAY_M, ALONG_M = 70.0, 60.0
LIKE_M = 3.5
"""Most that trains may differ in length for one to stand in the other's place."""
MOST = 3
"""Trains that change on a date."""
UNNAMED = (
    (176, 398, 224, 423),
    (325, 363, 346, 388),
    (328, 167, 346, 196),
    (223, -2, 262, 14),
    (0, 363, 7, 381),
    (0, 62, 46, 91),
    (87, 139, 130, 171),
)
"""Vehicles and huts that no label names, first column and row and last ones at 0.5 m."""


@dataclass(frozen=True)
class Run:
    """Vehicles that stand together: their track, and from where to where, pixels along it."""

    track: str
    start: float
    stop: float


@dataclass(kw_only=True)
class Canvas:
    """A picture that vehicles are copied about in, with its tracks and vehicles in pixels."""

    values: Float32
    pixel_m: float
    tracks: dict[str, LineString]
    trains: list[list[Run]]
    """Each train's vehicles, one by one."""
    taken: list[Any] = field(default_factory=list)

    def line(self, run: Run) -> LineString:
        """Return the middle of a place."""
        return substring(self.tracks[run.track], run.start, run.stop)

    def span_m(self, run: Run) -> tuple[float, float]:
        """Return from where to where a place reaches, metres along its track."""
        return run.start * self.pixel_m, run.stop * self.pixel_m

    def place(self, line: LineString) -> Polygon:
        """Return the ground that vehicles and their shadows take."""
        ahead, left = _axes(line)
        first, last = (np.array(line.coords[k]) for k in (0, -1))
        first, last = first - ahead * END_M / self.pixel_m, last + ahead * END_M / self.pixel_m
        right, beyond = (left * side / self.pixel_m for side in SIDES_M)
        return Polygon([first - right, last - right, last + beyond, first + beyond])

    def holds(self, place: Polygon) -> bool:
        """Return whether a place lies within the picture."""
        rows, cols = self.values.shape[1:]
        west, north, east, south = place.bounds
        return bool(west > 2 and north > 2 and east < cols - 3 and south < rows - 3)

    def copied(self, onto: Float32, place: Polygon, by: Any) -> Float32:
        """Return a picture (bands, rows, cols) with what this one shows ``by`` off copied to a place."""
        rows, cols = self.values.shape[1:]
        mask = np.zeros((rows, cols), np.float32)
        corners = np.round(np.array(place.exterior.coords) * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1.0, shift=4)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.6)
        move = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
        out = [
            old * (1 - mask)
            + mask
            * cv2.warpAffine(band, move, (cols, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
            for old, band in zip(onto, self.values, strict=True)
        ]
        return np.stack(out).astype(np.float32)

    def bare(self, run: Run) -> Any:
        """Return by how much bare ground is to be moved to a train's place; None if there is none."""
        line = self.line(run)
        place, (ahead, left), grey = self.place(line), _axes(line), self.values.mean(axis=0)
        taken = shapely.union_all([t.buffer(CLEAR_M / self.pixel_m) for t in self.taken])
        shade = shapely.union_all([translate(t, *(-2.6 / self.pixel_m * left)) for t in self.taken])
        right, beyond = (side / self.pixel_m for side in SIDES_M)
        aside = np.arange(0.2, BESIDE_M, 0.4) / self.pixel_m
        across = np.concatenate([-right - aside, beyond + aside])
        along = np.arange(0, line.length, 2.0)
        points = np.array(line.coords[0]) + along[:, None, None] * ahead + across[None, :, None] * left
        points = points.reshape(-1, 2)
        points = points[~shapely.intersects_xy(taken, points[:, 0], points[:, 1])]
        best, least = None, np.inf
        for off in np.arange(-AWAY_M, AWAY_M, 0.25):
            for on in np.arange(-ALONG_M, ALONG_M + 1, 10.0):
                by = -(ahead * on + left * off) / self.pixel_m
                source = translate(place, *(-by))
                if abs(off) < 3 or not self.holds(source) or source.intersects(taken | shade):
                    continue
                unlike = float(np.std(_at(grey, points - by) - _at(grey, points)))
                if unlike < least:
                    best, least = by, unlike
        return best

    def free_places(self, run: Run) -> list[tuple[str, float, Any]]:
        """Return the bare stretches of tracks that run alike: track, middle and by how much to move."""
        line, half = self.line(run), (run.stop - run.start) / 2
        ahead, middle, place = _axes(line)[0], line.interpolate(half), self.place(line)
        taken = shapely.union_all([t.buffer(0.7 / self.pixel_m) for t in self.taken])
        out = []
        for name, track in self.tracks.items():
            for at in np.arange(half, track.length - half, 4 / self.pixel_m):
                here = track.interpolate(at)
                heading = _axes(substring(track, max(at - 40, 0), min(at + 40, track.length)))[0]
                by = np.array([here.x - middle.x, here.y - middle.y])
                moved = translate(place, *by)
                if abs(heading @ ahead) > 0.99995 and self.holds(moved) and not moved.intersects(taken):
                    out.append((name, float(at), by))
        return out


def _axes(line: LineString) -> tuple[Any, Any]:
    ahead = np.subtract(line.coords[-1], line.coords[0])
    ahead = ahead / np.hypot(*ahead)
    return ahead, np.array([-ahead[1], ahead[0]])


def _at(grey: Any, points: Any) -> Any:
    xy = points.astype(np.float32)[None]
    return cv2.remap(grey, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)[0]


def canvas_of(name: str) -> Canvas:
    """Return a labelled yard's picture."""
    folder, stem = YARDS[name]
    yard = yard_of(IMAGERY / folder)
    with rasterio.open(IMAGERY / folder / f"{stem}.tif") as scene:
        values, back, crs = scene.read().astype(np.float32), ~scene.transform, scene.crs
        pixel_m = abs(scene.transform.a)
    over = Transformer.from_crs(yard.site.crs, crs, always_xy=True)

    def seen(shape: Any) -> Any:
        return shapely.transform(shape, lambda x, y: back * over.transform(x, y), interleaved=False)

    lines = {t.id: t.line for t in yard.site.tracks}
    tracks = {name: seen(line) for name, line in lines.items()}
    cars = [seen(c) for c in labelled_vehicles(IMAGERY / folder, yard.site.crs)]
    trains = []
    for train in yard.truth:
        line = tracks[train["track"]]
        near = seen(substring(lines[train["track"]], train["from_m"], train["to_m"]))
        own = [c for c in cars if c.centroid.distance(near) * pixel_m < 2.6]
        ends = sorted(sorted(line.project(Point(xy)) for xy in c.exterior.coords) for c in own)
        trains.append([Run(train["track"], e[0], e[-1]) for e in ends])
    unnamed = [
        shapely.affinity.scale(shapely.box(*b), 0.5 / pixel_m, 0.5 / pixel_m, origin=(0, 0)) for b in UNNAMED
    ]
    return Canvas(values=values, pixel_m=pixel_m, tracks=tracks, trains=trains, taken=[*cars, *unnamed])


def joined(vehicles: list[Run]) -> Run:
    """Return vehicles that follow each other as one."""
    return Run(vehicles[0].track, vehicles[0].start, vehicles[-1].stop)


def changed(canvas: Canvas, kind: str, rng: np.random.Generator) -> tuple[Float32, list[Run]]:
    """Return a picture with other trains, and where."""
    values, changes = canvas.values, list[Run]()
    runs = [
        (k, joined(train[c : c + n]))
        for k, train in enumerate(canvas.trains)
        for n in (1, 2, 3, 4)
        for c in range(len(train) - n + 1)
    ]
    for k in rng.permutation(len(canvas.trains)):
        if len(changes) >= MOST or not 0 < len(canvas.trains[k]) <= 4:
            continue
        gone = joined(canvas.trains[k])
        length = gone.stop - gone.start
        like = [r for j, r in runs if j != k and abs(r.stop - r.start - length) * canvas.pixel_m < LIKE_M]
        by = canvas.bare(gone)
        if by is None or (kind == "replaced" and not like):
            continue
        values = canvas.copied(values, canvas.place(canvas.line(gone)), by)
        changes.append(gone)
        if kind == "replaced":
            other = canvas.line(like[int(rng.integers(len(like)))])
            middles = [at.interpolate(0.5, normalized=True) for at in (other, canvas.line(gone))]
            by = np.array([middles[1].x - middles[0].x, middles[1].y - middles[0].y])
            values = canvas.copied(values, translate(canvas.place(other), *by), by)
    for _ in range(MOST if kind == "mixed" else 0):
        run = runs[int(rng.integers(len(runs)))][1]
        free = canvas.free_places(run)
        if free:
            track, at, by = free[int(rng.integers(len(free)))]
            half = (run.stop - run.start) / 2
            values = canvas.copied(values, translate(canvas.place(canvas.line(run)), *by), by)
            changes.append(Run(track, at - half, at + half))
            canvas.taken.append(canvas.place(canvas.line(changes[-1])))
    return values, changes


def judged(done: Any, places: list[Any]) -> tuple[Counter[str], list[str]]:
    """Count what is told of each place (a line) that changed, and return the sure changes elsewhere."""
    by_id, told, untrue = {d.id: d for d in done.detections}, [set() for _ in places], []
    for found in (f for f in done.findings if f.kind == "train"):
        trains = [by_id[i] for i in (found.earlier, found.later) if i]
        word = "unchanged" if found.change == "unchanged" else "changed"
        grade = "surely" if found.grade == "detected" else "possibly"
        hit = [k for k, line in enumerate(places) if any(_on(t, line) for t in trains)]
        for k in hit:
            told[k].add(f"{grade} {word}")
        if not hit and (word, grade) == ("changed", "surely"):
            untrue.append(found.statement)
    order = ("surely changed", "possibly changed", "possibly unchanged", "surely unchanged")
    counts = Counter(next((w for w in order if w in words), "nothing") for words in told)
    return counts, untrue


def _on(train: Any, line: Any) -> bool:
    return bool(train.geometry.intersection(line).length > 0.5 * line.length)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yard", choices=("muttenz", "muttenz-fine"), default="muttenz")
    parser.add_argument("--kind", choices=("replaced", "mixed"), default="replaced")
    parser.add_argument("--first", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--untracked", action="store_true")
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    folder, stem = YARDS[arguments.yard]
    source, site = IMAGERY / folder / f"{stem}.tif", yard_of(IMAGERY / folder).site
    lines = {t.id: t.line for t in site.tracks}
    site = replace(site, tracks=()) if arguments.untracked else site
    total = Counter[str]()
    for seed in range(arguments.first, arguments.first + arguments.pairs):
        rng = np.random.default_rng([77, seed])
        canvas = canvas_of(arguments.yard)
        values, changes = changed(canvas, arguments.kind, rng)
        if arguments.pictures:
            shown = np.clip(values[2::-1], 0, 255).astype(np.uint8)
            cv2.imwrite(str(arguments.pictures / f"{seed}.png"), shown.transpose(1, 2, 0))
        look = list(LOOKS)[seed % len(LOOKS)]
        with tempfile.TemporaryDirectory() as space:
            other = written(source, values, Path(space))
            again = Path(space) / "again"
            pair = (source, seen_again(other, again, look, rng))
            if seed % 2:
                pair = (other, seen_again(source, again, look, rng))
            try:
                done = compared(pair, site)
            except WatchError as error:
                print(f"{seed}: refused: {error}")
                continue
        places = [substring(lines[run.track], *canvas.span_m(run)) for run in changes]
        counts, untrue = judged(done, places)
        total.update({**counts, "untrue": len(untrue)})
        print(f"{seed} {look}: {dict(counts)}", *untrue, sep="\n    ", flush=True)
    print(f"{arguments.yard} {arguments.kind}:", dict(total))


def written(source: Path, values: Float32, folder: Path) -> Path:
    """Write a picture with the metadata of another."""
    with rasterio.open(source) as scene:
        profile = scene.profile
    with rasterio.open(folder / source.name, "w", **profile) as scene:
        scene.write(np.clip(np.round(values), 1, 255).astype(np.uint8))
    copy(source.with_name(f"{source.stem}_metadata.json"), folder)
    return folder / source.name


if __name__ == "__main__":
    main()
