"""When a forecast is worth a warning: only what has held for a while, so that none flickers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from leadboard.foresight.forecast import Outlook

RAISE, LOWER = 0.5, 0.4
"""The chance within an hour from which a source is warned of, and below which no more."""
HELD = 2.0
"""Minutes for which it must have held."""
CLOSE, FARTHER = 15.0, 20.0
"""Minutes of the median up to which a warning is urgent, and beyond which no more."""


class Warned(Enum):
    """How loud the forecast of a source is."""

    QUIET = ""
    NEAR = "near"
    CLOSE = "close"


@dataclass(slots=True)
class _Watched:
    """A source: how loud it is, and since when its chance is on the other side of the mark."""

    warned: Warned = Warned.QUIET
    since: float | None = None


@dataclass(slots=True)
class Lookout:
    """Follows the outlooks of all sources; `look` tells how loud each of them is by now."""

    _sources: dict[int, _Watched] = field(default_factory=dict)

    def look(self, minute: float, outlooks: Mapping[int, Outlook]) -> dict[int, Warned]:
        """Take the outlooks of a moment, in minutes from any start; those of the past are gone."""
        self._sources = {key: self._sources.get(key, _Watched()) for key in outlooks}
        return {key: _look(self._sources[key], minute, each) for key, each in outlooks.items()}


def _look(watched: _Watched, minute: float, outlook: Outlook) -> Warned:
    is_raised = watched.warned is not Warned.QUIET
    turns = outlook.soon < LOWER if is_raised else outlook.soon >= RAISE
    if not turns:
        watched.since = None
    elif watched.since is None:
        watched.since = minute
    elif minute - watched.since >= HELD:
        watched.since, is_raised = None, not is_raised
    watched.warned = _loudness(watched.warned, outlook) if is_raised else Warned.QUIET
    return watched.warned


def _loudness(before: Warned, outlook: Outlook) -> Warned:
    edge = FARTHER if before is Warned.CLOSE else CLOSE
    is_close = outlook.median is not None and outlook.median <= edge
    return Warned.CLOSE if is_close else Warned.NEAR
