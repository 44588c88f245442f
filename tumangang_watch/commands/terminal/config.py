"""Options from one TOML file: what is typed in every command stands there once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from tumangang_watch.errors import InputRefused
from tumangang_watch.plain_files import read_text

FILE = "tumangang-watch.toml"
"""Read from the folder the program is started in, where none is named."""
SHARED = {
    "archive": ("archive_file",),
    "reports": ("reports",),
    "site": ("site", "site_file"),
    "site-id": ("site_id",),
    "reader": ("reader",),
}
"""What may stand outside a table, and the parameters that it is the default of, in every command."""
TODO = "See docs/watch.md, 'One file for the options'"


def read_config(root: click.Group, file: Path | None) -> dict[str, Any]:
    """Return click's map of defaults from a file of options; empty where none is named and none is there.

    Parameters
    ----------
    root : click.Group
        The command line.
    file : Path or None
        The file; None takes `FILE` in the working folder, where it is.

    Raises
    ------
    InputRefused
        It cannot be read, or names what there is not.
    """
    path = Path(FILE) if file is None else file
    if file is None and not path.is_file():
        return {}
    try:
        content = tomllib.loads(read_text(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise _refused(path, why) from error
    shared = {name: value for name, value in content.items() if not isinstance(value, dict)}
    for name in shared:
        if name not in SHARED:
            known = ", ".join(SHARED)
            raise _refused(path, f"{name!r} cannot stand outside a table; {known} can")
    made: dict[str, Any] = {}
    for way, one in commands_of(root):
        _place(made, way, _defaults(one, shared, path))
    known_ways = {" ".join(way): (way, one) for way, one in commands_of(root)}
    for table, values in content.items():
        if isinstance(values, dict):
            if table not in known_ways:
                raise _refused(path, f"[{table}]: there is no such command")
            way, one = known_ways[table]
            _place(made, way, _own(one, values, table, path))
    return made


def commands_of(group: click.Group, way: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Return every command with the names that lead to it."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name, one in group.commands.items():
        found += commands_of(one, (*way, name)) if isinstance(one, click.Group) else [((*way, name), one)]
    return found


def _refused(path: Path, why: str) -> InputRefused:
    return InputRefused("options refused", path, why, TODO)


def _place(made: dict[str, Any], way: tuple[str, ...], values: dict[str, Any]) -> None:
    for name in way:
        made = made.setdefault(name, {})
    made.update(values)


def _defaults(one: click.Command, shared: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return what of the shared options a command takes; an option given several times takes none."""
    wanted = {parameter: name for name, names in SHARED.items() for parameter in names}
    return {
        p.name: _value(p, shared[wanted[p.name]], wanted[p.name], path)
        for p in one.params
        if p.name in wanted and wanted[p.name] in shared and not p.multiple
    }


def _own(one: click.Command, values: dict[str, Any], table: str, path: Path) -> dict[str, Any]:
    """Return the options of a command's own table."""
    options = {
        name.removeprefix("--"): p for p in one.params if isinstance(p, click.Option) for name in p.opts
    }
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name not in options:
            raise _refused(path, f"[{table}] has {name!r}; it takes {', '.join(sorted(options))}")
        parameter = options[name]
        made[str(parameter.name)] = _value(parameter, value, f"[{table}] {name}", path)
    return made


def _value(parameter: click.Parameter, value: Any, name: str, path: Path) -> Any:
    """Return a value as click takes it; paths count from the folder of the file."""
    flag = isinstance(parameter, click.Option) and parameter.is_flag
    if flag != isinstance(value, bool):
        raise _refused(path, f"{name} is {value!r}; it takes {'true or false' if flag else 'a value'}")
    many = isinstance(value, list)
    if isinstance(value, dict) or (many and not parameter.multiple):
        raise _refused(path, f"{name} is {value!r}; it takes one value")
    if flag:
        return value
    taken = [str(v) for v in (value if many else [value])]
    if isinstance(parameter.type, click.Path):
        taken = [str(path.parent / v) for v in taken]
    return taken if parameter.multiple else taken[0]
