"""The two lists of the history: what was done, and what the notice line has said."""

from collections.abc import Sequence
from functools import partial

from rich.cells import cell_len
from rich.segment import Segment

from leadboard.common.language import _, pgettext
from leadboard.queries.history import (
    EVERY_ACT,
    ActFilter,
    EventRow,
    Found,
    events_after,
    events_of,
    newest_event_id,
    newest_events,
    search_back,
)
from tui.base import app_of
from tui.notices import Told
from tui.widgets.cells import fit
from tui.widgets.line_view import LineView
from tui.widgets.list_reader import Job
from tui.widgets.moments import short, shown
from tui.widgets.paged_view import MOST_ROWS, PAGE, Window
from tui.widgets.paging import Page

WIDEST_ACTOR = 14
_MOMENT, _CLOCK = pgettext("moment", "%d.%m %H:%M:%S"), pgettext("moment", "%H:%M:%S")
MOMENT = len("23.11 10:42:07")
CLOCK = len("10:42:07")
IDLE = _("You have done nothing yet: {history.mine} shows everybody's acts.")
ROOMY = 60
"""Cells of a line from which there is room for day and time."""

Newer = tuple[int, Sequence[EventRow], Sequence[EventRow]]
"""The id up to which acts have been looked through, the new ones found, and the known ones."""


class ActList(Window[EventRow]):
    """One line per act: when, who, what."""

    empty = _("Nothing has been done yet.")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.sought = EVERY_ACT
        self._looked_up_to: int | None = None
        """The newest act that a search has looked at, None before it has begun."""
        self._looked_down: tuple[int | None, int | None] = (None, None)
        """The last row found, and where to go on below it; None when all has been looked at."""

    def seek(self, sought: ActFilter) -> None:
        """Show only the acts that are sought, the newest first."""
        self.sought = sought
        self.start_over()

    @property
    def is_narrowed(self) -> bool:
        """Tell whether words leave acts out."""
        return bool(self.sought.words)

    @property
    def is_slow(self) -> bool:
        """Tell whether a page may take long enough to be noticed."""
        return self.is_narrowed

    @property
    def hint(self) -> str:
        """Return the sentence for an empty list."""
        is_idle = self.sought.actor is not None and not self.is_narrowed
        if is_idle and not self.reader.is_looking:
            return app_of(self).with_keys(IDLE)
        return super().hint

    @property
    def has_found_all(self) -> bool:
        """Tell whether a search has looked at all acts, and all that it found are here."""
        return self._is_at_start and self._looked_down == (self._last, None)

    # Reading.

    def read_before(self, limit: int, before: int | None) -> Sequence[EventRow]:
        """Return the newest acts, or those before an id."""
        return newest_events(limit, before, self.sought)

    def read_after(self, limit: int, after: int) -> Sequence[EventRow]:
        """Return the acts just newer than an id."""
        return events_after(limit, after, self.sought)

    def start_over(self) -> None:
        """Show the newest acts with the cursor on the first."""
        self._looked_up_to = None
        super().start_over()

    def _again(self) -> Job:
        """Read again; a search, which may take long, only looks at what is new."""
        if not self.is_narrowed:
            return super()._again()
        if self._looked_up_to is None:
            return Job(self._search, self._show_first)
        ids = [row.id for row in self.rows]
        return Job(partial(self._read_newer, self._looked_up_to, ids), self._show_newer)

    def _search(self) -> tuple[int, Found]:
        # Asked first: an act in between is then found twice rather than never.
        return newest_event_id(), search_back(PAGE, None, self.sought)

    def _show_first(self, begun: tuple[int, Found]) -> None:
        self._looked_up_to, found = begun
        self._show_page(Page(found.rows, True, 0))
        self._go_on(found)

    def _go_on(self, found: Found) -> None:
        """Look further back until there is a page to show, or nothing more to look through."""
        self._looked_down = (self._last, found.edge)
        if found.edge is not None and len(self.rows) < PAGE:
            self.reader.ask(self._further_down)

    @property
    def _last(self) -> int | None:
        return self.rows[-1].id if self.rows else None

    def _read_newer(self, edge: int, known: Sequence[int]) -> Newer:
        newest = newest_event_id()
        found = self.read_after(PAGE, edge) if newest > edge else ()
        # Again, for an act may have been undone, or have handed out more.
        again = events_of(known)
        newer = [row for row in found if row.id not in known]
        return (found[0].id if len(found) == PAGE else newest), newer, again

    def _show_newer(self, found: Newer) -> None:
        self._looked_up_to, newer, known = found
        if self._is_at_start:
            self.show([*newer, *known][:MOST_ROWS])
        else:
            self._newer += len(newer)
            self.show(known)

    def _further_down(self) -> Job:
        """Read on below the last row; a search goes on where it has looked last."""
        if not self.is_narrowed:
            return super()._further_down()
        last, edge = self._looked_down
        edge = edge if last == self._last else self._last
        return Job(partial(self._search_on, edge), self._show_further)

    def _search_on(self, edge: int | None) -> Found:
        return Found([], None) if edge is None else search_back(PAGE, edge, self.sought)

    def _show_further(self, found: Found) -> None:
        self._append(Page(found.rows, False, 0))
        self._go_on(found)
        # Also if nothing was found: then it is known how much there is.
        self.post_message(self.Shown(self.wanted))

    # Painting.

    def measure_columns(self, rows: Sequence[EventRow]) -> tuple[int, ...]:
        """Return the width of the actors, which is 0 if all acts are one's own."""
        if self.sought.actor is not None:
            return (0,)
        return (min(WIDEST_ACTOR, max((cell_len(row.actor) for row in rows), default=0)),)

    def draw_row(self, row: EventRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `23.11 10:42:07  anna    Appeal #7 closed`, with a × for one that is undone."""
        tone = "dim" if row.target or row.is_undone else ""
        is_wide = width >= ROOMY
        moment = shown(row.at, _MOMENT) if is_wide else short(row.at)
        when = f" {fit(moment, MOMENT if is_wide else CLOCK)} "
        actor = f" {fit(row.actor, self.columns[0])} " if self.columns[0] else ""
        mark = " × " if row.is_undone else "   "
        note = fit(row.note, max(0, width - cell_len(when + actor + mark) - 1))
        return [
            Segment(when, self.pen("dim", is_cursor=is_cursor)),
            Segment(actor, self.pen("accent", is_cursor=is_cursor)),
            Segment(f"{mark}{note} ", self.pen(tone, is_cursor=is_cursor)),
        ]


class NoticeList(LineView[Told]):
    """One line per sentence, the newest first: when it was said last, and how many times."""

    empty = _("Nothing has been said yet.")

    def draw_row(self, row: Told, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `10:42:07  Anna: limit 1 → 2  x3`."""
        when = f" {fit(shown(row.at, _CLOCK), CLOCK)}  "
        times = f" x{row.times} " if row.times > 1 else " "
        sentence = fit(row.sentence, max(0, width - cell_len(when) - len(times)))
        tone = "bad" if row.is_bad else ""
        return [
            Segment(when, self.pen("dim", is_cursor=is_cursor)),
            Segment(sentence, self.pen(tone, is_cursor=is_cursor)),
            Segment(times, self.pen("dim", is_cursor=is_cursor)),
        ]
