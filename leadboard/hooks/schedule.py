"""When a hook is tried again: after an event's failure, at a receiver's wish, after an outage."""

import random
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SECOND = timedelta(seconds=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS = (
    *(5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE),
    *(2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR),
)
"""How long after each failed try the next one is due; there are nine tries in all."""
JITTER = 0.1
"""The part by which a wait may be longer, so that what failed together is not repeated together."""

TIMEOUT = 15.0
"""Seconds for one try: the name, the connection, the request and the answer."""

LONGEST_REST = 24 * HOUR
"""The longest that a receiver is obeyed when it asks to be left alone."""

ROW = 5
"""Appeals in a row that do not reach a receiver from which on it counts as down."""
SHORTEST_PROBE, LONGEST_PROBE = 5 * SECOND, 5 * MINUTE
"""How long after a failed probe of a receiver that is down the next one is due."""


def next_try(
    attempts: int, now: datetime, chance: Callable[[], float] = random.random
) -> datetime | None:
    """Return when an event is due again that has failed so often, None when it is given up."""
    if attempts > len(WAITS):
        return None
    return now + WAITS[attempts - 1] * (1 + JITTER * chance())


def rest_of(retry_after: str | None, now: datetime) -> timedelta | None:
    """Return how long a receiver asks to be left alone, by seconds or an HTTP date; at most a day.

    None for what is neither, and for a moment that has passed.
    """
    asked = _asked(retry_after.strip(), now) if retry_after else None
    return min(asked, LONGEST_REST) if asked and asked > timedelta() else None


def _asked(text: str, now: datetime) -> timedelta | None:
    if text.isascii() and text.isdigit():
        # By its length first: neither `int` nor a timedelta takes any number of digits.
        return LONGEST_REST if len(text) > 6 else int(text) * SECOND
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None


class Reach:
    """Whether a receiver answers at all, as the rounds of late have found.

    It is down when events of several appeals in a row did not reach it. Then little is sent: what
    is due, and now and then a probe, which finds out when it is back. A probe is also due when
    nothing has arrived for some minutes: what failed before may be due in hours only.
    """

    def __init__(self, now: datetime) -> None:
        self.last_hit = datetime.min.replace(tzinfo=UTC)
        """When something arrived last, as far as is known."""
        self._missed: set[int] = set()
        self._pause = SHORTEST_PROBE
        self._probe_at = now

    @property
    def is_down(self) -> bool:
        """Tell whether too many in a row found nobody."""
        return len(self._missed) >= ROW

    def is_probe_due(self, now: datetime) -> bool:
        """Tell whether to find out, besides what is due, if it is back."""
        return now >= self._probe_at

    def hit(self, now: datetime) -> None:
        """Note that something has arrived."""
        self.answered()
        self.last_hit = now
        self._pause, self._probe_at = SHORTEST_PROBE, now + LONGEST_PROBE

    def answered(self) -> None:
        """Note that it is there, whatever it says."""
        self._missed.clear()

    def miss(self, appeal_ids: Collection[int], now: datetime) -> None:
        """Note that nothing has arrived in a round, and whose events did not reach it."""
        self._missed.update(appeal_ids)
        pause = self._pause if self.is_down else LONGEST_PROBE
        # A probe that failed, or the first thing that is known: the next one comes later.
        if now >= self._probe_at or (self.is_down and self._probe_at > now + pause):
            self._probe_at = now + pause
            self._pause = min(2 * pause, LONGEST_PROBE)
