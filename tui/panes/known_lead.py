"""The line under a known lead: how often they have written, and who had them last."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from textual.content import Content

from leadboard.common.durations import worded
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.common.validation import checked_external_id
from leadboard.database.fields import NoMoment, now
from leadboard.entities import OperatorRow
from leadboard.queries import leads
from leadboard.queries.board import Board
from leadboard.queries.leads import LeadPast
from tui.base import app_of
from tui.widgets.lines import Lines
from tui.widgets.moments import TICK
from tui.widgets.pause import Pause

PAUSE = 0.15
"""Seconds without a key after which the typed lead is looked up."""

_ORDINALS = {0: _("{n}th"), 1: _("{n}st"), 2: _("{n}nd"), 3: _("{n}rd")}


class KnownLead(Lines):
    """What is known of the typed lead; read while nothing is typed, so that no key waits.

    `changed` is called when its lines may read differently for another reason than a key.
    """

    def __init__(self, key: str, changed: Callable[[], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key = key
        self._changed = changed
        self._board = Board()
        self._lead = ""
        self._past: LeadPast | None = None
        self._is_known = False
        """Whether `_past` is that of the typed lead."""
        self._pause = Pause(self, PAUSE, self._look)

    def on_mount(self) -> None:
        """Let the time since the last appeal go on."""
        self.set_interval(TICK, self._changed)

    def follow(self, typed: str) -> None:
        """Know nothing of the lead typed now, and look them up once the keys pause."""
        lead = _as_stored(typed)
        if lead != self._lead:
            self._lead, self._past, self._is_known = lead, None, False
            self._ask()

    def take(self, board: Board) -> None:
        """Take a new board: the lead may have written again, and places come and go."""
        self._board = board
        self._ask()

    def _ask(self) -> None:
        self._pause.restart() if self._lead else self._pause.stop()

    def _look(self) -> None:
        # The header already says that the database cannot be read.
        query, then = partial(leads.past_of, self._lead), partial(self._found, self._lead)
        app_of(self).reader.run(self, query, then, lambda _error: None)

    def _found(self, lead: str, past: LeadPast | None) -> None:
        if lead == self._lead:
            self._past, self._is_known = past, True
            self._changed()

    async def know(self) -> None:
        """Look the lead up now if it has not been; raises Trouble if it cannot be read."""
        if self._lead and not self._is_known:
            lead = self._lead
            self._found(lead, await app_of(self).reader.read(partial(leads.past_of, lead)))

    @property
    def operator(self) -> OperatorRow | None:
        """Return who had the lead's last appeal, None if nobody did."""
        wanted = None if self._past is None else self._past.operator_id
        return next((each for each in self._board.operators if each.id == wanted), None)

    @property
    def obstacle(self) -> str:
        """Return why the operator cannot have another appeal, empty if they can."""
        if (operator := self.operator) is None:
            return _("Nobody has had this lead")
        if not operator.is_active:
            return _("{operator} is off", operator=operator.name)
        is_full = operator.load >= operator.max_load
        return _("{operator} is full", operator=operator.name) if is_full else ""

    def lines(self, width: int, most: int) -> Sequence[Content]:
        """Return the longest way to say it that `most` rows hold."""
        if not self._is_known:
            return []
        if self._past is None:
            # Not worth the only row, which the message can have.
            return [Content.styled(_("new lead"), "$text-muted")] if most > 1 else []
        ways = [[line.rstrip(" ·") for line in each.wrap(width)] for each in self._ways(self._past)]
        return next((each for each in ways if len(each) <= most), ways[-1])

    def _ways(self, past: LeadPast) -> list[Content]:
        """Return how it can be said, the longest first."""
        count = _count(past)
        last = self._last(count, past.at)
        is_open = " · " + ngettext("{n} open", "{n} open", past.open) if past.open else ""
        return [Content.assemble(text, *self._offer) for text in (last + is_open, last, count)]

    def _last(self, count: str, at: datetime) -> str:
        """Return `5th appeal, last with Anna, 2 h ago`, as far as it is known."""
        # A stored text that is no moment has no age.
        age = "" if isinstance(at, NoMoment) else worded(now() - at)
        whom = self.operator.name if self.operator else ""
        if whom and age:
            return _("{count}, last with {whom}, {age} ago", count=count, whom=whom, age=age)
        if whom:
            return _("{count}, last with {whom}", count=count, whom=whom)
        return _("{count}, last {age} ago", count=count, age=age) if age else count

    @property
    def _offer(self) -> list[str | tuple[str, str]]:
        """Return the key that gives the appeal to the operator, or why it does not."""
        if self.operator is None:
            return []
        if self.obstacle:
            return [" · ", (self.obstacle, "$text-warning")]
        gives = _("gives it to {operator}", operator=self.operator.name)
        return [" · ", (self._key, "$text-accent bold"), f" {gives}"]


def _as_stored(typed: str) -> str:
    """Return a lead's id as it would be stored, empty for one that would be refused."""
    try:
        return checked_external_id(typed)
    except Refused:
        return ""


def _count(past: LeadPast) -> str:
    """Return which appeal of the lead this is, or at least how many they had."""
    if past.is_all:
        return _("{nth} appeal", nth=ordinal(past.appeals + 1))
    return ngettext("{n}+ appeals", "{n}+ appeals", past.appeals)


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `4th`, `11th`."""
    ending = 0 if number % 100 in (11, 12, 13) else number % 10
    return _ORDINALS.get(ending, _ORDINALS[0]).format(n=number)
