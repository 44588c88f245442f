"""Settings for what a scene cannot show."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """Where one quantity stops being told well, and where it stops being told at all.

    Each pair is (told well up to here, told at all up to here); for the sun from here on.
    """

    gsd_m: tuple[float, float]
    sun_deg: tuple[float, float]
    """Sun elevation from which it is told well, and from which it is told at all."""
    off_nadir_deg: tuple[float, float]
    haze: tuple[float, float]
    """`Quality.haze`, 0 to 1."""
    snow: tuple[str, str] = ("yes", "yes")
    """What can be told under partial and under full snow: ``yes``, ``limited`` or ``no``."""
    cloud: tuple[float, float] = (0.4, 0.99)
    """Cloud of the whole scene as the vendor states it, where what was read was not looked at."""


@dataclass(frozen=True)
class LimitSettings:
    """Named numbers for what a scene cannot show.

    From methods.md 2.4, end: up to 0.5 m presence, track, length, count, colours and hints of the load;
    0.5-1.0 m the count with an interval and few colours; 1.0-2.0 m presence, track and length; above 2 m
    presence on the track group with a coarse length; above 5 m nothing. Abstain below 12 degrees of sun,
    in haze, above 35 degrees off nadir. Under snow paint is covered: colours are compared within a
    snow state only (2.3, 2.4).
    """

    gsd_slack: float = 1.05
    """A GSD may be nominal (1.02 m for a 1 m product): so much above a limit is forgiven."""
    presence: Limit = field(default_factory=lambda: Limit((4.0, 5.0), (12.0, 2.0), (35.0, 50.0), (0.8, 1.01)))
    track: Limit = field(default_factory=lambda: Limit((1.5, 2.0), (12.0, 2.0), (30.0, 50.0), (0.8, 1.01)))
    length: Limit = field(
        default_factory=lambda: Limit((2.0, 5.0), (12.0, 2.0), (35.0, 50.0), (0.6, 1.01), ("yes", "limited"))
    )
    count: Limit = field(
        default_factory=lambda: Limit((0.7, 1.2), (12.0, 5.0), (30.0, 45.0), (0.4, 0.8), ("yes", "limited"))
    )
    """Its coarsest GSD is `TrainSettings.count_gsd_max_m`: a 1.1 m coupling vanishes."""
    type: Limit = field(
        default_factory=lambda: Limit(
            (0.5, 0.8), (15.0, 8.0), (25.0, 40.0), (0.3, 0.6), ("limited", "limited")
        )
    )
    """Goals of the type are stated up to 0.7 m; beyond it a roof's form is two pixels wide."""
    colours: Limit = field(
        default_factory=lambda: Limit((0.5, 1.0), (15.0, 12.0), (30.0, 45.0), (0.25, 0.4), ("limited", "no"))
    )
    load: Limit = field(
        default_factory=lambda: Limit((0.35, 0.5), (20.0, 15.0), (15.0, 25.0), (0.15, 0.25), ("no", "no"))
    )
    """Inner walls of 2 m need half-metre pixels and a shadow that does not fill the wagon."""
