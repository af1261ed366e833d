"""The columns of the list of appeals: how wide each is, and what the one of ages says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rich.cells import cell_len

from leadboard.common.durations import worded
from leadboard.common.language import _, pgettext
from leadboard.queries.appeals import AppealRow
from tui.widgets.cells import fit
from tui.widgets.urgency import SIGNS

MOMENT = 8
LEAD, SOURCE, OPERATOR = _("lead"), _("source"), _("operator")
MESSAGE_HEAD = _("message")
"""Heads of columns."""
WAITS = _("waits"), _("waits {length}")
OPEN = pgettext("age", "open"), pgettext("age", "open {length}")
TOOK = "", pgettext("age", "took {length}")
"""What ages are of, where the length is not known and where it is."""
AGE = 5
AGE_IN_WORDS = max(cell_len(words.format(length="12 m")) for _bare, words in (WAITS, OPEN, TOOK))
"""Cells of `120 d` and of `waits 12 m`."""
WIDEST_LEAD, WIDEST_SOURCE, WIDEST_OPERATOR = 18, 14, 16
SQUEEZED_LEAD, SQUEEZED_OPERATOR = 14, 13
"""Cells to which long names are cut where the message would be left with less than SHORTEST."""
NARROW = 60
"""Cells of a list below which there is room for neither sources nor ages."""
MESSAGE = 14
"""Cells of the message that are worth more than the words of an age."""
SHORTEST = 10
WAITING = pgettext("appeal", "waiting")


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 for a column that is left out."""

    lead: int = 0
    source: int = 0
    operator: int = 0
    age: int = 0

    @property
    def is_worded(self) -> bool:
        """Tell whether ages say what they are of: `waits 12 m` instead of `12 m`."""
        return self.age == AGE_IN_WORDS

    @property
    def used(self) -> int:
        """Return the cells of a line before the message."""
        widths = (self.lead, self.source, self.operator, self.age)
        return 4 + MOMENT + sum(each + 2 for each in widths if each)

    def within(self, width: int) -> "Columns":
        """Return the columns as they fit into a line of `width` cells."""
        if width < NARROW:
            quarter = width // 4
            return Columns(
                min(self.lead, quarter), 0, min(max(self.operator, len(WAITING)), quarter)
            )
        # Without words beside it, the operator's column has to say that an appeal waits.
        bare = replace(self, age=AGE, operator=max(self.operator, len(WAITING)))
        lead, operator = min(bare.lead, SQUEEZED_LEAD), min(bare.operator, SQUEEZED_OPERATOR)
        squeezed = replace(bare, lead=lead, operator=operator)
        ways = ((replace(self, age=AGE_IN_WORDS), MESSAGE), (bare, SHORTEST), (squeezed, SHORTEST))
        fitting = (way for way, least in ways if width - way.used >= least)
        return next(fitting, replace(squeezed, source=0))

    def cells(self, width: int, texts: Sequence[str]) -> list[str]:
        """Return a line of `width` cells in parts: moment, lead, source, operator, age, message.

        Parts that are left out are empty.
        """
        moment, lead, source, holder, age, message = texts
        return [
            f"{fit(moment, MOMENT)} ",
            _cell(lead, self.lead),
            _cell(source, self.source),
            _cell(holder, self.operator),
            _cell(age, self.age, right=not self.is_worded),
            " " + fit(message, max(0, width - self.used)),
        ]


def _cell(text: str, width: int, *, right: bool = False) -> str:
    """Return a cell between two spaces, nothing for a column that is left out."""
    return f" {fit(text, width, right=right)} " if width else ""


def measured(rows: Iterable[AppealRow]) -> Columns:
    """Return the columns that the names in these rows need."""
    found = list(rows)
    return Columns(
        _widest(LEAD, (row.external_id for row in found), WIDEST_LEAD),
        _widest(SOURCE, (row.source for row in found), WIDEST_SOURCE),
        _widest(OPERATOR, (holder_of(row) for row in found if not row.is_waiting), WIDEST_OPERATOR),
    )


def _widest(head: str, texts: Iterable[str], most: int) -> int:
    """Return the cells for a head and the texts below it."""
    return min(most, max(map(cell_len, (head, *texts))))


def signed_age(length: timedelta | None, tone: str) -> str:
    """Return a wait after the sign of its urgency, in as many cells as a moment: `!!  14 m`."""
    age = "" if length is None else worded(length)
    return f"{SIGNS[tone]:{MOMENT - AGE}}{fit(age, AGE, right=True)}"


def holder_of(row: AppealRow) -> str:
    """Return who has an appeal, or that nobody has it."""
    if row.withdrawn:
        return _("withdrawn")
    if row.operator is not None:
        return row.operator
    return _("nobody") if row.is_closed else WAITING


def age_of(row: AppealRow, now: datetime, *, is_worded: bool = True) -> str:
    """Return how long an appeal waits, is open or took, as in `waits 12 m`; empty if unknown.

    Without words it is the length alone.
    """
    if row.withdrawn:
        return ""
    (bare, words), length = _age(row, now)
    if length is None:
        return bare if is_worded else ""
    return words.format(length=worded(length)) if is_worded else worded(length)


def _age(row: AppealRow, now: datetime) -> tuple[tuple[str, str], timedelta | None]:
    """Return what to say of an age, and the length itself."""
    if row.is_closed:
        # One that was imported without the moment of its closing seems to have taken no time.
        return TOOK, row.times.took or None
    return (WAITS, row.times.waits(now)) if row.is_waiting else (OPEN, row.times.held(now))
