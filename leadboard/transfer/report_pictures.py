"""The pictures of a report as static SVG: no script, no font, nothing from outside.

Altair describes them and vl-convert draws them, both of the extra `report`. Names are values of the
data, never parts of the description, and so they come out as text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import altair
import vl_convert

from leadboard.common.language import _, language, pgettext
from leadboard.queries.share_bars import ShareBar
from leadboard.queries.statistics import Statistics, Waits

WIDTH, ROW = 680, 22
"""The width of a picture, and the height of a line of one, in pixels."""
BLUE, AMBER, GREY = "#3d7fd6", "#c98a1b", "#808995"
"""Colours that are seen on a light ground and on a dark one."""
_INK = "currentColor"
"""That of the page, which may be light or dark."""
LONGEST_NAME = 160

_LOCALES: Mapping[str, Literal["en-US", "ru-RU"]] = {"en": "en-US", "ru": "ru-RU"}
"""How d3, which writes the numbers at the axes, calls the languages."""

Rows = Iterable[dict[str, Any]]


def flows(statistics: Statistics) -> str:
    """Draw arrivals as bars and closings as points, part by part."""
    parts = [each for each in statistics.parts if each.waiting is not None]
    base = _chart(
        {"at": part_label(statistics, each.start), "arrived": each.received, "closed": each.closed}
        for each in parts
    ).encode(x=_parts_axis())
    bars = base.mark_bar(color=BLUE).encode(y=_count("arrived", _("arrived ▪  closed ●")))
    points = base.mark_point(color=AMBER, filled=True, size=60, opacity=1).encode(y="closed:Q")
    return _svg(altair.layer(bars, points).properties(width=WIDTH, height=220))


def waiting(statistics: Statistics) -> str:
    """Draw the most that waited in each part."""
    rows = (
        {"at": part_label(statistics, each.start), "waiting": each.waiting}
        for each in statistics.parts
        if each.waiting is not None
    )
    height = _count("waiting", pgettext("report", "waiting"))
    bars = _chart(rows).mark_bar(color=BLUE).encode(x=_parts_axis(), y=height)
    return _svg(bars.properties(width=WIDTH, height=180))


def loads(statistics: Statistics, operators: Sequence[Waits]) -> str:
    """Draw the load of each operator over the span, the darker the higher."""
    count = len(statistics.marks)
    rows = (
        {"operator": name, "mark": at, "load": load}
        for name, each in _named(operators)
        for at, load in enumerate(each.loads[:count])
    )
    chart = _chart(rows).mark_rect(color=BLUE)
    since = _(
        "from {day:%d.%m.%Y} until now: the darker, the more",
        day=statistics.marks[0].astimezone(),
    )
    shown = chart.encode(
        x=altair.X("mark:O", axis=altair.Axis(title=since, labels=False, ticks=False)),
        y=_names("operator"),
        opacity=altair.Opacity(
            "load:Q",
            scale=altair.Scale(domain=[0, max(1, *_all_loads(operators))], range=[0.06, 1]),
            legend=None,
        ),
    )
    return _svg(shown.properties(width=WIDTH, height=ROW * len(operators)))


def _all_loads(operators: Sequence[Waits]) -> Iterable[int]:
    return (load for each in operators for load in (0, *each.loads))


_LENGTHS = {
    "waited": _("waited, minutes: half ▪  nine in ten |"),
    "handled": _("handled, minutes: half ▪  nine in ten |"),
}


def lengths(rows: Sequence[Waits], what: str) -> str:
    """Draw how long half of all took, as bars, and nine in ten, as ticks; in minutes."""
    values: list[dict[str, Any]] = [
        {
            "name": name,
            "half": _minutes(getattr(each, what).median),
            "most": _minutes(getattr(each, what).p90),
        }
        for name, each in _named(rows)
    ]
    base = _chart(values).encode(y=_names("name"))
    longest = max(1.0, *(each["most"] for each in values))
    axis = altair.Axis(title=_LENGTHS[what])
    scale = altair.Scale(domain=[0, longest])
    bars = base.mark_bar(color=BLUE, height=10).encode(x=altair.X("half:Q", axis=axis, scale=scale))
    ticks = base.mark_tick(color=AMBER, thickness=3, height=16).encode(x="most:Q")
    return _svg(altair.layer(bars, ticks).properties(width=WIDTH, height=ROW * len(values)))


def shares(bars: Sequence[ShareBar]) -> str:
    """Draw the share that each operator was due, with its 95 %, and the one they got."""
    names = unique((each.operator_id, each.name) for each in bars)
    values = [
        {
            "name": name,
            "due": 100 * each.due,
            "low": 100 * each.low,
            "high": 100 * each.high,
            "got": 100 * each.got,
        }
        for name, each in zip(names, bars, strict=True)
    ]
    base = _chart(values).encode(y=_names("name"))
    axis = altair.Axis(title=_("percent of the draws with a choice: due |, 95 % ─, got ●"))
    reach = base.mark_rule(color=GREY, strokeWidth=3).encode(
        x=altair.X("low:Q", axis=axis), x2="high:Q"
    )
    due = base.mark_tick(color=GREY, thickness=3, height=14).encode(x="due:Q")
    got = base.mark_point(color=BLUE, filled=True, size=70, opacity=1).encode(x="got:Q")
    return _svg(altair.layer(reach, due, got).properties(width=WIDTH, height=ROW * len(bars)))


def _minutes(length: timedelta | None) -> float:
    return 0.0 if length is None else length.total_seconds() / 60


def _named(rows: Sequence[Waits]) -> list[tuple[str, Waits]]:
    return list(zip(unique((each.id, each.name) for each in rows), rows, strict=True))


def unique(named: Iterable[tuple[int, str]]) -> list[str]:
    """Return names that no two share: what is drawn goes by them."""
    named = list(named)
    seen = Counter(name for _key, name in named)
    return [name if seen[name] == 1 else f"{name} (#{key})" for key, name in named]


_DAY = pgettext("moment", "%d.%m.%Y")
_PATTERNS = {"hour": pgettext("moment", "%d.%m. %H:%M"), "month": pgettext("moment", "%m.%Y")}


def part_label(statistics: Statistics, start: Any) -> str:
    """Return the beginning of a part in local time."""
    return str(start.astimezone().strftime(_PATTERNS.get(statistics.unit, _DAY)))


def _chart(rows: Rows) -> altair.Chart:
    return altair.Chart(altair.InlineData(values=list(rows)))


def _parts_axis() -> altair.X:
    axis = altair.Axis(title=None, labelAngle=0, labelOverlap="greedy")
    return altair.X("at:O", sort=None, axis=axis)


def _count(field: str, title: str) -> altair.Y:
    return altair.Y(f"{field}:Q", axis=altair.Axis(title=title, tickMinStep=1, format="d"))


def _names(field: str) -> altair.Y:
    return altair.Y(f"{field}:N", sort=None, axis=altair.Axis(title=None, labelLimit=LONGEST_NAME))


def _svg(chart: Any) -> str:
    """Return a picture with no ground of its own, in the ink of the page."""
    axis = {"labelColor": _INK, "titleColor": _INK, "domainColor": GREY, "tickColor": GREY}
    described = chart.to_dict() | {
        "background": None,
        "config": {
            # Its labels for screen readers are English; the tables tell them the figures.
            "aria": False,
            "axis": axis | {"gridColor": GREY, "gridOpacity": 0.25, "labelFont": "sans-serif"},
            "view": {"stroke": None},
        },
    }
    locale = _LOCALES[language()]
    return str(vl_convert.vegalite_to_svg(described, allowed_base_urls=[], format_locale=locale))
