"""The clients' bot: what is told to whom, and what Telegram and the door may do in between."""

from pathlib import Path

import pytest

# It comes with aiogram, which takes seconds to load.
pytest.importorskip("magic_filter", reason="needs aiogram: pip install '.[dev]'")

from leadboard import desk
from tests.examples.telegram.bots import CLIENTS, staged
from tests.support import ACTOR, add_team, number, rows
from tests.support.door import running as running_door

COMMAND = {"type": "bot_command", "offset": 0, "length": 6}


def two_operators() -> None:
    add_team({"Анна": 1, "<b>Борис</b>": 1}, {"tg_main": {"Анна": 1}, "vk": {"<b>Борис</b>": 1}})


async def test_a_client_learns_each_name_and_what_others_send_is_left_alone(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(CLIENTS):
        api = stage.api
        greeted = api.writes(CLIENTS, 7, text="/start", entities=[COMMAND])
        wrote = api.writes(CLIENTS, 7, caption="Вот фото", photo=[])
        await stage.until(lambda: bool(api.sent(7, "Вам ответит Анна.")))
        assert greeted < wrote
        assert [each.text[:13] for each in api.sent(7)] == ["Здравствуйте!", "Вам ответит А"]
        found = rows("SELECT message, key, external_id FROM appeal JOIN lead ON lead.id = lead_id")
        assert found == [("Вот фото", f"tg:7:{wrote}", "tg_7")]
        with stage.door.client(stage.settings["LEADBOARD_TOKEN"]) as other:
            for key in ("mail:7:1", None):
                body = {"external_id": "x", "source_id": 1, "message": "", "key": key}
                assert other.post("/appeals/", json=body).status_code == 201
        desk.assign([1], 2, actor=ACTOR)
        await stage.until(lambda: bool(api.sent(7, "Вам ответит <b>Борис</b>.")))
        assert len(api.calls) == 3


async def test_floods_and_clients_who_blocked_the_bot_stop_nobody(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(CLIENTS):
        api = stage.api
        api.blocked, api.floods = {7}, 1
        for chat in (7, 8):
            api.writes(CLIENTS, chat, text="Привет")
        await stage.until(lambda: bool(api.sent(8)))
        assert (api.floods, api.sent(7)) == (0, [])
        assert number("SELECT count(*) FROM appeal") == 2


async def test_a_message_is_kept_until_the_door_is_there(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(CLIENTS):
        port = stage.door.url.rstrip("/").rpartition(":")[2]
        stage.door.stop()
        stage.api.writes(CLIENTS, 7, text="Привет")
        await stage.until(lambda: stage.api.handed[CLIENTS] > 0)
        assert stage.api.unconfirmed(CLIENTS) == 1
        with running_door(stage.target, "--port", port):
            await stage.until(lambda: bool(stage.api.sent(7, "Вам ответит Анна.")))
            await stage.until(lambda: stage.api.unconfirmed(CLIENTS) == 0)


async def test_a_message_that_is_refused_is_said_to_be(tmp_path: Path) -> None:
    async with staged(tmp_path, two_operators) as stage, stage.inside(CLIENTS):
        stage.api.writes(CLIENTS, 7, text="д" * 10_001)
        await stage.until(lambda: bool(stage.api.sent(7, "Не получилось принять")))
        assert number("SELECT count(*) FROM appeal") == 0
