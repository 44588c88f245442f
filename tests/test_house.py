"""The rules of the house (`docs/design.md`), held: each test names the rule it holds."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tumangang_watch"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
ROOMS = sorted({name.split(".")[1] for name in MODULES if "." in name})
OPTIONAL = {"pyarrow", "distributed", "matplotlib"}
"""Imported where they are used: not every installation has them, and matplotlib is slow to start."""
SPINE = ("model", "pipeline", "scenes", "preprocess", "detect", "change", "detectability", "evaluate")
MODULE_LINES, FUNCTION_LINES, PARAMETERS, FOLDER_MODULES = 320, 55, 6, 15
FORMAT_SKIPS = 20


def of_room(room: str) -> dict[str, ast.Module]:
    """Return the syntax trees of one room."""
    return {n: t for n, t in TREES.items() if n.split(".")[1:2] == [room]}


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]


def is_command(module: str, function: ast.FunctionDef) -> bool:
    """Whether click hands the parameters over, one an option: `commands/options` declares its name."""
    return module.startswith("tumangang_watch.commands.") and function.name in {
        declared.name
        for name, tree in TREES.items()
        for declared in functions(tree)
        if name.startswith("tumangang_watch.commands.options.")
        and any("done_in" in ast.unparse(d) for d in declared.decorator_list)
    }


def imported(name: str, tree: ast.AST) -> set[str]:
    """Return the package's own modules that a module imports, wherever the import stands."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module
                for alias in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {m for m in found if m in MODULES and m != name}


@pytest.mark.parametrize("room", ROOMS)
def test_rule_1_modules_and_functions_are_small(room):
    large = []
    for name, tree in of_room(room).items():
        lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES:
            large.append(f"{name}: {lines} lines")
        for function in functions(tree):
            length = (function.end_lineno or 0) - function.lineno + 1
            arguments = function.args
            count = len([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
            count -= bool(arguments.args) and arguments.args[0].arg in ("self", "cls")
            if length > FUNCTION_LINES:
                large.append(f"{name}.{function.name}: {length} lines")
            if count > PARAMETERS and not is_command(name, function):
                large.append(f"{name}.{function.name}: {count} parameters")
    assert not large


def test_rule_1_no_folder_is_a_heap():
    folders = defaultdict(int)
    for path in MODULES.values():
        folders[path.parent.relative_to(ROOT).as_posix()] += path.name != "__init__.py"
    assert not {folder: n for folder, n in folders.items() if n > FOLDER_MODULES}


def test_rule_1_no_import_circle():
    graph = {name: imported(name, tree) for name, tree in TREES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_rule_1_no_class_name_stands_for_two_things():
    places = defaultdict(list)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert not {name: where for name, where in places.items() if len(where) > 1}


@pytest.mark.parametrize("room", ROOMS)
def test_rule_2_no_parameter_is_a_tuple_of_mixed_things(room):
    mixed = []
    for name, tree in of_room(room).items():
        for function in functions(tree):
            arguments = function.args
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                for node in ast.walk(argument.annotation) if argument.annotation else ():
                    if not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "tuple"):
                        continue
                    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                    if len({ast.unparse(p) for p in parts} - {"..."}) > 1:
                        mixed.append(f"{name}.{function.name}: {argument.arg}")
    assert not mixed


def test_rule_2_the_formatter_is_switched_off_for_matrices_only():
    found = [p for p in ROOT.rglob("*.py") if ".venv" not in p.parts]
    lines = [line for p in found for line in p.read_text(encoding="utf-8").splitlines()]
    assert sum("# fmt: " + "skip" in line for line in lines) <= FORMAT_SKIPS


@pytest.mark.parametrize("room", ROOMS)
def test_rule_2_wide_dataclasses_take_their_fields_by_name(room):
    positional = []
    for name, tree in of_room(room).items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            words = [ast.unparse(d) for d in node.decorator_list if "dataclass" in ast.unparse(d)]
            fields = [n for n in node.body if isinstance(n, ast.AnnAssign)]
            if words and len(fields) >= 5 and "kw_only=True" not in words[0]:
                positional.append(f"{name}.{node.name}")
    assert not positional


@pytest.mark.parametrize("room", SPINE)
def test_rule_2_the_spine_is_typed(room):
    untyped = []
    for name, tree in of_room(room).items():
        for function in functions(tree):
            arguments = function.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            notes = [a.annotation for a in every if a.annotation] + (
                [function.returns] if function.returns else []
            )
            if any(isinstance(n, ast.Name) and n.id == "Any" for note in notes for n in ast.walk(note)):
                untyped.append(f"{name}.{function.name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and re.search(r"\bAny\b", ast.unparse(node.annotation)):
                untyped.append(f"{name}: {ast.unparse(node.target)}")
    assert not untyped


@pytest.mark.parametrize("room", ROOMS)
def test_rule_3_imports_stand_at_the_top(room):
    late = []
    for name, tree in of_room(room).items():
        for function in functions(tree):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    words = ast.unparse(node).split()[1]
                    if words.split(".")[0] not in OPTIONAL:
                        late.append(f"{name}.{function.name}: {ast.unparse(node)}")
        if "TYPE_CHECKING" in ast.unparse(tree):
            late.append(f"{name}: TYPE_CHECKING")
    assert not late


@pytest.mark.parametrize("room", [r for r in ROOMS if r != "files"])
def test_rule_8_only_files_renames_flushes_and_locks(room):
    calls = {"os.replace", "os.rename", "os.fsync", "fcntl.flock", "fcntl.lockf", "shutil.move", "os.renames"}
    found = []
    for name, tree in of_room(room).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                words = ast.unparse(node.func)
                moves = words in calls or re.fullmatch(
                    r"\w*(path|out|folder|aside|part|temporary)\.(rename|replace)", words
                )
                if moves and not (words.endswith(".replace") and len(node.args) != 1):
                    found.append(f"{name}: {ast.unparse(node)[:60]}")
    assert not found


SHIPPED = [
    *PACKAGE.rglob("*.py"),
    *(p for d in ("benchmarks", "training", "scripts") for p in (ROOT / d).glob("*.py")),
]
PAGES = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("path", [*SHIPPED, *PAGES], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_rule_9_what_is_cited_ships(path):
    text = path.read_text(encoding="utf-8")
    missing = [
        page
        for page in re.findall(r"\b(?:docs/)?[a-z_0-9]+\.md\b", text)
        if not (ROOT / page).exists()
        and not (ROOT / "docs" / page).exists()
        and not (path.parent / page).exists()
    ]
    missing += [
        f"python -m {d}.{m}"
        for d, m in re.findall(r"python3? +-m (benchmarks|training|scripts)\.(\w+)", text)
        if not (ROOT / d / f"{m}.py").exists()
    ]
    missing += re.findall(r"\.\./shared\S*|\bresearch/\S+", text) if path.parent.name != "benchmarks" else []
    assert not missing


def sections_of(page: str) -> set[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {line[3:].strip().lower() for line in text.splitlines() if line.startswith("## ")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_rule_9_a_cited_section_of_the_sources_is_there(path):
    text = " ".join(path.read_text(encoding="utf-8").split())
    sections = sections_of("sources.md")
    cited = re.findall(r"sources\.md, ([a-z ]+)", text)
    assert not [c for c in cited if not any(c.startswith(s) for s in sections)]


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_says_what_it_is(room):
    assert not [n for n, t in of_room(room).items() if "TODO" in (ast.get_docstring(t) or "TODO")]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_pages_name_modules_that_are_there(path):
    """A path in backquotes that ends in .py, or a room's name with a slash, exists."""
    text = path.read_text(encoding="utf-8")
    found = {p.name for p in (*PACKAGE.rglob("*.py"), *ROOT.glob("*/*.py"))}
    named = re.findall(r"`([\w/]+\.py|[a-z_]+/(?:[a-z_]+/)*)`", text)
    places = [ROOT, PACKAGE, *(p for p in PACKAGE.rglob("*") if p.is_dir())]
    assert not [n for n in named if n not in found and not any((place / n).exists() for place in places)]


def test_rule_10_tests_import_no_benchmark():
    found = []
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if (
            re.search(r"^\s*(from|import) (benchmarks|training|scripts)\b", text, re.M)
            or "spec_from_" + "file" in text
        ):
            found.append(path.relative_to(ROOT).as_posix())
    assert not found


@pytest.mark.parametrize("room", ROOMS)
def test_rule_10_every_module_is_tested(room):
    tested: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        tested |= imported("", ast.parse(path.read_text(encoding="utf-8")))
    untested = [n for n in of_room(room) if n not in tested and MODULES[n].name != "__init__.py"]
    assert not untested


def test_rule_10_tests_mirror_the_package():
    rooms = {p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*") if p.is_dir()}
    folders = {p.relative_to(ROOT / "tests").as_posix() for p in (ROOT / "tests").rglob("*") if p.is_dir()}
    assert not {f for f in folders if "__pycache__" not in f} - rooms - {"support"}


def given_names(tree: ast.AST) -> set[str]:
    """Return the names that a module gives: classes, functions, parameters, variables, fields."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias) and node.asname:
            found.add(node.asname)
    return found


def parts_of(name: str) -> list[str]:
    """Return the words of a name: ``least_m`` and ``LeastM`` are least and m."""
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def words_to_avoid() -> set[str]:
    table = (
        (ROOT / "docs" / "vocabulary.md")
        .read_text(encoding="utf-8")
        .split("| not | but |")[1]
        .split("\n\n")[0]
    )
    return {w.strip() for row in table.splitlines()[2:] for w in row.split("|")[1].split(",")}


@pytest.mark.parametrize("room", ROOMS)
def test_names_keep_to_the_vocabulary(room):
    avoid = words_to_avoid()
    wrong = {
        f"{name}: {given}"
        for name, tree in of_room(room).items()
        for given in given_names(tree)
        if avoid & set(parts_of(given))
    }
    assert not sorted(wrong)
