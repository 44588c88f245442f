"""Options from one file and from the environment: typed once, taken everywhere, refused by name."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from support.command import run

from tumangang_watch.cli import cli
from tumangang_watch.commands.terminal.config import FILE, read_config
from tumangang_watch.errors import InputRefused


def config(folder, text):
    file = folder / "options.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_all_commands_take_stands_once(tmp_path):
    file = config(tmp_path, 'archive = "record.sqlite"\nreports = "REPORTS"\nsite = "my.geojson"\n')
    made = read_config(cli, file)
    own = str(tmp_path / "record.sqlite")
    assert made["watch"] == {
        "archive_file": own,
        "reports": str(tmp_path / "REPORTS"),
        "site": str(tmp_path / "my.geojson"),
    }
    assert made["archive"]["check"]["archive_file"] == made["series"]["archive_file"] == own
    assert "site" not in made["series"]  # Its --site is the id of a site.
    assert "archives" not in made["compare"]  # Its --archive is a background that has to be asked for.


def test_a_commands_own_options_stand_in_its_table(tmp_path):
    text = '[watch]\njobs = 2\nsettle = 0\ndetectability = false\n["review export"]\nreader = "A. Kim"\n'
    made = read_config(cli, config(tmp_path, text))
    assert made["watch"] == {"jobs": "2", "settle": "0", "detectability": False}
    assert made["review"]["export"] == {"reader": "A. Kim"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jobs = 2", "'jobs' cannot stand outside a table"),
        ("[wacth]\njobs = 2", "[wacth]: there is no such command"),
        ("[watch]\njbos = 2", "[watch] has 'jbos'; it takes archive, base-url"),
        ("[watch]\njobs = [1, 2]", "[watch] jobs is [1, 2]; it takes one value"),
        ('[watch]\ndetectability = "no"', "[watch] detectability is 'no'; it takes true or false"),
        ("[watch]\njobs = true", "[watch] jobs is True; it takes a value"),
        ("archive = ", "Invalid value"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, why):
    with pytest.raises(InputRefused) as refused:
        read_config(cli, config(tmp_path, text))
    assert why in refused.value.why
    assert "options.toml" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = run("--config", tmp_path / "none.toml", "settings", status=3)
    assert "none.toml" in done.stderr


def test_the_file_of_the_working_folder_is_taken(tmp_path):
    (tmp_path / FILE).write_text('archive = "record.sqlite"\n', encoding="utf-8")
    done = run("archive", "check", status=3, cwd=tmp_path)
    assert "record.sqlite" in done.stderr
    (tmp_path / FILE).write_text("archive = 3\n[wrong]\n", encoding="utf-8")
    assert FILE in run("archive", "check", status=3, cwd=tmp_path).stderr


@pytest.mark.parametrize("name", ["TUMANGANG_WATCH_ARCHIVE", "TUMANGANG_WATCH_WATCH_JOBS"])
def test_the_environment_gives_options(tmp_path, name):
    runner = CliRunner(env={name: "0"})
    if name.endswith("JOBS"):
        done = runner.invoke(cli, ["watch", "in", "--archive", "a", "--reports", "r"])
        assert done.exit_code == 2
        assert "--jobs" in done.output
    else:
        done = runner.invoke(cli, ["archive", "check"], catch_exceptions=True)
        assert "Missing option" not in done.output


def test_what_is_typed_comes_before_environment_and_file(tmp_path, monkeypatch):
    (tmp_path / FILE).write_text('archive = "file.sqlite"\n', encoding="utf-8")
    assert "file.sqlite" in run("archive", "check", status=3, cwd=tmp_path).stderr
    monkeypatch.setenv("TUMANGANG_WATCH_ARCHIVE", "environment.sqlite")
    assert "environment.sqlite" in run("archive", "check", status=3, cwd=tmp_path).stderr
    typed = run("archive", "check", "--archive", "typed.sqlite", status=3, cwd=tmp_path)
    assert "typed.sqlite" in typed.stderr
