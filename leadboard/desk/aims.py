"""Acts that may be asked for again: an appeal that is so already is left alone, and no error.

A program whose answer was lost asks once more, and must neither do it twice nor be refused.
"""

from collections.abc import Callable, Sequence

from leadboard.allocation.appeal_state import AppealState, Seen
from leadboard.allocation.appeals import states_of
from leadboard.common.errors import Refused
from leadboard.database.transactions import reading
from leadboard.desk.appeals import MovedIds, assign, close, give_back, reopen
from leadboard.desk.recording import Done

Ids = Sequence[int]


def closed(appeal_ids: Ids, *, holder_id: int | None = None, actor: str) -> Done[MovedIds]:
    """Have appeals closed; with `holder_id` only those that this operator still has."""
    return _unless(
        lambda: close(appeal_ids, seen=_held(appeal_ids, holder_id), actor=actor),
        appeal_ids,
        lambda state: state.closed_at is not None,
    )


def returned(appeal_ids: Ids, *, holder_id: int | None = None, actor: str) -> Done[MovedIds]:
    """Have appeals taken from their operators, or only from the one that `holder_id` names.

    Without it, asking again takes an appeal from whoever got it in between.
    """

    def is_so(state: AppealState) -> bool:
        if state.closed_at is not None:
            return False
        return state.operator_id is None or holder_id not in (None, state.operator_id)

    return _unless(
        lambda: give_back(appeal_ids, seen=_held(appeal_ids, holder_id), actor=actor),
        appeal_ids,
        is_so,
    )


def assigned(
    appeal_ids: Ids, operator_id: int, *, force: bool = False, actor: str
) -> Done[MovedIds]:
    """Have appeals with an operator, beyond their limit only with `force`."""
    return _unless(
        lambda: assign(appeal_ids, operator_id, force=force, actor=actor),
        appeal_ids,
        lambda state: state.closed_at is None and state.operator_id == operator_id,
    )


def reopened(appeal_ids: Ids, *, holder_id: int | None = None, actor: str) -> Done[MovedIds]:
    """Have appeals open, with their operators again where there is room.

    With `holder_id` only those that this operator had when they were closed.
    """
    was = None if holder_id is None else dict.fromkeys(appeal_ids, (holder_id, True))
    return _unless(
        lambda: reopen(appeal_ids, seen=was, actor=actor),
        appeal_ids,
        lambda state: state.closed_at is None,
    )


def _held(appeal_ids: Ids, holder_id: int | None) -> dict[int, Seen] | None:
    return None if holder_id is None else dict.fromkeys(appeal_ids, (holder_id, False))


def _unless(
    act: Callable[[], Done[MovedIds]], appeal_ids: Ids, is_so: Callable[[AppealState], bool]
) -> Done[MovedIds]:
    """Do an act, or say that nothing was to be done where all appeals are so already."""
    try:
        return act()
    except Refused as refusal:
        # Looked at only now: most often there is something to do, and this would be a reading more.
        states = reading(lambda: states_of(appeal_ids))
        if appeal_ids and all(map(is_so, states.values())):
            return Done(str(refusal), None, ())
        raise
