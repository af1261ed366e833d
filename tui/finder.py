"""The command palette as a way to go anywhere: operators, sources, leads and appeals by name."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from leadboard.allocation.appeals import worded
from leadboard.common.keyboard_layouts import on_either_layout
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.common.validation import storable
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import appeals, leads
from leadboard.queries.appeals import AppealRow
from leadboard.queries.terms import AppealFilter, matches
from tui.base import app_of
from tui.messages import AppealsWanted
from tui.palette import safely
from tui.panes.operators import Operators
from tui.panes.weights import Weights
from tui.screen.desk import DeskScreen
from tui.widgets.cells import shortened

MOST = 20
"""Hits of each kind."""
WIDEST = 50
JUST_BELOW = 2.7
"""What each letter found counts; an act with the same letters in a row gets 3 for each."""
NUMBER = re.compile(r"[#№](\d{1,18})")
"""The number of an appeal; № is what the key of # gives on the Russian layout."""

LeadId = tuple[int, str]
"""The id and the external id of a lead."""


class Stored(NamedTuple):
    """What was found in the database."""

    leads: Sequence[LeadId]
    appeal: AppealRow | None


class Finder(Provider):
    """Offers what the desk shows by its name; choosing one goes there."""

    async def search(self, query: str) -> Hits:
        """Offer the operators and sources on the board, then leads and appeals."""
        if isinstance(home := self.screen, DeskScreen):
            for find in (self._on_board, self._stored):
                for hit in await safely(home, partial(find, home, storable(query))):
                    yield hit

    async def _on_board(self, home: DeskScreen, query: str) -> list[Hit]:
        typed = on_either_layout(query)
        operators = _named(home.board.operators, typed)
        return [
            *(
                self._hit(_("Operator"), each.name, typed, partial(_to_operator, home, each))
                for each in operators
            ),
            *self._sources(home, typed),
        ]

    def _sources(self, home: DeskScreen, typed: Sequence[str]) -> list[Hit]:
        return [
            self._hit(_("Source"), each.name, typed, partial(_to_source, home, each))
            for each in _named(home.board.sources, typed)
        ]

    async def _stored(self, home: DeskScreen, query: str) -> list[Hit]:
        typed = on_either_layout(query)
        found = await app_of(home).reader.read(partial(_look_up, query))
        hits = [
            self._hit(_("Lead"), lead[1], typed, partial(_to_lead, home, lead))
            for lead in found.leads
        ]
        if (row := found.appeal) is not None:
            name = _("#{id} of {lead}", id=row.id, lead=worded(row.external_id, row.source))
            hits.append(self._hit(_("Appeal"), name, typed, partial(_to_appeal, home, row.id)))
        return hits

    def _hit(self, kind: str, name: str, typed: Sequence[str], go: Callable[[], None]) -> Hit:
        name = shortened(name, WIDEST)
        score, start, end = max(_match(name, each) for each in typed)
        found = Content(name).stylize(self.match_style or "bold", start, end)
        line = Content.assemble((f"{kind} ", "not bold"), found)
        return Hit(score, line, go, f"{kind} {name}")


class SourceFinder(Finder):
    """Offers only sources, also before anything is typed; choosing one goes to its column."""

    async def discover(self) -> Hits:
        """Offer the first sources."""
        if isinstance(home := self.screen, DeskScreen):
            for each in islice(home.board.sources, MOST):
                name = shortened(each.name, WIDEST)
                yield DiscoveryHit(Content(name), partial(_to_source, home, each), name)

    async def search(self, query: str) -> Hits:
        """Offer the sources whose names hold what is typed."""
        if isinstance(home := self.screen, DeskScreen):
            for hit in self._sources(home, on_either_layout(storable(query))):
                yield hit


def _named(rows: Iterable[Any], typed: Sequence[str]) -> list[Any]:
    named = (row for row in rows if any(matches(each, row.name) for each in typed))
    return list(islice(named, MOST))


def _match(name: str, typed: str) -> tuple[float, int, int]:
    """Return the score of a name and where what was typed is in it."""
    # Not Textual's matcher: its time grows without bound with names that repeat a letter.
    start = name.lower().find(typed.lower())
    if start < 0:
        return 1.0, 0, 0  # alike only as searches compare, or beyond what is shown
    begins_word = start == 0 or not name[start - 1].isalnum()
    return JUST_BELOW * (len(typed) + begins_word), start, start + len(typed)


def _look_up(query: str) -> Stored:
    """Return the leads whose ids begin so, or the appeal with the number that was typed."""
    if number := NUMBER.fullmatch(query):
        appeal_id = int(number[1])
        found = appeals.newest_appeals(1, appeal_id + 1)
        return Stored((), next((row for row in found if row.id == appeal_id), None))
    for typed in on_either_layout(query):
        if known := leads.leads_starting(typed, MOST):
            return Stored([(key, clean(external_id)) for key, external_id in known], None)
    return Stored((), None)


# --- where each of them is --------------------------------------------------------------------


def _to_operator(home: DeskScreen, operator: OperatorRow) -> None:
    home.action_pane("operators")
    home.query_one(Operators).show_operator(operator.id)


def _to_source(home: DeskScreen, source: SourceRow) -> None:
    home.action_pane("weights")
    home.query_one(Weights).show_source(source.id)


def _to_lead(home: DeskScreen, lead: LeadId) -> None:
    lead_id, external_id = lead
    home.post_message(AppealsWanted(AppealFilter(lead_id=lead_id), "only", external_id))


def _to_appeal(home: DeskScreen, appeal_id: int) -> None:
    from tui.dialogs.details import Details

    home.app.push_screen(Details(appeal_id))
