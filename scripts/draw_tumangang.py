"""Draw the built-in site anew from published coordinates: ``python -m scripts.draw_tumangang``.

No line or outline is copied from OpenStreetMap; the bridge's two published end points are nodes of it.
What no publication gives is a model and says so.
"""

from __future__ import annotations

import json
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Proj, Transformer

CRS = "EPSG:32652"
TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform
TO_LONLAT = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
BRIDGE_RU, BRIDGE_KP = (130.643200, 42.416156), (130.636876, 42.413125)
BRIDGE_LENGTH_M = 623.0
STATION = (130.6081, 42.4214)
KHASAN = ((130.644917, 42.430056), (130.645278, 42.428056))
YARD_FROM_BRIDGE_M = 1000.0
MODEL = "model: no published geometry; placed by published distances and sizes"
N38 = "38 North, December 2022: fenced yard about 1 km from the bridge"
KBS = "KBS, August 2023: three tracks"
VOA = "VOA, January and March 2024: storage ground between two roofed buildings, pile of 100 by 30 m"


def feature(role: str, id_: str, name: str, points: list[Any], **properties: Any) -> dict[str, Any]:
    """Return a GeoJSON feature of points in metres."""
    lonlat = [[round(v, 7) for v in TO_LONLAT(*p)] for p in points]
    kind, coordinates = ("LineString", lonlat) if role == "track" else ("Polygon", [[*lonlat, lonlat[0]]])
    return {
        "type": "Feature",
        "properties": {"role": role, "id": id_, "name": name, **properties},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def along(
    origin: tuple[float, float], heading_deg: float, forward_m: float, left_m: float
) -> tuple[float, float]:
    """Return the point some way along and left of a heading (clockwise from grid north)."""
    h = radians(heading_deg)
    return (
        origin[0] + forward_m * sin(h) - left_m * cos(h),
        origin[1] + forward_m * cos(h) + left_m * sin(h),
    )


def ribbon(origin: Any, heading: float, start: float, end: float, half: float) -> list[Any]:
    """Return a rectangle along a heading, between two distances and as wide on both sides."""
    return [
        along(origin, heading, f, s) for f, s in ((start, half), (end, half), (end, -half), (start, -half))
    ]


def bridge() -> list[dict[str, Any]]:
    """The bridge: its published ends, its length of 623 m laid on their midpoint."""
    east, west = np.array(TO_METRES(*BRIDGE_RU)), np.array(TO_METRES(*BRIDGE_KP))
    unit = (west - east) / np.linalg.norm(west - east)
    middle = (east + west) / 2
    start, end = middle - unit * BRIDGE_LENGTH_M / 2, middle + unit * BRIDGE_LENGTH_M / 2
    side = np.array([-unit[1], unit[0]]) * 7.0
    source = (
        "model on two published end points (nodes of OpenStreetMap, (c) OpenStreetMap contributors, ODbL); "
        "length 623 m: de.wikipedia"
    )
    corners = [tuple(p) for p in (start + side, end + side, end - side, start - side)]
    line = [tuple(start), tuple(middle), tuple(end)]
    return [
        feature("bridge", "friendship_bridge", "Friendship Bridge", corners, source=source, accuracy_m=20),
        feature("track", "bridge-1", "bridge track", line, source=source, accuracy_m=20, provisional=True),
    ]


def arc(distance_m: float) -> tuple[tuple[float, float], float]:
    """Return the point and heading on the circular arc from the bridge's end to the station pin.

    The arc leaves the bridge on its heading; it is a model that agrees with the published rail
    distance of 5 km from Khasan.
    """
    start, goal = np.array(TO_METRES(*BRIDGE_KP)), np.array(TO_METRES(*STATION))
    east = np.array(TO_METRES(*BRIDGE_RU))
    u = (start - east) / np.linalg.norm(start - east)
    normal = np.array([u[1], -u[0]])
    chord = goal - start
    radius = chord @ chord / (2 * (chord @ normal))
    turn = distance_m / radius
    point = start + radius * (np.sin(turn) * u + (1 - np.cos(turn)) * normal)
    direction = np.cos(turn) * u + np.sin(turn) * normal
    return (float(point[0]), float(point[1])), float(np.degrees(np.arctan2(direction[0], direction[1])) % 360)


def known(source: str) -> dict[str, Any]:
    """Where a feature of the yard comes from; none is known better than 300 m."""
    return {"source": source, "accuracy_m": 300}


def yard() -> list[dict[str, Any]]:
    """The secure yard: three gently curved tracks, an apron, the storage ground, room to grow."""
    centre, heading = arc(YARD_FROM_BRIDGE_M)
    radius = 1561.0

    def bent(forward: float, left: float) -> tuple[float, float]:
        """Bend the yard's own straight frame to the arc (turning right)."""
        angle = (forward - 220) / radius
        out = radius + left
        return along(centre, heading, out * sin(angle), out * cos(angle) - radius)

    def strip(start: float, end: float, left: float, right: float) -> list[Any]:
        steps = np.linspace(start, end, max(2, int((end - start) / 40) + 1))
        return [bent(s, left) for s in steps] + [bent(s, right) for s in steps[::-1]]

    features = [
        feature("yard", "secure_yard", "secure freight yard", strip(-15, 465, 60, -70), **known(N38)),
        feature(
            "handling",
            "freight_handling",
            "freight-handling area",
            strip(20, 440, -9, -66),
            **known("38 North, November 2022: enlarged in the second half of 2021; outline a model"),
        ),
        feature(
            "apron", "unloading_platform", "unloading platform", strip(120, 330, -9.5, -19.5), **known(MODEL)
        ),
        feature("apron", "storage_ground", "storage ground", strip(150, 290, -24, -59), **known(VOA)),
        feature("stable", "roofed_building_east", "roofed building", strip(95, 140, -26, -46), **known(VOA)),
        feature("stable", "roofed_building_west", "roofed building", strip(300, 355, -26, -44), **known(VOA)),
    ]
    for number, (left, start, end) in enumerate(((5.0, 0, 440), (0.0, 10, 450), (-5.0, 25, 430)), start=1):
        line = [bent(s, left) for s in np.linspace(start, end, 23)]
        features.append(
            feature(
                "track",
                f"yard-{number}",
                f"yard track {number}",
                line,
                gauge_mm=1520,
                source=KBS,
                accuracy_m=300,
                provisional=True,
            )
        )
    return features


def stations() -> list[dict[str, Any]]:
    """Khasan and Tumangang stations: polygons about the published points; no tracks are known."""
    north, south = (np.array(TO_METRES(*p)) for p in KHASAN)
    middle = tuple((north + south) / 2)
    # The bearing is from true north, the ribbon's heading from grid north.
    convergence = Proj(CRS).get_factors(*TO_LONLAT(*middle)).meridian_convergence
    khasan = ribbon(middle, 172.0 - convergence, -600, 600, 35)
    korea, heading = arc(2958.0)
    tumangang = ribbon(korea, heading, -260, 260, 45)
    return [
        feature(
            "station",
            "khasan_station",
            "Khasan station",
            khasan,
            accuracy_m=60,
            source="published station coordinates (pl., ru. Wikipedia); straight for 1.2 km at bearing 172",
        ),
        feature(
            "station",
            "tumangang_station",
            "Tumangang station",
            tumangang,
            accuracy_m=150,
            occluded_from="2024-12-03",
            source="published station coordinate, rounded; canopy of 348 by 26 m: CSIS, December 2024",
        ),
    ]


def main() -> None:
    """Write aois/tumangang.geojson."""
    collection = {
        "type": "FeatureCollection",
        "name": "Tumangang",
        "features": [*yard(), *bridge(), *stations()],
    }
    path = Path(__file__).resolve().parents[1] / "aois" / "tumangang.geojson"
    path.write_text(json.dumps(collection, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
