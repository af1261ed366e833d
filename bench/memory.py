"""What the desk keeps in memory at every size, beside the bare app."""

from pathlib import Path

from bench.databases import kept
from bench.plan import BenchPlan, office, short
from bench.programs import BARE, Program, leadboard
from bench.result import Result

TARGET = 1.5
SETTLED = 0.5
WALK = [*["pagedown"] * 5, *["pageup"] * 5]
"""Keys that fill the caches of either program."""


def measure(plan: BenchPlan) -> list[Result]:
    """Start both programs, walk a little, and compare what Linux says they have resident."""
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
    """Return the megabytes that a program has resident once it has been used a little."""
    with program.started() as terminal:
        terminal.press(*keys, *WALK)
        terminal.wait_quiet(SETTLED)
        return megabytes(terminal.process.pid)


def megabytes(pid: int, line_of: str = "VmRSS") -> float:
    """Return the resident memory of a process, or with `VmHWM` the most that it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{line_of}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} has no memory of its own")
