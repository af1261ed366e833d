"""The ledger as sentences: what each new line says, in words and names."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import Row, rows

LINES = (
    "SELECT place, appeal_id, kind, was.name, has.name, drawn, act"
    " FROM appeal_step"
    " LEFT JOIN operator was ON was.id = was_operator_id"
    " LEFT JOIN operator has ON has.id = appeal_step.operator_id"
    " LEFT JOIN event ON event.id = event_id"
    " ORDER BY place"
)

BROKEN = (
    "SELECT * FROM (SELECT appeal_id, place, kind, was_operator_id,"
    " lag(operator_id) OVER of_one AS told, row_number() OVER of_one AS number"
    " FROM appeal_step WINDOW of_one AS (PARTITION BY appeal_id ORDER BY place)) AS line"
    " WHERE coalesce(was_operator_id, 0) <> coalesce(told, 0)"
    " OR (kind = 'received') <> (number = 1)"
)
"""The lines that do not begin where the line before of their appeal ended."""


@contextmanager
def new_lines() -> Iterator[list[str]]:
    """Yield a list that is filled with the lines which the block has added, in words.

    Such as `#5 moved: Anna → Boris, by assign`; nothing may be settled meanwhile.
    """
    found: list[str] = []
    before = rows(LINES)
    yield found
    after = rows(LINES)
    assert after[: len(before)] == before
    found += map(_told, after[len(before) :])


def _told(line: Row) -> str:
    _, appeal, kind, was, has, drawn, act = line
    by_lottery, by = ", drawn" * bool(drawn), f", by {act}" if act else ""
    return f"#{appeal} {kind}: {was or 'nobody'} → {has or 'nobody'}{by_lottery}{by}"
