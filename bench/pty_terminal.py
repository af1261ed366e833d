"""A real pseudo-terminal around a command: keys go in, bytes come out with their moments."""

import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "ctrl+home": "\x1b[1;5H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "enter": "\r",
    "escape": "\x1b",
    "backspace": "\x7f",
    "space": " ",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
}
"""What a terminal sends for keys other than letters."""

_INHERITED = ("PATH", "HOME", "USER", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "TZ")
_TERMINAL = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "ESCDELAY": "25",
    # An animation would go on painting after a key.
    "TEXTUAL_ANIMATIONS": "none",
}
_AFTER_KEY = 0.01
"""Seconds between two keys, faster than anybody types."""
_AFTER_ESCAPE = 0.05
"""Seconds after escape, so that it does not begin a sequence: twice ESCDELAY."""


class Chunk(NamedTuple):
    """The result of one read, and its moment."""

    at: float
    data: bytes


class PtyTerminal:
    """A command on a pseudo-terminal of its own, ended with the `with` block."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self._chunks: list[Chunk] = []
        self._news = threading.Condition()
        self._main, end = os.openpty()
        self._set_size(*size)
        self.started = time.perf_counter()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=end,
                stdout=end,
                stderr=end,
                env=_environment(env or {}),
                cwd=cwd,
                start_new_session=True,
                # It must own the terminal, or it would get neither SIGWINCH nor SIGHUP.
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        except BaseException:
            os.close(self._main)
            raise
        finally:
            # While this end is open here, reading never reaches the end of the output.
            os.close(end)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> None:
        # When the command ends, read fails on Linux and returns nothing elsewhere.
        with suppress(OSError):
            while data := os.read(self._main, 1 << 16):
                with self._news:
                    self._chunks.append(Chunk(time.perf_counter(), data))
                    self._news.notify_all()

    # What came out.

    @property
    def chunks(self) -> list[Chunk]:
        """Return all output so far, read by read."""
        with self._news:
            return list(self._chunks)

    @property
    def raw(self) -> bytes:
        """Return all output so far as bytes."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def is_alive(self) -> bool:
        """Tell whether the command is still running."""
        return self.process.poll() is None

    def wait_until(self, condition: Callable[[], bool], timeout: float = 15.0) -> None:
        """Wait for a condition on the output; raises TimeoutError, even if the command ends."""
        deadline = time.perf_counter() + timeout
        while not condition():
            # Asked before the wait: output may still arrive just after the command has ended.
            was_alive = self.is_alive
            with self._news:
                self._news.wait(0.01)
            if not was_alive and not condition():
                raise TimeoutError(f"the command ended with {self.process.returncode}")
            if time.perf_counter() > deadline:
                raise TimeoutError(f"still waiting after {timeout} s")

    def wait_quiet(self, quiet: float = 0.06, timeout: float = 15.0) -> float:
        """Wait until no output came for `quiet` seconds, or can come; return the last moment."""
        begun = time.perf_counter()

        def is_quiet() -> bool:
            is_over = not self.is_alive and not self._reader.is_alive()
            return is_over or time.perf_counter() - max(begun, self._last_at()) >= quiet

        self.wait_until(is_quiet, timeout)
        return self._last_at()

    def _last_at(self) -> float:
        with self._news:
            return self._chunks[-1].at if self._chunks else self.started

    # What goes in.

    def type(self, text: str | bytes) -> None:
        """Send text as if it were typed."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        while data:
            data = data[os.write(self._main, data) :]

    def press(self, *keys: str) -> None:
        """Press keys one after another by name, such as `f2` or `tab`; other words are typed."""
        for key in keys:
            self.type(KEYS.get(key) or _control(key))
            time.sleep(_AFTER_ESCAPE if key == "escape" else _AFTER_KEY)

    def paste(self, text: str) -> None:
        """Paste text in brackets and without escapes, as terminals do on request."""
        self.type("\x1b[200~" + text.replace("\x1b", "") + "\x1b[201~")

    def click(self, x: int, y: int) -> None:
        """Click the left button on a cell, counted from the top left corner."""
        self.type(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal, which signals the command."""
        self._set_size(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # The end.

    def wait_exit(self, timeout: float = 10.0) -> int:
        """Wait for the command to end by itself; return its exit code."""
        return self.process.wait(timeout)

    def close(self) -> None:
        """Kill the command with all its children, and free the terminal."""
        if self._main < 0:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        os.close(self._main)
        self._main = -1


def _control(key: str) -> str:
    if key.startswith("ctrl+"):
        return chr(ord(key.removeprefix("ctrl+").upper()) - 0x40)
    return key


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | _TERMINAL | dict(env)
