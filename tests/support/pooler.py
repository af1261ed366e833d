"""A real PgBouncer before a real server, where one is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.support.server import Server

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
LACK = "pgbouncer is not installed: apt-get install pgbouncer"


@contextmanager
def pooled(server: Server, name: str, mode: str, size: int = 2, clients: int = 50) -> Iterator[str]:
    """Pool the connections to a database; yield the address of the pooler."""
    assert PGBOUNCER is not None
    with tempfile.TemporaryDirectory(prefix="leadboard-pool-") as made:
        folder = Path(made)
        os.chmod(server.folder, 0o755)
        folder.chmod(0o777)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        (folder / "users").write_text('"postgres" ""\n')
        (folder / "ini").write_text(
            f"[databases]\n{name} = host={server.folder} dbname={name} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {folder}/users\npool_mode = {mode}\n"
            f"default_pool_size = {size}\nmax_client_conn = {clients}\nquery_wait_timeout = 1\n"
            f"logfile = {folder}/log\npidfile = {folder}/pid\n"
        )
        # It refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        process = subprocess.Popen(
            [PGBOUNCER, str(folder / "ini")], stderr=subprocess.DEVNULL, user=user, group=None
        )
        try:
            _await(port)
            yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
        finally:
            process.kill()
            process.wait()


def _await(port: int) -> None:
    for _ in range(500):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise AssertionError("the pooler does not listen")
