"""The command line: parse, call one function, print. Errors become one line here and nowhere else."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from tumangang_watch import __version__
from tumangang_watch.commands.options import record, review, scenes, site
from tumangang_watch.commands.terminal.config import FILE, read_config
from tumangang_watch.commands.terminal.declare import PREFIX, HelpfulGroup, group
from tumangang_watch.commands.terminal.examples import SECTIONS
from tumangang_watch.errors import WatchError, is_short_of_memory
from tumangang_watch.processes import INTERRUPTED, memory_limit_mb, outlive
from tumangang_watch.text import clean_text

PROGRAM = "tumangang-watch"
BROKEN_PIPE = 141
"""As the shell tells it of a program that ``SIGPIPE`` ended."""
NEEDS_MEMORY = "needs more memory"
_OUT_OF = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS)
"""What the system can run out of anywhere: space, open files, a sound disk."""


def start() -> NoReturn:
    """Run the command line as a user does: where a library crashes, that is one line too."""
    _open_closed_outputs()
    crash = outlive(main)
    given = [word for word in sys.argv[1:] if Path(word).is_file()] or sys.argv[1:2]
    limit = _memory_limit()
    if crash.killed or limit:
        more = "or a higher limit (ulimit -v) " if limit else ""
        todo = f"Give it more memory, {more}or a smaller site"
        sys.exit(_print_error(NEEDS_MEMORY, ", ".join(given), f"{crash}{limit}", todo, 3))
    if crash.limit_s is not None:
        todo = "Find the scene that does it with `inspect`, deliver it again, or allow more (--time-limit)"
        sys.exit(_print_error("given up", ", ".join(given), str(crash), todo, 3))
    todo = "Find the scene that does it with `inspect`, deliver it again, and report this fault with it"
    sys.exit(_print_error("crashed", ", ".join(given), str(crash), todo, 3))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line in this process and exit with the status of the contract."""
    # Many small products: threads of the linear algebra that wait for one another cost more than they bring,
    # above all beside other work. Read once, when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_closed_outputs()
    output = sys.stdout
    try:
        status = cli.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except SystemExit:
        if sys.stdout is output:
            raise
        status = BROKEN_PIPE  # click put another output there, and ends as if the program were at fault.
    except (Exception, KeyboardInterrupt) as error:
        status = _status_of(error)
    sys.exit(status if isinstance(status, int) else 0)


def _status_of(error: BaseException) -> int:
    """Say in one line what went wrong and return its status; a fault of the program is raised."""
    if is_short_of_memory(error):
        todo = "Give it more memory, or a smaller site"
        return _print_error(NEEDS_MEMORY, "this machine", f"there is too little{_memory_limit()}", todo, 3)
    if isinstance(error, WatchError):
        return _print_error(error.what, error.file, error.why, error.todo, error.exit_status)
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else PROGRAM
        return _print_error("usage", where, error.format_message().rstrip("."), "See --help", 2)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return BROKEN_PIPE
    if isinstance(error, OSError) and error.errno in _OUT_OF:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # What is left in the buffer cannot be written either.
        where = os.fsdecode(error.filename) if error.filename else "output"
        why = error.strerror or str(error)
        return _print_error("cannot go on", where, why, "Give it more room and run it again", 5)
    if isinstance(error, FileNotFoundError) and _is_astray():
        return _print_error("no working folder", ".", "it was removed", "Change to a folder that is there", 2)
    raise error


def _is_astray() -> bool:
    """Return whether the working folder was removed."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _memory_limit() -> str:
    """Return how little memory this process may take, where it may not take what it likes."""
    limit = memory_limit_mb()
    return "" if limit is None else f" (it may take {limit} MiB)"


def _open_closed_outputs() -> None:
    """Give closed standard streams (``>&-``) a place: the next file opened would take it."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A locale that lacks a character is no fault; JSON is UTF-8 whatever the locale.
        here = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=here, errors="backslashreplace")


def _print_error(what: str, file: str, why: str, todo: str, status: int) -> int:
    """Print an error as one line, control characters made visible."""
    line = f"{PROGRAM}: {what}: {file}: {why}. {todo}"
    click.echo(clean_text(line), err=True)
    return status


def _take_config(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    """Make a file of options the defaults of every command."""
    if not context.resilient_parsing and isinstance(context.command, click.Group):
        context.default_map = read_config(context.command, file)


def _print_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        libraries = import_module("tumangang_watch.report.libraries")  # It loads them, which takes a second.
        click.echo(libraries.version_text(PROGRAM, __version__))
        context.exit()


@group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": PREFIX})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version, and those of the libraries at work, and exit.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_take_config,
    help=f"File of options (TOML). Default: {FILE} in the working folder, where it is.",
)
def cli() -> None:
    """Find trains, cargo and growth of the handling area in satellite scenes of a rail yard.

    Exit status: 0 done, 2 usage, 3 an input refused, 4 not comparable or not observable,
    5 output could not be written, 6 the archive is damaged, 10 with --exit-code when something
    changed, 75 busy or an input is still growing.
    """


if isinstance(cli, HelpfulGroup):
    cli.sections = SECTIONS
for _command in (
    *(scenes.compare, scenes.detect, scenes.demo, scenes.inspect, scenes.settings, scenes.reproduce),
    *(scenes.evaluate, scenes.growth, site.site, review.review),
    *(record.archive, record.watch, record.backfill, record.series, record.trains),
):
    cli.add_command(_command)
