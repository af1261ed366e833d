"""What a list is filtered by: plain words, and terms such as `waiting`, `op:anna`, `src:vk`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which appeals a list shows; words must each be found in lead, source, operator or message."""

    words: tuple[str, ...] = ()
    is_waiting: bool = False
    is_closed: bool = False
    operators: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: datetime | None = None
    lead_id: int | None = None

    @property
    def is_slow(self) -> bool:
        """Tell whether every message may have to be read to find one."""
        return bool(self.words)


EVERYTHING = Wanted()


def parse(text: str, now: datetime) -> Wanted:
    """Return what a filter asks for; `since:` without a date means the last such local time."""
    words, operators, sources = [], [], []
    is_waiting = is_closed = False
    since = None
    for term in text.split():
        name, colon, value = term.partition(":")
        if term.casefold() == "waiting":
            is_waiting = True
        elif term.casefold() == "closed":
            is_closed = True
        elif colon and value and name == "op":
            operators.append(value)
        elif colon and value and name == "src":
            sources.append(value)
        elif name == "since" and (moment := _moment(value, now)):
            since = moment
        else:
            words.append(term)
    return Wanted(tuple(words), is_waiting, is_closed, tuple(operators), tuple(sources), since)


def _moment(text: str, now: datetime) -> datetime | None:
    """Return the latest local time or date that `text` names: `10:00`, `2026-11-01`."""
    local = now.astimezone()
    try:
        clock = time.fromisoformat(text if ":" in text else "")
    except ValueError:
        return _date(text, local)
    moment = datetime.combine(local.date(), clock, local.tzinfo)
    return moment if moment <= local else moment - timedelta(days=1)


def _date(text: str, local: datetime) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=local.tzinfo)
    except ValueError:
        return None


def matches(word: str, text: str) -> bool:
    """Tell whether a text holds a word, whatever their case, also beyond ASCII."""
    return word.casefold() in text.casefold()


def is_named(name: str, words: Iterable[str]) -> bool:
    """Tell whether a name holds every word; `op:` before one makes no difference."""
    return all(matches(word.removeprefix("op:"), name) for word in words)


def spellings(word: str) -> tuple[str, ...]:
    """Return the spellings under which a database finds a word that knows no case beyond ASCII."""
    return tuple(dict.fromkeys((word, word.lower(), word.upper(), word.capitalize())))
