"""A command is declared in `options` and done by a function of another module, imported when it is called.

What only some uses of a command need (a GeoPackage, a page, a bar on a terminal) it asks for `late`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import ModuleType

from tumangang_watch.processes import MIN_MB, memory_limit_mb


def done_in(module: str) -> Callable[[Callable[[], None]], Callable[..., int]]:
    """Have a declared command done by the function of its name in a module of `tumangang_watch.commands`."""

    def decorate(declared: Callable[[], None]) -> Callable[..., int]:
        @wraps(declared)
        def command(**given: object) -> int:
            return do_in(module, declared.__name__, **given)

        return command

    return decorate


def do_in(module: str, name: str, /, **given: object) -> int:
    """Do a command by the function of a module of `tumangang_watch.commands`; return its exit status.

    Raises
    ------
    MemoryError
        This process may not take what it needs to start.
    """
    limit = memory_limit_mb()
    if limit is not None and limit < MIN_MB:
        raise MemoryError
    return int(getattr(import_module(f"tumangang_watch.commands.{module}"), name)(**given))


def late(module: str) -> ModuleType:
    """Return a module of the package that only this use of a command needs, loaded now."""
    return import_module(f"tumangang_watch.{module}")
