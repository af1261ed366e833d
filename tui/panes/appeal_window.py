"""The content of a list of appeals: its pages, its marks, and what an act applies to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from leadboard.allocation.appeal_state import Seen
from leadboard.allocation.appeals import worded
from leadboard.common.language import _
from leadboard.queries import appeals
from leadboard.queries.appeals import AppealRow
from leadboard.queries.terms import EVERYTHING, AppealFilter
from leadboard.queries.word_index import SearchIndex
from tui.base import app_of
from tui.messages import Acted, Failed
from tui.widgets.border_remarks import Remark
from tui.widgets.figures import grouped
from tui.widgets.list_reader import Job
from tui.widgets.marks import MOST, Chosen, Marks, seen
from tui.widgets.paged_view import Window

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown


class AppealWindow(Window[AppealRow]):
    """The appeals that a list wants; a mark stays until something is done to its appeal."""

    def __init__(self, *, id: str | None = None, base: AppealFilter = EVERYTHING) -> None:
        super().__init__(id=id)
        self.base = base
        self.wanted = base
        self.marks = Marks()
        self._range: AppealRow | None = None
        """The appeal where the range to mark begins."""

    def read_before(self, limit: int, before: int | None) -> Sequence[AppealRow]:
        """Return the newest appeals that are wanted, or those before an id."""
        return appeals.newest_appeals(limit, before, self.wanted, self._index)

    def read_after(self, limit: int, after: int) -> Sequence[AppealRow]:
        """Return the wanted appeals just newer than an id."""
        return appeals.appeals_after(limit, after, self.wanted, self._index)

    def count_after(self, most: int, after: int) -> int:
        """Return how many wanted appeals are newer than an id."""
        return appeals.count_after(most, after, self.wanted, self._index)

    def count(self, most: int) -> tuple[int, bool]:
        """Return how many appeals are wanted, up to `most`, and whether that is all."""
        return appeals.count_appeals(most, self.wanted, self._index)

    @property
    def hint(self) -> str:
        """Return the sentence for an empty list."""
        is_calm = self.base.is_waiting and not self.is_narrowed and not self.reader.is_looking
        return _("Nothing is waiting.") if is_calm else super().hint

    @property
    def _index(self) -> SearchIndex | None:
        return app_of(self).index

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads all appeals of the list, None if it is empty."""
        # Imported on use, as in the other panes, to keep the start short.
        from leadboard.transfer.list_export import appeals_shown

        if not self.rows:
            return None
        return partial(
            appeals_shown, self.wanted, self._index, is_oldest_first=self.is_oldest_first
        )

    def filter(self, wanted: AppealFilter) -> None:
        """Show only what is wanted, within what this list shows without a filter."""
        narrowed = replace(
            wanted,
            is_waiting=wanted.is_waiting or self.base.is_waiting,
            lead_id=self.base.lead_id,
            operator_id=self.base.operator_id,
            source_id=self.base.source_id,
            is_open=self.base.is_open,
        )
        if narrowed != self.wanted:
            self.wanted = narrowed
            self.widen() if narrowed == self.base else self.start_over()

    # Marks.

    def remarks(self) -> list[Remark]:
        """Return how many are marked, and how many rows are newer than those shown."""
        in_view = (self.rows[place] for place in self.visible_rows())
        unmarking = app_of(self).with_keys("{desk.clear-filter}")
        marks = self.marks.remark(in_view, unmarking)
        return [*self._begun(), *marks, *super().remarks()]

    def _begun(self) -> list[Remark]:
        if self._range is None:
            return []
        key = app_of(self).with_keys("{appeals.mark-range}")
        lead = self._range.external_id
        short = Remark(
            _("{key} marks up to here", key=key), 1, Remark(_("{key} ends range", key=key))
        )
        said = _("{key} marks from {lead} up to here", key=key, lead=lead)
        return [Remark(said, 4, short)]

    def _show_marks(self) -> None:
        self.tell()
        self.refresh()

    def unmark(self) -> bool:
        """Forget a range that was begun, or else all marks; return False if there is neither."""
        had_any = self._range is not None or len(self.marks) > 0
        if self._range is None:
            self.marks.clear()
        self._range = None
        self._show_marks()
        return had_any

    def action_mark(self) -> None:
        """Mark or unmark the appeal under the cursor, and go to the next."""
        if self.current and self.is_sure():
            self.marks.turn(self.current)
            self.refresh_row(self.cursor)
            self.go_to(self.cursor + 1)
            self.tell()

    def action_mark_on(self, step: int) -> None:
        """Mark the appeal under the cursor and the one beside it, and go there."""
        if self.current and self.is_sure():
            for place in (self.cursor, self.cursor + step):
                if 0 <= place < len(self.rows):
                    row = self.rows[place]
                    self.marks.add({row.id: seen(row)})
            self.go_to(self.cursor + step)
            self._show_marks()

    def action_mark_all(self) -> None:
        """Mark all appeals of the list, including those out of view."""
        self.reader.ask(lambda: Job(self._read_all, self._mark_found))

    def action_mark_range(self) -> None:
        """Begin a range at the cursor; the second time, mark all appeals of the range."""
        if self.current is None or not self.is_sure():
            return
        if self._range is None:
            self._range = self.current
            self.tell()
            return
        first, last = sorted((self._range.id, self.current.id))
        self._range = None
        self.reader.ask(lambda: Job(lambda: self._read_range(first, last), self._mark_found))

    def _read_all(self) -> Mapping[int, Seen]:
        # One more than can be marked, which tells whether there are more.
        if self.is_oldest_first:
            return appeals.states_up(MOST + 1, 0, self.wanted, self._index)
        return appeals.states_down(MOST + 1, None, self.wanted, self._index)

    def _read_range(self, first: int, last: int) -> Mapping[int, Seen]:
        found = appeals.states_up(MOST + 1, first - 1, self.wanted, self._index)
        return {key: state for key, state in found.items() if key <= last}

    def _mark_found(self, found: Mapping[int, Seen]) -> None:
        ids = sorted(found, reverse=not self.is_oldest_first)[:MOST]
        self.marks.add({key: found[key] for key in ids})
        self._show_marks()
        count, most = grouped(len(self.marks)), grouped(MOST)
        said = _("{count} marked", count=count)
        if len(found) > MOST:
            said = _("{count} marked: the first {most}, there are more", count=count, most=most)
        self.post_message(Acted(said))

    # What an act applies to: the marked appeals, else the one under the cursor.

    class Settled(Message):
        """An act was stored or refused; these are the appeals it was done to."""

        def __init__(self, appeal_ids: Sequence[int]) -> None:
            super().__init__()
            self.appeal_ids = appeal_ids

    @on(Settled)
    def settle(self, message: Settled) -> None:
        """Unmark the appeals that the act was done to; those passed over stay marked."""
        message.stop()
        self.marks.settle(message.appeal_ids, self.rows)
        self._show_marks()

    def chosen(self) -> Chosen | None:
        """Return what an act applies to, None if there is nothing or the key may be a mistake."""
        if not self.is_sure():
            return None
        chosen = self.marks.chosen(self.current, self._tell_settled)
        self.sent = set(chosen.ids) if chosen else set()
        return chosen

    def _tell_settled(self, appeal_ids: Sequence[int]) -> None:
        # Called on the writer's thread, from which Textual allows messages but no other change.
        self.post_message(self.Settled(appeal_ids))

    def is_sure(self) -> bool:
        """Tell whether a key means the row under the cursor; if not, ask to press it again.

        It may have been meant for a row that left the list at that very moment.
        """
        lost, self.lost = self.lost, None
        if lost is None or self.marks or self.current is None:
            return True
        here = worded(self.current.external_id, self.current.source)
        gone = worded(lost.external_id, lost.source)
        sentence = _(
            "{gone} has left this list: now {here} is selected. Press the key again.",
            gone=gone,
            here=here,
        )
        self.post_message(Failed(sentence))
        return False
