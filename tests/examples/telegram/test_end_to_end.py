"""Client, bots, door, screen, operator: a message on its whole way, past bots that are killed."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

# It comes with aiogram, which takes seconds to load.
pytest.importorskip("magic_filter", reason="needs aiogram: pip install '.[dev]'")

from leadboard import desk
from leadboard.allocation import audit
from tests.examples.telegram.bots import CLIENTS, OPERATORS, Bot, Stage, staged
from tests.support import ACTOR, add_team, number, rows
from tests.support.screen import open_desk

ANNA = 900
ANSWERS, BUSY = "Вам ответит Анна.", "Все операторы заняты"
ENDS = (signal.SIGTERM, signal.SIGINT)
GENEROUS = 10.0
"""Seconds in which a client must be told on a machine that has other things to do."""


def one_operator() -> None:
    team = add_team({"Анна": 1}, {"tg_main": {"Анна": 1}})
    desk.change_operator(team["Анна"], contact=f"tg:{ANNA}", actor=ACTOR)


async def test_a_message_on_its_whole_way_and_bots_that_are_killed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with staged(tmp_path, one_operator) as stage:
        with stage.processes() as bots:
            await stage.begun(CLIENTS, OPERATORS)
            await one_is_answered_and_one_waits(stage)
            seconds = await a_place_is_made_on_the_screen(stage)
            record_property("seconds from the key to the client", round(seconds, 2))
            print(f"told {seconds:.2f} s after the key was pressed")  # noqa: T201 - the figure
            assert seconds < GENEROUS
            await the_operator_closes_and_the_next_one_comes(stage)
            await both_are_killed_in_the_middle(stage, bots)
            assert audit.check() == []
            assert [bot.stop(number) for bot, number in zip(bots, ENDS, strict=True)] == [0, 0]


async def one_is_answered_and_one_waits(stage: Stage) -> None:
    api = stage.api
    api.writes(CLIENTS, 101, text="<b>Хочу</b> купить курс")
    await stage.until(lambda: bool(api.sent(101, ANSWERS) and api.sent(ANNA)))
    api.writes(CLIENTS, 102, photo=[])
    await stage.until(lambda: bool(api.sent(102, BUSY)))
    stored = rows("SELECT message FROM appeal ORDER BY id")
    assert stored == [("<b>Хочу</b> купить курс",), ("",)]


async def a_place_is_made_on_the_screen(stage: Stage) -> float:
    """Raise the limit by keys; return the seconds until the client who waits is told."""
    async with open_desk(stage.target) as screen:
        pressed_at = time.monotonic()
        await screen.press("f2", "+")
        await stage.until(lambda: bool(stage.api.sent(102, ANSWERS)))
    return stage.api.sent(102, ANSWERS)[0].at - pressed_at


async def the_operator_closes_and_the_next_one_comes(stage: Stage) -> None:
    api = stage.api
    api.writes(CLIENTS, 103, text="Сколько стоит?")
    await stage.until(lambda: bool(api.sent(103, BUSY) and api.sent(ANNA, "(без текста)")))
    [shown] = api.sent(ANNA, "(без текста)")
    api.presses(shown, "Готово")
    await stage.until(lambda: bool(api.sent(103, ANSWERS) and api.edited(ANNA, "Закрыто")))
    await stage.until(lambda: bool(api.sent(ANNA, "Сколько стоит?")))
    [edited] = api.edited(ANNA, "Закрыто")
    assert (edited.message, edited.markup) == (shown.message, {})
    states = "SELECT operator_id, closed_at IS NULL FROM appeal ORDER BY id"
    assert rows(states) == [(1, 1), (1, 0), (1, 1)]
    assert [len(api.sent(chat)) for chat in (101, 102, 103, ANNA)] == [1, 2, 2, 3]


async def both_are_killed_in_the_middle(stage: Stage, bots: tuple[Bot, Bot]) -> None:
    """Kill both while clients write, wait and get their operator: nobody is forgotten."""
    api, clients = stage.api, range(200, 240)
    api.pause = 0.02
    before, seq = len(api.sent(ANNA)), number("SELECT max(seq) FROM change")
    for chat in clients:
        api.writes(CLIENTS, chat, text=f"Вопрос {chat}.")

    def told(words: str) -> int:
        return sum(len(api.sent(chat, words)) for chat in clients)

    await stage.until(lambda: told(BUSY) >= 3)
    desk.change_operator(1, max_load=2 + len(clients), actor=ACTOR)
    some = random.randint(1, 20)
    await stage.until(lambda: told(ANSWERS) >= some)
    for bot in bots:
        bot.kill()
    assert told(ANSWERS) < len(clients), "killed too late to prove anything"
    for bot in bots:
        bot.start()
    await stage.until(lambda: all(api.sent(chat, ANSWERS) for chat in clients))
    await stage.until(lambda: all(api.sent(ANNA, f"Вопрос {chat}.") for chat in clients))
    # Each appeal once, though a bot that was killed hands in again what was not confirmed.
    assert number("SELECT count(*) FROM appeal") == 3 + len(clients)
    waited = number("SELECT count(*) FROM change WHERE operator_id IS NULL AND seq > ?", seq)
    # A bot that is killed may have told, and not kept, one event: and no more than one.
    assert told(BUSY) in (waited, waited + 1)
    assert told(ANSWERS) in (len(clients), len(clients) + 1)
    assert len(api.sent(ANNA)) - before in (len(clients), len(clients) + 1)
