"""The baseline: the smallest Textual app that shows a table, with nothing of ours in it."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header

ROWS, COLUMNS = 100, 8


class BareApp(App[None]):
    """A header, a table of 100 rows and 8 columns, a footer."""

    TITLE = "Bare"

    def compose(self) -> ComposeResult:
        """Lay out the three."""
        yield Header()
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns(*(f"column {column}" for column in range(COLUMNS)))
        table.add_rows([f"cell-{row}-{column}" for column in range(COLUMNS)] for row in range(ROWS))


if __name__ == "__main__":
    BareApp().run()
