"""The loads of the last hour, against a slow model that replays the ledger from its beginning."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.ledger import settle
from leadboard.common.errors import Refused
from leadboard.database.fields import as_if_at, stamp
from leadboard.queries import load_history as module
from leadboard.queries.load_history import EVERY, SAMPLES, load_history
from tests.support import ACTOR, Team, add_team, number, rows
from tests.support.tables import take

pytestmark = pytest.mark.every_engine

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(minutes: float) -> AbstractContextManager[None]:
    """Let what follows be done so many minutes after the start."""
    return as_if_at(START + timedelta(minutes=minutes))


@pytest.fixture
def team(db: Database) -> Team:
    """Anna, who gets every appeal of the bot, and Boris, who gets what a dispatcher gives him."""
    with at(-60):
        return add_team({"Anna": 90, "Boris": 90}, {"bot": {"Anna": 1}, "site": {"Boris": 1}})


def history(minutes: float) -> dict[int, list[int]]:
    """Return the history as it reads so many minutes after the start."""
    with at(minutes):
        found = load_history()
    assert found is not None
    return {key: list(samples) for key, samples in found.items()}


def model(minutes: float) -> dict[int, list[int]]:
    """Return what the history must be: who has what at each mark, by all lines before it."""
    moment = START + timedelta(minutes=minutes)
    newest = moment - (moment - START) % EVERY
    marks = [newest - EVERY * back for back in reversed(range(SAMPLES - 1))]
    held = [_held_before(mark) for mark in marks]
    return {
        key: [*(list(each.values()).count(key) for each in held), load]
        for key, load in rows("SELECT id, load FROM operator")
        if isinstance(key, int) and isinstance(load, int)
    }


def _held_before(mark: datetime) -> dict[int, int | None]:
    """Return who has each open appeal, or None, by the lines before a moment."""
    held: dict[int, int | None] = {}
    lines = "SELECT appeal_id, closed_at, operator_id FROM appeal_step WHERE at < ? ORDER BY place"
    for appeal_id, closed_at, operator_id in rows(lines, stamp(mark)):
        assert isinstance(appeal_id, int)
        held[appeal_id] = None if closed_at or not isinstance(operator_id, int) else operator_id
    return held


def test_a_load_is_told_at_each_full_five_minutes_and_now(team: Team) -> None:
    with at(1):
        submit("tg_1", team.bot, "")
    with at(11):
        submit("tg_2", team.bot, "")
        submit("tg_3", team.bot, "")
    with at(22):
        desk.close([1], actor=ACTOR)
    found = history(23)
    #                                                        10:00 :05 :10 :15 :20 now
    assert found[team.anna] == [0, 0, 0, 0, 0, 0,                0, 1,  1,  3,  3, 2]  # fmt: skip
    assert found[team.boris] == [0] * SAMPLES
    assert found == model(23)


def test_a_change_on_the_mark_belongs_to_what_comes_after(team: Team) -> None:
    with at(5):
        submit("tg_1", team.bot, "")
    assert history(5)[team.anna][-2:] == [0, 1]
    assert history(10)[team.anna][-3:] == [0, 1, 1]
    assert history(5 + 55)[team.anna] == [1] * SAMPLES


def test_every_kind_of_change_is_taken_back(team: Team) -> None:
    acts: list[Callable[[], object]] = [
        lambda: submit("tg_1", team.bot, ""),
        lambda: desk.assign([1], team.boris, actor=ACTOR),
        lambda: desk.give_back([1], actor=ACTOR),
        lambda: desk.close([1], actor=ACTOR),
        lambda: desk.reopen([1], actor=ACTOR),
        lambda: desk.assign([1], team.boris, actor=ACTOR),
        lambda: desk.undo(actor=ACTOR),
        lambda: desk.redo(actor=ACTOR),
        lambda: desk.submit("tg_2", team.bot, "", actor=ACTOR),
        lambda: desk.undo(actor=ACTOR),
        lambda: desk.redo(actor=ACTOR),
        lambda: desk.send_home([team.anna], actor=ACTOR),
        lambda: desk.toggle_active([team.anna], actor=ACTOR),
    ]
    for minutes, act in zip(range(0, 60, 4), acts, strict=False):
        with at(minutes):
            act()
        assert history(minutes + 3) == model(minutes + 3)
    assert len({tuple(each) for each in history(50).values()}) > 1


def test_appeals_from_a_file_count_from_when_they_were_taken_in(team: Team) -> None:
    with at(12):
        take(
            "appeals",
            "external_id,source,operator,status,timestamp,closed_at\n"
            "tg_1,site,Boris,open,2026-01-01T00:00:00Z,\n"
            "tg_2,site,Boris,closed,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n",
        )
    assert history(14)[team.boris] == [*[0] * (SAMPLES - 1), 1]
    assert history(16)[team.boris] == [*[0] * (SAMPLES - 2), 1, 1]


@pytest.mark.parametrize("seed", range(3))
def test_any_hour_is_as_the_whole_ledger_tells_it(team: Team, seed: int) -> None:
    rng = random.Random(seed)
    for second in range(0, 7200, 45):
        with at(second / 60), suppress(Refused):
            _anything(rng, team)
        if rng.random() < 0.1:
            settle()
    for minutes in (61, 90, 118.5, 120, 140, 200):
        assert history(minutes) == model(minutes)
    assert len(set(history(120)[team.anna])) > 3


def _anything(rng: random.Random, team: Team) -> None:
    """Do something to appeals at random; much of it is refused."""
    newest = number("SELECT coalesce(max(id), 1) FROM appeal")
    one = [rng.randint(max(1, newest - 9), newest)]
    acts: list[Callable[[], object]] = [
        *[lambda: submit(f"tg_{rng.random()}", rng.choice([team.bot, team.site]), "")] * 3,
        lambda: desk.submit("tg_x", team.bot, "", actor=ACTOR),
        lambda: desk.close(one, actor=ACTOR),
        lambda: desk.reopen(one, actor=ACTOR),
        lambda: desk.give_back(one, actor=ACTOR),
        lambda: desk.assign(one, rng.choice([team.anna, team.boris]), actor=ACTOR),
        lambda: desk.toggle_active([team.anna], actor=ACTOR),
        lambda: desk.undo(actor=ACTOR),
        lambda: desk.redo(actor=ACTOR),
    ]
    rng.choice(acts)()


def test_lines_a_little_out_of_order_are_found(team: Team) -> None:
    for minutes in range(60):
        # Of two machines, one is four minutes behind.
        with at(minutes - 4 * (minutes % 2)):
            submit(f"tg_{minutes}", team.bot, "")
    for minutes in (60, 70, 90, 113):
        assert history(minutes) == model(minutes)


def test_more_lines_than_anybody_looks_at_leave_the_history_out(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(20):
        with at(minutes):
            submit(f"tg_{minutes}", team.bot, "")
    monkeypatch.setattr(module, "MOST", 10)
    for settled in (False, True):
        with at(21):
            assert load_history() is None
        if not settled:
            settle()
    # Half of them are older than an hour by then.
    assert history(70) == model(70)


def test_a_history_of_which_lines_were_pruned_is_left_out(team: Team) -> None:
    with at(1):
        submit("tg_1", team.bot, "")
        settle()
    assert history(3)[team.anna][-1] == 1
    rows("UPDATE ledger_bounds SET pruned = 1")
    with at(3):
        assert load_history() is None
    assert history(80)[team.anna] == [1] * SAMPLES


def test_a_repair_notes_an_appeal_and_gives_it_to_nobody(team: Team) -> None:
    with at(1):
        submit("tg_1", team.bot, "")
        settle()
    rows("DELETE FROM change")
    with at(10):
        assert audit.repair(ACTOR) == []
    # Nothing tells when it came, so it seems to have been there all the time.
    assert history(12)[team.anna] == [1] * SAMPLES


def test_an_empty_ledger_has_a_history_too(team: Team) -> None:
    assert history(0) == {team.anna: [0] * SAMPLES, team.boris: [0] * SAMPLES}
