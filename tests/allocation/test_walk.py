"""A random walk over all acts, undo and redo included: after each step every rule still holds."""

import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import allocator
import models
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.ledger import settle
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from tests.support import Row, dump, rows
from tests.support.lines import BROKEN
from tests.support.server import Server

ACTORS = st.sampled_from(["anna", "boris"])
OPERATORS = st.integers(1, 4)
SOURCES = st.integers(1, 3)
STEPS = 60
EXAMPLES = 25 * int(os.environ.get("LEADBOARD_SOAK", "1"))
STATE = ("operator", "source", "operator_source", "appeal")


class Walk(RuleBasedStateMachine):
    """A desk on a real file, and what a simple model knows of it."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = ExitStack()
        self.opened = models.open_database(self.place())
        self.may_be_over: set[int] = set()
        """Operators whom somebody forced above the limit, or whose limit was lowered."""
        self.settled: list[Row] = []
        """The lines of the ledger that have their places, as they were seen last."""

    def teardown(self) -> None:
        assert verify().findings == []
        self.opened.close()
        self.ending.close()

    def place(self) -> str:
        """Return where the database of one walk is."""
        return self.ending.enter_context(tempfile.TemporaryDirectory()) + "/walk.db"

    def do(self, act: Callable[..., object], *arguments: Any, **options: Any) -> bool:
        """Do an act: what is refused changes nothing, what is done leaves one event that fits."""
        before = dump()
        try:
            act(*arguments, **options)
        except Refused:
            assert dump() == before
            return False
        self.check_event(before, dump())
        return True

    def check_event(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Check that rows changed only with exactly one new event that names them."""
        new = {row[0] for row in after["event"]} - {row[0] for row in before["event"]}
        has_changed = any(before[table] != after[table] for table in STATE)
        # One that was returned and drew the same ticket again is as it was, and is recorded.
        told = told_by(new)
        assert len(new) == (1 if has_changed or told else 0)
        touched = {row[0] for row in set(after["appeal"]) ^ set(before["appeal"])}
        assert touched <= told

    def lower(self, operator: int) -> None:
        found = rows("SELECT load > max_load FROM operator WHERE id = ?", operator)
        if found and found[0][0]:
            self.may_be_over.add(operator)

    @initialize()
    def team(self) -> None:
        for name, limit in (("Anna", 2), ("Boris", 1)):
            desk.add_operator(name, limit, actor="anna")
        desk.add_source("tg", actor="anna")
        desk.set_weight(1, 1, 70, actor="anna")

    @rule(name=st.sampled_from(["Vera", "Gleb", "Anna"]), limit=st.integers(0, 3), actor=ACTORS)
    def add_operator(self, name: str, limit: int, actor: str) -> None:
        self.do(desk.add_operator, name, limit, actor=actor)

    @rule(operator=OPERATORS, name=st.sampled_from(["Vera", "Zoya", ""]), actor=ACTORS)
    def rename_operator(self, operator: int, name: str, actor: str) -> None:
        self.do(desk.change_operator, operator, name=name, actor=actor)

    @rule(operator=OPERATORS, actor=ACTORS)
    def toggle(self, operator: int, actor: str) -> None:
        self.do(desk.toggle_active, [operator], actor=actor)

    @rule(operator=OPERATORS, actor=ACTORS)
    def send_home(self, operator: int, actor: str) -> None:
        self.do(desk.send_home, [operator], actor=actor)

    @rule(operator=OPERATORS, limit=st.integers(0, 4), actor=ACTORS)
    def limit(self, operator: int, limit: int, actor: str) -> None:
        self.do(desk.change_operator, operator, max_load=limit, actor=actor)
        self.lower(operator)

    @rule(operator=OPERATORS, actor=ACTORS)
    def delete_operator(self, operator: int, actor: str) -> None:
        self.do(desk.delete_operator, operator, actor=actor)

    @rule(name=st.sampled_from(["tg", "vk", "site"]), actor=ACTORS)
    def add_source(self, name: str, actor: str) -> None:
        self.do(desk.add_source, name, actor=actor)

    @rule(source=SOURCES, actor=ACTORS)
    def delete_source(self, source: int, actor: str) -> None:
        self.do(desk.delete_source, source, actor=actor)

    @rule(operator=OPERATORS, source=SOURCES, weight=st.sampled_from([0, 1, 50]), actor=ACTORS)
    def weigh(self, operator: int, source: int, weight: int, actor: str) -> None:
        self.do(desk.set_weight, operator, source, weight, actor=actor)

    @rule(operator=OPERATORS, source=SOURCES, actor=ACTORS)
    def unlink(self, operator: int, source: int, actor: str) -> None:
        self.do(desk.unlink, operator, source, actor=actor)

    @rule(source=SOURCES, actor=ACTORS)
    def spread(self, source: int, actor: str) -> None:
        self.do(desk.spread, source, actor=actor)

    @rule(source=SOURCES, lead=st.sampled_from("abc"), actor=ACTORS)
    def submit(self, source: int, lead: str, actor: str) -> None:
        self.do(desk.submit, lead, source, "by hand", actor=actor)

    @rule(source=SOURCES, key=st.sampled_from([None, "k1", "k2"]))
    def arrive(self, source: int, key: str | None) -> None:
        try:
            allocator.submit("bot", source, "by itself", key)
        except Refused:
            assert not rows("SELECT id FROM source WHERE id = ?", source)

    @rule(appeals=st.lists(st.integers(1, 12), min_size=1, max_size=3), actor=ACTORS)
    def close(self, appeals: list[int], actor: str) -> None:
        self.do(desk.close, appeals, actor=actor)

    @rule(appeals=st.lists(st.integers(1, 12), min_size=1, max_size=3), actor=ACTORS)
    def reopen(self, appeals: list[int], actor: str) -> None:
        self.do(desk.reopen, appeals, actor=actor)

    @rule(appeals=st.lists(st.integers(1, 12), min_size=1, max_size=3), actor=ACTORS)
    def give_back(self, appeals: list[int], actor: str) -> None:
        self.do(desk.give_back, appeals, actor=actor)

    @rule(
        appeals=st.lists(st.integers(1, 12), min_size=1, max_size=3),
        operator=OPERATORS,
        force=st.booleans(),
        actor=ACTORS,
    )
    def assign(self, appeals: list[int], operator: int, force: bool, actor: str) -> None:
        if self.do(desk.assign, appeals, operator, force=force, actor=actor) and force:
            self.lower(operator)

    @rule(actor=ACTORS)
    def undo_and_redo(self, actor: str) -> None:
        """An undo that is redone at once leaves everything as it was."""
        before = dump(*STATE)
        if not self.do(desk.undo, actor=actor):
            return
        undone = dump(*STATE)
        if self.do(desk.redo, actor=actor):
            assert without_moments(dump(*STATE)) == without_moments(before)
            if self.do(desk.undo, actor=actor):
                assert without_moments(dump(*STATE)) == without_moments(undone)
        self.note_all()

    @rule(actor=ACTORS)
    def undo(self, actor: str) -> None:
        self.do(desk.undo, actor=actor)
        self.note_all()

    @rule(actor=ACTORS)
    def redo(self, actor: str) -> None:
        self.do(desk.redo, actor=actor)
        self.note_all()

    def note_all(self) -> None:
        """An undo may lower a limit, and a redo may force."""
        for operator in range(1, 9):
            self.lower(operator)

    @invariant()
    def every_rule_holds(self) -> None:
        assert audit.check() == []

    @invariant()
    def no_limit_is_passed_but_by_force_or_lowering(self) -> None:
        over = {key for (key,) in rows("SELECT id FROM operator WHERE load > max_load")}
        assert over <= self.may_be_over
        self.may_be_over &= over

    @invariant()
    def the_ledger_goes_on_from_line_to_line_to_what_is(self) -> None:
        assert (
            rows(f"{LAST_LINES} EXCEPT {AS_IT_IS}") == rows(f"{AS_IT_IS} EXCEPT {LAST_LINES}") == []
        )
        assert rows(BROKEN) == []

    @invariant()
    def a_settled_line_stays_as_it_is_and_where_it_is(self) -> None:
        seen, self.settled = self.settled, rows("SELECT * FROM change ORDER BY seq")
        assert self.settled[: len(seen)] == seen
        assert [line[0] for line in self.settled] == list(range(1, len(self.settled) + 1))


LAST_LINES = (
    "SELECT appeal_id, operator_id, closed_at, roster_id, draw, kind = 'withdrawn' AS withdrawn"
    " FROM appeal_step WHERE (appeal_id, place) IN"
    " (SELECT appeal_id, max(place) FROM appeal_step GROUP BY appeal_id)"
)
AS_IT_IS = "SELECT id, operator_id, closed_at, roster_id, draw, withdrawn FROM appeal"


def told_by(events: Iterable[object]) -> set[object]:
    """Return the appeals that the lines of these events are about."""
    lines = rows("SELECT event_id, appeal_id FROM appeal_step WHERE event_id IS NOT NULL")
    return {appeal for event, appeal in lines if event in set(events)}


def without_moments(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out when a withdrawn appeal was closed: doing it again has another moment."""
    return {
        **state,
        "appeal": [(*row[:6], bool(row[6]), *row[7:]) for row in state["appeal"]],
    }


class WalkOnServer(Walk):
    """The same walk on PostgreSQL."""

    server: Server

    def place(self) -> str:
        """Return where the database of one walk is."""
        return self.server.url(self.ending.enter_context(self.server.fresh()))

    @rule()
    def settle(self) -> None:
        """Somebody reads, before whom the lines get their places."""
        settle()
        assert rows("SELECT * FROM pending_change") == []


@pytest.fixture(autouse=True, scope="module")
def _with_server(server: Server) -> None:
    WalkOnServer.server = server


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True
)

TestWalkOnServer = WalkOnServer.TestCase
TestWalkOnServer.settings = settings(TestWalk.settings, max_examples=EXAMPLES // 4)
