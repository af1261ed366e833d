"""Drawing the weight grid and moving in it: cells, totals, and a cursor on one cell."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.reactive import reactive

from leadboard.database.fields import now
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries.board import Board
from leadboard.queries.terms import OF_WEIGHTS, is_named, parse
from tui.base import app_of
from tui.keys import bind
from tui.messages import Acted
from tui.panes.weight_columns import NOTE, WeightColumns
from tui.widgets.cells import fit
from tui.widgets.figures import note_of
from tui.widgets.filter import Filtered
from tui.widgets.line_view import LineView
from tui.widgets.pane import PaneWidget


class WeightGrid(PaneWidget, Filtered, LineView[OperatorRow]):
    """Operators down, sources across, names fixed at the edges; a cursor on one cell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left,h", "column(-1)", "Left", id="grid.left", show=False),
        bind("right,l", "column(1)", "Right", id="grid.right", show=False),
        bind("s", "sort", "Sort", id="grid.sort", show=False),
    ]
    offer = "part of an operator's name, src:tg for sources"
    head = 1
    foot = 2
    on_a_row = frozenset({"step", "unlink"})
    on_a_column = frozenset({"step", "unlink", "spread", "rename", "delete", "sort"})
    empty = "No operators yet: press {desk.operators}, then {operators.add}."

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    column = reactive(0, repaint=False, init=False)
    """The column under the cursor."""
    typed: reactive[str | None] = reactive(None, repaint=False, init=False)
    """The digits of an unfinished edit, None if there is none."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.grid = WeightColumns(Board())
        self.first_column = 0
        self._operator_words: Sequence[str] = ()
        self._places: dict[int, int] = {}
        self._source_words: Sequence[str] = ()

    # Data.

    @property
    def is_lacking(self) -> bool:
        """Tell whether some keys are dimmed."""
        return super().is_lacking or self.source is None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim actions that need a source or an operator while there is none."""
        if action in self.on_a_column and self.source is None:
            return None
        return super().check_action(action, parameters)

    def watch_board(self, board: Board) -> None:
        """Show a new board: paint again what a load, a weight or a limit has changed."""
        old, source = self.grid, self.source
        self.grid = WeightColumns(board, self._source_words)
        places = [each.id for each in self.grid.sources]
        # The cursor stays on its source, whichever column that is now.
        kept = places.index(source.id) if source and source.id in places else self.column
        # Without its watcher: the rows it would paint are those of the old board.
        self.set_reactive(WeightGrid.column, max(0, min(kept, len(places) - 1)))
        self._measure_head()
        if bool(old.sources) != bool(self.grid.sources):
            self.refresh_bindings()
        self.show(self._wanted_rows())
        self.show_subtitle()
        self._show_column()
        # The board keeps the same table of weights until one differs, so identity is enough.
        if old.board.weights is not board.weights or old.board.sources != board.sources:
            self.refresh()
        elif old.board.operators != board.operators:
            self.refresh()  # one load changes the chances of all others in its columns

    def apply_filter(self, text: str) -> None:
        """Show only operators that match every word, and sources that match every `src:` word."""
        wanted = parse(text, now(), OF_WEIGHTS)
        self.faults = wanted.faults
        self._source_words = wanted.sources
        self._operator_words = (*wanted.words, *wanted.operators)
        self.typed = None
        self.watch_board(self.board)
        self.refresh()

    @property
    def found(self) -> str:
        """Return how many operators and sources the filter finds."""
        parts = ((len(self.rows), "operator"), (len(self.grid.sources), "source"))
        counted = (f"{number} {what}{'' if number == 1 else 's'}" for number, what in parts)
        return f"{', '.join(counted)} found"

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves operators out."""
        return bool(self._operator_words)

    def _wanted_rows(self) -> list[OperatorRow]:
        wanted = [row for row in self.board.operators if is_named(row.name, self._operator_words)]
        return sorted(wanted, key=lambda row: self._places.get(row.id, len(self._places)))

    def action_sort(self) -> None:
        """Sort the rows by the column under the cursor, or again as they were added.

        The order stays while weights change, so that no row moves away during typing.
        """
        source = self.source
        if self._places or source is None:
            self._places, said = {}, "as added"
        else:
            weights = self.board.weights.get(source.id, {})
            # No link comes after a weight of 0.
            heaviest = sorted(self.board.operators, key=lambda row: -weights.get(row.id, -1))
            self._places = {row.id: place for place, row in enumerate(heaviest)}
            said = f"by their weight for {source.name}"
        self.show(self._wanted_rows())
        self.go_to(0)
        self.post_message(Acted(f"Operators sorted {said}"))

    def _measure_head(self) -> None:
        if bool(self.grid.sources) != bool(self.foot):
            self.foot = 2 if self.grid.sources else 0
            self.refresh()

    @property
    def source(self) -> SourceRow | None:
        """Return the source of the column under the cursor."""
        sources = self.grid.sources
        return sources[self.column] if self.column < len(sources) else None

    # Painting.

    @property
    def _seen(self) -> range:
        names = self.grid.names_width(self.size.width)
        return self.grid.seen_from(self.first_column, self.size.width - names)

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Draw the names of the sources, with a mark at an edge that hides more."""
        seen, names = self._seen, self.grid.names_width(width)
        if not self.grid.sources:
            none = app_of(self).with_keys(" No sources yet: press {grid.add} to add one.")
            return [Segment(fit(none, width), self.pen("dim"))]
        left = "‹" if seen.start > 0 else " "
        right = "›" if seen.stop < len(self.grid.sources) else ""
        segments = [Segment(fit(left, names, right=True), self.pen("head"))]
        for index in seen:
            source = self.grid.sources[index]
            alarm = self.grid.alarms.get(source.id)
            tone = "head" if alarm is None else "bad" if alarm.is_grave else "warn"
            pen = self.pen("accent" if index == self.column else tone)
            cells = self.grid.width(source)
            name = ("▲" if alarm else " ") + fit(source.name, cells - 2)
            segments.append(Segment(fit(name, cells), pen))
        return [*segments, Segment(right, self.pen("head"))]

    def draw_row(self, row: OperatorRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw one operator: the name and the visible weights."""
        names = self.grid.names_width(width)
        name_pen = self.pen("" if row.is_active else "dim", is_cursor=is_cursor)
        segments = [Segment(" " + fit(row.name, names - 2) + " ", name_pen)]
        for index in self._seen:
            segments += self._draw_cell(row, index, is_cursor)
        return segments

    def _draw_cell(self, row: OperatorRow, index: int, is_cursor: bool) -> list[Segment]:
        source = self.grid.sources[index]
        standing = self.grid.standing(row, source)
        digits, here = self.grid.digits(source), is_cursor and index == self.column
        number = "·" if standing is None else str(standing.weight)
        note = "" if standing is None else note_of(standing)
        if here and self.typed is not None:
            number, note = self.typed + "_", ""
        tone = "dim" if standing is None or standing.reason else ""
        pen = self.pen("accent" if here and self.typed is not None else tone, is_cursor=is_cursor)
        left, right = ("[", "]") if here else (" ", " ")
        text = f"{left}{number.rjust(digits)}{right}"
        note_pen = self.pen("dim" if standing and standing.reason else "good", is_cursor=is_cursor)
        rest = self.grid.width(source) - len(text)
        return [Segment(text, pen), Segment(f" {note.rjust(NOTE)}".ljust(rest), note_pen)]

    def draw_foot(self, y: int, width: int) -> list[Segment]:
        """Draw the totals of eligible weights, or the numbers of waiting appeals below them."""
        if not self.grid.sources:
            return []
        names = self.grid.names_width(width)
        segments = [Segment(fit(" waiting" if y else " total", names), self.pen("head"))]
        for index in self._seen:
            source = self.grid.sources[index]
            number = source.waiting if y else self.grid.total(source)
            is_bad = source.waiting > 0 if y else number == 0
            cell = " " + str(number).rjust(self.grid.digits(source))
            pen = self.pen("bad" if is_bad else "head")
            segments.append(Segment(cell.ljust(self.grid.width(source)), pen))
        return segments

    # Moving.

    def save(self) -> bool:
        """Save an unfinished edit before the cursor leaves; return False if it has to stay."""
        return True

    def watch_column(self) -> None:
        """Show the new column, and paint its name and cell."""
        self._show_column()
        self.refresh_row(self.cursor)
        self.refresh_line_at(0)

    def _show_column(self) -> None:
        first = min(self.first_column, self.column)
        names = self.grid.names_width(self.size.width)
        while first < self.column and self.column not in self.grid.seen_from(
            first, self.size.width - names
        ):
            first += 1
        if first != self.first_column:
            self.first_column = first
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in view when the size changes."""
        # Textual calls the handler of the class above by itself.
        self._show_column()

    def action_column(self, step: int) -> None:
        """Move the cursor by columns, saving an unfinished edit first."""
        if self.save():
            self.column = max(0, min(self.column + step, len(self.grid.sources) - 1))

    def go_to(self, row: int) -> None:
        """Move the cursor to a row, saving an unfinished edit first."""
        if self.save():
            super().go_to(row)

    def click_at(self, row: int, x: int) -> None:
        """Put the cursor on the cell that was clicked."""
        edge = self.grid.names_width(self.size.width)
        super().click_at(row, x)
        for index in self._seen:
            start, edge = edge, edge + self.grid.width(self.grid.sources[index])
            if start <= x < edge:
                self.action_column(index - self.column)
                return

    def on_blur(self) -> None:
        """Save an unfinished edit when the grid loses the focus."""
        self.save()
