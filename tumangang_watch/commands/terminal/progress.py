"""Progress in a terminal: what is being done, how much of all is done, how long the rest may take."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tumangang_watch.commands.terminal.lazy import late
from tumangang_watch.commands.terminal.tell import on_terminal

PLANS: dict[str, dict[str, float]] = {
    "compare": {
        "reading both scenes": 0.4,
        "registering the scenes to each other": 1.9,
        "fitting to the site's geometry": 3.6,
        "judging what can be seen": 0.9,
        "looking for trains": 1.5,
        "looking at the ground": 7.7,
        "deciding what changed": 0.3,
        "trying what could have been missed": 17.0,
        "writing the report": 4.0,
    },
    "detect": {
        "reading the scene": 0.2,
        "fitting to the site's geometry": 1.7,
        "judging what can be seen": 0.6,
        "looking for trains": 0.4,
        "looking at the ground": 3.0,
        "trying what could have been missed": 4.8,
        "writing the report": 2.0,
    },
    "trace": {
        "reading the scene": 0.5,
        "fitting to the site's geometry": 1.6,
        "tracing tracks": 8.9,
        "writing the site file": 0.2,
    },
}
"""What a command does in turn, and the seconds each took on the scenes that ship (processor time on two
cores): only their shares count."""
FIRST_S = 2.0
"""No time left is told before so much has passed."""
_SAME = {"demo": "compare"}
_COUNTED = re.compile(r"(\d+) of (\d+)")


class PhaseClock:
    """Tells from the phases begun so far how much is done and how long the rest may take."""

    def __init__(self, plan: Mapping[str, float], now: Callable[[], float] = time.monotonic) -> None:
        self.plan, self.now = tuple(plan.items()), now
        self.began = self.phase_began = now()
        self.done, self.expected = 0.0, 0.0
        self.at = -1
        self.counted: float | None = None

    def begin(self, text: str) -> None:
        """Begin a phase, by what it is called."""
        counted = _COUNTED.search(text)
        self.counted = int(counted[1]) / max(int(counted[2]), 1) if counted else None
        places = [k for k, (name, _) in enumerate(self.plan) if text.startswith(name)]
        if places and places[0] != self.at:
            self.at, self.phase_began = places[0], self.now()
            self.done = sum(weight for _, weight in self.plan[: self.at])
            self.expected = self.plan[self.at][1]

    def share(self) -> float | None:
        """Return how much of all is done, 0 to 1; None where that is not known."""
        if self.counted is not None:
            return self.counted
        total = sum(weight for _, weight in self.plan)
        if self.at < 0 or not total:
            return None
        # Within a phase it grows ever more slowly: a phase that lasts longer than most never ends early.
        passed = (self.now() - self.phase_began) / max(self._pace(), 1e-6)
        return (self.done + self.expected * passed / (passed + self.expected)) / total

    def left_s(self) -> float | None:
        """Return how many seconds the rest may take; None where that is not known yet."""
        share, passed = self.share(), self.now() - self.began
        if share is None or share <= 0.0 or passed < FIRST_S:
            return None
        return passed * (1.0 - share) / share

    def _pace(self) -> float:
        """Return how many seconds pass for one of the plan."""
        return max((self.phase_began - self.began) / self.done, 0.2) if self.done else 1.0


def left_words(seconds: float) -> str:
    """Return ``about 20 s``, or minutes from two on."""
    return f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"


@contextmanager
def progress_bar(command: str = "") -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done, how much of it is done and what is left; nothing elsewhere.

    Parameters
    ----------
    command : str
        Whose plan (`PLANS`) says how long each phase takes; without one only counts ("3 of 7") tell.
    """
    if not on_terminal():
        yield lambda _: None
        return
    clock = PhaseClock(PLANS.get(_SAME.get(command, command), {}))
    with late("commands.terminal.bar").shown_bar(clock) as begin:
        yield begin
