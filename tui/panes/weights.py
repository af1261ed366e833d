"""The weight grid: operators down, sources across, weights typed in place."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType

from leadboard import desk
from leadboard.common.errors import Refused, Trouble
from leadboard.common.validation import MAX_WEIGHT
from leadboard.entities import SOURCE
from leadboard.queries import board
from tui.base import app_of
from tui.keys import bind
from tui.messages import Acted, ActRequest, Failed, Insistence
from tui.panes.weight_grid import WeightGrid
from tui.widgets.figures import grouped
from tui.widgets.line_view import StateHints

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown

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
    (("grid.enter", "save ↓"), ("tab", "save →"), ("grid.restore", "cancel")), is_all=True
)
_ON_WAITING = StateHints((("grid.enter", "those appeals"),))
_ON_A_CELL = StateHints((("0-9", "type a weight"),))


class Weights(WeightGrid):
    """A cell per operator and source: the weight, and the chance of the next appeal."""

    HELP = (
        "Type a number to set a weight: {grid.enter} saves and goes down, tab saves and goes "
        "right, {grid.restore} restores. Next to it is the chance of the next appeal, or why "
        "there is none: full, off, or none for a weight of 0. A dot means that the operator does "
        "not serve the source. While a weight is typed, its column shows what it would do. A block "
        "of cells copied in a spreadsheet can be pasted; {grid.copy-row} copies a row, "
        "{grid.paste-row} pastes it onto another. The cursor goes on below the operators to what "
        "waits, where {grid.enter} shows those appeals; so does {grid.waiting} in any cell."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "enter", "Save", id="grid.enter", show=False),
        bind("escape", "restore", "Cancel edit", id="grid.restore", show=False),
        bind("plus", "step(1)", "+1", id="grid.plus"),
        bind("minus", "step(-1)", "-1", id="grid.minus"),
        bind("delete", "unlink", "Unlink", id="grid.unlink"),
        bind("equals_sign", "spread", "Equalise", id="grid.spread"),
        bind("E", "spread_row", "Equalise row", id="grid.spread-row", show=False),
        bind("asterisk", "scale", "Scale", id="grid.scale", show=False),
        bind("S", "scale_row", "Scale row", id="grid.scale-row", show=False),
        bind("y", "copy_row", "Copy row", id="grid.copy-row", show=False),
        bind("p", "paste_row", "Paste row", id="grid.paste-row", show=False),
        bind("a", "add", "Add source", id="grid.add"),
        bind("e", "rename", "Rename", id="grid.rename"),
        bind("d", "delete", "Delete", id="grid.delete"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cell: EditedCell | None = None
        self._copied: Mapping[int, int] = {}
        """The weights of a copied row, by source id."""

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads all weights of the grid, None if there are none."""
        from leadboard.transfer.list_export import weights_shown

        if not self.rows or not self.grid.sources:
            return None
        return partial(
            weights_shown, [row.id for row in self.rows], [each.id for each in self.grid.sources]
        )

    # Typing.

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
            self.post_message(Failed(f"The weight must be between 0 and {grouped(MAX_WEIGHT)}."))
            return False
        self.typed = None
        if typed and self._cell is not None:
            self._replace(self._cell, int(typed))
        return True

    def _replace(self, cell: EditedCell, weight: int) -> None:
        """Set the weight; ask first if somebody else has changed it during the edit."""
        from tui.wording import words_of  # which loads every act

        all_the_same = partial(desk.set_weight, cell.operator_id, cell.source_id, weight)
        asked = Insistence(f"Set it to {grouped(weight)} anyway?", all_the_same)
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
            self.post_message(Failed(f"Not pasted: {refusal}"))
        else:
            self.post_message(ActRequest(desk.set_weights, changes))

    def _laid_over(self, block: Sequence[Sequence[int | None]]) -> list[WeightChange]:
        operators = self.rows[self.cursor : self.cursor + len(block)]
        sources = self.grid.sources[self.column : self.column + len(block[0])]
        if len(operators) < len(block) or len(sources) < len(block[0]):
            size = f"{len(block)} rows and {len(block[0])} columns"
            raise Refused(f"the block has {size}, and from here on the grid has fewer.")
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

    # Acts.

    def _act(self, function: "Callable[..., desk.Done[Any]]", *arguments: int) -> None:
        if self.current is not None and self.source is not None:
            self.post_message(ActRequest(function, self.current.id, self.source.id, *arguments))

    def action_step(self, step: int) -> None:
        """Raise or lower the weight under the cursor."""
        if self.save():
            self._act(desk.step_weight, step)

    def action_unlink(self) -> None:
        """Unlink the operator of the row from the source of the column."""
        self.typed = None
        self._act(desk.unlink)

    def action_spread(self) -> None:
        """Give all operators in the column the same weight."""
        if self.save() and self.source is not None:
            self.post_message(ActRequest(desk.spread, self.source.id))

    def action_spread_row(self) -> None:
        """Give the operator of the row the same weight for every source that they serve."""
        if self.save() and self.current is not None:
            self.post_message(ActRequest(desk.spread_row, self.current.id))

    def action_scale(self) -> None:
        """Ask for a factor for all weights of the column."""
        if self.save() and (source := self.source) is not None:
            self._ask_factor(f"Scale the weights of {source.name}", desk.scale, source.id)

    def action_scale_row(self) -> None:
        """Ask for a factor for all weights of the row."""
        if self.save() and (row := self.current) is not None:
            self._ask_factor(f"Scale the weights of {row.name}", desk.scale_row, row.id)

    def _ask_factor(
        self, title: str, function: "Callable[..., desk.Done[Any]]", row_id: int
    ) -> None:
        from tui.dialogs.factor import Factor

        self.app.push_screen(Factor(title, partial(function, row_id)))

    def action_copy_row(self) -> None:
        """Copy the weights of the row, also to the clipboard as a line of a spreadsheet."""
        if not self.save() or (row := self.current) is None:
            return
        weights = {source: table.get(row.id) for source, table in self.board.weights.items()}
        self._copied = {source: each for source, each in weights.items() if each is not None}
        cells = (self._copied.get(source.id, "") for source in self.grid.sources)
        self.app.copy_to_clipboard("\t".join(map(str, cells)))
        self.post_message(Acted(f"Weights of {row.name} copied: p pastes them onto another row"))

    def action_paste_row(self) -> None:
        """Give the operator of the row the weights of the copied row, as one act."""
        if not self.save() or (row := self.current) is None:
            return
        if not self._copied:
            self.post_message(Failed("There is no row to paste: y copies one."))
            return
        changes = [(row.id, each.id, self._copied.get(each.id)) for each in self.grid.sources]
        self.post_message(ActRequest(desk.set_weights, changes))

    def action_add(self) -> None:
        """Ask for the name of a new source."""
        from tui.dialogs.forms import Dialog, fields_of

        self.app.push_screen(
            Dialog(
                "New source",
                fields_of(SOURCE),
                lambda values: partial(desk.add_source, **values),
            )
        )

    def action_rename(self) -> None:
        """Ask for a new name for the column's source."""
        from tui.dialogs.forms import Dialog, fields_of

        if (source := self.source) is None:
            return
        self.app.push_screen(
            Dialog(
                "Rename source",
                fields_of(SOURCE, source),
                lambda values: partial(desk.rename_source, source.id, **values),
            )
        )

    def action_delete(self) -> None:
        """Delete the column's source, once confirmed."""
        from tui.dialogs.forms import Confirm

        if (source := self.source) is not None:
            question = f"Delete source {source.name} and its weights?"
            self.app.push_screen(Confirm(question, partial(desk.delete_source, source.id)))
