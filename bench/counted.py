"""Appeals a second that the counting service stores when it holds many, in one process."""

import asyncio
import sqlite3
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bench.plan import office

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx import AsyncClient

NEEDED = ("fastapi", "sqlalchemy", "httpx")
MISSING = "The counting service is skipped: it needs the extra `bench` (pip install '.[bench]')."


def is_installed() -> bool:
    """Tell whether the packages of the extra `bench` are installed."""
    return all(find_spec(name) for name in NEEDED)


def counting_rate(path: Path, appeals: int, requests: int) -> float:
    """Return how many appeals a second the service stores in a new file with `appeals` in it.

    Neither a network nor another process is involved: the requests are made inside this one.
    """
    from bench.counting import engine_of, service

    engine = engine_of(path)
    fill(path, appeals)
    try:
        return requests / asyncio.run(_seconds(service(engine), requests))
    finally:
        engine.dispose()


async def _seconds(app: "FastAPI", requests: int) -> float:
    from httpx import ASGITransport, AsyncClient

    async with AsyncClient(transport=ASGITransport(app), base_url="http://bench") as client:
        # The first request also pays for opening the connection and compiling the statements.
        await _post(client, 0)
        begun = time.perf_counter()
        for number in range(1, requests + 1):
            await _post(client, number)
        return time.perf_counter() - begun


async def _post(client: "AsyncClient", number: int) -> None:
    appeal = {
        "external_id": f"bench_{number}",
        "source_id": 1 + number % 4,
        "message": f"Хочу купить курс, заявка {number}",
    }
    answer = await client.post("/appeals/", json=appeal)
    answer.raise_for_status()


def fill(path: Path, appeals: int) -> None:
    """Fill the service's tables to the size of an office, all operators below their limits."""
    sizes = office(appeals)
    team = range(1, sizes.operators + 1)
    sources = range(1, sizes.sources + 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        # The file is thrown away, so filling it need not survive a power failure.
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO operators (id, name, is_active, max_load) VALUES (?, ?, 1, 1000000000)",
            [(each, f"operator {each}") for each in team],
        )
        connection.executemany(
            "INSERT INTO sources (id, name) VALUES (?, ?)",
            [(each, f"source {each}") for each in sources],
        )
        connection.executemany(
            "INSERT INTO operator_sources (operator_id, source_id, weight) VALUES (?, ?, 10)",
            [(operator, source) for operator in team for source in sources],
        )
        connection.executemany(
            "INSERT INTO leads (id, external_id) VALUES (?, ?)",
            ((each, f"tg_{each}") for each in range(1, sizes.leads + 1)),
        )
        connection.executemany(
            "INSERT INTO appeals (lead_id, source_id, operator_id, created_at, message)"
            " VALUES (?, ?, ?, '2026-01-01 00:00:00.000000', 'здравствуйте хочу купить курс')",
            (
                (1 + each % sizes.leads, 1 + each % sizes.sources, 1 + each % sizes.operators)
                for each in range(appeals)
            ),
        )
