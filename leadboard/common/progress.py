"""How long work reports its progress, independent of what displays it."""

from collections.abc import Callable

Advance = Callable[[int, int], None]
"""Receives the position, in bytes or rows, and the number of rows done so far."""

Begin = Callable[[int], Advance]
"""Starts counting towards a total."""
