"""The greeting of an empty database: when it opens, what its steps open, and when it comes back."""

from textual import on

from leadboard.common.elsewhere import Elsewhere
from leadboard.common.language import _
from leadboard.database.connection import engine
from leadboard.queries.first_steps import FirstStep, is_bare, missing
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.weights import Weights
from tui.screen.header import Header
from tui.screen.leaving import LeavingScreen

READ_ONLY = _("This database can only be read: nothing can be added to it.")
NOT_IN_DRAFT = _("First steps: not in a draft. Apply or discard it first.")
ALL_DONE = _("The first steps are done. {desk.help} explains a pane, {desk.palette} finds the rest")


class GreetingScreen(LeavingScreen):
    """A screen that greets whoever opens an empty database, until the first appeal is there."""

    _is_open = False
    _has_looked = False
    """Whether it was seen what the database holds at the start."""
    _awaited: FirstStep | None = None
    """The step for which the greeting was left, and after which it comes back."""

    def watch_version(self) -> None:
        """Greet once the board is read, and come back when a step is done."""
        if self._is_open:
            self.greet()
        if self._awaited is not None and self._awaited not in missing(self.board):
            self._go_on_with_steps()

    def greet(self) -> None:
        """Greet, once, if the database is empty and nobody has begun to use it."""
        self._is_open = True
        if self._has_looked or not self.version:
            return
        self._has_looked = True
        has_begun = self.desk_app.last_key > 0 or self.app.screen is not self
        if is_bare(self.board) and not has_begun and not self.desk_app.is_demo:
            self.open_first_steps()

    @property
    def has_first_steps(self) -> bool:
        """Tell whether something is still missing."""
        return not self.desk_app.is_demo and bool(self.version and missing(self.board))

    def open_first_steps(self) -> None:
        """Show what to do first."""
        from tui.dialogs.first_steps import FirstSteps

        self._awaited = None
        if self.draft is not None:
            self.say(NOT_IN_DRAFT, is_bad=True)
        elif not any(isinstance(each, FirstSteps) for each in self.app.screen_stack):
            sheet = FirstSteps(self)
            self.app.push_screen(sheet, self._have_closed)
            for trouble in ("trouble", "write_trouble"):
                sheet.watch(self.query_one(Header), trouble, sheet.show, init=False)

    def _have_closed(self, is_done: bool | None) -> None:
        if is_done:
            self.say(self.desk_app.with_keys(ALL_DONE))

    @property
    def obstacle(self) -> str:
        """Return why nothing can be stored now, empty if it can be."""
        header = self.query_one(Header)
        return READ_ONLY if engine().is_read_only else header.trouble or header.write_trouble

    def begin_step(self, step: FirstStep) -> None:
        """Open what does a step: a dialog over the greeting, or the pane that it was left for."""
        if step is FirstStep.SOURCE:
            self.query_one(Weights).action_add()
        elif step is FirstStep.OPERATOR:
            self.query_one(Operators).action_add()
        else:
            self._awaited = step if step in missing(self.board) else None
            self.action_pane("weights" if step is FirstStep.WEIGHTS else "new-appeal")

    def _go_on_with_steps(self) -> None:
        """Come back with the step ticked, unless somebody is typing or has opened something."""
        is_typing = self.query_one(Weights).typed is not None or self.query_one(NewAppeal).has_text
        if is_typing or self.app.screen is not self:
            return
        self._awaited = None
        if missing(self.board):
            self.open_first_steps()
        else:
            self._have_closed(True)

    @on(NewAppeal.Left)
    def come_back_to_steps(self) -> None:
        """Come back from the form without an appeal."""
        if self._awaited is FirstStep.APPEAL:
            self.open_first_steps()

    def look_around(self) -> str:
        """Go to the demo; return why not if that would lose something."""
        if why_not := self.unsaved:
            return why_not
        self.desk_app.leave_for(Elsewhere.DEMO)
        return ""
