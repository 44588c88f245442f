"""Text files of vendors, read with caps: XML without entities, PVL (``key = value;``), JSON.

All become a `Node` or a dictionary. Nothing is fetched, and nothing a file names is opened here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from tumangang_watch.errors import InputRefused
from tumangang_watch.plain_files import opened
from tumangang_watch.scenes.vendors.facts import Properties

MAX_XML_BYTES = 8 * 1024 * 1024
"""A DIMAP of a long strip has a few hundred kB (docs/sources.md, hostile files)."""
MAX_NODES = 200_000
MAX_DEPTH = 64
MAX_TEXT = 4096
"""Characters kept of one element: tables of a sensor's detectors are longer, and not needed."""
PVL = re.compile(r"""(?:^|;)\s*([A-Za-z][\w.]*)\s*=\s*("[^"]*"|[^;\n(]*)""", re.MULTILINE)
TODO = "Deliver it again, or remove it and give --acquired"


@dataclass
class Node:
    """An element: its name without namespace, attributes, text and children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, path: str) -> Iterator[Node]:
        """Yield every element on a path of names below (``A/B``), or anywhere (``//B``)."""
        if path.startswith("//"):
            head, _, rest = path[2:].partition("/")
            for child in self.children:
                if child.name == head:
                    yield from child.all(rest) if rest else (child,)
                yield from child.all(path)
            return
        head, _, rest = path.partition("/")
        for child in self.children:
            if child.name == head:
                yield from child.all(rest) if rest else (child,)

    def find(self, path: str) -> Node | None:
        """Return the first element on a path."""
        return next(self.all(path), None)

    def get(self, *paths: str) -> str | None:
        """Return the text of the first of these paths that has any."""
        for path in paths:
            for node in self.all(path):
                if node.text:
                    return node.text
        return None


def read_bytes(path: Path, max_bytes: int = MAX_XML_BYTES) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    ValueError
        It is larger than ``max_bytes``.
    """
    with opened(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"it has more than {max_bytes} bytes")
    return data


def parse_xml(data: bytes, max_text: int = MAX_TEXT) -> Node:
    """Return the root of an XML document.

    Raises
    ------
    ValueError
        It is not well-formed, declares a document type, or is larger or deeper than any product's.
    """
    root = Node("")
    stack, count = [root], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_NODES or len(stack) > MAX_DEPTH:
            raise ValueError("it has more elements, or deeper ones, than any product's")
        node = Node(_bare(name), {_bare(k): v[:MAX_TEXT] for k, v in attributes.items()})
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack[-1].text = stack[-1].text.strip()
        stack.pop()

    def text(words: str) -> None:
        node = stack[-1]
        if len(node.text) < max_text:
            node.text += words[: max_text - len(node.text)]

    def refuse(*_: object) -> None:
        raise ValueError("it declares a document type or entities")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise ValueError(f"it is no sound XML ({error})") from error
    return root.children[0]


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def parse_pvl(text: str) -> Node:
    """Return a PVL text (an ``.IMD`` or ``.TIL``) as a tree; groups are elements, quotes are dropped."""
    root = Node("IMD")
    stack = [root]
    for match in PVL.finditer(text):
        key, value = match[1], match[2].strip().strip('"').strip()
        if key == "BEGIN_GROUP":
            node = Node(value)
            stack[-1].children.append(node)
            stack.append(node)
        elif key == "END_GROUP":
            stack = stack[:-1] or [root]
        else:
            stack[-1].children.append(Node(key, text=value[:MAX_TEXT]))
        if len(stack) > MAX_DEPTH:
            raise ValueError("it is nested deeper than any product's")
    if not root.children:
        raise ValueError("it holds no values")
    return root


def load_json(path: Path, max_bytes: int, max_depth: int) -> Properties:
    """Return a JSON object from a file of limited size and depth.

    Raises
    ------
    InputRefused
        The file is too large, not JSON, or nested too deeply.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise ValueError(f"it has more than {max_bytes} bytes")
        data = json.loads(read_bytes(path, max_bytes).decode("utf-8-sig"))
        if not isinstance(data, dict):
            raise ValueError("it is not a JSON object")
        _check_depth(data, max_depth)
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused("metadata refused", path.name, f"{error}"[:200], TODO) from error
    return data


def _check_depth(data: Properties, max_depth: int) -> None:
    level: list[Properties | list[object]] = [data]
    for _ in range(max_depth):
        inside = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for items in inside for child in items if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested more than {max_depth} deep")
