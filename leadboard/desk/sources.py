"""Acts on sources: added, changed, deleted."""

from leadboard.allocation.journal import Journal
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import delete, insert, rewrite
from leadboard.entities import SOURCE


def add_source(name: object, *, actor: str, **columns: object) -> Done[int]:
    """Add a source of appeals; the result is the id.

    `columns` are those that have a default.
    """
    wanted = SOURCE.completed(SOURCE.checked({"name": name, **columns}))

    def work(journal: Journal) -> tuple[str, int]:
        source_id = insert(SOURCE, journal, wanted)
        words = SOURCE.of_new(wanted)
        return _("Source {name} added{words}", name=wanted["name"], words=words), source_id

    return record(actor, "add source", work)


def change_source(source_id: int, *, actor: str, **columns: object) -> Done[int]:
    """Change any columns of a source in one act; the result is the id.

    Another strategy decides from the next appeal on; a seal that is switched off ends with it.
    """
    wanted = SOURCE.checked(columns)
    if not wanted:
        raise Refused(_("There is nothing to change."))

    def work(journal: Journal) -> tuple[str, int]:
        before = rewrite(SOURCE, source_id, journal, wanted)
        return _("Source {change}", change=SOURCE.change(before, wanted)), source_id

    return record(actor, "change source", work)


def delete_source(source_id: int, *, actor: str) -> Done[int]:
    """Delete a source that never had an appeal, with its weights."""

    def work(journal: Journal) -> tuple[str, int]:
        before = delete(SOURCE, source_id, journal)
        return _("Source {name} deleted", name=before["name"]), source_id

    return record(actor, "delete source", work)
