"""One act in full: its sentence, each of its changes, and what undid it or did it again."""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard.allocation.journal import UNDO
from leadboard.queries.act_details import ActDetails, details_of
from leadboard.queries.history import EventRow
from tui.dialogs.base import ActDialog, Body, Bottom
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.moments import in_full
from tui.widgets.paged_view import LOOKING

LABEL = 8


class ActSheet(ActDialog):
    """A sheet over the history with everything that is recorded of one act."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("q,enter", "dismiss_dialog", "Back", id="act.back"),
    ]

    def __init__(self, event_id: int) -> None:
        super().__init__()
        self._event_id = event_id

    def compose(self) -> ComposeResult:
        """Lay out the text, which scrolls, above the keys."""
        with Vertical(classes="dialog sheet wide") as box:
            box.border_title = Content(f"Act #{self._event_id}")
            with Body():
                yield Static(LOOKING, id="act", markup=False)
            yield Bottom("↑↓ scroll · {dialog.cancel} back")

    def on_mount(self) -> None:
        """Read the act."""
        self.read(partial(details_of, self._event_id), self._show)

    def _show(self, found: ActDetails) -> None:
        self.query_one("#act", Static).update(Content("\n").join(lines_of(found)))


def lines_of(found: ActDetails) -> Iterator[Content]:
    """Yield all lines about an act."""
    event = found.event
    yield _labelled("When", in_full(event.at))
    yield _labelled("Who", event.actor)
    yield _labelled("Act", f"{event.act}, by force" if found.is_forced else event.act)
    yield Content("")
    yield Content(event.note)
    yield from _relations(found)
    yield Content("")
    yield Content.styled("Changes", "bold")
    yield from map(Content, found.changes or ["none"])
    if found.has_more:
        yield Content.styled("and more", "dim")


def _relations(found: ActDetails) -> Iterator[Content]:
    """Yield what the act undid or did again, and what did that to it."""
    if found.event.target is None and not found.reversals:
        return
    yield Content("")
    if (target := found.event.target) is not None:
        verb = "Undoes" if found.event.act == UNDO else "Redoes"
        yield Content(f"{verb} act #{target.id} of {target.actor}: {target.note}")
    yield from map(_reversal, found.reversals)


def _reversal(event: EventRow) -> Content:
    verb = "Undone" if event.act == UNDO else "Redone"
    return Content(f"{verb} by {event.actor}, {in_full(event.at)}")


def _labelled(label: str, text: str) -> Content:
    return Content.assemble((fit(label, LABEL), "dim"), text)
