"""What a round has come to: what arrived, what is due again and when, and what is given up."""

from collections.abc import Sequence
from datetime import datetime

from leadboard.common.language import _
from leadboard.hooks.outbox import HeldRow, Settlement
from leadboard.hooks.rounds import Tried
from leadboard.hooks.schedule import LONGEST_REST, Reach, next_try
from leadboard.hooks.sending import Outcome, Verdict


def settlement_of(reach: Reach, place: int, tried: Sequence[Tried], now: datetime) -> Settlement:
    """Return what is to be stored after a round that has gone up to a place of the ledger.

    What was not sent in the end, such as what follows a failure of the same appeal, is held.
    """
    settlement = Settlement(place)
    failed = {each.event.seq: _failed(reach, each, now) for each in tried if was_failure(each)}
    _note(reach, settlement, tried, failed, now)
    for event, outcome in tried:
        if event.seq in failed and outcome is not None:
            _end_of_sending(settlement, outcome, now)
            settlement.owed.append(_due_again(reach, failed[event.seq], outcome, event, now))
        elif outcome is not None and event.id is not None:
            settlement.done.append(event.id)
        elif outcome is None and event.id is None:
            settlement.owed.append(event)
    return settlement


def was_failure(tried: Tried) -> bool:
    """Tell whether an event was sent and did not arrive."""
    return tried.outcome is not None and tried.outcome.verdict is not Verdict.DELIVERED


def _failed(reach: Reach, tried: Tried, now: datetime) -> HeldRow:
    """Return an event after a failure, which is not the receiver's if others have arrived since."""
    event, outcome = tried
    assert outcome is not None
    is_own = event.attempts > 0 and reach.last_hit > event.first_at
    return event._replace(
        first_at=event.first_at if event.attempts else now,
        failure=outcome.words,
        is_unreachable=outcome.verdict is Verdict.UNREACHABLE and not is_own,
    )


def _note(
    reach: Reach,
    settlement: Settlement,
    tried: Sequence[Tried],
    failed: dict[int, HeldRow],
    now: datetime,
) -> None:
    """Note whether the receiver was reached; if it was, what had not reached it before is due."""
    verdicts = {each.outcome.verdict for each in tried if each.outcome is not None}
    if Verdict.DELIVERED in verdicts:
        settlement.back_since = reach.last_hit
        reach.hit(now)
        return
    if Verdict.FAILED in verdicts:
        reach.answered()
    if failed:
        reach.miss({each.appeal_id for each in failed.values() if each.is_unreachable}, now)


def _end_of_sending(settlement: Settlement, outcome: Outcome, now: datetime) -> None:
    if outcome.verdict is Verdict.GONE:
        settlement.off_because = _("the receiver {answered}", answered=outcome.words)
    if outcome.rest:
        rest = now + outcome.rest
        settlement.rests_until = max(settlement.rests_until or rest, rest)


def _due_again(
    reach: Reach, failed: HeldRow, outcome: Outcome, event: HeldRow, now: datetime
) -> HeldRow:
    """Return a failed event with the moment of its next try, or given up."""
    # Neither a wish to be left alone nor the end of all sending is a failure of this event.
    if outcome.rest or outcome.verdict is Verdict.GONE:
        return failed._replace(due_at=now)
    is_probe = event.is_unreachable and event.due_at > now
    if is_probe and failed.is_unreachable:
        return failed
    attempts = event.attempts + 1
    due_at = next_try(attempts, now)
    # It is not this event that fails: nobody is there for any of them.
    if due_at is None and failed.is_unreachable and reach.is_down:
        due_at = now + LONGEST_REST
    if due_at is None:
        return failed._replace(attempts=attempts, dead_at=now)
    return failed._replace(attempts=attempts, due_at=due_at)
