"""The primary is lost and its standby promoted: everybody goes on, nothing is lost or doubled."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from allocator import submit
from leadboard.allocation.intake import Placed
from leadboard.common.errors import TooBusy, Uncertain
from leadboard.database.connection import database
from tests.support import add_team, opened, rows
from tests.support.bots import (
    LIMIT,
    Bot,
    DoorBot,
    FeedBot,
    Follower,
    assert_stored_and_told,
    further,
    when,
)
from tests.support.door import running
from tests.support.processes import leadboard
from tests.support.screen import open_desk
from tests.support.standby import Node, Pair, running_pair
from tests.support.waiting import until

NAME = "sales"

TEAM = {"Anna": 90_000, "Boris": 90_000}, {"tg": {"Anna": 7, "Boris": 3}}


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return a primary and its synchronous standby, with a database and a team."""
    with running_pair() as started:
        started.primary.admin(f"CREATE DATABASE {NAME}")
        with opened(started.url(NAME)):
            add_team(*TEAM)
        yield started


async def test_everybody_goes_on_and_nothing_acknowledged_is_lost(
    pair: Pair, tmp_path: Path
) -> None:
    target = pair.url(NAME)
    async with open_desk(target) as shown:
        with ExitStack() as stack:
            feeds = [FeedBot(f"feed {number}", target, tmp_path) for number in (1, 2)]
            door = DoorBot("door", stack.enter_context(running(target)))
            bots: list[Bot] = [door, *feeds]
            follower = Follower(target, tmp_path)
            stack.enter_context(follower)
            for bot in bots:
                stack.enter_context(bot)
            for _ in range(3):
                await when(further(bots, follower))

            await asyncio.to_thread(pair.primary.kill)
            last = follower.lines[-1]["seq"]
            told = {
                "screen": lambda: "No primary" in shown.text,
                "feeds": lambda: all("Still trying" in feed.said for feed in feeds),
                "follower": lambda: "Still trying" in follower.said,
                "door": lambda: door.refusals > 0,
            }
            await when(told)
            await shown.pilot.press("n", *"phone", "tab", *"by hand", "ctrl+s")

            later = further(bots, follower)
            screen = {"screen": lambda: "No primary" not in shown.text}
            promoting = asyncio.create_task(asyncio.to_thread(pair.standby.promote))
            took = await when({**later, **screen})
            await promoting
            print(f"seconds from the promotion on: {took}")  # noqa: T201 - the figure itself

            for _ in range(3):
                await when(further(bots, follower))
            for bot in bots:
                await asyncio.to_thread(bot.stop)
            await when({"form": lambda: "phone →" in shown.text})
            await when({"end": lambda: follower.has_all})
    with opened(target):
        assert len(rows("SELECT 1 FROM appeal WHERE message = 'by hand'")) == 1
        assert_stored_and_told(bots, follower)
    assert leadboard(target, "check").stdout == "Every rule holds.\n"
    assert leadboard(target, "verify", "--level", "1e-9").returncode == 0
    rest = leadboard(target, "follow", "--since", str(last), "--once")
    assert [json.loads(line) for line in rest.stdout.splitlines()] == follower.lines[last:]


class Sender(threading.Thread):
    """Submits one appeal on a connection of its own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.outcome: Placed | Exception | None = None

    def run(self) -> None:
        try:
            self.outcome = submit("tg_1", 1, "hello", key="k")
        except Exception as error:
            self.outcome = error
        database.close()


def waits_for_standby(node: Node) -> bool:
    """Tell whether a commit is stored, and waits for the standby to have it as well."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    return bool(node.scalar(query))


def test_what_was_being_stored_is_uncertain_and_may_be_sent_again(pair: Pair) -> None:
    with opened(pair.url(NAME)):
        pair.standby.suspend()
        (sending := Sender()).start()
        until(lambda: waits_for_standby(pair.primary))
        pair.primary.kill()
        pair.standby.resume()
        pair.standby.promote()
        sending.join(LIMIT)
        assert isinstance(sending.outcome, Uncertain)
        again = submit("tg_1", 1, "hello", key="k")
        assert rows("SELECT id FROM appeal") == [(again.id,)]


def test_nothing_is_acknowledged_while_the_standby_is_away(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.server.PATIENCE", 0.1)
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.1)
    with opened(pair.url(NAME)):
        pair.standby.suspend()
        (sending := Sender()).start()
        until(lambda: waits_for_standby(pair.primary))
        with pytest.raises(TooBusy):
            submit("tg_1", 1, "hello", key="k")
        assert sending.is_alive()
        assert rows("SELECT id FROM appeal") == []
        pair.standby.resume()
        sending.join(LIMIT)
        assert isinstance(sending.outcome, Placed)
        assert rows("SELECT id FROM appeal") == [(sending.outcome.id,)]


def test_an_asynchronous_standby_lacks_what_it_was_not_sent(pair: Pair) -> None:
    target = pair.url(NAME)
    pair.primary.admin("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    pair.standby.kill()
    with opened(target):
        assert submit("tg_1", 1, "hello").id == 1
    seen = leadboard(target, "follow", "--since", "start", "--once").stdout
    assert json.loads(seen)["seq"] == 1
    pair.primary.kill()
    pair.standby.start()
    pair.standby.promote()
    with opened(target):
        assert rows("SELECT id FROM appeal") == []
    gone = leadboard(target, "follow", "--since", "1", "--once")
    assert (gone.returncode, gone.stdout) == (3, "")
    assert "The ledger ends before 1" in gone.stderr


def test_a_host_that_keeps_silent_is_passed_over(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = f"127.0.0.1:{silent.getsockname()[1]},{pair.primary.host}"
        target = f"postgresql://postgres@{hosts}/{NAME}?connect_timeout=2"
        assert leadboard(target, "check").stdout == "Every rule holds.\n"


def test_a_standby_is_told_from_a_primary_in_a_sentence(pair: Pair) -> None:
    line = json.dumps({"external_id": "a", "source": "tg", "message": "x"})
    named = leadboard(f"{pair.standby.url(NAME)}?target_session_attrs=read-write", "check")
    assert (named.returncode, named.stdout) == (2, "")
    assert "No primary server can be reached, only a read-only one" in named.stderr
    fed = leadboard(pair.standby.url(NAME), "feed", given=line)
    assert fed.returncode == 2
    assert "read-only: use the primary" in fed.stderr
    assert leadboard(pair.standby.url(NAME), "check").stdout == "Every rule holds.\n"
