"""The floors of the house: imports go downwards only, and each floor keeps to its trade."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {path.stem for path in ROOT.glob("*.py")} | {"desk", "headless", "transfer", "tui"}
GROUND = {
    *(
        "text",
        "lottery",
        "crashlog",
        "troubles",
        "fields",
        "store",
        "sqlite_store",
        "postgres_store",
    ),
    *("cockroach_store", "addresses", "backup", "database_file", "upgrades", "models", "checks"),
    *(
        "server_address",
        "server_store",
        "names",
        "wanted",
        "restoring",
        "folding",
        "layouts",
        "moments",
    ),
}
READING = {"search", "finding", "views", "lists", "pages", "explain", "insight", "history"}
ACTING = {
    "journal",
    "prepared",
    "places",
    "draws",
    "draining",
    "allocator",
    "bulk",
    "moves",
    "holding",
    "handouts",
    "inspection",
}


def files_of(name: str) -> list[Path]:
    folder = ROOT / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{name}.py"]


def imports_of(path: Path, *, only_at_top: bool = False) -> Iterator[str]:
    """Yield the first part of every imported name, but for what only type checkers read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(_run_at_import(tree) if only_at_top else ast.walk(tree))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in nodes:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def all_imports(*names: str) -> set[str]:
    return {each for name in names for path in files_of(name) for each in imports_of(path)}


def test_the_lottery_knows_nothing_but_the_language() -> None:
    assert all_imports("lottery") <= set(sys.stdlib_module_names)


def test_imports_go_downwards_only() -> None:
    assert not all_imports(*GROUND) & (OURS - GROUND)
    assert not all_imports(*ACTING) & {"desk", "headless", "transfer", "tui"}
    assert not all_imports(*READING) & {"desk", "headless", "transfer", "tui", "allocator", "moves"}
    assert not all_imports("desk") & {"headless", "transfer", "tui", "views"}
    assert not all_imports("transfer") & {"headless", "tui"}
    assert not all_imports("tui") & {"headless"}


def test_only_the_screen_knows_textual() -> None:
    for name in OURS - {"tui"}:
        assert "textual" not in all_imports(name), name


def test_the_command_line_imports_the_screen_only_inside_functions() -> None:
    for path in files_of("headless"):
        assert "tui" not in set(imports_of(path, only_at_top=True)), path


@pytest.mark.parametrize("name", sorted(READING))
def test_what_reads_writes_nothing(name: str) -> None:
    called = {
        node.func.attr
        for path in files_of(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"insert", "insert_many", "update", "delete", "save", "create"}


def test_the_screen_has_no_query_of_its_own() -> None:
    assert "peewee" not in all_imports("tui")
    for path in files_of("tui"):
        source = path.read_text(encoding="utf-8")
        for word in (".select(", ".where(", "execute_sql", "fn."):
            assert word not in source, f"{path}: {word}"


@pytest.mark.parametrize("modules", ["models, allocator, desk, views, explain", "headless.cli"])
def test_nothing_below_the_screen_loads_textual(modules: str) -> None:
    code = f"import sys, {modules}; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_no_module_grows_beyond_its_measure() -> None:
    for name in OURS:
        for path in files_of(name):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 330, path


def test_every_module_is_in_the_wheel() -> None:
    listed = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in OURS:
        assert f'"{name}"' in listed or f'"{name}.py"' in listed, name


def _run_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: everything but the bodies of functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_every_module_stands_on_one_floor() -> None:
    floors = [GROUND, READING, ACTING, {"desk", "headless", "transfer", "tui"}]
    assert set().union(*floors) == OURS
    assert sum(map(len, floors)) == len(OURS)


def test_imports_are_plain_so_that_the_floors_can_be_read_off() -> None:
    for name in OURS:
        for path in files_of(name):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            relative = [
                node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level
            ]
            assert not relative, path
            assert not {"importlib.import_module", "__import__"} & {
                ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)
            }, path


def test_no_module_is_imported_in_a_circle() -> None:
    edges = {
        name: {each for path in files_of(name) for each in imports_of(path, only_at_top=True)}
        & OURS - {name}
        for name in OURS
    }
    while free := {name for name, below in edges.items() if not below}:
        edges = {name: below - free for name, below in edges.items() if name not in free}
    assert not edges


def test_only_the_command_that_starts_the_screen_and_the_demo_know_of_it() -> None:
    knowing = {path.name for path in files_of("headless") if "tui" in set(imports_of(path))}
    assert knowing <= {"cli.py", "demo.py", "screen.py"}


def test_only_one_module_moves_the_load() -> None:
    moving = {
        path.name
        for name in OURS
        for path in files_of(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Operator.update"
        and any(keyword.arg == "load" for keyword in node.keywords)
    }
    # The inspection mends a load that somebody else has spoiled.
    assert moving == {"places.py", "inspection.py"}


def test_tests_and_benchmarks_are_imported_by_nothing() -> None:
    assert not all_imports(*OURS) & {"tests", "bench"}
