"""The Telegram bots and what they stand on: as processes to be killed, or inside of a test."""

import asyncio
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import models
from leadboard.desk.tokens import add_token
from leadboard.queries.tokens import Scope
from tests.examples.telegram import bot_api
from tests.support.door import RunningDoor
from tests.support.door import running as running_door
from tests.support.processes import ROOT

CLIENTS, OPERATORS = "clients", "operators"
PROGRAMS = ROOT / "examples" / "telegram"


class Bot:
    """One bot: a process with a folder for what it keeps."""

    def __init__(self, name: str, settings: dict[str, str]) -> None:
        self._program = PROGRAMS / f"{name}.py"
        self._log = Path(settings["STATE_DIRECTORY"]) / f"{name}.log"
        self._env = {**os.environ, **settings, "BOT_TOKEN": f"1:{name}"}
        self.start()

    def start(self) -> None:
        """Start the process."""
        command = [sys.executable, str(self._program)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._env, stderr=log)

    def kill(self) -> None:
        """End it as a machine that fails does."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    @property
    def said(self) -> str:
        """What it wrote to its log."""
        return self._log.read_text(encoding="utf-8")


@dataclass
class Stage:
    """A database that this process has open, its door, the Bot API, and the bots' settings."""

    target: str
    door: RunningDoor
    api: bot_api.BotApi
    settings: dict[str, str]

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for a condition; fail with what the bots sent when it never holds."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.api.calls)

    async def begun(self, *names: str) -> None:
        """Wait until bots know where they begin: what happened before is not told."""
        places = [Path(self.settings["STATE_DIRECTORY"]) / f"{name}.place" for name in names]
        await self.until(lambda: all(place.exists() for place in places))

    @contextmanager
    def processes(self) -> Iterator[tuple[Bot, Bot]]:
        """Run both bots as processes of their own; show their logs when the block fails."""
        bots = Bot(CLIENTS, self.settings), Bot(OPERATORS, self.settings)
        try:
            yield bots
        except BaseException:
            print(*(bot.said for bot in bots), sep="\n")  # noqa: T201 - pytest shows it
            raise
        finally:
            for bot in bots:
                bot.kill()

    @asynccontextmanager
    async def inside(self, name: str) -> AsyncIterator[None]:
        """Run one bot in this process, which has loaded aiogram already."""
        with pytest.MonkeyPatch.context() as patch:
            for key, value in {**self.settings, "BOT_TOKEN": f"1:{name}"}.items():
                patch.setenv(key, value)
            # A module of its own each time: a router serves one dispatcher.
            task = asyncio.create_task(runpy.run_path(str(PROGRAMS / f"{name}.py"))["main"]())
            try:
                await self.begun(name)
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@asynccontextmanager
async def staged(folder: Path, add_team: Callable[[], object]) -> AsyncIterator[Stage]:
    """Set up a file with a team, a door and a Bot API for as long as the block lasts."""
    target = str(folder / "t.db")
    opened = models.open_database(target)
    add_team()
    token = add_token("telegram", Scope.DESK, actor="setup")
    try:
        with running_door(target, "--rate", "0") as door:
            async with bot_api.running() as api:
                settings = {
                    "BOT_API": api.url,
                    "LEADBOARD_URL": door.url,
                    "LEADBOARD_TOKEN": token,
                    "LEADBOARD_SOURCE": "tg_main",
                    "STATE_DIRECTORY": str(folder),
                }
                yield Stage(target, door, api, settings)
    finally:
        opened.close()
