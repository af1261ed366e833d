"""Stopping on request: a signal lets work in progress end, and interrupts waiting."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """The process was asked to stop; `code` is what it should exit with."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Stopped by signal {number}.")
        self.code = 128 + number


class Stop:
    """Remembers that a signal asked to stop; a second signal no longer waits for the work."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._is_waiting = False

    def check(self) -> None:
        """Raise Stopped if a signal came."""
        if self._number is not None:
            raise Stopped(self._number)

    def has_come(self) -> bool:
        """Tell whether a signal asked to stop."""
        return self._number is not None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal interrupt the block at once."""
        self._is_waiting = True
        try:
            # After the flag: a signal just before it must not be slept through.
            self.check()
            yield
        finally:
            self._is_waiting = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catch the signals inside, except those that the caller had switched off."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        # A script switches SIGINT off for its jobs in the background: Ctrl-C is not meant for them.
        caught = [number for number in _SIGNALS if before[number] is not signal.SIG_IGN]
        for number in caught:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number in caught:
                signal.signal(number, before[number])

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        is_second = self._number is not None
        self._number = number
        if self._is_waiting or is_second:
            raise Stopped(number)
