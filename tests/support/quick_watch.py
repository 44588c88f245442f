"""The taking-in of scenes with the measuring of pixels replaced by a quick one.

Scenes, reports, archive, pages and notices are real files written by the real code.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from shapely import box

from tumangang_watch import pipeline
from tumangang_watch.archive import open_archive
from tumangang_watch.archive.export import TABLES, table
from tumangang_watch.model.comparison import BackgroundScene, BackgroundUse, Comparison
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Registration
from tumangang_watch.pipeline import last_look
from tumangang_watch.pipeline.prepare import judge_areas, observe, read_image, working_grid
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.watch.inbox import look_into
from tumangang_watch.watch.intake import take_in
from tumangang_watch.watch.notify import send_notices
from tumangang_watch.watch.pages import publish
from tumangang_watch.watch.plan import Places
from tumangang_watch.watch.tally import IntakeTally

CRS, WEST, NORTH, SIZE = "EPSG:32652", 540_000.0, 4_695_000.0, 60
NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNFITTED = Registration(status="ok")


def write_scene(inbox: Path, day: int, name: str | None = None, *, hidden: bool = False) -> Path:
    """Write a small scene whose brightness tells the day; dark pixels in the yard are its train.

    Where it is hidden, so are two fifths of the yard.
    """
    rng = np.random.default_rng(day)
    values = rng.integers(900, 1500, (4, SIZE, SIZE)).astype(np.uint16)
    values[:, 28:31, 10 : 20 + day % 7] = 300
    if hidden:
        values[:, :, :25] = 0
    name = name or f"day{day:03d}"
    inbox.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff",
        "count": 4,
        "width": SIZE,
        "height": SIZE,
        "dtype": "uint16",
        "crs": CRS,
        "transform": Affine(1, 0, WEST, 0, -1, NORTH),
        "nodata": 0,
    }
    with rasterio.open(inbox / f"{name}.tif", "w", **profile) as out:
        out.write(values)
        for band, role in enumerate(("blue", "green", "red", "nir"), start=1):
            out.set_band_description(band, role)
    acquired = datetime(2022, 1, 1, 2, tzinfo=UTC) + timedelta(days=day)
    properties = {"acquired": acquired.isoformat(), "gsd": 1.0, "view_angle": 5, "satellite_azimuth": 90}
    metadata = {"id": name, "properties": {**properties, "sun_azimuth": 150, "sun_elevation": 30}}
    (inbox / f"{name}_metadata.json").write_text(json.dumps(metadata))
    return inbox / f"{name}.tif"


def write_site(path: Path) -> Path:
    """Write a yard with one track over the scenes' ground."""
    lonlat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    corners = [(5, -20), (55, -20), (55, -40), (5, -40), (5, -20)]
    ring = [lonlat(WEST + x, NORTH + y) for x, y in corners]
    line = [lonlat(WEST + x, NORTH - 29.5) for x in (6, 54)]
    features = [
        {"type": "Feature", "properties": {"role": role, "id": role}, "geometry": geometry}
        for role, geometry in (
            ("yard", {"type": "Polygon", "coordinates": [ring]}),
            ("track", {"type": "LineString", "coordinates": line}),
        )
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def quick_compare(earlier: Any, later: Any, run: Any, background: tuple[Any, ...] = ()) -> Comparison:
    """Return a comparison without registration and detectors: the dark pixels of the yard are a train."""
    grid = working_grid((later,), run)
    dates = [("earlier", earlier), ("later", later)]
    one, two = (
        None if scene is None else observe(date, scene, read_image(scene, grid, run), grid, UNFITTED, run)
        for date, scene in dates
    )
    found = [_train(o, run.site) for o in (one, two) if o is not None]
    findings = () if one is None else (_finding(found[0], found[1]),)
    seen_min = run.settings.change.observed_min
    findings = tuple(
        f for f in findings if min(o.observed_fraction(f.geometry) for o in (one, two) if o) >= seen_min
    )
    return Comparison(
        site=run.site,
        earlier=one,
        later=two,
        registration=UNFITTED,
        areas=judge_areas(run, two, one),
        detections=tuple(found),
        findings=findings,
        detectability=(),
        settings_sha256=run.settings.sha256,
        background_use=BackgroundUse(
            len(background),
            tuple(
                BackgroundScene(scene=s, tracks=True, aprons=True, ground=True, residual_m=None)
                for s in background
            ),
        )
        if background
        else None,
    )


def _train(observation: Any, site: Any) -> Detection:
    bright = observation.raster.luminance()[observation.raster.valid]
    dark_m = round(float((bright < 0.5 * np.median(bright)).sum() / 3))
    length = Interval.around(dark_m, 2.0)
    outline = box(WEST + 10, NORTH - 31, WEST + 10 + max(dark_m, 1.0), NORTH - 28)
    return Detection(
        id=f"{observation.date}-1",
        date=observation.date,
        kind="train",
        area=site.areas[0].id,
        geometry=outline,
        confidence=0.95,
        grade="detected",
        observed_fraction=1.0,
        track=site.tracks[0].id,
        from_m=4.0,
        to_m=4.0 + dark_m,
        length_m=length,
    )


def _finding(before: Detection, after: Detection) -> Finding:
    change = Interval.around(abs(after.to_m - before.to_m), 2.0)
    word = "unchanged" if change.estimate < 1 else "moved"
    return Finding(
        id="f1",
        kind="train",
        change=word,
        area=after.area,
        track=after.track,
        earlier=before.id,
        later=after.id,
        amount=change,
        unit="m",
        confidence=0.9,
        grade="detected",
        statement=f"The train is {word}.",
        geometry=after.geometry,
        observed_fraction=1.0,
    )


class Inline:
    """The calling process in place of others: one piece of work after the other."""

    slots = 1

    def __init__(self) -> None:
        self._done: deque[tuple[Any, Any]] = deque()

    def submit(self, function: Callable[[Any], Any], task: Any, key: Any) -> None:
        self._done.append((key, function(task)))

    @property
    def waiting(self) -> int:
        return len(self._done)

    def next_done(self) -> tuple[Any, Any]:
        return self._done.popleft()


@contextmanager
def quick() -> Iterator[None]:
    """Replace the measuring of pixels by the quick one."""
    kept = pipeline.compare, pipeline.detect, last_look.shown_on
    pipeline.compare, last_look.shown_on = quick_compare, quick_shown_on
    pipeline.detect = lambda scene, run, background=(): quick_compare(None, scene, run, background or ())
    try:
        yield
    finally:
        pipeline.compare, pipeline.detect, last_look.shown_on = kept


def quick_shown_on(scene: Any, later: Any, run: Any) -> Any:
    """Return another date on the grid of a measured one, without registration."""
    grid = later.raster.grid
    return observe("earlier", scene, read_image(scene, grid, run), grid, UNFITTED, run)


def places_in(root: Path) -> Places:
    """Return where things lie in a trial."""
    site = root / "site.geojson"
    return Places(
        inbox=root / "in",
        archive=root / "record.sqlite",
        reports=root / "reports",
        site_file=site,
        site=load_site(site),
        settings=Settings(),
        tool_version="0.0",
        now=NOW,
    )


def take_in_here(root: Path, command: str | None = None) -> IntakeTally:
    """Do in this process what ``watch`` does."""
    places = places_in(root)
    command = command or f"/bin/sh -c 'cat >> {root}/told'"
    with quick():
        tally = take_in(places, look_into(root / "in", 1e12, 0.0), Inline(), lambda _: None, notify=True)
    publish(places)
    with open_archive(places.archive, write=True) as archive:
        send_notices(archive, command, Settings().watch)
    return tally


def state(root: Path) -> dict[str, Any]:
    """Return everything a user can see: digests of all files, and the archive's rows."""
    files = {
        p.relative_to(root / "reports").as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted((root / "reports").rglob("*"))
        if p.is_file()
    }
    with open_archive(root / "record.sqlite") as archive:
        rows = {name: table(archive, name) for name in TABLES if name != "files"}
        contents = {(path, sha) for path, _, sha in table(archive, "files")[1]}
    return {"files": files, "rows": rows, "contents": contents, "told": told(root)}


def told(root: Path) -> set[str]:
    """Return the ids of the findings that were told."""
    path, decoder, found = root / "told", json.JSONDecoder(), set()
    text = path.read_text() if path.exists() else ""
    while text.strip():
        document, end = decoder.raw_decode(text.lstrip())
        found.add(document["id"])
        text = text.lstrip()[end:]
    return found
