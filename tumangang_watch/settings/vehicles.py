"""Settings for vehicles in the plain picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VehicleSettings:
    """Named numbers for bodies and the rows they stand in."""

    length_min_m: float = 5.0
    """The shortest wagon's body, less what its ends hide."""
    width_min_m: float = 1.3
    width_max_m: float = 4.2
    """Of a body as it is read: loading gauges reach 2.5 to 3.4 m; shadow and optics hide or add one more."""
    slender_min: float = 1.8
    """A body is at least so many times longer than wide."""
    piece_m: float = 18.0
    """What does not part into vehicles is cut into pieces of about this length."""
    gap_max_m: float = 5.0
    """Most between bodies in a row, a missed coupling of the shortest kind included."""
    aside_max_m: float = 1.2
    """Most that the next body's end lies aside: less than half of the least spacing of tracks."""
    turn_max_deg: float = 12.0
    """Most that heading changes from one body to the next: 20 m on a radius of 95 m."""
    chain_min_m: float = 22.0
    """A shorter row is no track: road trailers and sheds are as long as one wagon."""
