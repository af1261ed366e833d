"""How whoever does long work tells how far it is, whatever shows it."""

from collections.abc import Callable

Advance = Callable[[int, int], None]
"""Takes how far the work is, in bytes or rows, and how many rows are done so far."""

Begin = Callable[[int], Advance]
"""Starts counting towards a total."""
