"""First content and memory beside posting and harlequin, two well-known apps on Textual.

`make bench-rivals` installs them, each into an environment of its own.
"""

from statistics import median

from bench.databases import folder, kept
from bench.memory import megabytes
from bench.plan import TEN_THOUSAND, BenchPlan, office
from bench.programs import BARE, ROOT, Program, leadboard
from bench.result import Result
from bench.startup import seen_after

INSTALLED = ROOT / ".venv-rivals"
BARE_APP = "bare"
FIGURES = (("first content", "ms", 1.25), ("memory", "MB", 1.35))
"""What is measured, its unit, and how many times as much as the bare app it may cost."""
SETTLED = 0.3
"""Seconds without output after which a program is quiet; the rivals' cursors blink every 0.5 s."""


def measure(plan: BenchPlan) -> list[Result]:
    """Start Leadboard, the bare app and the rivals in turn; compare the medians."""
    programs = _programs()
    for program in programs.values():
        # Not timed: the first start may compile bytecode and reads everything from the disk.
        _cost(program)
    runs = [{name: _cost(each) for name, each in programs.items()} for _ in range(plan.rounds + 4)]
    ours, *others = programs
    return [
        Result(
            f"{what} beside {other}",
            median(run[ours][index] for run in runs),
            median(run[other][index] for run in runs),
            unit,
            target if other == BARE_APP else 1.0,
        )
        for index, (what, unit, target) in enumerate(FIGURES)
        for other in others
    ]


def _programs() -> dict[str, Program]:
    """Return the programs by name, our own first."""
    database = kept(office(TEN_THOUSAND))
    return {
        "leadboard": leadboard(database),
        BARE_APP: BARE,
        "posting": _rival("posting", b"Enter a URL"),
        # With SQLite, on the same file: its own default, DuckDB, takes longer to load.
        "harlequin": _rival("harlequin", b"Query Editor", "-a", "sqlite", "-r", str(database)),
    }


def _rival(name: str, text: bytes, *arguments: str) -> Program:
    """Return a rival with a home of its own, and a text from its first screen."""
    command = INSTALLED / name / "bin" / name
    if not command.exists():
        raise SystemExit(f"{name} is not installed here: make bench-rivals installs it.")
    home = folder() / "rivals"
    home.mkdir(exist_ok=True)
    return Program([str(command), *arguments], text, text, {"HOME": str(home)})


def _cost(program: Program) -> tuple[float, float]:
    """Return the milliseconds to the first content, and the megabytes once it is quiet."""
    with program.start() as terminal:
        terminal.wait_until(lambda: program.data in terminal.raw)
        terminal.wait_quiet(SETTLED)
        return seen_after(terminal, program.data), megabytes(terminal.process.pid)
