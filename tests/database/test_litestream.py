"""A file that is replicated by Litestream while bots write, lost, and put back."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import add_team, opened, rows
from tests.support.bots import Bot, DoorBot, FeedBot
from tests.support.door import running
from tests.support.litestream import LACK, LITESTREAM, Litestream, litestream
from tests.support.processes import leadboard
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(LITESTREAM is None, reason=LACK)

SOME = 30
"""Appeals that each bot has acknowledged before something happens."""


@pytest.fixture
def copied() -> Iterator[Litestream]:
    """Return a Litestream for a new database with a team."""
    with litestream() as lent:
        with opened(lent.database):
            add_team({"Anna": 90_000, "Boris": 90_000}, {"tg": {"Anna": 7, "Boris": 3}})
        yield lent


def test_what_was_synced_comes_back_and_the_rest_can_be_sent_again(
    copied: Litestream, tmp_path: Path
) -> None:
    target = str(copied.database)
    with ExitStack() as stack:
        process = stack.enter_context(copied.replicating())
        door = stack.enter_context(running(target))
        feeds = [FeedBot(f"feed {number}", target, tmp_path) for number in (1, 2)]
        bots: list[Bot] = [DoorBot("door", door), *feeds]
        for bot in bots:
            stack.enter_context(bot)
        await_more(bots)
        early = acknowledged(bots)
        copied.sync()
        process.kill()
        await_more(bots)
        for bot in bots:
            bot.stop()
        copied.lose()
        with door.client() as client:
            refused = client.post(
                "/appeals/", json={"external_id": "late", "source_id": 1, "message": ""}
            )
        assert (refused.status_code, "was deleted" in refused.text) == (503, True)
    every = acknowledged(bots)

    copied.restore()
    assert_sound(target)
    restored = stored(target)
    assert early <= restored <= every
    assert {number for _, number in restored} == set(range(1, len(restored) + 1))

    lines = [json.dumps(line(str(key))) for key, _ in every]
    again = leadboard(target, "feed", given="\n".join(lines))
    assert (again.returncode, again.stderr) == (0, "")
    assert restored < stored(target)
    assert {key for key, _ in stored(target)} == {key for key, _ in every}

    with copied.replicating():
        copied.sync()
    other = tmp_path / "other.db"
    copied.restore(other)
    assert_sound(str(other))
    assert stored(str(other)) == stored(target)
    assert (copied.database.stat().st_mode & 0o777, other.stat().st_mode & 0o777) == (0o600, 0o600)


def await_more(bots: list[Bot]) -> None:
    """Wait until each bot has SOME more appeals acknowledged."""
    known = [len(bot.acknowledged) for bot in bots]
    until(lambda: all(len(b.acknowledged) >= n + SOME for b, n in zip(bots, known, strict=True)))


def acknowledged(bots: list[Bot]) -> set[tuple[object, ...]]:
    """Return the key and the id of every appeal that was answered so far."""
    return {pair for bot in bots for pair in list(bot.acknowledged)}


def stored(target: str) -> set[tuple[object, ...]]:
    """Return the key and the id of every appeal in a database."""
    with opened(target):
        return set(rows("SELECT key, id FROM appeal"))


def line(key: str) -> dict[str, str]:
    """Return the line that a bot sent with this key."""
    name = key.rsplit("-", 2)[0]
    return {"external_id": name, "source": "tg", "message": f"text of {key}", "key": key}


def assert_sound(target: str) -> None:
    """Fail if a check finds anything in a database."""
    assert leadboard(target, "check").stdout == "Every rule holds.\n"
    verified = leadboard(target, "verify", "--level", "1e-9")
    assert verified.returncode == 0
    assert "0 contradictions" in verified.stdout
