"""Typing weights into the grid: in place, with what they would do, and whole blocks by paste."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual import events
from textual.actions import SkipAction

from leadboard import desk
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _, ngettext
from leadboard.common.validation import MAX_WEIGHT
from leadboard.queries import board
from tui.base import app_of
from tui.messages import ActRequest, Failed, Insistence
from tui.panes.team import ENDS
from tui.panes.weight_grid import WeightGrid
from tui.widgets.figures import grouped
from tui.widgets.line_view import StateHints

WeightChange = tuple[int, int, int | None]
"""An operator, a source, and the weight to set or None for no link."""


@dataclass(slots=True)
class EditedCell:
    """A cell being edited, and the weight it held when the edit began."""

    operator_id: int
    source_id: int
    weight: int | None

    def read(self) -> None:
        """Read the weight of the cell, after the acts requested before are stored."""
        with suppress(Trouble):  # then the weight shown is all there is to compare with
            self.weight = board.weight_of(self.operator_id, self.source_id)

    def replace(self, weight: int, *, actor: str) -> "desk.Done[Any]":
        """Set another weight, unless somebody else has changed it in the meantime."""
        return desk.replace_weight(
            self.operator_id, self.source_id, self.weight, weight, actor=actor
        )


_TYPING = StateHints(
    (("grid.enter", _("save ↓")), ("tab", _("save →")), ("grid.restore", _("cancel"))), is_all=True
)
_ON_WAITING = StateHints((("grid.enter", _("those appeals")),))
_IN_DRAFT = StateHints(
    (
        *ENDS,
        ("0-9", _("weight")),
        ("grid.plus", _("weight +1")),
        ("grid.add", _("new operator")),
    ),
    is_all=True,
)
_ON_A_CELL = StateHints((("0-9", _("type a weight")), ("draft.begin", _("what if"))))


class WeightTyping(WeightGrid):
    """The grid while somebody types into it."""

    _cell: EditedCell | None = None

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Claim digits where there is a cell, so that 1 to 4 do not switch panes."""
        if self.typed is not None and key in {"backspace", "tab", "shift+tab"}:
            return True
        has_cell = self.current is not None and self.source is not None
        return has_cell and character is not None and character in "0123456789"

    def on_key(self, event: events.Key) -> None:
        """Add digits to the edit, and on tab save it and go right."""
        if not self.check_consume_key(event.key, event.character):
            return
        event.stop()
        event.prevent_default()
        if event.key == "backspace":
            self.typed = (self.typed or "")[:-1]
        elif event.key in {"tab", "shift+tab"}:
            self._tab(1 if event.key == "tab" else -1)
        else:
            if self.typed is None:
                self._begin()
            self.typed = ((self.typed or "") + (event.character or ""))[: len(str(MAX_WEIGHT))]

    def _begin(self) -> None:
        if self.current is None or self.source is None:
            return
        on_show = self.board.weights.get(self.source.id, {}).get(self.current.id)
        self._cell = EditedCell(self.current.id, self.source.id, on_show)
        if self.draft is not None:
            return  # applying the draft tells whether others changed it
        # On the writer thread, behind one's own acts, which must not count as others' changes.
        app_of(self).writer.do(self._cell.read)

    def _tab(self, step: int) -> None:
        """Save and go on to the next column; from the last one to the next row, and back."""
        last = len(self.grid.sources) - 1
        if 0 <= self.column + step <= last:
            self.action_column(step)
        elif 0 <= self.cursor + step < len(self.rows):
            self.go_to(self.cursor + step)
            self.action_column_end(int(step < 0))
        else:
            self.save()

    @property
    def state_hints(self) -> StateHints:  # type: ignore[override]
        """Return what keys do while a weight is typed, on what waits, and else."""
        if self.typed is not None:
            return _TYPING
        if self.is_at_foot:
            return _ON_WAITING
        if self.draft is not None:
            return _IN_DRAFT
        return _ON_A_CELL if self.source is not None else StateHints()

    def watch_typed(self, old: str | None, new: str | None) -> None:
        """Show what is typed, and in its column what that would do."""
        was_tried = self.grid.trial is not None
        self.try_typed()
        if was_tried or self.grid.trial is not None:
            self.show_column()
            self.refresh()
        else:
            self.refresh_row(self.cursor)
        if (old is None) != (new is None):
            self.refresh_bindings()

    def save(self) -> bool:
        """Save an unfinished edit, if any; return False if it is refused and stays."""
        typed = self.typed
        if typed and int(typed) > MAX_WEIGHT:
            most = grouped(MAX_WEIGHT)
            self.post_message(Failed(_("The weight must be between 0 and {most}.", most=most)))
            return False
        self.typed = None
        if typed and self._cell is not None:
            self._replace(self._cell, int(typed))
        return True

    def _replace(self, cell: EditedCell, weight: int) -> None:
        """Set the weight; ask first if somebody else has changed it during the edit."""
        if self.draft is not None:
            pair = (cell.operator_id, cell.source_id)
            self.post_message(ActRequest(desk.set_weight, *pair, weight))
            return
        from tui.wording import words_of  # which loads every act

        all_the_same = partial(desk.set_weight, cell.operator_id, cell.source_id, weight)
        asked = Insistence(_("Set it to {weight} anyway?", weight=grouped(weight)), all_the_same)
        ids = (cell.operator_id, cell.source_id, weight)
        words = words_of(desk.set_weight, ids, self.board)
        self.post_message(ActRequest(cell.replace, weight, insistence=asked, words=words))

    def on_paste(self, event: events.Paste) -> None:
        """Set a block of weights copied from a spreadsheet, starting at the cursor."""
        from leadboard.transfer.paste import parse_block

        event.stop()
        self.typed = None
        try:
            changes = self._laid_over(parse_block(event.text))
        except Refused as refusal:
            self.post_message(Failed(_("Not pasted: {why}", why=refusal)))
        else:
            self.post_message(ActRequest(desk.set_weights, changes))

    def _laid_over(self, block: Sequence[Sequence[int | None]]) -> list[WeightChange]:
        operators = self.rows[self.cursor : self.cursor + len(block)]
        sources = self.grid.sources[self.column : self.column + len(block[0])]
        if len(operators) < len(block) or len(sources) < len(block[0]):
            raise Refused(_too_large(len(block), len(block[0])))
        return [
            (operator.id, source.id, weight)
            for operator, weights in zip(operators, block, strict=True)
            for source, weight in zip(sources, weights, strict=True)
        ]

    def action_enter(self) -> None:
        """Save an unfinished edit and go down; below the operators, show what waits."""
        if self.is_at_foot:
            self.action_waiting()
            return
        self.go_to(self.cursor + 1)

    def action_restore(self) -> None:
        """Discard an unfinished edit."""
        if not self.forget_edit():
            # Then escape goes on to the screen, where it clears the filter.
            raise SkipAction

    def forget_edit(self) -> bool:
        """Discard an unfinished edit; return False if there is none."""
        was_typed, self.typed = self.typed is not None, None
        return was_typed


def _too_large(rows: int, columns: int) -> str:
    return _(
        "the block has {rows} and {columns}, and from here on the grid has fewer.",
        rows=ngettext("{n} rows", "{n} rows", rows),
        columns=ngettext("{n} columns", "{n} columns", columns),
    )
