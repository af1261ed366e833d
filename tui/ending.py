"""The end of the screen on request: signals are heard, and the terminal is always put back."""

import asyncio
import os
import signal
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LAST_RESORT = 1.5
"""Seconds after which an end that was asked for comes at any price."""

_PUT_BACK = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""What gives a terminal back: paste, wrapping, mouse, keys, main screen, cursor, focus, colours."""


class Ending:
    """Turns the signals that end a program into its orderly end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
        self._loop = loop
        self._end = end
        self._terminal = -1
        self._attributes: list[Any] | None = None
        self.is_put_back = False

    def listen(self, terminal: int) -> None:
        """Hear the signals from now on, but for those that the caller had switched off."""
        self.is_put_back = False
        self._terminal = terminal
        if self._attributes is None:
            with suppress(termios.error):
                self._attributes = termios.tcgetattr(terminal)
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # The main thread may be waiting for a terminal that takes nothing any more.
        last = threading.Timer(LAST_RESORT, self._end_now, (number,))
        last.daemon = True
        last.start()
        self._end(number)

    def _end_now(self, number: int) -> None:
        if not self.is_put_back:
            with suppress(OSError):
                os.set_blocking(self._terminal, False)
                os.write(self._terminal, _PUT_BACK)
            if self._attributes is not None:
                with suppress(termios.error):
                    termios.tcsetattr(self._terminal, termios.TCSANOW, self._attributes)
        os._exit(128 + number)
