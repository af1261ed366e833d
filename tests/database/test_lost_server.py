"""A server that is lost and found again: it is said, and nothing is stored twice."""

import json
import re
from pathlib import Path

import psycopg
import pytest
from peewee import Database, OperationalError

import models
from allocator import submit
from leadboard.allocation.ledger import settle
from leadboard.cli.feed import feed_from
from leadboard.common.errors import Trouble, Uncertain
from leadboard.database import connection
from tests.support import add_team, assert_loads_equal_counts, rows
from tests.support.screen import open_desk
from tests.support.server import running_server


async def test_the_screen_says_that_the_server_is_lost_and_recovers() -> None:
    with running_server() as server, server.fresh() as name:
        async with open_desk(server.url(name)) as shown:
            add_team({"Anna": 9}, {"tg": {"Anna": 70}})
            await shown.until(lambda: "Anna" in shown.text and "tg" in shown.text)
            server.stop()
            await shown.until(lambda: "cannot be reached" in shown.text)
            assert "Anna" in shown.text
            await shown.pilot.press("n", *"tg_1", "tab", *"kept", "ctrl+s")
            server.start()
            await shown.until(lambda: "cannot be reached" not in shown.text, 20)
            await shown.until(lambda: "1/9" in shown.text, 20)
        models.open_database(server.url(name))
        assert rows("SELECT message, operator_id FROM appeal") == [("kept", 1)]


async def test_every_key_may_be_pressed_while_the_server_is_lost() -> None:
    with running_server() as server, server.fresh() as name:
        async with open_desk(server.url(name)) as shown:
            team = add_team({"Anna": 1}, {"tg": {"Anna": 70}})
            for number in range(3):
                submit(f"tg_{number}", team.tg, "text")
            await shown.until(lambda: "tg_2" in shown.text)
            server.stop()
            await shown.until(lambda: "cannot be reached" in shown.text)
            for keys in (
                ("f4", "enter", "escape"),
                ("m", "escape", "escape"),
                ("right_square_bracket", "right_square_bracket", "enter", "escape"),
                ("L", "escape", "G", "g", "s"),
                ("H", "escape"),
                ("f3", "5", "enter", "plus", "equals_sign", "delete"),
                ("f2", "plus", "space", "e", "escape", "s"),
                ("slash", "a", "escape", "u", "U"),
                ("n", "t", "g", "tab", "x", "escape"),
            ):
                await shown.pilot.press(*keys)
                assert shown.app.is_running
            server.start()
            await shown.until(lambda: "cannot be reached" not in shown.text, 30)
            await shown.until(lambda: "tg_2" in shown.text)


async def test_a_server_that_keeps_one_waiting_holds_up_no_key(url: str) -> None:
    async with open_desk(url) as shown:
        team = add_team({"Anna": 1}, {"tg": {"Anna": 70}})
        for number in range(3):
            submit(f"tg_{number}", team.tg, "text")
        await shown.until(lambda: "tg_2" in shown.text)
        with psycopg.connect(url) as other:
            other.execute("LOCK appeal, lead, operator_source IN ACCESS EXCLUSIVE MODE")
            await shown.pilot.press("f4", "enter")
            await shown.until(lambda: "Searching…" in shown.text)
            await shown.pilot.press("escape", "m")
            await shown.until(lambda: "Move appeal #3 of tg_2 (tg) to" in shown.text)
            await shown.pilot.press(*"ann")
            await shown.until(lambda: re.search(r"1/1 +full", shown.text) is not None)
            await shown.pilot.press("escape", "n", *"tg_", "f3", "5")
            await shown.until(lambda: "tg_" in shown.text and "5_" in shown.text)
            await shown.pilot.press("enter")
            other.rollback()
        await shown.until(lambda: "weight 70 → 5" in shown.text)
        await shown.pilot.press("f4", "enter")
        await shown.until(lambda: "From      tg_2 via tg" in shown.text)
        await shown.pilot.press("escape", "m")
        await shown.until(lambda: "full" in shown.text)


def test_work_goes_on_by_itself_after_a_short_absence() -> None:
    with running_server() as server, server.fresh() as name:
        models.open_database(server.url(name))
        team = add_team({"Anna": 9}, {"tg": {"Anna": 70}})
        server.stop()
        server.start()
        assert submit("after", team.tg, "").operator_id == team.anna
        assert rows("SELECT count(*) FROM appeal") == [(1,)]
        connection.database.close()


def lose_answers(opened: Database, monkeypatch: pytest.MonkeyPatch, times: int = 99) -> None:
    """Let the server be lost right after it has committed, a number of times."""
    real = opened.commit
    left = iter(range(times))

    def commit_and_lose() -> None:
        real()
        if next(left, None) is not None:
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(opened, "commit", commit_and_lose)


def test_what_may_have_been_stored_is_not_stored_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    lose_answers(opened, monkeypatch)
    assert submit("once", team.tg, "").operator_id == team.anna
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    with pytest.raises(Uncertain, match="check whether it was stored before you repeat it"):
        submit("twice", team.tg, "")
    monkeypatch.undo()
    assert rows("SELECT count(*) FROM appeal") == [(2,)]


def test_the_feed_tells_which_lines_may_be_stored(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    lose_answers(opened, monkeypatch)
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    line = json.dumps({"external_id": "a", "source": "tg", "message": "x"})
    (tmp_path / "lines").write_text(f"nonsense\n{line}\n{line}\n")
    with pytest.raises(Trouble, match="lines 2 to 3 may be stored or not, and none after them"):
        feed_from(str(tmp_path / "lines"))
    monkeypatch.undo()
    assert rows("SELECT count(*) FROM appeal") == [(2,)]


def test_a_feed_sends_lines_with_keys_again_that_may_be_stored(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    opened = models.open_database(url)
    add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    lose_answers(opened, monkeypatch, times=2)
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    lines = [{"external_id": "a", "source": "tg", "message": "x", "key": key} for key in "12"]
    (tmp_path / "lines").write_text("\n".join(["nonsense", *map(json.dumps, lines)]))
    assert feed_from(str(tmp_path / "lines")) == 1  # for the first line
    monkeypatch.undo()
    answers, said = capfdbinary.readouterr()
    ids = [json.loads(line).get("id") for line in answers.splitlines()]
    assert [(each,) for each in ids[1:]] == rows("SELECT id FROM appeal ORDER BY key")
    assert said.count(b"Lines 2 to 3 may be stored or not; each has a key") == 1


def test_what_was_uncertain_stays_so_when_it_cannot_be_sent_again(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    lose_answers(opened, monkeypatch, times=1)

    def lose_tables() -> None:
        rows("ALTER TABLE appeal RENAME TO appeal_elsewhere")

    monkeypatch.setattr(opened, "was_stored", lose_tables)
    line = json.dumps({"external_id": "a", "source": "tg", "message": "x", "key": "1"})
    (tmp_path / "lines").write_text(line)
    with pytest.raises(Trouble, match="lines 1 to 1 may be stored or not"):
        feed_from(str(tmp_path / "lines"))
    monkeypatch.undo()


def test_the_ledger_is_settled_once_although_an_answer_is_lost(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    for number in range(3):
        submit(f"tg_{number}", team.tg, "text")
    lose_answers(opened, monkeypatch, times=1)
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    settle()
    assert rows("SELECT seq, appeal_id FROM change ORDER BY seq") == [(1, 1), (2, 2), (3, 3)]
    assert rows("SELECT 1 FROM pending_change") == []


async def test_the_screen_never_says_not_saved_of_what_may_be(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(url) as shown:
        add_team({"Anna": 9}, {"tg": {"Anna": 70}})
        await shown.until(lambda: "Anna" in shown.text and "[ 70]" in shown.text)
        opened = connection.database.obj
        lose_answers(opened, monkeypatch)
        monkeypatch.setattr(opened, "was_stored", lambda: None)
        await shown.pilot.press("n", *"tg_1", "tab", *"once", "ctrl+s")
        await shown.until(lambda: "Perhaps saved" in shown.text)
        monkeypatch.undo()
        assert "Not saved" not in shown.text
        assert "once" in shown.text
        assert rows("SELECT message FROM appeal") == [("once",)]


def test_what_was_lost_on_the_way_to_the_commit_is_stored_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    real = opened.commit
    lost: list[object] = []

    def commit() -> None:
        if not lost:
            lost.append(rows("SELECT pg_backend_pid()")[0][0])
            with psycopg.connect(url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 1000)", lost)
        real()

    monkeypatch.setattr(opened, "commit", commit)
    assert submit("once", team.tg, "").operator_id == team.anna
    assert lost
    assert rows("SELECT count(*) FROM appeal") == [(1,)]
    assert_loads_equal_counts()
