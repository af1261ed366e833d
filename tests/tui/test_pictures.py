"""What the main states look like: compared with stored text, at four sizes, in four dresses.

LEADBOARD_PICTURES=renew stores what is seen now; look at the difference before committing it.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.database import fields
from leadboard.database.fields import as_if_at, now
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.panes.operators import Operators
from tui.screen import background

VAST = (160, 45)
MOMENT = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)
STORED = Path(__file__).parent.parent / "pictures"
SIZES = {"160x45": VAST, "120x40": LARGE, "80x24": USUAL, "40x10": SMALL}
STATES: dict[str, Sequence[str]] = {
    "operators": ("f2",),
    "weights": ("f3", "right", "7", "5"),
    "appeals": ("f4", "down", "space"),
    "leads": ("f4", "left_square_bracket"),
    "form": ("f5", *"tg", "enter", *"lead_9", "tab", *"Привет"),
    "details": ("f4", "right_square_bracket", "enter"),
    "help": ("f3", "question_mark"),
}


@pytest.fixture
def file(tmp_path: Path, stopped_clock: None) -> Path:
    """A team whose every draw has one outcome, so that pictures are always the same."""
    path = tmp_path / "team.db"
    opened = models.open_database(path)
    for name, limit in (("Анна Петрова", 2), ("Boris", 5), ("Вера", 0), ("李雷 🙂", 4)):
        acts.add_operator(name, limit, actor="t")
    for name in ("tg_main", "a source with a rather long name", "vk"):
        acts.add_source(name, actor="t")
    for operator, source, weight in ((1, 1, 70), (3, 1, 30), (2, 2, 1_000_000), (4, 3, 0)):
        acts.set_weight(operator, source, weight, actor="t")
    acts.change_operator(4, is_active=False, actor="t")
    for number in range(1, 10):
        with as_if_at(now() - timedelta(minutes=10 - number)):
            text = f"[/b] text {number}\n" + "x" * 99
            rng = random.Random(number)
            allocator.submit(f"lead_{number % 4}", 1 + number % 3, text, rng=rng)
    with as_if_at(now() - timedelta(minutes=4)):
        acts.close([1], actor="t")
    opened.close()
    return path


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock for all threads, and leave out what comes only seconds later."""
    monkeypatch.setattr(fields, "_pretended", ContextVar("stopped", default=MOMENT))
    monkeypatch.setattr(Operators, "has_room_for_sparks", False)
    monkeypatch.setattr(background, "FIRST", 1e9)


async def arrive(desk: Desk, keys: Sequence[str]) -> None:
    await desk.press(*keys)
    await desk.until(lambda: "◉" not in desk.text and has_numbers(desk))


def has_numbers(desk: Desk) -> bool:
    """Tell whether the lists have their numbers, read after them; on a small screen none has."""
    return "All │" not in desk.text or len(desk.lines()) == SMALL[1]


def still(lines: Sequence[str]) -> str:
    """Return the lines without what the clock writes."""
    text = "\n".join(line.rstrip() for line in lines)
    day, clock = r"\d\d\.\d\d(\.\d{2,4})?", r"\d\d:\d\d(:\d\d)?"
    # A day without a time is what a list shows soon after midnight.
    text = re.sub(rf"{day} {clock}|{clock}|\d\d\.\d\d\.\d\d", "<time>", text)
    text = re.sub(r"(?<=[│┃] )\d\d(?=│)", "NN", text)  # the hour of a row half under a dialog
    text = re.sub(r"none, waiting [\dms ]+", "none, waiting <length> ", text)
    text = re.sub(r"\b\d m\b", "N m", text)
    text = re.sub(r"(?<=╮)[\d:]+", "<time>", text)  # a clock half under a dialog
    return re.sub(r"[ ▁▂▃▄▅▆▇█]*\d+/min", " <pace>", text) + "\n"


def known(stored: Path) -> str:
    """Return the stored picture, nothing while pictures are renewed or there is none yet."""
    is_there = stored.exists() and os.environ.get("LEADBOARD_PICTURES") != "renew"
    return stored.read_text(encoding="utf-8") if is_there else ""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
async def test_a_state_looks_as_it_did(file: Path, state: str, size: str) -> None:
    stored = STORED / f"{state}-{size}.txt"
    async with open_desk(file, SIZES[size]) as desk:
        await arrive(desk, STATES[state])
        # On a busy machine the last reading of a list may still be on its way.
        give_up = time.monotonic() + 5
        while (seen := still(desk.lines())) != known(stored) and time.monotonic() < give_up:
            await asyncio.sleep(0.05)
    if os.environ.get("LEADBOARD_PICTURES") == "renew":
        STORED.mkdir(exist_ok=True)
        stored.write_text(seen, encoding="utf-8")
    assert seen == stored.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("state", "dress"),
    [
        *((state, "ansi-dark") for state in ("weights", "appeals")),
        *(
            (state, dress)
            for state in ("weights", "appeals", "details")
            for dress in ("leadboard-dark", "leadboard-light", "NO_COLOR")
        ),
    ],
)
async def test_every_dress_shows_the_same_and_all_of_it_can_be_read(
    file: Path, state: str, dress: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dress == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    async with open_desk(file, LARGE) as desk:
        if dress != "NO_COLOR":
            desk.app.theme = dress
        await arrive(desk, STATES[state])
        stored = (STORED / f"{state}-120x40.txt").read_text(encoding="utf-8")
        await desk.until(lambda: still(desk.lines()) == stored)
        assert unreadable(desk) == []


def unreadable(desk: Desk) -> list[str]:
    """Return the words that have the colour of their ground."""
    strips = desk.app.screen._compositor.render_strips()
    return [
        segment.text
        for strip in strips
        for segment in strip
        if segment.style
        and re.search(r"\w", segment.text)
        and segment.style.color is not None
        and not segment.style.color.is_default
        and segment.style.color == segment.style.bgcolor
    ]
