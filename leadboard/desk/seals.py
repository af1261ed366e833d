"""Acts on seals: the next ones made, and those in force ended, so that their seeds are revealed."""

from collections.abc import Sequence

from leadboard.allocation.chains import end_seal, prepare, without_next
from leadboard.allocation.journal import SEAL, Journal
from leadboard.allocation.locks import take_turn
from leadboard.common.language import _
from leadboard.common.validation import storable
from leadboard.database.connection import rows
from leadboard.database.fields import now
from leadboard.database.transactions import reading, transact
from models import Source


def prepare_seals() -> None:
    """Make the seal that comes next for every source that wants one; raises Trouble.

    Its commitment can then be handed over before the first draw from it.
    """

    def work() -> None:
        take_turn()
        for source_id in without_next():
            prepare(source_id, now())

    # Else looking at the seals would wait for whoever is writing.
    if reading(without_next):
        transact(work)


def end_seals(source_ids: Sequence[int], *, actor: str) -> Sequence[str]:
    """End the seals in force of some sources, as one recorded act; raises Missing and Trouble.

    Return the names of the sources that had one. It cannot be undone: their seeds are revealed.
    """

    def work() -> Sequence[str]:
        take_turn()
        names = dict(rows(Source.select(Source.id, Source.name)))
        ended = [str(names[each]) for each in sorted(source_ids) if end_seal(each)]
        if ended:
            note = _("Seals ended and revealed: {names}", names=", ".join(ended))
            Journal().write(storable(actor), SEAL, note)
        return ended

    return transact(work)
