"""The HTTP door as bots meet it: a process of its own, and a client on a real socket."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from tests.support.processes import ROOT

IMPATIENT = (
    "from leadboard.database import transactions; transactions.PATIENCE = 0.2; "
    "from leadboard.cli.main import main; main()"
)
"""The program, but it gives up on a locked database much sooner."""

PLAIN = "import sys; sys.modules['httptools'] = sys.modules['uvloop'] = None\n"
STACKS = {"httptools and uvloop": "", "h11 and asyncio": PLAIN}
"""What comes before the program, by what it then stands on."""


class RunningDoor:
    """One `leadboard serve`: where it is, and how it ended."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        self.process = process
        self.said = process.stderr.readline()
        self.url = self.said.split()[2] if "http" in self.said else ""

    def client(self, token: str | None = None, **options: object) -> httpx.Client:
        """Return a client of this door."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end; return its exit code and what else it said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=20)[1]
        return self.process.returncode, said


@contextmanager
def running(
    target: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    program: tuple[str, ...] = ("-m", "leadboard.cli"),
) -> Iterator[RunningDoor]:
    """Serve a database on any free port for as long as the block lasts."""
    options = ("--port", "0") if "--port" not in arguments else ()
    process = subprocess.Popen(
        [sys.executable, *program, "--db", target, "--as", "bot", "serve", *options, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    try:
        yield RunningDoor(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
