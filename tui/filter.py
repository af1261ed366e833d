"""The line in which a pane's filter is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input

from text import clean

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    Base = object


class FilterLine(Input):
    """One line for all panes: live while one types, enter keeps it, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter of the pane is now this."""

        text: str
        is_over: bool
        """Whether the pane is to have the focus again."""

    def __init__(self, *, id: str) -> None:
        super().__init__(compact=True, id=id)

    def start(self, text: str, offer: str) -> None:
        """Show the line with a pane's filter, ready to type, and what can be typed."""
        self.placeholder = offer
        with self.prevent(Input.Changed):
            self.value = text
        self.display = True
        self.focus()

    @on(Input.Changed)
    def follow(self, event: Input.Changed) -> None:
        """Filter while one types."""
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
    """A sentence for each term that means nothing here."""
    _said = ""

    @property
    def offer(self) -> str:
        """Return what can be typed to filter the pane."""
        raise NotImplementedError

    @property
    def subtitle(self) -> str:
        """Return what the pane says of itself while no filter is on."""
        return ""

    @property
    def found(self) -> str:
        """Return how much the filter finds, such as `37 found`; nothing while that is unknown."""
        raise NotImplementedError

    def apply_filter(self, text: str) -> None:
        """Leave out what the filter does not find, and note the faults in it."""
        raise NotImplementedError

    def take_filter(self, text: str) -> None:
        """Filter the pane, or show everything again."""
        self.filter_text = text
        self.apply_filter(text)
        self.set_class(bool(text), "-filtered")
        self.show_subtitle()

    def show_subtitle(self) -> None:
        """Write into the border what the filter is, and what it finds or what is wrong with it."""
        said = self.filter_said() if self.filter_text else self.subtitle
        if said != self._said:
            self._said = said
            # Past the attribute, which would paint every row again on each step of scrolling.
            self._border_subtitle = Content(said)
            self.refresh(Region(-1, self.size.height, self.outer_size.width, 1))

    def filter_said(self) -> str:
        """Return the filter and what it finds, or what is wrong with it."""
        outcome = self.faults[0].partition(",")[0].removesuffix(".") if self.faults else self.found
        return f"filter: {clean(self.filter_text)}" + (f" · {outcome}" if outcome else "")


def number_found(number: int, *, is_all: bool = True) -> str:
    """Return `1 204 found`, or `1 000+ found` where that is not all."""
    return f"{number:,}{'' if is_all else '+'} found".replace(",", " ")
