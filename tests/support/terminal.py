"""A pseudo-terminal with a screen: what a person would see of the program, and every raw byte."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import pyte

from bench.pty_terminal import PtyTerminal

Condition = str | Callable[[], bool]

# What pyte does not know, it raises on or prints: kitty keys, mode queries, styled underlines.
_UNKNOWN = re.compile(
    "\x1b\\["
    "(?:[<=>][0-?]*[ -/]*[@-~]"
    "|[0-?]*[ -/]+[@-~]"
    "|\\?[0-?]*[ -/]*[@-gi-km-~]"
    "|[0-?]*:[0-?]*[ -/]*[@-~])"
    "|\x1b[P_^X][^\x1b]*\x1b\\\\"
)
_UNFINISHED = re.compile("\x1b(?:\\[[0-?]*[ -/]*|[]P_^X][^\x1b\x07]*\x1b?)?$")


class Terminal(PtyTerminal):
    """A command on a terminal that one can look at; `LEADBOARD_DB` and such go into `env`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self._rest = b""
        super().__init__(command, size=size, env=env, cwd=cwd)

    def lines(self) -> list[str]:
        """Return the lines of the screen as they are now."""
        chunks = self.chunks
        fresh = b"".join(chunk.data for chunk in chunks[self._fed :])
        self._fed = len(chunks)
        known, self._rest = known_to_pyte(self._rest + fresh)
        with suppress(Exception):  # pyte starts anew after what it cannot understand
            self._stream.feed(known)
        return list(self._screen.display)

    def screen_text(self) -> str:
        """Return the screen as one text."""
        return "\n".join(line.rstrip() for line in self.lines())

    def wait_for(self, condition: Condition, timeout: float = 15.0) -> None:
        """Wait for a text on the screen or a condition; TimeoutError shows the screen."""

        def is_met() -> bool:
            return condition in self.screen_text() if isinstance(condition, str) else condition()

        try:
            self.wait_until(is_met, timeout)
        except TimeoutError as error:
            raise TimeoutError(
                f"{error}, wanted {condition!r} on this screen:\n{self.screen_text()}"
            ) from None

    def find(self, text: str) -> tuple[int, int]:
        """Return column and row of the first place where the screen shows a text."""
        for row, line in enumerate(self.lines()):
            if (column := line.find(text)) >= 0:
                return column, row
        raise LookupError(f"{text!r} is not on this screen:\n{self.screen_text()}")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal and of what one sees."""
        self.lines()
        self._screen.resize(rows, columns)
        super().resize(columns, rows)


def known_to_pyte(data: bytes) -> tuple[bytes, bytes]:
    """Return the bytes without sequences that pyte cannot take, and an unfinished rest."""
    text = data.decode("utf-8", "surrogateescape")
    cut = _UNFINISHED.search(text)
    rest = text[cut.start() :] if cut else ""
    known = _UNKNOWN.sub("", text.removesuffix(rest))
    return known.encode("utf-8", "surrogateescape"), rest.encode("utf-8", "surrogateescape")
