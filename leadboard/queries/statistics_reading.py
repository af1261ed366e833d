"""The reading of a span's lines: where it begins, how far it is, and the levels that follow."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from leadboard.allocation.ledger import bounds, last_seq
from leadboard.common.language import _
from leadboard.database.fields import now
from leadboard.queries.ledger_search import DISORDER, first_since, moment_at
from leadboard.queries.spans import TimeSpan, marks_of
from leadboard.queries.statistics_fold import Fold, Pair
from leadboard.queries.statistics_lines import (
    beginnings,
    earlier_lines,
    lines_between,
    present,
)


class Reading:
    """A span whose lines are read in their order.

    What was open at its start is what is open now, with all that the lines tell taken back.
    """

    def __init__(self, span: TimeSpan) -> None:
        self.span = span
        self._bounds = bounds()
        pruned = self._bounds.pruned
        self.marks = marks_of(span, now(), moment_at(pruned + 1))
        self._present = present()
        since = self.marks.starts[0] - DISORDER
        self._first = first_since(since, pruned, self._present.seq + 1)
        self.fold = Fold(self.marks.starts, earlier_lines)
        self._seq, self._last = self._first - 1, self._present.seq
        self.is_whole = False
        """Whether all lines were read once."""
        self._waiting_before: dict[int | None, int] = {}
        self._loads_before: dict[Pair, int] = {}

    @property
    def is_through(self) -> bool:
        """Tell whether all lines known so far were read."""
        return self._seq >= self._last

    @property
    def progress(self) -> float:
        """Return the part of the lines that have been read."""
        return 1.0 if self.is_through else (self._seq + 1 - self._first) / self.size

    @property
    def size(self) -> int:
        """Return how many lines there are to read, as far as is known."""
        return self._last + 1 - self._first

    def read(self, portion: int) -> bool:
        """Read a portion of lines, up to the newest; tell whether there are more."""
        if self.is_whole and self.is_through:
            self._last = max(self._last, last_seq())
        up_to = min(self._last, self._seq + portion)
        lines = lines_between(self._seq, up_to)
        # Together, since one at a time would take longer than all the rest.
        for appeal_id, since in beginnings(self.fold.unknown(lines), self._seq).items():
            self.fold.keep(appeal_id, since)
        for line in lines:
            self.fold.add(line)
        self._seq = up_to
        if self.is_through and not self.is_whole:
            self._take_back()
        return not self.is_through

    def _take_back(self) -> None:
        """Find out what was open at the start, from what was when reading began."""
        fold, waiting, loads = self.fold, self._present.waiting, self._present.loads
        for source_id in {*waiting, *fold.waiting}:
            risen = sum(fold.waiting.get(source_id, ()))
            self._waiting_before[source_id] = waiting[source_id] - risen
        self._waiting_before[None] = sum(self._waiting_before.values())
        for pair in {*loads, *fold.loads}:
            self._loads_before[pair] = loads[pair] - sum(fold.loads.get(pair, ()))
        self.is_whole = True

    # --- levels ---------------------------------------------------------------------------------

    def loads(self, source_id: int | None, count: int) -> Mapping[int, Sequence[int]]:
        """Return by operator the loads at the first marks, and last that of now."""
        levels: dict[int, list[int]] = defaultdict(lambda: [0] * (count + 1))
        for pair in {*self._loads_before, *self.fold.loads}:
            source, operator_id = pair
            before = self._loads_before.get(pair, 0)
            if operator_id is not None and source_id in (None, source):
                steps = self.fold.loads.get(pair, self._no_steps)
                known = levels[operator_id]
                for at, level in enumerate(_levels(before, steps, count)):
                    known[at] += level
        # Less than nothing would be the fault of a ledger that `leadboard check` mends.
        return {key: [max(0, each) for each in known] for key, known in levels.items()}

    def most_waiting(self, source_id: int | None, count: int) -> Sequence[int]:
        """Return the most that waited at a time, from each of the first marks to the next."""
        fold = self.fold
        before = self._waiting_before.get(source_id, 0)
        if source_id is None:
            steps = [sum(each) for each in zip(self._no_steps, *fold.waiting.values(), strict=True)]
        else:
            steps = fold.waiting.get(source_id, self._no_steps)
        peaks = fold.peaks.get(source_id, {})
        starts = list(_levels(before, steps, count))[:count]
        return [
            max(0, start, before + peaks.get(at, start - before)) for at, start in enumerate(starts)
        ]

    def waiting_now(self, source_id: int | None) -> int:
        """Return how many appeals wait after the last line."""
        return max(0, self._waiting_before.get(source_id, 0) + self.fold.risen.get(source_id, 0))

    @property
    def _no_steps(self) -> list[int]:
        return [0] * len(self.marks.starts)

    # --- what is left out -----------------------------------------------------------------------

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what the figures do not hold, in sentences."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        pruned, rebuilt = self._bounds[:2]
        begins = moment_at(pruned + 1)
        if pruned and begins is not None and begins > self.marks.starts[0]:
            yield _(
                "The ledger was pruned: nothing before {at:%d.%m.%Y %H:%M} is counted.",
                at=begins.astimezone(),
            )
        if rebuilt >= self._first:
            yield _("Some lines were made by an upgrade, from what appeals and acts still told.")


def _levels(before: int, steps: Sequence[int], count: int) -> Iterator[int]:
    """Yield the levels at the first marks, and last that after all steps."""
    yield from accumulate(steps[: count - 1], initial=before)
    yield before + sum(steps)
