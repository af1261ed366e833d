"""How urgent a wait is: quiet, amber or red, in colour and as a sign."""

from collections.abc import Callable
from datetime import timedelta

Thresholds = Callable[[str], tuple[timedelta, timedelta]]
"""Returns by the name of a source from which wait on an appeal is amber, and from which red."""

QUIET, AMBER, RED = "", "warn", "bad"
"""The pens of the three."""
SIGNS = {QUIET: "", AMBER: "!", RED: "!!"}
"""What says the same without colour."""


def urgency(waits: timedelta | None, thresholds: tuple[timedelta, timedelta]) -> str:
    """Return the pen for a wait; one of unknown length is quiet."""
    amber, red = thresholds
    if waits is None or waits < amber:
        return QUIET
    return AMBER if waits < red else RED
