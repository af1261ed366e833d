"""The door's processor time while many clients follow the ledger as Server-Sent Events."""

import asyncio
import tempfile
import time
from pathlib import Path

from bench.calm import cpu_seconds
from bench.databases import copied, with_room
from bench.door import Served, served
from bench.plan import TEN_THOUSAND, BenchPlan, office
from bench.result import Result
from bench.writer import writing

CLIENTS, RATE = 200, 50
SECONDS = 10.0
LIMIT = 15.0
REQUEST = b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


def measure(plan: BenchPlan) -> list[Result]:
    """Let clients follow a bot; the baseline is the same door while nobody follows."""
    with tempfile.TemporaryDirectory() as folder:
        path = with_room(copied(office(TEN_THOUSAND), Path(folder) / "stream.db"))
        command = ("leadboard.cli", "--db", str(path), "serve", "--port", "0", "--rate", "0")
        with served(*command) as door, writing(path, RATE):
            alone, _ = asyncio.run(_followed(door, 0))
            followed, received = asyncio.run(_followed(door, CLIENTS))
    return [
        Result(
            f"the door while {CLIENTS} clients follow {RATE} events a second, beside none",
            followed,
            max(alone, 0.1),
            "% of a core",
            limit=LIMIT,
        ),
        Result("what the slowest of them got", min(received) / SECONDS, RATE, "events/s", 1.2),
    ]


async def _followed(door: Served, clients: int) -> tuple[float, list[int]]:
    """Return the percentage of a core that a followed door uses, and what each client got."""
    streams = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(clients)]
    for _, writer in streams:
        writer.write(REQUEST)
    received = [0] * clients
    readers = [
        asyncio.create_task(_count(reader, received, at)) for at, (reader, _) in enumerate(streams)
    ]
    # All of them are answered, and have caught up.
    await asyncio.sleep(2.0)
    begun, used = time.monotonic(), cpu_seconds(door.pid)
    before = list(received)
    await asyncio.sleep(SECONDS)
    percent = (cpu_seconds(door.pid) - used) / (time.monotonic() - begun) * 100
    got = [after - first for after, first in zip(received, before, strict=True)]
    for each in readers:
        each.cancel()
    for _, writer in streams:
        writer.close()
    return percent, got


async def _count(reader: asyncio.StreamReader, received: list[int], at: int) -> None:
    while piece := await reader.read(65_536):
        received[at] += piece.count(b"\ndata: ")
