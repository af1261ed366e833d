"""The panes of the desk, in order: a new one is a module and an entry here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui.panes.appeals import Appeals
from tui.panes.appeals_pane import AppealsPane
from tui.panes.leads import Leads
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.team import TeamPane
from tui.panes.waiting_sources import WaitingSources
from tui.panes.weight_grid import WeightGrid
from tui.panes.weights import Weights
from tui.widgets.pane import PaneWidget


@dataclass(frozen=True, slots=True)
class Pane:
    """A pane: its id and title, its widget, its row of the desk and its side in that row.

    `keys` are the widgets in it that have keys of their own, each with the name of its place.
    """

    id: str
    title: str
    widget: type[PaneWidget]
    row: Literal["team", "lower"]
    side: Literal["left", "right"]
    keys: Sequence[tuple[str, type[Any]]]
    is_filterable: bool = True
    is_exportable: bool = True


PANES = (
    Pane(
        "operators",
        "Operators",
        Operators,
        "team",
        "left",
        [("Operators, Weights", TeamPane), ("Operators", Operators)],
    ),
    Pane(
        "weights",
        "Weights",
        Weights,
        "team",
        "right",
        [("Weights", WeightGrid), ("Weights", Weights)],
    ),
    Pane(
        "appeals",
        "Appeals",
        AppealsPane,
        "lower",
        "right",
        [
            *(("Appeals", Appeals), ("Appeals", AppealsPane)),
            *(("Leads", Leads), ("Waiting", WaitingSources)),
        ],
    ),
    Pane(
        "new-appeal",
        "New appeal",
        NewAppeal,
        "lower",
        "left",
        [("New appeal", NewAppeal)],
        is_filterable=False,
        is_exportable=False,
    ),
)

BY_ID = {pane.id: pane for pane in PANES}
