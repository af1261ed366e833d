"""Acts on sources: added, renamed, deleted."""

from leadboard.allocation.journal import Journal
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import delete, insert, rewrite
from leadboard.entities import SOURCE


def add_source(name: object, *, actor: str) -> Done[int]:
    """Add a source of appeals; the result is the id."""
    wanted = SOURCE.checked({"name": name})

    def work(journal: Journal) -> tuple[str, int]:
        return f"Source {wanted['name']} added", insert(SOURCE, journal, wanted)

    return record(actor, "add source", work)


def rename_source(source_id: int, name: object, *, actor: str) -> Done[int]:
    """Give a source another name; the result is the id."""
    wanted = SOURCE.checked({"name": name})

    def work(journal: Journal) -> tuple[str, int]:
        before = rewrite(SOURCE, source_id, journal, wanted)
        return f"Source {SOURCE.change(before, wanted)}", source_id

    return record(actor, "rename source", work)


def delete_source(source_id: int, *, actor: str) -> Done[int]:
    """Delete a source that never had an appeal, with its weights."""

    def work(journal: Journal) -> tuple[str, int]:
        before = delete(SOURCE, source_id, journal)
        return f"Source {before['name']} deleted", source_id

    return record(actor, "delete source", work)
