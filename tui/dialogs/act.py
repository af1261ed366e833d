"""One act in full: its sentence, each of its changes, and what undid it or did it again."""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard.allocation.journal import UNDO
from leadboard.common.language import _, pgettext
from leadboard.queries.act_details import ActDetails, details_of
from leadboard.queries.history import EventRow
from tui.dialogs.act_names import ACTS
from tui.dialogs.base import ActDialog, Body, Bottom
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.moments import in_full
from tui.widgets.paged_view import LOOKING

_WHEN, _WHO, _ACT = _("When"), _("Who"), pgettext("label", "Act")
LABEL = max(6, *map(cell_len, (_WHEN, _WHO, _ACT))) + 2
"""Cells of a label and the gap beside it."""
_UNDOES = _("Undoes act #{id} of {actor}: {note}")
_REDOES = _("Redoes act #{id} of {actor}: {note}")
_UNDONE, _REDONE = _("Undone by {actor}, {moment}"), _("Redone by {actor}, {moment}")


class ActSheet(ActDialog):
    """A sheet over the history with everything that is recorded of one act."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("q,enter", "dismiss_dialog", _("Back"), id="act.back"),
    ]

    def __init__(self, event_id: int) -> None:
        super().__init__()
        self._event_id = event_id

    def compose(self) -> ComposeResult:
        """Lay out the text, which scrolls, above the keys."""
        with Vertical(classes="dialog sheet wide") as box:
            box.border_title = Content(_("Act #{id}", id=self._event_id))
            with Body():
                yield Static(LOOKING, id="act", markup=False)
            yield Bottom(_("↑↓ scroll · {dialog.cancel} back"))

    def on_mount(self) -> None:
        """Read the act."""
        self.read(partial(details_of, self._event_id), self._show)

    def _show(self, found: ActDetails) -> None:
        self.query_one("#act", Static).update(Content("\n").join(lines_of(found)))


def lines_of(found: ActDetails) -> Iterator[Content]:
    """Yield all lines about an act."""
    event = found.event
    act = ACTS.get(event.act, event.act)
    yield _labelled(_WHEN, in_full(event.at))
    yield _labelled(_WHO, event.actor)
    yield _labelled(_ACT, _("{act}, by force", act=act) if found.is_forced else act)
    yield Content("")
    yield Content(event.note)
    yield from _relations(found)
    yield Content("")
    yield Content.styled(_("Changes"), "bold")
    yield from map(Content, found.changes or [pgettext("changes", "none")])
    if found.has_more:
        yield Content.styled(_("and more"), "dim")


def _relations(found: ActDetails) -> Iterator[Content]:
    """Yield what the act undid or did again, and what did that to it."""
    if found.event.target is None and not found.reversals:
        return
    yield Content("")
    if (target := found.event.target) is not None:
        said = _UNDOES if found.event.act == UNDO else _REDOES
        yield Content(said.format(id=target.id, actor=target.actor, note=target.note))
    yield from map(_reversal, found.reversals)


def _reversal(event: EventRow) -> Content:
    said = _UNDONE if event.act == UNDO else _REDONE
    return Content(said.format(actor=event.actor, moment=in_full(event.at)))


def _labelled(label: str, text: str) -> Content:
    return Content.assemble((fit(label, LABEL), "dim"), text)
