"""What the findings on trains say, in sentences."""

from __future__ import annotations

from tumangang_watch.change.consist_match import Match
from tumangang_watch.change.words import cars_of, span, train_words, when
from tumangang_watch.model.detection import ChangeWord, Detection
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair, Observation
from tumangang_watch.model.site import Track


def match_words(
    pair: DatePair, tracks: dict[str, Track], match: Match, change: ChangeWord, amount: Interval
) -> str:
    """Return the sentence for a train seen on both dates."""
    a, b = match.earlier, match.later
    here = tracks[b.track or ""].name
    if match.part:
        return _part_words(pair, match, here, change, amount)
    size = train_words(b)
    if a.track != b.track:
        round_about = " in reverse order" if match.turned else ""
        return (
            f"{size} moved from {tracks[a.track or ''].name} to {here}: the wagons look the same one by "
            f"one{round_about}."
        )
    along = f"{abs(match.shift_m):.0f} m further along the track ({_towards(match)})"
    if match.turned:
        place = "in the same place" if abs(match.shift_m) < 6 else along
        return f"{size} on {here} is turned round, {place}: the same wagons in reverse order."
    if change == "moved":
        return f"{size} on {here} stands {along}; length and car colours agree."
    return f"{size} on {here} is in the same place."


def _towards(match: Match) -> str:
    return f"towards {'increasing' if match.shift_m > 0 else 'decreasing'} distance"


def _part_words(pair: DatePair, match: Match, here: str, change: ChangeWord, amount: Interval) -> str:
    """Return how many cars came or went, of how many, and where the rest stands."""
    a, b = match.earlier, match.later
    counted = a.cars is not None and b.cars is not None
    one = counted and amount.high < 1.5
    how_much = span(amount) + ("" if counted else " m")
    moved = f", {abs(match.shift_m):.0f} m further along the track ({_towards(match)})"
    place = moved if match.shift_m else " in the same place"
    if change == "shrunk":
        stays = "remains" if b.cars is not None and b.cars.high < 1.5 else "remain"
        return (
            f"{how_much} of {cars_of(a)} on {here} {'is' if one else 'are'} gone on {when(pair.later)}; "
            f"{cars_of(b)} {stays}{place}."
        )
    unit = (" car" if one else " cars") if counted else ""
    return (
        f"{how_much}{unit} joined the {cars_of(a)} on {here}: on {when(pair.later)} they are "
        f"{cars_of(b)}, the former ones{place}."
    )


def alone_words(
    track: Track, train: Detection, other: Observation, change: ChangeWord, occupied: bool
) -> str:
    """Return the sentence for a train without a partner on the other date."""
    size, date = train_words(train), when(other)
    if change == "unchanged":
        return f"{size} on {track.name}, detected on one date; the pixels of {date} look the same."
    if occupied and change == "appeared":
        return f"{size} on {track.name} replaced another consist that stood there on {date}."
    if occupied:
        return f"{size} on {track.name} was replaced: on {date} another consist stands there."
    if change == "appeared":
        return f"{size} on {track.name}; on {date} the place was seen and no train was detected there."
    return f"{size} on {track.name} is gone: on {date} the place was seen and no train was detected."
