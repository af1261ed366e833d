"""The figures of statistics as lines of text, for any width; names are clean already."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from rich.cells import cell_len
from textual.content import Content

from leadboard.common.durations import worded
from leadboard.common.language import _, pgettext
from leadboard.queries.lengths import Spread
from leadboard.queries.statistics import Part, Statistics, Waits
from tui.widgets.cells import fit
from tui.widgets.figures import grouped, spark

WIDEST_NAME, NARROWEST_NAME = 24, 8
_PATTERNS = {
    "hour": pgettext("moment", "%H:%M"),
    "day": pgettext("moment", "%d.%m."),
    "week": pgettext("moment", "%d.%m.%y"),
    "month": pgettext("moment", "%m.%Y"),
}
_WHEN = {
    "hour": _("from {time}"),
    "day": _("on {date}"),
    "week": _("in the week of {date}"),
    "month": _("in {month}"),
}
_MOST = {
    "hour": _("most in one hour {count}, {when}"),
    "day": _("most in one day {count}, {when}"),
    "week": _("most in one week {count}, {when}"),
    "month": _("most in one month {count}, {when}"),
}
_OF_LOADS = (_("now"), _("highest"), _("by hand"))
_NUMBER, _HALF, _NINE = _("number"), _("half"), _("9 of 10")
_SHORT = max(8, *(cell_len(each) + 1 for each in (*_OF_LOADS, _NUMBER)))
_LONG = max(10, *(cell_len(each) + 1 for each in (_HALF, _NINE)))
"""Cells of a column of numbers, and of one of lengths."""
_ALL, _OVER_TIME = _("All"), _("load over time")
_STACKED_WAITED = _("waited {half}, 9 of 10 {nine}")
_STACKED_HANDLED = _("handled {half}, 9 of 10 {nine}")
_WAITED, _HANDLED = _("waited"), _("handled")


def flow_lines(statistics: Statistics, width: int) -> list[Content]:
    """Say how many arrived, were closed and were given by hand."""
    arrived = _("arrived {count}", count=grouped(statistics.received))
    closed = _("closed {count}", count=grouped(statistics.closed))
    said = Content.assemble(
        ("▪ ", "$text-accent"),
        f"{arrived}   ",
        ("● ", "$text-warning"),
        f"{closed}   ",
        _("by hand {count}", count=grouped(statistics.whole.by_hand)),
    )
    most = max(statistics.parts, key=lambda each: each.received)
    if not most.received:
        return [said]
    told = _MOST[statistics.unit].format(
        count=grouped(most.received), when=when_of(statistics, most)
    )
    return [said, Content.styled(told, "$quiet")]


def waiting_lines(statistics: Statistics, width: int) -> list[Content]:
    """Say how many waited at most, and for how long."""
    begun = [each for each in statistics.parts if each.waiting is not None]
    most = max(begun, key=lambda each: each.waiting or 0)
    if not most.waiting:
        return [Content(_("Nothing waited."))]
    waiting = _("waiting now {count}", count=grouped(statistics.waiting))
    first = Content.assemble(
        ("▪ ", "$text-accent"),
        f"{waiting}   ",
        _("most at a time {count}", count=grouped(most.waiting)),
        (f" {when_of(statistics, most)}", "$quiet"),
    )
    waited = statistics.whole.waited
    return [first, Content(_waited(waited))] if waited.count else [first]


def _waited(waited: Spread) -> str:
    """Return how many had to wait, and how long."""
    count, total = grouped(waited.longer), grouped(waited.count)
    had_to = _("{count} of {total} had to wait", count=count, total=total)
    lengths = _(
        "half at most {half}, nine in ten {nine}",
        half=length(waited.median),
        nine=length(waited.p90),
    )
    return f"{had_to}   {lengths}"


def when_of(statistics: Statistics, part: Part) -> str:
    """Return when a part began, in words that suit its unit."""
    begun = label(part.start, statistics.unit)
    return _WHEN[statistics.unit].format(time=begun, date=begun, month=begun)


def label(start: datetime, unit: str) -> str:
    """Return the beginning of a part in local time, as short as its unit allows."""
    return start.astimezone().strftime(_PATTERNS[unit])


def length(found: timedelta | None) -> str:
    """Return a length of time in at most two units, a dash for none."""
    return "–" if found is None else worded(found, 2)


# --- load by operator ---------------------------------------------------------------------------


def load_lines(statistics: Statistics, width: int) -> list[Content]:
    """Draw a line for each operator: the loads over the span, that of now, and the highest."""
    people = [each for each in statistics.operators if any(each.loads) or _has_figures(each)]
    if not people:
        return [Content(_("Nobody had an appeal."))]
    top = max(max(each.loads, default=0) for each in people)
    name = _name_width(people, width, 4 + 3 * _SHORT)
    room = max(0, width - name - 3 * _SHORT - 2)
    head = f"{'':{name}}  {_span_of(room, _OVER_TIME)}"
    lines = [Content.styled(f"{head}{_cells(*_OF_LOADS)}", "$quiet")]
    for each in people:
        samples = _resampled(each.loads, room)
        lines.append(
            Content.assemble(
                fit(each.name, name) + "  ",
                (spark(samples, max(1, top)) + " " * (room - len(samples)), "$text-accent"),
                _cells(*map(grouped, (*_now_and_most(each.loads), each.by_hand))),
            )
        )
    tallest = _("the tallest block is a load of {load}", load=grouped(top))
    return [*lines, Content.styled(tallest, "$quiet")]


def _has_figures(each: Waits) -> bool:
    return bool(each.waited.count or each.handled.count or each.by_hand)


def _span_of(room: int, text: str) -> str:
    return fit(text, room) if room >= cell_len(text) else " " * room


def _cells(*texts: str) -> str:
    return "".join(fit(text, _SHORT, right=True) for text in texts)


def _now_and_most(loads: Sequence[int]) -> tuple[int, int]:
    return (loads[-1], max(loads)) if loads else (0, 0)


def _resampled(loads: Sequence[int], room: int) -> list[int]:
    """Return as many samples as there is room for, each the highest of its stretch."""
    count = min(room, len(loads))
    edges = [at * len(loads) // count for at in range(count + 1)] if count else []
    return [max(loads[a:b]) for a, b in pairwise(edges)]


# --- how long -----------------------------------------------------------------------------------


def time_lines(statistics: Statistics, width: int) -> list[Content]:
    """Draw a table: how long appeals waited and were handled, by operator and by source."""
    groups = ((_ALL, [statistics.whole]), *_groups(statistics))
    rows = [each for _unused, group in groups for each in group]
    # Where there is no room for all columns, how many there were is left out.
    is_wide = width >= NARROWEST_NAME + 2 * _SHORT + 4 * _LONG
    columns = 4 * _LONG + (2 * _SHORT if is_wide else 0)
    if width < NARROWEST_NAME + columns:
        return list(_stacked(groups))
    name = _name_width(rows, width, columns)
    lines = [Content.styled(each, "$quiet") for each in _head(name, is_wide=is_wide)]
    for title, group in groups:
        if title != _ALL:
            lines += [Content(""), Content.styled(title, "bold")]
        for each in group:
            spreads = (_spread(part, is_wide=is_wide) for part in (each.waited, each.handled))
            lines.append(Content(fit(each.name or title, name) + "".join(spreads)))
    return lines


def _groups(statistics: Statistics) -> Iterator[tuple[str, Sequence[Waits]]]:
    for title, rows in (
        (_("By operator"), statistics.operators),
        (_("By source"), statistics.sources),
    ):
        if found := [each for each in rows if _has_figures(each)]:
            yield title, found


def _head(name: int, *, is_wide: bool) -> tuple[str, str]:
    size = 2 * _LONG + (_SHORT if is_wide else 0)
    columns = fit(_NUMBER, _SHORT, right=True) if is_wide else ""
    columns += fit(_HALF, _LONG, right=True) + fit(_NINE, _LONG, right=True)
    both = fit(_WAITED, size, right=True) + fit(_HANDLED, size, right=True)
    return " " * name + both, " " * name + columns * 2


def _spread(spread: Spread, *, is_wide: bool) -> str:
    count = grouped(spread.count).rjust(_SHORT) if is_wide else ""
    return count + length(spread.median).rjust(_LONG) + length(spread.p90).rjust(_LONG)


def _stacked(groups: Sequence[tuple[str, Sequence[Waits]]]) -> Iterator[Content]:
    """Yield the table where a line has no room for its columns."""
    for title, group in groups:
        for each in group:
            yield Content.styled(each.name or title, "bold")
            for said, spread in ((_STACKED_WAITED, each.waited), (_STACKED_HANDLED, each.handled)):
                half, nine = length(spread.median), length(spread.p90)
                yield Content(f" {said.format(half=half, nine=nine)}")


def _name_width(rows: Sequence[Waits], width: int, columns: int) -> int:
    widest = max((cell_len(each.name) for each in rows), default=0)
    return max(NARROWEST_NAME, min(WIDEST_NAME, widest, width - columns))
