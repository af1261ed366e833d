"""Small dialogs: a few fields to save, and questions before what is hard to undo."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from leadboard.common.errors import Refused
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.desk import Done
from leadboard.entities import Column, Entity, Kind
from tui.base import app_of
from tui.dialogs.base import BETWEEN, ActDialog, Body, Bottom, Fields, Sheet, labelled, width_of
from tui.keys import bind
from tui.messages import TextEntered
from tui.widgets.choice import ChoiceField
from tui.widgets.free_text import FreeText

ActMaker = Callable[[dict[str, Any]], Callable[..., Done[Any]]]
"""Takes the values by field name; returns the act that saves them, without the actor."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column in a dialog, and its value so far."""

    column: Column
    value: str

    @property
    def classes(self) -> str:
        """Return the CSS classes of its line: free text may take several lines."""
        is_long = self.column.kind is Kind.TEXT or self.is_choice
        return "field text" if is_long else "field"

    @property
    def is_choice(self) -> bool:
        """Tell whether one chooses between a few words."""
        return self.column.kind in (Kind.FLAG, Kind.CHOICE)

    @property
    def input_id(self) -> str:
        """Return the id of its widget."""
        return f"field-{self.column.name}"

    @property
    def shown(self) -> str:
        """Return the value as shown, without anything that a terminal would obey."""
        called = self.column.called(self.value) if self._is_coded else self.value
        return "\n".join(map(clean, called.split("\n")))

    @property
    def _is_coded(self) -> bool:
        return self.column.kind is Kind.CHOICE

    @property
    def _codes(self) -> dict[str, str]:
        """Return the values between which one chooses, by what people call them."""
        return {clean(self.column.called(each)): each for each in self.column.choices()}

    def widget(self) -> Widget:
        """Return the widget to type into: one line, or several for free text."""
        if self.column.kind is Kind.TEXT:
            return FreeText(self.shown, id=self.input_id, compact=True, show_line_numbers=False)
        if self.is_choice:
            words = tuple(self._codes) if self._is_coded else tuple(reversed(self.column.words))
            return ChoiceField(self.shown, words, self._told, id=self.input_id)
        return Input(self.shown, id=self.input_id, compact=True)

    def _told(self, word: str) -> str:
        """Return a sentence about one of the words between which one chooses."""
        return self.column.told(self._codes.get(word, word) if self._is_coded else word)

    def read(self, typed: str) -> object:
        """Return what was typed, for the act to check; an untouched field keeps its value."""
        # What is shown may have lost characters: saving it untouched would change the value.
        if typed == self.shown:
            typed = self.value
        if self.column.kind is Kind.FLAG:
            return typed == self.column.words[True]
        if self._is_coded:
            return self._codes.get(typed, typed)
        return _whole(typed) if self.column.kind is Kind.WHOLE else typed


def fields_of(entity: Entity, row: object = None) -> list[Field]:
    """Return the fields of a dialog for a row, or a new one."""
    return [Field(each, _text_of(each, row)) for each in entity.columns if not each.has_key]


def _text_of(column: Column, row: object) -> str:
    """Return what the field of a column begins with."""
    if column.kind is Kind.FLAG:
        return column.switched(column.default if row is None else getattr(row, column.name))
    return column.suggested if row is None else str(getattr(row, column.name))


class Dialog(ActDialog):
    """Fields in a fixed order: tab moves, enter saves from any of them, escape cancels.

    `about` reads a sentence that stands below them.
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        saving: ActMaker,
        *,
        about: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self._about = about
        self._title = title
        self._fields = fields
        self._saving = saving

    def compose(self) -> ComposeResult:
        """Lay out a label, an input and a place for an error for each field."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            with Fields():
                yield from self._compose_fields()
                yield Static("", id="about", classes="remark")
            yield Bottom(BETWEEN.join(self._keys()))

    def _compose_fields(self) -> ComposeResult:
        width = width_of(field.column.label for field in self._fields)
        for field in self._fields:
            with Horizontal(classes=field.classes):
                yield labelled(field.column.label.capitalize(), width)
                yield field.widget()
            error = Static("", id=f"error-{field.column.name}", classes="error beside")
            error.styles.padding = (0, 0, 0, width)
            yield error

    def _keys(self) -> Iterator[str]:
        yield _("enter saves")
        if any(field.column.kind is Kind.TEXT for field in self._fields):
            yield _("{text.new-line} new line")
        if any(field.is_choice for field in self._fields):
            yield _("space chooses")
        yield _("{dialog.cancel} cancels")

    def on_mount(self) -> None:
        """Read what else there is to say about the row."""
        if self._about is not None:
            self.read(self._about, self._tell)

    def _tell(self, sentence: str) -> None:
        self.query_one("#about", Static).update(Content(clean(sentence)))

    @on(Input.Changed)
    @on(FreeText.Changed)
    def forget_error(self, event: Input.Changed | FreeText.Changed) -> None:
        """Remove an error as soon as its field is edited."""
        name = (event.control.id or "").removeprefix("field-")
        self.query_one(f"#error-{name}", Static).update("")

    @on(Input.Submitted)
    @on(TextEntered)
    def save(self) -> None:
        """Run the act with what was typed."""
        values = {field.column.name: field.read(self._typed(field)) for field in self._fields}
        try:
            act = self._saving(values)
        except Refused as refusal:
            self.explain(str(refusal), refusal.field)
        else:
            self.perform(act)

    def _typed(self, field: Field) -> str:
        widget = self.query_one(f"#{field.input_id}")
        return widget.text if isinstance(widget, FreeText) else str(getattr(widget, "value", ""))

    def explain(self, sentence: str, field: str | None) -> None:
        """Show the sentence next to its field, and focus the field."""
        about = next((each for each in self._fields if each.column.name == field), self._fields[0])
        error = self.query_one(f"#error-{about.column.name}", Static)
        error.update(Content(clean(sentence)))
        self.query_one(f"#{about.input_id}").focus()
        # An empty line has no height: it must be laid out before there is anything to scroll to.
        error.call_after_refresh(error.scroll_visible, animate=False)


class Question(ActDialog):
    """A question that runs an act if the answer is yes.

    It may appear while somebody is still typing, so only `y` confirms.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("y", "confirm", _("Yes"), id="confirm.yes"),
        bind("n", "dismiss_dialog", _("No"), id="confirm.no"),
    ]
    hint = _("{confirm.yes}: yes · {dialog.cancel} or {confirm.no}: no")

    def __init__(self, question: str, act: Callable[..., Done[Any]], *, title: str = "") -> None:
        super().__init__()
        self._question = question
        self._act = act
        self._title = title

    def compose(self) -> ComposeResult:
        """Show the question and its keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(clean(self._title))
            with Body():
                yield Static(Content(clean(self.asked)))
            yield Bottom(self.hint)

    @property
    def asked(self) -> str:
        """Return the question as it is shown."""
        return self._question

    def action_confirm(self) -> None:
        """Run the act."""
        self.perform(self._act)


class Confirm(Question):
    """A question that a key asks for, shown before the next key, so enter confirms as well."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "confirm", _("Yes"), id="confirm.enter", show=False)
    ]
    hint = _("{confirm.enter} or {confirm.yes}: yes · {dialog.cancel} or {confirm.no}: no")


class Quit(Sheet):
    """Asks before unsaved work is lost; the reason says what."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("y", "leave", _("Quit"), id="quit.yes"),
        bind("enter", "leave", _("Quit"), id="quit.enter", show=False),
        bind("n", "stay", pgettext("quit", "Stay"), id="quit.no"),
        bind("escape", "stay", pgettext("quit", "Stay"), id="quit.cancel", show=False),
    ]

    def __init__(self, reason: str) -> None:
        super().__init__()
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Show the question and its keys."""
        with Vertical(classes="dialog"):
            with Body():
                yield Static(Content(clean(_("{reason} Quit anyway?", reason=self._reason))))
            yield Bottom(_("{quit.enter} or {quit.yes}: quit · {quit.cancel} or {quit.no}: stay"))

    def action_leave(self) -> None:
        """Quit, losing what is not stored."""
        app_of(self).leave()

    def action_stay(self) -> None:
        """Go back to the desk."""
        self.go()


def _whole(typed: str) -> int | str:
    """Return what was typed as a whole number if it is one; the act refuses the rest."""
    number = typed.strip()
    digits = number.removeprefix("-")
    # isdigit() alone accepts ², which int() refuses; twenty digits are beyond 64 bits.
    return int(number) if digits.isascii() and digits.isdigit() and len(digits) < 20 else typed
