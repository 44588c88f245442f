"""A hand-made comparison: two trains, cargo and growth on a small painted yard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from shapely import LineString, box
from shapely.ops import substring

from support.values import EAST0, NORTH0, change_of, observation, thing
from tumangang_watch.affine import IDENTITY
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.detection import Vehicle
from tumangang_watch.model.fill import CargoRow, Fill
from tumangang_watch.model.finding import AreaStatus
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.site import Area, Site, Track

ROWS, COLS, PIXEL_M = 240, 400, 0.5
PAINT = {  # blue, green, red, nir
    "brown": (0.06, 0.08, 0.15, 0.20),
    "blue": (0.22, 0.12, 0.06, 0.12),
    "grey": (0.20, 0.20, 0.20, 0.20),
    "green": (0.07, 0.14, 0.07, 0.2),
    "black": (0.04, 0.04, 0.04, 0.05),
    "white": (0.55, 0.55, 0.55, 0.55),
}
BEFORE = ["brown", "brown", "grey", "brown", "black", "black", "brown"]
AFTER = ["green", "blue", "grey", "white", "brown"]
SPARE_M = 14.0


def _place(x, y, width, height):
    return box(EAST0 + x, NORTH0 - y - height, EAST0 + x + width, NORTH0 - y)


def _ground(seed):
    rng = np.random.default_rng(seed)
    fine = rng.normal(0, 0.008, (ROWS, COLS))
    broad = np.kron(np.random.default_rng(3).normal(0, 0.012, (ROWS // 8, COLS // 8)), np.ones((8, 8)))
    values = np.stack([(base + broad + fine) for base in (0.13, 0.16, 0.18, 0.25)])
    for k in range(4):
        row = int((40 + 6 * k) / PIXEL_M)
        values[:, row - 2 : row + 2] -= 0.03
    return values


def _fill(values, place, colour):
    west, south, east, north = place.bounds
    r0, r1 = round((NORTH0 - north) / PIXEL_M), round((NORTH0 - south) / PIXEL_M)
    c0, c1 = round((west - EAST0) / PIXEL_M), round((east - EAST0) / PIXEL_M)
    values[:, r0:r1, c0:c1] = np.array(colour)[:, None, None]


def site(name="Painted yard", site_id="painted") -> Site:
    lines = [
        Track(
            id=f"T{k + 1}",
            line=LineString([(EAST0 + 5, NORTH0 - 40 - 6 * k), (EAST0 + 195, NORTH0 - 40 - 6 * k)]),
            name=f"track {k + 1}",
        )
        for k in range(4)
    ]
    areas = (
        Area(id="yard", role="yard", polygon=_place(4, 4, 192, 112), name="Freight yard"),
        Area(id="handling", role="handling", polygon=_place(20, 70, 120, 42), name="Handling area"),
        Area(id="apron", role="apron", polygon=_place(30, 8, 120, 24), name="Platform"),
        Area(id="bridge", role="bridge", polygon=_place(900, 0, 60, 12), name="Far bridge"),
    )
    return Site(id=site_id, name=name, sha256="a" * 64, crs="EPSG:32652", areas=areas, tracks=tuple(lines))


def _train(the_site, date, track, from_m, colours, **fields):
    line = next(t.line for t in the_site.tracks if t.id == track)
    to_m = from_m + SPARE_M * len(colours)
    stock = tuple(
        Vehicle(
            from_m=from_m + SPARE_M * k + 0.5,
            to_m=from_m + SPARE_M * (k + 1) - 0.5,
            type=("locomotive", "box", "tank", "container", "open", "flat", "passenger")[k % 7],
            colour=colour,
            confidence=0.8,
        )
        for k, colour in enumerate(colours)
    )
    stated = {
        "track": track,
        "confidence": 0.97,
        "from_m": from_m,
        "to_m": to_m,
        "length_m": Interval.around(to_m - from_m, 1.5),
        "cars": Interval(len(colours), len(colours) - 1, len(colours) + 1),
        "rolling_stock": stock,
        "evidence": (("contrast", 7.25),),
    }
    place = substring(line, from_m, to_m).buffer(1.6, cap_style="flat")
    return thing("train", date, place, f"{date}-train-{track}", **{**stated, **fields})


def _handling(date, width, area_m2):
    place = _place(20, 80, width, 30)
    return thing("handling_area", date, place, f"{date}-handling", area="handling", area_m2=area_m2)


def _detections(the_site):
    return (
        _train(the_site, "earlier", "T1", 20.0, BEFORE),
        _train(the_site, "earlier", "T3", 60.0, ["grey"] * 5, cars=None, rolling_stock=()),
        _train(the_site, "later", "T3", 60.0, ["grey"] * 5, cars=None, rolling_stock=()),
        _train(the_site, "later", "T2", 75.0, AFTER, confidence=0.9),
        thing(
            "cargo",
            "later",
            _place(60, 14, 12, 5),
            area="apron",
            confidence=0.7,
            grade="possible",
            area_m2=Interval(60.0, 48.5, 72.0),
            height_m=Interval(2.4, 1.5, 3.3),
            colour="blue",
            label="pile or stacked goods",
            caveats=("half of it lies in shadow",),
        ),
        _handling("earlier", 50, Interval(1500, 1400, 1600)),
        _handling("later", 80, Interval(2400, 2250, 2550)),
    )


def _findings(found):
    by_id = {d.id: d for d in found}

    def finding(k, kind, change, ids, amount, unit, statement, **fields):
        one = by_id[ids[1] or ids[0]]
        both = {"id": f"F{k}", "kind": kind, "earlier": ids[0], "later": ids[1], "caveats": one.caveats}
        stated = {**both, "amount": amount, "unit": unit, "statement": statement}
        return replace(change_of(one, change), **{**stated, **fields})

    return (
        finding(
            1,
            "train",
            "unchanged",
            ("earlier-train-T3", "later-train-T3"),
            Interval(70, 68.5, 71.5),
            "m",
            "A train, 70 (68-72) m long (cars cannot be counted), stood on T3 on both dates.",
        ),
        finding(
            2,
            "cargo",
            "appeared",
            (None, "later-cargo-1"),
            Interval(60, 48.5, 72),
            "m2",
            "A possible pile of 60 (48-72) m2 appeared on apron by 2022-12-01.",
        ),
        finding(
            3,
            "train",
            "disappeared",
            ("earlier-train-T1", None),
            Interval(7, 6, 8),
            "cars",
            "A train of 7 (6-8) cars, 98 (96-100) m long, was no longer on T1 on 2022-12-01.",
        ),
        finding(
            4,
            "train",
            "appeared",
            (None, "later-train-T2"),
            Interval(5, 4, 6),
            "cars",
            "A train of 5 (4-6) cars, 70 (68-72) m long, stood on T2 on 2022-12-01, not before.",
        ),
        finding(
            5,
            "handling_area",
            "grown",
            ("earlier-handling", "later-handling"),
            Interval(900, 700, 1100),
            "m2",
            "The worked surface grew by 900 (700-1100) m2, to 2400 (2250-2550) m2.",
        ),
    )


def painted_comparison() -> Comparison:
    the_site = site()
    found = _detections(the_site)
    dates = {}
    for date, seed in (("earlier", 1), ("later", 2)):
        values = _ground(seed)
        for d in found:
            if d.date == date and d.kind == "handling_area":
                _fill(values, d.geometry, (0.22, 0.26, 0.30, 0.34))
        for d in found:
            if d.date != date or d.kind == "handling_area":
                continue
            if d.kind == "cargo":
                _fill(values, d.geometry, PAINT["blue"])
            line = next((t.line for t in the_site.tracks if t.id == d.track), None)
            colours = {"T1": BEFORE, "T2": AFTER, "T3": ["grey"] * 5}.get(d.track, [])
            for k, colour in enumerate(colours):
                a = d.from_m + SPARE_M * k
                _fill(
                    values,
                    substring(line, a + 0.5, a + SPARE_M - 0.5).buffer(1.5, cap_style="flat"),
                    PAINT[colour],
                )
        dates[date] = observation(
            values,
            date,
            sun_elevation_deg=22.0,
            provider="Painter",
            licence="painted, not evidence",
            acquired=datetime(2022, 11, 30, 2, 15, tzinfo=UTC)
            if date == "earlier"
            else datetime(2022, 12, 1, 2, 20, tzinfo=UTC),
        )
    return Comparison(
        site=the_site,
        earlier=dates["earlier"],
        later=dates["later"],
        registration=Registration(
            status="ok",
            shift_m=(3.25, -1.5),
            affine=IDENTITY,
            residual_median_m=0.06,
            residual_p90_m=0.14,
            tie_points=212,
            held_out=70,
        ),
        areas=(
            AreaStatus(id="yard", role="yard", status="observed", observed_earlier=1.0, observed_later=0.998),
            AreaStatus(
                id="handling",
                role="handling",
                status="partial",
                observed_earlier=0.91,
                observed_later=0.74,
                reasons=("cloud shadow on the later date",),
            ),
            AreaStatus(id="apron", role="apron", status="observed", observed_earlier=1.0, observed_later=1.0),
            AreaStatus(
                id="bridge",
                role="bridge",
                status="not_observable",
                observed_earlier=0.0,
                observed_later=0.0,
                reasons=("outside the later scene",),
            ),
        ),
        detections=found,
        findings=_findings(found),
        detectability=(
            {"date": "earlier", "trains": True, "cars": True},
            {"date": "later", "trains": True, "cars": np.bool_(True), "odd": float("nan")},
        ),
        settings_sha256="b" * 64,
        caveats=("tracks T1 are a model, not a measurement: positions are provisional",),
        fill=(
            Fill(
                date="earlier",
                area="apron",
                ground_m2=420.0,
                covered_m2=Interval(0, 0, 4.2),
                share=Interval(0, 0, 0.01),
                row_length_m=Interval(0, 0, 0),
                rows=(),
                observed_fraction=1.0,
            ),
            Fill(
                date="later",
                area="apron",
                ground_m2=400.0,
                covered_m2=Interval(60, 48.5, 72),
                share=Interval(0.15, 0.12, 0.18),
                row_length_m=Interval(12, 10, 14),
                rows=(CargoRow("T3", 60.0, 72.0),),
                observed_fraction=0.95,
                caveats=("5% of the ground was not seen",),
            ),
        ),
    )


def single_scene() -> Comparison:
    pair = painted_comparison()
    return replace(
        pair,
        earlier=None,
        areas=tuple(replace(a, observed_earlier=None) for a in pair.areas),
        detections=tuple(d for d in pair.detections if d.date == "later"),
        findings=(),
        fill=tuple(f for f in pair.fill if f.date == "later"),
        detectability=pair.detectability[1:],
    )
