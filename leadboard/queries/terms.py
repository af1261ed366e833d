"""What is typed into a filter: plain words, and terms such as `waiting`, `op:anna`, `src:vk`.

Terms have Russian names beside the English ones, and both are understood in every language.
"""

from collections.abc import Container, Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from leadboard.common.case_folding import fold
from leadboard.common.durations import length_of
from leadboard.common.keyboard_layouts import in_latin
from leadboard.common.language import _, pgettext
from leadboard.queries.moments import moment_of

FLAGS = frozenset({"waiting", "closed"})
OF_APPEALS = FLAGS | {"op", "src", "since", "older"}
OF_LEADS: frozenset[str] = frozenset()
OF_OPERATORS = frozenset({"op"})
OF_WEIGHTS = frozenset({"op", "src"})
"""The terms that mean something in a pane."""
NAMES = {
    "waiting": pgettext("term", "waiting"),
    "closed": pgettext("term", "closed"),
    "op": pgettext("term", "op"),
    "src": pgettext("term", "src"),
    "since": pgettext("term", "since"),
    "older": pgettext("term", "older"),
}
"""What each term is called in the language in force."""
RUSSIAN = {
    "ждет": "waiting",
    "закрыто": "closed",
    "оп": "op",
    "опер": "op",
    "ист": "src",
    "с": "since",
    "старше": "older",
}
"""The terms by their Russian names as they fold, which mean the same whatever the language is."""

WITHOUT_VALUE = {
    "op": _("op: needs a part of an operator's name."),
    "src": _("src: needs a part of a source's name."),
    "since": _(
        "since: needs a date or time, such as since:10:00, since:2026-07-01 or since:01.07.26."
    ),
    "older": _(
        "older: needs a length of time, such as older:45s, older:15m, older:2h or older:3d."
    ),
}
"""What is said of each term with a value where that is missing."""
MISTAKEN = {
    **dict.fromkeys(("operator", "operators", "oper", "оператор"), _("op:")),
    **dict.fromkeys(("source", "sources", "источник"), _("src:")),
    **dict.fromkeys(
        ("from", "after", "until", "before", "date", "после", "до", "дата"), _("since:")
    ),
    **dict.fromkeys(("age", "waits", "возраст"), _("older:")),
    **dict.fromkeys(("is", "status", "state", "статус", *sorted(FLAGS)), _("waiting or closed")),
    **dict.fromkeys(("lead", "лид"), _("the id alone")),
}
"""Words that look like terms, and what is probably meant."""


LONG = timedelta(days=1)
"""An age for which so many appeals are passed over, newest first, that it may be noticed."""


@dataclass(frozen=True, slots=True)
class AppealFilter:
    """Which appeals a list shows; words must each be found in lead, source, operator or message."""

    words: tuple[str, ...] = ()
    is_waiting: bool = False
    is_closed: bool = False
    operators: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: datetime | None = None
    older: timedelta | None = None
    """How long ago appeals were received at least, at any moment at which the list is read."""
    lead_id: int | None = None
    operator_id: int | None = None
    source_id: int | None = None
    is_open: bool = False
    faults: tuple[str, ...] = field(default=(), compare=False)
    """A sentence for each term that is wrong, and so leaves nothing out."""

    @property
    def is_slow(self) -> bool:
        """Tell whether every message may have to be read to find one, or many appeals passed."""
        return bool(self.words) or (self.older is not None and self.older >= LONG)

    def latest(self, now: datetime) -> datetime | None:
        """Return the latest moment at which an appeal may have been received, None for any."""
        try:
            return None if self.older is None else now - self.older
        except OverflowError:  # before the calendar begins
            return datetime.min.replace(tzinfo=UTC)


EVERYTHING = AppealFilter()


@dataclass(frozen=True, slots=True)
class _Term:
    """A term as typed: `waiting`, or a name and a value with a colon between them."""

    name: str
    value: str | None = None


def parse(text: str, now: datetime, terms: Set[str] = OF_APPEALS) -> AppealFilter:
    """Return what a filter asks for; only `terms` mean anything here, the others are faults."""
    words, good, faults = [], [], []
    for typed in text.split():
        term = _term(typed)
        if term is None:
            words.append(typed)
        elif fault := _fault(term, terms, now):
            faults.append(fault)
        else:
            good.append(term)
    flags = {term.name for term in good}
    moments = (moment_of(value, now) for value in _values(good, "since"))
    lengths = map(length_of, _values(good, "older"))
    return AppealFilter(
        # Letters that nobody sees fold to nothing, which every text holds.
        words=tuple(word for word in words if fold(word)),
        is_waiting="waiting" in flags,
        is_closed="closed" in flags,
        operators=_values(good, "op"),
        sources=_values(good, "src"),
        # All terms must hold, so the latest and the longest decide.
        since=max(filter(None, moments), default=None),
        older=max((length for length in lengths if length is not None), default=None),
        faults=tuple(faults),
    )


def _values(terms: Iterable[_Term], name: str) -> tuple[str, ...]:
    return tuple(term.value for term in terms if term.name == name and term.value)


def _term(typed: str) -> _Term | None:
    """Return the term that was typed, None for a word.

    Terms are known in any case, by their Russian names, and where the Russian layout is on:
    `OP:anna`, `оп:анна`, `щз:анна`, `щзЖанна`.
    """
    name, colon, value = typed.partition(":")
    # Only where the layout is the wrong one: `СЖАТЬ` is a word.
    if not colon and in_latin(fold(typed.partition("Ж")[0])) in WITHOUT_VALUE:
        name, colon, value = typed.partition("Ж")
    if not colon:
        flag = _known(name, FLAGS)
        return _Term(flag) if flag else None
    known = _known(name, WITHOUT_VALUE) or _known(name, MISTAKEN)
    # With `//` it is an address.
    return _Term(known, value) if known and not value.startswith("//") else None


def _known(name: str, names: Container[str]) -> str:
    """Return the name that was typed, in either language or layout; empty for none of them."""
    folded = fold(name)
    meant = (folded, RUSSIAN.get(folded, ""), in_latin(folded))
    return next((each for each in meant if each in names), "")


def _fault(term: _Term, terms: Set[str], now: datetime) -> str:
    """Return why a term means nothing, empty for one that does."""
    name, value = term.name, term.value
    if value is not None and name not in WITHOUT_VALUE:
        meant = MISTAKEN[name]
        right = f"{meant}{value}" if meant.endswith(":") else meant
        return _("{name}: is no term: write {right}.", name=NAMES.get(name, name), right=right)
    if name not in terms:
        return _("{name} means nothing here.", name=NAMES[name])
    if value is not None and not fold(value).strip():
        return WITHOUT_VALUE[name]
    return _fault_of_time(name, value, now) if value else ""


def _fault_of_time(name: str, value: str, now: datetime) -> str:
    """Return why a value names no moment or no length, empty for one that does or need not."""
    if name == "since" and moment_of(value, now) is None:
        return _(
            "since:{value} is no date or time, such as since:10:00, since:2026-07-01 or "
            "since:01.07.26.",
            value=value,
        )
    if name == "older" and length_of(value) is None:
        return _(
            "older:{value} is no length of time, such as older:45s, older:15m, older:2h or "
            "older:3d.",
            value=value,
        )
    return ""


def matches(word: str, text: str) -> bool:
    """Tell whether a text holds a word as a reader would find it."""
    return fold(word) in fold(text)


def is_named(name: str, words: Iterable[str]) -> bool:
    """Tell whether a name holds every word."""
    return all(matches(word, name) for word in words)
