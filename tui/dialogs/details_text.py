"""The text of an appeal's details: its times, why it went where it went, and its history."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len
from textual.content import Content

from leadboard.allocation.lottery import INACTIVE
from leadboard.allocation.reasons import reason_words
from leadboard.allocation.strategies.registry import names
from leadboard.common.durations import worded
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.queries.appeals import AppealRow, newest_appeals
from leadboard.queries.explanation import Chance, Explanation, explain
from leadboard.queries.terms import AppealFilter
from tui.widgets.cells import fit
from tui.widgets.figures import REASONS, chance, grouped, meter
from tui.widgets.moments import in_full, shown

WIDTH = 70
"""Cells of the widest lines about draws and other appeals; message and times may be longer."""
NAME, BAR = 24, 20
"""Cells that the name and the bar of an operator take where there is room."""
BESIDE_BAR, BESIDE_MESSAGE = 25, 24
"""Cells of a line beside the name and the bar, and beside the message."""
MOST_REMEDIES = 9
MOST_CHANCES = 12
"""Lines of the roster that are shown; the others are counted."""
_FROM, _OPERATOR = _("From"), _("Operator")
_RECEIVED, _FIRST, _REOPENED = _("Received"), _("First assigned"), _("Reopened")
_LAST, _NOW, _CLOSED = _("Last assigned"), _("Assigned now"), _("Closed")
SHORT_LABEL = max(map(cell_len, (_FROM, _OPERATOR))) + 2
LABEL = max(map(cell_len, (_RECEIVED, _FIRST, _REOPENED, _LAST, _NOW, _CLOSED))) + 2
"""Cells of the labels of who and of when, and the gaps beside them."""
_DAY = pgettext("moment", "%d.%m %H:%M")
WEIGHT = len("1 000 000")


Found = tuple[Explanation, Sequence[AppealRow]]
"""An appeal, and the newest appeals of its lead."""


def look_up(appeal_id: int) -> Found:
    """Read what `lines_of` tells; raises Refused when there is no appeal with this id."""
    found = explain(appeal_id)
    return found, newest_appeals(6, wanted=AppealFilter(lead_id=found.appeal.lead_id))


def lines_of(
    found: Explanation,
    lead: Sequence[AppealRow],
    now: datetime,
    width: int = WIDTH,
    *,
    has_keys: bool = True,
    has_meters: bool = True,
) -> list[Content]:
    """Return all lines about an appeal; `lead` are the newest appeals of its lead.

    With `has_keys` each way to place it has the digit that applies it; without `has_meters` nothing
    is drawn, so that a voice can read it.
    """
    return [
        *_about(found.appeal, now),
        Content(""),
        *(Content(clean(line)) for line in found.appeal.message.split("\n")),
        Content(""),
        *_ways(found, has_keys=has_keys),
        *_why(found, width, BAR if has_meters else 0),
        *_history(found),
        *_others([each for each in lead if each.id != found.appeal.id], width),
    ]


# --- its state and its times --------------------------------------------------------------------


def _about(row: AppealRow, now: datetime) -> list[Content]:
    return [
        _labelled(
            _FROM, _("{lead} via {source}", lead=row.external_id, source=row.source), SHORT_LABEL
        ),
        _labelled(_OPERATOR, _holder(row, now), SHORT_LABEL),
        Content(""),
        *(_labelled(label, text, LABEL) for label, text in _times(row, now)),
    ]


def _labelled(label: str, text: str, width: int) -> Content:
    return Content.assemble((fit(label, width), "$quiet"), text)


def _holder(row: AppealRow, now: datetime) -> str:
    if row.withdrawn:
        return pgettext("appeal", "withdrawn")
    if row.is_closed:
        return _("{operator}, closed", operator=row.operator or _("nobody"))
    if not row.is_waiting:
        return row.operator or _("nobody")
    waits = row.times.waits(now)
    if waits is None:
        return _("none, waiting")
    return _("none, waiting {length}", length=worded(waits, 2))


def _times(row: AppealRow, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield each time that there is, with the length of what it ended or began."""
    times = row.times
    yield _RECEIVED, in_full(row.timestamp)
    if times.first_assigned_at is not None:
        yield _FIRST, _waited(in_full(times.first_assigned_at), times.waited)
    if times.waits_since is not None and times.waits_since != row.timestamp:
        yield _REOPENED, in_full(times.waits_since)
    if row.operator is not None:
        yield _LAST if row.is_closed else _NOW, _held(_given(row), times.held(now))
    if row.closed_at is not None:
        yield _CLOSED, in_full(row.closed_at)


def _waited(moment: str, length: timedelta | None) -> str:
    if length is None:
        return moment
    return _("{moment}, waited {length}", moment=moment, length=worded(length, 2))


def _given(row: AppealRow) -> str:
    """Return to whom an appeal was given last, and when."""
    if row.times.assigned_at is None:
        return _("to {operator}", operator=row.operator)
    moment = in_full(row.times.assigned_at)
    return _("{moment} to {operator}", moment=moment, operator=row.operator)


def _held(given: str, length: timedelta | None) -> str:
    if length is None:
        return given
    return _("{given}, held {length}", given=given, length=worded(length, 2))


# --- why, and since then ------------------------------------------------------------------------


def _ways(found: Explanation, *, has_keys: bool) -> list[Content]:
    if not found.remedies:
        return []
    numbered = enumerate(found.remedies[:MOST_REMEDIES], 1)
    return [
        Content.styled(_("Ways to place it"), "bold"),
        *(Content(f"{number if has_keys else '·'}  {each.words}") for number, each in numbered),
        Content(""),
    ]


def _history(found: Explanation) -> list[Content]:
    if not found.since:
        return []
    lines = (f"{_day(each.at)}  {each.words}" for each in found.since)
    return [Content(""), Content.styled(_("History"), "bold"), *map(Content, lines)]


def _others(appeals: Sequence[AppealRow], width: int) -> list[Content]:
    if not appeals:
        return []
    room = max(0, width - BESIDE_MESSAGE)
    lines = (f"#{each.id}  {_day(each.timestamp)}  {fit(each.message, room)}" for each in appeals)
    return [
        Content(""),
        Content.styled(_("The lead's other appeals"), "bold"),
        *map(Content, lines),
    ]


def _day(moment: datetime) -> str:
    return shown(moment, _DAY)


def _why(found: Explanation, width: int, widest_bar: int) -> list[Content]:
    if not found.roster:
        is_waiting = found.appeal.operator is None
        reason = _("Nobody served this source.") if is_waiting else _("Assigned by hand.")
        return [Content.styled(_("Why"), "bold"), Content(reason)]
    total = sum(each.weight for each in found.roster if each.reason is None)
    # The operator drawn is always shown, even if many others had a greater chance.
    by_weight = sorted(found.roster, key=lambda each: (not each.was_drawn, -each.share))
    first = sorted(by_weight[:MOST_CHANCES], key=lambda each: -each.share)
    return [
        Content.assemble((_("Why: "), "bold"), _drawn(found, total)),
        *([Content(found.strategy)] if found.strategy else []),
        *(_chance(each, total, width, widest_bar) for each in first),
        *_rest(by_weight[MOST_CHANCES:]),
    ]


def _drawn(found: Explanation, total: int) -> str:
    """Return which ticket was drawn, and which decision of a sealed chain that was."""
    if found.draw is None:
        return _("nobody available")
    ticket = {"ticket": grouped(found.draw + 1), "total": grouped(total)}
    if found.number is None:
        return _("ticket {ticket} of {total}", **ticket)
    number = grouped(found.number)
    return _("ticket {ticket} of {total}, decision {number} of its chain", number=number, **ticket)


def _reason(each: Chance) -> str:
    """Return why somebody was left out, with the word for it that all panes have."""
    if each.reason is None or each.reason == INACTIVE:
        return REASONS[INACTIVE] if each.reason else ""
    # A reason means the same to every strategy that has it.
    words = (reason_words(each.reason, strategy) for strategy in names())
    return next((word for word in words if word != each.reason), each.reason)


def _rest(chances: Sequence[Chance]) -> list[Content]:
    if not chances:
        return []
    reasons = Counter(_reason(each) or _("could have been drawn") for each in chances)
    words = ", ".join(f"{grouped(count)} {reason}" for reason, count in reasons.most_common())
    more = _("and {count} more: {reasons}", count=grouped(len(chances)), reasons=words)
    return [Content(f"  {more}")]


def _chance(each: Chance, total: int, width: int, widest_bar: int) -> Content:
    name = min(NAME, max(8, width * 2 // 5))
    bar = min(widest_bar, max(0, width - name - BESIDE_BAR))
    # An empty meter beside `full` would contradict it.
    filled, rest = (" " * bar, "") if each.reason else meter(each.weight, total, bar)
    mark = "→ " if each.was_drawn else "  "
    return Content.assemble(
        (mark, "bold"),
        f"{fit(each.name, name)} {grouped(each.weight):>{WEIGHT}} ",
        (filled, "$text-accent"),
        (rest, "$frame"),
        f" {_reason(each) or chance(each.weight, total)}{f', {each.note}' if each.note else ''}",
    )
