"""What the tests of the acts share: a small team, dumps of the tables, and the rules as code."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from leadboard import desk
from leadboard.allocation import audit
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from models import Operator, open_database
from tests.support import worded

AnyPath = TypeVar("AnyPath", str, Path)

ACTOR = "anna"
TABLES = ("operator", "source", "operator_source", "lead", "roster", "appeal")
RECORDS = ("event", "event_change")
SNAPSHOT = ("operator", "source", "operator_source", "appeal")

Row = tuple[object, ...]
Dump = dict[str, list[Row]]
Columns = Mapping[str, object]


@contextmanager
def opened(path: AnyPath) -> Iterator[AnyPath]:
    """Open a database for as long as the block lasts."""
    base = open_database(path)
    try:
        yield path
    finally:
        base.close()


def dump_of(*tables: str) -> Dump:
    """Return every row of the tables."""
    return {name: sorted(select(f"SELECT * FROM {name}"), key=repr) for name in tables}


def everything() -> Dump:
    """Return every row there is, the record of acts too."""
    return dump_of(*TABLES, *RECORDS)


def snapshot() -> Dump:
    """Return what undo brings back: operators, sources, weights and appeals."""
    return dump_of(*SNAPSHOT)


def select(query: str, *values: object) -> list[Row]:
    """Run one query past the models and return its rows."""
    found: list[Row] = database.execute_sql(worded(query), values).fetchall()
    return found


def scalar(query: str, *values: object) -> object:
    """Run one query past the models and return the first column of its first row."""
    return select(query, *values)[0][0]


def number(query: str, *values: object) -> int:
    """Run a query that finds one number."""
    found = scalar(query, *values)
    assert isinstance(found, int)
    return found


def spoil(statement: str, *values: object) -> None:
    """Change rows past all rules, as a careless program would."""
    database.execute_sql(worded(statement), values)


@contextmanager
def refused(*words: str) -> Iterator[None]:
    """Expect an act to be refused with a sentence that holds `words`, and to change nothing."""
    before = everything()
    with pytest.raises(Refused) as refusal:
        yield
    sentence = str(refusal.value)
    assert_sentence(sentence)
    for word in words:
        assert word in sentence
    assert everything() == before


def assert_sentence(text: str) -> None:
    """Check that a text is one sentence for people."""
    assert text.endswith(".")
    assert "\n" not in text
    assert "None" not in text


# --- a small team -----------------------------------------------------------------------------


def add_operator(name: str, limit: int = 5, *, is_active: bool = True) -> int:
    """Add an operator and return the id."""
    desk.add_operator(name, limit, is_active=is_active, actor="setup")
    return number("SELECT id FROM operator WHERE name = ?", name)


def add_source(name: str = "bot", *links: tuple[int, int]) -> int:
    """Add a source with (operator, weight) links and return the id."""
    desk.add_source(name, actor="setup")
    source_id = number("SELECT id FROM source WHERE name = ?", name)
    for operator_id, weight in links:
        desk.set_weight(operator_id, source_id, weight, actor="setup")
    return source_id


def arrive(source_id: int, count: int = 1) -> list[int]:
    """Let a bot send appeals, which leave no event."""
    from allocator import submit

    return [submit(f"lead {each}", source_id, "hello").id for each in range(count)]


def holder_of(appeal_id: int) -> int | None:
    """Return whose appeal it is, None when nobody's."""
    held = scalar("SELECT operator_id FROM appeal WHERE id = ?", appeal_id)
    assert held is None or isinstance(held, int)
    return held


def holders_of(appeal_ids: Iterable[int]) -> list[int | None]:
    """Return whose appeals these are."""
    return [holder_of(each) for each in appeal_ids]


def load_of(operator_id: int) -> int:
    """Return the load as the counter has it."""
    return int(Operator.get_by_id(operator_id).load)


# --- the record -------------------------------------------------------------------------------


def last_event() -> Row:
    """Return (actor, act, note, forced) of the newest event."""
    return select("SELECT actor, act, note, forced FROM event ORDER BY id DESC LIMIT 1")[0]


def newest_event_id() -> int:
    """Return the id of the newest event, 0 when there is none."""
    return number("SELECT coalesce(max(id), 0) FROM event")


def changes_of(event_id: int) -> dict[str, tuple[Columns | None, Columns | None]]:
    """Return before and after by subject."""
    found = select("SELECT subject, before, after FROM event_change WHERE event_id = ?", event_id)
    return {str(subject): (_row(before), _row(after)) for subject, before, after in found}


def _row(text: object) -> Columns | None:
    if text is None:
        return None
    columns: dict[str, object] = json.loads(str(text))
    return columns


def subjects() -> dict[str, Columns]:
    """Return every row that acts change, named and cut as the record has them."""
    found: dict[str, Columns] = {}
    for key, name, is_active, limit in select("SELECT id, name, is_active, max_load FROM operator"):
        found[f"operator:{key}"] = {"name": name, "is_active": is_active, "max_load": limit}
    for key, name in select("SELECT id, name FROM source"):
        found[f"source:{key}"] = {"name": name}
    for operator, source, weight in select("SELECT * FROM operator_source"):
        found[f"weight:{operator}:{source}"] = {"weight": weight}
    names = ("operator_id", "closed_at", "roster_id", "draw", "withdrawn")
    for key, *values in select(f"SELECT id, {', '.join(names)} FROM appeal"):
        found[f"appeal:{key}"] = dict(zip(names, values, strict=True))
    return found


def assert_record_replays(
    event_id: int, before: Mapping[str, Columns], after: Mapping[str, Columns]
) -> None:
    """Check that an event says of every row what really happened to it, and of no other row."""
    changes = changes_of(event_id)
    touched = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert touched <= set(changes)
    drawn_alike = {name for name, (was, became) in changes.items() if was == became}
    assert set(changes) - touched == drawn_alike
    assert all(name.startswith("appeal:") for name in drawn_alike)
    for name, (was, became) in changes.items():
        _assert_part(was, before.get(name))
        _assert_part(became, after.get(name))
        if was is not None and became is not None:
            assert was.keys() == became.keys()
            assert {**before[name], **became} == after[name]


def _assert_part(part: Columns | None, whole: Columns | None) -> None:
    assert (part is None) == (whole is None)
    if part is not None and whole is not None:
        assert part == {name: whole[name] for name in part}


# --- the rules --------------------------------------------------------------------------------


def assert_loads_count_open_appeals() -> None:
    """Rule 3: the counter of places is the count of appeals; closed ones take none."""
    wrong = select(
        "SELECT name, load FROM operator WHERE load <> (SELECT count(*) FROM appeal"
        " WHERE operator_id = operator.id AND closed_at IS NULL)"
    )
    assert wrong == []


def assert_nobody_waits_in_vain() -> None:
    """Rule 6: no appeal waits that somebody could take."""
    stuck = select(
        "SELECT appeal.id, operator.id FROM appeal"
        " JOIN operator_source USING (source_id)"
        " JOIN operator ON operator.id = operator_source.operator_id"
        " WHERE closed_at IS NULL AND appeal.operator_id IS NULL"
        " AND is_active AND weight > 0 AND load < max_load"
    )
    assert stuck == []


def assert_clean() -> None:
    """Check that nothing is wrong with the open database."""
    assert_loads_count_open_appeals()
    assert_nobody_waits_in_vain()
    assert [each.sentence for each in audit.check()] == []
    assert [each.sentence for each in audit.verify().findings] == []
