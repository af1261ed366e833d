"""What if: the last day, week or appeals replayed under the draft, beside what really happened."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.entities import OperatorRow
from leadboard.foresight.draft import TeamDraft
from leadboard.queries.past import DAY, WEEK, TimeWindow, last_appeals
from tui.base import app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.dialogs.rehearsal import QUIET, Rehearsal, RehearsalStopped, Report
from tui.dialogs.whatif_text import DraftedTeam, lines_of
from tui.keys import bind
from tui.messages import ApplyWanted
from tui.widgets.figures import grouped, meter

WINDOWS: Mapping[str, TimeWindow] = {
    "day": DAY,
    "week": WEEK,
    "thousand": last_appeals(1_000),
    "ten": last_appeals(10_000),
    "hundred": last_appeals(100_000),
}
METER = 20
"""Cells of the meter that shows how far it is."""

# What a narrow sheet has no room for stands last.
KEYS = _(
    "{whatif.stop} back · {whatif.apply} apply · {whatif.day} day · {whatif.week} week"
    " · {whatif.thousand} last 1 000 · {whatif.ten-thousand} last 10 000"
    " · {whatif.hundred-thousand} last 100 000"
)


class WhatIf(Sheet):
    """A sheet over the desk with a replay under the draft; the desk goes on below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("1", "replay('day')", _("The last day"), id="whatif.day"),
        bind("2", "replay('week')", _("The last week"), id="whatif.week"),
        bind("3", "replay('thousand')", _("The last 1 000 appeals"), id="whatif.thousand"),
        bind("4", "replay('ten')", _("The last 10 000"), id="whatif.ten-thousand"),
        bind("5", "replay('hundred')", _("The last 100 000"), id="whatif.hundred-thousand"),
        bind("ctrl+s", "apply", _("Apply draft"), id="whatif.apply"),
        bind("escape", "stop", _("Stop, or back"), id="whatif.stop"),
        bind("q", "close", _("Back"), id="whatif.back"),
    ]

    def __init__(self, draft: TeamDraft, operators: Sequence[OperatorRow]) -> None:
        super().__init__()
        self._draft = draft
        limits = {row.id: row.max_load for row in operators}
        limits |= {key: change.was for key, change in draft.limits.items()}
        self._team = DraftedTeam(operators, limits)
        self._window = DAY
        self._rehearsal: Rehearsal | None = None
        self._report: Report | None = None

    def compose(self) -> ComposeResult:
        """Lay out how far it is above what came of it, and the keys."""
        with Vertical(classes="dialog sheet wide whatif") as box:
            box.border_title = _("What if")
            yield Static("", id="progress", markup=False)
            with Body():
                yield Static("", id="outcome", markup=False)
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Begin with the last day."""
        self.action_replay("day")

    def on_unmount(self) -> None:
        """Leave no replay running."""
        self._stop()

    def on_resize(self) -> None:
        """Write the lines anew for the room that there is."""
        self._show()

    def action_replay(self, window: str) -> None:
        """Replay a window."""
        self._stop()
        self._window, self._report = WINDOWS[window], None
        app = app_of(self)
        rehearsal = Rehearsal(
            self._window,
            self._draft,
            lambda report: app.call_later(self._take, rehearsal, report),
            lambda: monotonic() - app.last_key < QUIET,
        )
        self._rehearsal = rehearsal
        self._show()
        self._run(rehearsal)

    @work(group="replay", exit_on_error=False)
    async def _run(self, rehearsal: Rehearsal) -> None:
        try:
            report = await app_of(self).replayer.read_beside(rehearsal.run)
        except RehearsalStopped:
            return
        except Trouble as trouble:
            self._end(rehearsal)
            self.say_why_not(str(trouble))
        except asyncio.CancelledError:
            rehearsal.stop()
            raise
        else:
            self._take(rehearsal, report)
            self._end(rehearsal)

    def _take(self, rehearsal: Rehearsal, report: Report) -> None:
        """Show a report, unless it is about an earlier replay or the sheet is gone."""
        if rehearsal is self._rehearsal and self.is_attached:
            self._report = report
            self._show()

    def _end(self, rehearsal: Rehearsal) -> None:
        if rehearsal is self._rehearsal:
            self._rehearsal = None
            self._show()

    def _stop(self) -> None:
        if self._rehearsal is not None:
            self._rehearsal.stop()
            self._rehearsal = None

    def _show(self) -> None:
        if not self.is_attached or not self.query("#progress"):
            return
        self.query_one("#progress", Static).update(Content(self._progress()))
        report = self._report
        text = Content("")
        if report is not None and report.outcome is not None:
            width = max(20, self.query_one(Body).size.width - 1)
            lines = lines_of(report.outcome, report.spread, self._team, width)
            text = Content("\n").join(lines)
        self.query_one("#outcome", Static).update(text)

    def _progress(self) -> str:
        what = self._window.words.capitalize()
        report = self._report
        if self._rehearsal is None:
            is_whole = report is not None and report.spread is not None and not report.words
            return what if is_whole else _("{window} · stopped", window=what)
        if report is None:
            return _("{window} · reading…", window=what)
        filled, rest = meter(report.done, max(1, report.total), METER)
        return _(
            "{window} · {meter} {step}, {done} of {total}",
            window=what,
            meter=filled + rest,
            step=report.words,
            done=grouped(report.done),
            total=grouped(report.total),
        )

    def action_stop(self) -> None:
        """Stop the replay and keep what is known; without one go back."""
        if self._rehearsal is None:
            self.go()
        else:
            self._stop()
            self._show()

    def action_apply(self) -> None:
        """Go back and apply the draft."""
        self.go()
        app_of(self).home.post_message(ApplyWanted())

    def action_close(self) -> None:
        """Go back."""
        self.go()
