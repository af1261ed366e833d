"""The greeting of an empty database: what to do first, each on one key."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard import desk
from leadboard.common.language import _
from leadboard.queries.board import Board
from leadboard.queries.first_steps import FirstStep, missing, possible
from tui.dialogs.base import ActDialog, Body, Bottom
from tui.dialogs.first_steps_text import EVEN, INTRODUCTION, StepLine, lines_of
from tui.keys import bind

MOST_EVEN = 60
"""Weights that one key gives; of more than that, somebody has to choose."""
KEYS = _("{first.next} next step · {dialog.cancel} close")
BACK = _("{dialog.cancel} close")
FIRST_THESE = _("A source and an operator come first.")
FIRST_A_SOURCE = _("A source comes first.")


class Host(Protocol):
    """The desk below the greeting, which opens what a step needs."""

    @property
    def obstacle(self) -> str:
        """Return why nothing can be stored now, empty if it can be."""

    def begin_step(self, step: FirstStep) -> None:
        """Open what does a step."""

    def look_around(self) -> str:
        """Go to the demo; return why not if that would lose something."""


class Steps(Static):
    """The lines of the greeting; a click on one presses its key."""

    def __init__(self) -> None:
        super().__init__("", id="steps")
        self._lines: Sequence[StepLine] = ()

    def show(self, lines: Sequence[StepLine]) -> None:
        """Show other lines."""
        self._lines = lines
        self.update(Content("\n").join(line.content for line in lines))

    def on_click(self, event: events.Click) -> None:
        """Press the key of the line that was clicked."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._lines) and self._lines[offset.y].key:
            self.app.simulate_key(self._lines[offset.y].key)


class FirstSteps(ActDialog):
    """A sheet that ticks what is there by now; any key of the desk closes it and still counts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "next", _("Next step"), id="first.next"),
        bind("s", "begin('source')", _("Add a source"), id="first.source"),
        bind("o", "begin('operator')", _("Add an operator"), id="first.operator"),
        bind("w", "begin('weights')", _("Give weights"), id="first.weights"),
        bind("W", "grid", _("Type weights"), id="first.grid"),
        bind("n", "begin('appeal')", _("Enter an appeal"), id="first.appeal"),
        bind("d", "demo", _("Look around first"), id="first.demo"),
    ]

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._obstacle = ""

    def compose(self) -> ComposeResult:
        """Lay out the steps above the keys."""
        with Vertical(classes="dialog sheet first") as box:
            box.border_title = Content(_("First steps"))
            with Body():
                yield Static(Content(INTRODUCTION), id="introduction")
                yield Steps()
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Follow the board: others may take steps as well."""
        self.watch(self.leadboard.home, "board", self.show, init=False)
        self.show()

    def on_resize(self) -> None:
        """Write the lines for the room that there is."""
        self.show()

    def on_screen_resume(self) -> None:
        """Show what a dialog has done."""
        self.show()

    @property
    def _board(self) -> Board:
        return self.leadboard.home.board

    def show(self) -> None:
        """Show the steps as they are by now, and go once nothing is missing."""
        if not self.query(Steps):
            return  # not composed yet
        # Not `is_current`, which is also true of a screen that is seen behind a dialog.
        if not missing(self._board) and self.app.screen is self:
            self.go(True)
            return
        self._tell_obstacle()
        steps = self.query_one(Steps)
        width = self.query_one(Body).size.width
        keymap = self.leadboard.keymap
        steps.show(list(lines_of(self._board, keymap, width, can_store=not self._obstacle)))

    def _tell_obstacle(self) -> None:
        """Say why no step can be taken, for as long as that is so."""
        obstacle = self._host.obstacle
        if obstacle == self._obstacle:
            return
        self._obstacle = obstacle
        self.query_one(Bottom).change_hint(BACK if obstacle else KEYS)
        if obstacle:
            self.say_why_not(obstacle)
        else:
            self.say_nothing()

    # Keys.

    def on_key(self, event: events.Key) -> None:
        """Close on a key that has no meaning here, and let the desk have it."""
        if event.key in self.active_bindings:
            return
        event.stop()
        event.prevent_default()
        self.go()
        self.leadboard.hand_on(event)

    def on_click(self, event: events.Click) -> None:
        """Close when the desk behind is clicked."""
        if event.widget is self:
            self.go()

    def action_next(self) -> None:
        """Take the first step that is still to be taken."""
        if todo := missing(self._board):
            self._begin(todo[0])

    def action_begin(self, step: str) -> None:
        """Take a step."""
        self._begin(FirstStep(step))

    def action_grid(self) -> None:
        """Type the weights in the grid."""
        if self._can(FirstStep.WEIGHTS):
            self._leave_for(FirstStep.WEIGHTS)

    def action_demo(self) -> None:
        """Go to the demo."""
        if why_not := self._host.look_around():
            self.say_why_not(why_not)

    def _begin(self, step: FirstStep) -> None:
        if not self._can(step):
            return
        if step in (FirstStep.SOURCE, FirstStep.OPERATOR):
            self._host.begin_step(step)
        elif step is FirstStep.WEIGHTS and 0 < len(pairs := self._to_link()) <= MOST_EVEN:
            self.perform(partial(desk.set_weights, pairs))
        else:
            self._leave_for(step)

    def _can(self, step: FirstStep) -> bool:
        """Tell whether a step can be taken, and say why not."""
        # The form keeps what cannot be stored yet.
        if self._obstacle and step is not FirstStep.APPEAL:
            self.say_why_not(self._obstacle)
        elif step not in possible(self._board):
            self.say_why_not(FIRST_THESE if step is FirstStep.WEIGHTS else FIRST_A_SOURCE)
        else:
            return True
        return False

    def _to_link(self) -> list[tuple[int, int, int | None]]:
        """Return an even weight for everybody and each source; nothing if there are weights."""
        if FirstStep.WEIGHTS not in missing(self._board):
            return []
        return [
            (operator.id, source.id, EVEN)
            for operator in self._board.operators
            for source in self._board.sources
        ]

    def succeed(self, done: desk.Done[Any]) -> None:
        """Stay, and say what was done: the next step is here."""
        self.say_done(done.note)

    def _leave_for(self, step: FirstStep) -> None:
        self.go()
        self._host.begin_step(step)
