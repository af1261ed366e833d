"""Pictures of statistics in characters, drawn by plotext, in the colours of the theme.

Only numbers and times reach plotext: it measures text by characters, not by cells, and would pass
on whatever a name holds. It takes a few milliseconds, so draw on a thread beside the screen's.
"""

import re
from collections.abc import Iterator, Sequence

from textual.content import Content
from textual_plotext import Plot

from leadboard.queries.statistics import Statistics
from tui.dialogs.statistics_text import label

LEAST_WIDTH, LEAST_HEIGHT = 30, 5
"""Cells below which a picture says less than its figures."""
BARS, POINTS = 4, 1
"""Colours by plotext's numbers, which stand for tones of the theme until the text is styled."""
_TONES = {BARS: "$text-accent", POINTS: "$text-warning"}
_COLOURED = re.compile(r"\x1b\[([0-9;]*)m")
_TICK_GAP = 13
"""Cells from one time below a picture to the next."""


def flows(statistics: Statistics, width: int, height: int) -> Content:
    """Draw the arrivals as bars and the closings as points over them, part by part."""
    bars = [each.received for each in statistics.parts]
    # The points end now: what is to come is not nothing.
    begun = [each.closed for each in statistics.parts if each.waiting is not None]
    return _drawn(statistics, bars, begun, width, height)


def waiting(statistics: Statistics, width: int, height: int) -> Content:
    """Draw the most that waited in each part as bars."""
    bars = [each.waiting or 0 for each in statistics.parts]
    return _drawn(statistics, bars, [], width, height)


PICTURES = {"flows": flows, "waiting": waiting}
"""The pictures by the names that pages have for them."""


def _drawn(
    statistics: Statistics, bars: Sequence[int], points: Sequence[int], width: int, height: int
) -> Content:
    if width < LEAST_WIDTH or height < LEAST_HEIGHT or not bars:
        return Content("")
    plot = Plot()
    plot.plotsize(width, height)
    # plotsize keeps within the terminal that it finds, which need not be that of the desk.
    plot._set_size(width, height)
    plot.theme("textual-clear")
    top = max(1, *bars, *points)
    plot.bar(list(range(len(bars))), list(bars), color=BARS, width=0.6, marker="hd", minimum=0)
    if points:
        plot.scatter(list(range(len(points))), list(points), color=POINTS, marker="●")
    plot.xlim(-0.5, len(bars) - 0.5)
    plot.ylim(0, top)
    ticks: list[float] = [*_ticks(top, height)]
    plot.yticks(ticks, [f"{each:.0f}" for each in ticks])
    marks = _marked(len(bars), width)
    plot.xticks(
        [*map(float, marks)], [label(statistics.parts[at].start, statistics.unit) for at in marks]
    )
    return Content("\n").join(_styled(each) for each in plot.build().rstrip("\n").split("\n"))


def _ticks(top: int, height: int) -> list[int]:
    """Return whole numbers from 0 up to the top, a few lines apart."""
    step = next(
        size
        for power in range(19)
        for size in (10**power, 2 * 10**power, 5 * 10**power)
        if top // size <= max(1, height // 4)
    )
    return list(range(0, top + 1, step))


def _marked(count: int, width: int) -> list[int]:
    """Return the parts that have their time below them."""
    step = max(1, -(-count * _TICK_GAP // width))
    # Hours as a clock face has them.
    nice = next((each for each in (1, 2, 3, 4, 6, 12) if each >= step), step)
    return list(range(0, count, nice))


def _styled(line: str) -> Content:
    return Content.assemble(*_pieces(line))


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a line, each with its tone; no escape sequence is left."""
    tone = "$quiet"
    for at, piece in enumerate(_COLOURED.split(line)):
        if at % 2:
            tone = _TONES.get(int(piece.rpartition(";")[2] or 0), "$quiet")
        elif piece:
            yield piece, tone
