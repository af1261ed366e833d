"""Moving in the weight grid: by cells, by pages and ends, by name, and by mouse."""

from typing import ClassVar

from textual.binding import BindingType

from leadboard.common.language import _, pgettext
from leadboard.queries.terms import AppealFilter
from tui.keys import bind
from tui.messages import AppealsWanted, JumpWanted
from tui.panes.team import AS_ADDED, Order
from tui.panes.weight_table import WeightTable


class WeightGrid(WeightTable):
    """The grid with its cursor, which may also stand on what waits below the operators."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left,h", "column(-1)", _("Left"), id="grid.left", show=False),
        bind("right,l", "column(1)", _("Right"), id="grid.right", show=False),
        bind(
            "ctrl+left",
            "column_page(-1)",
            _("Sources to the left"),
            id="grid.page-left",
            show=False,
        ),
        bind(
            "ctrl+right",
            "column_page(1)",
            _("Sources to the right"),
            id="grid.page-right",
            show=False,
        ),
        bind("circumflex_accent", "column_end(0)", _("First source"), id="grid.first", show=False),
        bind("dollar_sign", "column_end(1)", _("Last source"), id="grid.last", show=False),
        bind("apostrophe", "jump", _("Go to source"), id="grid.jump", show=False),
        bind("s", "sort", _("Sort"), id="grid.sort", show=False),
        bind("W", "waiting", pgettext("list", "Waiting"), id="grid.waiting", show=False),
    ]

    def save(self) -> bool:
        """Save an unfinished edit before the cursor leaves; return False if it has to stay."""
        return True

    def watch_column(self) -> None:
        """Show the new column, and paint its name and cell."""
        self.show_column()
        self.refresh_row(self.cursor)
        self.refresh_line_at(0)
        if self.is_at_foot:
            self._refresh_foot()

    def watch_is_at_foot(self) -> None:
        """Paint the cell that the cursor left and the one it came to."""
        self.refresh_row(self.cursor)
        self._refresh_foot()
        self.refresh_bindings()

    def _refresh_foot(self) -> None:
        self.refresh_line_at(self.foot_start + self.foot - 1)

    def action_column(self, step: int) -> None:
        """Move the cursor by columns, saving an unfinished edit first."""
        self.go_to_column(self.column + step)

    def action_column_page(self, step: int) -> None:
        """Move by as many columns as are in sight."""
        self.go_to_column(self.column + step * max(1, len(self.seen)))

    def action_column_end(self, is_last: int) -> None:
        """Go to the first or the last column."""
        self.go_to_column(len(self.grid.sources) - 1 if is_last else 0)

    def action_jump(self) -> None:
        """Ask for a part of a source's name, and go to its column."""
        if self.save():
            self.post_message(JumpWanted())

    def go_to_column(self, column: int) -> None:
        """Put the cursor on a column, or on the nearest that exists."""
        if self.save():
            self.column = max(0, min(column, len(self.grid.sources) - 1))

    def action_cursor(self, step: int) -> None:
        """Move the cursor by rows; below the last one it comes to what waits."""
        if self.is_at_foot:
            self.is_at_foot = step > 0
        elif step == 1 and self.foot and self.rows and self.cursor == len(self.rows) - 1:
            self.is_at_foot = self.save()
        else:
            super().action_cursor(step)

    def go_to(self, row: int) -> None:
        """Move the cursor to a row, saving an unfinished edit first."""
        if self.save():
            self.is_at_foot = False
            super().go_to(row)

    def action_waiting(self) -> None:
        """Show the appeals that wait for the source of the column."""
        if (source := self.source) is not None:
            wanted = AppealFilter(source_id=source.id, is_waiting=True)
            self.post_message(AppealsWanted(wanted, _("waiting of"), source.name))

    def show_source(self, source_id: int) -> None:
        """Put the cursor on the column of a source, without the filter if that leaves it out."""
        if all(each.id != source_id for each in self.grid.sources):
            self.take_filter("")
        for place, source in enumerate(self.grid.sources):
            if source.id == source_id:
                self.go_to_column(place)

    def action_sort(self) -> None:
        """Sort the rows by the column under the cursor, or again as they were added.

        The order stays while weights change, so that no row moves away during typing.
        """
        if (source := self.source) is None or self.order.column == source.id:
            self.sort_by(AS_ADDED)
            return
        weights = self.board.weights.get(source.id, {})
        # No link comes after a weight of 0.
        heaviest = sorted(self.board.operators, key=lambda row: -weights.get(row.id, -1))
        places = {row.id: place for place, row in enumerate(heaviest)}
        words = _("by their weight for {source}", source=source.name)
        self.sort_by(Order(words, lambda row: places.get(row.id, len(places)), source.id))

    # Mouse.

    def click_at(self, row: int, x: int) -> None:
        """Put the cursor on the cell that was clicked."""
        super().click_at(row, x)
        self._click_column(x)

    def click_head(self, x: int) -> None:
        """Go to the column whose name was clicked, or sort by it if the cursor is there."""
        was = self.column
        if self._click_column(x) and was == self.column:
            self.action_sort()

    def click_foot(self, y: int, x: int) -> None:
        """Show what waits for the source whose number was clicked."""
        if self._click_column(x) and y:
            self.action_waiting()

    def _click_column(self, x: int) -> bool:
        """Go to the column at a cell of the line; return False where there is none."""
        edge = self.grid.names_width(self.size.width)
        for index in self.seen:
            start, edge = edge, edge + self.grid.width(self.grid.sources[index])
            if start <= x < edge:
                self.go_to_column(index)
                return self.column == index
        return False

    def on_blur(self) -> None:
        """Save an unfinished edit when the grid loses the focus."""
        self.save()
