"""The random walk with others between the batches of every drain: nothing is handed out untold."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

import allocator
from leadboard import desk
from leadboard.allocation import audit, backlog, handouts, intake
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import settle
from leadboard.common.errors import Refused, Trouble
from leadboard.database.transactions import transact
from leadboard.desk import recording
from tests.allocation.test_walk import ACTORS, EXAMPLES, Walk, told_by
from tests.support import rows
from tests.support.server import Server

OPERATORS = st.integers(1, 2)
BATCH = 2
STEPS = 30
SOURCES = st.integers(1, 2)


def arrival(source: int) -> Callable[[], object]:
    return lambda: allocator.submit("bot", source, "by itself")


def feed(source: int) -> Callable[[], object]:
    drafts = [intake.Draft(f"fed {each}", source, "in a batch") for each in range(3)]
    return lambda: transact(lambda: allocator.place_all(drafts))


def limit(operator: int) -> Callable[[], object]:
    return lambda: desk.step_limit(operator, 2, actor="boris")


def undo(_: int) -> Callable[[], object]:
    return lambda: desk.undo(actor="anna")


def cut(_: int) -> Callable[[], object]:
    def end() -> None:
        raise Trouble("The program was ended.")

    return end


BETWEEN = st.lists(
    st.builds(
        lambda step, number: step(number),
        st.sampled_from([arrival, feed, feed, limit, undo, cut]),
        st.integers(1, 2),
    ),
    max_size=4,
)
"""What others do between the batches, in turn; after that they are silent."""


class WalkWithOthers(Walk):
    """A desk whose drains go on in batches of two, and others who write between them."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Callable[[], object]] = []
        self.is_cut = False
        patch = pytest.MonkeyPatch()
        self.ending.callback(patch.undo)
        real = backlog.drain

        def in_small_batches(
            flow: Journal,
            rng: Random | None = None,
            source_id: int | None = None,
            batch: int = BATCH,
        ) -> backlog.Drained:
            return real(flow, rng, source_id, min(batch, BATCH))

        patch.setattr(handouts, "drain", in_small_batches)
        patch.setattr(recording, "leave_a_turn", self.let_others_write)

    def let_others_write(self) -> None:
        """Take the next step of the others, where one is left."""
        if not self.others:
            return
        step = self.others.pop(0)
        try:
            step()
        except Refused:
            pass
        except Trouble:
            self.is_cut = True
            raise
        finally:
            self.note_all()

    def do(self, act: Callable[..., object], *arguments: Any, **options: Any) -> bool:
        was_cut, self.is_cut = self.is_cut, False
        is_done = super().do(act, *arguments, **options)
        self.is_cut = self.is_cut or (was_cut and not is_done)
        return is_done

    def check_event(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Check that no row of before has changed without a new event that names it."""
        new = {row[0] for row in set(after["event"]) - set(before["event"])}
        assert set(before["event"]) <= set(after["event"])
        for table in ("event_change", "change", "pending_change"):
            assert set(before[table]) <= set(after[table])
        there = {row[0] for row in before["appeal"]}
        touched = {row[0] for row in set(after["appeal"]) ^ set(before["appeal"])} & there
        assert touched <= told_by(new)

    @initialize()
    def team(self) -> None:
        for name in ("Anna", "Boris"):
            desk.add_operator(name, 0, actor="anna")
        for name in ("tg", "vk"):
            desk.add_source(name, actor="anna")
        for operator, source in ((1, 1), (2, 1), (2, 2)):
            desk.set_weight(operator, source, 10, actor="anna")
        transact(lambda: allocator.place_all([intake.Draft("c", 1 + n % 2, "") for n in range(12)]))

    @rule(steps=BETWEEN)
    def others_come(self, steps: list[Callable[[], object]]) -> None:
        self.others = steps

    @rule(operator=OPERATORS, more=st.integers(4, 12), actor=ACTORS)
    def raise_limit(self, operator: int, more: int, actor: str) -> None:
        self.do(desk.step_limit, operator, more, actor=actor)

    @rule(source=SOURCES)
    def feed(self, source: int) -> None:
        feed(source)()

    @rule(actor=ACTORS)
    def undo_and_redo(self, actor: str) -> None:
        """In silence, an undo that is redone at once leaves everything as it was."""
        self.others = []
        if self.is_cut:
            audit.repair("boris")
            self.is_cut = False
        super().undo_and_redo(actor)

    @invariant()
    def every_rule_holds(self) -> None:
        findings = [each.sentence for each in audit.check()]
        assert all("wait, though somebody could take them" in each for each in findings)
        assert self.is_cut or not findings
        assert self.is_cut or not rows("SELECT * FROM open_drain")

    @invariant()
    def only_arrivals_are_no_act_of_anybody(self) -> None:
        assert rows("SELECT * FROM appeal_step WHERE event_id IS NULL AND kind <> 'received'") == []


class WalkWithOthersOnServer(WalkWithOthers):
    """The same walk on PostgreSQL."""

    server: Server

    def place(self) -> str:
        """Return where the database of one walk is."""
        return self.server.url(self.ending.enter_context(self.server.fresh()))

    @rule()
    def settle(self) -> None:
        """Somebody reads, before whom the lines get their places."""
        settle()


@pytest.fixture(autouse=True, scope="module")
def _with_server(server: Server) -> None:
    WalkWithOthersOnServer.server = server


TestWalkWithOthers = WalkWithOthers.TestCase
TestWalkWithOthers.settings = settings(
    max_examples=EXAMPLES // 2, stateful_step_count=STEPS, deadline=None, print_blob=True
)

TestWalkWithOthersOnServer = WalkWithOthersOnServer.TestCase
TestWalkWithOthersOnServer.settings = settings(
    TestWalkWithOthers.settings, max_examples=EXAMPLES // 8
)
