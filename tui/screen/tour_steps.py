"""The steps of the tour: each tells one thing, and knows by what it has been done."""

from dataclasses import dataclass
from typing import Any

from leadboard.common.language import _
from tui.dialogs.details import Details
from tui.dialogs.statistics import StatisticsSheet
from tui.dialogs.triage import Triage


@dataclass(frozen=True, slots=True)
class TourStep:
    """What is told, what to do, and what shows that it has been done: an act, or a sheet opened."""

    told: str
    to_do: str
    acts: frozenset[str] = frozenset()
    sheet: type[Any] | None = None


STEPS = (
    TourStep(
        _("A bar for each operator: the open appeals they have, against their limit."),
        _("{desk.operators} goes to Operators, {operators.raise} raises a limit."),
        acts=frozenset({"change operator"}),
    ),
    TourStep(
        _("A weight is how many tickets an operator has in the lottery of a source."),
        _("{desk.weights} goes to the grid: type 70, then {grid.enter}."),
        acts=frozenset({"weight", "weights"}),
    ),
    TourStep(
        _("An appeal that comes by phone is typed in, and given away at once."),
        _("{desk.new}, part of a source, enter, a name or number, {form.submit}."),
        acts=frozenset({"submit"}),
    ),
    TourStep(
        _("Why did they get it? Each decision keeps who could, and the ticket drawn."),
        _("{desk.appeals}, {appeals.details} on an appeal; {dialog.cancel} comes back."),
        sheet=Details,
    ),
    TourStep(
        _("Whatever you do can be taken back, also tomorrow."),
        _("{desk.undo} in a list undoes your latest act; {desk.history} shows them all."),
        acts=frozenset({"undo"}),
    ),
    TourStep(
        _("What nobody could take waits until somebody sees to it."),
        _("{desk.triage} in a list: a digit gives it away; {dialog.cancel} comes back."),
        sheet=Triage,
    ),
    TourStep(
        _("What came in, who waited how long, whether the lottery is fair."),
        _("{desk.statistics} shows the statistics; {statistics.back} comes back."),
        sheet=StatisticsSheet,
    ),
    TourStep(
        _("That was the tour. {desk.palette} finds the rest by name, {desk.help} explains a pane."),
        _("{demo.own} opens your own database."),
    ),
)
