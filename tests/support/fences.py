"""The blocks of code on the pages for people, and what is in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT

SHELL, SESSION = "sh", "console"

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """One block: where it is, its language, what is in it, and the line of prose before it."""

    page: str
    line: int
    language: str
    text: str
    before: str

    def __str__(self) -> str:
        """Return the place, as a test is named after it."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return the pages that people read."""
    names = ("README.md", "README.ru.md", "CONTRIBUTING.md", "examples/README.md")
    named = (ROOT / name for name in names)
    return [*named, *sorted((ROOT / "docs").glob("*.md"))]


def fences(*languages: str) -> list[Fence]:
    """Return the blocks in any of these languages, all without a choice."""
    found = [fence for page in pages() for fence in _fences_of(page)]
    return [each for each in found if not languages or each.language in languages]


def _fences_of(path: Path) -> Iterator[Fence]:
    page, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before = text[: found.start()]
        line, last = before.count("\n") + 1, before.rstrip().split("\n")[-1]
        yield Fence(page, line, found[1], found[2], last)


def lines_of(fence: Fence) -> list[tuple[str, list[str]]]:
    """Return the commands of a block, each with the lines that it prints by a session."""
    text = fence.text.replace("\\\n", " ")
    if fence.language == SHELL:
        return [(line, []) for line in text.splitlines() if line.strip()]
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def commands_of(line: str) -> list[list[str]]:
    """Return the words of each command of a line, without variables set and files redirected."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    reader.whitespace_split = True
    found: list[list[str]] = [[]]
    words = iter(reader)
    for word in words:
        if set(word) <= set("<>"):
            next(words)
        elif set(word) <= set("();|&"):
            found.append([])
        elif found[-1] or not re.match(r"\w+=", word):
            found[-1].append(word)
    return [_plain(each) for each in found if each and each != ["$"] and each != ["export"]]


def _plain(words: list[str]) -> list[str]:
    return words[1:] if words[0] == "exec" else words
