"""Print how well cargo and growth are found on painted pairs whose frame is known.

``python benchmarks/ground.py --split validation --pairs 10`` paints pairs, brings them into the site's
frame by the painter's truth (so that registration plays no part), hands over the painted trains, and
runs the two ground detectors. Use ``--split train`` to calibrate settings.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely import Polygon
from shapely.ops import substring, unary_union

from tumangang_watch.detect.cargo import detect_cargo
from tumangang_watch.detect.handling import measure_handling
from tumangang_watch.grid import grid_over, pixel_size_for
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.image import NativeImage, Raster, SiteToPixel, frozen
from tumangang_watch.model.observation import Observation, Quality, Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.settings import Settings
from tumangang_watch.simulate import make_pair, split_seeds

if TYPE_CHECKING:
    from tumangang_watch.grid import Grid
    from tumangang_watch.simulate import DayState, Pair

SIZES_M2 = ((4.0, 8.0), (8.0, 20.0), (20.0, 1e6))
HIT_SHARE = 0.3
"""Intersection over union from which an outline is the painted object."""


@dataclass
class Score:
    """Counts over all pairs."""

    found: dict[tuple[float, float], int] = field(default_factory=dict)
    there: dict[tuple[float, float], int] = field(default_factory=dict)
    false: int = 0
    false_possible: int = 0
    said: int = 0
    trucks: int = 0
    area_errors: list[float] = field(default_factory=list)
    area_inside: list[bool] = field(default_factory=list)
    height_errors: list[float] = field(default_factory=list)
    height_inside: list[bool] = field(default_factory=list)
    colours: list[bool] = field(default_factory=list)
    empty_aprons: int = 0
    false_on_empty: int = 0
    growth_there: int = 0
    growth_found: int = 0
    growth_errors: list[float] = field(default_factory=list)
    growth_inside: list[bool] = field(default_factory=list)
    no_growth: int = 0
    false_growth: int = 0
    notes: list[str] = field(default_factory=list)


def observed(pair: Pair, index: int, grid: Grid) -> Observation:
    """Return a painted scene in the site's frame, on the grid."""
    painted = pair.earlier if index == 0 else pair.later
    own, sensor, day = painted.grid, painted.sensor, painted.day
    raw = painted.values.astype(np.float32)
    valid = (raw > 0).all(axis=0)
    values = frozen(raw / (255.0 if painted.values.dtype == np.uint8 else 10000.0))
    x0, y0 = own.west, own.north
    to_pixel = SiteToPixel(x0, y0, own.pixel_m, (-0.5, 1.0, 0.0), (-0.5, 0.0, -1.0))
    east, north = sensor.geolocation_error_m
    image = NativeImage(
        values, valid, np.zeros_like(valid), painted.bands, sensor.gsd_m, own.pixel_m, to_pixel
    ).registered((1.0, 0.0, east, 0.0, 1.0, north))
    scene = Scene(
        id=f"{pair.seed}-{index}", image=__import__("pathlib").Path("painted.tif"), files=(), sha256="",
        acquired=day.acquired, provider="painter", crs=grid.crs, affine=(1, 0, 0, 0, 1, 0),
        width=own.cols, height=own.rows, dtype=str(painted.values.dtype), gsd_m=sensor.gsd_m,
        pixel_m=own.pixel_m, bands={}, band_source="painter", sun_azimuth_deg=day.sun_azimuth_deg,
        sun_elevation_deg=day.sun_elevation_deg, off_nadir_deg=sensor.off_nadir_deg,
        view_azimuth_deg=sensor.view_azimuth_deg,
    )  # fmt: skip
    fit = Registration("ok", (0.0, 0.0), (1, 0, 0, 0, 1, 0), 0.1, 0.25, 50)
    raster = image.on_grid(grid)
    quality = _quality(raster, image, scene, day)
    return Observation("earlier" if index == 0 else "later", scene, image, raster, quality, fit)


def _quality(raster: Raster, image: NativeImage, scene: Scene, day: DayState) -> Quality:
    """Return the quality room's judgement, or an all-clear one where it is not there yet."""
    try:
        from tumangang_watch.preprocess.quality import assess_quality
    except ImportError:
        no = np.zeros(raster.grid.shape, dtype=bool)
        bright = raster.luminance() > 0.45
        snow: Any = "none" if day.snow_cover == 0 else "full" if day.snow_cover > 0.8 else "partial"
        return Quality(raster.valid, no, no, no, no, bright & (snow != "none"), snow, 0.0)
    return assess_quality(raster, image, scene, Settings().quality)


def normalised(one: Observation, two: Observation) -> Observation:
    """Return the later date in the earlier one's radiometry."""
    from dataclasses import replace

    try:
        from tumangang_watch.preprocess.normalise import apply, normalise_pair
    except ImportError:
        both = one.raster.valid & two.raster.valid
        values = np.stack(
            [
                b * (np.median(a[both]) / max(float(np.median(b[both])), 1e-6))
                for a, b in zip(one.raster.values, two.raster.values, strict=True)
            ]
        )
        return replace(two, raster=replace(two.raster, values=frozen(values.astype(np.float32))))
    usable = one.quality.clear & two.quality.clear
    light = normalise_pair(one.raster, two.raster, usable, None, Settings().normalise)
    image = apply(light, two.image)
    return replace(two, image=image, raster=image.on_grid(two.raster.grid))


def painted_trains(pair: Pair, index: int) -> tuple[Detection, ...]:
    """Return the painted trains as if they had been detected."""
    date: Any = "earlier" if index == 0 else "later"
    out = []
    for k, train in enumerate(pair.days[index].trains, 1):
        line = substring(pair.world.track(train.track).line, train.from_m, train.to_m)
        body = line.buffer(1.6, cap_style="flat")
        out.append(
            Detection(f"{date}-train-{k}", date, "train", "yard", body, 0.9, "detected", 1.0, train.track)
        )
    return tuple(out)


def run_pair(pair: Pair, score: Score) -> dict[str, Any]:
    """Run both detectors on one pair and add to the score."""
    settings = Settings()
    grid = grid_over(pair.world.site.bounds, pixel_size_for(pair.sensors[0].gsd_m), pair.world.site.crs)
    one, two = observed(pair, 0, grid), observed(pair, 1, grid)
    two = normalised(one, two)
    trains = painted_trains(pair, 0) + painted_trains(pair, 1)
    out: dict[str, Any] = {"dates": (one, two), "cargo": []}
    for k, (date, other) in enumerate(((one, two), (two, one))):
        cargo = detect_cargo(date, pair.world.site, trains, settings.cargo, other)
        out["cargo"].append(cargo)
        score_cargo(pair, k, cargo, score)
    result = measure_handling((one, two), pair.world.site, trains, settings.handling)
    out["handling"] = result
    score_growth(pair, result, score)
    return out


def score_cargo(pair: Pair, index: int, cargo: tuple[Detection, ...], score: Score) -> None:
    """Match outlines with the painted goods, best overlap first."""
    from tumangang_watch.simulate.truth import footprint

    blocks = [(b, footprint(b)) for b in pair.days[index].cargo]
    taken: set[int] = set()
    matched: set[str] = set()
    links = []
    for i, (_, shape) in enumerate(blocks):
        for item in cargo:
            union = shape.union(item.geometry).area
            links.append((shape.intersection(item.geometry).area / union, i, item))
    for share, i, item in sorted(links, key=lambda link: -link[0]):
        if share < HIT_SHARE or i in taken or item.id in matched:
            continue
        taken.add(i)
        matched.add(item.id)
        block, shape = blocks[i]
        area = shape.area
        score.area_errors.append((item.area_m2.estimate - area) / area)
        score.area_inside.append(item.area_m2.low <= area <= item.area_m2.high)
        score.colours.append(item.colour == block.paint)
        if item.height_m is not None:
            score.height_errors.append(item.height_m.estimate - block.height_m)
            score.height_inside.append(item.height_m.low <= block.height_m <= item.height_m.high)
    for i, (block, shape) in enumerate(blocks):
        size = next((s for s in SIZES_M2 if s[0] <= shape.area < s[1]), None)
        if size is None:
            continue
        score.there[size] = score.there.get(size, 0) + 1
        score.found[size] = score.found.get(size, 0) + (i in taken)
        if i not in taken:
            score.notes.append(
                f"{pair.seed}/{index} missed {block.shape} {block.paint} "
                f"{shape.area:.0f} m2 h {block.height_m:.1f}"
            )
    for item in cargo:
        score.said += 1
        if item.id not in matched:
            if any(footprint(v).intersects(item.geometry) for v in pair.days[index].vehicles):
                score.trucks += 1
                continue
            score.false += item.grade == "detected"
            score.false_possible += item.grade == "possible"
            c = item.geometry.centroid
            score.notes.append(
                f"{pair.seed}/{index} false {item.grade} {item.label} {item.geometry.area:.0f} m2 "
                f"{item.colour} at {c.x:.0f} {c.y:.0f} {dict(item.evidence)}"
            )
    for area in pair.world.site.having("apron"):
        if not any(shape.intersects(area.polygon) for _, shape in blocks):
            score.empty_aprons += 1
            score.false_on_empty += sum(d.area == area.id and d.grade == "detected" for d in cargo)


def score_growth(pair: Pair, result: Any, score: Score) -> None:
    """Compare grown ground with what was painted."""
    truth: Polygon = unary_union([s.polygon for s in pair.days[1].growth])
    for change in result.growth:
        claimed = change.grown_m2 if change.grown_m2.estimate >= change.lost_m2.estimate else change.lost_m2
        if truth.area > 0:
            score.growth_there += 1
            hit = change.grown.intersection(truth).area > 0.5 * truth.area
            score.growth_found += hit and change.grade == "detected"
            if hit:
                score.growth_errors.append((change.grown_m2.estimate - truth.area) / truth.area)
                score.growth_inside.append(change.grown_m2.low <= truth.area <= change.grown_m2.high)
            kinds = [s.material for s in pair.days[1].growth]
            score.notes.append(
                f"{pair.seed} growth {kinds} {pair.days[0].season}>{pair.days[1].season} "
                f"true {truth.area:.0f} said {change.grown_m2} {change.grade} "
                f"hit {hit} lost {change.lost_m2.estimate:.0f}"
            )
        else:
            score.no_growth += 1
            score.false_growth += claimed.low > 0
            if claimed.estimate > 0:
                score.notes.append(
                    f"{pair.seed} false growth {pair.days[0].season}>{pair.days[1].season} "
                    f"{change.grown_m2} lost {change.lost_m2} {change.grade}"
                )


def report(score: Score) -> str:
    """Return the table as text."""
    lines = []
    for size in SIZES_M2:
        there, found = score.there.get(size, 0), score.found.get(size, 0)
        lines.append(f"cargo {size[0]:.0f}-{size[1]:.0f} m2: found {found}/{there}")
    found, there = sum(score.found.values()), sum(score.there.values())
    precision = found / max(found + score.false + score.false_possible, 1)
    recall = found / max(there, 1)
    lines.append(
        f"cargo: recall {recall:.3f} precision {precision:.3f} "
        f"F1 {2 * precision * recall / max(precision + recall, 1e-9):.3f} "
        f"(false {score.false} detected, {score.false_possible} possible, {score.trucks} trucks)"
    )
    lines.append(f"false cargo per empty apron and date: {score.false_on_empty}/{score.empty_aprons}")
    for name, errors, inside in (
        ("cargo area", score.area_errors, score.area_inside),
        ("height m", score.height_errors, score.height_inside),
        ("growth area", score.growth_errors, score.growth_inside),
    ):
        if errors:
            lines.append(
                f"{name}: median error {np.median(errors):+.3f}, median size of error "
                f"{np.median(np.abs(errors)):.3f}, interval covers {np.mean(inside):.2f} of {len(errors)}"
            )
    if score.colours:
        lines.append(f"colour named right: {np.mean(score.colours):.2f}")
    lines.append(f"growth found: {score.growth_found}/{score.growth_there}")
    lines.append(f"false growth: {score.false_growth}/{score.no_growth}")
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="validation", choices=("train", "validation", "test"))
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--product", default=None)
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    score = Score()
    for seed in split_seeds(chosen.split)[chosen.first : chosen.first + chosen.pairs]:
        kind = seed % 3
        options: dict[str, Any] = {"product": chosen.product, "length_m": 250.0}
        if kind == 0:
            options |= {"growth_m2": 600.0 + 100.0 * (seed % 7)}
        elif kind == 1:
            options |= {"growth_m2": 0.0, "season_change": True}
        else:
            options |= {"no_change": True}
        run_pair(make_pair(seed, chosen.gsd, **options), score)
    if chosen.verbose:
        print("\n".join(score.notes))
    print(report(score))


if __name__ == "__main__":
    main()
