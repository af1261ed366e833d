"""The strip above the notice line in which the demo offers its tour, and then gives it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.queries.history import ActFilter, EventRow, events_after, newest_event_id
from tui.base import DeskApp, app_of
from tui.dialogs.base import clickable
from tui.key_names import sign_of
from tui.keys import MADE, Keymap, keys_of, with_keys

if TYPE_CHECKING:
    from tui.screen.tour_steps import TourStep

OFFER = _("The demo: a made-up team, and clients who keep writing. Nothing is kept.")
OFFERED = _("{demo.tour} tour · {demo.own} own database · {demo.leave-tour} close")
ON_TOUR = _("{demo.tour} next · {demo.leave-tour} leave")
AT_THE_END = _("{demo.leave-tour} close")
MOST_ACTS = 20
"""Acts of one step that are looked at."""


def firm_keys(keymap: Keymap) -> Keymap:
    """Return the keys of all bindings, those first that also work where text is typed.

    A key that the settings have given to another binding comes last.
    """
    return {id: ",".join(sorted(keys_of(id, keymap), key=_doubts(id, keymap))) for id in MADE}


def _doubts(id: str, keymap: Keymap) -> Callable[[str], tuple[bool, bool]]:
    taken = {key for other in keymap if other != id for key in keymap[other].split(",")}
    return lambda key: (id not in keymap and key in taken, sign_of(key) is not None)


class Tour(Vertical):
    """One thing in two lines; it goes on by itself once the person has done it, or by a key."""

    def __init__(self) -> None:
        super().__init__(id="tour")
        self._steps: Sequence[TourStep] = ()
        self._place = -1
        """The step that is told, -1 while the tour is only offered."""
        self._since = 0
        """The newest act of anybody when the step began."""

    def compose(self) -> ComposeResult:
        """Lay out how far it is and the keys above what is told."""
        yield Static("", id="tour-keys", classes="hint")
        yield Static("", id="tour-text")

    def on_mount(self) -> None:
        """Offer the tour, and follow what is done."""
        self.watch(app_of(self).home, "version", self._look, init=False)
        self.app.screen_change_signal.subscribe(self, self._have_opened)
        self.tell()

    def on_resize(self, event: events.Resize) -> None:
        """Say less on a short screen."""
        self.tell()

    @property
    def step(self) -> "TourStep | None":
        """Return the step that is told, None before the first and after the last."""
        return self._steps[self._place] if 0 <= self._place < len(self._steps) else None

    def go_on(self) -> None:
        """Begin the tour, or go on to the next step; after the last one it is over."""
        if not self._steps:
            from tui.screen.tour_steps import STEPS

            self._steps = STEPS
        if not self.display:
            self._place = -1
        self._place += 1
        if self.step is None:
            self.leave()
            return
        self.display = True
        app = app_of(self)
        app.reader.run(self, newest_event_id, self._begin, _ignore)
        self.tell()

    def leave(self) -> None:
        """Go away; the key of the tour begins it anew."""
        self._place = -1
        self.display = False

    # What is told.

    @property
    def _is_short(self) -> bool:
        return self.screen.has_class("-short")

    def tell(self) -> None:
        """Write the offer or the step, with the keys as the settings have them."""
        keymap = firm_keys(app_of(self).keymap)
        if (step := self.step) is None:
            # A short screen says in its first line what this is.
            heading, hint, text = "", OFFERED, "" if self._is_short else OFFER
        else:
            heading = _("Tour {n} of {all}", n=self._place + 1, all=len(self._steps))
            hint = AT_THE_END if step is self._steps[-1] else ON_TOUR
            text = self._told(step, keymap)
        line = clickable(hint, keymap)
        if heading:
            line = Content.assemble((heading, "bold $text-accent"), "   ", line)
        self.query_one("#tour-keys", Static).update(line)
        words = self.query_one("#tour-text", Static)
        words.update(Content(with_keys(text, keymap)))
        words.display = bool(text)

    def _told(self, step: "TourStep", keymap: Keymap) -> str:
        """Return a step on two lines, or as a text that wraps where they have no room."""
        if self._is_short:
            return step.to_do
        lines = (step.told, step.to_do)
        room = self.query_one("#tour-text").size.width
        has_room = all(cell_len(with_keys(line, keymap)) <= room for line in lines)
        return ("\n" if has_room else " ").join(lines)

    # What has been done.

    def _begin(self, since: int) -> None:
        self._since = since

    def _look(self) -> None:
        """Look whether one's own acts have done the step."""
        step = self.step
        if step is None or not step.acts:
            return
        app: DeskApp = app_of(self)
        query = partial(events_after, MOST_ACTS, self._since, ActFilter(actor=app.actor))
        app.reader.run(self, query, partial(self._have_acted, step), _ignore)

    def _have_acted(self, step: "TourStep", acts: Sequence[EventRow]) -> None:
        if step is self.step and any(each.act in step.acts for each in acts):
            self.go_on()

    def _have_opened(self, screen: Screen[object]) -> None:
        if self.step is not None and self.step.sheet is type(screen):
            self.go_on()


def _ignore(why: Refused | Trouble) -> None:
    """Leave the step as it is: the header says that the database cannot be read."""
