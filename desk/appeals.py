"""Acts on appeals: entered by hand and closed."""

from collections.abc import Sequence
from random import Random

import moves
from allocator import LOTTERY, Draft, Placed, place
from desk.recording import Done, record
from journal import Journal


def submit(
    external_id: object,
    source_id: int,
    message: object,
    key: object = None,
    *,
    actor: str,
    rng: Random = LOTTERY,
) -> Placed:
    """Enter an appeal by hand: as `allocator.submit`, and recorded so that it can be withdrawn."""
    draft = Draft.checked(external_id, source_id, message, key)
    placed: list[Placed] = []

    def work(journal: Journal) -> str:
        placed.append(place(draft, rng, journal))
        return f"Appeal #{placed[-1].id} entered, {placed[-1].operator or 'waiting'}"

    record(actor, "submit", work)
    return placed[-1]


def close(appeal_ids: Sequence[int], *, actor: str) -> Done:
    """Close open appeals; their places are free again."""

    def work(journal: Journal) -> str:
        for appeal_id in appeal_ids:
            moves.close(appeal_id, journal)
        return f"{_appeals(appeal_ids)} closed"

    return record(actor, "close", work)


def _appeals(appeal_ids: Sequence[int]) -> str:
    return f"Appeal #{appeal_ids[0]}" if len(appeal_ids) == 1 else f"{len(appeal_ids)} appeals"
