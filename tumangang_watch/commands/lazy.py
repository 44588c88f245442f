"""A command is declared in `options` and done by a function of another module, imported when it is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module


def done_in(module: str) -> Callable[[Callable[[], None]], Callable[..., int]]:
    """Have a declared command done by the function of its name in a module of `tumangang_watch.commands`."""

    def decorate(declared: Callable[[], None]) -> Callable[..., int]:
        @wraps(declared)
        def command(**given: object) -> int:
            work = getattr(import_module(f"tumangang_watch.commands.{module}"), declared.__name__)
            return int(work(**given))

        return command

    return decorate
