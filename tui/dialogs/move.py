"""Choosing who gets an appeal: the team with loads, and a question before going over a limit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from leadboard import desk
from leadboard.allocation.lifecycle import NoRoom
from leadboard.allocation.lottery import INACTIVE
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext, pgettext
from leadboard.common.text import clean
from leadboard.entities import OperatorRow
from leadboard.queries import appeals
from leadboard.queries.board import Board
from leadboard.queries.odds import standings
from leadboard.queries.terms import matches
from tui.dialogs.base import ActDialog, Bottom
from tui.dialogs.forms import Confirm
from tui.keys import bind
from tui.widgets.figures import REASONS, grouped, note_of
from tui.widgets.marks import Chosen
from tui.widgets.operator_list import FULL, OperatorList

_NOT_LINKED = pgettext("note", "not linked")


class Move(ActDialog):
    """All operators with load bars and odds; typing filters, enter moves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("down", "step(1)", _("Next"), id="move.next", show=False),
        bind("up", "step(-1)", _("Previous"), id="move.previous", show=False),
    ]

    def __init__(self, chosen: Chosen) -> None:
        super().__init__()
        self._chosen = chosen
        self._target: OperatorRow | None = None
        self._source_ids: set[int] = set()
        self._team: Sequence[OperatorRow] = ()

    def compose(self) -> ComposeResult:
        """Lay out a filter, the team, and the reason for a refusal."""
        with Vertical(classes="dialog sheet choosing") as box:
            box.border_title = Content(clean(_("Move {appeals} to", appeals=self._chosen.words)))
            yield Input(placeholder=_("type part of a name"), compact=True)
            yield OperatorList(id="choices")
            yield Bottom(
                _("enter moves · {move.previous}{move.next} choose · {dialog.cancel} cancels")
            )

    def on_mount(self) -> None:
        """Show the whole team, with the focus in the filter."""
        self.choices.can_focus = False
        self.watch(self.leadboard.home, "board", self._show_board)
        self.read(partial(appeals.sources_of, self._chosen.ids), self._note)

    def _note(self, source_ids: set[int]) -> None:
        """Note for each operator what is in the way, or their odds."""
        self._source_ids = source_ids
        self._show_board()

    def _show_board(self) -> None:
        """Show loads and odds as they are now."""
        board = self.leadboard.home.board
        self.choices.notes = notes(board, self._source_ids)
        self._team = by_fitness(board, self._source_ids)
        self.filter()

    @property
    def choices(self) -> OperatorList:
        """Return the list."""
        return self.query_one(OperatorList)

    @on(Input.Changed)
    def filter(self) -> None:
        """Show the operators whose names contain what is typed."""
        typed = self.query_one(Input).value.strip()
        self.choices.show([row for row in self._team if matches(typed, row.name)])

    def action_step(self, step: int) -> None:
        """Move the choice."""
        self.choices.action_cursor(step)
        self.choices.keep_in_sight()

    @on(Input.Submitted)
    def move(self) -> None:
        """Move the appeals to the chosen operator."""
        self._target = self.choices.current
        if self._target is not None:
            self.perform(self._assigning())

    def _assigning(
        self, *, force: bool = False, fitting: bool = False
    ) -> Callable[..., desk.Done[Any]]:
        assert self._target is not None
        act = self._chosen.telling(desk.assign)
        return partial(act, self._chosen.ids, self._target.id, force=force, fitting=fitting)

    def explain(self, sentence: str, field: str | None) -> None:
        """Say why not."""
        self.say_why_not(sentence)

    def refuse(self, refusal: Refused) -> None:
        """Say why not; if a limit is in the way, ask whether to go over it."""
        super().refuse(refusal)
        if isinstance(refusal, NoRoom) and self._target is not None:
            title = _(
                "Move {appeals} to {operator}",
                appeals=self._chosen.words,
                operator=self._target.name,
            )
            self.app.push_screen(self._question(refusal, title), self._after_asking)
        else:
            # The refusal has told what changed since they were chosen: the next enter is meant.
            self._chosen = replace(self._chosen, seen={})

    def _question(self, refusal: NoRoom, title: str) -> Confirm:
        over = self._assigning(force=True)
        if refusal.fit:
            return Fitting(refusal, self._assigning(fitting=True), over, title=title)
        asked = ngettext(
            "Move it anyway? It will count.",
            "Move all {count} anyway? They will count.",
            refusal.count,
            count=grouped(refusal.count),
        )
        return Confirm(f"{refusal} {asked}", over, title=title)

    def _after_asking(self, was_done: bool | None) -> None:
        if was_done:
            self.go(True)


class Fitting(Confirm):
    """A question when some appeals fit: enter moves those, y all of them over the limit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "fit", _("Those that fit"), id="fitting.fit", show=False)
    ]
    hint = _("{dialog.cancel} or {confirm.no}: none of them")

    def __init__(
        self,
        refusal: NoRoom,
        fitting: Callable[..., desk.Done[Any]],
        over: Callable[..., desk.Done[Any]],
        *,
        title: str,
    ) -> None:
        question = _(
            "{fit} of {count} fit: {{fitting.fit}} moves {fit},"
            " {{confirm.yes}} all {count} over the limit",
            fit=grouped(refusal.fit),
            count=grouped(refusal.count),
        )
        super().__init__(question, over, title=title)
        self._fitting = fitting

    @property
    def asked(self) -> str:
        """Return the question with its keys."""
        return self.leadboard.with_keys(super().asked)

    def action_fit(self) -> None:
        """Move those that fit."""
        self.perform(self._fitting)


def notes(board: Board, source_ids: set[int]) -> dict[int, str]:
    """Return a note for each operator: full, off, or their odds in the lottery.

    Appeals of several sources have no odds in common, so then there are none.
    """
    by_hand = {each.id: _in_the_way(each) for each in board.operators}
    if len(source_ids) != 1:
        return by_hand
    standing = standings(board, min(source_ids))
    return {
        key: note or (note_of(standing[key]) if key in standing else _NOT_LINKED)
        for key, note in by_hand.items()
    }


def by_fitness(board: Board, source_ids: set[int]) -> list[OperatorRow]:
    """Return the team, the fittest first: with room, serving the source, with most free places."""
    standing = standings(board, min(source_ids)) if len(source_ids) == 1 else {}

    def order(row: OperatorRow) -> tuple[object, ...]:
        serves = row.id in standing and standing[row.id].weight > 0
        return not row.is_active, row.load >= row.max_load, not serves, row.load - row.max_load

    return sorted(board.operators, key=lambda row: (*order(row), row.id))


def _in_the_way(operator: OperatorRow) -> str:
    if not operator.is_active:
        return REASONS[INACTIVE]
    return FULL if operator.load >= operator.max_load else ""
