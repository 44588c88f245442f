"""`-q` leaves errors, `-v` adds to what is told; what is told cannot steer a terminal."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from support.command import run

from tumangang_watch.commands.terminal.declare import command
from tumangang_watch.commands.terminal.tell import tell


@command()
def talking() -> None:
    tell("plain\x1b[2J")
    tell("more", detail=True)
    click.echo("result")


@pytest.mark.parametrize(
    ("asked", "told"), [([], ["plain\\x1b[2J"]), (["-v"], ["plain\\x1b[2J", "more"]), (["-q"], [])]
)
def test_how_much_is_told(asked, told):
    done = CliRunner().invoke(talking, asked)
    assert done.stdout == "result\n"
    assert done.stderr.splitlines() == told


def test_quiet_keeps_the_error(tmp_path):
    done = run(
        "archive", "export", "--archive", tmp_path / "none.sqlite", "--out", tmp_path / "x", "-q", status=3
    )
    assert done.stderr.startswith("tumangang-watch: ")
    assert len(done.stderr.splitlines()) == 1
