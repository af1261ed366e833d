"""The line in which a pane's filter is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from leadboard.common.language import _, ngettext, pgettext
from leadboard.common.text import clean
from tui.base import app_of
from tui.keys import bind
from tui.widgets.border_remarks import Remark, write_below
from tui.widgets.cells import shortened
from tui.widgets.figures import grouped
from tui.widgets.line_view import StateHints

if TYPE_CHECKING:
    # A Widget only for mypy: Textual inherits CSS through the first base that is a DOM node, and a
    # pane would lose that of its list.
    from textual.widget import Widget as Base
else:
    Base = object


SHORT_FILTER = 12
"""Cells of a filter in a border without room for all of it."""


class FilterLine(Input):
    """One line for all panes: it filters during typing, enter keeps it, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape", "clear", _("Clear"), id="filter.clear"),
    ]
    state_hints = StateHints((("enter", pgettext("filter", "Keep")),))

    @dataclass
    class Typed(Message):
        """The filter of the pane has changed to `text`."""

        text: str
        is_over: bool
        """Whether the focus goes back to the pane."""

    def __init__(self, *, id: str) -> None:
        super().__init__(compact=True, id=id)

    def start(self, text: str, offer: str) -> None:
        """Show the line with a pane's filter, ready to type, and what can be typed."""
        self.placeholder = offer
        # Heard as typing, this would filter the pane again before anything is typed.
        with self.prevent(Input.Changed):
            self.value = text
        self.display = True
        self.focus()

    @on(Input.Changed)
    def follow(self, event: Input.Changed) -> None:
        """Filter during typing."""
        event.stop()
        self.post_message(self.Typed(self.value, is_over=False))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Go back to the pane with the filter on."""
        event.stop()
        self.post_message(self.Typed(self.value, is_over=True))

    def action_clear(self) -> None:
        """Go back to the pane with no filter."""
        self.post_message(self.Typed("", is_over=True))


class Filtered(Base):
    """A pane with a filter, which says in its border what the filter is and how much it finds."""

    filter_text = ""
    faults: Sequence[str] = ()
    """A sentence for each term that has no meaning here."""

    @property
    def offer(self) -> str:
        """Return what can be typed to filter the pane."""
        raise NotImplementedError

    @property
    def remarks(self) -> Sequence[Remark]:
        """Return what the border says without a filter."""
        return ()

    @property
    def found(self) -> str:
        """Return how much the filter finds, such as `37 found`; empty while that is unknown."""
        raise NotImplementedError

    def apply_filter(self, text: str) -> None:
        """Leave out what the filter does not find, and collect its faults."""
        raise NotImplementedError

    def take_filter(self, text: str) -> None:
        """Filter the pane, or show everything again."""
        self.filter_text = text
        self.apply_filter(text)
        self.set_class(bool(text), "-filtered")
        self.show_subtitle()

    def show_subtitle(self) -> None:
        """Write the filter into the border, with what it finds or what is wrong with it."""
        write_below(self, self.filter_said() if self.filter_text else self.remarks)

    def on_resize(self, event: events.Resize) -> None:
        """Fit the subtitle to the new width."""
        self.show_subtitle()

    def filter_said(self) -> Sequence[Remark]:
        """Return the filter and what it finds, or what is wrong with it."""
        words = clean(self.filter_text)
        short = Remark(_("filter: {words}", words=shortened(words, SHORT_FILTER)), 2)
        outcome = self.faults[0].partition(",")[0].removesuffix(".") if self.faults else self.found
        found = [Remark(outcome)] if outcome else []
        return [Remark(_("filter: {words}", words=words), 4, short), *found, *self.way_out]

    @property
    def way_out(self) -> Sequence[Remark]:
        """Return the key that clears the filter."""
        key = app_of(self).with_keys("{desk.clear-filter}")
        return [Remark(_("{key} clears", key=key), 5, Remark(key, 1))]


def number_found(number: int, *, is_all: bool = True) -> str:
    """Return `12 045 found`, or `1000+ found` where that is not all."""
    count = grouped(number) if is_all else f"{grouped(number)}+"
    return ngettext("{count} found", "{count} found", number, count=count)
