"""The second filter for untrusted text: no control character is ever painted."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from leadboard.common.text import strip_controls


class ControlFilter(LineFilter):
    """Removes what a terminal would obey from every painted line, whatever its origin."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without control, bidirectional and zero-width characters."""
        return [
            segment
            if segment.control or (plain := strip_controls(segment.text)) == segment.text
            else Segment(plain, segment.style)
            for segment in segments
        ]


GATE = ControlFilter()
