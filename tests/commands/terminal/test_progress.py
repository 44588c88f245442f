"""Progress tells a share that only grows and a time left that comes out; nothing outside a terminal."""

from __future__ import annotations

import pytest

from tumangang_watch.commands.terminal.bar import shown_bar
from tumangang_watch.commands.terminal.progress import PLANS, PhaseClock, left_words, progress_bar

PLAN = {"one": 1.0, "two": 3.0, "three": 6.0}


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


def test_time_left_is_right_when_the_plan_is():
    hand = Hand()
    clock = PhaseClock(PLAN, hand)
    clock.begin("one")
    hand.time = 10.0
    clock.begin("two")
    hand.time = 40.0
    clock.begin("three")
    # Everything takes ten times as long as planned: four tenths are done, and sixty seconds are left.
    assert clock.share() == pytest.approx(0.4)
    assert clock.left_s() == pytest.approx(60.0)


def test_the_share_grows_and_never_ends_early():
    hand = Hand()
    clock = PhaseClock(PLAN, hand)
    shares = []
    for step in range(400):
        hand.time = float(step)
        if step in (0, 5, 20):
            clock.begin({0: "one", 5: "two", 20: "three"}[step])
        shares.append(clock.share())
    assert shares == sorted(shares)
    assert shares[-1] < 1.0


def test_a_count_is_a_share():
    clock = PhaseClock({}, Hand())
    assert clock.share() is None
    clock.begin("painted 3 of 12: one")
    assert clock.share() == 0.25


def test_time_left_in_words():
    assert left_words(34.4) == "about 34 s"
    assert left_words(300.0) == "about 5 min"


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_is_of_phases_that_take_time(plan):
    assert all(weight > 0 for weight in PLANS[plan].values())


def test_nothing_is_drawn_where_there_is_no_terminal(capsys):
    with progress_bar("compare") as progress:
        progress("reading both scenes")
    assert capsys.readouterr().err == ""


def test_a_bar_says_which_phase_is_begun(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # As on a terminal.
    hand = Hand()
    with shown_bar(PhaseClock(PLAN, hand)) as begin:
        begin("two")
        hand.time = 4.0
    assert "two" in capsys.readouterr().err
