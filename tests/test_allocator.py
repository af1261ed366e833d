"""Submitting on a real file: limits hold, a known key is its first appeal, the lottery is fair."""

import itertools
import random
import subprocess
import sys
import textwrap

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import draws, limits
from leadboard.allocation.lottery import Candidates, pick
from leadboard.common.errors import Missing, Refused
from models import Operator
from tests.support import ACTOR, add_team, assert_loads_equal_counts, dump, holders, rows

pytestmark = pytest.mark.every_engine


def test_an_appeal_goes_to_somebody_eligible_and_keeps_its_roster_and_draw(db: Database) -> None:
    team = add_team({"Anna": 5, "Boris": 5}, {"tg": {"Anna": 70, "Boris": 30}})
    placed = submit("tg_1", team.tg, "Hello")
    [(operator, content, draw)] = rows(
        "SELECT operator_id, content, draw FROM appeal JOIN roster ON roster.id = roster_id"
    )
    assert placed.operator_id == operator == pick(Candidates.parse(str(content)), int(str(draw)))
    assert rows("SELECT sum(load) FROM operator") == [(1,)]
    assert placed.reason is None


@pytest.mark.parametrize(
    ("weights", "limit", "is_active", "reason"),
    [
        ({}, 5, True, "nobody serves this source"),
        ({"Anna": 0}, 5, True, "1 zero weight"),
        ({"Anna": 9}, 0, True, "1 full"),
        ({"Anna": 9}, 5, False, "1 inactive"),
    ],
)
def test_nobody_eligible_waits_with_a_reason_and_no_error(
    db: Database, weights: dict[str, int], limit: int, is_active: bool, reason: str
) -> None:
    team = add_team({"Anna": limit}, {"tg": weights})
    desk.change_operator(team.anna, is_active=is_active, actor=ACTOR)
    placed = submit("tg_1", team.tg, "Hello")
    assert (placed.operator_id, placed.reason) == (None, reason)
    assert holders() == [None]


def test_a_limit_is_reached_exactly_and_never_passed(db: Database) -> None:
    team = add_team({"Anna": 5, "Boris": 7}, {"tg": {"Anna": 1, "Boris": 1}})
    for number in range(100):
        submit(f"lead_{number}", team.tg, "")
    assert rows("SELECT load FROM operator ORDER BY id") == [(5,), (7,)]
    assert holders().count(None) == 88
    assert_loads_equal_counts()


def test_a_limit_spans_all_sources_of_an_operator(db: Database) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    assert submit("a", team.tg, "").operator_id == team.anna
    assert submit("b", team.vk, "").operator_id is None


def test_a_lead_exists_once(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    first, second = submit("tg_1", team.tg, "a"), submit(" tg_1 ", team.tg, "b")
    assert first.lead_id == second.lead_id
    assert rows("SELECT count(*) FROM lead") == [(1,)]


def test_the_same_key_returns_the_first_appeal_and_changes_nothing(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    first = submit("tg_1", team.tg, "a", key="m1")
    before = dump()
    again = submit("tg_1", team.tg, "other words", key="m1")
    assert (again.is_repeat, again.differs) == (True, True)
    assert not submit("tg_1", team.tg, "a", key="m1").differs
    assert (again.id, again.operator_id, again.timestamp) == (
        first.id,
        first.operator_id,
        first.timestamp,
    )
    assert dump() == before


@pytest.mark.parametrize(
    ("external_id", "source", "message"),
    [("", 1, "m"), ("a\0b", 1, "m"), ("x" * 201, 1, "m"), ("x", 9, "m"), ("x", 1, "m" * 10_001)],
)
def test_what_may_not_come_in_changes_nothing(
    db: Database, external_id: str, source: int, message: str
) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    before = dump()
    with pytest.raises(Refused):
        submit(external_id, source, message)
    assert dump() == before


def test_a_million_appeals_would_share_a_few_rosters(db: Database) -> None:
    team = add_team({"Anna": 500, "Boris": 500}, {"tg": {"Anna": 1, "Boris": 1}})
    for number in range(50):
        submit(f"lead_{number}", team.tg, "")
    assert rows("SELECT count(*) FROM roster") == [(1,)]


@pytest.mark.sqlite
def test_a_place_that_went_meanwhile_is_drawn_again_among_the_rest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1_000_000, "Boris": 1}})
    real = limits.claim

    def late(operator_id: int) -> str | None:
        """Claim when Anna's last places have just gone."""
        Operator.update(load=Operator.max_load).where(Operator.id == team.anna).execute()
        return real(operator_id)

    monkeypatch.setattr(draws, "claim", late)
    placed = submit("tg_1", team.tg, "")
    assert placed.operator == "Boris"
    [(content,)] = rows("SELECT content FROM roster JOIN appeal ON appeal.roster_id = roster.id")
    assert content == '[[1,1000000,"full"],[2,1]]'
    # The draw that was lost is on record, with a number of its own.
    assert rows("SELECT operator_id, number FROM lost_draw") == [(team.anna, 1)]
    assert rows("SELECT operator_id, number FROM change") == [(placed.operator_id, 2)]


HAMMER = textwrap.dedent(
    """
    import sys, models
    from allocator import submit
    models.open_database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(120):
        submit(f"lead_{number % 40}", 1 + number % 2, "text")
    """
)


def test_four_processes_reach_every_limit_exactly_and_pass_none(db: Database, target: str) -> None:
    add_team(
        {"Anna": 90, "Boris": 60, "Vera": 50},
        {"tg": {"Anna": 5, "Boris": 1}, "vk": {"Boris": 1, "Vera": 9, "Anna": 3}},
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    assert rows("SELECT count(*) FROM appeal") == [(480,)]
    assert rows("SELECT count(*) FROM lead") == [(40,)]
    assert rows("SELECT load FROM operator ORDER BY id") == [(90,), (60,), (50,)]
    assert_loads_equal_counts()


# --- the lottery, as it is played on a real file ----------------------------------------------


class Scripted(random.Random):
    """A source of chance that draws what it was told, and remembers out of how many."""

    def __init__(self, draw: int) -> None:
        super().__init__(0)
        self.draw, self.asked = draw, []  # type: int, list[int]

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        self.asked.append(start)
        return self.draw


@pytest.mark.parametrize("weights", list(itertools.product((0, 1, 3), repeat=3)))
def test_over_all_draws_each_operator_gets_exactly_their_weight(
    db: Database, weights: tuple[int, ...]
) -> None:
    names = ("Anna", "Boris", "Vera")
    column = dict(zip(names, weights, strict=True))
    team = add_team(dict.fromkeys(names, 99), {"tg": dict(reversed(column.items()))})
    total = sum(weights)
    got: list[int | None] = []
    for draw in range(total):
        rng = Scripted(draw)
        got.append(submit(f"lead {draw}", team.tg, "", rng=rng).operator_id)
        assert rng.asked == [total]
    assert got == [number for number, weight in enumerate(weights, 1) for _ in range(weight)]
    assert rows("SELECT draw FROM appeal ORDER BY id") == [(draw,) for draw in range(total)]


def test_whoever_becomes_full_is_out_of_the_next_draw(db: Database) -> None:
    team = add_team({"Anna": 1, "Boris": 9}, {"tg": {"Anna": 70, "Boris": 30}})
    asked = []
    for number in range(2):
        rng = Scripted(0)
        submit(f"lead {number}", team.tg, "", rng=rng)
        asked += rng.asked
    assert asked == [100, 30]
    assert holders() == [team.anna, team.boris]


def test_with_nobody_eligible_no_draw_is_made(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 0}})
    rng = Scripted(0)
    submit("lead", team.tg, "", rng=rng)
    assert rng.asked == []
    assert rows("SELECT operator_id, draw, roster_id FROM appeal") == [(None, None, 1)]


# --- the key ----------------------------------------------------------------------------------


def test_without_a_key_the_same_words_are_two_appeals(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    first, second = submit("a", team.tg, "m"), submit("a", team.tg, "m")
    assert first.id != second.id
    assert not first.is_repeat
    assert not second.is_repeat


def test_a_key_of_another_lead_or_source_is_another_message(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}, "site": {"Anna": 1}})
    first = submit("a", team.tg, "m", key=" k ")
    others = [submit("b", team.tg, "m", key="k"), submit("a", team.site, "m", key="k")]
    assert [each.is_repeat for each in others] == [False, False]
    assert len({first.id, *(each.id for each in others)}) == 3
    assert submit("\u202aa\u202c", team.tg, "m", key="k").id == first.id
    with pytest.raises(Missing):
        submit("a", 99, "m", key="k")


def test_a_known_key_that_waits_says_why_as_it_did_at_first(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    first = submit("a", team.tg, "m", key="k")
    again = submit("a", team.tg, "m", key="k")
    assert (again.operator_id, again.reason) == (None, first.reason) == (None, "1 full")


def test_a_known_key_that_was_returned_does_not_say_that_nobody_serves_its_source(
    db: Database,
) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    first = submit("a", team.tg, "m", key="k")
    desk.change_operator(team.anna, is_active=False, actor=ACTOR)
    desk.give_back([first.id], actor=ACTOR)
    again = submit("a", team.tg, "m", key="k")
    assert again.operator_id is None
    assert again.reason != "nobody serves this source"


@pytest.mark.parametrize("source", [0, -1, 2**63, -(2**63) - 1, 2**100])
def test_a_source_that_cannot_be_is_refused_in_a_sentence(db: Database, source: int) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    before = dump()
    with pytest.raises(Refused, match=r"no source|too large"):
        submit("a", source, "m")
    assert dump() == before
