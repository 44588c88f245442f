"""When a published claim counts as reproduced or contradicted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedSettings:
    """Limits of `published.judge`."""

    colour_name_trust: float = 0.4
    """Probability given to a colour named without a posterior: below ``sure``, so that it decides nothing.
    Of the painted sequence 7 of 18 such names were the painted colour (benchmarks/reproduce.py)."""
    type_name_trust: float = 0.8
    """Probability given to a locomotive named without a posterior."""
    near_share: float = 0.5
    """Of a colour's probability, what counts for a neighbouring word: grey and light grey, red and brown
    are told apart by the light as much as by the paint."""
    sure: float = 0.5
    """A colour is read when its best name has this probability, and a car speaks against a claim when
    the claimed colour has less than ``against``."""
    against: float = 0.1
    support_share: float = 0.7
    """Of the cars whose colour was read, how many must show the claimed one."""
    read_share: float = 0.5
    """Of all cars, how many must be read for a word on their order."""
    locomotive_sure: float = 0.6
    locomotive_none: float = 0.05
    """Probability of being a locomotive, of the two vehicles at each end, that affirms or excludes one."""
    smaller_share: float = 0.8
    """Piles are smaller when they cover at most this share of the ground they covered."""
    count_slack: int = 1
    """The interval of a count may reach this far beyond the claim and still reproduce it."""
    other_cars: int = 2
    """Cars of surely other colours, in either direction, from which two trains are not one. Assumed: one
    colour in forty is wrong where it is named."""
