"""Waiting for what other processes do: asked again and again, for a time a busy machine needs."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait for a condition, and return the seconds it took; fail when it never holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "what was waited for has not happened"
        time.sleep(0.02)
    return time.monotonic() - begun
