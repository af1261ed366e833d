"""From a key to the last byte it paints, in every pane, beside Textual's own table."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.databases import kept
from bench.plan import MILLION, TEN_THOUSAND, BenchPlan, house, short
from bench.programs import BARE, Program, bare, leadboard
from bench.pty_terminal import KEYS, PtyTerminal
from bench.result import Result, percentile

SETTLED = 0.04
"""Seconds without output after which a paint counts as complete."""
PERCENTS = (50, 99)
TARGET = 1.3
"""The most that the median may cost, as a multiple of the table's."""
BEYOND = 25.0
"""The most milliseconds that the slowest keys may take beyond those of the table."""
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
    "waiting": ("f4", "]"),
    "leads": ("f4", "]", "]"),
    "history": ("H", "m"),
}
"""The keys that lead to each pane from a newly opened desk."""

DOWN, SCROLL, PAGE = "down", "scroll", "page"


@dataclass(frozen=True, slots=True)
class Course:
    """A program, the keys that lead to one of its panes, and the walks there by name."""

    program: Program
    way: Sequence[str]
    walks: Mapping[str, Walk]


def measure(plan: BenchPlan) -> list[Result]:
    """Walk through every pane of a large house, and beside it through the bare table."""
    small, large = (leadboard(kept(house(size))) for size in (TEN_THOUSAND, MILLION))
    table = Course(BARE, (), walks("ctrl+home", 1, plan.laps))
    results = []
    for pane, way in PANES.items():
        ours, bare = walked(Course(large, way, walks("g", 8, plan.laps)), table)
        results += [each for name in ours for each in _compared(pane, name, ours[name], bare[name])]
    return [*results, *_pages(large), _size(small, large)]


def walks(top: str, pages: int, laps: int) -> dict[str, Walk]:
    """Return the walks of a pane: within the first page, scrolling by lines, and by pages."""
    return {
        DOWN: Walk("down", 8, 4 * laps, (top,)),
        SCROLL: Walk("down", 24, laps, (top, *["down"] * 40)),
        PAGE: Walk("pagedown", pages, 16 // pages * laps, (top,)),
    }


def _compared(
    pane: str, name: str, ours: Sequence[float], bare: Sequence[float]
) -> Iterator[Result]:
    for percent in PERCENTS:
        mine, baseline = percentile(ours, percent), percentile(bare, percent)
        is_median = percent == 50
        yield Result(
            f"key in {pane}, {name}, p{percent}, beside bare",
            mine,
            baseline,
            "ms",
            target=TARGET if is_median else None,
            limit=None if is_median else round(baseline + BEYOND, 1),
        )


def _pages(program: Program) -> list[Result]:
    """Compare a page key in the grid of 500 x 50 with one in Textual's table of that size."""
    walk = {PAGE: Walk("pagedown", 10, 1, ())}
    ours, table = walked(Course(program, PANES["weights"], walk), Course(bare(500, 50), (), walk))
    name = "page key in the grid beside a DataTable, 500 x 50"
    return [
        Result(
            f"{name}, p{percent}",
            percentile(ours[PAGE], percent),
            percentile(table[PAGE], percent),
            "ms",
            TABLE_TARGET,
        )
        for percent in PERCENTS
    ]


def _size(small: Program, large: Program) -> Result:
    """Compare a line key in the appeals at two sizes."""
    walk = {DOWN: walks("g", 1, 1)[DOWN]}
    few, many = (
        percentile(times[DOWN], 50)
        for times in walked(*(Course(each, PANES["appeals"], walk) for each in (small, large)))
    )
    return Result(f"key in appeals, {short(MILLION)} beside {short(TEN_THOUSAND)}", many, few, "ms")


def walked(*courses: Course) -> list[dict[str, list[float]]]:
    """Make the walks of all courses side by side, a key here and a key there.

    Return the milliseconds of each key, by the name of the walk, for each course.
    """
    with ExitStack() as stack:
        terminals = [stack.enter_context(course.program.started()) for course in courses]
        for terminal, course in zip(terminals, courses, strict=True):
            terminal.press(*course.way)
            terminal.wait_quiet(0.3)
        pairs = list(zip(terminals, courses, strict=True))
        times: list[dict[str, list[float]]] = [{} for _ in courses]
        for name in courses[0].walks:
            steps = zip(*(_walk(each, course.walks[name]) for each, course in pairs), strict=True)
            for kept_in, keys in zip(times, zip(*steps, strict=True), strict=True):
                kept_in[name] = list(keys)
        return times


def _walk(terminal: PtyTerminal, walk: Walk) -> Iterator[float]:
    for _ in range(walk.laps):
        terminal.press(*walk.before)
        terminal.wait_quiet(0.1)
        for _ in range(walk.steps):
            yield key_to_paint(terminal, walk.key)


def key_to_paint(terminal: PtyTerminal, key: str) -> float:
    """Return the milliseconds from writing a key to the last byte of the paint that it causes."""
    seen = len(terminal.chunks)
    pressed = time.perf_counter()
    terminal.type(KEYS[key])
    terminal.wait_until(lambda: len(terminal.chunks) > seen)
    return (terminal.wait_quiet(SETTLED) - pressed) * 1000
