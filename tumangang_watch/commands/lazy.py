"""A click group that imports a command when it is called, not when the group's help is printed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True)
class LazyCommand:
    """Where a command lives, and its line in the group's help."""

    place: str
    """``MODULE:ATTRIBUTE`` in `tumangang_watch.commands`."""
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, attribute = self.place.split(":")
        command = getattr(importlib.import_module(f"tumangang_watch.commands.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.place} is no command")
        return command


class LazyGroup(click.Group):
    """A group whose commands are imported one by one.

    Parameters
    ----------
    lazy : dict of str to LazyCommand
        The commands by name.
    """

    def __init__(self, *args: Any, lazy: dict[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        return self.lazy[cmd_name].load() if cmd_name in self.lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name].help) for name in sorted(self.lazy)])
