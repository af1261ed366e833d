"""What the weight grid shows: cells, chances and totals, and which of its columns are in sight."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.reactive import reactive

from leadboard.common.language import _, ngettext
from leadboard.database.fields import now
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries.board import Board
from tui.base import app_of
from tui.panes.team import TOTAL, WAITING, TeamPane
from tui.panes.weight_columns import WeightColumns
from tui.widgets.border_remarks import Remark
from tui.widgets.cells import fit
from tui.widgets.figures import grouped
from tui.widgets.urgency import urgency_of_source

if TYPE_CHECKING:
    from leadboard.foresight.forecast import Outlook


class WeightTable(TeamPane):
    """Operators down, sources across, names fixed at the edges; a cursor on one cell."""

    on_a_row = frozenset({"step", "unlink", "scale_row", "spread_row", "copy_row", "paste_row"})
    on_a_column = frozenset(
        {
            *("step", "unlink", "spread", "scale", "rename", "delete", "sort", "waiting"),
            *("column_page", "column_end", "jump", "copy_row", "paste_row", "forecast"),
        }
    )
    empty = _("No operators yet: press {desk.operators}, then {operators.add}.")

    column = reactive(0, repaint=False, init=False)
    """The column under the cursor."""
    is_at_foot = reactive(False, repaint=False, init=False)
    """Whether the cursor is below the operators, on what waits."""
    typed: reactive[str | None] = reactive(None, repaint=False, init=False)
    """The digits of an unfinished edit, None if there is none."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.grid = WeightColumns(Board())
        self.first_column = 0

    @property
    def current(self) -> OperatorRow | None:
        """Return the operator under the cursor, None in an empty grid and below the operators."""
        return None if self.is_at_foot else super().current

    @property
    def is_lacking(self) -> bool:
        """Tell whether some keys are dimmed."""
        return super().is_lacking or self.source is None or self.is_at_foot

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim actions that need a source or an operator while there is none."""
        if action in self.on_a_column and self.source is None:
            return None
        if action in self.on_a_row and self.is_at_foot:
            return None
        return super().check_action(action, parameters)

    def watch_board(self, board: Board) -> None:
        """Show a new board: paint again what a load, a weight or a limit has changed."""
        old, source = self.grid, self.source
        before = None if self.draft is None else app_of(self).home.board
        self.grid = WeightColumns(board, self.source_words, has_names=old.has_names, before=before)
        self.try_typed()
        places = [each.id for each in self.grid.sources]
        # The cursor stays on its source, whichever column that is now.
        kept = places.index(source.id) if source and source.id in places else self.column
        # Without its watcher: the rows it would paint are those of the old board.
        self.set_reactive(WeightTable.column, max(0, min(kept, len(places) - 1)))
        if bool(old.sources) != bool(self.grid.sources):
            self.refresh_bindings()
        self.show_team()
        self.show_column()
        # The board keeps the same tables until something in them differs, so identity is enough.
        are_kept = old.board.weights is board.weights and old.board.outlooks is board.outlooks
        if not are_kept or old.board.sources != board.sources:
            self.refresh()
        elif old.board.operators != board.operators:
            self.refresh()  # one load changes the chances of all others in its columns

    def apply_filter(self, text: str) -> None:
        """Show only operators that match every word, and sources that match every `src:` word."""
        self.typed = None
        super().apply_filter(text)
        self.refresh()

    @property
    def found(self) -> str:
        """Return how many operators and sources the filter finds."""
        rows, columns = len(self.rows), len(self.grid.sources)
        return _(
            "{operators}, {sources} found",
            operators=ngettext("{count} operator", "{count} operators", rows, count=grouped(rows)),
            sources=ngettext("{count} source", "{count} sources", columns, count=grouped(columns)),
        )

    @property
    def source(self) -> SourceRow | None:
        """Return the source of the column under the cursor."""
        sources = self.grid.sources
        return sources[self.column] if self.column < len(sources) else None

    def try_typed(self) -> None:
        """Compute what the draw of the column would be with the weight that is being typed."""
        source, operator = self.source, self.current
        self.grid.trial = None
        if self.typed and source is not None and operator is not None:
            self.grid.try_weight(source, operator, int(self.typed))

    # Columns in sight.

    def show_column(self) -> None:
        """Scroll the columns as little as needed to show the one under the cursor."""
        first = min(self.first_column, self.column)
        if self.column not in self.grid.seen_from(first, self._room):
            first = self.grid.seen_up_to(self.column, self._room).start
        # Columns that fit on the left again, after a narrow window, come back into sight.
        last = len(self.grid.sources) - 1
        if last >= 0 and last in self.grid.seen_from(first, self._room):
            first = min(first, self.grid.seen_up_to(last, self._room).start)
        if first != self.first_column:
            self.first_column = first
            self.refresh()
        self.show_subtitle()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in view when the size changes, and take names in or leave them out."""
        # Textual calls the handler of the class above by itself.
        has_names = self.twin is None or not self.twin.display
        if has_names != self.grid.has_names:
            self.grid.has_names = has_names
            self.refresh()
        self.show_column()

    # Painting.

    @property
    def _room(self) -> int:
        return self.size.width - self.grid.names_width(self.size.width)

    @property
    def seen(self) -> range:
        """Return the columns in sight."""
        return self.grid.seen_from(self.first_column, self._room)

    @property
    def remarks(self) -> "list[Remark]":
        """Return which columns are in sight, if not all of them are, and the order."""
        seen, number = self.seen, len(self.grid.sources)
        chance = Remark(_("chance of the next appeal"), 4)
        if self.draft is not None:
            chance = Remark(_("* drafted, chance now→then"), 5)
        said = [chance, *super().remarks]
        if (coming := self._coming()) is not None:
            said.insert(0, coming)
        if len(seen) < number:
            said.insert(0, Remark(_in_sight(seen, number), 1))
        return said

    def _coming(self) -> Remark | None:
        """Return when the source under the cursor will have nobody."""
        source = self.source
        outlook = None if source is None else self._outlook(source)
        if source is None or outlook is None:
            return None
        from tui.widgets.outlooks import remark_on

        return remark_on(source.name, outlook)

    def _outlook(self, source: SourceRow) -> "Outlook | None":
        """Return the forecast of a source while somebody can take its next appeal."""
        return self.board.outlooks.get(source.id) if self.grid.total(source) else None

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Draw the names of the sources, with a mark at an edge that hides more."""
        seen, names = self.seen, self.grid.names_width(width)
        if not self.grid.sources:
            none = app_of(self).with_keys(_("No sources yet: press {grid.add} to add one."))
            return [Segment(fit(f" {none}", width), self.pen("dim"))]
        left = "‹" if seen.start > 0 else " "
        right = " ›" if seen.stop < len(self.grid.sources) else ""
        segments = [Segment(fit(left, names, right=True), self.pen("head"))]
        for index in seen:
            segments += self._draw_name(index)
        return [*segments, Segment(right, self.pen("head"))]

    def _draw_name(self, index: int) -> list[Segment]:
        source = self.grid.sources[index]
        alarm = self.grid.alarms.get(source.id)
        is_here = index == self.column
        # An alarm keeps its colour under the cursor, which the line below the name then tells.
        usual = "accent" if is_here else "head"
        tone = usual if alarm is None else "bad" if alarm.is_grave else "warn"
        mark = " ↓" if self.order.column == source.id else ""
        room = self.grid.width(source) - 2 - len(mark)
        name = f"{fit(source.name, room).rstrip()}{mark}"
        rest = " " * (self.grid.width(source) - 1 - cell_len(name))
        pen = self.pen(tone)
        return [
            Segment("▲" if alarm else " ", pen),
            Segment(name, pen + Style(underline=is_here)),
            Segment(rest, pen),
        ]

    def draw_row(self, row: OperatorRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw one operator: the name and the visible weights."""
        is_cursor = is_cursor and not self.is_at_foot
        names = self.grid.names_width(width)
        name_pen = self.pen("" if row.is_active else "dim", is_cursor=is_cursor)
        name = f" {fit(row.name, names - 2)} " if self.grid.has_names else " " * names
        segments = [Segment(name, name_pen)]
        for index in self.seen:
            segments += self._draw_cell(row, index, is_cursor)
        return segments

    def _draw_cell(self, row: OperatorRow, index: int, is_cursor: bool) -> list[Segment]:
        source = self.grid.sources[index]
        standing = self.grid.standing(row, source)
        digits, here = self.grid.digits(source), is_cursor and index == self.column
        number = "·" if standing is None else grouped(standing.weight)
        is_typed = here and self.typed is not None
        if is_typed:
            number = f"{self.typed}_"
        tone = "dim" if standing is None or standing.reason else ""
        pen = self.pen("accent" if is_typed else tone, is_cursor=is_cursor)
        left, right = ("[", "]") if here else (" ", " ")
        if self.grid.is_drafted(row, source):
            # A sign as well: without colours it is all that tells.
            right, pen = "]" if here else "*", self.pen("accent", is_cursor=is_cursor)
        text = f"{left}{number.rjust(digits)}{right}"
        rest = self.grid.width(source) - len(text)
        note_pen = self.pen("dim" if standing and standing.reason else "soft", is_cursor=is_cursor)
        return [Segment(text, pen), Segment(fit(self.grid.note(row, source), rest), note_pen)]

    def draw_foot(self, y: int, width: int) -> list[Segment]:
        """Draw the totals of eligible weights, or the numbers of waiting appeals below them."""
        names = self.grid.names_width(width)
        label = f" {WAITING if y else TOTAL}" if self.grid.has_names else ""
        segments = [Segment(fit(label, names), self.pen("head"))]
        for index in self.seen:
            source = self.grid.sources[index]
            number = source.waiting if y else self.grid.total(source)
            tone = self._tone_of_waiting(source) if y else "bad" if number == 0 else ""
            here = self.is_at_foot and bool(y) and index == self.column
            left, right = ("[", "]") if here else (" ", " ")
            cell = f"{left}{grouped(number).rjust(self.grid.digits(source))}{right}"
            pen = self.pen(tone or "head", is_cursor=here)
            rest = self.grid.width(source) - len(cell)
            segments += [Segment(cell, pen), self._note_below(source, rest, is_waiting=bool(y))]
        return segments

    def _note_below(self, source: SourceRow, width: int, *, is_waiting: bool) -> Segment:
        """Draw next to what waits when the source will have nobody."""
        outlook = self._outlook(source) if is_waiting else None
        if outlook is None:
            return Segment(" " * width, self.pen())
        # Only here: without a forecast the grid opens sooner.
        from tui.widgets.outlooks import note_of_outlook, tone_of_outlook

        return Segment(
            fit(note_of_outlook(outlook), width), self.pen(tone_of_outlook(outlook) or "soft")
        )

    def _tone_of_waiting(self, source: SourceRow) -> str:
        return urgency_of_source(self.board, source, app_of(self).settings.thresholds, now())


def _in_sight(seen: range, number: int) -> str:
    return _(
        "sources {first} to {last} of {number}",
        first=seen.start + 1,
        last=seen.stop,
        number=number,
    )
