"""The memory of the desk at every size, beside the bare app."""

from pathlib import Path

from bench.databases import kept
from bench.plan import BenchPlan, office, short
from bench.programs import BARE, Program, leadboard
from bench.result import Result

TARGET = 1.35
SETTLED = 0.5
WALK = [*["pagedown"] * 5, *["pageup"] * 5]
"""Keys that fill the caches of both programs."""


def measure(plan: BenchPlan) -> list[Result]:
    """Start both programs, move a little, and compare their resident memory."""
    bare = resident(BARE, [])
    return [
        Result(
            f"memory, {short(size)}",
            resident(leadboard(kept(office(size))), ["f4"]),
            bare,
            "MB",
            TARGET,
            size=size,
        )
        for size in plan.sizes
    ]


def resident(program: Program, keys: list[str]) -> float:
    """Return the resident megabytes of a program after a little use."""
    with program.started() as terminal:
        terminal.press(*keys, *WALK)
        terminal.wait_quiet(SETTLED)
        return megabytes(terminal.process.pid)


def megabytes(pid: int, line_of: str = "VmRSS") -> float:
    """Return the resident megabytes of a process, with `VmHWM` the most it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{line_of}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} has no memory of its own")
