"""Saying once, and not once for each thread, that the database is out of reach."""

import threading
from collections.abc import Callable

from leadboard.common.errors import Trouble
from leadboard.common.language import _


class Complaints:
    """What several threads find wrong with one database: said when the first of them finds it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._cut_off: set[int] = set()

    def add(self, trouble: Trouble) -> None:
        """Note that this thread cannot reach the database."""
        with self._lock:
            if not self._cut_off:
                self._tell(_("{trouble} Still trying.", trouble=trouble))
            self._cut_off.add(threading.get_ident())

    def clear(self) -> None:
        """Note that this thread can do its work, or has ended."""
        with self._lock:
            self._cut_off.discard(threading.get_ident())
