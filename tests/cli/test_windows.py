"""On Windows, which lacks what Leadboard stands on, one sentence says so."""

import subprocess
import sys

import pytest

from tests.support.processes import ROOT

WINDOWS = """
import signal, sys
import asyncio, click, tempfile  # what looks at the platform for its own sake
for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
del signal.SIGHUP, signal.SIGTSTP, signal.SIGCONT
sys.platform = "win32"
from leadboard.cli.main import main
sys.argv = ["leadboard", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize("arguments", [[], ["--db", "x.db", "list"], ["serve"], ["--help"]])
def test_it_is_told_where_it_runs(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (told,) = done.stderr.splitlines()
    assert told.startswith("leadboard: Leadboard runs on Linux, macOS and, on Windows, in WSL")
