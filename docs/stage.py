"""The stage for pictures: the demo's data at a fixed moment, and the real program on it."""

import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from allocator import submit
from leadboard.cli import samples
from leadboard.cli.demo import count_waiting, pick_source, seed
from leadboard.common.settings import DEFAULTS
from leadboard.database import fields
from models import open_database
from tests.support.screen import Desk
from tui.app import LeadboardApp
from tui.themes import DARK

FOLDER = Path(__file__).resolve().parent
ACTOR = "Anna"
SEED = 7
MORNING = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
PHONE, WAITING = 5, 5
"""The source that gets more appeals than its operators can take, and how many of them wait."""
RUSH_GAP = timedelta(seconds=19)
"""Between two of the newest appeals."""
LATER = timedelta(minutes=4)
"""From the last of them to the moment of the pictures."""


FOR_GOOD = 3600.0
"""Seconds for what would end while a picture is made."""


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Stop the clock for all threads of the program; as_if_at does so for one."""
    stopped = ContextVar("stopped", default=moment)
    with patch.object(fields, "_pretended", stopped):
        yield


@contextmanager
def stage(folder: Path) -> Iterator[datetime]:
    """Open a new database, filled, for as long as the block lasts; yield the moment of it."""
    with (
        in_utc(),
        patch("tui.screen.footer.FADES", FOR_GOOD),
        patch("tui.panes.operators.FLASH", FOR_GOOD),
    ):
        opened = open_database(folder / "sales.db")
        try:
            yield fill(random.Random(SEED))
        finally:
            opened.close()


@contextmanager
def in_utc() -> Iterator[None]:
    """Show times in UTC, and nothing as the environment has it."""
    try:
        with patch.dict(os.environ, TZ="UTC", TEXTUAL_ANIMATIONS="none"):
            os.environ.pop("TEXTUAL_THEME", None)
            time.tzset()
            yield
    finally:
        time.tzset()


def fill(rng: random.Random) -> datetime:
    """Add the demo's team and history, then a rush, mostly by phone; return when all is done."""
    with fields.as_if_at(MORNING):
        seed(rng)
    moment = MORNING
    while count_waiting() < WAITING:
        moment += RUSH_GAP
        with fields.as_if_at(moment):
            arrive(rng)
    return moment + LATER


def arrive(rng: random.Random) -> None:
    """Let a client write, most likely by phone."""
    source_id, source = (PHONE, "phone") if rng.random() < 0.6 else pick_source(rng) or (0, "")
    submit(samples.external_id(source, rng), source_id, samples.message(rng), rng=rng)


@asynccontextmanager
async def on_stage(size: tuple[int, int], theme: str = DARK) -> AsyncIterator[Desk]:
    """Run the desk on the open database."""
    settings = replace(DEFAULTS, theme=theme)
    app = LeadboardApp(actor=ACTOR, title="sales.db", settings=settings)
    async with app.run_test(size=size) as pilot:
        played = Desk(app, pilot)
        await played.settle()
        yield played
