"""From a key to the last byte it paints, in every pane, beside Textual's own table."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.databases import kept
from bench.plan import MILLION, TEN_THOUSAND, BenchPlan, house, short
from bench.programs import BARE, Program, bare, leadboard
from bench.pty_terminal import KEYS, PtyTerminal
from bench.result import Result, percentile

SETTLED = 0.04
"""Seconds without output after which a paint counts as complete."""
PERCENTS = (50, 99)
TABLE_TARGET = 1 / 10


@dataclass(frozen=True, slots=True)
class Walk:
    """A key pressed `steps` times in a row from where `before` leads, `laps` times over."""

    key: str
    steps: int
    laps: int
    before: Sequence[str]


PANES = {
    "operators": ("f2",),
    "weights": ("f3",),
    "appeals": ("f4",),
    "leads": ("f4", "]", "]"),
    "history": ("H",),
}
"""The keys that lead to each pane from a newly opened desk."""

DOWN, SCROLL, PAGE = "down", "scroll", "page"


def measure(plan: BenchPlan) -> list[Result]:
    """Walk through every pane of a large house, and through the bare table."""
    small, large = (leadboard(kept(house(size))) for size in (TEN_THOUSAND, MILLION))
    table = walked(BARE, (), walks("ctrl+home", 1, plan.laps))
    results = []
    for pane, way in PANES.items():
        times = walked(large, way, walks("g", 8, plan.laps))
        results += [each for name in times for each in _compared(pane, name, times, table)]
    return [*results, *_pages(large), _size(small, large)]


def walks(top: str, pages: int, laps: int) -> dict[str, Walk]:
    """Return the walks of a pane: within the first page, scrolling by lines, and by pages."""
    return {
        DOWN: Walk("down", 8, 4 * laps, (top,)),
        SCROLL: Walk("down", 24, laps, (top, *["down"] * 40)),
        PAGE: Walk("pagedown", pages, 16 // pages * laps, (top,)),
    }


def _compared(
    pane: str,
    name: str,
    ours: Mapping[str, Sequence[float]],
    table: Mapping[str, Sequence[float]],
) -> list[Result]:
    return [
        Result(
            f"key in {pane}, {name}, p{percent}, beside bare",
            percentile(ours[name], percent),
            percentile(table[name], percent),
            "ms",
        )
        for percent in PERCENTS
    ]


def _pages(program: Program) -> list[Result]:
    """Compare a page key in the grid of 500 x 50 with one in Textual's table of that size."""
    walk = {PAGE: Walk("pagedown", 10, 1, ())}
    ours = walked(program, PANES["weights"], walk)[PAGE]
    table = walked(bare(500, 50), (), walk)[PAGE]
    name = "page key in the grid beside a DataTable, 500 x 50"
    return [
        Result(
            f"{name}, p{percent}",
            percentile(ours, percent),
            percentile(table, percent),
            "ms",
            TABLE_TARGET,
        )
        for percent in PERCENTS
    ]


def _size(small: Program, large: Program) -> Result:
    """Compare a line key in the appeals at two sizes."""
    walk = {DOWN: walks("g", 1, 1)[DOWN]}
    few, many = (
        percentile(walked(each, PANES["appeals"], walk)[DOWN], 50) for each in (small, large)
    )
    return Result(f"key in appeals, {short(MILLION)} beside {short(TEN_THOUSAND)}", many, few, "ms")


def walked(
    program: Program, way: Sequence[str], walks: Mapping[str, Walk]
) -> dict[str, list[float]]:
    """Start a program, go to one of its panes, and return the milliseconds of each key there."""
    with program.started() as terminal:
        terminal.press(*way)
        terminal.wait_quiet(0.3)
        return {name: _walk(terminal, walk) for name, walk in walks.items()}


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
