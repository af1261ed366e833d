"""Quota and headroom: who is left out, what is owed, and that both hold with many writers."""

import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database

import allocator
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.intake import Draft, Placed
from leadboard.allocation.lottery import FULL, Candidate, Candidates, pick
from leadboard.allocation.strategies import headroom, quota
from leadboard.allocation.strategies.registry import (
    names,
    narrowed,
    narrowed_again,
    strategy_of,
)
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.database.transactions import transact
from tests.support import ACTOR, add_team, rows
from tests.support.processes import IS_SOAK, together

WHOLE = quota.WHOLE


class Day:
    """Decisions of a quota, and what was owed at the worst, in appeals."""

    def __init__(self, weights: dict[int, int]) -> None:
        self.weights = weights
        self.credits = dict.fromkeys(weights, 0)
        self.got = Counter[int]()
        self.worst = Fraction(0)

    def decide(self, eligible: set[int]) -> int:
        entries = (
            Candidate(key, weight, None if key in eligible else FULL, (self.credits[key],))
            for key, weight in sorted(self.weights.items())
        )
        roster = narrowed(Candidates(tuple(entries), "quota"), quota.STRATEGY)
        chosen = pick(roster, 0)
        self.credits |= quota.credits_after(roster, chosen)
        self.got[chosen] += 1
        self.worst = max(
            self.worst, *(Fraction(abs(each), WHOLE) for each in self.credits.values())
        )
        return chosen


def test_strategies_are_found_by_their_files() -> None:
    assert names() == ("lottery", "headroom", "quota")
    assert strategy_of("registry") is None
    assert strategy_of("../lottery") is None
    for name in names():
        found = strategy_of(name)
        assert found is not None
        assert found.sentence.endswith(".")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 1_000_000), min_size=1, max_size=12), st.integers(1, 400))
def test_with_a_team_that_stands_nobody_is_a_whole_appeal_off(
    weights: list[int], appeals: int
) -> None:
    day, total = Day(dict(enumerate(weights, 1))), sum(weights)
    for count in range(1, appeals + 1):
        day.decide(set(day.weights))
        assert sum(day.credits.values()) == 0
        for key, weight in day.weights.items():
            assert abs(day.got[key] - Fraction(count * weight, total)) < 1
    if len(weights) > 1:
        # Tijdeman's bound, and what credits round to.
        assert day.worst <= 1 - Fraction(1, 2 * len(weights) - 2) + Fraction(1, 1 << 20)


@pytest.mark.parametrize("people", [3, 6, 40])
def test_when_eligibility_and_weights_change_nobody_is_far_off(people: int) -> None:
    rng = random.Random(people)
    day = Day({key: rng.randint(1, 100) for key in range(1, people + 1)})
    everybody = set(day.weights)
    eligible = everybody
    for _ in range(1_000_000 // 3 if IS_SOAK else 4_000):
        if rng.random() < 0.2:
            eligible = {key for key in everybody if rng.random() < 0.6} or {1}
        if rng.random() < 0.02:
            day.weights = {key: rng.randint(1, 100) for key in everybody}
        assert day.decide(eligible) in eligible
    assert day.worst <= Fraction(3, 2)


def test_who_is_not_eligible_is_owed_nothing_for_it() -> None:
    day = Day({1: 1, 2: 1, 3: 1})
    for _ in range(30):
        day.decide({1, 2})
    assert day.credits[3] == 0
    assert day.got == {1: 15, 2: 15}
    for _ in range(9):
        day.decide({1, 2, 3})
    assert day.got[3] == 3


def test_headroom_takes_whoever_is_filled_least_and_draws_ties() -> None:
    entries = (
        *(Candidate(1, 70, None, (4, 10)), Candidate(2, 50, None, (1, 4))),
        *(Candidate(3, 10, None, (9, 20)), Candidate(4, 5, FULL, (3, 3))),
    )
    roster = narrowed(Candidates(entries, "headroom"), headroom.STRATEGY)
    # (4 + 1) / 10 = (1 + 1) / 4 = (9 + 1) / 20
    assert roster.between == "1:70,2:50,3:10"
    busier = Candidate(1, 70, None, (5, 10))
    roster = narrowed(Candidates((busier, *entries[1:]), "headroom"), headroom.STRATEGY)
    assert roster.between == "2:50,3:10"
    assert roster.content() == (
        '["headroom",[1,70,"fuller",5,10],[2,50,null,1,4],[3,10,null,9,20],[4,5,"full",3,3]]'
    )
    assert Candidates.parse(roster.content()) == roster
    assert narrowed_again(roster, headroom.STRATEGY) == roster


@pytest.fixture
def team(db: Database) -> None:
    add_team(
        {"Anna": 500, "Boris": 300, "Vera": 200},
        {"tg": {"Anna": 5, "Boris": 3, "Vera": 2}, "vk": {"Anna": 1, "Boris": 1, "Vera": 1}},
    )
    desk.change_source(1, strategy="quota", actor=ACTOR)
    desk.change_source(2, strategy="headroom", actor=ACTOR)


@pytest.mark.every_engine
@pytest.mark.usefixtures("team")
def test_one_by_one_and_in_batches_a_quota_goes_on_alike() -> None:
    got = [allocator.submit(f"l{each}", 1, "").operator_id for each in range(10)]
    drafts = [Draft(f"b{each}", 1, "") for each in range(20)]
    placed = transact(lambda: allocator.place_all(drafts))
    got += [each.operator_id for each in placed if isinstance(each, Placed)]
    for tens in (got[:10], got[10:20], got[20:]):
        assert Counter(tens) == {1: 5, 2: 3, 3: 2}
    assert verify().findings == []


@pytest.mark.every_engine
@pytest.mark.usefixtures("team")
def test_headroom_fills_everybody_alike() -> None:
    drafts = [Draft(f"b{each}", 2, "") for each in range(50)]
    transact(lambda: allocator.place_all(drafts))
    for each in range(50):
        allocator.submit(f"l{each}", 2, "")
    assert rows("SELECT name, load FROM operator ORDER BY id") == [
        ("Anna", 50),
        ("Boris", 30),
        ("Vera", 20),
    ]
    assert verify().findings == []


@pytest.mark.every_engine
@pytest.mark.usefixtures("team")
def test_what_a_strategy_left_out_and_what_was_owed_is_replayed() -> None:
    for each in range(6):
        allocator.submit(f"l{each}", 1 + each % 2, "")
    [(roster_id, content)] = rows(
        "SELECT roster.id, content FROM roster JOIN appeal_step s ON s.roster_id = roster.id"
        " JOIN appeal ON appeal.id = appeal_id WHERE source_id = 1 AND number = 2"
    )
    first = Candidates.parse(str(content))
    entries = tuple(
        Candidate(each.operator_id, each.weight, each.reason, (each.standing[0] + WHOLE // 9,))
        for each in first.entries
    )
    rows(
        "UPDATE roster SET content = ? WHERE id = ?",
        Candidates(entries, "quota").content(),
        roster_id,
    )
    assert any("its roster says otherwise what was owed" in f.sentence for f in verify().findings)


@pytest.mark.usefixtures("team")
def test_a_strategy_that_nobody_knows_is_refused_and_never_keeps_an_appeal_waiting() -> None:
    with pytest.raises(Refused, match="There is no strategy luck: choose lottery or"):
        desk.change_source(1, strategy="luck", actor=ACTOR)
    rows("UPDATE source SET strategy = 'luck' WHERE id = 1")
    assert allocator.submit("l1", 1, "").operator_id is not None
    assert [each.sentence for each in audit.check()] == [
        "tg asks for the strategy luck, which is unknown: it is drawn by lottery."
    ]


@pytest.mark.usefixtures("team")
def test_a_strategy_is_undone_like_everything_else() -> None:
    done = desk.change_source(1, strategy="lottery", is_sealed=False, actor=ACTOR)
    assert done.note == "Source tg: strategy quota → lottery, sealed → unsealed"
    desk.undo(actor=ACTOR)
    assert rows("SELECT strategy, is_sealed FROM source WHERE id = 1") == [("quota", 1)]


MANY = """
from allocator import place_all, submit
from leadboard.allocation.intake import Draft
from leadboard.database.transactions import transact
who = sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for at in range({count}):
    if at % 5:
        submit(f"{{who}}-{{at}}", 1, "")
    else:
        transact(lambda: place_all([Draft(f"{{who}}-{{at}}-{{k}}", 1, "") for k in range(4)]))
"""


@pytest.mark.every_engine
def test_eight_processes_keep_the_quota(db: Database, target: str) -> None:
    weights = {"Anna": 7, "Boris": 5, "Vera": 3, "Gleb": 1}
    add_team(dict.fromkeys(weights, 100_000), {"tg": weights})
    desk.change_source(1, strategy="quota", actor=ACTOR)
    count = 1_000 if IS_SOAK else 20
    together(target, [MANY.format(count=count)] * 8, 1, seconds=600)
    outcome = verify()
    assert outcome.findings == []
    drawn = rows("SELECT operator_id FROM appeal_step WHERE drawn ORDER BY number")
    total, got = sum(weights.values()), Counter[int]()
    for at, (operator_id,) in enumerate(drawn, 1):
        got[int(str(operator_id))] += 1
        for key, weight in enumerate(weights.values(), 1):
            assert abs(got[key] - Fraction(at * weight, total)) < 1
    assert len(drawn) == 8 * (count * 4 // 5 + count // 5 * 4)
    numbers = [each for (each,) in rows("SELECT number FROM appeal_step WHERE drawn ORDER BY 1")]
    assert all(int(str(b)) == int(str(a)) + 1 for a, b in pairwise(numbers))
