"""What the lines of the ledger add up to, one after another, in memory for what is open only.

What a line means for statistics:

- An appeal arrives when it is received. One from a file does not: nobody knows how it was handled.
- A closing counts when it was done. One that was undone does not count, until it is done again.
- An appeal waits from its arrival until somebody has it for the first time, perhaps for no time.
- It is handled from when its operator got it until it is closed, as `times` says of what is held.
- A move by hand gives an appeal to an operator whom no draw chose, on arrival or later.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from leadboard.allocation.journal import UNDO
from leadboard.allocation.ledger import (
    ASSIGNED,
    CLOSED,
    IMPORTED,
    MOVED,
    RECEIVED,
    REOPENED,
    WITHDRAWN,
)
from leadboard.queries.lengths import Lengths


class ChangeLine(NamedTuple):
    """A line of the ledger; `act` is known of a closing and a reopening that an act did."""

    seq: int
    at: datetime
    appeal_id: int
    kind: str
    operator_id: int | None
    was_operator_id: int | None
    closed_at: datetime | None
    drawn: bool
    source_id: int
    act: str | None

    @property
    def waiting(self) -> int:
        """Return by how many more appeals wait after the line: 1, 0 or -1."""
        waits = self.operator_id is None and self.closed_at is None
        return waits - (self.was_operator_id is None and self._was_open)

    @property
    def got(self) -> int | None:
        """Return whose load grew by the line."""
        # A repair notes an appeal as it was found: nothing happened to it.
        is_repair = self.kind == IMPORTED and self.was_operator_id is not None
        return None if self.closed_at is not None or is_repair else self.operator_id

    @property
    def lost(self) -> int | None:
        """Return whose load shrank by the line."""
        return self.was_operator_id if self._was_open else None

    @property
    def _was_open(self) -> bool:
        # Whatever else happens to an appeal, it was open before: only those are closed or moved.
        return self.kind not in (RECEIVED, REOPENED, IMPORTED)

    @property
    def is_by_hand(self) -> bool:
        """Tell whether an operator got the appeal whom no draw chose."""
        is_given = self.kind in (RECEIVED, ASSIGNED, MOVED) and self.operator_id is not None
        return is_given and not self.drawn

    @property
    def is_closing(self) -> bool:
        """Tell whether the line closes an appeal, now or again."""
        # An undo brings back a closing that was counted, a file one that was never seen.
        is_from_file = self.act is None and self.closed_at != self.at
        return self.kind == CLOSED and self.act != UNDO and not is_from_file


Pair = tuple[int, int | None]
"""A source and an operator of its appeals, None for nobody."""
Earlier = Callable[[int, int], Sequence[ChangeLine]]
"""Returns the lines of an appeal that come before a place."""

KEPT = 100_000
"""Open appeals whose beginnings are kept in any case; of twice as many some are looked up."""


class Fold:
    """Adds up lines by the parts between marks; the lines must come in the order of the ledger.

    Of lines before the first mark only the beginnings of waits and holds are kept.
    """

    def __init__(self, starts: Sequence[datetime], earlier: Earlier) -> None:
        self._starts, self._earlier = starts, earlier
        self._part = 0
        self._since: dict[int, datetime | None] = {}
        self._older: dict[int, datetime | None] = {}
        """What is kept, in two dictionaries: the older one goes as a whole, which takes no time."""
        self.received: dict[int, list[int]] = defaultdict(self._zeros)
        """By source, and by part; so are the closings, and by how much more appeals waited."""
        self.closed: dict[int, list[int]] = defaultdict(self._zeros)
        self.waiting: dict[int, list[int]] = defaultdict(self._zeros)
        self.peaks: dict[int | None, dict[int, int]] = defaultdict(dict)
        """The most that waited, by source and part, beyond those before the first line."""
        self.risen: dict[int | None, int] = defaultdict(int)
        """How many more wait after the last line than before the first, by source; None: all."""
        self.loads: dict[Pair, list[int]] = defaultdict(self._zeros)
        """By how much loads grew, by part."""
        self.by_hand: dict[Pair, int] = defaultdict(int)
        self.waited: dict[Pair, Lengths] = defaultdict(Lengths)
        self.handled: dict[Pair, Lengths] = defaultdict(Lengths)

    def _zeros(self) -> list[int]:
        return [0] * len(self._starts)

    def add(self, line: ChangeLine) -> None:
        """Add one line."""
        part = self._part_of(line.at)
        if part is not None:
            self._count(line, part)
            self._raise_waiting(line, part)
            self._raise_loads(line, part)
        self._time(line, is_within=part is not None)

    def _part_of(self, at: datetime) -> int | None:
        """Return the part that a moment lies in, None before the first."""
        starts, part = self._starts, self._part
        # Nearly always that of the line before.
        if starts[part] <= at and (part + 1 == len(starts) or at < starts[part + 1]):
            return part
        if (part := bisect_right(starts, at) - 1) < 0:
            return None
        self._part = part
        return part

    # --- how many -------------------------------------------------------------------------------

    def _count(self, line: ChangeLine, part: int) -> None:
        if line.kind == RECEIVED:
            self.received[line.source_id][part] += 1
        elif line.is_closing:
            self._count_closing(line, 1)
        if line.is_by_hand:
            self.by_hand[line.source_id, line.operator_id] += 1

    def _count_closing(self, line: ChangeLine, count: int) -> None:
        """Count a closing where it was done, which for one that is done again is earlier."""
        part = self._part_of(line.closed_at or line.at)
        if part is not None:
            self.closed[line.source_id][part] += count

    def _raise_waiting(self, line: ChangeLine, part: int) -> None:
        if not (more := line.waiting):
            return
        self.waiting[line.source_id][part] += more
        for key in (line.source_id, None):
            self.risen[key] += more
            peaks = self.peaks[key]
            peaks[part] = max(peaks.get(part, self.risen[key] - more), self.risen[key])

    def _raise_loads(self, line: ChangeLine, part: int) -> None:
        got, lost = line.got, line.lost
        if got == lost:
            return
        if got is not None:
            self.loads[line.source_id, got][part] += 1
        if lost is not None:
            self.loads[line.source_id, lost][part] -= 1

    # --- how long -------------------------------------------------------------------------------

    def _time(self, line: ChangeLine, *, is_within: bool) -> None:
        if line.kind == ASSIGNED:
            self._end_wait(line, self._taken(line), is_within=is_within)
        elif line.is_closing:
            self._end_hold(line, self._taken(line), 1)
        elif line.kind == RECEIVED and line.operator_id is not None:
            self._end_wait(line, line.at, is_within=is_within)
        if line.closed_at is not None:
            self._forget(line.appeal_id)
        else:
            since = self._reopened(line) if line.kind == REOPENED else since_after([line])
            self.keep(line.appeal_id, since)

    def _end_wait(self, line: ChangeLine, since: datetime | None, *, is_within: bool) -> None:
        if is_within and since is not None:
            self.waited[line.source_id, line.operator_id].add(line.at - since)

    def _end_hold(self, line: ChangeLine, since: datetime | None, count: int) -> None:
        closed_at = line.closed_at or line.at
        if line.operator_id is None or since is None or self._part_of(closed_at) is None:
            return
        self.handled[line.source_id, line.operator_id].add(closed_at - since, count)

    def _taken(self, line: ChangeLine) -> datetime | None:
        """Return since when the appeal of a line waited or was held before it, and forget that."""
        if self._knows(line.appeal_id):
            return self._forget(line.appeal_id)
        return since_after(self._earlier(line.appeal_id, line.seq))

    def _knows(self, appeal_id: int) -> bool:
        return appeal_id in self._since or appeal_id in self._older

    def _forget(self, appeal_id: int) -> datetime | None:
        older = self._older.pop(appeal_id, None)
        return self._since.pop(appeal_id, older)

    def keep(self, appeal_id: int, since: datetime | None) -> None:
        """Remember since when an appeal waits for the first time, or is held."""
        self._older.pop(appeal_id, None)
        self._since[appeal_id] = since
        if len(self._since) > KEPT:
            self._older, self._since = self._since, {}

    def unknown(self, lines: Iterable[ChangeLine]) -> list[int]:
        """Return the appeals whose beginnings some of the next lines end, and that are not kept."""
        told: set[int] = set()
        found = []
        for line in lines:
            is_end = line.kind in (ASSIGNED, CLOSED)
            if is_end and line.appeal_id not in told and not self._knows(line.appeal_id):
                found.append(line.appeal_id)
            told.add(line.appeal_id)
        return found

    def _reopened(self, line: ChangeLine) -> datetime | None:
        """Return since when a reopened appeal is held; take back a closing that was undone."""
        lines = self._earlier(line.appeal_id, line.seq)
        if line.act == UNDO and lines and lines[-1].is_closing:
            self._count_closing(lines[-1], -1)
            self._end_hold(lines[-1], since_after(lines[:-1]), -1)
        return since_after([*lines, line])


def since_after(lines: Iterable[ChangeLine]) -> datetime | None:
    """Return since when an appeal waits for the first time, or is held, after its lines.

    None where it waits once more, and where nobody knows, as of one from a file.
    """
    since, was = None, ""
    for line in lines:
        if line.kind in (RECEIVED, ASSIGNED, MOVED):
            since = line.at
        elif line.kind == REOPENED:
            # An undo takes a closing back as if it had never been; so does a redo a withdrawal.
            if line.act != UNDO and was != WITHDRAWN:
                since = None if line.operator_id is None else line.at
        elif line.closed_at is None:
            since = None
        was = line.kind
    return since
