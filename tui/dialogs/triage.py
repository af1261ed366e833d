"""Triage: one waiting appeal after another, each given to one of the best with a digit."""

from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard import desk
from leadboard.common.durations import worded
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.database.fields import now
from leadboard.queries.appeals import AppealRow
from leadboard.queries.triage import Case, Recommendation, best_for, next_case
from tui.dialogs.base import ActDialog, Body, Bottom
from tui.dialogs.forms import Confirm
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.figures import tone
from tui.widgets.line_view import LineView
from tui.widgets.marks import seen
from tui.widgets.moments import TICK
from tui.widgets.operator_list import numbers_of
from tui.widgets.urgency import SIGNS, urgency

MOST = 9
"""Operators to choose from: one for each digit."""
KEYS = _(
    "1-9 give · {triage.skip} skip · {triage.details} details · {triage.close} close"
    " · {dialog.cancel} back"
)
BACK = _("{dialog.cancel} back")
DONE = _("Nothing is waiting.")


class Choices(LineView[Recommendation]):
    """One line per operator: the digit, the name, the load and why they come in this place."""

    def key_of(self, row: Recommendation) -> int:
        """Return the operator's id."""
        return row.operator.id

    def draw_row(self, row: Recommendation, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `1  Anna Petrova   3/5  2 free, had this lead 2 h ago`."""
        operator = row.operator
        numbers = numbers_of(operator.load, operator.max_load)
        color = self.pen(tone(operator.load, operator.max_load))
        name = fit(operator.name, min(24, width // 3))
        used = cell_len(name) + 16
        return [
            Segment(f" {self.rows.index(row) + 1}  ", self.pen("accent")),
            Segment(f"{name} ", self.pen()),
            Segment(f"{numbers:>9}  ", color),
            Segment(fit(row.why, max(0, width - used)), self.pen("soft")),
        ]


class Triage(ActDialog):
    """A sheet with the appeal that has waited longest, and the next once that is given away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("space", "skip", _("Skip"), id="triage.skip"),
        bind("enter", "details", _("Details"), id="triage.details"),
        bind("c", "close", _("Close"), id="triage.close"),
        bind("q", "dismiss_dialog", _("Back"), id="triage.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._case: Case | None = None
        self._after = 0
        """The id of the last appeal that was skipped."""

    def compose(self) -> ComposeResult:
        """Lay out the appeal above those who may get it."""
        with Vertical(classes="dialog sheet wide triage") as box:
            box.border_title = _("Triage")
            with Body():
                yield Static("", id="case", markup=False)
            yield Choices(id="best")
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Begin with the appeal that has waited longest."""
        self.choices.can_focus = False
        self.watch(self.leadboard.home, "board", self.show, init=False)
        self.set_interval(TICK, self.show)
        self._next()

    @property
    def choices(self) -> Choices:
        """Return the operators to choose from."""
        return self.query_one(Choices)

    def _next(self) -> None:
        self.read(partial(next_case, self._after), self._take)

    def _take(self, case: Case | None) -> None:
        if case is None and self._after:
            # Those that were skipped come round again.
            self._after = 0
            self._next()
            return
        self._case = case
        self.show()

    def show(self) -> None:
        """Show the appeal and the team as they are by now."""
        text, rows = Content(DONE), list[Recommendation]()
        if (case := self._case) is not None:
            rows = best_for(self.leadboard.home.board, case, MOST, now())
            text = Content("\n").join(lines_of(case, self._tone(case.appeal)))
        self.query_one("#case", Static).update(text)
        self.query_one(Bottom).change_hint(KEYS if case is not None else BACK)
        self.choices.show(rows)
        self.choices.styles.height = len(rows)

    def _tone(self, row: AppealRow) -> str:
        thresholds = self.leadboard.settings.thresholds(row.source)
        return urgency(row.times.waits(now()), thresholds)

    # Keys.

    def on_key(self, event: events.Key) -> None:
        """Give the appeal to the operator of a digit."""
        if event.character and event.character in "123456789":
            event.stop()
            place = int(event.character) - 1
            if self._case is not None and place < len(self.choices.rows):
                self._give(self._case.appeal, self.choices.rows[place])

    def _give(self, row: AppealRow, choice: Recommendation) -> None:
        give = partial(desk.assign, [row.id], choice.operator.id, seen={row.id: seen(row)})
        if not choice.is_over:
            self.perform(give)
            return
        question = _(
            "{operator} is full. Give it to them over the limit?", operator=choice.operator.name
        )
        self.app.push_screen(Confirm(question, partial(give, force=True)), self._after_asking)

    def _after_asking(self, was_done: bool | None) -> None:
        if was_done:
            self._next()

    def succeed(self, done: desk.Done[Any]) -> None:
        """Go on with the next appeal."""
        self.say_done(done.note)
        self._next()

    def refuse(self, refusal: Refused) -> None:
        """Say why not, and go on: the appeal may have found its operator meanwhile."""
        super().refuse(refusal)
        self._next()

    def action_skip(self) -> None:
        """Leave the appeal for later."""
        if self._case is not None:
            self._after = self._case.appeal.id
            self._next()

    def action_details(self) -> None:
        """Show everything about the appeal."""
        from tui.dialogs.details import Details

        if self._case is not None:
            self.app.push_screen(Details(self._case.appeal.id), lambda _is_done: self._next())

    def action_close(self) -> None:
        """Close the appeal without giving it to anybody."""
        if self._case is not None:
            row = self._case.appeal
            self.perform(partial(desk.close, [row.id], seen={row.id: seen(row)}))


def lines_of(case: Case, tone: str) -> list[Content]:
    """Return the lines about an appeal, the wait in a tone."""
    row, waits = case.appeal, case.appeal.times.waits(now())
    color = {"warn": "$text-warning", "bad": "$text-error"}.get(tone, "")
    since = "" if waits is None else _("waits {length}", length=worded(waits, 2))
    source = _("via {source}", source=clean(row.source))
    return [
        Content.assemble(
            (row.external_id, "bold"), f" {source}   ", (f"{since} {SIGNS[tone]}".strip(), color)
        ),
        Content(""),
        *(Content(clean(line)) for line in row.message.split("\n")),
        Content(""),
    ]
