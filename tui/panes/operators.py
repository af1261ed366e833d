"""The operators with their load bars."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.reactive import reactive

from leadboard import desk
from leadboard.common.case_folding import fold
from leadboard.database.fields import now
from leadboard.entities import OPERATOR, OperatorRow
from leadboard.queries.board import Board
from leadboard.queries.terms import OF_OPERATORS, is_named, parse
from tui.keys import bind
from tui.messages import Acted, ActRequest
from tui.widgets.filter import Filtered, number_found
from tui.widgets.operator_list import OperatorList
from tui.widgets.pane import PaneWidget

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown

AS_ADDED = "as added"
ORDERS: dict[str, Callable[[OperatorRow], tuple[float | str, ...]]] = {
    AS_ADDED: lambda row: (row.id,),
    "by name": lambda row: (fold(row.name), row.id),
    "fullest first": lambda row: (-row.load / max(row.max_load, 1), row.id),
    "most free places first": lambda row: (row.load - row.max_load, row.id),
}

FLASH = 0.6
"""Seconds for which a bar shows that its operator got an appeal."""


class Operators(PaneWidget, Filtered, OperatorList):
    """All operators: on or off, name, load bar, numbers."""

    HELP = (
        "Each line is one operator: ● takes appeals, ○ is off. The bar and the numbers show the "
        "open appeals against the limit. A limit below the load takes no appeal away."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("a", "add", "Add", id="operators.add"),
        bind("e,enter", "edit", "Edit", id="operators.edit"),
        bind("space", "switch", "On/off", id="operators.toggle"),
        bind("R", "send_home", "Send home", id="operators.send-home"),
        bind("plus", "step(1)", "Limit +", id="operators.raise"),
        bind("minus", "step(-1)", "Limit -", id="operators.lower"),
        bind("d", "delete", "Delete", id="operators.delete"),
        bind("s", "sort", "Sort", id="operators.sort", show=False),
    ]
    on_a_row = frozenset({"edit", "switch", "send_home", "step", "delete"})
    empty = "No operators yet: press {operators.add} to add one."
    offer = "part of a name"

    _words: Sequence[str] = ()
    order = reactive(AS_ADDED, repaint=False, init=False)
    """The name of the current order."""

    board: reactive[Board] = reactive(Board, repaint=False, init=False)

    def watch_board(self, old: Board, new: Board) -> None:
        """Show the operators of a new board."""
        self._flash(old, new)
        self._show_wanted()

    def apply_filter(self, text: str) -> None:
        """Show only operators whose texts contain every word."""
        wanted = parse(text, now(), OF_OPERATORS)
        self._words, self.faults = (*wanted.words, *wanted.operators), wanted.faults
        self._show_wanted()

    @property
    def found(self) -> str:
        """Return how many operators the filter finds."""
        return number_found(len(self.rows))

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves operators out."""
        return bool(self._words)

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads all operators of the list, None if it is empty."""
        from leadboard.transfer.list_export import operators_shown

        if not self.rows:
            return None
        return partial(operators_shown, [row.id for row in self.rows])

    def _flash(self, old: Board, new: Board) -> None:
        """Mark briefly the bars of operators that have got an appeal."""
        before = {row.id: row.load for row in old.operators}
        took = {row.id for row in new.operators if row.load > before.get(row.id, row.load)}
        if took:
            self.flashing |= took
            self.set_timer(FLASH, partial(self._calm, took))

    def _calm(self, took: set[int]) -> None:
        self.flashing -= took
        for index in self.visible_rows():
            if self.rows[index].id in took:
                self.refresh_row(index)

    def _show_wanted(self) -> None:
        wanted = [
            row for row in self.board.operators if is_named(OPERATOR.text_of(row), self._words)
        ]
        self.show(sorted(wanted, key=ORDERS[self.order]))
        self.show_subtitle()

    def action_add(self) -> None:
        """Open the dialog for a new operator."""
        from tui.dialogs.forms import Dialog, fields_of

        self.app.push_screen(
            Dialog(
                "New operator",
                fields_of(OPERATOR),
                lambda values: partial(desk.add_operator, **values),
            )
        )

    def action_edit(self) -> None:
        """Open the dialog for the operator under the cursor."""
        from tui.dialogs.forms import Dialog, fields_of

        if (row := self.current) is None:
            return
        self.app.push_screen(
            Dialog(
                "Edit operator",
                fields_of(OPERATOR, row),
                lambda values: partial(desk.change_operator, row.id, **values),
            )
        )

    def action_switch(self) -> None:
        """Switch the operator under the cursor on or off."""
        if self.current:
            self.post_message(ActRequest(desk.toggle_active, self.current.id))

    def action_sort(self) -> None:
        """Go to the next order: by name, load or free places, then as added again."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        self._show_wanted()
        self.post_message(Acted(f"Operators sorted {self.order}"))

    def action_send_home(self) -> None:
        """Switch the operator under the cursor off and return all their open appeals."""
        if self.current:
            self.post_message(ActRequest(desk.send_home, self.current.id))

    def action_step(self, step: int) -> None:
        """Raise or lower the limit of the operator under the cursor."""
        if self.current:
            self.post_message(ActRequest(desk.step_limit, self.current.id, step))

    def action_delete(self) -> None:
        """Delete the operator under the cursor, once confirmed."""
        from tui.dialogs.forms import Confirm

        if (row := self.current) is None:
            return
        self.app.push_screen(
            Confirm(f"Delete operator {row.name}?", partial(desk.delete_operator, row.id))
        )
