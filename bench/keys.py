"""From a key to the last byte of what it paints: the grid of 500 x 50 beside a bare table."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Sizes, generate
from bench.plan import Plan
from bench.programs import BARE, Program, leadboard
from bench.pty_terminal import KEYS, PtyTerminal
from bench.result import Result, percentile

SIZES = Sizes(appeals=5_000, operators=500, sources=50)
SETTLED = 0.04
"""Seconds without a byte after which a paint counts as complete."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A key pressed `steps` times in a row from where `before` leads, `laps` times over."""

    key: str
    steps: int
    laps: int
    before: Sequence[str]


NAMES = ("down in the page", "down that scrolls", "page down")
PERCENTS = (50, 99)


def measure(plan: Plan) -> list[Result]:
    """Walk down in both programs, and compare like with like, then a page with a line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.db"
        generate(path, SIZES)
        ours = _walks(leadboard(path), "f3", _plan(["home", "pagedown"], 15))
    bare = _walks(BARE, "", _plan(["ctrl+home"], 1))
    pairs = [*zip(NAMES, ours, bare, strict=True), ("page down, by bare down", ours[2], bare[0])]
    return [result for pair in pairs for result in _compared(*pair)]


def _plan(top: Sequence[str], pages: int) -> list[Walk]:
    """Return the walks of a program: where its pages begin to scroll, and how many of them do."""
    beyond_the_first_page = (top[0], *["down"] * 40)
    return [
        Walk("down", 12, 8, top[:1]),
        Walk("down", 20, 3, beyond_the_first_page),
        Walk("pagedown", pages, 30 // pages, top),
    ]


def _compared(name: str, ours: list[float], bare: list[float]) -> list[Result]:
    return [
        Result(f"{name}, p{percent}", percentile(ours, percent), percentile(bare, percent), "ms")
        for percent in PERCENTS
    ]


def _walks(program: Program, first_key: str, walks: Sequence[Walk]) -> list[list[float]]:
    with program.start() as terminal:
        terminal.wait_until(lambda: program.data in terminal.raw)
        terminal.wait_quiet(0.5)
        terminal.press(first_key)
        return [_walk(terminal, walk) for walk in walks]


def _walk(terminal: PtyTerminal, walk: Walk) -> list[float]:
    times = []
    for _ in range(walk.laps):
        terminal.press(*walk.before)
        terminal.wait_quiet(0.1)
        times += [key_to_paint(terminal, walk.key) for _ in range(walk.steps)]
    return times


def key_to_paint(terminal: PtyTerminal, key: str) -> float:
    """Return the milliseconds from writing a key to the last byte of the paint that it causes."""
    seen = len(terminal.chunks)
    pressed = time.perf_counter()
    terminal.type(KEYS[key])
    terminal.wait_until(lambda: len(terminal.chunks) > seen)
    return (terminal.wait_quiet(SETTLED) - pressed) * 1000
