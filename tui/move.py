"""Choosing who is to have an appeal: the team with loads, and an explicit yes over a limit."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

import desk
import lists
from insight import standings
from tui.dialogs import ActDialog, Confirm
from tui.grid import note_of
from tui.operator_list import FULL, OperatorList
from tui.sheet import Bottom
from views import Board, OperatorRow
from wanted import matches


class Move(ActDialog):
    """Everybody with load bars and odds; typing filters, enter moves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next", show=False, id="move.next"),
        Binding("up", "step(-1)", "Previous", show=False, id="move.previous"),
    ]

    def __init__(self, appeal_ids: Sequence[int]) -> None:
        super().__init__()
        self._appeal_ids = list(appeal_ids)
        self._target: OperatorRow | None = None

    def compose(self) -> ComposeResult:
        """A filter, the team, and a place for the reason of a refusal."""
        many = len(self._appeal_ids)
        with Vertical(classes="dialog sheet choosing") as box:
            what = f"appeal #{self._appeal_ids[0]}" if many == 1 else f"{many} appeals"
            box.border_title = Content(f"Move {what} to")
            yield Input(placeholder="type part of a name", compact=True)
            yield OperatorList(id="choices")
            yield Bottom("enter moves · ↑↓ choose · esc cancels")

    def on_mount(self) -> None:
        """Show the whole team, with the focus in the filter."""
        self.choices.can_focus = False
        self._note(set())
        self.look(partial(lists.sources_of, self._appeal_ids), self._note)

    def _note(self, source_ids: set[int]) -> None:
        """Say of everybody what is in the way, or his odds."""
        self.choices.notes = notes(self.leadboard.desk_screen.board, source_ids)
        self.filter()

    @property
    def choices(self) -> OperatorList:
        """Return the list."""
        return self.query_one(OperatorList)

    @on(Input.Changed)
    def filter(self) -> None:
        """Show those whose names hold what is typed."""
        typed = self.query_one(Input).value.strip()
        team = self.leadboard.desk_screen.board.operators
        self.choices.show([row for row in team if matches(typed, row.name)])

    def action_step(self, step: int) -> None:
        """Move the choice."""
        self.choices.action_cursor(step)
        self.choices.keep_in_sight()

    @on(Input.Submitted)
    def move(self) -> None:
        """Move to the operator that is chosen."""
        self._target = self.choices.current
        if self._target is not None:
            self.perform(partial(desk.assign, self._appeal_ids, self._target.id))

    def explain(self, sentence: str, field: str | None) -> None:
        """Say why not; where only the limit is in the way, ask for an explicit yes."""
        self.say_why_not(sentence)
        if field == "force" and self._target is not None:
            question = f"{sentence} Give it all the same? It will count."
            forced = partial(desk.assign, self._appeal_ids, self._target.id, force=True)
            self.app.push_screen(Confirm(question, forced), self._after_asking)

    def _after_asking(self, was_done: bool | None) -> None:
        if was_done:
            self.go(True)


def notes(board: Board, source_ids: set[int]) -> dict[int, str]:
    """Return what to know of everybody before choosing: full, off, or his odds by lottery.

    Appeals of several sources have no odds in common.
    """
    by_hand = {each.id: _in_the_way(each) for each in board.operators}
    if len(source_ids) != 1:
        return by_hand
    standing = standings(board, min(source_ids))
    return {
        key: note or (note_of(standing[key]) if key in standing else "not linked")
        for key, note in by_hand.items()
    }


def _in_the_way(operator: OperatorRow) -> str:
    if not operator.is_active:
        return "off"
    return FULL if operator.load >= operator.max_load else ""
