"""How commands are declared: with an example, and with `-v` and `-q`; how their groups print help."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from tumangang_watch.commands.terminal.examples import EXAMPLES
from tumangang_watch.commands.terminal.tell import QUIET, VERBOSE, ask_for

PREFIX = "TUMANGANG_WATCH"
"""What the environment's variables for options begin with."""


def _asked(level: int) -> Any:
    def note(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            ask_for(context, level)

    return note


def _verbosity_options() -> list[click.Parameter]:
    words = {"verbose": "Tell all there is.", "quiet": "Tell nothing but errors."}
    return [
        click.Option(
            [f"-{name[0]}", f"--{name}"],
            is_flag=True,
            expose_value=False,
            callback=_asked(VERBOSE if name == "verbose" else QUIET),
            help=text,
        )
        for name, text in words.items()
    ]


class HelpfulCommand(click.Command):
    """A command that prints an example, and takes ``-v`` and ``-q``."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, those that all commands take before the last, which is help."""
        own = super().get_params(ctx)
        return [*own[:-1], *_verbosity_options(), *own[-1:]]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        _write_example(ctx, formatter)


class HelpfulGroup(click.Group):
    """A group of commands; help lists them under headings."""

    command_class = HelpfulCommand

    sections: Mapping[str, str] = {}
    """Headings, and the names of the commands under each."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each under its heading; those without one come last."""
        left = dict(self.commands)
        for heading, names in self.sections.items():
            self._section(heading, {n: left.pop(n) for n in names.split() if n in left}, formatter)
        self._section("More" if self.sections else "Commands", left, formatter)

    def _section(
        self, heading: str, commands: dict[str, click.Command], formatter: click.HelpFormatter
    ) -> None:
        width = formatter.width - 6 - max(map(len, commands), default=0)
        if commands:
            with formatter.section(heading):
                formatter.write_dl([(n, c.get_short_help_str(width)) for n, c in commands.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        _write_example(ctx, formatter)


def _write_example(context: click.Context, formatter: click.HelpFormatter) -> None:
    example = EXAMPLES.get(" ".join(context.command_path.split()[1:]), "")
    if example:
        with formatter.section("Example"):
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")


command = partial(click.command, cls=HelpfulCommand)
group = partial(click.group, cls=HelpfulGroup)
