"""What people edit, described once: acts, undo, files, HTTP and dialogs all go by it.

A new column of an operator is a field of the table with its upgrade, a check of its values, and a
line here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from peewee import Field

from leadboard.common.errors import Refused
from leadboard.common.validation import (
    MAX_LIMIT,
    MAX_NAME,
    MAX_NOTE,
    checked_flag,
    checked_limit,
    checked_name,
    checked_note,
)
from models import Operator, Source


class Kind(Enum):
    """What a column holds, which decides how it is typed, read from a file and asked for."""

    LINE = auto()
    """A name: some characters of text in one line."""
    TEXT = auto()
    """Free text of any lines, or none."""
    WHOLE = auto()
    """A whole number from 0."""
    FLAG = auto()
    """Yes or no."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that people edit; `most` is its most characters, or its largest number.

    `check` returns a value as it is stored and raises Refused for one that cannot be. Without a
    `default` the column must be given for a new row; `suggested` is what its dialog begins with.
    """

    field: "Field[Any]"
    label: str
    kind: Kind
    check: Callable[[object], object]
    most: int = 1
    default: object = None
    suggested: str = ""

    @property
    def name(self) -> str:
        """Return the column as tables, files and programs call it."""
        name: str = self.field.column_name
        return name

    def of_new(self, value: object) -> str:
        """Return what there is to say of the column in a new row, nothing where it is as usual."""
        if self.kind is Kind.FLAG:
            return "" if value == self.default else _switch(value)
        return f"{self.label} {value}" if self.kind is Kind.WHOLE else ""

    def change(self, before: object, after: object) -> str:
        """Return the change of a value in words: `limit 10 → 12`."""
        if self.kind is Kind.FLAG:
            return f"{_switch(before)} → {_switch(after)}"
        if self.kind is Kind.TEXT:
            return f"{self.label} changed"
        return f"{self.label} {before} → {after}"


def _switch(value: object) -> str:
    return "on" if value else "off"


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

    def checked(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Return the values as they are stored; raises Refused for one that cannot be."""
        return {name: self._named(name).check(value) for name, value in values.items()}

    def _named(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise Refused(f"There is no {name} of a {self.word} to be set.", name)

    def completed(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Return the columns of a new row; raises Refused where one is missing that must be given.

        The values are checked ones; what has a default may be left out.
        """
        return {column.name: self._value(column, values) for column in self.columns}

    def _value(self, column: Column, values: Mapping[str, object]) -> object:
        value = values.get(column.name, column.default)
        if value is None:
            raise Refused(f"A new {self.word} needs a {column.label}.", column.name)
        return value

    def text_of(self, row: object) -> str:
        """Return what a filter looks into: the name of a row for readers, and its free texts."""
        texts = [each.name for each in self.columns if each.kind in (Kind.LINE, Kind.TEXT)]
        return "\n".join(str(getattr(row, name)) for name in texts)

    def of_new(self, values: Mapping[str, object]) -> str:
        """Return what follows the name of a new row in words: `, limit 10, off`."""
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
    """An operator, for readers."""

    id: int
    name: str
    is_active: bool
    max_load: int
    load: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source, for readers, and how many of its appeals wait."""

    id: int
    name: str
    waiting: int


OPERATOR = Entity(
    Operator,
    "operator",
    (
        Column(Operator.name, "name", Kind.LINE, checked_name, MAX_NAME),
        Column(Operator.is_active, "active", Kind.FLAG, checked_flag, default=True),
        Column(Operator.max_load, "limit", Kind.WHOLE, checked_limit, MAX_LIMIT, suggested="10"),
        Column(Operator.note, "note", Kind.TEXT, checked_note, MAX_NOTE, default=""),
    ),
)
SOURCE = Entity(Source, "source", (Column(Source.name, "name", Kind.LINE, checked_name, MAX_NAME),))
