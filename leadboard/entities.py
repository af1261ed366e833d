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
from leadboard.allocation.strategies.registry import names, strategy_of
from leadboard.common.errors import Refused
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
    words: tuple[str, str] = ("off", "on")
    """What a flag is called that is not set, and one that is."""
    choices: Callable[[], Sequence[str]] = tuple
    """Returns the words between which one chooses."""
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
            return "" if value == self.default else f"{self.label} {value}"
        return f"{self.label} {value}" if self.kind is Kind.WHOLE else ""

    def switched(self, value: object) -> str:
        """Return what a flag is called by its value."""
        return self.words[bool(value)]

    def change(self, before: object, after: object) -> str:
        """Return the change of a value in words: `limit 10 → 12`."""
        if self.kind is Kind.FLAG:
            return f"{self.switched(before)} → {self.switched(after)}"
        if self.kind is Kind.TEXT:
            return f"{self.label} changed"
        return f"{self.label} {_or_none(before)} → {_or_none(after)}"

    @property
    def may_be_empty(self) -> bool:
        """Tell whether a value may be empty text."""
        return self.default == ""


NONE = "none"
"""What a sentence says for empty text."""


def _or_none(value: object) -> object:
    return NONE if value == "" else value


@dataclass(frozen=True, slots=True)
class Entity:
    """A table that people edit, and its columns, the name first."""

    table: type[Operator] | type[Source]
    word: str
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
        raise Refused(f"There is no column {name} to set.", name)

    def completed(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Return the columns of a new row; raises Refused where a required one is missing.

        The values have been checked; those with a default may be left out.
        """
        return {column.name: self._value(column, values) for column in self.columns}

    def _value(self, column: Column, values: Mapping[str, object]) -> object:
        value = values.get(column.name, column.default)
        if value is None:
            raise Refused(f"A new {self.word} needs a {column.label}.", column.name)
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
            return ", ".join([f"{was} is now {is_now}", *words])
        return f"{was}: {', '.join(words) or 'nothing changed'}"


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
    (
        Column(Operator.name, "name", Kind.LINE, checked_name, MAX_NAME),
        Column(Operator.is_active, "active", Kind.FLAG, checked_flag, default=True, has_key=True),
        Column(Operator.max_load, "limit", Kind.WHOLE, checked_limit, MAX_LIMIT, suggested="10"),
        Column(Operator.note, "note", Kind.TEXT, checked_note, MAX_NOTE, default=""),
        Column(Operator.contact, "contact", Kind.LINE, checked_contact, MAX_CONTACT, default=""),
    ),
)


def _checked_strategy(value: object) -> str:
    if value not in names():
        raise Refused(f"There is no strategy {value}: choose {' or '.join(names())}.", "strategy")
    return str(value)


def _strategy_words(name: str) -> str:
    found = strategy_of(name)
    return found.sentence if found else "This Leadboard does not know it: drawn by lottery."


_SEALING = {
    "sealed": "Nobody can pick a draw, and anybody can check it afterwards.",
    "unsealed": "Draws are random, and nothing proves it.",
}

SOURCE = Entity(
    Source,
    "source",
    (
        Column(Source.name, "name", Kind.LINE, checked_name, MAX_NAME),
        Column(
            *(Source.strategy, "strategy", Kind.CHOICE, _checked_strategy, MAX_STRATEGY),
            default=BY_LOTTERY,
            suggested=BY_LOTTERY,
            choices=names,
            told=_strategy_words,
        ),
        Column(
            *(Source.is_sealed, "sealed", Kind.FLAG, checked_flag),
            default=True,
            words=("unsealed", "sealed"),
            told=_SEALING.__getitem__,
        ),
    ),
)
