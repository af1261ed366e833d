"""Log files: private to their owner, and rotated by their size."""

import os
from io import TextIOWrapper
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path


class PrivateLog(RotatingFileHandler):
    """A log file that only its owner may read; what keeps it from being written is raised.

    At `most` bytes it becomes `NAME.1`, and so on; `kept` older ones are kept.
    """

    def __init__(self, path: Path, most: int, kept: int) -> None:
        super().__init__(path, maxBytes=most, backupCount=kept, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        # Private, since messages, names and addresses of clients may be in it.
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        # UTF-8 has no form for a lone surrogate, and one must not keep the rest out of the log.
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def shouldRollover(self, record: LogRecord) -> int:  # noqa: N802 - the name is logging's
        """Tell whether the file is full; a pipe never is, and has no position to ask for."""
        is_no_file = os.path.exists(self.baseFilename) and not os.path.isfile(self.baseFilename)
        return not is_no_file and super().shouldRollover(record)

    def handleError(self, record: LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Raise the error that is being handled, which logging would print as a traceback."""
        raise
