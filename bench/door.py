"""Appeals a second over HTTP: our door beside a service that counts, both on loopback.

Both get the same client: connections that stay open, each sending its next appeal when the last
is answered. The counting service gets fewer of them, so that it does not have to refuse any.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.counted import MISSING, fill, is_installed
from bench.databases import copied, with_room
from bench.plan import MILLION, SERVED, TEN_THOUSAND, BenchPlan, office, short
from bench.programs import ROOT
from bench.result import Result

CLIENTS, APPEALS = 32, 6_000
COUNTING_CLIENTS, COUNTED = 2, 8
TARGET = 1 / 100


def measure(plan: BenchPlan) -> list[Result]:
    """Send appeals to both services, with ten thousand and with a million stored."""
    if not is_installed():
        print(MISSING, file=sys.stderr)
        return []
    sizes = [size for size in plan.sizes if size <= MILLION]
    with tempfile.TemporaryDirectory() as folder:
        return [_beside_counting(Path(folder), size) for size in sizes]


def _beside_counting(folder: Path, size: int) -> Result:
    ours = with_room(copied(office(size), folder / f"ours-{size}.db"))
    with served("leadboard.cli", "--db", str(ours), "serve", "--port", "0", "--rate", "0") as door:
        rate = asyncio.run(_rate(door.port, CLIENTS, APPEALS))
    theirs = folder / f"counting-{size}.db"
    _with_tables(theirs)
    fill(theirs, size)
    with served("bench.counting", str(theirs)) as other:
        # Counting a million takes it a quarter of a second per appeal, so a few have to do.
        counted = COUNTED if size > TEN_THOUSAND else 20 * COUNTED
        baseline = asyncio.run(_rate(other.port, COUNTING_CLIENTS, counted))
    name = f"POST /appeals/ beside a service that counts, {short(size)}"
    return Result(name, rate, baseline, "appeals/s", TARGET if size == MILLION else None)


def _with_tables(path: Path) -> None:
    from bench.counting import engine_of

    engine_of(path).dispose()


class Served(NamedTuple):
    """A server that runs: its port, and the number of its process."""

    port: int
    pid: int


@contextmanager
def served(*module: str) -> Iterator[Served]:
    """Run a server and yield where it is; it prints its port on standard error."""
    command = [sys.executable, "-m", *module]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stderr is not None
        try:
            yield Served(_port(server.stderr.readline()), server.pid)
        finally:
            server.terminate()


def _port(line: str) -> int:
    """Return the port from a line such as `Serving on http://127.0.0.1:41234/`."""
    return int(line.partition("http://")[2].partition("/")[0].rpartition(":")[2])


async def _rate(port: int, clients: int, appeals: int) -> float:
    """Return how many appeals a second are answered."""
    # A first round that is not timed: it opens the database and prepares the statements.
    await _send(port, range(clients))
    each = appeals // clients
    parts = [range(1000 + at * each, 1000 + (at + 1) * each) for at in range(clients)]
    begun = time.perf_counter()
    await asyncio.gather(*(_send(port, part) for part in parts))
    return each * clients / (time.perf_counter() - begun)


async def _send(port: int, numbers: Sequence[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        writer.write(_request(number))
        status, length = await _head(reader)
        body = await reader.readexactly(length)
        assert status in {200, 201}, body
    writer.close()
    await writer.wait_closed()


def _request(number: int) -> bytes:
    appeal = {
        "external_id": f"bench_{number}",
        "source_id": 1 + number % SERVED,
        "message": f"Хочу купить курс, заявка {number}",
    }
    body = json.dumps(appeal).encode()
    head = (
        "POST /appeals/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Return the status of an answer and the length of its body."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    [length] = [line.partition(":")[2] for line in lines if line.startswith("content-length")]
    return int(lines[0].split()[1]), int(length)
