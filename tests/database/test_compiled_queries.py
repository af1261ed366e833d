"""Queries compiled once: the same rows as by Peewee itself, and no value that does not fit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from peewee import BigIntegerField, DateTimeField, Model, TextField

import allocator
from leadboard.database.compiled_queries import Compiled, Param, params
from leadboard.database.connection import database, rows
from leadboard.database.fields import now
from models import Appeal, Lead, Operator
from tests.support import add_team

pytestmark = pytest.mark.usefixtures("db")

MOMENT = datetime(2026, 11, 23, 10, 42, 7, 120_000, UTC)


@pytest.fixture
def appeal_id(db: object) -> int:
    team = add_team({"Anna": 5}, {"vk": {"Anna": 1}})
    return allocator.submit("tg_1", team.vk, "hello").id


def test_rows_come_as_peewee_gives_them(appeal_id: int) -> None:
    query = Appeal.select(Appeal.id, Appeal.timestamp, Appeal.closed_at, Appeal.withdrawn)
    assert Compiled(lambda: query).rows() == rows(query)
    people = Operator.select(Operator.name, Operator.is_active)
    assert Compiled(lambda: people).rows() == rows(people) == [("Anna", True)]


def test_a_moment_is_stored_and_found_as_its_field_writes_it(appeal_id: int) -> None:
    """Another format in the same column would sort elsewhere, and be found by nobody."""
    closing = Compiled(
        lambda: Appeal.update(params(Appeal.closed_at)).where(Appeal.id == Param(Appeal.id))
    )
    assert closing.changes(closed_at=MOMENT, id=appeal_id) == 1
    stored = database.execute_sql("SELECT closed_at FROM appeal").fetchall()
    assert stored == [("2026-11-23T10:42:07.120000Z",)]
    since = Compiled(
        lambda: Appeal.select(Appeal.closed_at).where(Appeal.closed_at >= Param(Appeal.closed_at))
    )
    assert since.scalar(closed_at=MOMENT) == MOMENT


def test_a_flag_is_a_flag_both_ways(appeal_id: int) -> None:
    active = Compiled(
        lambda: Operator.select(Operator.is_active).where(
            Operator.is_active == Param(Operator.is_active)
        )
    )
    assert active.rows(is_active=1) == [(True,)]
    assert active.rows(is_active=False) == []


@pytest.mark.parametrize(
    ("values", "odd"),
    [({}, "id"), ({"id": 1, "ide": 2}, "ide"), ({"ids": 1}, "id, ids")],
    ids=["missing", "unknown", "misspelt"],
)
def test_values_that_the_query_does_not_name_are_an_error(values: dict[str, Any], odd: str) -> None:
    one = Compiled(lambda: Lead.select(Lead.id).where(Lead.id == Param(Lead.id)))
    with pytest.raises(TypeError, match=rf": {odd}$"):
        one.rows(**values)


def test_a_value_too_many_is_an_error_where_a_name_stands_twice(db: object) -> None:
    both = Compiled(
        lambda: Lead.select(Lead.id).where(
            (Lead.id == Param(Lead.id, "n")) | (Lead.id > Param(Lead.id, "n"))
        )
    )
    assert both.rows(n=1) == []
    with pytest.raises(TypeError, match=r": odd$"):
        both.rows(n=1, odd=2)


class Stamped(Model):
    """A table with a default that is another one for each row."""

    name = TextField()
    at = DateTimeField(default=now)
    count = BigIntegerField(default=0)


@pytest.fixture
def stamped() -> Iterator[type[Stamped]]:
    with database.bind_ctx([Stamped]):
        database.create_tables([Stamped])
        yield Stamped


def test_a_default_that_is_made_for_each_row_must_be_given(stamped: type[Stamped]) -> None:
    with pytest.raises(TypeError, match="give at"):
        Compiled(lambda: stamped.insert(params(stamped.name))).changes(name="a")
    with pytest.raises(TypeError, match="give at"):
        Compiled(lambda: stamped.insert_many([params(stamped.name)])).changes(name="a")
    given = Compiled(lambda: stamped.insert(params(stamped.name, stamped.at)))
    assert given.changes(name="a", at=MOMENT.replace(tzinfo=None)) == 1
    assert rows(stamped.select(stamped.count)) == [(0,)]
