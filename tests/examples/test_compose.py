"""The compose file: its commands and settings, run as processes on a real PostgreSQL."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# It comes with aiogram, which takes seconds to load.
pytest.importorskip("magic_filter", reason="needs aiogram: pip install '.[dev]'")
pytest.importorskip("yaml", reason="needs yaml: pip install '.[dev]'")

import yaml

import models
from tests.examples.telegram import bot_api
from tests.support import add_team, number
from tests.support.ports import free_port
from tests.support.processes import ROOT
from tests.support.server import Server

FOLDER = ROOT / "examples" / "compose"
FILE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
SECRETS = {"DB_PASSWORD": "secret", "LEADBOARD_TOKEN": "t" * 64, "BOT_TOKEN": "1:clients"}


def test_each_part_waits_for_what_it_needs_and_is_started_again() -> None:
    assert list(SERVICES) == ["db", "serve", "clients"]
    assert all(each["restart"] == "unless-stopped" for each in SERVICES.values())
    for name, needed in (("serve", "db"), ("clients", "serve")):
        assert SERVICES[name]["depends_on"] == {needed: {"condition": "service_healthy"}}
        assert "healthcheck" in SERVICES[needed]
    mounted = {
        each.partition(":")[0] for part in SERVICES.values() for each in part.get("volumes", ())
    }
    assert mounted == set(FILE["volumes"])
    # Nothing but the machine itself reaches the door.
    assert SERVICES["serve"]["ports"] == ["127.0.0.1:8000:8000"]


def test_every_secret_is_asked_for_and_none_is_written() -> None:
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?\}", text))
    named = re.findall(r"^(\w+)=(.*)$", (FOLDER / "env.example").read_text(), re.MULTILINE)
    assert asked == SECRETS.keys() == {name for name, _ in named}
    assert all(not value for _, value in named)


def test_the_image_is_made_of_what_is_there() -> None:
    build = SERVICES["serve"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    lines = (ROOT / build["dockerfile"]).read_text(encoding="utf-8").splitlines()
    copied = [part for line in lines if line.startswith("COPY ") for part in line.split()[1:-1]]
    assert {"leadboard", "tui", "models.py", "examples"} <= set(copied)
    assert all((ROOT / part).exists() for part in copied)
    assert lines[-1] == "USER leadboard"


@contextmanager
def started(name: str, **instead: str) -> Iterator[None]:
    """Run a service's command in its environment, with some of its settings for this machine."""
    service = SERVICES[name]
    written = {key: filled(value) for key, value in service["environment"].items()}
    process = subprocess.Popen(
        command(service["command"], instead), env={**os.environ, **written, **instead}, cwd=ROOT
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def filled(value: str) -> str:
    return re.sub(r"\$\{(\w+):\?\}", lambda found: SECRETS[found[1]], value)


def command(words: list[str], instead: dict[str, str]) -> list[str]:
    """Return a command with this Python, on loopback, and at a port that is free here."""
    program = {"leadboard": ["-m", "leadboard.cli"], "python": []}[words[0]]
    here = {"0.0.0.0": "127.0.0.1", "8000": instead.get("PORT", "8000")}
    return [sys.executable, *program, *(here.get(word, word) for word in words[1:])]


async def healthy(name: str, port: str) -> None:
    """Wait until the check of a service succeeds."""
    check = SERVICES[name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    words = [word.replace(":8000/", f":{port}/") for word in check[1:]]
    for _ in range(100):
        process = await asyncio.create_subprocess_exec(
            *command(words, {}), stderr=asyncio.subprocess.DEVNULL
        )
        if await process.wait() == 0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(name)


async def test_its_commands_serve_a_client(server: Server, tmp_path: Path) -> None:
    port = str(free_port())
    url = server.url(server.swept())
    opened = models.open_database(url)
    add_team({"Анна": 1}, {"tg_main": {"Анна": 1}})
    async with bot_api.running() as api:
        with started("serve", LEADBOARD_DB=url, PORT=port):
            await healthy("serve", port)
            door = f"http://127.0.0.1:{port}"
            with started(
                "clients", LEADBOARD_URL=door, BOT_API=api.url, STATE_DIRECTORY=str(tmp_path)
            ):
                api.writes("clients", 7, text="Привет")
                for _ in range(3_000):
                    if api.sent(7, "Вам ответит Анна."):
                        break
                    await asyncio.sleep(0.02)
                assert len(api.sent(7)) == 1
    assert number("SELECT count(*) FROM appeal WHERE operator_id IS NOT NULL") == 1
    assert (tmp_path / "clients.place").exists()
    opened.close()
