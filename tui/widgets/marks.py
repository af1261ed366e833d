"""Marks on appeals: which are chosen and how they were then, until something is done to them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from leadboard.allocation.appeal_state import Seen
from leadboard.allocation.appeals import worded
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.queries.appeals import AppealRow
from tui.widgets.border_remarks import Remark
from tui.widgets.figures import grouped

if TYPE_CHECKING:
    from leadboard.desk import Done

MOST = 1_000
"""The most appeals that one key marks."""

Known = Mapping[int, Seen | None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an act applies to, in words and by id; `seen` is their state when they were chosen."""

    ids: Sequence[int]
    words: str = ""
    seen: Mapping[int, Seen] = field(default_factory=dict)
    tell: Callable[[Sequence[int]], object] = lambda _ids: None
    """Called on the writer's thread with the ids the act was done to, none if it was refused."""

    def telling(self, function: "Callable[..., Done[Any]]") -> "Callable[..., Done[Any]]":
        """Return the act as one that passes over what has changed since, and tells what it did."""

        @wraps(function)
        def act(*arguments: Any, **options: Any) -> "Done[Any]":
            try:
                done = function(*arguments, seen=self.seen, **options)
            except Refused:
                # The marks then take on the present state, which the next try is meant for.
                self.tell(())
                raise
            self.tell(done.result)
            return done

        return act


class Marks:
    """The marked appeals of one list, and the state of each when it was marked."""

    def __init__(self) -> None:
        self.known: dict[int, Seen | None] = {}

    def __contains__(self, appeal_id: int) -> bool:
        return appeal_id in self.known

    def __len__(self) -> int:
        return len(self.known)

    def turn(self, row: AppealRow) -> None:
        """Mark or unmark an appeal."""
        if row.id in self.known:
            del self.known[row.id]
        else:
            self.add({row.id: seen(row)})

    def add(self, found: Known) -> None:
        """Mark appeals; those already marked keep the state they were seen in."""
        self.known = {**found, **self.known}

    def clear(self) -> None:
        """Remove all marks."""
        self.known = {}

    def settle(self, done: Iterable[int], rows: Iterable[AppealRow]) -> None:
        """Unmark what an act was done to, and note the present state of the rest."""
        gone, fresh = set(done), {row.id: seen(row) for row in rows}
        # None for a row outside the window: the act then takes it in whatever state it is.
        self.known = {key: fresh.get(key) for key in self.known if key not in gone}

    def chosen(
        self, current: AppealRow | None, tell: Callable[[Sequence[int]], object]
    ) -> Chosen | None:
        """Return the marked appeals, oldest first, else the one under the cursor."""
        if self.known:
            as_seen = {key: state for key, state in self.known.items() if state is not None}
            return Chosen(sorted(self.known), self._words, as_seen, tell)
        return None if current is None else Chosen([current.id], named(current), {}, tell)

    @property
    def _words(self) -> str:
        count = grouped(len(self.known))
        return ngettext(
            "{count} marked appeal", "{count} marked appeals", len(self.known), count=count
        )

    def remark(self, in_view: Iterable[AppealRow], key: str) -> list[Remark]:
        """Return what the border says about the marks, which a key takes away."""
        if not self.known:
            return []
        hidden = len(self.known) - sum(row.id in self.known for row in in_view)
        unseen = [Remark(_("{count} not in view", count=grouped(hidden)), 5)] if hidden else []
        marked = Remark(_("{count} marked", count=grouped(len(self.known))))
        return [marked, *unseen, Remark(_("{key} unmarks", key=key), 6)]


def seen(row: AppealRow) -> Seen:
    """Return the state of an appeal in its row."""
    return row.operator_id, row.is_closed


def named(row: AppealRow) -> str:
    """Return an appeal as sentences name it: `appeal #4 of tg_5 (vk)`."""
    lead = worded(row.external_id, row.source)
    return _("appeal #{id} of {lead}", id=row.id, lead=lead)
