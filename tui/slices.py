"""Long reckoning beside the screen: a few milliseconds at a time, so that no key waits for it."""

import asyncio
import time
from collections.abc import Generator
from functools import partial
from typing import TypeVar

from tui.reader import Reader

T = TypeVar("T")

SLICE = 0.003
"""Seconds of work in a row; Python lets the screen's own thread in after five."""
REST = 6
"""How many times as long as a slice took the thread rests after it: a seventh of a core."""


async def in_slices(reader: Reader, slices: Generator[None, None, T], rest: float = REST) -> T:
    """Return what a generator returns, run on the thread of a reader with rests in between."""
    while True:
        begun = time.monotonic()
        done = await reader.read_beside(partial(_for_a_while, slices))
        if done is not None:
            return done[0]
        await asyncio.sleep(rest * (time.monotonic() - begun))


def _for_a_while(slices: Generator[None, None, T]) -> tuple[T] | None:
    """Work for one slice; return the result in a tuple of its own once there is one."""
    end = time.monotonic() + SLICE
    while time.monotonic() < end:
        try:
            next(slices)
        # Handed over as a value: a future refuses a StopIteration.
        except StopIteration as finished:
            return (finished.value,)
    return None
