"""What is really there: the contract's truth file for two painted dates, and more."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import Any

from shapely import Polygon
from shapely.ops import unary_union

from tumangang_watch.simulate.world import Block, DayState, PaintedVehicle, Sensor, World
from tumangang_watch.simulate.write import NOTICE, geojson_of


def footprint(block: Block) -> Polygon:
    """Return the ground a block covers, in the world's metres."""
    angle = radians(block.heading_deg)
    half_l, half_w = block.length_m / 2, block.width_m / 2
    if block.shape == "pile":
        points = [(half_l * cos(k * pi / 16), half_w * sin(k * pi / 16)) for k in range(32)]
    else:
        points = [(half_l, half_w), (half_l, -half_w), (-half_l, -half_w), (-half_l, half_w)]
    return Polygon(
        (block.x + u * sin(angle) + v * cos(angle), block.y + u * cos(angle) - v * sin(angle))
        for u, v in points
    )


def day_truth(world: World, day: DayState, date: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the trains and the cargo of one date."""
    trains = [
        {
            "date": date,
            "track": train.track,
            "from_m": round(train.from_m, 3),
            "to_m": round(train.to_m, 3),
            "cars": len(train.cars),
            "colours": [vehicle.colour for vehicle in train.cars],
            **({"band_offset_m": [round(m, 3) for m in train.band_offset_m]} if train.in_motion else {}),
            "vehicles": [_vehicle(vehicle) for vehicle in train.cars],
        }
        for train in day.trains
    ]
    cargo = [
        {
            "date": date,
            "geometry": geojson_of(footprint(block), world.site.crs),
            "area_m2": round(footprint(block).area, 2),
            "height_m": round(block.height_m, 2),
            "colour": block.paint,
            "shape": block.shape,
        }
        for block in day.cargo
    ]
    return trains, cargo


SEEN_LOAD = {"coal": "black", "timber": "yellow", "gravel": "grey", "soil": "brown"}
"""The colour name nearest to a load that covers an open wagon's paint."""


def seen_colour(vehicle: PaintedVehicle) -> str:
    """Return the colour that a vehicle shows from above: its paint, or what covers it."""
    return SEEN_LOAD.get(vehicle.load, vehicle.colour) if vehicle.type == "open" else vehicle.colour


def _vehicle(vehicle: PaintedVehicle) -> dict[str, Any]:
    return {
        "from_m": round(vehicle.from_m, 3),
        "to_m": round(vehicle.to_m, 3),
        "type": vehicle.type,
        "colour": vehicle.colour,
        "seen_colour": seen_colour(vehicle),
        "height_m": vehicle.height_m,
        "width_m": vehicle.width_m,
        "load": vehicle.load,
    }


def handling_ground(world: World, day: DayState) -> dict[str, float]:
    """Return the area of each material on the ground of the handling polygons, square metres.

    Tracks, puddles and what stands on the ground are not taken off.
    """
    free = unary_union([area.polygon for area in world.site.having("handling")])
    areas: dict[str, float] = {}
    for surface in reversed((*world.surfaces, *day.growth)):
        if free.is_empty:
            break
        if surface.polygon.intersects(free):
            piece = surface.polygon.intersection(free)
            areas[surface.material] = areas.get(surface.material, 0.0) + piece.area
            free = free.difference(surface.polygon)
    areas[world.background] = areas.get(world.background, 0.0) + free.area
    return {name: round(area, 1) for name, area in sorted(areas.items()) if area > 0.05}


def truth(
    world: World, earlier: DayState, later: DayState, sensors: tuple[Sensor, Sensor] | None = None
) -> dict[str, Any]:
    """Return the truth file of a pair.

    ``registration.shift_m`` is (east, north) to apply to the later scene's content to bring it
    onto the earlier one: the earlier scene's geolocation error minus the later one's. To bring a
    scene onto the site, apply the negative of its own ``geolocation_error_m``.
    """
    parts = [day_truth(world, earlier, "earlier"), day_truth(world, later, "later")]
    old = unary_union([surface.polygon for surface in earlier.growth])
    new = unary_union([surface.polygon for surface in later.growth]).difference(old)
    out: dict[str, Any] = {
        "notice": NOTICE,
        "trains": parts[0][0] + parts[1][0],
        "cargo": parts[0][1] + parts[1][1],
        "new_ground": [],
    }
    if not new.is_empty:
        pieces = list(getattr(new, "geoms", [new]))
        out["new_ground"] = [
            {"geometry": geojson_of(piece, world.site.crs), "area_m2": round(piece.area, 2)}
            for piece in pieces
        ]
    if sensors:
        first, second = (sensor.geolocation_error_m for sensor in sensors)
        out["registration"] = {
            "shift_m": [round(first[0] - second[0], 4), round(first[1] - second[1], 4)],
            "geolocation_error_m": {"earlier": list(first), "later": list(second)},
        }
    out["handling_ground_m2"] = {
        "earlier": handling_ground(world, earlier),
        "later": handling_ground(world, later),
    }
    out["conditions"] = {
        name: {"season": day.season, "snow_cover": day.snow_cover, "clouds": len(day.clouds)}
        for name, day in (("earlier", earlier), ("later", later))
    }
    return out
