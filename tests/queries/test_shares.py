"""Shares from the tally, from the ledger, and of those who count at once."""

import contextlib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

import pytest
from peewee import Database

import allocator
from leadboard import desk
from leadboard.allocation import tally
from leadboard.allocation.lottery import BY_LOTTERY
from leadboard.allocation.pruning import edge_of, prune
from leadboard.allocation.rosters import KnownRosters
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.database.fields import as_if_at, now
from leadboard.queries.shares import Shares, shares
from tests.support import ACTOR, add_team, number, rows
from tests.support.processes import together

pytestmark = [pytest.mark.every_engine, pytest.mark.usefixtures("db")]


def busy_days(seed: int = 1, acts: int = 120) -> None:
    """Let appeals come, go by hand, by force, back and away, on several days."""
    rng = Random(seed)
    names = {"Anna": 6, "Boris": 6, "Vera": 6}
    add_team(names, {"tg": {"Anna": 5, "Boris": 3, "Vera": 2}, "vk": {"Anna": 1, "Vera": 1}})
    desk.change_source(2, strategy="quota", actor=ACTOR)
    begin = now() - timedelta(days=9)
    for at, number_ in zip(range(acts), count(1), strict=False):
        with as_if_at(begin + timedelta(hours=1.7 * at)):
            allocator.submit(f"lead {number_ % 7}", 1 + rng.randrange(2), f"{number_}")
            chosen = [rng.randint(1, number_)]
            act = rng.choice(
                (
                    lambda ids: desk.give_back(ids, actor=ACTOR),
                    lambda ids: desk.close(ids, actor=ACTOR),
                    lambda ids: desk.reopen(ids, actor=ACTOR),
                    lambda ids: desk.assign(ids, rng.randint(1, 3), actor=ACTOR),
                    lambda ids: desk.assign(ids, rng.randint(1, 3), force=True, actor=ACTOR),
                    lambda _: desk.undo(actor=ACTOR),
                )
            )
            with contextlib.suppress(Refused):
                act(chosen)


def seen(found: Shares) -> object:
    return [(each.operator_id, each.got, each.due, each.by_hand) for each in found.operators]


def test_what_is_counted_is_what_the_ledger_says(monkeypatch: pytest.MonkeyPatch) -> None:
    busy_days()
    before = shares()
    outcome = verify()
    assert (before.draws, before.free) == (outcome.evenness.draws, outcome.evenness.free)
    assert before.evidence == pytest.approx(outcome.evidence.value, rel=0.5)
    monkeypatch.setattr(tally, "BATCH", 7)
    tally.count_on()
    assert number("SELECT counted FROM ledger_bounds") == number("SELECT max(seq) FROM change")
    assert seen(shares()) == seen(before)
    assert shares() == before
    # And what came since then is added to it.
    for each in range(5):
        allocator.submit(f"new {each}", 1, "")
    assert shares().draws == verify().evenness.draws
    tally.count_on()
    assert shares().draws == verify().evenness.draws


def test_ways_are_told_apart() -> None:
    busy_days()
    drawn, by_hand, forced = Counter[int](), Counter[int](), Counter[int]()
    by_rule = Counter[int]()
    rosters = KnownRosters()
    lines = rows(
        "SELECT s.operator_id, s.drawn, s.roster_id, e.forced, e.act, s.kind FROM appeal_step s"
        " LEFT JOIN event e ON e.id = s.event_id"
        " WHERE s.kind IN ('received', 'assigned', 'moved') AND s.operator_id IS NOT NULL"
    )
    for operator_id, was_drawn, roster_id, was_forced, act, _ in lines:
        key = int(str(operator_id))
        if was_drawn:
            is_lottery = rosters[int(str(roster_id))].strategy == BY_LOTTERY
            (drawn if is_lottery else by_rule)[key] += 1
        elif act not in ("undo", "redo"):
            (forced if was_forced else by_hand)[key] += 1
    for each in shares().operators:
        assert each.by_hand == by_hand[each.operator_id]
        assert each.forced == forced[each.operator_id]
        assert each.by_rule == by_rule[each.operator_id]
        assert each.got <= drawn[each.operator_id]
    assert sum(drawn.values()) == shares().draws
    assert by_hand.total()
    assert forced.total()
    assert by_rule.total()


def test_a_span_and_a_source_are_parts_of_the_whole() -> None:
    busy_days()
    tg, vk = shares(1), shares(2)
    assert tg.draws + vk.draws == shares().draws
    assert vk.draws == 0  # its quota is no lottery
    middle = (now() - timedelta(days=4)).date()
    for counted in (False, True):
        if counted:
            tally.count_on()
        later = shares(None, middle)
        begin = datetime.combine(middle, datetime.min.time(), UTC)
        moments = rows(
            "SELECT count(*) FROM appeal_step s JOIN appeal a ON a.id = s.appeal_id"
            " WHERE s.drawn AND a.source_id = 1 AND s.at >= ?",
            f"{begin:%Y-%m-%d}",
        )
        assert later.draws == moments[0][0]
    assert shares(None, date(2031, 1, 1)).draws == 0


def test_pruning_changes_no_share() -> None:
    busy_days()
    before = shares()
    moment = now() - timedelta(days=3)
    prune(edge_of(moment), moment, ACTOR, lambda *_: None)
    assert number("SELECT count(*) FROM change") < number("SELECT counted FROM ledger_bounds")
    assert shares() == before


def test_a_bent_lottery_is_told_in_words() -> None:
    add_team({"Anna": 5_000, "Boris": 5_000}, {"tg": {"Anna": 1, "Boris": 1}})
    rows("UPDATE source SET is_sealed = FALSE")
    for each in range(120):
        allocator.submit(f"lead {each}", 1, "")
    assert shares().favoured is None
    for table in ("change", "pending_change"):
        rows(f"UPDATE {table} SET operator_id = 1 WHERE appeal_id <= 105")
        rows(f"UPDATE {table} SET operator_id = 2 WHERE appeal_id > 105")
    found = shares()
    assert found.favoured == 1
    assert found.verdict.startswith("The evidence is more than 1,000,000 to 1 that Anna gets more")
    assert found.p_value < 1e-9


COUNTER = """
from leadboard.allocation import tally
tally.BATCH = 3
print("ready", flush=True)
sys.stdin.readline()
tally.count_on()
"""


def test_processes_that_count_at_once_count_once(db: Database, target: str) -> None:
    busy_days(2, 60)
    before = shares()
    together(target, [COUNTER] * 3, 1)
    assert number("SELECT counted FROM ledger_bounds") == number("SELECT max(seq) FROM change")
    assert shares() == before
