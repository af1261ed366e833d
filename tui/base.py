"""What widgets may ask of the application: the actor, the threads, and how to leave."""

from collections.abc import Callable
from typing import TypeVar

from textual.dom import DOMNode
from textual.reactive import reactive
from textual.screen import Screen

from leadboard.common.crashlog import surprise, surprise_once
from leadboard.common.elsewhere import Elsewhere
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.settings import DEFAULTS, Settings
from leadboard.queries.board import Board
from leadboard.queries.word_index import SearchIndex
from tui.keys import Keymap, with_keys
from tui.mapped_keys import MappedKeys
from tui.notices import Log
from tui.reader import Reader
from tui.typeahead import OrderedKeys
from tui.worker import Lane

T = TypeVar("T")

BUSY_AFTER = 0.3
"""Seconds after which the screen says that an act is waiting for its turn."""
LAST_WAIT = 1.0
"""Seconds to wait on leaving for the act in progress."""


SIZES: list[tuple[int, str]] = [(0, "-short"), (18, "-tall")]
"""Lines from which a screen has room for more than the essentials."""


class HomeScreen(MappedKeys, Screen[None]):
    """The screen below all dialogs: it has the board and the notice line."""

    board: reactive[Board] = reactive(Board)
    """Everything that the panes and the header show."""
    version = reactive(0)
    """How often the board has been read."""
    notices: reactive[Log] = reactive((), repaint=False, init=False)
    """What was said so far."""

    def say(self, sentence: str, *, is_bad: bool = False) -> None:
        """Show a sentence."""
        raise NotImplementedError

    def action_quit(self) -> None:
        """Leave, or ask first if something is not saved."""
        raise NotImplementedError


class DeskApp(OrderedKeys):
    """An application with an actor, settings, one thread that writes, and threads that read."""

    is_demo = False
    """Whether this is the demo, of which nothing is kept."""
    goes_to: Elsewhere | None = None
    """Where the person has gone on to, None if they have left."""

    def __init__(self, home: HomeScreen, actor: str, settings: Settings = DEFAULTS) -> None:
        super().__init__()
        self._is_ending = False
        self.actor = actor
        self.settings = settings
        self.home = home
        self.writer = Lane("writer")
        self.reader = Reader("reader")
        self.searcher = Reader("searcher")
        self.counter = Reader("counter")
        self.replayer = Reader("replayer")
        self.index: SearchIndex | None = None
        """The word index, once there are enough appeals for it to pay off."""

    @property
    def keymap(self) -> Keymap:
        """Return the keys of the bindings that the settings have given others, by id."""
        return self._keymap

    def with_keys(self, text: str) -> str:
        """Return a text with a key in the place of each id in braces, as in `{desk.quit} quits`."""
        return with_keys(text, self.keymap)

    async def perform(self, act: Callable[[], T]) -> T:
        """Run an act on the writer thread, and say so if it has to wait."""
        busy = self.set_timer(BUSY_AFTER, self._say_busy)
        try:
            return await self.writer.do(act)
        except (Refused, Trouble):
            raise
        # Callers handle only Refused and Trouble; any other error would end their worker unseen.
        except Exception as error:
            raise Trouble(surprise(error)) from error
        finally:
            busy.stop()

    def entitle(self, title: str) -> None:
        """Give the terminal a title; on one that takes none, as in tests, nothing happens."""

    def _say_busy(self) -> None:
        self.home.say(_("Waiting for the database…"))

    def _handle_exception(self, error: Exception) -> None:
        """Fail, unless the app is already ending: a widget may miss others that are gone by then.

        Such an error is only logged, so that the app keeps the exit code it was given.
        """
        if self.takes_keys:
            super()._handle_exception(error)
        else:
            surprise_once(error)

    def leave(self, code: int = 0) -> None:
        """Quit once the act in progress is stored, or after a second."""
        # The writer is a daemon thread: without this wait the exit would cut its transaction off.
        self.writer.wait_until_idle(LAST_WAIT)
        self.exit(return_code=code)

    def is_at_rest(self, seconds: float) -> bool:
        """Tell whether all threads come to rest: until then no other database may be opened."""
        readers = (self.reader, self.searcher, self.counter, self.replayer)
        return all(each.wait_until_idle(seconds) for each in (self.writer, *readers))

    def leave_for(self, place: Elsewhere) -> None:
        """Quit to go on elsewhere."""
        self.goes_to = place
        self.leave()

    def end(self, code: int) -> None:
        """Quit without asking, once: a signal arrived, or the terminal is gone."""
        if not self._is_ending:
            self._is_ending = True
            self.leave(code)


def app_of(node: DOMNode) -> DeskApp:
    """Return the application that a screen or widget belongs to."""
    app = node.app
    assert isinstance(app, DeskApp), "all screens and widgets here belong to the desk"
    return app
