"""Statistics of a span from the ledger: read once in portions, then on with what is new."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Any

from leadboard.allocation.ledger import settle
from leadboard.common.text import clean
from leadboard.database.compiled_queries import Compiled
from leadboard.database.connection import engine
from leadboard.database.fields import now
from leadboard.database.transactions import reading
from leadboard.queries.lengths import Lengths, Spread
from leadboard.queries.spans import TimeSpan, within
from leadboard.queries.statistics_fold import Fold, Pair
from leadboard.queries.statistics_reading import Reading
from models import Operator, Source

PORTION = 5_000
"""Lines that are read at a time, so that others get their turn."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the span, such as an hour: what arrived and was closed, and the most that waited.

    `waiting` is None for a part that has not begun.
    """

    start: datetime
    received: int
    closed: int
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the appeals of a source or an operator waited, and how long they were handled."""

    id: int
    name: str
    waited: Spread
    handled: Spread
    by_hand: int
    loads: tuple[int, ...] = ()
    """Of an operator, at each mark up to now, and last that of now."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What happened in a span, of one source or of all; names are safe for a terminal."""

    span: TimeSpan
    source: str | None
    unit: str
    parts: tuple[Part, ...]
    marks: tuple[datetime, ...]
    """When the loads were as they are told, but the last."""
    operators: tuple[Waits, ...]
    sources: tuple[Waits, ...]
    whole: Waits
    waiting: int
    """How many appeals wait now; their waits are not over, so that no figure has them."""
    remarks: tuple[str, ...]
    """What is left out, in sentences."""

    @property
    def since(self) -> date | None:
        """Return the first day, None for all time."""
        return None if self.span is TimeSpan.ALL else self.parts[0].start.astimezone().date()

    @property
    def received(self) -> int:
        """Return how many appeals arrived."""
        return sum(each.received for each in self.parts)

    @property
    def closed(self) -> int:
        """Return how many were closed."""
        return sum(each.closed for each in self.parts)


class Gathering:
    """The statistics of one span, for as long as it lasts.

    `catch_up` reads on, a portion at a time, and `told` returns what the lines so far say. Neither
    belongs on the screen's thread.
    """

    def __init__(self, span: TimeSpan) -> None:
        self.span = span
        self._reading: Reading | None = None

    def catch_up(self, portion: int = PORTION) -> bool:
        """Read the next portion of lines; return whether there are more; raises Trouble."""
        begun = self._reading
        if begun is None or begun.is_through:
            _settle()
        if begun is None:
            begun = self._reading = reading(lambda: Reading(self.span))
        return reading(lambda: begun.read(portion))

    @property
    def progress(self) -> float:
        """Return the part of the lines that have been read, from 0 to 1."""
        return self._reading.progress if self._reading else 0.0

    @property
    def size(self) -> int:
        """Return how many lines there are to read, as far as is known."""
        return self._reading.size if self._reading else 0

    @property
    def is_over(self) -> bool:
        """Tell whether another span has begun by now."""
        return self._reading is not None and now() >= self._reading.marks.end

    def told(self, source_id: int | None = None) -> Statistics:
        """Return the statistics of a source, or of all sources, once all was read; raises Trouble.

        What is not read yet is read first.
        """
        while (begun := self._reading) is None or not begun.is_whole:
            self.catch_up()
        return reading(lambda: _told(begun, source_id))


def _settle() -> None:
    # Who may only read leaves it to others.
    if engine().is_server and not engine().is_read_only:
        settle()


# --- in figures ---------------------------------------------------------------------------------

_OPERATORS = Compiled(lambda: Operator.select(Operator.id, Operator.name).order_by(Operator.id))
_SOURCES = Compiled(lambda: Source.select(Source.id, Source.name).order_by(Source.id))


def _names(query: Compiled) -> dict[int, str]:
    return {key: clean(name) for key, name in query.rows()}


def _told(begun: Reading, source_id: int | None) -> Statistics:
    sources, operators = _names(_SOURCES), _names(_OPERATORS)
    marks = begun.marks.starts[: within(begun.marks.starts, now())]
    loads = begun.loads(source_id, len(marks))
    by_source, by_operator, by_all = (
        _Times(begun.fold, source_id, of) for of in (itemgetter(0), itemgetter(1), lambda _: 0)
    )
    if source_id is not None:
        sources = {key: name for key, name in sources.items() if key == source_id}
    return Statistics(
        begun.span,
        None if source_id is None else sources.get(source_id, ""),
        begun.marks.unit,
        tuple(_parts(begun, source_id, len(marks))),
        marks,
        tuple(by_operator.of(*each, loads.get(each[0], ())) for each in operators.items()),
        tuple(by_source.of(*each) for each in sources.items()),
        by_all.of(0, ""),
        begun.waiting_now(source_id),
        begun.remarks,
    )


class _Times:
    """The lengths and moves of a source or of all, put together by what a function says."""

    def __init__(self, fold: Fold, source_id: int | None, of: Callable[[Pair], Any]) -> None:
        self._waited: dict[Any, list[Lengths]] = defaultdict(list)
        self._handled: dict[Any, list[Lengths]] = defaultdict(list)
        self._by_hand: Counter[Any] = Counter()
        for known, found in ((self._waited, fold.waited), (self._handled, fold.handled)):
            for pair, lengths in found.items():
                if source_id in (None, pair[0]):
                    known[of(pair)].append(lengths)
        for pair, count in fold.by_hand.items():
            self._by_hand[of(pair)] += count if source_id in (None, pair[0]) else 0

    def of(self, key: int, name: str, loads: Sequence[int] = ()) -> Waits:
        """Return the figures of one operator, one source, or all."""
        waited, handled = self._waited.get(key, ()), self._handled.get(key, ())
        return Waits(
            key,
            name,
            Lengths.together(waited).spread(),
            Lengths.together(handled).spread(),
            self._by_hand[key],
            tuple(loads),
        )


def _parts(begun: Reading, source_id: int | None, count: int) -> Iterator[Part]:
    starts, parts = begun.marks.starts, begun.marks.parts
    waiting = begun.most_waiting(source_id, count)
    received, closed = (
        _summed(each, source_id, len(starts)) for each in (begun.fold.received, begun.fold.closed)
    )
    for first, end in pairwise([*parts, len(starts)]):
        most = max(waiting[first:end], default=None)
        yield Part(starts[first], sum(received[first:end]), sum(closed[first:end]), most)


def _summed(found: Mapping[int, list[int]], source_id: int | None, count: int) -> list[int]:
    chosen = [each for key, each in found.items() if source_id in (None, key)]
    return [sum(each) for each in zip([0] * count, *chosen, strict=True)]
