"""No query walks through a table that grows: by SQLite's own plans, and by the work it does."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from shutil import copyfile
from typing import NamedTuple
from unittest.mock import patch

import pytest
from peewee import SqliteDatabase

import allocator
import models
from bench.generate import Sizes, generate
from bench.words import RARE_WORD
from leadboard import desk
from leadboard.allocation.appeals import state_of
from leadboard.allocation.lottery import LOTTERY
from leadboard.cli.feed import FeedEntry, store_batch
from leadboard.common.errors import Refused
from leadboard.database.fields import as_if_at, now
from leadboard.queries import appeal_records, appeals, history, leads, odds, triage
from leadboard.queries import board as board_queries
from leadboard.queries.act_details import details_of
from leadboard.queries.appeal_records import ChosenAppeals
from leadboard.queries.explanation import explain
from leadboard.queries.floor_readings import floor_reading, places_needed
from leadboard.queries.history import ActFilter
from leadboard.queries.load_history import load_history
from leadboard.queries.terms import EVERYTHING, AppealFilter, parse
from leadboard.queries.times import oldest_waits
from leadboard.transfer.list_export import appeals_shown

GROWING = {"appeal", "lead", "event", "event_change", "roster", "change", "pending_change"}
"""Tables that grow without end; the team, the sources and the weights may be read whole."""
FEW, MANY = 2_000, 20_000
ACTOR = "bench"


class Statement(NamedTuple):
    """One statement that ran, with its parameters."""

    sql: str
    parameters: Sequence[object]


Case = Callable[[], object]


def page(text: str) -> Case:
    return lambda: appeals.newest_appeals(100, None, parse(text, now()))


def board_again() -> Case:
    return partial(board_queries.board, board_queries.board())


def deletions() -> Case:
    desk.add_operator("Новая", 5, actor=ACTOR)
    desk.add_source("новый", actor=ACTOR)
    fresh = board_queries.board()
    operator_id, source_id = fresh.operators[-1].id, fresh.sources[-1].id

    def delete() -> None:
        desk.delete_operator(operator_id, actor=ACTOR)
        desk.delete_source(source_id, actor=ACTOR)

    return delete


def insights() -> Case:
    board = board_queries.board()

    def read() -> None:
        fresh = board_queries.board(board)
        odds.alarms(fresh)
        for source in fresh.sources:
            odds.standings(fresh, source.id)

    return read


def next_page() -> None:
    last = appeals.newest_appeals(100)[-1].id
    appeals.newest_appeals(100, last)
    appeals.appeals_after(100, last)


def saved_list() -> None:
    shown = appeals_shown(EVERYTHING, None, is_oldest_first=False)
    assert len(list(islice(shown.records, 100))) == 100


def lead_pages() -> None:
    last = leads.newest_leads(100)[-1].id
    leads.newest_leads(100, last)
    leads.leads_after(100, last)


def act_pages() -> None:
    last = history.newest_events(100)[-1].id
    history.newest_events(100, last)
    history.events_after(100, last - 10)


def search_for_acts() -> None:
    absent = ActFilter(("absent",))
    with patch.object(history, "STEP", 2):
        assert history.search_back(100, None, absent).edge is not None
        assert history.events_after(100, history.newest_event_id() - 10, absent) == []


def submissions() -> None:
    for source_id in (1, 5):
        allocator.submit("tg_new", source_id, "хочу")
        allocator.submit("tg_new", source_id, "купить", f"key-{source_id}")
    assert allocator.submit("tg_new", 1, "купить", "key-1").is_repeat
    with pytest.raises(Refused):
        allocator.submit("tg_new", 99, "купить")


def batch() -> None:
    lines = [FeedEntry(number, "tg_main", f"tg_{number}", "хочу", None) for number in range(20)]
    store_batch(lines, LOTTERY)
    keyed = [line._replace(key="17") for line in lines]
    for _ in range(2):
        store_batch(keyed, LOTTERY)


def quiet_hour() -> None:
    # Its lines are none: what is left is to find where it begins.
    with as_if_at(now() + timedelta(hours=2)):
        assert load_history() is not None


def quiet_floor() -> None:
    # Its lines are none, and what is open is as much as the limits allow.
    with as_if_at(now() + timedelta(hours=2)):
        assert floor_reading() is not None
        places_needed(1)


def acts() -> None:
    placed = desk.submit("tg_acts", 1, "хочу", actor=ACTOR).result
    assert placed is not None
    newest = appeals.newest_appeals(1)[0].id
    desk.close([newest], actor=ACTOR)
    desk.reopen([newest], actor=ACTOR)
    holder = state_of(newest).operator_id  # by lottery, so that it may be anybody
    desk.assign([newest], 2 if holder == 1 else 1, force=True, actor=ACTOR)
    desk.give_back([newest], actor=ACTOR)
    desk.change_operator(1, max_load=40, actor=ACTOR)
    desk.toggle_active([1], actor=ACTOR)
    desk.toggle_active([1], actor=ACTOR)
    desk.set_weight(1, 1, 77, actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.redo(actor=ACTOR)


CASES: dict[str, Case] = {
    "the figures": board_queries.figures,
    "the board": board_queries.board,
    "the newest appeals": page(""),
    "other pages of appeals": next_page,
    "waiting": page("waiting"),
    "closed": page("closed"),
    "a source": page("src:tg_main"),
    "an operator": page("op:анна"),
    "older": page("older:2h"),
    "waiting and older": page("waiting older:2h"),
    "older of an operator": page("op:анна older:2h"),
    "since": page(f"since:{(now() - timedelta(days=1)).astimezone().date()}"),
    "waiting of a source": page("waiting src:tg_main"),
    "open appeals of one operator": lambda: appeals.newest_appeals(
        100, wanted=AppealFilter(operator_id=1, is_open=True)
    ),
    "what waits for one source": lambda: appeals.appeals_after(
        100, 0, AppealFilter(source_id=1, is_waiting=True)
    ),
    "the next appeal to place": triage.next_case,
    "one lead": lambda: appeals.newest_appeals(6, wanted=AppealFilter(lead_id=3)),
    "a common word": page("хочу"),
    "a rare word": page(RARE_WORD),
    "an absent word": page("небывальщина"),
    "leads": lead_pages,
    "leads by a word": lambda: leads.newest_leads(100, words=["tg_1"]),
    "leads by an absent word": lambda: leads.newest_leads(100, words=["absent"]),
    "the first lead that starts so": lambda: leads.lead_starting("tg_10"),
    "what a lead has written": lambda: leads.past_of("tg_10"),
    "the leads that start so": lambda: leads.leads_starting("tg_10", 20),
    "acts": act_pages,
    "acts of one person": lambda: history.newest_events(100, None, ActFilter(actor=ACTOR)),
    "acts by a word": lambda: history.newest_events(5, None, ActFilter(("closed",))),
    "a part of a search for acts": search_for_acts,
    "acts done again": lambda: history.events_of([1, 2, 3]),
    "who is at work": lambda: history.has_others(ACTOR),
    "one act in full": lambda: details_of(history.newest_event_id()),
    "why one appeal went where it went": lambda: explain(FEW // 2),
    "the oldest waits": oldest_waits,
    "the loads of a quiet hour": quiet_hour,
    "what a forecast needs": quiet_floor,
    "appeals for other programs": lambda: appeal_records.appeals(100, FEW // 2),
    "open appeals for other programs": lambda: appeal_records.open_appeals(
        100, 0, ChosenAppeals(is_open=True)
    ),
    "those of a source": lambda: appeal_records.open_appeals(
        100, 0, ChosenAppeals(source_id=1, is_open=True)
    ),
    "those of an operator": lambda: appeal_records.open_appeals(
        100, 0, ChosenAppeals(operator_id=1, is_open=True)
    ),
    "what waits, for other programs": lambda: appeal_records.open_appeals(
        100, 0, ChosenAppeals(is_waiting=True)
    ),
    "an appeal by its key": lambda: appeal_records.appeals(
        100, 0, ChosenAppeals(source_id=1, key="m-1")
    ),
    "a saved list": saved_list,
    "a weight": lambda: board_queries.weight_of(1, 1),
    "submissions": submissions,
    "a batch of the feed": batch,
    "acts of a dispatcher": acts,
}
"""What the desk reads and writes, by what it is."""
PREPARED: dict[str, Callable[[], Case]] = {
    "the board again": board_again,
    "insight": insights,
    "deletions": deletions,
}
"""The same, with something to be done before that does not count."""
NAMES = [*CASES, *PREPARED]


def ready(name: str) -> Case:
    return PREPARED[name]() if name in PREPARED else CASES[name]


def marked(walks: Mapping[str, str]) -> list[object]:
    """Return every name; those known to walk are expected to fail, and only they."""
    return [
        pytest.param(name, marks=[pytest.mark.xfail(reason=walks[name], strict=True)])
        if name in walks
        else name
        for name in NAMES
    ]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("plans")
    paths = {size: folder / f"{size}.db" for size in (FEW, MANY)}
    for size, path in paths.items():
        generate(path, Sizes(appeals=size, operators=30, sources=5))
    return paths


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[SqliteDatabase]:
    """Open a copy that only this test writes to; nothing has been analysed in it."""
    database = models.open_database(copyfile(template, folder / template.name))
    assert isinstance(database, SqliteDatabase)
    try:
        yield database
    finally:
        database.close()


# Plans.


def statements_of(database: SqliteDatabase, case: Case) -> list[Statement]:
    """Return every different statement that a case runs, as the database's hook sees it."""
    seen: dict[str, Statement] = {}

    def note(event: object) -> None:
        sql, parameters = event.sql, event.params  # type: ignore[attr-defined]
        seen.setdefault(sql, Statement(sql, tuple(parameters or ())))

    database.query_hooks.append(note)
    try:
        case()
    finally:
        database.query_hooks.remove(note)
    return [each for each in seen.values() if is_planned(each.sql)]


def is_planned(sql: str) -> bool:
    return sql.split()[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"}


def tables_of(sql: str) -> dict[str, set[str]]:
    """Return the tables behind each alias of a statement; a table is its own alias, too."""
    named: dict[str, set[str]] = {}
    for table, alias in re.findall(
        r'(?:FROM|JOIN|INTO|UPDATE|,)\s+"(\w+)"(?:\s+AS\s+"(\w+)")?', sql, re.IGNORECASE
    ):
        named.setdefault(table, set()).add(table)
        named.setdefault(alias or table, set()).add(table)
    return named


def scans(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    """Return the steps of a plan that walk through a growing table."""
    tables = tables_of(statement.sql)
    connection.create_function("folds_to_hold", 2, lambda *_: None)  # as the product's own have it
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)
    walks = [
        (step, match.group(1)) for *_, step in plan if (match := re.match(r"SCAN (\w+)", str(step)))
    ]
    return [step for step, alias in walks if tables.get(alias, {alias}) & GROWING]


SCANS = {
    "deletions": "whether an operator ever had an appeal is sought in every line of the ledger",
}
"""Scans that are known."""


@pytest.mark.parametrize("name", marked(SCANS))
def test_no_plan_scans_a_table_that_grows(
    name: str, templates: dict[int, Path], tmp_path: Path
) -> None:
    with opened(templates[MANY], tmp_path) as database:
        ran = statements_of(database, ready(name))
        # After the case: what it did is stored, and another connection plans without statistics.
        with closing(sqlite3.connect(tmp_path / templates[MANY].name)) as connection:
            bad = [(each.sql, steps) for each in ran if (steps := scans(connection, each))]
    assert ran
    assert not bad, "\n".join(f"{steps}: {sql}" for sql, steps in bad)


def test_a_scan_is_noticed(templates: dict[int, Path]) -> None:
    with closing(sqlite3.connect(templates[FEW])) as connection:
        walk = Statement('SELECT "t1"."id" FROM "appeal" AS "t1" WHERE "t1"."draw" = ?', (1,))
        assert scans(connection, walk) == ["SCAN t1"]
        nested = Statement(
            'SELECT 1 FROM "operator" AS "t1" WHERE "t1"."id" IN '
            '(SELECT "t2"."operator_id" FROM "appeal" AS "t2" WHERE "t2"."draw" = 1)',
            (),
        )
        assert scans(connection, nested) == ["SCAN t2"]
        whole = Statement('SELECT "t1"."id" FROM "operator" AS "t1"', ())
        assert scans(connection, whole) == []


# Work.

OPCODES = 100
"""Every how many instructions of its virtual machine SQLite tells that it is at work."""
MOST_GROWTH = 3
"""How many times the work may grow while the appeals grow by ten; a walk grows by all ten."""

WALKS = {
    "deletions": SCANS["deletions"],
    "a rare word": "every message is read",
    "an absent word": "every message is read",
    "leads by an absent word": "every lead is read",
}
"""Walks in disguise: `id > 0` makes SQLite call them a search."""


def work_of(template: Path, folder: Path, name: str) -> int:
    """Return how many instructions SQLite ran, in hundreds."""
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    with opened(template, folder) as database:
        case = ready(name)
        connection = database.connection()  # type: ignore[no-untyped-call]
        connection.set_progress_handler(tick, OPCODES)
        case()
        connection.set_progress_handler(None, 0)
    return ticks


@pytest.mark.parametrize("name", marked(WALKS))
def test_no_work_grows_with_the_appeals(
    name: str, templates: dict[int, Path], tmp_path: Path
) -> None:
    few, many = (work_of(templates[size], tmp_path, name) for size in (FEW, MANY))
    assert many <= max(few, 20) * MOST_GROWTH
