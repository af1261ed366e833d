"""The terminal driver: input may be any bytes, and the terminal may go away at any moment."""

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
"""Seconds between checks for the end of the input thread or of an escape sequence."""


KEEP_TITLE, RESTORE_TITLE = "\x1b[22;0t", "\x1b[23;0t"
"""Put the title of the terminal on its stack, and take it back from there."""


class DeskDriver(LinuxDriver):
    """Textual's driver, made to accept any byte, end with its terminal, and survive a stop.

    Textual 8.2 decodes input strictly, so one byte in another encoding ends the program; it takes
    the end of a terminal for missing input, forever; and it handles no signal that ends it.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._ending = Ending(self._loop, self.hang_up)
        self._file: Any = Output(self._file, self.hang_up)
        self._title = "Leadboard"

    def start_application_mode(self) -> None:
        """Take over the terminal, and the signals that would otherwise leave it in that state."""
        # First: the terminal's attributes have to be saved before Textual switches it to raw mode.
        self._ending.listen(self.fileno)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write(KEEP_TITLE)
        self._entitle()

    def stop_application_mode(self) -> None:
        """Give the terminal back, with the title that it had."""
        self.write(RESTORE_TITLE)
        super().stop_application_mode()
        self._ending.is_put_back = True

    def entitle(self, title: str) -> None:
        """Give the terminal a title, which must be the program's own words."""
        if title != self._title:
            self._title = title
            self._entitle()

    def _entitle(self) -> None:
        self.write(f"\x1b]0;{self._title}\x07")

    def close(self) -> None:
        """Wait until everything is written, but not for a terminal that no longer reads."""
        # Textual's WriterThread.stop() joins without a timeout.
        writer = self._writer_thread
        if writer is not None:
            writer.write(None)  # type: ignore[arg-type]
            writer.join(1.0)

    def hang_up(self, number: int = signal.SIGHUP) -> None:
        """End the app from any thread; acts in progress get a second to finish."""
        end: Callable[[int], None] = self._app.end  # type: ignore[attr-defined]
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(end, 128 + number)

    def _sigcont_application(self, *_: object) -> None:
        """Set the terminal up again, even after a SIGSTOP, which no program is told about."""
        try:
            is_in_front = os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # a terminal that goes away sends SIGCONT after SIGHUP
            self.hang_up()
            return
        if not is_in_front:
            # Continued in the background: the terminal belongs to the shell until `fg`.
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        # After a SIGSTOP Textual's own SIGTSTP handler has not run, so its input thread still runs.
        if self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def run_input_thread(self) -> None:
        """Read keys, mouse events and pastes until the program or the terminal ends."""
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
                except Exception as error:  # a sequence that the parser cannot handle
                    surprise_once(error)
                    # The parser is a generator, and an error has ended it.
                    parser = Parser(self._debug)

    def _take(self, parser: XTermParser, text: str) -> None:
        if text:
            for event in parser.feed(text):
                self.process_message(event)
        # Without input too: only time tells a lone escape from the start of a sequence.
        for event in parser.tick():
            self.process_message(event)


class Parser(XTermParser):
    """Textual's parser, which here ignores sequences that name a letter that does not exist."""

    def _parse_extended_key(self, sequence: str) -> Any:  # type: ignore[override]
        try:
            return super()._parse_extended_key(sequence)
        # The kitty protocol sends code points, and chr() raises for one that is out of range.
        except (OverflowError, ValueError):
            return None


class Output:
    """The terminal as a file; once it is gone, whatever is written is dropped."""

    def __init__(self, file: IO[str], on_gone: Callable[[], None]) -> None:
        self._file = file
        self._on_gone = on_gone
        self._is_gone = False

    def write(self, text: str) -> None:
        """Write a text."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Write what is buffered."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Return True: without a terminal there is no screen."""
        return True

    def _try(self, write: Callable[[], object]) -> None:
        if self._is_gone:
            return
        try:
            write()
        except OSError:
            # Textual writes from a thread of its own, which an error would end without a word.
            self._is_gone = True
            self._on_gone()


def _read(descriptor: int) -> bytes:
    """Return the bytes typed, none once the terminal is gone."""
    try:
        return os.read(descriptor, READ)
    except OSError:
        return b""
