"""What tests of the acts share: refusals, the record of acts, and the rules as code."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.entities import OPERATOR, SOURCE
from tests.support import Dump, Row, assert_loads_equal_counts, dump, number, rows

Columns = Mapping[str, object]


def snapshot() -> Dump:
    """Return what undo brings back: operators, sources, weights and appeals."""
    return dump("operator", "source", "operator_source", "appeal")


@contextmanager
def refused(*words: str) -> Iterator[None]:
    """Expect an act to be refused with a sentence that holds `words`, and to change nothing."""
    before = dump()
    with pytest.raises(Refused) as refusal:
        yield
    sentence = str(refusal.value)
    assert_sentence(sentence)
    for word in words:
        assert word in sentence
    assert dump() == before


def assert_sentence(text: str) -> None:
    """Check that a text is one sentence for people."""
    assert text.endswith(".")
    assert "\n" not in text
    assert "None" not in text


# --- the record -------------------------------------------------------------------------------


def last_event() -> Row:
    """Return (actor, act, note, forced) of the newest event."""
    return rows("SELECT actor, act, note, forced FROM event ORDER BY id DESC LIMIT 1")[0]


def newest_event_id() -> int:
    """Return the id of the newest event, 0 when there is none."""
    return number("SELECT coalesce(max(id), 0) FROM event")


def changes_of(event_id: int) -> dict[str, tuple[Columns | None, Columns | None]]:
    """Return before and after by subject: rows of the team as recorded, appeals by the ledger."""
    found = rows("SELECT subject, before, after FROM event_change WHERE event_id = ?", event_id)
    team = {str(subject): (_row(before), _row(after)) for subject, before, after in found}
    return team | _appeals_of(event_id)


def _appeals_of(event_id: int) -> dict[str, tuple[Columns | None, Columns | None]]:
    spans = rows(
        "SELECT appeal_id, min(place), max(place) FROM appeal_step WHERE event_id = ?"
        " GROUP BY appeal_id ORDER BY appeal_id",
        event_id,
    )
    return {
        f"appeal:{key}": (_step(key, "<", first), _step(key, "<=", last))
        for key, first, last in spans
    }


def _step(appeal_id: object, order: str, place: object) -> Columns | None:
    """Return the columns of an appeal after its last line before, or up to, a place."""
    found = rows(
        "SELECT operator_id, closed_at, roster_id, draw, kind = 'withdrawn' FROM appeal_step"
        f" WHERE appeal_id = ? AND place {order} ? ORDER BY place DESC LIMIT 1",
        appeal_id,
        place,
    )
    return dict(zip(APPEAL, found[0], strict=True)) if found else None


APPEAL = ("operator_id", "closed_at", "roster_id", "draw", "withdrawn")
"""The columns of an appeal that acts change."""


def _row(text: object) -> Columns | None:
    if text is None:
        return None
    columns: dict[str, object] = json.loads(str(text))
    return columns


def subjects() -> dict[str, Columns]:
    """Return every row that acts change, named and cut as the record has them."""
    found: dict[str, Columns] = {}
    for entity in (OPERATOR, SOURCE):
        columns = ", ".join(entity.names)
        for key, *values in rows(f"SELECT id, {columns} FROM {entity.word}"):
            found[f"{entity.word}:{key}"] = dict(zip(entity.names, values, strict=True))
    for operator, source, weight in rows("SELECT * FROM operator_source"):
        found[f"weight:{operator}:{source}"] = {"weight": weight}
    for key, *values in rows(f"SELECT id, {', '.join(APPEAL)} FROM appeal"):
        found[f"appeal:{key}"] = dict(zip(APPEAL, values, strict=True))
    return found


def assert_record_replays(
    event_id: int, before: Mapping[str, Columns], after: Mapping[str, Columns]
) -> None:
    """Check that an event says of every row what really happened to it, and of no other row."""
    changes = changes_of(event_id)
    touched = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert touched <= set(changes)
    drawn_alike = {name for name, (was, became) in changes.items() if was == became}
    assert set(changes) - touched == drawn_alike
    assert all(name.startswith("appeal:") for name in drawn_alike)
    for name, (was, became) in changes.items():
        _assert_part(was, before.get(name))
        _assert_part(became, after.get(name))
        if was is not None and became is not None:
            assert was.keys() == became.keys()
            assert {**before[name], **became} == after[name]


def _assert_part(part: Columns | None, whole: Columns | None) -> None:
    assert (part is None) == (whole is None)
    if part is not None and whole is not None:
        assert part == {name: whole[name] for name in part}


# --- the rules --------------------------------------------------------------------------------


def assert_nobody_waits_in_vain() -> None:
    """Rule 6: no appeal waits that somebody could take."""
    stuck = rows(
        "SELECT appeal.id, operator.id FROM appeal"
        " JOIN operator_source USING (source_id)"
        " JOIN operator ON operator.id = operator_source.operator_id"
        " WHERE closed_at IS NULL AND appeal.operator_id IS NULL"
        " AND is_active AND weight > 0 AND load < max_load"
    )
    assert stuck == []


def assert_clean() -> None:
    """Check that nothing is wrong with the open database."""
    assert_loads_equal_counts()
    assert_nobody_waits_in_vain()
    assert [each.sentence for each in audit.check()] == []
    assert [each.sentence for each in verify().findings] == []
