"""The columns that people edit, described once for acts, undo, files, HTTP and dialogs.

To add a column to an operator, add a field to its table with the upgrade, a check of its values,
and a line here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from peewee import Field, ModelSelect

from leadboard.allocation.lottery import BY_LOTTERY
from leadboard.allocation.strategies.registry import names, strategy_of, title_of
from leadboard.common.errors import Refused
from leadboard.common.language import _, pgettext
from leadboard.common.validation import (
    MAX_CONTACT,
    MAX_LIMIT,
    MAX_NAME,
    MAX_NOTE,
    MAX_STRATEGY,
    checked_contact,
    checked_flag,
    checked_limit,
    checked_name,
    checked_note,
)
from models import Operator, Source


class Kind(Enum):
    """The kind of a value, which decides how it is typed, read from a file and asked for."""

    LINE = auto()
    """Text of one line, such as a name; empty only where that is the default."""
    TEXT = auto()
    """Free text of any number of lines, or none."""
    WHOLE = auto()
    """A whole number from 0."""
    FLAG = auto()
    """Yes or no."""
    CHOICE = auto()
    """One of a few words."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that people edit; `most` is its longest length, or its largest number.

    `check` returns a value as it is stored and raises Refused for an invalid one. A column without
    a `default` is required in a new row; `suggested` is the text that its dialog starts with.
    """

    field: "Field[Any]"
    label: str
    kind: Kind
    check: Callable[[object], object]
    most: int = 1
    default: object = None
    suggested: str = ""
    words: tuple[str, str] = (pgettext("operator", "off"), pgettext("operator", "on"))
    """What a flag is called that is not set, and one that is."""
    choices: Callable[[], Sequence[str]] = tuple
    """Returns the values between which one chooses."""
    called: Callable[[str], str] = str
    """Returns what people call one of these values."""
    told: Callable[[str], str] = str
    """Returns a sentence about one of the words."""
    has_key: bool = False
    """Whether a key changes it, so that it stands in no dialog."""

    @property
    def name(self) -> str:
        """Return the name of the column in tables, files and JSON."""
        name: str = self.field.column_name
        return name

    def of_new(self, value: object) -> str:
        """Return the words about the column of a new row, empty for the usual value."""
        if self.kind is Kind.FLAG:
            return "" if value == self.default else self.switched(value)
        if self.kind is Kind.CHOICE:
            return "" if value == self.default else f"{self.label} {self.called(str(value))}"
        return f"{self.label} {value}" if self.kind is Kind.WHOLE else ""

    def switched(self, value: object) -> str:
        """Return what a flag is called by its value."""
        return self.words[bool(value)]

    def change(self, before: object, after: object) -> str:
        """Return the change of a value in words: `limit 10 → 12`."""
        if self.kind is Kind.FLAG:
            return f"{self.switched(before)} → {self.switched(after)}"
        if self.kind is Kind.TEXT:
            return _("{label} changed", label=self.label)
        return f"{self.label} {self._shown(before)} → {self._shown(after)}"

    def _shown(self, value: object) -> object:
        return self.called(str(value)) if self.kind is Kind.CHOICE else _or_none(value)

    @property
    def may_be_empty(self) -> bool:
        """Tell whether a value may be empty text."""
        return self.default == ""


NONE = _("none")
"""What a sentence says for empty text."""


def _or_none(value: object) -> object:
    return NONE if value == "" else value


@dataclass(frozen=True, slots=True)
class Sayings:
    """What sentences say of the rows of a table; each is filled by `str.format`."""

    numbered: str
    missing: str
    needs: str
    imported: str
    new: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A table that people edit, and its columns, the name first; `word` names it in the record."""

    table: type[Operator] | type[Source]
    word: str
    says: Sayings
    columns: Sequence[Column]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def _others(self) -> Sequence[Column]:
        """Return the columns that follow the name in a sentence, flags last."""
        return sorted(self.columns[1:], key=lambda column: column.kind is Kind.FLAG)

    def select(self, *more: Any) -> "ModelSelect[Any]":
        """Return the query of the ids and of these columns, with `more` columns at the end."""
        columns = (column.field for column in self.columns)
        return self.table.select(self.table.id, *columns, *more)

    def checked(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Return the values as they are stored; raises Refused for an invalid one."""
        return {name: self._named(name).check(value) for name, value in values.items()}

    def _named(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise Refused(_("There is no column {name} to set.", name=name), name)

    def completed(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Return the columns of a new row; raises Refused where a required one is missing.

        The values have been checked; those with a default may be left out.
        """
        return {column.name: self._value(column, values) for column in self.columns}

    def _value(self, column: Column, values: Mapping[str, object]) -> object:
        value = values.get(column.name, column.default)
        if value is None:
            raise Refused(self.says.needs.format(column=column.label), column.name)
        return value

    def text_of(self, row: object) -> str:
        """Return the text that a filter searches: the name of a row and its free texts."""
        texts = [each.name for each in self.columns if each.kind in (Kind.LINE, Kind.TEXT)]
        # The words of a filter hold no space, so none is found across the end of one text and the
        # beginning of the next.
        return "\n".join(str(getattr(row, name)) for name in texts)

    def of_new(self, values: Mapping[str, object]) -> str:
        """Return the words that follow the name of a new row: `, limit 10, off`."""
        words = (each.of_new(values[each.name]) for each in self._others)
        return "".join(f", {each}" for each in words if each)

    def change(self, before: Mapping[str, object], after: Mapping[str, object]) -> str:
        """Return changes in words: `Anna: limit 10 → 12`, `Anna is now Vera, on → off`."""
        name = self.columns[0].name
        was, is_now = before[name], after.get(name)
        words = [
            each.change(before[each.name], after[each.name])
            for each in self._others
            if each.name in after and after[each.name] != before[each.name]
        ]
        if is_now is not None and is_now != was:
            return ", ".join([_("{was} is now {is_now}", was=was, is_now=is_now), *words])
        # Not inside the f-string, where no message is found for the catalogue.
        told = ", ".join(words) or _("nothing changed")
        return f"{was}: {told}"


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """An operator as readers get it."""

    id: int
    name: str
    is_active: bool
    max_load: int
    load: int
    note: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as readers get it, with the number of its waiting appeals."""

    id: int
    name: str
    waiting: int
    strategy: str = BY_LOTTERY
    is_sealed: bool = True
    credits: str = "{}"
    """What a quota owes, as the table holds it."""


OPERATOR = Entity(
    Operator,
    "operator",
    Sayings(
        numbered=_("Operator #{id}"),
        missing=_("There is no operator #{id}."),
        needs=_("A new operator needs a {column}."),
        imported=_("Operators imported: {added} added, {changed} changed"),
        new=_("+ operator {name}"),
    ),
    (
        Column(Operator.name, _("name"), Kind.LINE, checked_name, MAX_NAME),
        Column(
            Operator.is_active, _("active"), Kind.FLAG, checked_flag, default=True, has_key=True
        ),
        Column(Operator.max_load, _("limit"), Kind.WHOLE, checked_limit, MAX_LIMIT, suggested="10"),
        Column(Operator.note, _("note"), Kind.TEXT, checked_note, MAX_NOTE, default=""),
        Column(Operator.contact, _("contact"), Kind.LINE, checked_contact, MAX_CONTACT, default=""),
    ),
)


def _checked_strategy(value: object) -> str:
    if value not in names():
        known = _(" or ").join(names())
        sentence = _("There is no strategy {name}: choose {known}.", name=value, known=known)
        raise Refused(sentence, "strategy")
    return str(value)


def _strategy_words(name: str) -> str:
    found = strategy_of(name)
    return found.sentence if found else _("This Leadboard does not know it: drawn by lottery.")


_UNSEALED, _SEALED = _("unsealed"), _("sealed")
_SEALING = {
    _SEALED: _("Nobody can pick a draw, and anybody can check it afterwards."),
    _UNSEALED: _("Draws are random, and nothing proves it."),
}

SOURCE = Entity(
    Source,
    "source",
    Sayings(
        numbered=_("Source #{id}"),
        missing=_("There is no source #{id}."),
        needs=_("A new source needs a {column}."),
        imported=_("Sources imported: {added} added, {changed} changed"),
        new=_("+ source {name}"),
    ),
    (
        Column(Source.name, _("name"), Kind.LINE, checked_name, MAX_NAME),
        Column(
            *(Source.strategy, _("strategy"), Kind.CHOICE, _checked_strategy, MAX_STRATEGY),
            default=BY_LOTTERY,
            suggested=BY_LOTTERY,
            choices=names,
            called=title_of,
            told=_strategy_words,
        ),
        Column(
            *(Source.is_sealed, _("sealed"), Kind.FLAG, checked_flag),
            default=True,
            words=(_UNSEALED, _SEALED),
            told=_SEALING.__getitem__,
        ),
    ),
)
