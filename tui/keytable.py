"""The table of keys, read from the bindings themselves: for the README and `leadboard keys`."""

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding

from tui.keys import is_twin, key_label
from tui.panes.appeals import Appeals
from tui.panes.appeals_pane import AppealsPane
from tui.panes.leads import Leads
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.weight_grid import WeightGrid
from tui.panes.weights import Weights
from tui.screen.desk import DeskScreen
from tui.widgets.free_text import FreeText
from tui.widgets.line_view import LineView

PLACES: tuple[tuple[str, type[Any]], ...] = (
    ("anywhere", DeskScreen),
    ("lists and grid", LineView),
    ("Operators", Operators),
    ("Weights", WeightGrid),
    ("Weights", Weights),
    ("Appeals", Appeals),
    ("Appeals", AppealsPane),
    ("Leads", Leads),
    ("New appeal", NewAppeal),
    ("New appeal", FreeText),
)


def key_table() -> list[tuple[str, str, str]]:
    """Return (place, keys, what they do) for every binding of the desk, without the twins."""
    return [(place, keys, does) for place, owner in PLACES for keys, does in _rows(owner)]


def _rows(owner: type[Any]) -> Iterable[tuple[str, str]]:
    for binding in owner.BINDINGS:
        if isinstance(binding, Binding):
            keys = [key for key in binding.key.split(",") if not is_twin(key)]
            yield " ".join(map(key_label, keys)), binding.description
