"""What the notice line has said so far: the latest sentences, for the history to show."""

from dataclasses import dataclass, replace
from datetime import datetime

MOST = 200
"""Sentences that are kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, when it was said last, and how many times in a row."""

    id: int
    at: datetime
    sentence: str
    is_bad: bool
    times: int = 1


Log = tuple[Told, ...]
"""What was said, newest first."""


def with_told(log: Log, sentence: str, at: datetime, *, is_bad: bool) -> Log:
    """Return the log with one more sentence; the same one again is only counted."""
    newest = log[0] if log else None
    if newest is not None and (newest.sentence, newest.is_bad) == (sentence, is_bad):
        return (replace(newest, at=at, times=newest.times + 1), *log[1:])
    told = Told(newest.id + 1 if newest else 1, at, sentence, is_bad)
    return (told, *log[: MOST - 1])
