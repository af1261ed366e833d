"""Lines from a file or a pipe: bounded in memory, handed over as soon as they arrive."""

import os
import select
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

MAX_LINE = 1 << 20
"""Bytes that one line may have."""

CHUNK = 1 << 16


class Line(NamedTuple):
    """One line by its number from 1, without its line feed; None where it was too long."""

    number: int
    content: bytes | None


class Splitter:
    """Cuts a stream of chunks into lines, keeping at most MAX_LINE of an unfinished one."""

    def __init__(self) -> None:
        self.finished: deque[Line] = deque()
        self._number = 0
        self._begun = bytearray()
        self._is_too_long = False

    @property
    def held(self) -> int:
        """Return how many bytes the finished lines have."""
        return sum(len(line.content or b"") for line in self.finished)

    def push(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._extend(end)
            self._finish()
        self._extend(rest)

    def end(self) -> None:
        """Take the end of the stream: an unfinished line was the last one."""
        if self._begun or self._is_too_long:
            self._finish()

    def _extend(self, piece: bytes) -> None:
        if self._is_too_long:
            return
        self._begun += piece
        if len(self._begun) > MAX_LINE:
            self._is_too_long = True
            self._begun.clear()

    def _finish(self) -> None:
        self._number += 1
        content = None if self._is_too_long else bytes(self._begun)
        self.finished.append(Line(self._number, content))
        self._begun.clear()
        self._is_too_long = False


class LineReader:
    """Reads lines from a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.bytes_read = 0
        self._descriptor = descriptor
        self._splitter = Splitter()
        self._has_ended = False

    def take(self, most: int, waiting: Callable[[], AbstractContextManager[None]]) -> list[Line]:
        """Return up to `most` lines, waiting (inside `waiting`) for the first one only.

        No line at all means that the input has ended.
        """
        finished = self._splitter.finished
        while not finished and not self._has_ended:
            with waiting():
                select.select([self._descriptor], [], [])
                self._read()
        # Bounded in bytes as well: `most` lines of the greatest length would fill the memory.
        while len(finished) < most and self._splitter.held < MAX_LINE and self._is_ready():
            self._read()
        return [finished.popleft() for _ in range(min(most, len(finished)))]

    @property
    def has_more(self) -> bool:
        """Tell whether `take` would return at once."""
        return bool(self._splitter.finished) or self._is_ready()

    def _is_ready(self) -> bool:
        return not self._has_ended and bool(select.select([self._descriptor], [], [], 0)[0])

    def _read(self) -> None:
        chunk = os.read(self._descriptor, CHUNK)
        self.bytes_read += len(chunk)
        if chunk:
            self._splitter.push(chunk)
        else:
            self._has_ended = True
            self._splitter.end()
