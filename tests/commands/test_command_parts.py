"""Every command loads by its name, and takes the options of the contract with their defaults."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from inspect import signature

import click
import numpy as np
import pytest
from click.testing import CliRunner
from support.values import grid_of, scene_on

import tumangang_watch.__main__ as as_module
import tumangang_watch.commands.archive
import tumangang_watch.commands.evaluate
import tumangang_watch.commands.growth
import tumangang_watch.commands.inspect
import tumangang_watch.commands.quiet
import tumangang_watch.commands.reproduce
import tumangang_watch.commands.review
import tumangang_watch.commands.review_answer
import tumangang_watch.commands.review_walk
import tumangang_watch.commands.scenes
import tumangang_watch.commands.series
import tumangang_watch.commands.site
import tumangang_watch.commands.site_scene
import tumangang_watch.commands.trains
import tumangang_watch.commands.watch
from tumangang_watch import __version__
from tumangang_watch.cli import cli, start
from tumangang_watch.commands.options.record import archive, backfill, watch
from tumangang_watch.commands.options.scenes import compare, detect, inspect, measuring_options, reproduce
from tumangang_watch.commands.options.shared import together
from tumangang_watch.commands.scenes import pair_options
from tumangang_watch.commands.terminal.given import placed_as_stated
from tumangang_watch.commands.terminal.lazy import do_in, done_in
from tumangang_watch.commands.terminal.run_settings import run_settings, time_limit_s
from tumangang_watch.errors import UsageError
from tumangang_watch.settings import Settings

MEASURING = {
    "bands": None,
    "history": (),
    "archives": (),
    "geolocation_m": (),
    "site_shift": (),
    "detectability": True,
    "as_json": False,
    "overwrite": False,
    "language": "en",
    "pdf": False,
    "figures": False,
    "rasters": False,
    "time_limit": None,
}
SITE_ARCHIVE_REPORTS = {"site": None, "archive_file": "required", "reports": "required"}
TAKING_IN = {
    **SITE_ARCHIVE_REPORTS,
    "time_limit": None,
    "refresh": False,
    "detectability": True,
    "as_json": False,
}


@measuring_options
def measured(**_given: object) -> int:
    return 0


def defaults(command):
    """Return what each parameter is where it is not given; ``required`` where it must be."""
    given = command.make_context(command.name, [], resilient_parsing=True).params
    return {p.name: "required" if p.required else given[p.name] for p in command.params}


def test_python_m_runs_the_command_line():
    assert as_module.start is start
    done = subprocess.run(
        [sys.executable, "-m", "tumangang_watch", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"tumangang-watch, version {__version__}\n")


def every_command(group=cli, way=()):
    """Yield the names that lead to every command, with the command."""
    yield way, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*way, name))
        else:
            yield (*way, name), command


@pytest.mark.parametrize(("way", "command"), list(every_command()))
def test_help_is_printed_before_anything_heavy_is_imported(way, command):
    program = (
        "import sys; from click.testing import CliRunner; from tumangang_watch.cli import cli; "
        "done = CliRunner().invoke(cli, [*sys.argv[1:], '--help']); "
        "heavy = {'numpy', 'rasterio', 'cv2', 'shapely', 'sqlite3', 'rich'} & set(sys.modules); "
        "print(done.exit_code, heavy or 'none', done.output)"
    )
    done = subprocess.run([sys.executable, "-c", program, *way], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0 none ")
    assert " ".join(command.help.split("\n\n")[0].split()) in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "command", [c for _, c in every_command() if c.callback.__closure__], ids=lambda c: c.name
)
def test_what_is_declared_is_what_the_work_takes(command):
    """The options of a command are the parameters of the function that does it."""
    (module,) = [c.cell_contents for c in command.callback.__closure__ if isinstance(c.cell_contents, str)]
    work = getattr(getattr(tumangang_watch.commands, module), command.callback.__name__)
    taken = signature(work).parameters.values()
    names = {p.name for p in command.params}
    own = {p.name for p in taken if p.kind is not p.VAR_KEYWORD}
    assert own <= names
    assert own == names or any(p.kind is p.VAR_KEYWORD for p in taken)


def test_options_put_together_keep_their_order():
    @click.command()
    @together(click.option("--one"), click.option("--two"))
    @done_in("scenes")
    def settings() -> None:
        """Print."""

    assert [p.name for p in settings.params] == ["one", "two"]


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
        (
            reproduce,
            {
                "out": "required",
                "scenes": None,
                "site": None,
                "time_limit": None,
                "as_json": False,
                "overwrite": False,
            },
        ),
        (
            archive.commands["export"],
            {"archive_file": "required", "out": "required", "review": False, "kind": None},
        ),
        (archive.commands["check"], {"archive_file": "required", "reports": None, "files": False}),
        (archive.commands["rebuild"], {"archive_file": "required", "reports": "required", "scenes": None}),
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


def test_what_is_stated_of_where_scenes_lie_holds_for_all_or_for_each():
    scenes = (scene_on(grid_of(np.zeros((1, 9, 9)))),) * 2
    assert placed_as_stated(scenes, (), ()) == scenes
    both = placed_as_stated(scenes, (4.0,), ("8,-5",))
    assert [(s.geolocation_m, s.site_shift_m) for s in both] == [(4.0, (8.0, -5.0))] * 2
    each = placed_as_stated(scenes, (4.0, 2.0), (" 8,-5", "0,0.5"))
    assert [(s.geolocation_m, s.site_shift_m) for s in each] == [(4.0, (8.0, -5.0)), (2.0, (0.0, 0.5))]
    for shifts in (("8",), ("8,x",), ("nan,0",), ("9000,0",), ("1,2", "3,4", "5,6")):
        with pytest.raises(UsageError):
            placed_as_stated(scenes, (), shifts)


@pytest.mark.parametrize("command", [watch, backfill, compare, detect, inspect])
def test_the_time_that_reading_may_take_is_stated(command):
    (option,) = [p for p in command.params if p.name == "time_limit"]
    assert option.help.endswith(f"Default: {Settings().watch.scene_limit_s:g}.")
    assert time_limit_s(None) == Settings().watch.scene_limit_s
    assert time_limit_s(7) == 7.0


def test_an_option_may_be_called_like_anything():
    with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
        do_in("archive", "check", name="x", module="y")
