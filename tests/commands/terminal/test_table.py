"""The end of a run is understood at a glance: the answer, one row a thing, what was not seen."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest
from click.testing import CliRunner
from support.report_scene import painted_comparison, single_scene

from tumangang_watch.commands.terminal.declare import command
from tumangang_watch.commands.terminal.table import STYLES, print_summary
from tumangang_watch.report.answer.headline import headline
from tumangang_watch.report.summary import WORDS, summary_rows


def told(comparison, *asked):
    @command()
    def printing() -> None:
        print_summary(comparison)

    done = CliRunner().invoke(printing, asked, catch_exceptions=False)
    assert isinstance(printing, click.Command)
    return done.stderr


@pytest.fixture(scope="module")
def text():
    return told(painted_comparison())


def test_the_answer_comes_first(text):
    first, second = headline(painted_comparison())
    assert text.index(first) < text.index(second) < text.index("3 changes detected, 1 possible:")


def test_every_finding_is_one_row(text):
    rows = summary_rows(painted_comparison())
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if "how sure" in line) + 2
    assert [line.split()[0] for line in lines[start : start + len(rows)]] == [
        row.word if row.sure else f"({row.word})" for row in rows
    ]
    assert len(rows) == 5


def test_what_was_not_seen_is_not_nothing(text):
    assert "Not seen: Far bridge. That is not 'nothing there'." in text


def test_trials_do_not_bury_findings(text):
    assert sum("missed" in line for line in text.splitlines()) <= 1
    assert len(text.splitlines()) < 25


def test_a_file_gets_no_colour_and_no_broken_line(text):
    assert "\x1b" not in text
    assert text.isprintable() or set(text) - {"\n"} <= {c for c in text if c.isprintable() or c == "\n"}


def test_more_is_told_when_asked(text):
    more = told(painted_comparison(), "-v")
    assert more.startswith(text.rstrip("\n"))
    assert "residual 0.06 m" in more


def test_quiet_tells_nothing():
    assert told(painted_comparison(), "-q") == ""


def test_one_date_lists_what_stands_there():
    text = told(single_scene())
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("train", "goods", "(goods"))]
    assert "detected, " not in text


def test_hostile_text_stays_on_its_line():
    made = painted_comparison()
    bad = replace(made.later, scene=replace(made.later.scene, provider="x\x1b[2J\nFAKE\u202e"))
    text = told(replace(made, later=bad, caveats=("[red]A[/red]\x1b[1m\nFAKE",)))
    assert "\x1b" not in text
    assert "\nFAKE" not in text
    assert "\u202e" not in text
    assert "[red]A[/red]" in text


def test_every_word_has_a_style():
    assert {*WORDS.values(), "same"} == set(STYLES)
