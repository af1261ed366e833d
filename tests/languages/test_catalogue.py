"""The Russian catalogue: it has all that the code says, and says it well-formed."""

import ast
import re
import string
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from distribution.messages import OF_CLICK, RUSSIAN, read, updated

ROOT = Path(__file__).parents[2]
CODE = [
    *(ROOT / "leadboard").rglob("*.py"),
    *(ROOT / "tui").rglob("*.py"),
    ROOT / "models.py",
    ROOT / "allocator.py",
]
MESSAGES = [each for each in read() if each.id]
SAID = {"Refused", "Missing", "Taken", "Trouble", "Uncertain", "TooBusy", "ServerLost", "NoRoom"}
SAID |= {"UsageError", "ClickException", "say", "notify", "Finding", "confirm", "prompt"}
"""What is called with a sentence for people."""
OURS = {"_": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}
"""What takes messages, and how many of its arguments they and their contexts are."""


def texts(of: str | Iterable[str] | None) -> list[str]:
    return [of] if isinstance(of, str) else list(of or ())


def places(text: str) -> set[str]:
    """Return the names of the values that a message takes, as `str.format` or as `%` has them."""
    with suppress(ValueError):
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        return {name for name in names if re.fullmatch(r"[\w.-]+", name)}
    return set()  # the braces of JSON


def test_it_is_up_to_date_with_the_code() -> None:
    """`make catalogue` changes nothing."""
    assert RUSSIAN.read_bytes().decode() == updated().decode()


def test_every_message_has_a_translation() -> None:
    missing = [each.id for each in MESSAGES if not all(texts(each.string)) or each.fuzzy]
    assert not missing


def test_counts_have_the_three_forms_of_russian() -> None:
    plurals = [each for each in MESSAGES if not isinstance(each.id, str)]
    assert plurals
    assert [each.id for each in plurals if len(texts(each.string)) != 3] == []


def faults(message: Message) -> Iterator[str]:
    if [file for file, _line in message.locations] == [OF_CLICK]:
        return
    known = set().union(*map(places, texts(message.id)))
    for text in texts(message.string):
        # One form may leave out the number, which then is a word.
        if not places(text) <= known or known - places(text) - {"n"}:
            yield f"{message.id!r}: {text!r}"


@pytest.mark.parametrize("part", range(4))
def test_translations_take_the_same_values(part: int) -> None:
    found = [fault for message in MESSAGES[part::4] for fault in faults(message)]
    assert not found


def test_translations_are_russian() -> None:
    """They have Cyrillic letters, unless a message is only names and signs."""
    odd = [
        each.id
        for each in MESSAGES
        if any(letter.isalpha() for text in texts(each.id) for letter in _bare(text))
        and any(map(str.isalpha, _bare("".join(texts(each.string)))))
        and not any("а" <= letter.lower() <= "ё" for text in texts(each.string) for letter in text)
    ]
    assert odd == []


def _bare(text: str) -> str:
    return re.sub(r"\{[^{}]*\}|%[A-Za-z]", "", text)


def test_the_compiler_of_gettext_takes_it(tmp_path: Path) -> None:
    try:
        done = subprocess.run(
            ["msgfmt", "-c", "-o", tmp_path / "x.mo", RUSSIAN],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no msgfmt here")
    assert done.returncode == 0, done.stderr


def is_text(node: ast.AST) -> bool:
    """Tell whether an expression is a text with letters, in the code itself."""
    if isinstance(node, ast.JoinedStr):
        return any(map(is_text, node.values))
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for file in CODE:
        if file.name == "language.py":
            continue
        yield file.relative_to(ROOT), ast.parse(file.read_text("utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def test_no_sentence_goes_past_the_catalogue() -> None:
    found = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for name, node in calls(tree)
        if name in SAID and node.args and is_text(node.args[0])
    ]
    assert found == []


def test_messages_are_literals() -> None:
    """Others could not be found in the code, nor in the catalogue."""
    found = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for name, node in calls(tree)
        if name in OURS
        for each in node.args[: OURS[name]]
        if not (isinstance(each, ast.Constant) and isinstance(each.value, str))
    ]
    assert found == []


def test_no_message_is_inside_an_f_string() -> None:
    """There it would not be found, so that the catalogue never gets it."""
    found = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for name, node in calls(text)
        if name in OURS
    ]
    assert found == []


def test_the_name_of_the_catalogue_means_nothing_else() -> None:
    """`for _ in …` in a function would make `_` a number in all of it."""
    assert [each for file, tree in trees() if imports_it(tree) for each in stored(file, tree)] == []


def imports_it(tree: ast.Module) -> bool:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(each.name == "_" for node in imports for each in node.names)


def stored(file: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="_", ctx=ast.Store()) | ast.arg(arg="_"):
                yield f"{file}:{node.lineno}"
