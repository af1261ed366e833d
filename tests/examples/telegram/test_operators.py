"""The operators' bot: who sees which appeal, and whose press does what."""

from pathlib import Path

import pytest

# It comes with aiogram, which takes seconds to load.
pytest.importorskip("magic_filter", reason="needs aiogram: pip install '.[dev]'")

from leadboard import desk
from tests.examples.telegram.bot_api import Call
from tests.examples.telegram.bots import OPERATORS, Stage, staged
from tests.support import ACTOR, add_team, arrive, holder_of, rows

ANNA, BORIS = 900, 901


def two_operators() -> None:
    add_team({"Анна": 5, "Борис": 0}, {"tg_main": {"Анна": 1, "Борис": 1}})
    for operator_id, chat in ((1, ANNA), (2, BORIS)):
        desk.change_operator(operator_id, contact=f"tg:{chat}", actor=ACTOR)


async def shown(stage: Stage, chat: int, appeal_id: int) -> Call:
    """Return the message that shows an appeal in a chat."""
    title = f"Обращение №{appeal_id},"
    await stage.until(lambda: bool(stage.api.sent(chat, title)))
    [call] = stage.api.sent(chat, title)
    return call


async def pressed(stage: Stage, call: Call, label: str, chat: int | None = None) -> str:
    """Press a button, and return what the bot answers."""
    query = stage.api.presses(call, label, chat)
    await stage.until(lambda: bool(stage.api.answered(query)))
    [said] = stage.api.answered(query)
    return said


def acts() -> list[tuple[object, ...]]:
    return rows("SELECT act FROM event WHERE actor = 'telegram' ORDER BY id")


async def test_a_press_counts_once_and_only_in_the_chat_of_who_has_it(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(OPERATORS):
        [appeal_id] = arrive(1)
        call = await shown(stage, ANNA, appeal_id)
        assert call.text == "Обращение №1, lead 0\n\nhello"
        assert await pressed(stage, call, "Готово", chat=BORIS) == "Это обращение не у вас."
        assert acts() == []
        for _ in range(2):
            assert await pressed(stage, call, "Готово") == "Закрыто"
        assert acts() == [("close",)]
        [edit] = stage.api.edited(ANNA)
        assert (edit.message, edit.text) == (call.message, f"{call.text}\n\nЗакрыто")
        assert await pressed(stage, call, "Вернуть") == "Так уже нельзя: обращение изменилось."
        assert acts() == [("close",)]


async def test_what_is_given_back_is_not_taken_from_the_next_one(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(OPERATORS):
        [appeal_id] = arrive(1)
        call = await shown(stage, ANNA, appeal_id)
        desk.change_operator(1, is_active=False, actor=ACTOR)
        desk.change_operator(2, max_load=1, actor=ACTOR)
        assert await pressed(stage, call, "Вернуть") == "Возвращено"
        assert holder_of(appeal_id) == 2
        await shown(stage, BORIS, appeal_id)
        for label in ("Вернуть", "Готово"):
            assert await pressed(stage, call, label) == "Это обращение не у вас."
        assert (holder_of(appeal_id), acts()) == (2, [("return",)])
        [edit] = stage.api.edited(ANNA)
        assert edit.text == f"{call.text}\n\nВозвращено"


async def test_what_the_dispatcher_does_is_seen_in_every_chat(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage:
        async with stage.inside(OPERATORS):
            [appeal_id, other] = arrive(1, 2)
            calls = [await shown(stage, ANNA, each) for each in (appeal_id, other)]
        # While the bot is down.
        desk.assign([appeal_id], 2, force=True, actor=ACTOR)
        desk.close([other], actor=ACTOR)
        async with stage.inside(OPERATORS):
            boriss = await shown(stage, BORIS, appeal_id)
            await stage.until(lambda: len(stage.api.edited(ANNA)) == 2)
            assert {
                each.message: each.text.splitlines()[-1] for each in stage.api.edited(ANNA)
            } == {
                calls[0].message: "Передано другому оператору",
                calls[1].message: "Закрыто",
            }
            desk.close([appeal_id], actor=ACTOR)
            await stage.until(lambda: len(stage.api.edited(BORIS)) == 1)
            assert stage.api.edited(BORIS)[0].message == boriss.message
            desk.reopen([appeal_id], actor=ACTOR)
            await stage.until(lambda: len(stage.api.sent(ANNA, "№1,")) == 2)


async def test_an_operator_is_told_the_address_of_their_chat(tmp_path: Path) -> None:
    command = {"type": "bot_command", "offset": 0, "length": 6}
    async with staged(tmp_path, two_operators) as stage, stage.inside(OPERATORS):
        stage.api.writes(OPERATORS, 905, text="/start", entities=[command])
        await stage.until(lambda: bool(stage.api.sent(905, "Ваш адрес: tg:905.")))
