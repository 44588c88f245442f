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
from tumangang_watch.errors import WatchError
from tumangang_watch.text import clean_text

PROGRAM = "tumangang-watch"
_OUT_OF = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS)
"""What the system can run out of anywhere: space, open files, a sound disk."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the status of the contract."""
    # Many small products: threads of the linear algebra that wait for one another cost more than they bring,
    # above all beside other work. Read once, when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_closed_outputs()
    try:
        status = cli.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except WatchError as error:
        status = _print_error(error.what, error.file, error.why, error.todo, error.exit_status)
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else PROGRAM
        status = _print_error("usage", where, error.format_message().rstrip("."), "See --help", 2)
    except (KeyboardInterrupt, click.Abort):
        status = 130
    except BrokenPipeError:
        sys.stderr.close()
        status = 141
    except OSError as error:
        if error.errno not in _OUT_OF:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # What is left in the buffer cannot be written either.
        where = os.fsdecode(error.filename) if error.filename else "output"
        why = error.strerror or str(error)
        status = _print_error("cannot go on", where, why, "Give it more room and run it again", 5)
    except MemoryError:
        status = _print_error(
            "needs more memory", "this machine", "there is too little", "Use a smaller site or more memory", 3
        )
    sys.exit(status if isinstance(status, int) else 0)


def _open_closed_outputs() -> None:
    """Give closed standard streams (``>&-``) a place: the next file opened would take it."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()


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
        libraries = import_module("tumangang_watch.libraries")  # It loads them, which takes a second.
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
