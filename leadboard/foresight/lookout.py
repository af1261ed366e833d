"""When a forecast is worth a warning: only what has held for a while, so that none flickers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from leadboard.foresight.forecast import Outlook

RAISE, LOWER = 0.5, 0.4
"""The chance within an hour from which a source is warned of, and below which no more."""
HELD = 2.0
"""Minutes for which it must have held."""
CLOSE, FARTHER = 15.0, 20.0
"""Minutes of the median up to which a warning is urgent, and beyond which no more."""


@dataclass(slots=True)
class _Watched:
    """A source: how loud it is, and since when its chance is on the other side of the mark."""

    is_near: bool = False
    is_close: bool = False
    since: float | None = None

    def look(self, minute: float, outlook: Outlook) -> None:
        """Take the outlook of a moment."""
        turns = outlook.soon < LOWER if self.is_near else outlook.soon >= RAISE
        if not turns:
            self.since = None
        elif self.since is None:
            self.since = minute
        elif minute - self.since >= HELD:
            self.since, self.is_near = None, not self.is_near
        edge = FARTHER if self.is_close else CLOSE
        is_soon = outlook.median is not None and outlook.median <= edge
        self.is_close = self.is_near and is_soon


@dataclass(slots=True)
class Lookout:
    """Follows the outlooks of all sources, and tells which are worth a warning by now."""

    _sources: dict[int, _Watched] = field(default_factory=dict)

    def look(self, minute: float, outlooks: Mapping[int, Outlook]) -> dict[int, Outlook]:
        """Return the outlooks of a moment with their warnings; `minute` counts from any start."""
        self._sources = {key: self._sources.get(key, _Watched()) for key in outlooks}
        return {key: self._warned(key, minute, each) for key, each in outlooks.items()}

    def _warned(self, source_id: int, minute: float, outlook: Outlook) -> Outlook:
        watched = self._sources[source_id]
        watched.look(minute, outlook)
        return replace(outlook, is_near=watched.is_near, is_close=watched.is_close)
