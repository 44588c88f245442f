"""How much a command tells: `-q` only errors, `-v` all there is."""

from __future__ import annotations

import sys

import click

from tumangang_watch.text import clean_text

QUIET, NORMAL, VERBOSE = -1, 0, 1
_KEY = "tumangang_watch.verbosity"


def verbosity() -> int:
    """Return how much the command that runs is asked to tell."""
    context = click.get_current_context(silent=True)
    return NORMAL if context is None else int(context.meta.get(_KEY, NORMAL))


def ask_for(context: click.Context, level: int) -> None:
    """Note how much is asked for; the options of a command call it."""
    context.meta[_KEY] = level


def tell(text: str, *, detail: bool = False) -> None:
    """Print a line for people to standard error; details only with ``-v``, nothing with ``-q``."""
    if verbosity() >= (VERBOSE if detail else NORMAL):
        click.echo("\n".join(map(clean_text, text.split("\n"))), err=True)


def on_terminal() -> bool:
    """Return whether standard error is a terminal that may be drawn on."""
    return sys.stderr.isatty() and verbosity() > QUIET
