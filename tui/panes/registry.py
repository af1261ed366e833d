"""The panes of the desk, in order: a new one is a module and an entry here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from leadboard.common.language import _, pgettext
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
        _("Operators"),
        Operators,
        "team",
        "left",
        [(_("Operators, Weights"), TeamPane), (_("Operators"), Operators)],
    ),
    Pane(
        "weights",
        _("Weights"),
        Weights,
        "team",
        "right",
        [(_("Weights"), WeightGrid), (_("Weights"), Weights)],
    ),
    Pane(
        "appeals",
        _("Appeals"),
        AppealsPane,
        "lower",
        "right",
        [
            *((_("Appeals"), Appeals), (_("Appeals"), AppealsPane)),
            *((_("Leads"), Leads), (pgettext("list", "Waiting"), WaitingSources)),
        ],
    ),
    Pane(
        "new-appeal",
        _("New appeal"),
        NewAppeal,
        "lower",
        "left",
        [(_("New appeal"), NewAppeal)],
        is_filterable=False,
        is_exportable=False,
    ),
)

BY_ID = {pane.id: pane for pane in PANES}
