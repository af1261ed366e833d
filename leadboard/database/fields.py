"""Column types that Peewee does not have, and the current time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from peewee import Field

if TYPE_CHECKING:
    AnyField = Field[Any]
else:
    AnyField = Field


class UtcField(AnyField):
    """A moment as an aware UTC datetime, kept as fixed-width ISO 8601 text that sorts by time."""

    # SQLite refuses Peewee's DATETIME in a STRICT table, and text is the same on every engine.
    field_type = "TEXT"

    def db_value(self, value: datetime | None) -> str | None:
        """Return the moment as text."""
        return None if value is None else stamp(value)

    def python_value(self, value: str | None) -> datetime | None:
        """Return the aware moment, or NoMoment for text of another program that is not one."""
        return None if value is None else moment_of(value)


class NoMoment(datetime):
    """Text of another program where a moment should be; it sorts before all moments.

    One such row must not keep the others from being shown; its text is written back unchanged.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> "NoMoment":
        """Return the stand-in for a text."""
        stand_in = cls(1, 1, 1, tzinfo=UTC)
        stand_in.text = text
        return stand_in

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """Return the text as it is in the table."""
        return self.text


def moment_of(text: str) -> datetime:
    """Return the moment that a table holds, in UTC where the text names no zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return NoMoment.of(str(text))


def stamp(moment: datetime) -> str:
    """Return a moment as the tables hold it: UTC, ISO 8601 with microseconds and `Z`."""
    if isinstance(moment, NoMoment):
        return moment.text
    return _stamp(moment)


@lru_cache(64)
def _stamp(moment: datetime) -> str:
    # Cached, since all rows of a batch are stored with one moment.
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # With microseconds, which are left out of a whole second otherwise: text of two widths would
    # not sort by time.
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """Return the current time in UTC."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def as_if_at(moment: datetime) -> Iterator[None]:
    """Let the block be done at another moment, such as in the past of a demo."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)
