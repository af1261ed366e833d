"""The baseline: the smallest Textual app with a table, without any of our code."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class BareApp(App[None]):
    """A header, a table, a footer."""

    TITLE = "Bare"

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self._rows, self._columns = rows, columns

    def compose(self) -> ComposeResult:
        """Lay out the three widgets."""
        yield Header()
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns(*(f"column {column}" for column in range(self._columns)))
        table.add_rows(
            [f"cell-{row}-{column}" for column in range(self._columns)] for row in range(self._rows)
        )


if __name__ == "__main__":
    BareApp(*map(int, sys.argv[1:])).run()
