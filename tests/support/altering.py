"""Appeals and their ledger changed as nobody may, and what the product says of it."""

from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from tests.support import Row, rows

MOMENT = "2026-11-23T10:42:07.000000Z"
"""A moment for what was never closed by an act."""


def alter(what: str, *values: object, of: str = "id > 0") -> None:
    """Change rows of appeals past every rule and past the ledger; the loads go with them."""
    rows(f"UPDATE appeal SET {what} WHERE {of}", *values)
    recount()


def recount() -> None:
    """Make each load what it should be."""
    rows(
        "UPDATE operator SET load ="
        " (SELECT count(*) FROM appeal WHERE operator_id = operator.id AND closed_at IS NULL)"
    )


def alter_lines(what: str, *values: object, of: str = "id > 0") -> None:
    """Change the lines of appeals, and nothing else."""
    chosen = f"appeal_id IN (SELECT id FROM appeal WHERE {of})"
    for table in ("change", "pending_change"):
        rows(f"UPDATE {table} SET {what} WHERE {chosen}", *values)


def alter_both(what: str, *values: object, of: str = "id > 0") -> None:
    """Change appeals and their lines alike, as only somebody who knows the ledger can."""
    alter(what, *values, of=of)
    alter_lines(what, *values, of=of)


def lines_of(appeal_id: int) -> list[Row]:
    """Return (kind, operator before, operator after, whether drawn) of each change of an appeal."""
    return rows(
        "SELECT kind, was_operator_id, operator_id, drawn FROM appeal_step"
        " WHERE appeal_id = ? ORDER BY place",
        appeal_id,
    )


def sentences() -> list[str]:
    """Return what `leadboard check` would say."""
    return [each.sentence for each in audit.check()]


def contradictions() -> list[str]:
    """Return what `leadboard verify` would say of the lines."""
    return [each.sentence for each in verify().findings]
