"""The terminal, as it really is: its input may be any bytes, and it may go away at any moment."""

import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from leadboard.common.crashlog import surprise_once
from tui.ending import Ending

READ = 4096
LOOK = 0.1
"""Seconds between two looks at whether the input thread is to end, or a sequence is over."""


class DeskDriver(LinuxDriver):
    """Textual's driver, which takes any byte, ends with its terminal, and comes back from a stop.

    Textual 8.2 decodes input strictly, so that one byte of another encoding ends the program; it
    reads the end of a terminal as no input, for ever; and it knows of no signal that ends it.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._ending = Ending(self._loop, self.hang_up)
        self._file: Any = Output(self._file, self.hang_up)

    def start_application_mode(self) -> None:
        """Take over the terminal, and the signals that would leave it so."""
        self._ending.listen(self.fileno)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._ending.is_put_back = True

    def close(self) -> None:
        """Wait until all is written, but not for a terminal that takes nothing any more."""
        writer = self._writer_thread
        if writer is not None:
            writer.write(None)  # type: ignore[arg-type]
            writer.join(1.0)

    def hang_up(self, number: int = signal.SIGHUP) -> None:
        """End the app from any thread; the acts under way are given a second."""
        end: Callable[[int], None] = self._app.end  # type: ignore[attr-defined]
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(end, 128 + number)

    def _sigcont_application(self, *_: object) -> None:
        """Set the terminal up anew, also after a stop that no program is told of."""
        try:
            is_in_front = os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # with a terminal that goes, a SIGCONT follows the SIGHUP
            self.hang_up()
            return
        if not is_in_front:
            # Continued in the background: the terminal is the shell's until we are called back.
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def run_input_thread(self) -> None:
        """Read keys, and mouse and paste, until the end of the program or of the terminal."""
        parser, decode = Parser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            has_input = selector.select
            while not self.exit_event.is_set():
                data = None
                if has_input(LOOK):
                    data = _read(self.fileno)
                    if not data:
                        self.hang_up()
                        return
                try:
                    self._take(parser, decode(data) if data else "")
                except Exception as error:  # a sequence that the parser cannot take
                    surprise_once(error)
                    parser = Parser(self._debug)

    def _take(self, parser: XTermParser, text: str) -> None:
        if text:
            for event in parser.feed(text):
                self.process_message(event)
        for event in parser.tick():
            self.process_message(event)


class Parser(XTermParser):
    """Textual's parser, but for sequences that name a letter which does not exist."""

    def _parse_extended_key(self, sequence: str) -> Any:  # type: ignore[override]
        try:
            return super()._parse_extended_key(sequence)
        except (OverflowError, ValueError):
            return None


class Output:
    """The terminal to write to; once it is gone, what is written goes nowhere."""

    def __init__(self, file: IO[str], on_gone: Callable[[], None]) -> None:
        self._file = file
        self._on_gone = on_gone
        self._is_gone = False

    def write(self, text: str) -> None:
        """Write a text."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Write what was kept back."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Tell that it is a terminal: else there would be no screen."""
        return True

    def _try(self, write: Callable[[], object]) -> None:
        if self._is_gone:
            return
        try:
            write()
        except OSError:
            self._is_gone = True
            self._on_gone()


def _read(descriptor: int) -> bytes:
    """Return what was typed, nothing once the terminal is gone."""
    try:
        return os.read(descriptor, READ)
    except OSError:
        return b""
