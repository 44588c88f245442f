"""Help has an example for every command, under headings; every example can be parsed."""

from __future__ import annotations

import os
import shlex
import subprocess

import click
import pytest
from click.testing import CliRunner
from support.command import PROGRAM

from tumangang_watch.cli import cli
from tumangang_watch.commands.terminal.config import commands_of
from tumangang_watch.commands.terminal.declare import HelpfulCommand
from tumangang_watch.commands.terminal.examples import EXAMPLES, SECTIONS

WAYS = dict(commands_of(cli))
GROUPS = ("", "site", "review", "archive", "growth")


@pytest.mark.parametrize("way", [*GROUPS, *map(" ".join, WAYS)])
def test_help_ends_with_an_example(way):
    done = CliRunner().invoke(cli, [*way.split(), "--help"])
    assert done.exit_code == 0
    assert done.output.rstrip().endswith(EXAMPLES[way])


def test_there_is_no_example_of_what_there_is_not():
    assert set(EXAMPLES) == {*GROUPS, *map(" ".join, WAYS)}


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_an_example_is_what_the_command_takes(way, monkeypatch):
    monkeypatch.setenv("TUMANGANG_WATCH_READER", "Kim")
    words = shlex.split(EXAMPLES[" ".join(way)])[1:]
    assert words[: len(way)] == list(way)
    context = WAYS[way].make_context(way[-1], words[len(way) :])
    assert context.params is not None


def test_every_command_stands_under_a_heading():
    assert sorted(" ".join(SECTIONS.values()).split()) == sorted(cli.commands)
    text = CliRunner().invoke(cli, ["--help"]).output
    assert [heading for heading in SECTIONS if f"\n{heading}:\n" in text] == list(SECTIONS)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_every_command_can_be_quiet_and_tell_more(way):
    command = WAYS[way]
    assert isinstance(command, HelpfulCommand)
    names = {o for p in command.get_params(click.Context(command)) for o in p.opts}
    assert names >= {"-v", "--verbose", "-q", "--quiet", "--help"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands(shell):
    """As the README has it: the shell asks the program itself."""
    environment = {**os.environ, "_TUMANGANG_WATCH_COMPLETE": f"{shell}_source"}
    done = subprocess.run([PROGRAM], capture_output=True, text=True, env=environment, check=True)
    assert "tumangang-watch" in done.stdout
    asked = {
        "_TUMANGANG_WATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": "tumangang-watch si",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([PROGRAM], capture_output=True, text=True, env={**os.environ, **asked}, check=True)
    assert "site" in done.stdout
