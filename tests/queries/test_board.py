"""The board that the panes share: one moment, kept and read on, never other than read afresh."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.database.fields import now, stamp
from leadboard.entities import OperatorRow
from leadboard.queries import board as board_queries
from tests.support import ACTOR, Team, add_team, elsewhere, rows

pytestmark = pytest.mark.every_engine


def test_a_board_tells_everything_at_one_moment(db: Database) -> None:
    team = add_team({"Anna": 1, "Boris": 5}, {"tg": {"Anna": 70}, "vk": {"Boris": 0}})
    submit("a", team.tg, "x")
    submit("b", team.tg, "y")
    submit("c", team.vk, "z")
    board = board_queries.board()
    assert [(each.name, each.load, each.max_load) for each in board.operators] == [
        ("Anna", 1, 1),
        ("Boris", 0, 5),
    ]
    assert [(each.name, each.waiting) for each in board.sources] == [("tg", 1), ("vk", 1)]
    assert board.weights == {team.tg: {team.anna: 70}, team.vk: {team.boris: 0}}
    assert (board.waiting, board.per_minute) == (2, 3)
    assert numbers(board_queries.counts()) == (3, 3)
    assert sum(board.minutes.values()) == 3


def test_counts_go_on_from_an_earlier_board(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    submit("a", team.tg, "")
    earlier = counted(board_queries.board())
    submit("a", team.tg, "")
    submit("b", team.tg, "")
    later = board_queries.board(earlier)
    assert (numbers(later.counts), sum(later.minutes.values())) == ((3, 2), 3)


def numbers(counts: board_queries.Counts | None) -> tuple[int, int]:
    assert counts is not None
    return counts.appeals, counts.leads


def counted(board: board_queries.Board) -> board_queries.Board:
    """Return the board as the desk has it once appeals and leads are counted."""
    return replace(board, counts=board_queries.counts())


def test_nothing_is_counted_before_somebody_asked_for_it(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    submit("a", team.tg, "")
    assert board_queries.board(board_queries.board()).counts is None


def test_weights_are_read_again_only_when_they_differ(db: Database, target: str) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 70, "Boris": 30}})
    first = board_queries.board()
    submit("a", team.tg, "")
    assert board_queries.board(first).weights is first.weights
    elsewhere(target, "UPDATE operator_source SET weight = 100 - weight")
    swapped = board_queries.board(first)
    assert swapped.weights == {team.tg: {team.anna: 30, team.boris: 70}}


@pytest.mark.sqlite
def test_text_that_is_not_unicode_is_shown_all_the_same(db: Database, target: str) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    elsewhere(target, "UPDATE operator SET name = CAST(x'ff41' AS TEXT)")
    assert board_queries.board().operators[0].name == "\ufffdA"


@pytest.mark.sqlite
def test_every_query_of_a_pane_finds_its_rows_by_an_index(db: Database) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    queries = (
        "SELECT id FROM appeal WHERE source_id = 1 AND closed_at IS NULL AND operator_id IS NULL "
        "ORDER BY id LIMIT 1",
        "SELECT id FROM appeal WHERE operator_id = 1 AND closed_at IS NULL ORDER BY id",
        "SELECT id FROM appeal WHERE lead_id = 1 ORDER BY id DESC",
        "SELECT count(*) FROM appeal WHERE timestamp >= '2026'",
        "SELECT id FROM appeal WHERE key = 'k'",
        "SELECT * FROM event_change WHERE subject = 'appeal:1'",
    )
    for query in queries:
        plan = " ".join(str(row[3]) for row in rows(f"EXPLAIN QUERY PLAN {query}"))
        assert "SEARCH" in plan, (query, plan)
        assert "SCAN" not in plan, (query, plan)


def board_weights_after(
    act: Callable[[], object],
) -> tuple[board_queries.WeightTable, board_queries.WeightTable]:
    """Return the weights that a kept board is given after an act, and those read afresh."""
    earlier = board_queries.board()
    act()
    return board_queries.board(earlier).weights, board_queries.board().weights


def test_weights_spread_evenly_are_read_again(db: Database) -> None:
    team = add_team(
        {"Anna": 9, "Boris": 9, "Vera": 9}, {"tg": {"Anna": 10, "Boris": 40, "Vera": 10}}
    )
    kept, fresh = board_weights_after(lambda: desk.spread(team.tg, actor=ACTOR))
    assert fresh == {team.tg: {team.anna: 20, team.boris: 20, team.vera: 20}}
    assert kept == fresh


def test_a_weight_moved_between_two_pairs_is_read_again(db: Database) -> None:
    add_team(
        {"Anna": 9, "Boris": 9}, {"tg": {"Anna": 5, "Boris": 7}, "vk": {"Anna": 7, "Boris": 5}}
    )
    swap = "UPDATE operator_source SET weight = 12 - weight"
    kept, fresh = board_weights_after(lambda: rows(swap))
    assert kept == fresh


def test_a_link_of_weight_zero_that_comes_or_goes_is_read_again(db: Database) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 5}})
    kept, fresh = board_weights_after(lambda: desk.set_weight(team.boris, team.tg, 0, actor=ACTOR))
    assert kept == fresh == {team.tg: {team.anna: 5, team.boris: 0}}
    moved = "UPDATE operator_source SET operator_id = ?, weight = 0 WHERE weight = 5"
    kept, fresh = board_weights_after(lambda: rows(moved, team.anna))
    assert kept == fresh


def test_a_link_of_weight_zero_that_moves_is_read_again(db: Database) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 0}})
    moved = "UPDATE operator_source SET operator_id = ?"
    kept, fresh = board_weights_after(lambda: rows(moved, team.boris))
    assert kept == fresh == {team.tg: {team.boris: 0}}


def test_what_another_program_commits_changes_the_data_version(db: Database, target: str) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    before = board_queries.data_version()
    assert board_queries.data_version() == before
    elsewhere(target, "UPDATE operator SET max_load = 8")
    assert board_queries.data_version() != before


def test_names_on_a_board_are_shown_on_one_line(db: Database, target: str) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    elsewhere(target, "UPDATE operator SET name = 'a\x1b\u202e['")
    assert board_queries.board().operators[0].name == "a␛["


def test_appeals_and_leads_are_counted_on_each_from_its_own_newest(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for lead in ("a", "a", "a", "b"):
        submit(lead, team.tg, "")
    board = counted(board_queries.board())
    assert numbers(board.counts) == (4, 2)
    for lead in ("b", "c", "d"):
        submit(lead, team.tg, "")
    board = board_queries.board(board)
    assert numbers(board.counts) == (7, 4)
    assert board_queries.board(board) == counted(board_queries.board())


def test_a_board_shows_one_moment_although_another_program_writes_meanwhile(
    db: Database, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    real = board_queries._operators

    def late() -> tuple[OperatorRow, ...]:
        found = real()
        elsewhere(target, "INSERT INTO source(name) VALUES ('late')")
        elsewhere(target, "UPDATE operator_source SET weight = 7")
        return found

    monkeypatch.setattr(board_queries, "_operators", late)
    board = board_queries.board()
    assert [each.name for each in board.sources] == ["tg"]
    assert board.weights == {team.tg: {team.anna: 1}}
    monkeypatch.undo()
    assert board_queries.board(board).weights == {team.tg: {team.anna: 7}}


def test_only_what_is_open_and_nobodys_waits(db: Database) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}, "vk": {}})
    for lead in ("held", "waiting", "closed", "withdrawn"):
        submit(lead, team.tg, "")
    desk.close([3], actor=ACTOR)
    placed = desk.submit("vk", team.vk, "", actor=ACTOR).result
    desk.undo(actor=ACTOR)
    assert rows("SELECT withdrawn FROM appeal WHERE id = ?", placed.id) == [(1,)]
    assert [each.waiting for each in board_queries.board().sources] == [2, 0]


def test_arrivals_fall_out_of_the_minutes_as_they_grow_old(db: Database) -> None:
    team = add_team({"Anna": 99}, {"tg": {"Anna": 1}})
    for number, ago in enumerate((0, 50, 150, 600, 3_600, 90_000)):
        submit(f"lead {number}", team.tg, "")
        rows(
            "UPDATE appeal SET timestamp = ? WHERE id = ?",
            stamp(now() - timedelta(seconds=ago)),
            number + 1,
        )
    board = board_queries.board()
    assert board.per_minute == 2
    assert sum(board.minutes.values()) == 4
    assert len(board.minutes) == board_queries.SPARK_MINUTES
    assert list(board.minutes) == sorted(board.minutes)


def test_minutes_of_a_board_long_past_are_counted_afresh(db: Database) -> None:
    team = add_team({"Anna": 99}, {"tg": {"Anna": 1}})
    submit("a", team.tg, "")
    submit("b", team.tg, "")
    old = board_queries.Board(minutes={"2020-01-01T00:00": 77})
    assert sum(board_queries.board(old).minutes.values()) == 2


def test_a_weight_is_read_by_its_pair(db: Database) -> None:
    add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 5, "Boris": 7}, "vk": {"Boris": 0}})
    assert [
        board_queries.weight_of(*pair) for pair in ((1, 1), (2, 1), (1, 2), (2, 2), (9, 9))
    ] == [
        5,
        7,
        None,
        0,
        None,
    ]


def test_a_snapshot_cannot_be_changed(db: Database) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    board = board_queries.board()
    for row, name in ((board, "counts"), (board.operators[0], "load"), (board.sources[0], "id")):
        with pytest.raises(AttributeError):
            setattr(row, name, 9)


@pytest.mark.parametrize("seed", range(4))
def test_a_kept_board_never_differs_from_one_read_afresh(
    db: Database, target: str, seed: int
) -> None:
    rng = random.Random(seed)
    names = [f"op {number}" for number in range(6)]
    sources = ["tg", "vk", "site"]
    add_team(dict.fromkeys(names, 9), {each: dict.fromkeys(names, 10) for each in sources})
    board = board_queries.board()
    for _ in range(60):
        low, high = rng.sample([0, 10, 20, 70], 2)
        elsewhere(
            target,
            f"UPDATE operator_source SET weight = CASE weight WHEN {low} THEN {high} "
            f"ELSE {low} END WHERE operator_id = {rng.randint(1, 6)} "
            f"AND source_id IN ({rng.randint(1, 3)}, {rng.randint(1, 3)})",
        )
        board = board_queries.board(board)
        assert board.weights == board_queries.board().weights


def test_the_very_first_appeal_is_counted_on_from_an_empty_board(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    empty = counted(board_queries.board())
    assert numbers(empty.counts) == (0, 0)
    submit("a", team.tg, "")
    assert numbers(board_queries.board(empty).counts) == (1, 1)


def arrived(moment: datetime) -> None:
    """Let an appeal arrive at a moment of the past."""
    team = Team()
    placed = submit("a", team.tg, "")
    rows("UPDATE appeal SET timestamp = ? WHERE id = ?", stamp(moment), placed.id)


def test_an_arrival_belongs_to_the_minute_it_came_in_from_its_first_moment_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_team({"Anna": 99}, {"tg": {"Anna": 1}})
    moment = datetime(2026, 11, 23, 10, 42, 30, tzinfo=UTC)
    this_minute = moment.replace(second=0)
    monkeypatch.setattr(board_queries, "now", lambda: moment)
    board = board_queries.board()
    for back in (0, 1, board_queries.SPARK_MINUTES - 1):
        arrived(this_minute - timedelta(minutes=back))
    arrived(this_minute - timedelta(minutes=board_queries.SPARK_MINUTES - 1, microseconds=1))
    arrived(moment - timedelta(minutes=1))
    arrived(moment - timedelta(minutes=1, microseconds=1))
    board = board_queries.board()
    first, *middle, before, this = board.minutes.values()
    assert (first, set(middle), before, this) == (1, {0}, 3, 1)
    assert board.per_minute == 2


def test_minutes_gone_by_are_kept_and_the_two_last_counted_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_team({"Anna": 99}, {"tg": {"Anna": 1}})
    moment = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
    board = board_queries.Board()
    for later in (0, 30, 59, 60, 90, 150, 200):
        monkeypatch.setattr(board_queries, "now", lambda: moment + timedelta(seconds=later))  # noqa: B023
        arrived(moment + timedelta(seconds=later))
        board = board_queries.board(board)
        assert board.minutes == board_queries.board().minutes
    assert list(board.minutes.values())[-4:] == [3, 2, 1, 1]


@pytest.mark.parametrize(
    ("low", "high"), [((1, 29), (2_518, 1)), ((1, 1), (2, 1)), ((1, 1), (2, 9))]
)
def test_weights_swapped_between_any_two_pairs_are_read_again(
    db: Database, low: tuple[int, int], high: tuple[int, int]
) -> None:
    for (operator_id, source_id), weight in ((low, 10), (high, 90)):
        rows(
            "INSERT INTO operator(id, name, max_load) VALUES (?, ?, 5)",
            operator_id,
            f"op {operator_id}",
        )
        rows(
            "INSERT INTO source(id, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
            source_id,
            f"s {source_id}",
        )
        rows("INSERT INTO operator_source VALUES (?, ?, ?)", operator_id, source_id, weight)
    swap = "UPDATE operator_source SET weight = 100 - weight"
    kept, fresh = board_weights_after(lambda: rows(swap))
    assert kept == fresh
