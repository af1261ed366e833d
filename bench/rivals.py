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
STARTED, HELD = 1.25, 1.35
"""The most that the first content and the memory may cost, as multiples of the bare app's."""
SETTLED = 0.3
"""Seconds without output after which a program is quiet; the rivals' cursors blink every 0.5 s."""


def measure(plan: BenchPlan) -> list[Result]:
    """Start Leadboard, the bare app and the rivals in turn; compare the medians."""
    database = str(kept(office(TEN_THOUSAND)))
    programs = {
        "Leadboard": leadboard(kept(office(TEN_THOUSAND))),
        "bare": BARE,
        "posting": _rival("posting", b"Enter a URL"),
        # Its own SQLite, on the same file: DuckDB alone would take longer than all of this.
        "harlequin": _rival("harlequin", b"Query Editor", "-a", "sqlite", "-r", database),
    }
    for program in programs.values():
        # Not timed: the first start may compile bytecode and reads everything from the disk.
        _cost(program)
    runs = [
        {name: _cost(program) for name, program in programs.items()} for _ in range(plan.rounds + 4)
    ]
    costs = {
        name: [median(each) for each in zip(*(run[name] for run in runs), strict=True)]
        for name in programs
    }
    return [
        Result(
            f"{what} beside {name}",
            costs["Leadboard"][index],
            costs[name][index],
            unit,
            target if name == "bare" else 1.0,
        )
        for index, (what, unit, target) in enumerate(
            (("first content", "ms", STARTED), ("memory", "MB", HELD))
        )
        for name in programs
        if name != "Leadboard"
    ]


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
