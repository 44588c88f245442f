"""Every command that README and docs print is one: blocks marked `sh` run as they stand, the rest parses."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from support.command import PROGRAM

from tumangang_watch.cli import cli
from tumangang_watch.commands.terminal.config import commands_of, read_config

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{n}.md" for n in ["watch", "series", "trains", "review", "sites"]),
]
EVERY = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WAYS = dict(commands_of(cli))
AHEAD = r"(?:\$ |    |ExecStart=\S*/|(?:[\d*]+ ){5}\S*/)?"
"""What may stand before a command: a prompt, an indent, a unit's key, a time of cron."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)


def blocks(page, kind):
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == kind]


def printed(page):
    """The commands that a page prints, in blocks of any kind and in indented ones."""
    text = page.read_text(encoding="utf-8")
    for line in text.splitlines():
        match = re.match(
            r"^(?:\$ |    |ExecStart=\S*/|[\d*]+ [\d*]+ [\d*]+ [\d*]+ [\d*]+ \S*/)?(tumangang-watch .*)", line
        )
        if match and "`" not in match[1]:
            yield match[1]


@pytest.mark.parametrize("page", EVERY, ids=lambda p: p.name)
def test_every_printed_command_is_one(page, monkeypatch):
    monkeypatch.setenv("TUMANGANG_WATCH_READER", "Kim")
    for line in printed(page):
        words = shlex.split(line, comments=True)[1:]
        way = next((w for w in (tuple(words[:2]), tuple(words[:1])) if w in WAYS), None)
        assert way is not None, line
        try:
            WAYS[way].make_context(way[-1], words[len(way) :], parent=root_context(line))
        except click.ClickException as error:
            pytest.fail(f"{line}: {error.format_message()}")


def root_context(line):
    """The environment that a page's block sets before a command counts as set."""
    context = click.Context(cli, auto_envvar_prefix="TUMANGANG_WATCH")
    if line == "tumangang-watch series --out out/series --overwrite":
        context.default_map = {"series": {"archive_file": "out/record.sqlite"}}
    return context


@pytest.mark.parametrize("page", EVERY, ids=lambda p: p.name)
def test_every_printed_file_of_options_is_read(page, tmp_path):
    for number, text in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        assert read_config(cli, file)["watch"]["archive_file"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a checkout has, and a home with the program where pipx puts it."""
    place = tmp_path_factory.mktemp("checkout")
    for name in ("fixtures", "aois"):
        shutil.copytree(ROOT / name, place / name)
    (place / "out").mkdir()
    home = place / "home"
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "tumangang-watch").symlink_to(PROGRAM)
    (home / "inbox").mkdir()
    return place


def run_in(checkout, text, shell="bash"):
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(checkout / "home")}
    done = subprocess.run(
        [shell, "-ec", text],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=checkout,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, (text, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def test_printed_blocks_run_as_they_stand(checkout):
    """All of them in one test, in the order of a reader: each rests on what those before it made."""
    ran = set()
    for page in PAGES:
        for block in blocks(page, "sh"):
            lines = [line for line in block.splitlines() if line not in ran]
            ran |= {line for line in lines if line.startswith("tumangang-watch")}
            if lines:
                run_in(checkout, "\n".join(lines))
    assert len(ran) >= 20
    for made in ("2022-12-01/report.html", "reports/index.html", "series/series.html", "trains/trains.html"):
        assert (checkout / "out" / made).is_file()


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "cron")], ids=lambda p: p.name)
def test_printed_lines_of_cron_run_and_mail_nothing_of_an_empty_inbox(page, checkout):
    lines = [
        line for block in blocks(page, "cron") for line in block.splitlines() if line[:1] not in ("", "#")
    ]
    assert lines
    for line in lines:
        done = run_in(checkout, line.split(maxsplit=5)[5], shell="sh")
        assert done.stdout + done.stderr == ""
