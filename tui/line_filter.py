"""The second filter for untrusted text: no control character is ever painted."""

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from leadboard.common.text import strip_controls


class Gate(LineFilter):
    """Removes what a terminal would obey from every painted line, after all other filters.

    It applies them itself: Textual keeps a copy of each line for each of its filters.
    """

    def __init__(self, *others: LineFilter) -> None:
        super().__init__()
        self._others = others

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without control, bidirectional and zero-width characters."""
        for each in self._others:
            segments = each.apply(segments, background)
        return [
            segment
            if segment.control or (plain := strip_controls(segment.text)) == segment.text
            else Segment(plain, segment.style)
            for segment in segments
        ]


@lru_cache(4)
def gate_after(*others: LineFilter) -> Gate:
    """Return the gate behind these filters, the same one each time: lines are kept by filter."""
    return Gate(*others)
