"""The operators with their load bars."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.actions import SkipAction
from textual.binding import BindingType

from leadboard import desk
from leadboard.common.durations import worded
from leadboard.common.language import _, ngettext, pgettext
from leadboard.database.fields import now
from leadboard.entities import OPERATOR, OperatorRow
from leadboard.queries.board import Board
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.keys import bind
from tui.messages import ActRequest, AppealsWanted
from tui.panes.team import ENDS, ORDERS, TOTAL, WAITING, TeamPane
from tui.widgets.border_remarks import Remark
from tui.widgets.cells import fit
from tui.widgets.figures import grouped, spark
from tui.widgets.filter import number_found
from tui.widgets.line_view import StateHints
from tui.widgets.moments import TICK
from tui.widgets.operator_list import MARGIN, ROOM_FOR_SPARK, OperatorList, numbers_of
from tui.widgets.urgency import urgency_of_all

if TYPE_CHECKING:
    from leadboard.foresight.draft import TeamDraft
    from leadboard.queries.load_history import LoadHistory
    from leadboard.transfer.list_export import Shown

FLASH = 0.6
"""Seconds for which a bar shows that its operator got an appeal."""
_IN_DRAFT = StateHints(
    (
        *ENDS,
        ("operators.raise", _("limit")),
        ("operators.toggle", _("on/off")),
        ("operators.add", _("add")),
    ),
    is_all=True,
)
HEADS = {"load": pgettext("head", "load ↓"), "free": pgettext("head", "free ↓")}
"""What the head of the numbers says while they sort the rows."""
_NAME = _("operator")
_SORTED = f"{_NAME} ↑"
_LAST_HOUR, _NUMBERS = _("last hour"), _("load/limit")


class Operators(TeamPane, OperatorList):
    """All operators: on or off, name, load bar, numbers."""

    HELP = _(
        "Each line is one operator: ● takes appeals, ○ is off. The bar and the numbers show the "
        "open appeals against the limit. Lowering a limit takes no appeals away. "
        "{operators.appeals} shows the open appeals of the operator, {appeals.back} comes "
        "back. "
        "{operators.mark} marks operators, {operators.mark-all} all of them, and the keys then act "
        "on all that are marked. {draft.begin} begins a draft: until it is applied, limits, on and "
        "off and new operators change there alone."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "appeals", _("Appeals"), id="operators.appeals"),
        bind("a", "add", pgettext("operator", "Add"), id="operators.add"),
        bind("e", "edit", _("Edit"), id="operators.edit"),
        bind("space", "switch", _("On/off"), id="operators.toggle"),
        bind("R", "send_home", _("Send home"), id="operators.send-home"),
        bind("plus", "step(1)", _("Limit +1"), id="operators.raise"),
        bind("minus", "step(-1)", _("Limit -1"), id="operators.lower", show=False),
        bind("d", "delete", _("Delete"), id="operators.delete"),
        bind("s", "sort", _("Sort"), id="operators.sort", show=False),
        bind("x", "mark", _("Mark"), id="operators.mark", show=False),
        bind("asterisk", "mark_all", _("Mark all shown"), id="operators.mark-all", show=False),
        bind("escape", "unmark", _("Unmark"), id="operators.unmark", show=False),
    ]
    is_entered_by_mouse = True
    not_in_draft = frozenset({"edit", "send_home"})
    on_a_row = frozenset(
        {"appeals", "edit", "switch", "send_home", "step", "delete", "mark", "mark_all"}
    )
    empty = _("No operators yet: press {operators.add} to add one.")

    def on_mount(self) -> None:
        """Let the age of the oldest wait go on."""
        self.set_interval(TICK, self._refresh_foot)

    def measure_columns(self, rows: Sequence[OperatorRow]) -> tuple[int, ...]:
        """Return the widths of the list; the numbers leave room for those of the total."""
        names, numbers, notes = super().measure_columns(rows)
        # The head of the names needs room as well.
        longest = max(numbers, len(numbers_of(*self.board.capacity)))
        return max(names, cell_len(_SORTED)), longest, notes

    def watch_board(self, board: Board) -> None:
        """Show the operators of a new board, and who of them has just got an appeal."""
        before = {row.id: row.load for row in self.rows}
        super().watch_board(board)
        self.marked &= {row.id for row in board.operators}
        took = {row.id for row in board.operators if row.load > before.get(row.id, row.load)}
        if took:
            self._flash(took)
        self._refresh_foot()

    def _flash(self, took: set[int]) -> None:
        """Mark briefly the bars of operators that have got an appeal."""
        self.flashing |= took
        self._repaint(took)
        self.set_timer(FLASH, partial(self._calm, took))

    def _calm(self, took: set[int]) -> None:
        self.flashing -= took
        self._repaint(took)

    def _repaint(self, operator_ids: set[int]) -> None:
        for index in self.visible_rows():
            if self.rows[index].id in operator_ids:
                self.refresh_row(index)

    def _refresh_foot(self) -> None:
        for line in range(self.foot):
            self.refresh_line_at(self.foot_start + line)

    def watch_draft(self, old: "TeamDraft | None", new: "TeamDraft | None") -> None:
        """Mark the operators whom the draft changes."""
        added = () if new is None else (each.id for each in new.newcomers)
        self.drafted = frozenset(() if new is None else (*new.limits, *new.switches, *added))
        super().watch_draft(old, new)

    @property
    def state_hints(self) -> StateHints:  # type: ignore[override]
        """Return the keys of a draft while there is one."""
        return StateHints() if self.draft is None else _IN_DRAFT

    @property
    def found(self) -> str:
        """Return how many operators the filter finds."""
        return number_found(len(self.rows))

    @property
    def remarks(self) -> Sequence[Remark]:
        """Return how many are marked, and the order."""
        if not self.marked:
            return super().remarks
        unmarking = app_of(self).with_keys(_("{operators.unmark} unmarks"))
        return [
            *self.of_draft,
            Remark(_("{count} marked", count=grouped(len(self.marked)))),
            Remark(unmarking, 6),
            *([] if self.draft else super().remarks),
        ]

    @property
    def has_room_for_sparks(self) -> bool:
        """Tell whether there is room for the loads of the last hour."""
        return self.display and self.size.width >= ROOM_FOR_SPARK and bool(self.rows)

    def take_history(self, history: "LoadHistory") -> None:
        """Show the loads of the last hour."""
        limits = {row.id: row.max_load for row in self.board.operators}
        self.sparks = {
            key: spark(samples, limits[key]) for key, samples in history.items() if key in limits
        }
        self.refresh()

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads all operators of the list, None if it is empty."""
        from leadboard.transfer.list_export import operators_shown

        if not self.rows:
            return None
        return partial(operators_shown, [row.id for row in self.rows])

    # The pinned lines.

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Draw what the columns are, with a mark on the one that sorts the rows."""
        if not self.rows:
            return []
        column, widths = self.order.column, self.widths(width)
        name = _SORTED if column == "name" else _NAME
        hour = fit(_LAST_HOUR, widths.spark) if widths.spark else ""
        words = f"   {fit(name, widths.name + 1)}{hour}"
        return self.text_line(words, HEADS.get(str(column), _NUMBERS), width, self.pen("head"))

    def draw_foot(self, y: int, width: int) -> list[Segment]:
        """Draw the load of all active operators, and below it what waits."""
        if y:
            return self._waiting_line(width)
        load, limit = self.board.capacity
        return self.bar_line(TOTAL, load, limit, width, self.pen("head"))

    def _waiting_line(self, width: int) -> list[Segment]:
        waiting = self.board.waiting
        since = self.board.oldest_wait
        said = str(waiting)
        if since is not None:
            oldest = _("oldest {length}", length=worded(now() - since))
            said = f"{oldest}   {waiting}"
        tone = urgency_of_all(self.board, app_of(self).settings.thresholds, now())
        pen = self.pen(tone or "head")
        return self.text_line(f" {WAITING}", said, width, pen)

    # Acts: on the marked operators, else on the one under the cursor.

    def chosen(self) -> list[OperatorRow]:
        """Return the operators that a key applies to."""
        if self.marked:
            return [row for row in self.board.operators if row.id in self.marked]
        return [] if self.current is None else [self.current]

    def action_mark(self) -> None:
        """Mark or unmark the operator under the cursor, and go to the next."""
        if self.current:
            self.marked ^= {self.current.id}
            self.refresh_row(self.cursor)
            self.go_to(self.cursor + 1)
            self.show_subtitle()

    def action_mark_all(self) -> None:
        """Mark all operators that are shown."""
        self.marked |= {row.id for row in self.rows}
        self.refresh()
        self.show_subtitle()

    def action_unmark(self) -> None:
        """Forget all marks; without any, escape goes on to the screen."""
        if not self.marked:
            raise SkipAction
        self.marked = frozenset()
        self.refresh()
        self.show_subtitle()

    def action_add(self) -> None:
        """Open the dialog for a new operator."""
        self.action_add_operator()

    def action_edit(self) -> None:
        """Open the dialog for the operator under the cursor."""
        from tui.dialogs.forms import Dialog, fields_of

        if (row := self.current) is None:
            return
        self.app.push_screen(
            Dialog(
                _("Edit operator"),
                fields_of(OPERATOR, row),
                lambda values: partial(desk.change_operator, row.id, **values),
            )
        )

    def action_appeals(self) -> None:
        """Show the open appeals of the operator under the cursor."""
        if self.current:
            wanted = AppealFilter(operator_id=self.current.id, is_open=True)
            self.post_message(AppealsWanted(wanted, _("open of"), self.current.name))

    def action_switch(self) -> None:
        """Switch the chosen operators on or off."""
        if chosen := self.chosen():
            self.post_message(ActRequest(desk.toggle_active, [row.id for row in chosen]))

    def action_sort(self) -> None:
        """Go to the next order: by name, load or free places, then as added again."""
        # The order of a column of the grid is not among them: it leads to the first.
        place = ORDERS.index(self.order) if self.order in ORDERS else -1
        self.sort_by(ORDERS[(place + 1) % len(ORDERS)])

    def action_send_home(self) -> None:
        """Switch the chosen operators off and return all their open appeals, once confirmed."""
        from tui.dialogs.forms import Confirm

        if not (chosen := self.chosen()):
            return
        ids, count = [row.id for row in chosen], sum(row.load for row in chosen)
        if not count:
            self.post_message(ActRequest(desk.send_home, ids))
            return
        several = ngettext("{n} operator", "{n} operators", len(chosen))
        question = ngettext(
            "Send {who} home? {n} open appeal goes back to the lottery.",
            "Send {who} home? {n} open appeals go back to the lottery.",
            count,
            who=chosen[0].name if len(chosen) == 1 else several,
        )
        self.app.push_screen(Confirm(question, partial(desk.send_home, ids)))

    def action_step(self, step: int) -> None:
        """Raise or lower the limit of the operator under the cursor."""
        if self.current:
            self.post_message(ActRequest(desk.step_limit, self.current.id, step))

    def action_delete(self) -> None:
        """Delete the operator under the cursor, once confirmed."""
        from tui.dialogs.forms import Confirm

        if (row := self.current) is None:
            return
        if self.draft is not None:
            # Of newcomers there is nothing to lose, and all others the draft refuses to delete.
            self.post_message(ActRequest(desk.delete_operator, row.id))
            return
        question = _("Delete operator {name}?", name=row.name)
        self.app.push_screen(Confirm(question, partial(desk.delete_operator, row.id)))

    # Mouse.

    def click_head(self, x: int) -> None:
        """Sort by the column that was clicked, or as added if it sorts already."""
        column = "name" if x < MARGIN + self.widths(self.size.width).name else "load"
        if self.order.column == "load" and column == "load":
            column = "free"
        wanted = next(order for order in ORDERS if order.column == column)
        self.sort_by(ORDERS[0] if wanted is self.order else wanted)

    def click_foot(self, y: int, x: int) -> None:
        """Show what waits, if its line was clicked."""
        if y == 1:
            self.post_message(AppealsWanted(AppealFilter(is_waiting=True)))
