"""The floors of the house: imports go downwards only, and each floor keeps to its trade."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {path.stem for path in ROOT.glob("*.py")} | {"desk", "headless", "tui"}
GROUND = {"text", "lottery", "crashlog", "store", "backup", "models", "checks", "wanted"}
READING = {"views", "lists", "explain", "insight", "history"}
ACTING = {"journal", "prepared", "places", "allocator", "moves", "inspection"}


def files_of(name: str) -> list[Path]:
    folder = ROOT / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{name}.py"]


def imports_of(path: Path, *, only_at_top: bool = False) -> Iterator[str]:
    """Yield the first part of every imported name, but for what only type checkers read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if only_at_top else list(ast.walk(tree))
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
    assert not all_imports(*ACTING) & {"desk", "headless", "tui"}
    assert not all_imports(*READING) & {"desk", "headless", "tui", "allocator", "moves"}
    assert not all_imports("desk") & {"headless", "tui", "views"}
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
