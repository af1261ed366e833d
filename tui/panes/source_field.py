"""A field that takes part of a name: a filtered list drops down below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from leadboard.common.case_folding import fold
from leadboard.common.language import _
from leadboard.entities import SourceRow
from tui.keys import bind

MOST_SHOWN = 50


class SourceField(Vertical):
    """The source of a new appeal: typing filters the names, enter takes the highlighted one."""

    DEFAULT_CSS = """
    SourceField { height: 1; }
    SourceField OptionList {
        display: none; overlay: screen; constrain: inflect inflect; width: 100%; height: auto;
        max-height: 10; border: none; background: $panel; scrollbar-size: 0 1;
    }
    SourceField.-open OptionList { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("down", "highlight(1)", _("Next"), id="source.next", show=False),
        bind("up", "highlight(-1)", _("Previous"), id="source.previous", show=False),
    ]

    @dataclass
    class Taken(Message):
        """A source was chosen, so the focus can go to the next field."""

        source: SourceRow

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sources: Sequence[SourceRow] = ()
        self.taken: SourceRow | None = None

    def compose(self) -> ComposeResult:
        """Yield the input and the list that drops down."""
        yield Input(placeholder=_("type to search ▾"), compact=True, id="source")
        yield OptionList(compact=True, markup=False, id="sources")

    @property
    def input(self) -> Input:
        """Return the text field."""
        return self.query_one(Input)

    @property
    def options(self) -> OptionList:
        """Return the list that drops down."""
        return self.query_one(OptionList)

    def on_mount(self) -> None:
        """Keep the focus in the text field."""
        self.options.can_focus = False

    def offer(self, sources: Sequence[SourceRow]) -> None:
        """Offer these sources; the one chosen stays chosen, even under a new name."""
        known = {source.id: source for source in sources}
        self.sources = sources
        if self.taken is not None:
            still = known.get(self.taken.id)
            if still is None or still.name != self.taken.name:
                self._take(still)
        # With a single source there is nothing to choose.
        if self.taken is None and len(sources) == 1 and not self.input.value:
            self._take(sources[0])

    def found(self) -> list[SourceRow]:
        """Return the sources whose name contains what is typed, those that begin with it first."""
        typed = fold(self.input.value).strip()
        if self.taken is not None and typed == fold(self.taken.name):
            # The name of the chosen source is no search: the list then offers all of them.
            typed = ""
        hits = [source for source in self.sources if typed in fold(source.name)]
        hits.sort(key=lambda source: not fold(source.name).startswith(typed))
        return hits[:MOST_SHOWN]

    def _take(self, source: SourceRow | None) -> None:
        self.taken = source
        # Set by the program: heard as typing, it would drop the choice and open the list.
        with self.prevent(Input.Changed):
            self.input.value = source.name if source else ""
        self.close_list()

    @on(Input.Changed)
    def filter(self, event: Input.Changed) -> None:
        """Show what matches during typing."""
        event.stop()
        self.taken = None
        self.open_list()

    def open_list(self) -> None:
        """Drop the list of matching names down."""
        hits = self.found()
        self.options.clear_options()
        self.options.add_options(Option(Content(each.name), id=str(each.id)) for each in hits)
        self.options.highlighted = 0 if hits else None
        self.set_class(bool(hits), "-open")

    def close_list(self) -> None:
        """Close the list."""
        self.remove_class("-open")

    def action_highlight(self, step: int) -> None:
        """Move the highlight, opening the list first where it is closed."""
        if not self.has_class("-open"):
            self.open_list()
        elif step > 0:
            self.options.action_cursor_down()
        else:
            self.options.action_cursor_up()

    @on(Input.Submitted)
    def take_highlighted(self, event: Input.Submitted) -> None:
        """Take the highlighted source and go on."""
        event.stop()
        if self.settle():
            assert self.taken is not None
            self.post_message(self.Taken(self.taken))

    @on(OptionList.OptionSelected)
    def take_clicked(self, event: OptionList.OptionSelected) -> None:
        """Take the source that was clicked."""
        event.stop()
        self.take_highlighted(Input.Submitted(self.input, self.input.value))

    def settle(self) -> bool:
        """Choose the highlighted source if none is chosen; return False if none matches."""
        place = self.options.highlighted
        if self.has_class("-open") and place is not None:
            chosen = self.options.get_option_at_index(place).id
            self._take(next(each for each in self.sources if str(each.id) == chosen))
        elif self.taken is None and self.input.value.strip() and (hits := self.found()):
            self._take(hits[0])
        return self.taken is not None

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Take the highlighted source when the field is left by tab."""
        if self.has_class("-open"):
            self.settle()

    def key_escape(self, event: events.Key) -> None:
        """Close the list before escape does anything else."""
        if self.has_class("-open"):
            event.stop()
            self._take(self.taken) if self.taken else self.close_list()
