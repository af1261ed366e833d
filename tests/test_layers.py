"""The layers, where the contracts in pyproject.toml cannot say it: single files, sizes, faces."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.architecture import PICTURE, picture
from tests.support.processes import ROOT

LONGEST, LONGEST_CLASS = 350, 280
"""Lines of a module, and of a class."""
PACKAGES = [
    *("leadboard", "leadboard.common", "leadboard.database", "leadboard.allocation"),
    *("leadboard.allocation.strategies", "leadboard.foresight"),
    *("leadboard.queries", "leadboard.desk", "leadboard.hooks", "leadboard.transfer"),
    *(
        "leadboard.api",
        "leadboard.cli",
        "tui",
        "tui.screen",
        "tui.panes",
        "tui.dialogs",
        "tui.widgets",
    ),
]


def product() -> list[Path]:
    """Return every module that is installed."""
    folders = [*ROOT.glob("leadboard/**/*.py"), *ROOT.glob("tui/**/*.py")]
    return sorted([ROOT / "models.py", ROOT / "allocator.py", *folders])


def imports_of(path: Path, *, only_at_top: bool = False) -> Iterator[str]:
    """Yield the names of every module that one imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _run_at_import(tree) if only_at_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _run_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: everything but the bodies of functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_the_root_has_two_modules() -> None:
    assert [path.name for path in sorted(ROOT.glob("*.py"))] == ["allocator.py", "models.py"]


def test_the_tables_and_the_allocator_import_what_is_below_them() -> None:
    ours = {each for each in imports_of(ROOT / "models.py") if each.startswith("leadboard")}
    assert {each.rpartition(".")[0] for each in ours} == {"leadboard.common", "leadboard.database"}
    ours = {each for each in imports_of(ROOT / "allocator.py") if each.startswith("leadboard")}
    assert {each.split(".")[1] for each in ours} == {"allocation", "common", "database"}


def test_the_lottery_knows_nothing_but_the_language() -> None:
    lottery = ROOT / "leadboard" / "allocation" / "lottery.py"
    assert {each.partition(".")[0] for each in imports_of(lottery)} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "modules", ["models, allocator, leadboard.desk, leadboard.queries.board", "leadboard.cli.main"]
)
def test_nothing_below_the_screen_loads_textual(modules: str) -> None:
    code = f"import sys, {modules}; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_command_line_chooses_its_drivers_before_it_loads_them() -> None:
    """Peewee loads every driver that is installed, which takes as long as the first frame."""
    code = "import sys, leadboard.cli.main; sys.exit('peewee' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_first_frame_loads_neither_acts_nor_dialogs() -> None:
    loaded = "[m for m in sys.modules if m.startswith(('leadboard.desk.', 'tui.dialogs.'))]"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, tui.app; print({loaded})"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_the_command_line_imports_the_screen_only_inside_functions() -> None:
    for path in ROOT.glob("leadboard/cli/*.py"):
        at_top = {each.partition(".")[0] for each in imports_of(path, only_at_top=True)}
        assert "tui" not in at_top, path


def test_imports_are_plain_so_that_the_layers_can_be_read_off() -> None:
    for path in product():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level], path
        assert not {"importlib.import_module", "__import__"} & {
            ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)
        }, path


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the public classes of the product, each with its file."""
    for path in product():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield str(path.relative_to(ROOT)), node


def test_no_two_public_classes_have_one_name() -> None:
    found: dict[str, list[str]] = {}
    for path, node in classes():
        found.setdefault(node.name, []).append(path)
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_class_grows_beyond_its_measure() -> None:
    lines = {node.name: (node.end_lineno or 0) - node.lineno for _, node in classes()}
    assert [name for name, number in lines.items() if number > LONGEST_CLASS] == []


def test_no_module_grows_beyond_its_measure() -> None:
    for path in product():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST, path


def test_only_one_module_moves_the_load() -> None:
    moving = {
        path.name
        for path in product()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Operator.update"
        and any(keyword.arg == "load" for keyword in node.keywords)
    }
    # The audit mends a load that somebody else has spoiled.
    assert moving == {"limits.py", "audit.py"}


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_has_a_face_that_is_true(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__doc__
    for each in package.__all__:
        if not hasattr(package, each):
            importlib.import_module(f"{name}.{each}")
    (folder,) = package.__path__
    modules = {path.stem for path in Path(folder).glob("[!_]*.py")}
    folders = {path.parent.name for path in Path(folder).glob("*/__init__.py")}
    if name != "leadboard.desk":  # whose face is its acts
        assert set(package.__all__) == modules | folders


def test_the_picture_of_the_packages_is_the_one_that_the_code_makes() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run python -m docs.architecture"
