"""Many appeals in one transaction: the same rules as for one, whatever comes together."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from allocator import place_all, submit
from leadboard import desk
from leadboard.allocation import audit, draws
from leadboard.allocation.intake import Draft, Placed
from leadboard.allocation.lottery import Candidate, Candidates, Wheel, pick
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused, TooBusy
from leadboard.database.compiled_queries import CHUNK
from leadboard.database.transactions import transact
from tests.support import ACTOR, add_team, holders, rows

pytestmark = pytest.mark.every_engine


def placed(*drafts: Draft) -> list[Placed | Refused]:
    return transact(lambda: place_all(drafts))


def drafts(count: int, source_id: int = 1, start: int = 0) -> list[Draft]:
    return [Draft(f"lead_{n % 7}", source_id, f"text {n}") for n in range(start, start + count)]


def test_limits_are_reached_exactly_across_sources_that_share_operators(db: Database) -> None:
    add_team({"Anna": 5, "Boris": 7}, {"tg": {"Anna": 1, "Boris": 1}, "vk": {"Anna": 3}})
    placed(*(Draft(f"l{n}", 1 + n % 2, "") for n in range(60)))
    assert rows("SELECT load FROM operator ORDER BY id") == [(5,), (7,)]
    assert holders().count(None) == 48
    assert not audit.check()


def test_every_draw_is_kept_with_its_roster_and_can_be_replayed(db: Database) -> None:
    add_team({"Anna": 3, "Boris": 50}, {"tg": {"Anna": 70, "Boris": 30}})
    placed(*drafts(250))
    kept = rows(
        "SELECT operator_id, content, draw FROM appeal JOIN roster ON roster.id = roster_id"
    )
    assert len(kept) == 250
    for operator_id, content, draw in kept:
        roster = Candidates.parse(str(content))
        if operator_id is None:
            assert roster.total == 0
        else:
            assert operator_id == pick(roster, int(str(draw)))
    assert verify().findings == []


def test_answers_name_what_is_stored_in_the_order_of_the_drafts(db: Database) -> None:
    add_team({"Anna": 500}, {"tg": {"Anna": 1}})
    answers = placed(*drafts(230))
    stored = rows("SELECT appeal.id, lead_id, operator_id, message FROM appeal ORDER BY appeal.id")
    given_ = [
        (each.id, each.lead_id, each.operator_id) for each in answers if isinstance(each, Placed)
    ]
    assert given_ == [row[:3] for row in stored]
    assert [row[3] for row in stored] == [f"text {n}" for n in range(230)]
    assert rows("SELECT count(*) FROM lead") == [(7,)]


def test_a_key_is_placed_once_within_a_batch_and_over_batches(db: Database) -> None:
    team = add_team({"Anna": 500}, {"tg": {"Anna": 1}})
    before = submit("new", team.tg, "first", "k1")
    keyed = [Draft("new", team.tg, "second", key) for key in ("k1", "k2", "k2", None, None)]
    answers = [each for each in placed(*keyed) if isinstance(each, Placed)]
    assert [each.is_repeat for each in answers] == [True, False, True, False, False]
    assert [each.id for each in answers] == [before.id, 2, 2, 3, 4]
    assert rows("SELECT load FROM operator") == [(4,)]


def test_a_draft_without_a_source_harms_no_other(db: Database) -> None:
    team = add_team({"Anna": 500}, {"tg": {"Anna": 1}})
    answers = placed(Draft("a", 9, ""), Draft("b", team.tg, ""), Draft("c", 9, "", "k"))
    assert [isinstance(each, Refused) for each in answers] == [True, False, True]
    assert rows("SELECT count(*) FROM appeal") == [(1,)]


def test_whoever_waits_goes_before_the_batch(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    placed(*drafts(3))
    # Another program raises the limit, and drains nothing.
    rows("UPDATE operator SET max_load = 5")
    placed(*drafts(4, start=3))
    assert holders() == [team.anna, team.anna, team.anna, team.anna, team.anna, None, None]
    assert not audit.check()


def test_behind_more_waiting_than_one_drain_takes_the_batch_waits_too(db: Database) -> None:
    add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    placed(*drafts(220))
    rows("UPDATE operator SET max_load = 1000")
    answers = placed(*drafts(2, start=220))
    assert [each.reason for each in answers if isinstance(each, Placed)] == [
        "older appeals go first"
    ] * 2
    assert holders().count(None) == 22


def test_places_that_others_took_meanwhile_send_the_whole_batch_back(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    monkeypatch.setattr(draws, "claim_many", lambda *_: False)
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.02)
    with pytest.raises(TooBusy):
        placed(*drafts(2))
    assert rows("SELECT count(*) FROM appeal") == [(0,)]


Step = tuple[str, int]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limits=st.lists(st.integers(0, 6), min_size=3, max_size=3),
    steps=st.lists(
        st.tuples(st.sampled_from(["batch", "one", "limit", "close"]), st.integers(1, 9)),
        max_size=12,
    ),
)
def test_batches_and_single_appeals_keep_every_rule_together(
    db: Database, limits: Sequence[int], steps: Sequence[Step]
) -> None:
    ledger = ("change", "pending_change")
    for table in (*ledger, "event_change", "event", "appeal", "lead", "operator_source"):
        rows(f"DELETE FROM {table}")
    for table in ("operator", "source"):
        rows(f"DELETE FROM {table}")
    names = dict(zip(("Anna", "Boris", "Vera"), limits, strict=True))
    add_team(names, {"tg": {"Anna": 5, "Boris": 1}, "vk": {"Boris": 2, "Vera": 0}})
    operators = [key for (key,) in rows("SELECT id FROM operator ORDER BY id")]
    sources = [int(str(key)) for (key,) in rows("SELECT id FROM source ORDER BY id")]
    for what, number in steps:
        if what == "batch":
            placed(*(Draft(f"l{n}", sources[n % 2], "") for n in range(number)))
        elif what == "one":
            submit("one", sources[number % 2], "")
        elif what == "limit":
            desk.change_operator(int(str(operators[number % 3])), max_load=number, actor=ACTOR)
        elif held := rows("SELECT id FROM appeal WHERE closed_at IS NULL LIMIT 1"):
            desk.close([int(str(held[0][0]))], actor=ACTOR)
        assert not audit.check()
    assert not verify().findings


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([None, "full"])), max_size=8),
    st.integers(0, 2**32),
)
def test_a_wheel_turns_as_the_lottery_picks(
    entries: list[tuple[int, str | None]], seed: int
) -> None:
    roster = Candidates(
        tuple(
            Candidate(number, weight, reason if weight else "zero weight")
            for number, (weight, reason) in enumerate(entries)
        )
    )
    turned = Wheel.of(roster).turn(random.Random(seed))
    if roster.total:
        draw = random.Random(seed).randrange(roster.total)
        assert turned == (pick(roster, draw), draw)
    else:
        assert turned is None


def test_chunks_of_every_size_are_stored_whole(db: Database) -> None:
    add_team({"Anna": 10_000}, {"tg": {"Anna": 1}})
    for size in (1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK):
        before = len(holders())
        placed(*drafts(size))
        assert len(holders()) == before + size
