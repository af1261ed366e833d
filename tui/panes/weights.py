"""The weight grid: operators down, sources across, weights typed in place."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from leadboard import desk
from leadboard.common.language import _
from leadboard.entities import SOURCE
from tui.keys import bind
from tui.messages import Acted, ActRequest, Failed
from tui.panes.weight_typing import WeightTyping

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown


class Weights(WeightTyping):
    """A cell per operator and source: the weight, and the chance of the next appeal."""

    HELP = _(
        "Type a number to set a weight: {grid.enter} saves and goes down, tab saves and goes "
        "right, {grid.restore} restores. Next to it is the chance of the next appeal, or why "
        "there is none: full, off, or none for a weight of 0. A dot means that the operator does "
        "not serve the source. While a weight is typed, its column shows what it would do. A block "
        "of cells copied in a spreadsheet can be pasted; {grid.copy-row} copies a row, "
        "{grid.paste-row} pastes it onto another. The cursor goes on below the operators to what "
        "waits, where {grid.enter} shows those appeals; so does {grid.waiting} in any cell. Next "
        "to it is when a source will have nobody: ~40m, or 40m! once it is likely within an hour, "
        "9m!! once it is near; {grid.forecast} tells more. {draft.begin} begins a draft: weights, "
        "and in the pane beside it limits, on and off and new operators, change there alone. "
        "Beside each weight stands the chance as it is and as it would be; {draft.replay} replays "
        "the last day or week under the draft, {draft.apply} applies it as one act, {draft.begin} "
        "again discards it."
    )
    not_in_draft = frozenset({"rename", "delete"})
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "enter", _("Save"), id="grid.enter", show=False),
        bind("escape", "restore", _("Cancel edit"), id="grid.restore", show=False),
        bind("plus", "step(1)", _("Weight +1"), id="grid.plus"),
        bind("minus", "step(-1)", _("Weight -1"), id="grid.minus", show=False),
        bind("delete", "unlink", _("Unlink"), id="grid.unlink"),
        bind("equals_sign", "spread", _("Equalise"), id="grid.spread"),
        bind("E", "spread_row", _("Equalise row"), id="grid.spread-row", show=False),
        bind("asterisk", "scale", _("Scale"), id="grid.scale", show=False),
        bind("S", "scale_row", _("Scale row"), id="grid.scale-row", show=False),
        bind("y", "copy_row", _("Copy row"), id="grid.copy-row", show=False),
        bind("p", "paste_row", _("Paste row"), id="grid.paste-row", show=False),
        bind("F", "forecast", _("Forecast"), id="grid.forecast", show=False),
        bind("a", "add", _("Add source"), id="grid.add"),
        bind("e", "rename", _("Edit source"), id="grid.rename"),
        bind("d", "delete", _("Delete"), id="grid.delete"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
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

    # Acts.

    def _act(self, function: "Callable[..., desk.Done[Any]]", *arguments: int) -> None:
        if self.current is not None and self.source is not None:
            self.post_message(ActRequest(function, self.current.id, self.source.id, *arguments))

    def action_step(self, step: int) -> None:
        """Raise or lower the weight under the cursor."""
        if self.save():
            self._act(desk.step_weight, step)

    def action_draft(self) -> None:
        """Begin or end a draft, with an unfinished edit saved first."""
        if self.save():
            super().action_draft()

    def action_replay(self) -> None:
        """Replay the past under the draft, an unfinished edit in it."""
        if self.save():
            super().action_replay()

    def action_apply(self) -> None:
        """Apply the draft, an unfinished edit in it."""
        if self.save():
            super().action_apply()

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
            self._ask_factor(
                _("Scale the weights of {name}", name=source.name), desk.scale, source.id
            )

    def action_scale_row(self) -> None:
        """Ask for a factor for all weights of the row."""
        if self.save() and (row := self.current) is not None:
            self._ask_factor(
                _("Scale the weights of {name}", name=row.name), desk.scale_row, row.id
            )

    def _ask_factor(
        self, title: str, function: "Callable[..., desk.Done[Any]]", row_id: int
    ) -> None:
        from tui.dialogs.factor import Factor

        self.app.push_screen(Factor(title, self.acting(function, row_id)))

    def action_copy_row(self) -> None:
        """Copy the weights of the row, also to the clipboard as a line of a spreadsheet."""
        if not self.save() or (row := self.current) is None:
            return
        weights = {source: table.get(row.id) for source, table in self.board.weights.items()}
        self._copied = {source: each for source, each in weights.items() if each is not None}
        cells = (self._copied.get(source.id, "") for source in self.grid.sources)
        self.app.copy_to_clipboard("\t".join(map(str, cells)))
        said = _("Weights of {name} copied: p pastes them onto another row", name=row.name)
        self.post_message(Acted(said))

    def action_paste_row(self) -> None:
        """Give the operator of the row the weights of the copied row, as one act."""
        if not self.save() or (row := self.current) is None:
            return
        if not self._copied:
            self.post_message(Failed(_("There is no row to paste: y copies one.")))
            return
        changes = [(row.id, each.id, self._copied.get(each.id)) for each in self.grid.sources]
        self.post_message(ActRequest(desk.set_weights, changes))

    def action_forecast(self) -> None:
        """Show the forecast of the column's source."""
        from tui.dialogs.forecast import Forecast

        if self.save() and (source := self.source) is not None:
            self.app.push_screen(Forecast(source))

    def action_add(self) -> None:
        """Ask for the name of a new source; a draft takes new operators instead."""
        if self.draft is not None:
            self.action_add_operator()
            return
        from tui.dialogs.forms import Dialog, fields_of

        self.app.push_screen(
            Dialog(
                _("New source"),
                fields_of(SOURCE),
                lambda values: partial(desk.add_source, **values),
            )
        )

    def action_rename(self) -> None:
        """Ask for another name, strategy or seal of the column's source."""
        from leadboard.queries.floor_readings import staffing_words
        from tui.dialogs.forms import Dialog, fields_of

        if (source := self.source) is None:
            return
        self.app.push_screen(
            Dialog(
                _("Source"),
                fields_of(SOURCE, source),
                lambda values: partial(desk.change_source, source.id, **values),
                about=partial(staffing_words, source.id),
            )
        )

    def action_delete(self) -> None:
        """Delete the column's source, once confirmed."""
        from tui.dialogs.forms import Confirm

        if (source := self.source) is not None:
            question = _("Delete source {name} and its weights?", name=source.name)
            self.app.push_screen(Confirm(question, partial(desk.delete_source, source.id)))
