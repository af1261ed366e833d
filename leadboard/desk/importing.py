"""The act that imports a table: rows are added and changed, all of them or none."""

from collections.abc import Mapping, Sequence

from leadboard.allocation.journal import Journal
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import insert, rewrite
from leadboard.entities import Entity

RowsWanted = Sequence[tuple[int | None, Mapping[str, object]]]
"""The rows to store: an id, None for a new row, and the columns to set."""


def import_rows(entity: Entity, wanted: RowsWanted, *, actor: str) -> Done[Sequence[int]]:
    """Add and change rows of a table in one act; the result is their ids.

    A new row needs every column that has no default. Raises Refused for an invalid value.
    """
    checked = [(row_id, entity.checked(columns)) for row_id, columns in wanted]
    rows = [
        (row_id, entity.completed(columns) if row_id is None else columns)
        for row_id, columns in checked
    ]

    def work(journal: Journal) -> tuple[str, Sequence[int]]:
        ids: list[int] = []
        for row_id, columns in rows:
            if row_id is None:
                ids.append(insert(entity, journal, columns))
            else:
                rewrite(entity, row_id, journal, columns)
                ids.append(row_id)
        added = sum(row_id is None for row_id, _unused in rows)
        changed = len(rows) - added
        return entity.says.imported.format(added=added, changed=changed), ids

    return record(actor, f"import {entity.word}s", work)
