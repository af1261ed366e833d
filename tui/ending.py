"""Ending the screen on a signal: in order, and with the terminal always restored."""

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
"""Seconds after which a requested end is forced; longer than LAST_WAIT, which acts may use."""

_PUT_BACK = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""Restores a terminal: paste, wrapping, mouse, keys, main screen, cursor, focus, colours."""


class Ending:
    """Turns the signals that kill a program into an orderly end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
        self._loop = loop
        self._end = end
        self._terminal = -1
        self._attributes: list[Any] | None = None
        self.is_put_back = False

    def listen(self, terminal: int) -> None:
        """Handle the signals from now on, except those the caller has switched off."""
        self.is_put_back = False
        self._terminal = terminal
        # Called again after each stop, but the state to restore is the one before the first start.
        if self._attributes is None:
            with suppress(termios.error):
                self._attributes = termios.tcgetattr(terminal)
        for number in SIGNALS:
            # nohup ignores SIGHUP, so that a program outlives its terminal.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # The main thread may be blocked on a terminal that no longer reads.
        last = threading.Timer(LAST_RESORT, self._end_now, (number,))
        last.daemon = True
        last.start()
        self._end(number)

    def _end_now(self, number: int) -> None:
        if not self.is_put_back:
            with suppress(OSError):
                # A terminal that no longer reads would block this write as well.
                os.set_blocking(self._terminal, False)
                os.write(self._terminal, _PUT_BACK)
            if self._attributes is not None:
                with suppress(termios.error):
                    # TCSANOW: other modes wait for the terminal to take all output.
                    termios.tcsetattr(self._terminal, termios.TCSANOW, self._attributes)
        # Runs on the timer's thread, where sys.exit() would end only that thread.
        os._exit(128 + number)
