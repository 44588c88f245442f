"""Every command loads by its name, and takes the options of the contract with their defaults."""

from __future__ import annotations

import runpy
import sys
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

import tumangang_watch.__main__ as as_module
from tumangang_watch import __version__
from tumangang_watch.cli import COMMANDS, cli, main
from tumangang_watch.commands.archive import archive_group
from tumangang_watch.commands.lazy import LazyCommand, LazyGroup
from tumangang_watch.commands.options import measuring_options, pair_options, run_settings
from tumangang_watch.commands.reproduce import reproduce
from tumangang_watch.commands.watch import backfill, watch
from tumangang_watch.errors import UsageError
from tumangang_watch.settings import Settings

MEASURING = {
    "bands": None,
    "history": (),
    "archives": (),
    "detectability": True,
    "as_json": False,
    "overwrite": False,
}
SITE_ARCHIVE_REPORTS = {"site": None, "archive_file": "required", "reports": "required"}
TAKING_IN = {**SITE_ARCHIVE_REPORTS, "refresh": False, "detectability": True}


@measuring_options
def measured(**_given: object) -> int:
    return 0


def defaults(command):
    """Return what each parameter is where it is not given; ``required`` where it must be."""
    given = command.make_context(command.name, [], resilient_parsing=True).params
    return {p.name: "required" if p.required else given[p.name] for p in command.params}


def test_python_m_runs_the_command_line(monkeypatch, capsys):
    assert as_module.main is main
    monkeypatch.setattr(sys, "argv", ["tumangang-watch", "--version"])
    monkeypatch.delitem(sys.modules, "tumangang_watch.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("tumangang_watch", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tumangang-watch, version {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_and_its_line_begins_its_own_help(name):
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    assert " ".join(command.help.split()).startswith(COMMANDS[name].help.rstrip("."))


def test_an_unknown_name_is_no_command_and_a_place_without_one_is_refused():
    group = LazyGroup("group", lazy={"broken": LazyCommand("watch:BUSY", "No command.")})
    context = click.Context(group)
    assert group.list_commands(context) == ["broken"]
    assert group.get_command(context, "nothing") is None
    with pytest.raises(TypeError, match="watch:BUSY is no command"):
        group.get_command(context, "broken")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (click.command()(measured), MEASURING),
        (
            watch,
            {
                **TAKING_IN,
                "inbox": "required",
                "jobs": 1,
                "settle": None,
                "notify_command": None,
                "base_url": "",
            },
        ),
        (backfill, {**TAKING_IN, "scenes": "required", "jobs": None, "scheduler": None}),
        (reproduce, {"out": "required", "scenes": None, "site": None, "as_json": False, "overwrite": False}),
        (
            archive_group.commands["export"],
            {"archive_file": "required", "out": "required", "review": False, "kind": None},
        ),
        (archive_group.commands["check"], {"archive_file": "required", "reports": None, "files": False}),
        (
            archive_group.commands["rebuild"],
            {"archive_file": "required", "reports": "required", "scenes": None},
        ),
    ],
)
def test_a_command_takes_these_parameters_with_these_defaults(command, expected):
    assert defaults(command) == expected


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["watch", "inbox", "--reports", "reports"], "--archive"),
        (["watch", "inbox", "--archive", "a.sqlite"], "--reports"),
        (["backfill", "--archive", "a.sqlite", "--reports", "reports"], "SCENES"),
        (["archive", "check"], "--archive"),
        (["archive", "export", "--archive", "a.sqlite"], "--out"),
        (["archive", "rebuild", "--archive", "a.sqlite"], "--reports"),
        (["reproduce"], "--out"),
    ],
)
def test_a_missing_required_option_is_a_fault_of_usage(arguments, missing):
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert f"Missing {'argument' if missing.isupper() else 'option'} '{missing}" in done.output


def test_options_become_settings_and_a_date_for_each_scene(tmp_path):
    for wanted in (True, False):
        trials = replace(Settings().detectability, enabled=wanted)
        assert run_settings(wanted) == replace(Settings(), detectability=trials)

    paths = (tmp_path / "earlier.tif", tmp_path / "later.tif")
    days = ("2022-11-01T03:00:00Z", "2022-12-01T03:00:00Z")
    assert [o.acquired for o in pair_options(days, paths, None, Settings())] == list(days)
    assert [o.acquired for o in pair_options((), paths, None, Settings())] == [None, None]
    with pytest.raises(UsageError, match="3 times"):
        pair_options((*days, days[0]), paths, None, Settings())
