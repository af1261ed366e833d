"""From starting the program to the first text, and to the first row of data, on the terminal."""

from statistics import median

from bench.databases import kept
from bench.plan import BenchPlan, office, short
from bench.programs import BARE, Program, leadboard
from bench.pty_terminal import PtyTerminal
from bench.result import Result

TARGET = 1.25


def measure(plan: BenchPlan) -> list[Result]:
    """Start Leadboard at every size and the bare app alternately; compare the medians."""
    return [result for size in plan.sizes for result in _at(size, plan.rounds + 2)]


def _at(size: int, rounds: int) -> list[Result]:
    programs = (leadboard(kept(office(size))), BARE)
    for program in programs:
        # Not timed: the first start may compile bytecode and reads everything from the disk.
        first_content(program)
    runs = [[first_content(program) for program in programs] for _ in range(rounds)]
    return [
        Result(
            f"start to {what}, {short(size)}",
            median(ours[index] for ours, _ in runs),
            median(bare[index] for _, bare in runs),
            "ms",
            TARGET,
            size=size,
        )
        for index, what in enumerate(("first text", "first data"))
    ]


def first_content(program: Program) -> tuple[float, float]:
    """Return the milliseconds from the start to the text of the frame, and to that of the data."""
    with program.start() as terminal:
        terminal.wait_until(lambda: program.frame in terminal.raw and program.data in terminal.raw)
        return seen_after(terminal, program.frame), seen_after(terminal, program.data)


def seen_after(terminal: PtyTerminal, text: bytes) -> float:
    """Return the milliseconds from the start to the read that completed `text`."""
    seen = b""
    for chunk in terminal.chunks:
        seen += chunk.data
        if text in seen:
            return (chunk.at - terminal.started) * 1000
    raise LookupError(f"{text!r} was never written")
