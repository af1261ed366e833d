"""Acts on sources and on the weights that operators have for them."""

from leadboard.allocation.journal import Journal
from leadboard.common.validation import checked_name
from leadboard.desk.recording import Done, Wanted, _told, record
from leadboard.desk.rows import (
    delete_source_row,
    insert_source,
    rewrite_source,
    source_name,
)


def add_source(name: object, *, actor: str) -> Done:
    """Add a source of appeals."""
    fresh = checked_name(name)

    def work(journal: Journal) -> str:
        insert_source(journal, name=fresh)
        return f"Source {fresh} added"

    return record(actor, "add source", work)


def rename_source(source_id: int, name: object, *, actor: str) -> Done:
    """Give a source another name."""
    fresh = checked_name(name)

    def work(journal: Journal) -> str:
        before = source_name(source_id)
        rewrite_source(source_id, journal, name=fresh)
        return f"Source {before} is now {fresh}"

    return record(actor, "rename source", work)


def delete_source(source_id: int, *, actor: str) -> Done:
    """Delete a source that never had an appeal, with its weights."""

    def work(journal: Journal) -> str:
        name = source_name(source_id)
        delete_source_row(source_id, journal)
        return f"Source {name} deleted"

    return record(actor, "delete source", work)


def import_sources(wanted: Wanted, *, actor: str) -> Done:
    """Add and rename sources in one act; all of them or none."""
    checked = [(each, checked_name(columns.get("name"))) for each, columns in wanted]

    def work(journal: Journal) -> str:
        for source_id, name in checked:
            if source_id is None:
                insert_source(journal, name=name)
            else:
                rewrite_source(source_id, journal, name=name)
        return _told("Sources", wanted)

    return record(actor, "import sources", work)
