"""Score the train detector on the labelled real yard, and calibrate its last steps.

``python -m benchmarks.trains --real`` scores it on the labelled real yards beside the checkout (trains and
single vehicles). ``python -m benchmarks.trains --calibrate --banks A B`` prints, for the held-out tenth of
banks of painted strips (``strip_bank.py``, ``yard_painter.py``), what the settings' calibrated numbers rest
on: scores of true and of false trains, coverage of the intervals, and the sureness of types and colours.
``--null --banks E`` fits the null on banks of empty track, ``--score --banks V`` scores a validation bank.
``--sun 48`` counts on how many yards with the sun withheld the shadows beside trains show its side.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Polygon, shape

from benchmarks.yard_pairs import yard_pair
from training.strip_bank import load
from tumangang_watch.detect.sun import in_shown_sun
from tumangang_watch.detect.trains.find import FoundTrain, find_in_strips, length_of, read_trains
from tumangang_watch.detect.trains.segments import WEAK
from tumangang_watch.detect.undecided import undecided_share
from tumangang_watch.nets import read_weights
from tumangang_watch.pipeline import RunContext, detect
from tumangang_watch.report.json_report import report_dict
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.settings.trains import TrainSettings
from tumangang_watch.sites import load_site

PICTURES = Path(__file__).resolve().parents[2] / "shared" / "imagery"
REAL = PICTURES / "muttenz_yard_2018"
TRAINS_ONLY = ("nyc_240st_yard_sparse", "nyc_hunts_point_freight")
"""Real yards at 0.9 m whose trains are labelled, not their vehicles."""
LEAST = 0.5
"""Least overlap of two stretches, as a share of their union, for a match."""


def read_with(file: Path) -> None:
    """Let strips be read with other weights than those that ship."""
    from tumangang_watch.detect.trains import reading

    shipped, other = reading.weights, read_weights(file)
    reading.weights = lambda name: other if name == "strip_net" else shipped(name)


def eastern(site: Any, labelled: list[Any], found: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return what stands in the eastern half of the labelled vehicles."""
    lines = {t.id: t.line for t in site.tracks}

    def x_of(piece: Any) -> float:
        return float(lines[piece[0]].interpolate((piece[1] + piece[2]) / 2).x)

    xs = [x_of(piece) for piece in labelled]
    half = (min(xs) + max(xs)) / 2
    return [p for p in labelled if x_of(p) > half], [p for p in found if x_of(p) > half]


def real_yard() -> None:
    """Score trains and vehicles on the real yard at both resolutions, and vehicles on its eastern half."""
    from tumangang_watch.evaluate.scoring import score_report

    site = load_site(REAL / "site.geojson")
    truth = json.loads((REAL / "truth.json").read_text())
    for name in ("scene_050.tif", "scene_025.tif"):
        settings = Settings()
        scene = open_scene(REAL / name, SceneOptions(), settings.read)
        comparison = detect(scene, RunContext(site, settings))
        trains = score_report(report_dict(comparison, "bench"), truth)["trains"]
        found = [
            (d.track, v.from_m, v.to_m)
            for d in comparison.detections
            if d.kind == "train" and d.grade == "detected"
            for v in d.rolling_stock
        ]
        labelled = labelled_vehicles(site, truth)
        parts = {"": (labelled, found), ", eastern half": eastern(site, labelled, found)}
        for least in (0.3, 0.5):
            for part, (true, said) in parts.items():
                hits = len(matches(said, true, least))
                print(
                    f"{name}{part}: vehicles at overlap {least}: recall {hits / len(true):.2f}, precision "
                    f"{hits / max(len(said), 1):.2f} ({hits} of {len(true)}, {len(said)} found)"
                )
        print(f"{name}: undecided", {dict(d.evidence).get("undecided_share") for d in comparison.detections})
        print(f"{name}: trains", {k: v for k, v in trains.items() if not isinstance(v, list)})


def real_trains() -> None:
    """Score the trains of the real yards whose vehicles are not labelled."""
    from tumangang_watch.evaluate.scoring import score_report

    hits = false = missed = 0
    for name in TRAINS_ONLY:
        site, truth = load_site(PICTURES / name / "site.geojson"), PICTURES / name / "truth.json"
        scene = open_scene(PICTURES / name / "scene_090.tif", SceneOptions(), Settings().read)
        report = report_dict(detect(scene, RunContext(site, Settings())), "bench")
        trains = score_report(report, json.loads(truth.read_text()))["trains"]
        told = trains["true_positives"], trains["false_positives"], trains["false_negatives"]
        hits, false, missed = (a + b for a, b in zip((hits, false, missed), told, strict=True))
        print(f"{name}: {told[0]} trains found, {told[1]} false, {told[2]} missed")
    print(f"F1 {2 * hits / (2 * hits + false + missed):.2f}")


def labelled_vehicles(site: Any, truth: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Project the labelled outlines on their nearest track."""
    from pyproj import Transformer
    from shapely import Point

    to_metres_ = Transformer.from_crs("EPSG:4326", site.crs, always_xy=True).transform
    out = []
    for car in truth["cars"]:
        outline = shape(car).geoms[0]
        corners = [to_metres_(*c) for c in outline.exterior.coords]
        centre = Polygon(corners).centroid
        track = min(site.tracks, key=lambda t: t.line.distance(centre))
        along = [track.line.project(Point(*c)) for c in corners]
        out.append((track.id, min(along), max(along)))
    return out


def matches(found: list[Any], labelled: list[Any], least: float) -> list[tuple[int, int]]:
    """Match stretches (track, from_m, to_m), best overlap first, each at most once."""
    scores = sorted(
        (
            (max(0.0, min(f[2], t[2]) - max(f[1], t[1])) / (max(f[2], t[2]) - min(f[1], t[1])), i, j)
            for i, f in enumerate(found)
            for j, t in enumerate(labelled)
            if f[0] == t[0]
        ),
        reverse=True,
    )
    pairs: list[tuple[int, int]] = []
    for overlap, i, j in scores:
        if overlap >= least and all(i != p[0] and j != p[1] for p in pairs):
            pairs.append((i, j))
    return pairs


def bank_trains(folders: list[Path], settings: TrainSettings) -> list[tuple[float, Any, FoundTrain | None]]:
    """Return (GSD, true train or None, found train or None) over the held-out seeds of the banks."""
    out: list[tuple[float, Any, FoundTrain | None]] = []
    for folder in folders:
        for path in sorted(folder.glob("*.npz")):
            if ".part" in path.name or int("".join(c for c in path.stem if c.isdigit())) % 10:
                continue
            for scene in load(path):
                lists = read_trains(list(scene.strips), scene.scene, settings)
                found = [f for one in lists for f in one]
                true = [t for t in scene.trains if t["cars"]]
                spans = [(t["track"], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in true]
                seen = [(f.track.id, f.run.from_m, f.run.to_m) for f in found]
                pairs = matches(seen, spans, LEAST)
                gsd_m = scene.scene.gsd_m
                out += [(gsd_m, true[j], found[i]) for i, j in pairs]
                out += [(gsd_m, None, f) for k, f in enumerate(found) if all(k != p[0] for p in pairs)]
                out += [(gsd_m, t, None) for k, t in enumerate(true) if all(k != p[1] for p in pairs)]
    return out


def calibrate(folders: list[Path]) -> None:
    """Print what the calibrated settings rest on."""
    settings = replace(TrainSettings(), false_alarms_possible=np.inf)
    rows = bank_trains(folders, settings)
    _scores(rows)
    for low, high in ((0.25, 0.35), (0.35, 0.55), (0.55, 0.75), (0.75, 1.1)):
        pairs = [(t, f) for g, t, f in rows if t and f and low <= g < high]
        if not pairs:
            continue
        ends = [e for t, f in pairs for e in _end_errors(t, f)]
        print(f"GSD {low}-{high}: ends {_spread(ends)}")
        true_m = [t["cars"][-1]["to_m"] - t["cars"][0]["from_m"] for t, _ in pairs]
        said = [length_of(f.run, g, settings) for g, t, f in rows if t and f and low <= g < high]
        inside = np.mean([s.low <= m <= s.high for s, m in zip(said, true_m, strict=True)])
        errors = [s.estimate - m for s, m in zip(said, true_m, strict=True)]
        print(f"  length: {_spread(errors)}, interval covers {inside:.3f}")
        counts = [(f.cars, len(t["cars"])) for t, f in pairs if f.cars]
        print(
            f"  count: within 1 {np.mean([abs(c.estimate - n) <= 1 for c, n in counts]):.3f}, "
            f"interval covers {np.mean([c.low <= n <= c.high for c, n in counts]):.3f} of {len(counts)}, "
            f"{np.mean([c.high > c.low for c, _ in counts]):.2f} of them more than one number"
        )
        _names(pairs)


def null(folders: list[Path]) -> None:
    """Fit the exponential fall of scores on banks of empty track."""
    settings = replace(TrainSettings(), false_alarms_possible=np.inf)
    scores, km = [], 0.0
    for path in (p for folder in folders for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            if any(t["cars"] for t in scene.trains):
                continue
            km += sum(s.track.line.length for s in scene.strips) / 1000
            lists = read_trains(list(scene.strips), scene.scene, settings)
            scores += [f.run.score for one in lists for f in one]
    tail = np.array([s for s in scores if s >= WEAK[0]])
    scale = float((tail - WEAK[0]).mean()) if tail.size else float("nan")
    rate = tail.size / km * np.exp(WEAK[0] / scale)
    print(f"{km:.0f} km of empty track, {tail.size} stretches of score {WEAK[0]} or more")
    print(
        f"null_rate_km {rate:.3f}, null_scale {scale:.3f}; the strongest: {np.sort(tail)[::-1][:12].round(1)}"
    )


def score(folders: list[Path]) -> None:
    """Print trains and vehicles found on whole banks, the way settings are chosen on validation seeds."""
    settings = TrainSettings()
    total: dict[str, Any] = defaultdict(lambda: np.zeros((2, 3), int))
    for path in (p for folder in folders for p in sorted(folder.glob("*.npz"))):
        for scene in load(path):
            lists = read_trains(list(scene.strips), scene.scene, settings)
            found = [f for one in lists for f in one if f.detected(settings)]
            true = [t for t in scene.trains if t["cars"]]
            spans = [[(t["track"], t["cars"][0]["from_m"], t["cars"][-1]["to_m"]) for t in true]]
            seen = [[(f.track.id, f.run.from_m, f.run.to_m) for f in found]]
            spans.append([(t["track"], c["from_m"], c["to_m"]) for t in true for c in t["cars"]])
            seen.append([(f.track.id, v.from_m, v.to_m) for f in found for v in f.vehicles])
            own = total["finer than 0.55 m" if scene.scene.gsd_m < 0.55 else "coarser"]
            for row, (a, b) in enumerate(zip(seen, spans, strict=True)):
                hits = len(matches(a, b, LEAST))
                own[row] += (hits, len(a) - hits, len(b) - hits)
    for name, rows in total.items():
        for kind, (hits, false, missed) in zip(("trains", "vehicles"), rows, strict=True):
            recall, precision = hits / max(hits + missed, 1), hits / max(hits + false, 1)
            print(f"{name}: {kind} recall {recall:.3f}, precision {precision:.3f} of {hits + missed}")


def sun(yards: int) -> None:
    """Print on which side shadows beside trains show the sun where it is withheld, on yards of ours."""
    settings, told = TrainSettings(), defaultdict(int)
    for seed in range(yards):
        pair = yard_pair(70_000 + seed, (0.3, 0.5, 0.7, 0.9)[seed % 4])
        seen = pair.dates[0]
        azimuth = np.radians(seen.scene.sun_azimuth_deg)
        unknown = replace(seen.scene, sun_azimuth_deg=None, sun_elevation_deg=None)
        sunlit = in_shown_sun(replace(seen, scene=unknown), pair.site, settings)
        if not pair.cases:
            told["no train, told" if sunlit.shown_sun_azimuth_deg else "no train, not told"] += 1
        elif sunlit.shown_sun_azimuth_deg is None:
            told["not told"] += 1
        elif abs(np.cos(azimuth)) < np.sin(np.radians(15)):
            told["sun along the tracks"] += 1
        else:
            right = np.cos(np.radians(sunlit.shown_sun_azimuth_deg) - azimuth) > 0
            told["right" if right else "wrong"] += 1
    print(dict(told))


def undecided(folders: list[Path]) -> None:
    """Print what share of the track is not decided in painted scenes, by snow."""
    settings = TrainSettings()
    for snowy in (False, True):
        shares = []
        for path in (p for folder in folders for p in sorted(folder.glob("*.npz"))):
            for scene in load(path):
                if bool(scene.facts.get("snow")) == snowy:
                    reading = find_in_strips(list(scene.strips), scene.scene, settings)[1]
                    shares.append(undecided_share(reading, settings))
        known = [s for s in shares if s is not None]
        if known:
            told = ", ".join(f"{q:.0%}: {np.quantile(known, q):.3f}" for q in (0.5, 0.9, 0.95, 0.99))
            print(f"{'snow' if snowy else 'no snow'}, {len(known)} scenes: {told}", flush=True)


def _end_errors(true: dict[str, Any], found: FoundTrain) -> tuple[float, float]:
    """Return how far each end lies outside the true one, metres."""
    cars = true["cars"]
    return cars[0]["from_m"] - found.run.from_m, found.run.to_m - cars[-1]["to_m"]


def _spread(errors: list[float]) -> str:
    return f"median {np.median(errors):+.2f} m, 90 % within {np.quantile(np.abs(errors), 0.9):.2f} m"


def _scores(rows: list[tuple[float, Any, FoundTrain | None]]) -> None:
    """Print how many true and false trains lie above each score."""
    true = np.array([f.run.score for _, t, f in rows if t and f])
    false = np.array([f.run.score for _, t, f in rows if f and not t])
    missed = sum(f is None for _, _, f in rows)
    for least in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15):
        kept = (true >= least).sum()
        print(f"score {least}: true {kept} of {true.size + missed}, false {(false >= least).sum()}")


def _names(pairs: list[tuple[Any, FoundTrain]]) -> None:
    """Print vehicles' types and colours: right, unknown, wrong, at several levels of sureness."""
    types, colours = [], []
    for true, found in pairs:
        spans = [("", c["from_m"], c["to_m"]) for c in true["cars"]]
        seen = [("", v.from_m, v.to_m) for v in found.vehicles]
        for i, j in matches(seen, spans, LEAST):
            vehicle, car = found.vehicles[i], true["cars"][j]
            types.append((vehicle.types[0][1], _group(vehicle.types[0][0]) == _group(car["type"])))
            if car["seen"] != "mixed" and vehicle.colours:
                colours.append((vehicle.colours[0][1], vehicle.colours[0][0] == car["seen"]))
    for name, values in (("type", types), ("colour", colours)):
        if not values:
            continue
        sure, right = np.array([v[0] for v in values]), np.array([v[1] for v in values])
        for least in (0.0, 0.5, 0.6, 0.7, 0.8):
            named = sure >= least
            print(
                f"  {name} at {least}: right {(named & right).mean():.3f}, unknown {1 - named.mean():.3f}, "
                f"wrong {(named & ~right).mean():.3f}; said {sure[named].mean():.3f} of those named"
            )


def _group(kind: str) -> str:
    """Flats and containers on flats count as one type."""
    return "flat" if kind == "container" else kind


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--weights", type=Path, help="other weights of the reader of strips")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--score", action="store_true", help="score whole banks, to choose settings by")
    parser.add_argument("--null", action="store_true", help="fit the null on banks of empty track")
    parser.add_argument("--undecided", action="store_true", help="how much track of banks is not decided")
    parser.add_argument("--sun", type=int, help="so many yards whose sun is withheld")
    parser.add_argument("--banks", type=Path, nargs="+", default=[])
    arguments = parser.parse_args()
    if arguments.weights:
        read_with(arguments.weights)
    if arguments.calibrate:
        calibrate(arguments.banks)
    if arguments.score:
        score(arguments.banks)
    if arguments.null:
        null(arguments.banks)
    if arguments.undecided:
        undecided(arguments.banks)
    if arguments.sun:
        sun(arguments.sun)
    others = arguments.calibrate, arguments.null, arguments.score, arguments.sun, arguments.undecided
    if arguments.real or not any(others):
        real_yard()
        real_trains()


if __name__ == "__main__":
    main()
