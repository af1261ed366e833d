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
from leadboard.allocation.ledger import settle
from leadboard.allocation.lottery import BY_LOTTERY
from leadboard.allocation.pruning import edge_of, prune
from leadboard.allocation.rosters import KnownRosters
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.database.connection import engine
from leadboard.database.fields import as_if_at, now
from leadboard.queries.shares import Shares, shares
from tests.support import ACTOR, add_operator, add_team, arrive, number, rows
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
    # Whatever was drawn: one by hand, and one by force to somebody without a place.
    desk.change_operator(2, max_load=1_000, actor=ACTOR)
    desk.change_operator(3, max_load=0, actor=ACTOR)
    desk.submit_to("by hand", 1, "", None, 2, actor=ACTOR)
    desk.assign([allocator.submit("by force", 1, "").id], 3, force=True, actor=ACTOR)


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


def test_a_roster_that_goes_on_after_it_was_counted_is_one_roster() -> None:
    add_team({"Anna": 50, "Boris": 50}, {"tg": {"Anna": 1, "Boris": 1}})
    for counted in range(1, 4):
        allocator.submit(f"lead {counted}", 1, "")
        assert shares().draws == counted
        tally.count_on()
        assert shares().draws == counted
    assert {row[0] for row in rows("SELECT day FROM tally")} == {f"{now():%Y-%m-%d}"}


def test_where_nothing_can_be_stored_they_are_counted_for_one_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leadboard.queries.shares.BATCH", 3)
    add_team({"Anna": 50, "Boris": 50}, {"tg": {"Anna": 1, "Boris": 1}})
    arrive(1, 9)
    settle()
    statement = "SET default_transaction_read_only = {}" if engine().is_server else READ_ONLY
    rows(statement.format("on"))
    assert shares().draws == 9
    assert rows("SELECT * FROM tally") == []
    rows(statement.format("off"))
    assert shares().draws == 9
    assert number("SELECT CAST(sum(count) AS bigint) FROM tally") == 9


READ_ONLY = "PRAGMA query_only = {}"


def test_whoever_is_slow_is_not_accused_after_a_pruning() -> None:
    """It keeps the lines of open appeals, and those are of the slow ones."""
    moment = now() - timedelta(days=1)
    with as_if_at(moment - timedelta(days=9)):
        add_team({"Anna": 500, "Boris": 500}, {"tg": {"Anna": 1, "Boris": 1}})
        for each in range(200):
            allocator.submit(f"lead {each}", 1, "", rng=Random(each))
        quick = rows("SELECT id FROM appeal WHERE operator_id = 2")
        desk.close([int(str(key)) for (key,) in quick], actor=ACTOR)
    before = shares()
    prune(edge_of(moment), moment, ACTOR, lambda *_: None)
    for each in range(20):
        allocator.submit(f"new {each}", 1, "", rng=Random(each))
    assert verify().evenness.draws == 20
    assert not verify().evidence.accuses()
    assert shares().draws == before.draws + 20


def test_lost_draws_of_the_lottery_count_and_of_other_strategies_do_not() -> None:
    add_team({"Anna": 5, "Boris": 5}, {"tg": {"Anna": 1, "Boris": 1}, "vk": {"Anna": 1}})
    desk.change_source(2, strategy="quota", actor=ACTOR)
    for source_id in (1, 2):
        allocator.submit("lead", source_id, "")
        rows(
            "INSERT INTO lost_draw (at, source_id, roster_id, draw, operator_id, outside)"
            " SELECT timestamp, source_id, roster_id, draw, operator_id, ? FROM appeal"
            " WHERE source_id = ?",
            bytes(32),
            source_id,
        )
    assert (shares().draws, shares().lost) == (2, 1)
    assert verify().evenness.draws == 2


def test_it_says_what_the_evidence_would_have_seen_also_when_somebody_is_new() -> None:
    add_team({"Anna": 5_000, "Boris": 5_000}, {"tg": {"Anna": 1, "Boris": 1}})
    assert shares().verdict == "No draw had more than one operator to choose from."
    allocator.submit("lead", 1, "")
    assert shares().verdict.startswith("Nothing speaks against the lottery, but so few draws")
    for each in range(150):
        allocator.submit(f"lead {each}", 1, "", rng=Random(each))
    (seen,) = {each.seen for each in shares().operators}
    assert seen is not None
    told = f"A bend of {100 * seen:.1f} points or more would have been seen in 95 of 100 cases"
    assert shares().verdict == f"The shares follow the weights. {told}."
    add_operator("Vera", 5_000)
    desk.set_weight(3, 1, 1, actor=ACTOR)
    allocator.submit("one more", 1, "")
    assert shares().verdict.endswith("of 100 cases, but too few draws tell of one operator.")


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
